from __future__ import annotations

import base64

import pytest

from gitops_mcp.answers.changes import ChangeList
from gitops_mcp.app import App
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.reading.changes.questions import CURRENT, change_detail, page_of_changes
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.discard import discard_branch
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer
from tests.workflows.conftest import Api, Team, cluster, live


def shown(team: Team, state: str = "open", *, limit: int = 50, cursor: str | None = None) -> ChangeList:
    return page_of_changes(team.app(), state=state, limit=limit, cursor=cursor)


def proposed(team: Team, name: str, *, files: dict[str, str], subject: str = "By hand") -> None:
    team.git("checkout", "--quiet", "-b", f"gitops-mcp/{name}", "main")
    team.commit(dict(files))
    team.git("commit", "--quiet", "--amend", "--message", subject)
    team.git("checkout", "--quiet", "main")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"[" * 3000, id="too deep"),
        pytest.param(b'["changes", [], 0]', id="a state that is not text"),
        pytest.param(b'["changes", "open", true]', id="a boolean"),
        pytest.param(b"{}", id="no list"),
    ],
)
def test_a_cursor_that_was_tampered_with_is_refused(team: Team, text: bytes) -> None:
    team.commit({"db.yaml": cluster()})
    with pytest.raises(InvalidRequest, match="leave it out to start again"):
        shown(team, cursor=base64.urlsafe_b64encode(text).decode())


@pytest.mark.thorough
def test_many_changes_fit_into_one_answer_and_the_cursor_goes_on_after_those_shown(team: Team) -> None:
    team.commit({"db.yaml": cluster()})
    for number in range(40):
        files = {f"{'f' * 150}/{number}-{part}.yaml": "a: 1\n" for part in range(6)}
        proposed(team, f"n{number:02}", files=files, subject="s|" * 60)
    first = shown(team, limit=500)
    assert first.fits
    assert (first.total, first.cursor is None) == (40, False)
    names = [row.change for row in first.items]
    cursor = first.cursor
    while cursor:
        page = shown(team, limit=500, cursor=cursor)
        names += [row.change for row in page.items]
        cursor = page.cursor
    assert sorted(names) == [f"n{number:02}" for number in range(40)]


def test_a_change_of_many_files_fits_into_one_answer_and_says_what_was_left_off(team: Team) -> None:
    team.commit({"db.yaml": cluster()})
    proposed(team, "big", files={f"{'f' * 200}/{n}`\n{n}.yaml": cluster(f"c{n}") for n in range(300)})
    found = change_detail(team.app(), "big", detailed=True)
    assert found.fits
    assert len(found.files) + found.omitted["files"] == 300
    assert len(found.objects) + found.omitted["objects"] == 300
    assert "\n0.yaml" not in found.markdown()
    assert f"- added `` {'f' * 200}/0`\\n0.yaml:1 ``" in found.markdown()


def test_a_merged_change_whose_branch_went_is_listed_as_merged(team: Team) -> None:
    remote = team.root.parent / "remote.git"
    team.git("init", "--quiet", "--bare", str(remote))
    team.commit({"db.yaml": cluster()})
    team.git("remote", "add", "origin", str(remote))
    team.git("push", "--quiet", "origin", "main")
    app = team.app()
    clusters.scale_cluster(app, WriteRequest("scale", None), "db", namespace="shop", instances=4)
    team.merge("origin/gitops-mcp/scale-shop-db")
    team.git("push", "--quiet", "origin", "main")
    assert page_of_changes(app, state="merged", limit=50, cursor=None).total == 1
    team.git("--git-dir", str(remote), "update-ref", "-d", "refs/heads/gitops-mcp/scale-shop-db")
    assert [row.state for row in page_of_changes(app, state="merged", limit=50, cursor=None).items] == ["merged"]
    assert page_of_changes(app, state="all", limit=50, cursor=None).total == 1


