from __future__ import annotations

import base64
import json

import pytest

from gitops_mcp.answers.base import TEXT_MAX
from gitops_mcp.answers.clusters import ClusterList
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotInstalled, Unavailable
from gitops_mcp.workflows.reading.clusters.cluster_list import list_clusters
from tests.fakes.api import Answer, status
from tests.workflows.conftest import FORBIDDEN, Api, Team, cluster, listed, live

ARGO = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: old, namespace: argocd}\n"
    "spec: {source: {path: elsewhere}, destination: {namespace: shop}}\n"
)
TWO = "environments: {dev: {namespaces: [shop, billing]}}\n"


def shown(
    team: Team, *, detailed: bool = False, unwell: bool = False, limit: int = 50, cursor: str | None = None
) -> ClusterList:
    return list_clusters(
        team.app(), environment=None, namespace=None, detailed=detailed, unwell=unwell, limit=limit, cursor=cursor
    )


def cursor_of(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param(base64.urlsafe_b64encode(b"[" * 3000).decode(), id="too deep"),
        pytest.param(cursor_of("default", None, False, False, 50, 7, None, 0, 0, False), id="no such namespace"),
        pytest.param(
            cursor_of("default", None, False, False, 50, 0, {"a": 1}, 0, 0, False), id="a token that is not text"
        ),
        pytest.param(cursor_of("default", None, False, False, 50, 0, None, True, 0, False), id="a boolean"),
        pytest.param(cursor_of("default", None, False, False, 50, 0, None, 0, 0, 5), id="a number"),
        pytest.param("é", id="not base64"),
    ],
)
@pytest.mark.few(2)
def test_a_cursor_that_was_tampered_with_is_refused(team: Team, api: Api, cursor: str) -> None:
    team.commit({"db.yaml": cluster()})
    with pytest.raises(InvalidRequest, match="leave it out to start again"):
        shown(team, cursor=cursor)


def test_a_namespace_that_may_not_be_listed_is_named_and_the_others_are_shown(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": TWO, "db.yaml": cluster()})
    api.clusters("shop", FORBIDDEN, limit=50)
    api.clusters("billing", listed(live(namespace="billing")), limit=50)
    found = shown(team)
    assert [(row.namespace, row.live) for row in found.items] == [("billing", None)]
    assert [one.id for one in found.warnings] == ["forbidden"]
    assert found.total is None


@pytest.mark.parametrize("outage", [status(401, "Unauthorized", "Unauthorized"), Answer(200, b"<html>")])
def test_what_fails_between_two_pages_is_told_and_never_the_end_of_the_list(
    team: Team, api: Api, outage: Answer
) -> None:
    team.commit({".gitops-mcp.yaml": TWO, "db.yaml": cluster()})
    api.clusters("shop", listed(live(), cursor="more", remaining=1), limit=1)
    cursor = shown(team, limit=1).cursor
    api.clusters("shop", outage, limit=1, cursor="more")
    with pytest.raises(Unavailable, match="list clusters"):
        shown(team, limit=1, cursor=cursor)
    api.clusters("shop", listed(live()), limit=50)
    api.clusters("billing", outage, limit=49)
    found = shown(team)
    assert [(row.name, row.live) for row in found.items] == [("db", "unavailable")]
    assert (found.total, [one.id for one in found.warnings]) == (None, ["live-unavailable"])


OUTAGES = [
    pytest.param(status(401, "Unauthorized", "Unauthorized"), Unavailable, "401, the credentials", id="401"),
    pytest.param(FORBIDDEN, Forbidden, "403, User 'alice' may not", id="403"),
    pytest.param(Answer(403, b"<html>"), Unavailable, "a proxy or login page", id="a portal"),
    pytest.param(Answer(407, b""), Unavailable, "a proxy wants credentials", id="a proxy"),
    pytest.param(Answer(429, b""), Unavailable, "asks to slow down", id="429"),
    pytest.param(Answer(502, b"<html>"), Unavailable, "502", id="502"),
    pytest.param(Answer(200, b"<html>"), Unavailable, "not a Kubernetes object but text/plain", id="HTML with 200"),
    pytest.param(Answer(200, b""), Unavailable, "the answer is empty", id="nothing"),
    pytest.param(Answer(200, {"type": "ADDED", "object": {}}), Unavailable, "a watch event", id="a watch event"),
    pytest.param(Answer(200, {}), Unavailable, "an object without a kind", id="no list"),
    pytest.param(Answer(404, b"404 page not found\n"), NotInstalled, "not installed there", id="not installed"),
]


@pytest.mark.parametrize("delivery", ["git", "direct"])
@pytest.mark.parametrize(("answer", "error", "why"), OUTAGES)
def test_where_nothing_could_be_read_nothing_is_counted(
    team: Team, api: Api, answer: Answer, error: type[GitOpsError], why: str, delivery: str
) -> None:
    configured = {".gitops-mcp.yaml": f"environments: {{dev: {{delivery: {delivery}}}}}\n"}
    team.commit(configured)
    api.answers["*"] = answer
    with pytest.raises(error) as raised:
        shown(team)
    assert why in str(raised.value)
    assert str(raised.value).endswith("and Git declares no Cluster there")
    team.commit({"db.yaml": cluster()})
    found = shown(team)
    assert [(row.name, row.live) for row in found.items] == [("db", "unavailable")]
    assert found.total is None
    assert why in found.warnings[0].message
    first, *_ = found.markdown().splitlines()
    assert first == "1 cluster shown in dev; the total is not known, since not all could be read"


def test_who_may_not_list_everywhere_is_shown_the_own_namespace_and_those_that_git_names(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace="billing"), "other.yaml": cluster(namespace="secret")})
    api.clusters(None, FORBIDDEN, limit=50)
    api.clusters("shop", listed(), limit=50)
    api.clusters("billing", listed(live(namespace="billing")), limit=50)
    api.clusters("secret", FORBIDDEN, limit=49)
    found = shown(team)
    assert [(row.namespace, row.live, row.ready) for row in found.items] == [("billing", None, 3)]
    assert (found.total, found.cursor) == (None, None)
    everywhere, hidden = (one.message for one in found.warnings)
    assert everywhere.startswith("only shop, billing could be listed, of all namespaces: list clusters.")
    assert "a ClusterRole" in everywhere
    assert everywhere.endswith("or name the namespaces that this user may read in `namespaces:` of .gitops-mcp.yaml")
    assert "in namespace 'secret'" in hidden


