from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_mcp.answers.base import Answer as ToolAnswer
from gitops_mcp.app import App
from gitops_mcp.domain.live.arrival import arrival
from gitops_mcp.domain.live.engine_states.applier import has_destination, may_apply
from gitops_mcp.domain.live.engine_states.argocd_standing import argo_standing
from gitops_mcp.domain.live.engine_states.arrival_by_engine import arrival_by_engine
from gitops_mcp.domain.live.engine_states.flux_standing import flux_standing
from gitops_mcp.domain.live.engine_states.report import engine_state
from gitops_mcp.domain.live.engine_states.standing import Question
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.workflows.reading.clusters.cluster_list import list_clusters
from gitops_mcp.workflows.reading.clusters.status import read_cluster_status
from gitops_mcp.workflows.reading.databases import list_databases
from gitops_mcp.workflows.reading.roles import list_roles
from tests.conftest import examples
from tests.fakes.api import Answer
from tests.fakes.engine_objects import engine_objects
from tests.fakes.mutations import JUNK, mutations
from tests.fakes.recorded import SOON, recorded, recorded_names
from tests.workflows.conftest import Api, Team, cluster, listed


@pytest.fixture
def app(team: Team) -> App:
    team.commit({"ledger.yaml": cluster("ledger", "bank")})
    return team.app()


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_values_of_the_wrong_types_keep_no_tool_from_answering(app: App, api: Api, data: st.DataObject) -> None:
    """The API guarantees the fields of metadata, and little else in what an operator of another version wrote."""
    found = data.draw(mutations("cluster"))
    api.cluster("bank", "ledger", Answer(200, found))
    for limit in (30, 50):
        api.clusters(None, listed(found), limit=limit)
    for plural, kind in (
        ("databases", "database"),
        ("databaseroles", "databaserole"),
        ("backups", "backup"),
        ("scheduledbackups", "scheduledbackup"),
        ("poolers", "pooler"),
    ):
        items = data.draw(st.lists(mutations(kind), max_size=3))
        api.objects(plural, listed(*items), namespace="bank")
    for plural, kind in (("pods", "pod"), ("persistentvolumeclaims", "claim")):
        items = data.draw(st.lists(mutations(kind), max_size=2))
        selected = f"/api/v1/namespaces/bank/{plural}?limit=500&labelSelector=cnpg.io%2Fcluster%3Dledger"
        api.answers[selected] = listed(*items)
    whom: dict[str, Any] = {"namespace": "bank", "environment": None}
    more: dict[str, Any] = {"limit": 50, "cursor": None}
    answers: list[ToolAnswer] = [
        read_cluster_status(app, "ledger", **whom, detailed=True),
        list_databases(app, "ledger", **whom, **more),
        list_roles(app, "ledger", **whom, **more),
        *(
            list_clusters(app, environment=None, namespace=None, detailed=detailed, **more)
            for detailed in (False, True)
        ),
    ]
    for one in answers:
        assert one.structured()
        assert one.markdown()


@pytest.mark.parametrize("name", recorded_names("cluster"))
def test_where_the_api_is_changed_no_advice_on_a_cluster_speaks_of_git(team: Team, api: Api, name: str) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {delivery: direct}}\n"})
    found = recorded(name)
    api.cluster("bank", found["metadata"]["name"], Answer(200, found))
    told = read_cluster_status(team.app(), found["metadata"]["name"], namespace="bank", environment=None, detailed=True)
    assert [one for one in told.problems if "Git" in f"{one.what} {one.action}"] == []
    assert "Git" not in told.model_dump_json(include={"problems", "summary", "git"})


KINDS = ("cluster", "database", "databaserole", "backup", "scheduledbackup", "pooler", "publication", "subscription")


@given(mutations(*KINDS), mutations(*KINDS))
def test_values_of_the_wrong_types_keep_no_change_from_being_followed(live: Object, after: Object) -> None:
    whom = Identity(str(live["kind"]), "bank", str(live["metadata"]["name"]))
    for change in (
        ObjectChange(whom, None, after, ()),
        ObjectChange(whom, live, after, (("spec", "instances"), ("spec", "owner"))),
        ObjectChange(whom, after, None, ()),
    ):
        assert arrival(change, live, recorded("cluster-healthy"), now=SOON).detail


@given(
    st.sampled_from(["argocd", "flux"]),
    st.data(),
    st.lists(st.tuples(st.sampled_from(["metadata", "spec", "status"]), st.integers(0, 20), JUNK), max_size=3),
)
def test_values_of_the_wrong_types_break_no_engine_report(
    engine: Literal["argocd", "flux"], data: st.DataObject, edits: list[tuple[str, int, Any]]
) -> None:
    objects = data.draw(st.sampled_from(list(engine_objects(engine).values())))
    for section, place, junk in edits:
        for made in objects:
            keys = [*(key for key in made.get(section, ()) if key not in {"name", "namespace"}), "another"]
            made.setdefault(section, {})[keys[place % len(keys)]] = junk
    whom = Identity("Cluster", "bank", "ledger")
    last = objects[-1]
    for commits in ((), ("c" * 40,)):
        asked = Question(whom, commits.__contains__, "c" * 40, (), "main", (("spec", "instances"),), None, {}, SOON)
        told = argo_standing(last, objects[0], asked) if engine == "argocd" else flux_standing(last, objects[0], asked)
        assert told.why
        assert str(engine_state(last, str(last["kind"])))
        assert arrival_by_engine(last, asked).detail
        may_apply(last, ["a.yaml"], remotes=(), branch="main")
        has_destination(last, runs_here=True)
