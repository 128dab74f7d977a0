"""Where a change stands, from its first commit to the day its branch is gone.

Most tests play engine and operator themselves, so that every state can be held and looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import Assistant, Team, assistant, look, text, until

ROAD = "clusters/prod/road"
NAMES = ("states", "squashed", "trailed", "closed", "behind", "again", "same", "first", "second", "overlap", "merged",
         "page-1", "page-2", "page-3", "dropped", "draft", "spoilt", "twice", "thrice", "undone", "overtaken", "emptied", "pressed")  # fmt: skip


def manifest(name: str, instances: int = 3) -> str:
    return f"""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: {name}
  namespace: road
spec:
  instances: {instances}
  storage:
    size: 1Gi
"""


def live(name: str, *, instances: int = 3, ready: int = 3, phase: str = "Cluster in healthy state") -> Object:
    pods = [f"{name}-{number}" for number in range(1, ready + 1)]
    return {
        "apiVersion": kinds.CLUSTER.api_version,
        "kind": "Cluster",
        "metadata": {"name": name, "namespace": "road"},
        "spec": {"instances": instances, "storage": {"size": "1Gi"}},
        "status": {"phase": phase, "instances": ready, "readyInstances": ready, "instanceNames": pods},
    }


@dataclass(frozen=True)
class Road:
    world: World
    team: Team
    ask: Assistant

    def scale(self, name: str, instances: int, **more: Any) -> dict[str, Any]:
        return self.ask.answer("scale_postgres_cluster", name=name, namespace="road", instances=instances, **more)

    def change(self, name: str, **more: Any) -> dict[str, Any]:
        return self.ask.answer("get_change", change=name, **more)

    def listed(self, state: str) -> dict[str, str]:
        """The changes that a filter shows, with their states."""
        found = self.ask.answer("list_changes", state=state, limit=500)
        assert found["total"] == len(found["items"])
        return {one["change"]: one["state"] for one in found["items"]}

    def becomes(self, name: str, **now: Any) -> None:
        """What engine and operator would do."""
        wanted = live(name, **now)

        def changed(old: Object) -> Object:
            return {**old, "spec": {**old["spec"], **wanted["spec"]}, "status": wanted["status"]}

        for part in (None, "status"):
            self.world.store.change(kinds.CLUSTER, "road", name, changed, subresource=part)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    place = tmp_path_factory.mktemp("lifecycle")
    team = Team.of(
        place / "team",
        {
            ".gitops-mcp.yaml": "environments:\n  prod:\n    path: clusters/prod\n",
            f"{ROAD}/kustomization.yaml": "resources:\n" + "".join(f"  - {name}.yaml\n" for name in NAMES),
            **{f"{ROAD}/{name}.yaml": manifest(name) for name in NAMES},
        },
    )
    with start_sandbox(place / "api", api_only=True) as world, assistant(team, kubeconfig=world.kubeconfig) as ask:
        here = Road(world, team, ask)
        world.store.create(
            Resource("", "v1", "namespaces", "Namespace", namespaced=False), {"metadata": {"name": "road"}}
        )
        for name in NAMES:
            world.store.create(kinds.CLUSTER, live(name))
            here.becomes(name)
        before = look(team.checkout)
        yield here
        assert look(team.checkout) == before


@contextmanager
def newcomer(road: Road, *flags: str) -> Iterator[Road]:
    """A server that was started just now, on a checkout of its own."""
    folder = road.team.folder / f"newcomer-{len(list(road.team.folder.iterdir()))}"
    road.team.git(road.team.folder, "clone", "--quiet", str(road.team.remote), str(folder))
    with assistant(road.team, *flags, repo=folder, kubeconfig=road.world.kubeconfig) as ask:
        yield Road(road.world, road.team, ask)


def test_a_change_goes_from_pushed_over_merged_and_applied_to_healthy(road: Road) -> None:
    done = road.scale("states", 4, reason="more load")
    change = done["change"]
    assert (change, done["branch"]) == ("scale-road-states", "gitops-mcp/scale-road-states")
    assert road.team.branches()[done["branch"]] == done["commit"]
    pushed = road.change(change)
    assert (pushed["state"], pushed["tip"], pushed["behind"]) == ("pushed", done["commit"], 0)
    assert pushed["diff"] == done["diff"]
    assert pushed["objects"] == [
        {"object": "Cluster road/states", "state": "not applied", "detail": "not live yet: spec.instances"}
    ]
    assert road.listed("open")[change] == "pushed"
    assert change not in road.listed("merged")

    merge = road.team.merge(done["branch"])
    merged = road.change(change)
    assert (merged["state"], merged["base_commit"]) == ("merged", merge)
    assert merged["why"] == "main holds its last commit; not live yet: spec.instances"
    assert merged["diff"] == done["diff"]
    assert [one["id"] for one in merged["commits"]] == [done["commit"]]
    assert (change in road.listed("open"), road.listed("merged")[change]) == (False, "merged")
    assert change not in road.listed("applied")

    road.becomes("states", instances=4, phase="Creating a new replica")
    assert road.change(change)["state"] == "applied"
    assert road.listed("applied")[change] == "applied"
    road.becomes("states", instances=4, ready=4)
    assert road.change(change)["state"] == "healthy"
    assert (road.listed("applied")[change], road.listed("all")[change]) == ("healthy", "healthy")
    road.becomes("states", instances=4, ready=4, phase="Cluster is unrecoverable and needs manual intervention")
    failed = road.change(change)
    assert failed["state"] == "failed"
    assert "unrecoverable" in failed["why"]
    assert road.listed("merged")[change] == "failed"


def test_a_squashed_change_is_merged_and_its_name_is_not_used_again(road: Road) -> None:
    done = road.scale("squashed", 4)
    road.team.merge(done["branch"], squash=True)
    assert road.change(done["change"])["why"].startswith("main holds all that it changes (as after a squash merge)")
    road.becomes("squashed", instances=4, ready=4)
    assert road.change(done["change"])["state"] == "healthy"
    again = road.scale("squashed", 5)
    assert again["change"] == f"{done['change']}-2"
    assert road.team.commits(again["base_commit"], again["commit"]) == [again["commit"]]
    road.team.git(road.team.remote, "branch", "--delete", "--force", done["branch"])
    assert road.change(done["change"])["state"] == "healthy"


@pytest.mark.thorough
def test_a_merged_change_is_found_again_when_its_branch_is_gone(road: Road) -> None:
    done = road.scale("trailed", 4)
    road.team.merge(done["branch"])
    road.team.git(road.team.remote, "branch", "--delete", "--force", done["branch"])
    road.becomes("trailed", instances=4, ready=4)
    assert road.change(done["change"])["state"] == "healthy"
    with newcomer(road) as other:
        found = other.change(done["change"])
    assert found["state"] == "healthy"
    assert found["diff"] == done["diff"]
    assert "its branch is gone" in found["why"]


@pytest.mark.parametrize(("name", "squash"), [("twice", False), ("thrice", True)])
@pytest.mark.few(1)
def test_a_name_that_a_merged_change_has_had_is_not_given_again(road: Road, name: str, squash: bool) -> None:
    first = road.scale(name, 5)
    road.team.merge(first["branch"], squash=squash)
    road.team.git(road.team.remote, "branch", "--delete", "--force", first["branch"])
    road.team.commit({f"{ROAD}/spoilt.yaml": manifest("spoilt", 2)}, message="Of a person")
    second = road.scale(name, 4)
    assert second["change"] == f"{first['change']}-2"
    assert road.change(first["change"])["diff"] == first["diff"]
    road.team.merge(second["branch"], squash=squash)
    road.team.git(road.team.remote, "branch", "--delete", "--force", second["branch"])
    with assistant(road.team, kubeconfig=road.world.kubeconfig) as restarted:
        again = Road(road.world, road.team, restarted)
        third = again.scale(name, 6, dry_run=True)
        assert third["change"] == f"{first['change']}-3"
        shown = again.change(second["change"])
        assert ([one["path"] for one in shown["files"]], len(shown["commits"])) == ([f"{ROAD}/{name}.yaml"], 1)
        assert shown["diff"] == second["diff"]
        assert {first["change"], second["change"]} <= again.listed("all").keys()


def test_a_reverted_change_is_never_healthy(road: Road) -> None:
    done = road.scale("undone", 5)
    merge = road.team.merge(done["branch"])
    road.becomes("undone", instances=5, ready=5)
    assert road.change(done["change"])["state"] == "healthy"
    road.team.git(road.team.author, "revert", "--no-edit", "--mainline", "1", merge)
    road.team.git(road.team.author, "push", "--quiet", "origin", "main")
    revert = road.team.git(road.team.author, "rev-parse", "HEAD")
    for ready in (5, 3):  # before and after an engine has looked
        road.becomes("undone", instances=ready, ready=ready)
        shown = road.change(done["change"])
        assert (shown["state"], "Call get_change again" in str(shown["next"])) == ("reverted", False)
        assert shown["why"].startswith(
            "main holds its last commit; reverted since: main says again what it said before the change for Cluster "
            f"road/undone spec.instances, by commit {revert[:12]} 'Revert \"Merge "
        )
    assert road.listed("merged")[done["change"]] == "reverted"


def test_a_change_is_superseded_by_the_next_one_and_by_a_removal(road: Road) -> None:
    first = road.scale("overtaken", 5)
    road.team.merge(first["branch"])
    second = road.scale("overtaken", 6)
    road.team.merge(second["branch"])
    road.becomes("overtaken", instances=6, ready=6)
    shown = road.change(first["change"])
    assert shown["state"] == "superseded"
    assert (
        f"has since changed Cluster road/overtaken spec.instances, by commit {second['commit'][:12]} of change {second['change']} "
        in shown["why"]
    )
    assert road.change(second["change"])["state"] == "healthy"
    removal = road.team.commit({f"{ROAD}/overtaken.yaml": "# nothing\n"}, message="Remove it")
    shown = road.change(second["change"])
    assert shown["state"] == "superseded"
    assert f"main no longer has Cluster road/overtaken, by commit {removal[:12]} 'Remove it'" in shown["why"]


@pytest.mark.parametrize("name", ["emptied", "pressed"])
@pytest.mark.few(1)
def test_a_request_starts_on_a_branch_that_holds_nothing_of_its_own(road: Road, name: str) -> None:
    """A change's branch that was set back to the base, and one that a person has just made."""
    first = road.scale(name, 5, change=f"start-{name}") if name == "emptied" else {"branch": f"gitops-mcp/start-{name}"}
    road.team.git(road.team.author, "fetch", "--quiet", "origin")
    road.team.git(road.team.author, "push", "--quiet", "--force", "origin", f"origin/main:refs/heads/{first['branch']}")
    shown = road.change(f"start-{name}")
    assert (shown["state"], shown["why"], shown["commits"]) == (
        "empty",
        "its branch holds nothing of its own: all of it is on main",
        [],
    )
    assert road.listed("open")[f"start-{name}"] == "empty"
    base = road.team.commit({"README.md": name})
    done = road.scale(name, 4, change=f"start-{name}")
    assert road.team.commits(base, done["commit"]) == [done["commit"]]
    assert road.team.branches()[first["branch"]] == done["commit"]
    assert road.change(f"start-{name}")["state"] == "pushed"
    road.team.git(road.team.author, "push", "--quiet", "--force", "origin", f"origin/main:refs/heads/{first['branch']}")
    assert road.ask.answer("discard_change", change=f"start-{name}", confirm_deletion=True)["outcome"] == "discarded"
    assert first["branch"] not in road.team.branches()