def test_who_may_list_nothing_is_told_both_ways_out(team: Team, api: Api) -> None:
    team.commit({})
    api.answers["*"] = FORBIDDEN
    with pytest.raises(Forbidden, match=r"list clusters.* in all namespaces .*a ClusterRole.*`namespaces:`"):
        shown(team)


def test_a_listing_of_nearby_namespaces_goes_on_where_it_stopped(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace="billing")})
    api.clusters(None, FORBIDDEN, limit=2)
    api.clusters("shop", listed(live("a"), live("b"), cursor="more", remaining=1), limit=2)
    api.clusters("shop", listed(live("c")), limit=2, cursor="more")
    api.clusters("billing", listed(live("d", "billing")), limit=1)
    first = shown(team, limit=2)
    second = shown(team, limit=2, cursor=first.cursor)
    assert [row.label for page in (first, second) for row in page.items] == ["shop/a", "shop/b", "shop/c", "billing/d"]
    assert [page.total for page in (first, second)] == [None, None]
    assert second.cursor is None
    assert second.warnings[0].message == "only shop, billing could be listed, of all namespaces"
    team.commit({"db.yaml": None})
    api.clusters("shop", FORBIDDEN, limit=2, cursor="more")
    with pytest.raises(Forbidden):
        shown(team, limit=2, cursor=first.cursor)


@pytest.mark.parametrize(("delivery", "said"), [("git", "not in Git"), ("direct", None)])
def test_only_where_git_is_what_is_changed_a_cluster_is_told_as_missing_there(
    team: Team, api: Api, delivery: str, said: str | None
) -> None:
    team.commit({".gitops-mcp.yaml": f"environments: {{dev: {{delivery: {delivery}}}}}\n"})
    api.clusters(None, listed(live()), limit=30)
    assert [row.declared for row in shown(team, detailed=True).items] == [said]


def many(*counts: int) -> str:
    return f"environments: {{dev: {{namespaces: [{', '.join(f'team-{n}' for n in range(len(counts)))}]}}}}\n"


