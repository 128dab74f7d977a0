"""Create, scale and delete over the styles in which people write YAML: each is one commit of just the lines it needs.

Every style lives in a namespace of its own, named like its case. All changes are made by one server in a checkout
where its user is in the middle of a merge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gitops_mcp.sandbox.run import start_sandbox
from tests.e2e.styles import ANCHORED, DB, KEEP, LISTED, LISTINGS, MANIFESTS, NEW, SHARED
from tests.e2e.team import Assistant, Look, Team, assistant, look


@dataclass(frozen=True)
class Styles:
    team: Team
    ask: Assistant
    base: str

    def changed(self, commit: str) -> list[str]:
        """The files of the one commit that a change is."""
        assert self.team.commits(self.base, commit) == [commit]
        return self.team.changed(self.base, commit)

    def text(self, commit: str, path: str) -> str | None:
        found = self.team.file(commit, path)
        return None if found is None else found.decode()


@pytest.fixture(scope="module")
def styles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Styles]:
    """The repository of all styles, one server on it, and a checkout that is in the middle of a merge."""
    files: dict[str, str] = {
        ".gitops-mcp.yaml": "environments:\n  prod:\n    path: clusters/prod\n",
        "notes.md": "plain\n",
    }
    for name, listed, declared in (
        *((name, LISTED, one.before) for name, one in MANIFESTS.items()),
        *((name, one.before, DB.format(namespace=name)) for name, one in LISTINGS.items()),
        *((name, LISTED, before) for name, (before, _) in SHARED.items()),
    ):
        folder = f"clusters/prod/{name}"
        files |= {f"{folder}/db.yaml": declared, f"{folder}/keep.yaml": KEEP, f"{folder}/kustomization.yaml": listed}
    for name in ("indented", "sorted"):
        files[f"clusters/prod/{name}/zebra.yaml"] = KEEP.replace("keep", "zebra")
    files["clusters/prod/bare/db.yaml"] = DB.format(namespace="bare")
    files["clusters/prod/anchor/db.yaml"] = ANCHORED
    files["clusters/prod/anchor/kustomization.yaml"] = "resources: [db.yaml]\n"
    place = tmp_path_factory.mktemp("styles")
    team = Team.of(place / "team", files)
    in_the_middle_of_a_merge(team)
    base = team.branches()["main"]
    with start_sandbox(place / "api", api_only=True) as world, assistant(team, kubeconfig=world.kubeconfig) as ask:
        yield Styles(team, ask, base)


def in_the_middle_of_a_merge(team: Team) -> None:
    """A stash, a conflict, and beside it edits of three kinds: staged, not staged and of a file git does not know."""
    mine = team.checkout
    (mine / "notes.md").write_text("put away\n")
    team.git(mine, "stash", "--quiet")
    team.git(mine, "switch", "--quiet", "--create", "feature")
    (mine / "notes.md").write_text("feature\n")
    team.git(mine, "commit", "--quiet", "--all", "--message", "One way")
    team.git(mine, "switch", "--quiet", "main")
    (mine / "notes.md").write_text("main\n")
    team.git(mine, "commit", "--quiet", "--all", "--message", "Not pushed")
    assert "CONFLICT" in team.git(mine, "merge", "feature", check=False)
    db = mine / "clusters/prod/block-indent-2/db.yaml"
    db.write_text(db.read_text().replace("instances: 3", "instances: 4"))
    team.git(mine, "add", "--", str(db))
    db.write_text(db.read_text() + "# not finished\n")
    (mine / "clusters/prod/flow/db.yaml").write_text("# broken: [\n")
    (mine / "clusters/prod/flow/new.yaml").write_text("mine\n")


@pytest.fixture(scope="module")
def before(styles: Styles) -> Look:
    """The user's checkout before any call."""
    return look(styles.team.checkout)


@pytest.fixture(autouse=True)
def _nothing_of_the_users_moves(styles: Styles, before: Look) -> Iterator[None]:
    branches = styles.team.branches()
    yield
    assert look(styles.team.checkout) == before
    left = styles.team.branches()
    assert branches.items() <= left.items()
    if made := left.keys() - branches.keys():
        # Every open change is compared with the next one; a hundred of them would make the last tests slow.
        styles.team.git(styles.team.remote, "branch", "--quiet", "--delete", "--force", *made)


