"""Poolers: created, refused, and listed."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.pooler import NewPooler
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.reading.poolers import list_poolers
from gitops_mcp.workflows.writing.poolers import create_pooler
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer, status
from tests.workflows.conftest import GROUP, Api, Team, cluster, listed, live

LIST = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- db.yaml\n"
MANIFEST = """\
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata:
  name: db-pooler-rw
  namespace: shop
spec:
  cluster:
    name: db
  instances: 2
  type: rw
  pgbouncer:
    poolMode: session
    parameters:
      default_pool_size: "20"
"""


def created(team: Team, cluster_name: str = "db", **asked: Any) -> WriteResult:
    new = {"name": "", "type": "rw", "instances": 2, "pool_mode": "session", "parameters": {}, **asked}
    request = WriteRequest("create_postgres_pooler", None)
    return create_pooler(team.app(), request, cluster_name, NewPooler(**new), namespace=None)


def serve(api: Api, *poolers: Object, named: Object | None = None, name: str = "db-pooler-rw") -> None:
    api.cluster("shop", "db", Answer(200, live()))
    absent = status(404, "NotFound", f'poolers "{name}" not found', name=name, kind="poolers")
    api.answers[f"{GROUP}/namespaces/shop/poolers/{name}"] = Answer(200, named) if named else absent
    api.objects("poolers", listed(*poolers))


def start(team: Team, spec: str = "{instances: 3}", **files: str) -> None:
    more = "".join(f"- {name}.yaml\n" for name in files)
    texts = {f"{name}.yaml": text for name, text in files.items()}
    team.commit({"kustomization.yaml": LIST + more, "db.yaml": cluster(spec=spec), **texts})


def test_a_pooler_is_a_document_beside_its_cluster(team: Team, api: Api) -> None:
    start(team)
    serve(api)
    found = created(team, parameters={"default_pool_size": "20"})
    assert team.git("show", f"{found.commit}:pooler-rw.yaml") + "\n" == MANIFEST
    assert team.git("show", f"{found.commit}:kustomization.yaml").endswith("- db.yaml\n- pooler-rw.yaml")
    assert "clients connect to host db-pooler-rw (of another namespace db-pooler-rw.shop), port 5432" in " ".join(
        found.next
    )
    assert found.change == "create-pooler-shop-db-pooler-rw"
    assert created(team, parameters={"default_pool_size": "20"}).outcome == "unchanged"


def test_what_is_so_by_default_counts_as_said(team: Team, api: Api) -> None:
    plain = MANIFEST.partition("  instances")[0] + "  pgbouncer: {}\n"
    start(team, pool=plain)
    serve(api)
    assert created(team, instances=1).outcome == "unchanged"
    with pytest.raises(
        InvalidRequest, match="with another instances: change it with update_postgres_object kind=Pooler"
    ):
        created(team, instances=2)


def test_what_a_mode_or_a_type_takes_away_is_told(team: Team, api: Api) -> None:
    start(team, spec="{instances: 1}")
    serve(api, name="db-pooler-ro")
    found = created(team, type="ro", pool_mode="transaction")
    assert {"transaction-pooling", "no-replica"} <= {one.id for one in found.warnings}


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"cluster_name": "dbs"}, NotFound, "'dbs'.*db"),
        ({"name": "db"}, InvalidRequest, "metadata.name: is the Cluster's own name: use one such as 'db-pooler'"),
        ({"name": "DB"}, InvalidRequest, "pooler_name: 'DB' is not the name of an object"),
        (
            {"parameters": {"pool_size": "20"}},
            InvalidRequest,
            "parameters: the operator does not let 'pool_size' be set.*default_pool_size",
        ),
        (
            {"parameters": {"max_client_conn": "lots"}},
            InvalidRequest,
            "parameters.max_client_conn: 'lots' is not a number",
        ),
        ({"name": "db.pool"}, InvalidRequest, "metadata.name: 'db.pool' is not a name of a Service"),
        ({"parameters": {"default_pool_size": 20}}, InvalidRequest, "default_pool_size must be a string"),
        ({"parameters": {"server_reset_query": "password=hunter2hunter2"}}, InvalidRequest, "held a password"),
    ],
)
def test_what_cannot_be_a_pooler_says_what_would_work_and_changes_nothing(
    team: Team, api: Api, asked: dict[str, Any], error: type[GitOpsError], told: str
) -> None:
    start(team)
    serve(api)
    for name in ("db", "db.pool"):
        serve(api, name=name)
    with pytest.raises(error, match=told):
        created(team, **asked)
    assert team.git("branch", "--list", "gitops-mcp/*") == ""


def test_a_live_pooler_that_git_does_not_know_is_not_taken_over(team: Team, api: Api) -> None:
    start(team)
    serve(api, named={"kind": "Pooler", "metadata": {"name": "db-pooler-rw", "namespace": "shop"}, "spec": {}})
    with pytest.raises(Refused, match="adopt_live kind=Pooler object=db-pooler-rw"):
        created(team)


def test_poolers_are_listed_from_git_the_api_and_open_changes(team: Team, api: Api) -> None:
    start(team, pool=MANIFEST)
    alive = {
        "metadata": {"name": "db-pooler-rw", "namespace": "shop"},
        "spec": {"cluster": {"name": "db"}, "instances": 2, "type": "rw", "pgbouncer": {"paused": True}},
        "status": {"phase": "paused", "instances": 2},
    }
    by_hand = {
        "metadata": {"name": "by-hand", "namespace": "shop"},
        "spec": {"cluster": {"name": "db"}, "pgbouncer": {"parameters": {"max_client_conn": "500"}}},
        "status": {"phase": "failed", "error": "no image"},
    }
    serve(api, alive, by_hand, name="db-pooler-ro")
    created(team, type="ro")
    found = list_poolers(team.app(), "db", namespace=None, environment=None, limit=50, cursor=None)
    rows = {one.name: one for one in found.items}
    assert {name: (one.state, one.phase, one.type, one.paused) for name, one in rows.items()} == {
        "by-hand": ("only_live", "failed", "rw", False),
        "db-pooler-ro": ("proposed", "unknown", "ro", False),
        "db-pooler-rw": ("live", "paused", "rw", True),
    }
    assert rows["db-pooler-rw"].declared == "pool.yaml:1"
    assert rows["db-pooler-ro"].pending == ["create-pooler-shop-db-pooler-ro"]
    assert rows["by-hand"].parameters == ["max_client_conn = 500"]
    assert "by-hand: no image" in found.markdown()