@pytest.mark.parametrize(
    ("counts", "pages"),
    [
        pytest.param((2, 2, 2), [4, 2], id="over the edge of a namespace"),
        pytest.param((4, 4), [4, 4], id="at the edge of a namespace"),
        pytest.param((3, 0, 0, 5, 0), [4, 4, 0], id="empty namespaces between and after"),
        pytest.param((9, 1), [4, 4, 2], id="pages within a namespace"),
        pytest.param((0, 0), [0], id="nothing anywhere"),
    ],
)
@pytest.mark.few(2)
def test_a_page_is_filled_from_as_many_namespaces_as_it_takes(
    team: Team, api: Api, counts: tuple[int, ...], pages: list[int]
) -> None:
    team.commit({".gitops-mcp.yaml": many(*counts)})
    for number, count in enumerate(counts):
        items = [live(f"db-{n}", f"team-{number}") for n in range(count)]
        for start in range(count + 1):
            for limit in range(1, 5):
                after = start + limit < count
                answer = listed(
                    *items[start : start + limit],
                    cursor=str(start + limit) if after else None,
                    remaining=count - start - limit if after else None,
                )
                api.clusters(f"team-{number}", answer, limit=limit, cursor=str(start) if start else "")
    shown_pages, cursor = [shown(team, limit=4)], ""
    while cursor := shown_pages[-1].cursor or "":
        shown_pages.append(shown(team, limit=4, cursor=cursor))
    assert [len(page.items) for page in shown_pages] == pages
    assert [row.label for page in shown_pages for row in page.items] == [
        f"team-{number}/db-{n}" for number, count in enumerate(counts) for n in range(count)
    ]
    assert shown_pages[-1].total == sum(counts)


def test_a_row_that_does_not_fit_comes_on_the_next_page_whatever_namespace_it_is_of(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": many(1, 1)})
    for number in (0, 1):
        # Each row fills most of an answer.
        wide = [live(f"{'d' * 50}{n}", f"team-{number}", imageName="i" * 300) for n in range(40)]
        for limit in range(1, 130):
            api.clusters(f"team-{number}", listed(*wide[:limit]), limit=limit)
    seen, cursor = [], None
    while True:
        page = shown(team, limit=80, cursor=cursor)
        seen += [row.label for row in page.items]
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.items) < 80
    assert seen == [f"team-{number}/{'d' * 50}{n}" for number in (0, 1) for n in range(40)]


def test_a_namespace_that_may_not_be_listed_leaves_the_total_unknown_to_the_last_page(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": TWO})
    api.clusters("shop", FORBIDDEN, limit=1)
    items = [live("a", "billing"), live("b", "billing")]
    api.clusters("billing", listed(items[0], cursor="more", remaining=1), limit=1)
    api.clusters("billing", listed(items[1]), limit=1, cursor="more")
    first = shown(team, limit=1)
    second = shown(team, limit=1, cursor=first.cursor)
    assert ([row.name for row in second.items], second.total, second.cursor) == (["b"], None, None)


def test_an_api_whose_pages_are_empty_without_end_is_left(team: Team, api: Api) -> None:
    team.commit({})
    api.answers["*"] = listed(cursor="again")
    found = shown(team)
    assert ((len(found.items), found.total), found.cursor is None) == ((0, None), False)


def test_where_no_namespace_may_be_listed_git_answers(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": TWO, "db.yaml": cluster(), "odd.yaml": cluster("odd", None)})
    api.clusters("shop", FORBIDDEN, limit=50)
    api.clusters("billing", FORBIDDEN, limit=50)
    found = shown(team)
    assert [(row.namespace, row.name, row.live) for row in found.items] == [
        ("shop", "db", "unavailable"),
        (None, "odd", "unavailable"),
    ]
    assert [one.id for one in found.warnings] == ["live-unavailable"]


def test_what_git_says_is_not_continued_with_what_is_live_nor_the_other_way_round(team: Team, api: Api) -> None:
    team.commit({"a.yaml": cluster("a"), "b.yaml": cluster("b")})
    down = status(503, "ServiceUnavailable", "down")
    api.clusters(None, down, limit=1)
    first = shown(team, limit=1)
    assert ([row.name for row in first.items], first.items[0].live) == (["a"], "unavailable")
    api.clusters(None, listed(live("a"), cursor="next", remaining=1), limit=1)
    second = shown(team, limit=1, cursor=first.cursor)
    assert [(row.name, row.live) for row in second.items] == [("b", "unavailable")]
    of_live = shown(team, limit=1)
    api.clusters(None, down, limit=1, cursor="next")
    with pytest.raises(Unavailable):
        shown(team, limit=1, cursor=of_live.cursor)


def test_what_git_does_not_say_as_a_number_is_not_told_as_one(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec="{instances: '${N}'}"), "one.yaml": cluster("one", spec="{}")})
    found = shown(team)
    assert [row.instances for row in found.items] == [None, 1]
    assert "| shop/db | ?/? |" in found.markdown()