@pytest.mark.thorough
def test_a_branch_that_was_removed_is_closed_for_who_has_seen_it(road: Road) -> None:
    done = road.scale("closed", 4)
    road.team.git(road.team.remote, "branch", "--delete", "--force", done["branch"])
    closed = road.change(done["change"])
    assert (closed["state"], closed["why"]) == ("closed", "its branch was removed without being merged")
    assert closed["diff"] == done["diff"]
    assert road.listed("all")[done["change"]] == "closed"
    assert done["change"] not in {**road.listed("open"), **road.listed("merged")}
    with newcomer(road) as other:
        told = other.ask.refusal("get_change", change=done["change"])
    assert told.startswith(f"NotFound: change: there is no change {done['change']!r}; there are: ")
    again = road.scale("closed", 5)
    assert again["change"] == done["change"]
    assert road.team.commits(again["base_commit"], again["commit"]) == [again["commit"]]


@pytest.mark.thorough
def test_how_far_it_is_off_base_and_where_it_conflicts(road: Road) -> None:
    path = f"{ROAD}/behind.yaml"
    done = road.scale("behind", 4)
    road.team.commit({"README.md": "one\n"})
    assert road.change(done["change"])["behind"] == 1
    assert "conflicts" not in road.change(done["change"]) or road.change(done["change"])["conflicts"] == []
    road.team.commit({path: manifest("behind", 2)})
    shown = road.change(done["change"])
    assert (shown["state"], shown["behind"], shown["conflicts"]) == ("pushed", 2, [path])
    assert shown["tip"] == done["commit"]
    [row] = [one for one in road.ask.answer("list_changes")["items"] if one["change"] == done["change"]]
    assert (row["behind"], row["files"], row["commits"]) == (2, [path], 1)


