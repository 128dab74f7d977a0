from __future__ import annotations

import logging
from pathlib import Path

import pytest

from gitops_mcp.answers.cluster_status import ClusterStatus
from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.errors import Forbidden, InvalidRequest, NotFound
from gitops_mcp.workflows.reading.clusters.status import read_cluster_status
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer
from tests.workflows.conftest import ABSENT, FORBIDDEN, Api, Team, cluster, listed, live


def told(app: App, namespace: str | None = None) -> ClusterStatus:
    return read_cluster_status(app, "db", namespace=namespace, environment=None, detailed=True)


def ids(found: ClusterStatus) -> list[str]:
    return [one.id for one in found.problems]


def test_a_cluster_is_not_absent_where_only_the_own_namespace_was_looked_at(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace="billing")})
    api.clusters(None, FORBIDDEN, named="db")
    api.clusters("shop", listed(), named="db")
    api.cluster("billing", "db", FORBIDDEN)
    found = told(team.app())
    assert (found.live, found.namespace, ids(found)) == ("unavailable", "billing", [])
    api.cluster("billing", "db", ABSENT)
    assert told(team.app()).live == "absent"
    team.commit({"db.yaml": None})
    with pytest.raises(Forbidden):
        told(team.app())


def test_what_lies_in_the_only_readable_namespace_is_told_without_advice(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace="billing")})
    api.clusters(None, FORBIDDEN, named="db")
    api.clusters("shop", listed(), named="db")
    api.cluster("billing", "db", Answer(200, live(namespace="billing")))
    found = told(team.app())
    assert (found.live, found.namespace) == ("available", "billing")
    assert not [one for one in found.warnings if "ClusterRole" in one.message and "clusters" in one.message]


@pytest.mark.parametrize(
    ("answer", "told_of_others"),
    [
        pytest.param(listed(), "there are none", id="the list was read"),
        pytest.param(listed(live("dbs")), "there are: dbs", id="with near names"),
        pytest.param(FORBIDDEN, "other live names could not be looked for: list clusters.", id="it may not be read"),
        pytest.param(Answer(502, b""), "other live names could not be looked for: list clusters.", id="it failed"),
        pytest.param(Answer(200, {}), "other live names could not be looked for: list clusters.", id="no list came"),
    ],
)
@pytest.mark.few(2)
def test_that_there_are_none_is_said_only_of_a_list_that_was_read(
    team: Team, api: Api, answer: Answer, told_of_others: str
) -> None:
    team.commit({})
    api.cluster("shop", "db", ABSENT)
    api.clusters("shop", answer)
    with pytest.raises(NotFound) as raised:
        told(team.app(), "shop")
    assert f"no Cluster 'db' in default, namespace shop, neither live nor in Git; {told_of_others}" in str(raised.value)
    assert ("there are none" in str(raised.value)) is (told_of_others == "there are none")


def test_a_cluster_that_git_declares_in_a_namespace_that_is_not_allowed_is_not_shown(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {namespaces: [shop]}}\n", "db.yaml": cluster(namespace="x")})
    api.clusters("shop", listed(), named="db")
    with pytest.raises(InvalidRequest, match="'x' is not one of environment 'dev'; there are: shop"):
        told(team.app())


def test_without_a_repository_nothing_is_said_about_git(team: Team, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(team.root.parent)
    api.cluster("shop", "db", Answer(200, live()))
    found = told(App.open(Flags()), "shop")
    assert "not-in-git" not in ids(found)
    assert "no-repository" in {one.id for one in found.warnings}


def test_a_file_that_does_not_parse_may_declare_it(team: Team, api: Api) -> None:
    api.clusters(None, listed(live()), named="db")
    team.commit({"other.yaml": cluster("other")})
    assert "not-in-git" in ids(told(team.app()))
    team.commit({"helm.yaml": cluster("{{ .name }}")})
    found = told(team.app())
    assert "not-in-git" not in ids(found)
    assert "passed-over" in {one.id for one in found.warnings}


def test_git_that_the_webhook_refuses_is_not_waited_for(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec="{instances: 4, storage: {size: 10Gi}}")})
    api.clusters(None, listed(live(storage={"size": "20Gi"})), named="db")
    refused = next(one for one in told(team.app()).problems if one.id == "refused-by-api")
    assert refused.what == (
        "the API refuses what Git says of this Cluster, all of it: spec.storage.size: 10Gi is less than 20Gi, and "
        "volumes do not shrink: at least 20Gi, or a new Cluster that takes the data over"
    )
    assert refused.action == "correct that in Git first; no change of it arrives before"
    assert "differs-from-git" not in ids(told(team.app()))


def test_where_live_is_not_as_git_says_the_tool_that_compares_both_is_named(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec="{instances: 3, storage: {size: 10Gi}}")})
    api.clusters(None, listed(live(storage={"size": "10Gi"})), named="db")
    assert not [one for one in told(team.app()).problems if "get_drift" in one.action]
    api.clusters(None, listed(live(storage={"size": "10Gi"}, instances=5)), named="db")
    assert [one.id for one in told(team.app()).problems if "get_drift" in one.action] == ["differs-from-git"]


@pytest.mark.parametrize("squash", [False, True])
def test_a_change_that_is_merged_is_not_pending(team: Team, api: Api, squash: bool) -> None:
    team.commit({"db.yaml": cluster()})
    api.clusters(None, listed(live()), named="db")
    clusters.scale_cluster(team.app(), WriteRequest("scale", None), "db", namespace="shop", instances=4)
    assert told(team.app()).git is not None
    pending = told(team.app()).git
    assert pending
    assert pending.pending == ["scale-shop-db"]
    team.merge("gitops-mcp/scale-shop-db", squash=squash)
    after = told(team.app()).git
    assert after
    assert after.pending == []


