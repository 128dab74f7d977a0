from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.status.health import judge_health
from gitops_mcp.domain.cnpg.status.problems import problems
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object, at
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_objects_of_another_cluster_or_namespace_are_left_out() -> None:
    other, elsewhere = cnpg.database(), cnpg.database()
    other["spec"]["cluster"]["name"] = "ledger-2"
    elsewhere["metadata"]["namespace"] = "shop"
    assert read(databases=(other, elsewhere)).databases == ()


def test_poolers_plugins_and_tablespaces_are_told() -> None:
    pooler = {
        "metadata": cnpg.metadata("ledger-pool"),
        "spec": {"cluster": {"name": "ledger"}, "type": "ro"},
        "status": {"phase": "active", "instances": 2},
    }
    seen = read(poolers=(pooler,))
    assert seen.poolers is not None
    assert (seen.poolers[0].name, seen.poolers[0].type, seen.poolers[0].phase) == ("ledger-pool", "ro", "active")
    assert [(one.name, one.version, one.archives) for one in seen.plugins] == [(cnpg.PLUGIN, "0.14.0", True)]
    assert [(one.name, one.state, one.error) for one in seen.tablespaces] == [("hot", "reconciled", None)]
    assert seen.archiver == cnpg.PLUGIN


EVERYTHING: Object = {
    "cluster": cnpg.healthy_cluster(),
    "pods": list(cnpg.pods()),
    "claims": list(cnpg.claims()),
    "databases": [cnpg.database(extensions=[{"name": "x", "applied": False}])],
    "roles": [cnpg.role()],
    "backups": [cnpg.backup()],
    "scheduled_backups": [cnpg.scheduled_backup("0 2 * * *")],
    "object_stores": [cnpg.object_store()],
    "events": [cnpg.event("ledger", "2026-09-01T11:00:00Z")],
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here for key, part in steps for here in ((*path, key), *places(part, (*path, key)))]


@settings(deadline=None)
@given(st.sets(st.sampled_from([one for one in places(EVERYTHING) if len(one) > 2]), max_size=5), st.booleans())
def test_a_part_that_is_missing_or_null_never_keeps_the_rest_from_being_read(
    gone: set[tuple[str | int, ...]], null: bool
) -> None:
    world = copy.deepcopy(EVERYTHING)
    for path in gone:
        parent = at(world, *path[:-1])
        if isinstance(parent, list):
            parent[:] = parent[:-1]
        elif isinstance(parent, dict) and null:
            parent[path[-1]] = None
        elif isinstance(parent, dict):
            parent.pop(path[-1], None)
    cluster = world.pop("cluster")
    seen = read_status(cluster, Related(**{key: tuple(value) for key, value in world.items()}), now=NOW)
    assert {one.severity for one in problems(seen)} <= {"critical", "warning", "info"}
    assert seen.summary.name in {"ledger", ""}
    assert judge_health(cluster, now=NOW)[1]