def test_the_same_request_goes_on_with_its_open_change_and_after_the_merge_with_another(road: Road) -> None:
    first = road.scale("again", 4)
    second = road.scale("again", 5)
    assert second["change"] == first["change"]
    assert road.team.commits(first["base_commit"], second["commit"]) == [second["commit"], first["commit"]]
    assert road.team.changed(first["base_commit"], second["commit"]) == [f"1 1 {ROAD}/again.yaml"]
    assert "-  instances: 4\n+  instances: 5\n" in second["diff"]
    assert "-  instances: 3\n+  instances: 5\n" in road.change(first["change"])["diff"]
    road.team.merge(first["branch"])
    third = road.scale("again", 4)
    assert third["change"] == f"{first['change']}-2"
    assert "-  instances: 5\n+  instances: 4\n" in third["diff"]
    assert road.scale("again", 3)["change"] == third["change"]


def test_what_is_so_already_is_unchanged(road: Road) -> None:
    branches = road.team.branches()
    asked = road.scale("same", 3)
    assert (asked["outcome"], asked["summary"]) == ("unchanged", f"{ROAD}/same.yaml:1 says 3 instances already")
    assert {"commit", "diff", "change", "branch"}.isdisjoint(asked)
    assert "scale-road-same" not in text(
        road.ask.call("scale_postgres_cluster", name="same", namespace="road", instances=3)
    )
    assert asked["files"] == []
    assert road.team.branches() == branches
    done = road.scale("same", 4)
    assert road.scale("same", 4)["outcome"] == "unchanged"
    assert road.scale("same", 4, change=done["change"])["outcome"] == "unchanged"
    assert road.team.branches() == {**branches, done["branch"]: done["commit"]}


