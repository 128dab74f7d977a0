from __future__ import annotations

from datetime import UTC, datetime

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.inside import database_status, is_up, role_status, roles_of

NOW = datetime(2026, 8, 21, 10, 0, 0, tzinfo=UTC)


def cluster(*roles: str) -> Object:
    managed = {"roles": [{"name": role} for role in roles]}
    return {
        "spec": {"bootstrap": {"initdb": {"owner": "app"}}, "managed": managed},
        "status": {"currentPrimary": "c-1"},
    }


def declared(name: str, *, uid: str = "u1", status: Object | None = None, **spec: object) -> Object:
    metadata = {"name": f"c-{uid}", "uid": uid, "generation": 2}
    return {"metadata": metadata, "spec": {"name": name, "cluster": {"name": "c"}, **spec}, "status": status or {}}


def test_a_database_is_applied_once_its_owner_exists() -> None:
    database = declared("reports", owner="writer", extensions=[{"name": "pg_trgm"}])
    assert database_status(database, roles=frozenset({"app"}), others=[]) == {
        "applied": False,
        "message": 'ERROR: role "writer" does not exist (SQLSTATE 42704)',
    }
    assert database_status(database, roles=frozenset({"writer"}), others=[]) == {
        "applied": True,
        "observedGeneration": 2,
        "extensions": [{"name": "pg_trgm", "applied": True}],
    }


def test_a_failure_keeps_the_generation_that_was_applied_before() -> None:
    database = declared("reports", owner="writer", status={"applied": True, "observedGeneration": 1})
    assert database_status(database, roles=frozenset(), others=[])["observedGeneration"] == 1


def test_of_two_databases_of_one_name_the_second_fails() -> None:
    first = declared("reports", uid="u1", owner="app", status={"applied": True})
    second = declared("reports", uid="u2", owner="app")
    both = [first, second]
    assert database_status(second, roles=frozenset({"app"}), others=both) == {
        "applied": False,
        "message": '"reports" is already managed by object "c-u1"',
    }
    assert database_status(first, roles=frozenset({"app"}), others=both)["applied"] is True


def test_the_roles_are_those_of_the_cluster_and_of_the_role_objects_that_were_applied() -> None:
    absent: Object = {"name": "old", "ensure": "absent"}
    of = cluster("inline")
    of["spec"]["managed"]["roles"].append(absent)
    roles = [declared("done", status={"applied": True}), declared("waiting", uid="u2")]
    assert roles_of(of, roles) == {"postgres", "streaming_replica", "app", "inline", "done"}


def test_a_role_that_the_cluster_manages_inline_is_not_taken_over() -> None:
    made = role_status(declared("inline"), cluster("inline"), secrets_seen={}, others=[], now=NOW)
    assert made == {"applied": False, "message": "database role is already managed by the CNPG cluster"}


def test_a_role_waits_for_its_secret_and_says_which_version_it_took() -> None:
    role = declared("writer", passwordSecret={"name": "writer-password"})
    made = role_status(role, cluster(), secrets_seen={}, others=[], now=NOW)
    assert made == {"applied": False, "message": 'secrets "writer-password" not found'}
    made = role_status(role, cluster(), secrets_seen={"writer-password": "7"}, others=[], now=NOW)
    assert (made["applied"], made["secretResourceVersion"]) == (True, "7")
    assert at(made, "conditions", 0, "message") == "7"


def test_nothing_is_inside_a_cluster_before_its_primary_is_up() -> None:
    assert is_up(cluster())
    assert not is_up({"spec": {}, "status": {"targetPrimary": "c-1"}})
    assert not is_up(None)
