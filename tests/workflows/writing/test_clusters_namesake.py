"""A new Cluster in Git, of a name that one has in the API which Git does not know."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer
from tests.workflows.conftest import Api, Team, live
from tests.workflows.writing.test_clusters_engine import new_cluster

RUNS = (
    "a live Cluster shop/new exists already, which Git does not declare: applying this takes it over and resets the "
    "fields named here"
)
GOES = (
    "a live Cluster shop/new is in deletion since 2026-11-30T02:12:11Z, held by example.com/keep: what is applied "
    "before it is gone goes with it"
)
GOING = {"deletionTimestamp": "2026-11-30T02:12:11Z", "finalizers": ["example.com/keep"]}


@pytest.mark.parametrize(("metadata", "told"), [({}, RUNS), (GOING, GOES)])
def test_a_live_namesake_is_told_and_what_becomes_of_it(team: Team, api: Api, metadata: Object, told: str) -> None:
    team.commit({})
    found = live("new")
    api.cluster("shop", "new", Answer(200, {**found, "metadata": {**found["metadata"], **metadata}}))
    request = WriteRequest("create_postgres_cluster", None, dry_run=True)
    made = clusters.create_cluster(team.app(), request, new_cluster())
    assert [one.message for one in made.warnings if one.id == "live-exists"] == [told]