@pytest.mark.thorough
def test_a_change_that_is_named_holds_several_requests(road: Road) -> None:
    one = road.scale("first", 4, change="black-friday", reason="sale")
    two = road.scale("second", 2, change="black-friday")
    three = road.ask.answer("create_postgres_cluster", name="third", namespace="road", change="black-friday")
    four = road.ask.answer("scale_postgres_cluster", name="third", instances=4, namespace="road", change="black-friday")
    assert {done["branch"] for done in (one, two, three, four)} == {"gitops-mcp/black-friday"}
    assert road.team.commits(one["base_commit"], four["commit"]) == [done["commit"] for done in (four, three, two, one)]
    shown = road.change("black-friday", detail_level="detailed")
    assert [part["subject"] for part in shown["commits"]] == [
        "Scale Cluster road/third to 4 instances",
        "Create Cluster road/third",
        "Scale Cluster road/second to 2 instances",
        "Scale Cluster road/first to 4 instances",
    ]
    assert shown["impact"]["level"] == "data_loss"
    assert {part["path"]: part["action"] for part in shown["files"]} == {
        f"{ROAD}/first.yaml": "modified",
        f"{ROAD}/second.yaml": "modified",
        f"{ROAD}/kustomization.yaml": "modified",
        f"{ROAD}/third.yaml": "added",
    }
    assert {part["object"] for part in shown["objects"]} == {
        f"Cluster road/{name}" for name in ("first", "second", "third")
    }
    assert (
        road.ask.answer(
            "create_postgres_cluster", name="third", namespace="road", change="black-friday", dry_run=True, instances=4
        )["outcome"]
        == "unchanged"
    )


@pytest.mark.thorough
def test_another_open_change_of_the_same_field_is_named(road: Road) -> None:
    road.scale("overlap", 4, change="one-way")
    done = road.scale("overlap", 5, change="another-way")
    assert done["outcome"] == "committed"
    assert [(one["id"], one["message"]) for one in done["warnings"]] == [
        (
            "overlapping-change",
            (
                "open change 'one-way' touches the same: Cluster road/overlap spec.instances. Put both into one change, or "
                "agree with its reviewers on the order"
            ),
        )
    ]
    assert road.ask.answer("get_cluster_status", name="overlap")["git"]["pending"] == ["another-way", "one-way"]


def test_a_merged_change_takes_no_more(road: Road) -> None:
    done = road.scale("merged", 4)
    road.team.merge(done["branch"])
    branches = road.team.branches()
    told = road.ask.refusal(
        "scale_postgres_cluster", name="merged", namespace="road", instances=5, change=done["change"]
    )
    assert told.startswith(f"Refused: change {done['change']!r} is merged already")
    told = road.ask.refusal("discard_change", change=done["change"], confirm_deletion=True)
    assert told.startswith(f"Refused: change {done['change']!r} is merged (main holds its last commit)")
    assert road.team.branches() == branches


