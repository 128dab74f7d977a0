"""docs/tasks.md: every request that it answers, by the calls that it gives, as they stand there, one after the other."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import at
from gitops_mcp.sandbox.api import WriteOptions
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import ROOT, Assistant, Team, assistant, configuration, text, until

pytestmark = pytest.mark.thorough

PAGE = ROOT / "docs/tasks.md"
CALL = re.compile(r"^- `(\w+\(.*\))`$", re.MULTILINE)
DEV = {
    "clusters/dev/kustomization.yaml": "resources:\n  - orders.yaml\n",
    "clusters/dev/orders.yaml": """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders-db
  namespace: shop-dev
spec:
  instances: 1
  imageName: registry.example.com/postgresql:18.4
  storage:
    size: 5Gi
  postgresql:
    parameters:
      work_mem: 4MB
""",
}


@dataclass(frozen=True)
class House:
    world: World
    team: Team
    ask: Assistant

    def merge(self, change: str) -> None:
        self.team.merge(f"gitops-mcp/{change}")
        until(self.world, lambda: self.ask.answer("get_change", change=change)["state"] == "healthy")

    def merge_parameters(self) -> None:
        self.merge("update-parameters-shop-orders-db")

    def back_up(self) -> None:
        self.team.merge("gitops-mcp/back-up-shop-orders-db")
        until(self.world, lambda: [at(one, "status", "phase") for one in self.backups()] == ["completed"])

    def backups(self) -> list[dict[str, Any]]:
        return list(self.world.store.list(kinds.BACKUP))

    def edit_by_hand(self) -> None:
        patch = {"spec": {"logLevel": "debug"}}
        self.world.store.merge(kinds.CLUSTER, "shop", "orders-db", patch, how=WriteOptions(manager="k9s"))

    def add_environment(self) -> None:
        text = configuration("{provider: external-secrets}").replace(
            "environments: {", "environments: {dev: {path: clusters/dev}, "
        )
        self.team.commit({".gitops-mcp.yaml": text, **DEV})


def nothing(house: House) -> None:
    """Nobody did anything since."""


@dataclass(frozen=True)
class Told:
    """What each call of a request answers, its landmarks in their order, and what a person did just before."""

    answers: Sequence[Sequence[str]]
    refused: Sequence[bool] = (False, False, False)
    before: Callable[[House], None] = nothing


TOLD = {
    "Is orders-db well?": Told(
        [("**shop/orders-db** in prod: Cluster in healthy state", "instances 3/3 ready, primary orders-db-1")]
    ),
    "How full are its disks?": Told(
        [
            ("## Volumes", "| orders-db-1 | PG_DATA | at least 0 %: 77 MiB of 20 GiB |"),
            ("**Committed**", "impact: none", "cannot shrink", "-    size: 20Gi", "+    size: 30Gi"),
        ]
    ),
    "Give it more work memory": Told(
        [
            ("**Committed**", "impact: reload", "+      work_mem: 16MB"),
            ("InvalidRequest: ", "shared_bufers: is not a parameter of PostgreSQL 18", "did you mean shared_buffers?"),
        ],
        (False, True),
    ),
    "Why is my change not live?": Told(
        [("is **pushed**", "not live yet: spec.postgresql.parameters.work_mem", "merge")]
    ),
    "Analysts need a read-only login": Told(
        [("**Committed**", "The password comes from Secret orders-db-analyst-password", "+    - pg_read_all_data")]
    ),
    "A new service needs a database with an owner": Told(
        [("**Committed**", "change `shipping`"), ("**Committed**", "change `shipping`", "+  owner: shipping")]
    ),
    "How does my service connect?": Told(
        [
            (
                "database `reporting`, user `orders_app`",
                "| orders-db-rw.shop.svc | 5432 |",
                "postgresql://orders_app@orders-db-rw.shop.svc:5432/reporting",
                "Secret `orders-db-app`",
                "a person reads the password with `kubectl -n shop get secret",
            )
        ]
    ),
    "Put a pooler before it": Told([("**Committed**", "+kind: Pooler", "+    poolMode: transaction")]),
    "Upgrade invoices-db to PostgreSQL 18": Told(
        [("Refused: the database of Cluster billing/invoices-db stops", "no backup", "confirm_outage=true")], (True,)
    ),
    "Delete invoices-db": Told(
        [("Refused: deleting Cluster billing/invoices-db", "no backup", "confirm_deletion=true")], (True,)
    ),
    "Rename orders-db to sales-db": Told(
        [("InvalidRequest: set: metadata.name", "restore_postgres_cluster", "delete_postgres_cluster")], (True,)
    ),
    "Back it up now": Told(
        [("**Committed**", "stays in Git", "+kind: Backup"), ("restorable: no", "orders-db-nightly")]
    ),
    "Restore it beside the old one": Told(
        [("**Committed**", "+  name: orders-restored", "+    recovery:", "get_cluster_status")], before=House.back_up
    ),
    "What do its logs say?": Told([("**shop/orders-db** in prod: nothing wrong was seen", "pod orders-db-1")]),
    "Somebody changed it by hand": Told(
        [("spec.logLevel", "k9s"), ("**Committed**", "+  logLevel: debug")], before=House.edit_by_hand
    ),
    "Who changed work_mem?": Told(
        [("by update_postgres_cluster", "Reports spill to disk", 'null → "16MB"')], before=House.merge_parameters
    ),
    "Take that back": Told([("**Committed**", "-      work_mem: 16MB")]),
    "Clear away stale changes": Told(
        [
            ("changes shown", "create-pooler-shop-orders-db-pooler-rw"),
            ("**Committed**", "create-role-shop-orders-db-analyst"),
            ("**Discarded**",),
        ]
    ),
    "Make orders-db-2 the primary": Told(
        [("not offered", "toolset direct", "kubectl cnpg promote CLUSTER POD")], (True,)
    ),
    "The same in another environment": Told(
        [("**Committed** (dev, git)", "-      work_mem: 4MB", "+      work_mem: 8MB")], before=House.add_environment
    ),
}


def requests() -> list[tuple[str, list[str]]]:
    """Headings of the page, with their calls."""
    sections = PAGE.read_text().split("\n## ")[1:]
    return [(section.partition("\n")[0], CALL.findall(section)) for section in sections]


def parsed(call: str) -> tuple[str, dict[str, Any]]:
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)
    assert isinstance(tree.func, ast.Name)
    return tree.func.id, {str(one.arg): ast.literal_eval(one.value) for one in tree.keywords}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place: Path = tmp_path_factory.mktemp("tasks")
    with start_sandbox(place / "world", step=0.02, poll=0.02) as world:
        team = Team.on(place / "team", world.remote)
        team.commit({".gitops-mcp.yaml": configuration("{provider: external-secrets}")})
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            yield House(world, team, ask)


def test_the_page_has_the_twenty_that_are_tried_here() -> None:
    assert [heading for heading, _ in requests()] == list(TOLD)
    assert len(TOLD) == 20


@pytest.mark.parametrize(("heading", "calls"), requests(), ids=[heading for heading, _ in requests()])
def test_what_people_ask_is_answered_or_refused_with_the_right_way(
    house: House, heading: str, calls: list[str]
) -> None:
    told = TOLD[heading]
    told.before(house)
    assert len(calls) == len(told.answers)
    for call, landmarks, refused in zip(calls, told.answers, told.refused, strict=False):
        tool, arguments = parsed(call)
        result = house.ask.call(tool, **arguments)
        said = text(result)
        assert result.is_error == refused, said
        reached = 0
        for landmark in landmarks:
            found = said.find(landmark, reached)
            assert found >= 0, f"{landmark!r} is missing in: {said[reached:]}"
            reached = found + len(landmark)