def test_what_git_and_the_api_hold_in_excess_fits_into_one_answer(team: Team, api: Api) -> None:
    stated = ", ".join(f"'{'k' * 200}{n}': '{'v' * 500}'" for n in range(100))
    team.commit({"db.yaml": cluster(spec=f"{{postgresql: {{parameters: {{{stated}}}}}}}")})
    odd = live(imageName="i" * 50_000, postgresql={"parameters": {}})
    odd["status"]["phaseReason"] = "r" * 50_000
    odd["status"]["conditions"] = [
        {"type": f"C{n}", "status": "False", "reason": "R" * 1000, "message": "m`|\n" * 1000} for n in range(200)
    ]
    api.clusters(None, listed(odd), named="db")
    found = told(team.app())
    assert found.fits
    assert found.git
    assert (len(found.git.differs), found.git.differs_more) == (15, 85)
    assert found.omitted["conditions"] > 0


def test_a_password_that_does_not_come_is_a_problem_with_the_controllers_reason(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.clusters(None, listed(live(managed={"roles": [{"name": "app", "passwordSecret": {"name": "pw"}}]})), named="db")
    condition = {"type": "Synced", "status": "False", "message": "no key could decrypt secret (password)"}
    sealed = {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "pw", "namespace": "shop", "generation": 1},
        "status": {"conditions": [condition], "observedGeneration": 1},
    }
    api.answers["/apis/bitnami.com/v1alpha1/namespaces/shop/sealedsecrets?limit=500"] = listed(sealed)
    (found,) = [one for one in told(team.app()).problems if one.id == "password-not-made"]
    assert found.what == (
        "the password of 'app' does not come, or not a new one: SealedSecret shop/pw does not make Secret pw as it says, "
        "and it is not tried again by itself, only once it changes or its controller starts anew"
    )
    assert found.detail == "no key could decrypt secret (password)"


def test_the_last_commit_that_changed_the_cluster_is_named_and_not_the_head_of_the_base(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live()))
    team.commit({"base/db.yaml": cluster(), "base/kustomization.yaml": "resources: [db.yaml]\n"})
    overlay = "resources: [../base]\nnamePrefix: ''\n"
    team.commit({"prod/kustomization.yaml": overlay + "commonLabels: {a: b}\n"})
    changed = team.git("rev-parse", "HEAD")
    team.commit({"base/db.yaml": "# why\n" + cluster(), "README.md": "db\n"})
    app = team.app()
    found = told(app, "shop")
    assert found.git is not None
    assert found.git.last_change is not None
    assert (found.git.commit, found.git.last_change.subject) == (changed, "By hand")
    assert found.git.last_change.author == "Test User <test@example.com>"
    assert f"last changed by commit {changed[:12]}, " in found.markdown()
    team.commit({"elsewhere.yaml": cluster("other")})
    same = told(app, "shop").git
    assert same is not None
    assert same.commit == changed
    team.commit({"prod/kustomization.yaml": overlay})
    again = told(app, "shop").git
    assert again is not None
    assert again.commit == team.git("rev-parse", "HEAD")


def test_the_last_change_is_kept_until_the_base_touches_what_the_cluster_is_built_from(
    team: Team, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    api.cluster("shop", "db", Answer(200, live()))
    team.commit({"db.yaml": cluster(), "other.yaml": cluster("other")})
    app = team.app()
    caplog.set_level(logging.DEBUG, logger="gitops_mcp.adapters.git.runner")

    def logs() -> int:
        caplog.clear()
        told(app, "shop")
        return sum(one.getMessage().startswith("git log") for one in caplog.records)

    assert [logs(), logs()] == [2, 0]
    team.commit({"other.yaml": cluster("other", spec="{instances: 1}")})
    assert logs() == 0
    team.commit({"db.yaml": cluster(spec="{instances: 1}")})
    assert logs() == 2


def test_a_shallow_clone_that_holds_no_change_of_the_cluster_says_so(team: Team, api: Api, tmp_path: Path) -> None:
    api.cluster("shop", "db", Answer(200, live()))
    team.commit({"db.yaml": cluster()})
    team.commit({"README.md": "db\n"})
    team.git("clone", "--quiet", "--depth=1", f"file://{team.root}", str(tmp_path / "shallow"))
    found = told(Team(tmp_path / "shallow").app(), "shop")
    assert found.git is not None
    assert found.git.commit is None
    [warning] = [one for one in found.warnings if one.id == "last-change-unknown"]
    assert "get_history looks further back, and says where this clone ends" in warning.message


def test_the_next_status_asks_the_same_and_nothing_twice(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.clusters(None, listed(live()), named="db")
    app = team.app()
    asked = []
    for _ in range(2):
        api.requests.clear()
        assert told(app).live == "available"
        asked.append(sorted(one.path for one in api.requests))
    assert asked[0] == asked[1]
    assert len(asked[1]) == len(set(asked[1])) > 10


def test_what_failed_the_last_time_is_asked_again(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.clusters(None, Answer(502, b""), named="db")
    api.clusters("shop", Answer(502, b""), named="db")
    app = team.app()
    assert told(app).live == "unavailable"
    api.clusters(None, listed(live()), named="db")
    assert told(app).live == "available"