def test_an_object_that_two_changes_touch_is_asked_for_once(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    for number in (4, 5):
        clusters.scale_cluster(
            team.app(), WriteRequest("scale", None, change=f"to-{number}"), "db", namespace=None, instances=number
        )
        team.merge(f"gitops-mcp/to-{number}", squash=False)
    api.requests.clear()
    api.answers["/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters/db"] = [
        Answer(200, live(instances=5)),
        Answer(500, {}),
    ]
    found = page_of_changes(team.app(), state="merged", limit=50, cursor=None)
    assert sorted(row.change for row in found.items) == ["to-4", "to-5"]
    assert len(api.asked) > 1, "the engines were asked too"
    assert sorted(api.asked) == sorted(set(api.asked))


def test_an_object_of_a_namespace_that_is_not_allowed_is_not_read(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {namespaces: [shop]}}\n", "db.yaml": cluster()})
    proposed(team, "other", files={"x.yaml": cluster("x", "billing")})
    team.merge("gitops-mcp/other")
    api.cluster("billing", "x", Answer(200, live("x", "billing")))
    found = change_detail(team.app(), "other", detailed=False)
    assert (found.state, [one.state for one in found.objects]) == ("merged", ["unknown"])


def test_a_path_that_is_no_utf8_can_be_told(team: Team) -> None:
    from gitops_mcp.server import _success

    team.commit({"db.yaml": cluster()})
    blob = team.git("hash-object", "-w", "--stdin", given="x")
    start = team.git("rev-parse", "HEAD^{tree}")
    listing = team.git("ls-tree", start)
    tree = team.git("mktree", given=f'{listing}\n100644 blob {blob}\t"\\377.yaml"\n')
    commit = team.git("commit-tree", "-p", "HEAD", "-m", "By hand", tree)
    team.git("update-ref", "refs/heads/gitops-mcp/odd", commit)
    result = _success(change_detail(team.app(), "odd", detailed=False))
    assert '"?.yaml"' in result.model_dump_json()


def test_commits_that_cancel_each_other_out_close_the_change(team: Team) -> None:
    team.commit({"db.yaml": cluster()})
    app = team.app()
    for instances in (4, 3):
        clusters.scale_cluster(
            app,
            WriteRequest("scale_postgres_cluster", None, change="undone"),
            "db",
            namespace=None,
            instances=instances,
        )
    found = change_detail(app, "undone", detailed=False)
    assert (found.state, found.next) == ("closed", ["discard_change removes its branch"])
    assert discard_branch(app, "undone", confirmed=True, dry_run=False).outcome == "discarded"


def test_a_change_that_conflicts_says_what_a_person_can_do(team: Team) -> None:
    team.commit({"db.yaml": cluster()})
    app = team.app()
    clusters.scale_cluster(
        app, WriteRequest("scale_postgres_cluster", None, change="mine"), "db", namespace=None, instances=4
    )
    team.commit({"db.yaml": cluster(spec="{instances: 5}")})
    found = change_detail(app, "mine", detailed=False)
    assert found.conflicts == ["db.yaml"]
    assert "conflicts with main" in found.next[0]


@pytest.mark.parametrize(
    ("claims", "text", "level"),
    [
        pytest.param("none", None, "data_loss", id="a deletion that calls itself harmless"),
        pytest.param("data_loss", cluster(spec="{instances: 4}"), "none", id="a harmless one that calls itself a loss"),
        pytest.param(None, None, "data_loss", id="a deletion that says nothing"),
    ],
)
def test_the_impact_of_a_change_is_told_from_its_files_whatever_its_commits_say(
    claims: str | None, text: str | None, level: str, team: Team
) -> None:
    team.commit({"db.yaml": cluster()})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/mine")
    team.commit({"db.yaml": text})
    trailers = f"\n\nImpact: {claims}\n- forged\n\nGitops-Mcp-Change: mine\nGitops-Mcp-Impact: {claims}"
    team.git("commit", "--quiet", "--amend", "--message", f"Scale{trailers if claims else ''}")
    team.git("checkout", "--quiet", "main")

    impact = change_detail(team.app(), "mine", detailed=False).impact

    assert impact.level.label == level
    assert "forged" not in str(impact.reasons)


STORE = "apiVersion: barmancloud.cnpg.io/v1\nkind: ObjectStore\nmetadata: {name: kept}\nspec: {retentionPolicy: 30d}\n"
OF_OTHERS = cluster("metal").replace("postgresql.cnpg.io", "cluster.example.com")


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        pytest.param(STORE, None, "outage", id="a store goes"),
        pytest.param(STORE, STORE.replace("retentionPolicy: 30d", "instanceSidecarConfiguration: {}"), "rolling_restart",
                     id="the sidecar of a store changes"),
        pytest.param(STORE, STORE.replace("30d", "60d"), "none", id="a store keeps backups for longer"),
        pytest.param(OF_OTHERS, None, "none", id="a kind of that name of another group"),
    ],
)  # fmt: skip
@pytest.mark.few(1)
def test_the_impact_of_an_object_store_is_told_too(before: str, after: str | None, level: str, team: Team) -> None:
    team.commit({"db.yaml": cluster(), "store.yaml": before})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/mine")
    team.commit({"store.yaml": after})
    team.git("checkout", "--quiet", "main")
    assert change_detail(team.app(), "mine", detailed=False).impact.level.label == level
    assert [row.impact for row in shown(team).items] == [level]