@pytest.mark.parametrize("name", MANIFESTS)
def test_scale_changes_a_number_and_delete_takes_what_belongs_to_the_cluster(styles: Styles, name: str) -> None:
    style, path = MANIFESTS[name], f"clusters/prod/{name}/db.yaml"
    done = styles.ask.answer("scale_postgres_cluster", name="db", namespace=name, instances=5)
    assert styles.text(done["commit"], path) == style.scaled
    removed = 0 if name in {"merge-key", "field-absent"} else 1
    assert styles.changed(done["commit"]) == [f"1 {removed} {path}"]
    assert [one["path"] for one in done["files"]] == [path]
    assert re.search(r"instances\W+5", style.scaled.split("\n")[done["files"][0]["line"] - 1])

    done = styles.ask.answer("delete_postgres_cluster", name="db", namespace=name, confirm_deletion=True)
    lines = style.before.count("\n") + (not style.before.endswith("\n"))
    assert styles.text(done["commit"], path) == style.left
    if style.left is None:
        listing = f"clusters/prod/{name}/kustomization.yaml"
        assert styles.text(done["commit"], listing) == "resources:\n  - keep.yaml\n"
        assert styles.changed(done["commit"]) == [f"0 {lines} {path}", f"0 1 {listing}"]
    else:
        assert styles.changed(done["commit"]) == [f"0 {lines - style.left.count(chr(10))} {path}"]


@pytest.mark.parametrize("name", LISTINGS)
@pytest.mark.few(4)
def test_create_adds_a_file_with_its_entry_and_delete_takes_both(styles: Styles, name: str) -> None:
    folder, listing = f"clusters/prod/{name}", f"clusters/prod/{name}/kustomization.yaml"
    shared_line = name in {"flow-list", "json-list"}
    made = create(styles, name)
    assert styles.text(made, f"{folder}/new.yaml") == NEW.format(namespace=name)
    assert styles.text(made, listing) == LISTINGS[name].added
    entry = "1 1" if shared_line else "2 1" if name == "open-end" else "1 0"
    assert styles.changed(made) == [f"{entry} {listing}", f"18 0 {folder}/new.yaml"]

    done = styles.ask.answer("delete_postgres_cluster", name="db", namespace=name, confirm_deletion=True)
    assert styles.text(done["commit"], f"{folder}/db.yaml") is None
    assert styles.text(done["commit"], listing) == LISTINGS[name].left
    entry = "1 1" if shared_line else "1 2" if name == "open-end" else "0 1"
    assert styles.changed(done["commit"]) == [f"0 9 {folder}/db.yaml", f"{entry} {listing}"]


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.few(3)
def test_create_appends_a_document_where_the_siblings_share_a_file(styles: Styles, name: str) -> None:
    done, path = create(styles, name), f"clusters/prod/{name}/db.yaml"
    assert styles.text(done, path) == SHARED[name][1]
    assert styles.changed(done) == [f"{'20 1' if name == 'shared-open-end' else '19 0'} {path}"]


def create(styles: Styles, namespace: str) -> str:
    """The commit that creates Cluster `new`."""
    done = styles.ask.answer(
        "create_postgres_cluster",
        name="new",
        namespace=namespace,
        instances=2,
        storage_size="2Gi",
        postgres_version="18.4-standard-trixie",
    )
    commit = done["commit"]
    assert isinstance(commit, str)
    return commit


def test_create_says_when_nothing_lists_the_new_file(styles: Styles) -> None:
    done = styles.ask.answer(
        "create_postgres_cluster", name="new", namespace="bare", postgres_version="18.4-standard-trixie"
    )
    assert styles.changed(done["commit"]) == ["18 0 clusters/prod/bare/new.yaml"]
    assert [one["id"] for one in done["warnings"]] == ["no-kustomization"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("scale_postgres_cluster", {"instances": 5}, id="the number that an alias repeats"),
        pytest.param("delete_postgres_cluster", {"confirm_deletion": True}, id="the spec that another Cluster repeats"),
    ],
)
def test_what_stands_for_another_place_too_is_not_changed(
    styles: Styles, tool: str, arguments: dict[str, object]
) -> None:
    before = styles.team.branches()
    told = styles.ask.refusal(tool, name="db", namespace="anchor", **arguments)
    assert told.startswith("Refused: clusters/prod/anchor/db.yaml:")
    assert "line" in told
    assert styles.team.branches() == before


def test_the_message_says_what_why_and_by_what(styles: Styles) -> None:
    done = styles.ask.answer(
        "scale_postgres_cluster", name="other", namespace="shared", instances=4, reason="more  load\non Mondays"
    )
    assert (
        styles.team.git(styles.team.remote, "log", "-1", "--format=%an <%ae>%n%B", done["commit"])
        == """\
Test User <test@example.com>
Scale Cluster shared/other to 4 instances

more load on Mondays

spec.instances: 3 -> 4

Impact: none
- adds 1 replica, each a full copy on a new PVC; running instances go on

Gitops-Mcp-Tool: scale_postgres_cluster
Gitops-Mcp-Change: scale-shared-other
Gitops-Mcp-Impact: none
Gitops-Mcp-Requester: mcp 0.1.0
Gitops-Mcp-Request: {"arguments":{"cluster_name":"other","environment":"prod","instances":4,"namespace":"shared"},\
"tool":"scale_postgres_cluster"}
"""
    )
