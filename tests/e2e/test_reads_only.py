"""What the server asks of the Kubernetes API in git delivery: reads, exactly those that rbac/read-only.yaml grants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.tools import ALL
from tests.e2e.team import ROOT, Assistant, Team, assistant, text
from tests.fakes.rbac import Triple, granted

READ_ONLY = (ROOT / "rbac/read-only.yaml").read_text()
LEVELS = ("concise", "detailed")


@dataclass(frozen=True)
class Desk:
    world: World
    team: Team
    ask: Assistant

    def asked(self) -> frozenset[Triple]:
        """What the API was asked for so far: group, resource and verb."""
        return frozenset(
            (one["group"], "/".join(filter(None, (one["resource"], one["subresource"]))), one["verb"])
            for one in self.world.asked()
            if one["resource"]
        )


@contextmanager
def desk(place: Path, rules: list[Object] | None = None) -> Iterator[Desk]:
    with start_sandbox(place / "world", step=0.02, poll=0.02, rules=rules) as world:
        team = Team.on(place / "team", world.remote)
        team.commit(
            {"clusters/prod/shop/everything.yaml": yaml.safe_dump_all(one_of_each())},
            branch="gitops-mcp/one-of-each",
            message="Declare one object of each kind",
        )
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            yield Desk(world, team, ask)


def one_of_each() -> list[Object]:
    """One object of every kind of CloudNativePG, so that get_change looks for each of them."""
    return [
        {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": "one", **({"namespace": "shop"} if resource.namespaced else {})},
        }
        for resource in CNPG_KINDS
    ]


READS: list[tuple[str, dict[str, Any]]] = [
    *(("list_postgres_clusters", {"detail_level": level}) for level in LEVELS),
    *(("get_cluster_status", {"name": "orders-db", "detail_level": level}) for level in LEVELS),
    *(("get_cluster_status", {"name": "orders-db", "namespace": "shop", "detail_level": level}) for level in LEVELS),
    *(("get_change", {"change": "one-of-each", "detail_level": level}) for level in LEVELS),
    ("list_postgres_roles", {"cluster_name": "orders-db"}),
    ("list_postgres_roles", {"cluster_name": "orders-db", "namespace": "shop"}),
    ("list_postgres_databases", {"cluster_name": "orders-db"}),
    ("list_postgres_databases", {"cluster_name": "orders-db", "namespace": "shop"}),
    *(("list_changes", {"state": state}) for state in ("open", "merged", "applied", "all")),
]


def every_reading_tool(ask: Assistant) -> list[dict[str, Any]]:
    return [ask.answer(tool, **arguments) for tool, arguments in READS]


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """May do everything."""
    with desk(tmp_path_factory.mktemp("free")) as made:
        yield made


def test_every_reading_tool_is_asked_here() -> None:
    assert {tool for tool, _ in READS} == {one.name for one in ALL if not one.writes}


@pytest.mark.parametrize(("tool", "arguments"), READS)
def test_nothing_is_asked_for_twice_in_one_call(free: Desk, tool: str, arguments: dict[str, Any]) -> None:
    before = len(free.world.asked())
    free.ask.answer(tool, **arguments)
    asked = Counter(
        (one["verb"], one["path"]) for one in free.world.asked()[before:] if not one["query"].get("continue")
    )
    assert [(key, times) for key, times in asked.items() if times > 1] == []
    assert asked or tool == "list_changes", "it did not ask the API"


def test_exactly_what_is_granted_is_read(free: Desk) -> None:
    every_reading_tool(free.ask)
    used = {triple for triple in free.asked() if triple[1] != "selfsubjectaccessreviews"}
    assert sorted(granted(READ_ONLY) - used) == [], "granted and never used"
    assert sorted(used - granted(READ_ONLY)) == [], "used and not granted"


def test_every_tool_only_reads(free: Desk) -> None:
    every_reading_tool(free.ask)
    free.ask.answer("create_postgres_cluster", name="new-db", namespace="shop", dry_run=True)
    created = free.ask.answer("create_postgres_cluster", name="new-db", namespace="shop", wait=True, timeout=30)
    free.ask.answer("scale_postgres_cluster", name="new-db", instances=5, change=created["change"])
    free.ask.answer("scale_postgres_cluster", name="orders-db", instances=5)
    free.ask.answer("delete_postgres_cluster", name="invoices-db", confirm_deletion=True)
    on = {"cluster_name": "orders-db", "change": "members"}
    free.ask.answer("create_postgres_role", **on, role_name="reader", password_source="none")
    free.ask.answer("create_postgres_role", **on, role_name="writer", password_source="existing:orders-db-app")
    free.ask.answer("update_postgres_role", **on, role_name="reader", createdb=True)
    free.ask.answer("create_postgres_database", **on, database_name="more", owner="reader")
    free.ask.answer("delete_postgres_database", **on, database_name="more", confirm_deletion=True)
    free.ask.answer("delete_postgres_role", **on, role_name="reader", drop=False)
    free.ask.answer("migrate_postgres_roles", cluster_name="orders-db")
    free.ask.answer("update_postgres_cluster", name="orders-db", storage_size="30Gi")
    for change in (created["change"], "members"):
        free.ask.answer("discard_change", change=change, confirm_deletion=True)
    asked = free.world.asked()
    assert {one["method"] for one in asked} <= {"GET", "POST"}
    assert {(one["resource"], one["verb"]) for one in asked if one["method"] == "POST"} <= {
        ("selfsubjectaccessreviews", "create")
    }
    assert {one["verb"] for one in asked if one["resource"]} <= {"get", "list", "create"}


def unseen(answer: dict[str, Any]) -> set[str]:
    """What an answer says it does not know."""
    return {one["message"] for one in answer["warnings"]}


UNREAD = {"live-unavailable", "unreadable", "schema-unavailable", "not-installed"}
"""What writing tools warn of where they could not look."""


def test_what_is_granted_is_enough(tmp_path: Path) -> None:
    with desk(tmp_path, rules=list(yaml.safe_load_all(READ_ONLY))) as here:
        answers = every_reading_tool(here.ask)
        assert {text for answer in answers for text in unseen(answer)} == set()
        on = {"cluster_name": "orders-db", "dry_run": True}
        answers = [
            here.ask.answer("create_postgres_cluster", name="new-db", namespace="shop", dry_run=True),
            here.ask.answer("delete_postgres_cluster", name="orders-db", dry_run=True, confirm_deletion=True),
            here.ask.answer("create_postgres_role", **on, role_name="reader", password_source="none"),
            here.ask.answer("create_postgres_database", **on, database_name="more", owner="orders_app"),
        ]
        assert {one["id"] for answer in answers for one in answer["warnings"]} & UNREAD == set()
        # The rules of a CRD that its OpenAPI leaves out are asked for where that may be read: rbac/read-schemas.yaml.
        others = [one for one in here.world.asked() if one["resource"] != "customresourcedefinitions"]
        assert {one["status"] for one in others} <= {200, 201, 404}


def test_what_may_not_be_read_is_named_and_the_rest_answers(tmp_path: Path) -> None:
    with desk(tmp_path) as here:
        whole = here.ask.answer("get_cluster_status", name="orders-db")
        assert unseen(whole) == set()
        for number, (group, plural, part) in enumerate(
            (("", "pods", None), ("", "events", "events"), ("postgresql.cnpg.io", "databases", "databases")), start=1
        ):
            here.world.api.deny("list", group, plural)
            shown = here.ask.call("get_cluster_status", name="orders-db")
            status = shown.structured_content
            assert status is not None
            assert len(status["warnings"]) == number
            [named] = [one for one in status["warnings"] if one["message"].startswith(f"{plural} are missing here: ")]
            assert f'apiGroups: ["{group}"], resources: [{plural}], verbs: [list]' in named["message"]
            assert named["message"] in text(shown)
            if part:
                assert whole[part]
                assert status[part] == []
            for kept in ("phase", "healthy", "git", "services", "volumes", "certificates"):
                assert status[kept] == whole[kept]
            assert [one["type"] for one in status["conditions"]] == [one["type"] for one in whole["conditions"]]
            assert [one["name"] for one in status["instances"]] == [one["name"] for one in whole["instances"]]


def test_without_the_right_to_read_roles_the_listing_has_what_git_says(tmp_path: Path) -> None:
    with desk(tmp_path) as here:
        for kind, tool in (("databaseroles", "list_postgres_roles"), ("databases", "list_postgres_databases")):
            here.world.api.deny("list", "postgresql.cnpg.io", kind)
            listed = here.ask.answer(tool, cluster_name="orders-db")
            rule = f'apiGroups: ["postgresql.cnpg.io"], resources: [{kind}], verbs: [list]'
            assert any(rule in message for message in unseen(listed)), unseen(listed)
            assert listed["items"]


def test_where_nothing_may_be_read_git_answers_and_the_missing_rule_is_told(tmp_path: Path) -> None:
    rule = '- {apiGroups: ["postgresql.cnpg.io"], resources: [clusters], verbs: ['
    with desk(tmp_path, rules=[]) as here:
        listed = here.ask.answer("list_postgres_clusters")
        assert [(one["name"], one["live"]) for one in listed["items"]] == [
            ("invoices-db", "unavailable"),
            ("orders-db", "unavailable"),
        ]
        status = here.ask.answer("get_cluster_status", name="orders-db")
        assert (status["live"], status["git"]["declared"]) == (
            "unavailable",
            "clusters/prod/shop/orders-db/cluster.yaml:2",
        )
        for answer in (listed, status):
            assert any(rule in message for message in unseen(answer)), unseen(answer)
        told = here.ask.refusal("get_cluster_status", name="ledger-db")
        assert told.startswith("Refused: ")
        assert rule in told
        with assistant(here.team, cwd=tmp_path, kubeconfig=here.world.kubeconfig) as alone:
            told = alone.refusal("list_postgres_clusters")
        assert told.startswith("Refused: ")
        assert rule in told