def test_without_a_filter_what_is_stuck_is_listed_and_what_has_arrived_is_not(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "other.yaml": cluster("other")})
    app = team.app()
    for name, instances in (("db", 5), ("other", 4)):
        request = WriteRequest("scale", None, change=f"more-{name}", reason=f"{name} grows")
        clusters.scale_cluster(app, request, name, namespace="shop", instances=instances)
        team.merge(f"gitops-mcp/more-{name}")
    clusters.scale_cluster(app, WriteRequest("scale", None, change="later"), "db", namespace="shop", instances=2)
    well = live("other", instances=4)
    well["status"] |= {"instances": 4, "readyInstances": 4}
    api.cluster("shop", "db", Answer(200, live()))
    api.cluster("shop", "other", Answer(200, well))
    found = {row.change: row for row in shown_now(app).items}
    assert {name: row.state for name, row in found.items()} == {"later": "draft", "more-db": "merged"}
    stuck = found["more-db"]
    assert stuck.why is not None
    assert "not live yet: spec.instances" in stuck.why
    assert (stuck.impact, stuck.reason, found["later"].impact) == ("none", "db grows", "data_loss")
    api.requests.clear()
    assert {row.change for row in shown_now(app).items} == {"later", "more-db"}
    assert [path for path in api.asked if path.endswith("/other")] == [], "it had arrived"
    assert [row.change for row in page_of_changes(app, state="open", limit=9, cursor=None).items] == ["later"]


def shown_now(app: App) -> ChangeList:
    return page_of_changes(app, state=CURRENT, limit=50, cursor=None)


def test_what_cannot_be_seen_is_not_called_stuck(team: Team) -> None:
    team.commit({"db.yaml": cluster()})
    app = team.app()
    clusters.scale_cluster(app, WriteRequest("scale", None, change="more"), "db", namespace="shop", instances=5)
    team.merge("gitops-mcp/more")
    found = shown_now(app)
    assert found.items == []
    assert [one.id for one in found.warnings] == ["live-unavailable"]


def test_a_change_of_several_commits_is_told_as_a_whole(team: Team) -> None:
    """Its impact is that of what it does in the end, and not of each step."""
    team.commit({"db.yaml": cluster(), "other.yaml": cluster("other")})
    app = team.app()
    for name, instances in (("db", 1), ("other", 4), ("db", 3)):
        request = WriteRequest("scale", None, change="both", confirmed=True)
        clusters.scale_cluster(app, request, name, namespace="shop", instances=instances)
    [row] = shown_now(app).items
    assert (row.impact, row.commits, row.files) == ("none", 3, ["other.yaml"])
    assert row.subject == (
        "Scale Cluster shop/db to 1 instance; Scale Cluster shop/other to 4 instances; Scale Cluster shop/db to 3 "
        "instances"
    )