def test_files_that_cannot_be_read_are_counted_where_git_answers(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "helm.yaml": cluster("x") + "{{ if }}\n"})
    assert [(one.id, one.message[:42]) for one in shown(team).warnings][1:] == [
        ("passed-over", "1 file passed over as unreadable, the firs")
    ]


def test_without_a_repository_nothing_is_said_about_git(team: Team, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from gitops_mcp.app import App
    from gitops_mcp.config import Flags

    monkeypatch.chdir(team.root.parent)
    api.clusters(None, listed(live()), limit=30)
    found = list_clusters(App.open(Flags()), environment=None, namespace=None, detailed=True, limit=50, cursor=None)
    assert found.items[0].declared is None


def test_many_clusters_of_long_names_and_images_fit_into_one_answer(team: Team, api: Api) -> None:
    items = [live(f"db-{n}", imageName="|" * 5000) for n in range(80)]
    api.clusters(None, listed(*items), limit=80)
    team.commit({"db.yaml": cluster()})
    found = shown(team, limit=500)
    assert found.fits
    assert len(found.markdown()) <= TEXT_MAX
    assert found.cursor is not None


def unwell_one(name: str, namespace: str = "shop") -> Object:
    """Healthy by its phase, with an instance that is missing."""
    one = live(name, namespace)
    return {**one, "status": {**one["status"], "readyInstances": 2}}


def test_the_unwell_alone_are_found_among_thousands_in_one_answer(team: Team, api: Api) -> None:
    team.commit({})
    for start in range(0, 2000, 500):
        items = [live(f"db-{number}") for number in range(start, start + 500)]
        items[7] = unwell_one(f"sick-{start}")
        after = str(start + 500) if start < 1500 else None
        answer = listed(*items, cursor=after, remaining=1500 - start if after else None)
        api.clusters(None, answer, limit=500, cursor=str(start) if start else "")
    found = shown(team, unwell=True)
    assert [row.name for row in found.items] == ["sick-0", "sick-500", "sick-1000", "sick-1500"]
    assert {row.phase_class for row in found.items} == {"degraded"}
    assert (found.total, found.examined, found.cursor) == (None, 2000, None)
    assert found.markdown().splitlines()[0] == "4 unwell clusters among 2000 clusters of default"


def test_a_list_of_the_unwell_goes_on_behind_the_last_one_shown_in_the_middle_of_a_page(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": TWO})
    sick = [unwell_one("a"), live("b"), unwell_one("c"), unwell_one("d")]
    api.clusters("shop", listed(*sick), limit=500)
    api.clusters("billing", listed(live("e", "billing"), unwell_one("f", "billing")), limit=500)
    pages, cursor = [shown(team, unwell=True, limit=2)], ""
    while cursor := pages[-1].cursor or "":
        pages.append(shown(team, unwell=True, limit=2, cursor=cursor))
    assert [[row.name for row in page.items] for page in pages] == [["a", "c"], ["d", "f"]]
    assert [page.examined for page in pages] == [3, 6]


def test_a_hibernated_cluster_is_as_it_should_be_and_a_fenced_one_is_not(team: Team, api: Api) -> None:
    team.commit({})
    asleep, fenced = (live(name) for name in ("asleep", "fenced"))
    asleep["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    fenced["metadata"]["annotations"] = {"cnpg.io/fencedInstances": '["*"]'}
    api.clusters(None, listed(asleep, fenced, live("well")), limit=500)
    assert [row.name for row in shown(team, unwell=True).items] == ["fenced"]


@pytest.mark.parametrize("kind", ["ContinuousArchiving", "LastBackupSucceeded"])
def test_a_cluster_that_runs_and_could_not_be_restored_is_unwell(team: Team, api: Api, kind: str) -> None:
    team.commit({})
    failing, asleep = (live(name, backup={"barmanObjectStore": {"destinationPath": "s3://b"}}) for name in ("a", "b"))
    reason = "LastBackupFailed" if kind == "LastBackupSucceeded" else "ContinuousArchivingFailing"
    failed = {"type": kind, "status": "False", "reason": reason, "message": "exit status 1"}
    for one in (failing, asleep):
        one["status"]["conditions"] = [failed]
    asleep["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    asleep["status"]["readyInstances"] = 0
    api.clusters(None, listed(failing, asleep, live("well")), limit=500)
    found = shown(team, unwell=True)
    assert [row.name for row in found.items] == ["a"]
    assert "critical" in str(found.items[0].findings)


def test_which_are_unwell_is_not_answered_from_git(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.answers["*"] = status(503, "ServiceUnavailable", "down")
    with pytest.raises(Unavailable, match="only the API says: leave `only` out"):
        shown(team, unwell=True)


def test_a_cursor_of_the_unwell_is_none_of_all(team: Team, api: Api) -> None:
    team.commit({})
    api.clusters(None, listed(unwell_one("a"), unwell_one("b")), limit=500)
    cursor = shown(team, unwell=True, limit=1).cursor
    with pytest.raises(InvalidRequest, match="it belongs to other arguments"):
        shown(team, limit=1, cursor=cursor)


PARKED = {"docs/old.yaml": cluster("old"), "db.yaml": cluster()}
TOLD = "no engine object of this repository applies it"


def test_what_nothing_applies_is_listed_apart_with_why(team: Team, api: Api) -> None:
    team.commit({**PARKED, "docs/app.yaml": ARGO})
    api.clusters(None, Answer(503, b""), limit=50)
    found = shown(team)
    assert [row.name for row in found.items] == ["db"]
    assert [(row.namespace, row.name, row.declared, row.reason) for row in found.not_applied or []] == [
        ("shop", "old", "docs/old.yaml:1", TOLD)
    ]
    assert "## Declared, but applied by nothing" in found.markdown()
    assert f"- shop/old, docs/old.yaml:1: {TOLD}" in found.markdown()


@pytest.mark.parametrize(
    ("live_ones", "detailed", "names"),
    [
        pytest.param([live()], True, ["old"], id="in detail"),
        pytest.param([live()], False, None, id="not where Git is not asked"),
        pytest.param([], False, ["old"], id="where nothing is live"),
    ],
)
def test_it_is_listed_beside_what_is_live(
    team: Team, api: Api, live_ones: list[Object], detailed: bool, names: list[str] | None
) -> None:
    team.commit(PARKED)
    api.clusters(None, listed(*live_ones), limit=30 if detailed else 50)
    found = shown(team, detailed=detailed)
    assert (found.total, [row.name for row in found.not_applied] if found.not_applied else None) == (
        len(live_ones),
        names,
    )


def test_only_some_of_what_nothing_applies_is_listed_and_the_rest_is_counted(team: Team, api: Api) -> None:
    team.commit({f"docs/{number:02}.yaml": cluster(f"old-{number:02}") for number in range(11)})
    api.clusters(None, listed(), limit=50)
    found = shown(team)
    assert (len(found.not_applied or []), found.not_applied_more) == (8, 3)


def test_an_environment_that_applies_nothing_says_so_where_nothing_is_live(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {west: {path: envs/west}}\n", "prod/kustomization.yaml": "resources: [db.yaml]\n", "prod/db.yaml": cluster(), "envs/west/values.yaml": "a: 1\n"})  # fmt: skip
    api.clusters(None, listed(), limit=50)
    (told,) = [one.message for one in shown(team).warnings if one.id == "nothing-applied-here"]
    assert told.startswith("nothing below envs/west is applied")
    assert "In this repository Clusters are applied by Cluster shop/db (prod)" in told
    api.clusters(None, Answer(503, b""), limit=50)
    with pytest.raises(Unavailable, match="Git declares no Cluster there; nothing below envs/west is applied"):
        shown(team)