@pytest.mark.thorough
def test_a_list_is_walked_page_by_page(road: Road) -> None:
    for number in (1, 2, 3):
        road.scale(f"page-{number}", 4)
    whole = [one["change"] for one in road.ask.answer("list_changes", limit=100)["items"]]
    assert len(whole) >= 3
    assert set(whole) >= set(road.listed("open"))
    walked, cursor = [], None
    while True:
        page = road.ask.answer("list_changes", limit=2, **({"cursor": cursor} if cursor else {}))
        assert page["total"] == len(whole)
        walked += [one["change"] for one in page["items"]]
        cursor = page.get("cursor")
        if cursor is None:
            break
        assert len(page["items"]) == 2
    assert walked == whole
    cursor = road.ask.answer("list_changes", limit=1)["cursor"]
    told = road.ask.refusal("list_changes", limit=1, state="all", cursor=cursor)
    assert told == (
        "InvalidRequest: cursor: it belongs to a call without state; repeat that, or leave the cursor out to start again"
    )


def test_discarding_takes_a_persons_word(road: Road) -> None:
    done = road.scale("dropped", 4)
    branches = road.team.branches()
    told = road.ask.refusal("discard_change", change=done["change"])
    assert told == (
        f"Refused: discarding change {done['change']!r} deletes branch {done['branch']} with 1 commit, the last one 'Scale "
        f"Cluster road/dropped to 4 instances'. Nothing was changed. Ask the person; once they agree, repeat this with "
        f"confirm_deletion=true"
    )
    assert road.ask.answer("discard_change", change=done["change"], dry_run=True)["outcome"] == "dry_run"
    assert road.team.branches() == branches
    gone = road.ask.answer("discard_change", change=done["change"], confirm_deletion=True)
    assert (gone["outcome"], gone["tip"], gone["commits"]) == ("discarded", done["commit"], 1)
    assert road.team.branches() == {name: tip for name, tip in branches.items() if name != done["branch"]}
    assert done["change"] not in road.listed("open")
    assert road.listed("all")[done["change"]] == road.change(done["change"])["state"] == "closed"
    told = road.ask.refusal("discard_change", change=done["change"], confirm_deletion=True)
    assert told.startswith(f"NotFound: change: there is no change {done['change']!r}; there are: ")


def test_what_a_person_has_pushed_is_not_discarded(road: Road) -> None:
    tip = road.team.commit({"notes.md": "mine\n"}, branch="gitops-mcp/by-hand")
    told = road.ask.refusal("discard_change", change="by-hand", confirm_deletion=True)
    assert told.startswith("Refused: ")
    assert road.team.branches()["gitops-mcp/by-hand"] == tip
    assert road.listed("open")["by-hand"] == "pushed"


def test_what_is_never_pushed_is_a_draft(road: Road) -> None:
    branches = road.team.branches()
    with newcomer(road, "--push", "never") as alone:
        done = alone.scale("draft", 4)
        assert "is local only (nothing was pushed)" in done["next"][0]
        shown = alone.change(done["change"])
        assert (shown["state"], shown["why"]) == ("draft", "a local branch, not pushed")
        assert alone.listed("open") == {done["change"]: "draft"}
        assert alone.scale("draft", 5)["change"] == done["change"]
        assert road.team.branches() == branches
        assert alone.ask.answer("discard_change", change=done["change"], confirm_deletion=True)["commits"] == 2
        assert (alone.listed("open"), alone.listed("all")[done["change"]]) == ({}, "closed")
    assert road.team.branches() == branches


@pytest.mark.thorough
def test_what_the_engine_cannot_render_has_failed(tmp_path: Path) -> None:
    listing = "clusters/prod/kustomization.yaml"
    with start_sandbox(tmp_path / "world", step=0.02, poll=0.02) as world:
        team = Team.on(tmp_path / "team", world.remote)
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            done = ask.answer("scale_postgres_cluster", name="orders-db", instances=4)
            good = team.file(done["base_commit"], listing)
            assert good is not None
            team.commit({listing: good + b"sortOptions: {order: legacy}\n"})
            team.merge(done["branch"])

            def state(wanted: str) -> dict[str, Any] | None:
                shown = ask.answer("get_change", change=done["change"])
                return shown if shown["state"] == wanted else None

            failed = until(world, lambda: state("failed"))
            assert (
                "the engine cannot apply it: Application argocd/gitops has the condition ComparisonError; "
                in failed["why"]
            )
            assert "not sortOptions" in failed["why"]
            assert ask.answer("list_changes", state="merged")["items"][0]["state"] == "failed"
            status = ask.answer("get_cluster_status", name="orders-db")
            assert {"engine-failing", "differs-from-git"} <= {one["id"] for one in status["problems"]}
            assert status["git"]["differs"] == [{"field": "spec.instances", "git": 4, "live": 3}]
            team.commit({listing: good})
            until(world, lambda: state("healthy"))
