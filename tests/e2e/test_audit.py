"""One line for each call, whatever became of it, with who asked for what; and no secret in any of them."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import ElicitResult

from gitops_mcp import tools
from gitops_mcp.adapters.audit import AuditLog
from gitops_mcp.answers.clusters import ClusterList
from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from gitops_mcp.server import build_server
from gitops_mcp.tools.registry import Tool
from gitops_mcp.watch import Watch
from tests.e2e.dev import NO, YES, Dev, Mode, client, dev
from tests.e2e.team import text

STORAGE = {"size": "1Gi"}
PLANTED = "pl4nted"
"""A part of every secret here."""
PROD = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\n"
    "spec: {instances: 2, storage: {size: 1Gi}}\n"
)
FILES = {
    ".gitops-mcp.yaml": (
        "environments:\n  dev: {path: clusters/dev, delivery: direct, passwords: {provider: cluster}}\n"
        "  prod: {path: clusters/prod}\n"
    ),
    "clusters/prod/db.yaml": PROD,
    "clusters/dev/x.yaml": PROD.replace("shop", "dev").replace("db", "x"),
}


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "audit.jsonl"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, audit: Path) -> Iterator[Dev]:
    flags = ("--audit-log", str(audit), "--log-level", "debug")
    with dev(tmp_path_factory.mktemp("audit"), *flags, files=FILES) as made:
        made.put(kinds.CLUSTER, "db", instances=3, storage=STORAGE)
        yield made


def entries(audit: Path) -> list[Object]:
    return [json.loads(line) for line in audit.read_text().splitlines()]


def written(here: Dev, audit: Path, tool: str, **arguments: Any) -> tuple[str, Object]:
    """The text of an answer, and the one line that is written of the call."""
    before = len(entries(audit))
    told = text(here.ask.call(tool, **arguments))
    (entry,) = entries(audit)[before:]
    assert entry["tool"] == tool
    return told, entry


def test_a_line_says_when_who_what_and_how_it_ended(here: Dev, audit: Path) -> None:
    _, entry = written(
        here, audit, "scale_postgres_cluster", cluster_name="db", instances=4, environment="dev", reason="load"
    )
    assert datetime.now(UTC) - datetime.fromisoformat(entry.pop("time")) < timedelta(minutes=1)
    duration = entry.pop("duration_ms")
    assert isinstance(duration, int)
    assert duration >= 0
    who, _, through = entry.pop("requester").partition(" through ")
    assert who
    assert through == "mcp 0.1.0"
    asked = entry.pop("arguments")
    assert (asked["cluster_name"], asked["instances"], asked["environment"], asked["dry_run"]) == (
        "db",
        4,
        "dev",
        False,
    )
    assert "reason" not in asked
    version = here.cluster()["metadata"]["resourceVersion"]
    assert entry == {
        "tool": "scale_postgres_cluster",
        "outcome": "applied",
        "environment": "dev",
        "delivery": "direct",
        "applied": [f"change spec.instances of Cluster dev/db, now at resourceVersion {version}"],
    }


def test_a_proposal_names_its_commit_and_its_branch(here: Dev, audit: Path) -> None:
    _, entry = written(here, audit, "scale_postgres_cluster", cluster_name="db", instances=3, environment="prod")
    branch = "gitops-mcp/scale-prod-shop-db"
    assert (entry["delivery"], entry["outcome"], entry["branch"]) == ("git", "committed", branch)
    assert entry["commit"] == here.team.branches()[branch]
    assert "applied" not in entry
    assert "error" not in entry


@pytest.mark.parametrize(
    ("tool", "arguments", "outcome", "error"),
    [
        pytest.param("list_postgres_clusters", {"environment": "dev"}, "ok", None, id="a read"),
        pytest.param(
            "scale_postgres_cluster",
            {"name": "db", "environment": "dev", "instances": 2, "dry_run": True},
            "dry_run",
            None,
            id="a dry run",
        ),
        pytest.param(
            "scale_postgres_cluster",
            {"name": "x", "environment": "nowhere", "instances": 2},
            "InvalidRequest",
            "InvalidRequest",
            id="a bad request",
        ),
        pytest.param(
            "get_cluster_status", {"name": "nobody", "environment": "dev"}, "NotFound", "NotFound", id="not found"
        ),
        pytest.param(
            "delete_postgres_cluster", {"name": "db", "environment": "dev"}, "Refused", "Refused", id="unconfirmed"
        ),
        pytest.param(
            "scale_postgres_cluster",
            {"name": "db", "instances": "two"},
            "InvalidRequest",
            "InvalidRequest",
            id="rejected",
        ),
    ],
)
def test_every_outcome_is_a_line(
    here: Dev, audit: Path, tool: str, arguments: dict[str, Any], outcome: str, error: str | None
) -> None:
    _, entry = written(here, audit, tool, **arguments)
    assert (entry["outcome"], entry.get("error")) == (outcome, error)
    assert " through " in entry["requester"]


def test_of_rejected_arguments_only_the_names_that_there_are_stay(here: Dev, audit: Path) -> None:
    _, entry = written(
        here, audit, "scale_postgres_cluster", cluster_name="db", instances=f"{PLANTED}", **{PLANTED: "x"}
    )
    assert entry["arguments"] == {"cluster_name": "rejected", "instances": "rejected"}
    assert entry["duration_ms"] >= 0


CREDENTIAL = "ghp_pl4nted9R7qXw2Lm5Tz8Kc3Vb6Nf1Hd0Js4"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("create_postgres_role", {"cluster_name": "db", "role_name": CREDENTIAL}),
        ("create_postgres_role", {"cluster_name": "db", "role_name": "app", "in_roles": [CREDENTIAL]}),
        ("update_postgres_role", {"cluster_name": "db", "role_name": CREDENTIAL, "login": True}),
        ("delete_postgres_role", {"cluster_name": "db", "role_name": CREDENTIAL}),
        ("create_postgres_database", {"cluster_name": "db", "database_name": CREDENTIAL, "owner": "app"}),
        ("create_postgres_database", {"cluster_name": "db", "database_name": "shop", "owner": CREDENTIAL}),
        ("delete_postgres_database", {"cluster_name": "db", "database_name": CREDENTIAL}),
    ],
)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_name_that_is_a_credential_is_in_no_answer_log_or_line(
    here: Dev, audit: Path, environment: str, tool: str, arguments: dict[str, Any]
) -> None:
    told, entry = written(here, audit, tool, environment=environment, **arguments)
    assert entry["outcome"] in {"InvalidRequest", "NotFound"}
    assert CREDENTIAL not in told
    assert CREDENTIAL not in audit.read_text()
    assert CREDENTIAL not in here.team.log.read_text()
    assert entry["arguments"]["cluster_name"] == "db"


def test_what_the_api_refuses_is_named_by_its_error(here: Dev, audit: Path) -> None:
    here.put(kinds.CLUSTER, "denied", instances=1, storage=STORAGE)
    here.world.api.deny("create", "postgresql.cnpg.io", "databases")
    _, entry = written(
        here,
        audit,
        "create_postgres_database",
        cluster_name="denied",
        database_name="shop",
        owner="app",
        environment="dev",
    )
    assert (entry["outcome"], entry["error"]) == ("Refused", "Forbidden")


def test_what_was_lost_half_way_is_told_as_what_is_known(here: Dev, audit: Path) -> None:
    here.put(kinds.CLUSTER, "lost", instances=2, storage=STORAGE)
    here.wires.cut(1, "before")
    _, entry = written(here, audit, "scale_postgres_cluster", cluster_name="lost", instances=3, environment="dev")
    assert (entry["outcome"], entry["error"]) == ("Unavailable", "OutcomeUnknown")


def test_a_question_and_its_answer_are_a_line_each(here: Dev, audit: Path) -> None:
    here.put(kinds.CLUSTER, "asked", instances=2, storage=STORAGE)
    replies = [NO, ElicitResult(action="cancel"), YES]
    here.person.reply = lambda _: replies.pop(0)
    for outcome in ("Refused", "Refused", "applied"):
        before = len(entries(audit))
        here.ask.call("delete_postgres_cluster", name="asked", confirm_deletion=True, environment="dev")
        assert [one["outcome"] for one in entries(audit)[before:]] == ["asked", outcome]
    assert entries(audit)[-1]["applied"] == ["delete Cluster dev/asked"]


def test_in_the_older_era_the_question_is_a_part_of_its_call(here: Dev, tmp_path: Path) -> None:
    here.put(kinds.CLUSTER, "older", instances=2, storage=STORAGE)
    own = tmp_path / "audit"
    mode: Mode = "legacy"
    config = here.team.folder.parent / "kubeconfig"
    here.person.reply = lambda _: NO
    with client(here.team, "--audit-log", str(own), config=config, person=here.person, mode=mode) as ask:
        ask.refusal("delete_postgres_cluster", name="older", confirm_deletion=True, environment="dev")
    (entry,) = entries(own)
    assert (entry["outcome"], entry["error"]) == ("Refused", "Refused")


def list_postgres_clusters(app: App, namespace: str | None = None) -> ClusterList:
    """Crash."""
    raise ZeroDivisionError(app.read_only, namespace)


def test_a_crash_is_a_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In process, since what crashes is what nobody has thought of."""
    monkeypatch.setattr(tools, "ALL", (Tool(list_postgres_clusters, "Crash", "read", "clusters"),))
    own = tmp_path / "audit"
    made = build_server(App.open(Flags(repo=tmp_path, audit_log=own)))

    async def crash() -> bool:
        async with Client(made) as direct:
            return bool((await direct.call_tool("list_postgres_clusters", {"namespace": "shop"})).is_error)

    assert anyio.run(crash)
    (entry,) = entries(own)
    assert (entry["outcome"], entry["error"]) == ("crashed", "ZeroDivisionError")
    assert entry["arguments"] == {"namespace": "shop"}


class LinesAtEnds(Watch):
    """How many lines the log had when a call was said to have ended."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.lines: list[int] = []

    def ends(self, *_: object) -> None:
        self.lines.append(len(entries(self.log)))


def test_a_call_has_ended_once_its_line_is_written_since_the_process_may_end_then(tmp_path: Path) -> None:
    own = tmp_path / "audit"
    watch = LinesAtEnds(own)
    made = build_server(App.open(Flags(repo=tmp_path, audit_log=own)), watch=watch)

    async def ask() -> None:
        async with Client(made) as direct:
            await direct.call_tool("list_postgres_clusters", {"namespace": "shop"})

    anyio.run(ask)
    assert watch.lines == [1]


def test_only_its_owner_may_read_it_also_after_it_was_rotated(here: Dev, audit: Path) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    assert mode(audit) == 0o600
    kept = audit.read_bytes()
    rotated = audit.with_name("audit.jsonl.1")
    audit.rename(rotated)
    here.ask.call("list_postgres_clusters", environment="dev")
    assert rotated.read_bytes() == kept
    assert mode(audit) == 0o600
    assert [one["tool"] for one in entries(audit)] == ["list_postgres_clusters"]


def test_a_log_that_cannot_be_written_stops_no_call(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "folder").mkdir()
    made = AuditLog.open(tmp_path / "folder/audit")
    made.path.unlink()
    made.path.mkdir()
    made.write("list_postgres_clusters", {}, "ok")
    assert "could not be written" in caplog.text


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("password_source", "auto", True),
        ("password_source", "none", True),
        ("password_source", "existing:orders-app", True),
        ("password_source", f"{PLANTED}!", False),
        ("password_source", "Autumn2026", False),
        ("valid_until", "2027-01-31T00:00:00+01:00", True),
        ("valid_until", "never", True),
        ("valid_until", PLANTED, False),
        ("role_name", "My Role", True),
        ("image", f"https://bot:{PLANTED}@registry.example/pg:18", False),
    ],
)
def test_what_an_argument_is_not_for_is_not_written(tmp_path: Path, name: str, value: str, kept: bool) -> None:
    made = AuditLog.open(tmp_path / "audit")
    made.write("create_postgres_role", {name: value, "reason": PLANTED, "comment": PLANTED, "parameters": {}}, "ok")
    (entry,) = entries(made.path)
    assert entry["arguments"].keys() == {name}
    assert (entry["arguments"][name] == value) is kept
    assert PLANTED not in made.path.read_text()


def test_no_planted_secret_leaves_a_run_in_direct_delivery(here: Dev, audit: Path) -> None:
    """A live Cluster whose spec holds secrets, passwords that the server makes, and one that a caller gives away."""
    here.put(
        kinds.CLUSTER,
        "ledger",
        instances=2,
        storage=STORAGE,
        env=[{"name": "API_KEY", "value": f"{PLANTED}-in-the-environment"}],
        bootstrap={"initdb": {"database": "app", "owner": "app", "postInitSQL": [f"SELECT '{PLANTED}-in-sql'"]}},
        externalClusters=[{"name": "old", "connectionParameters": {"host": "x", "password": f"{PLANTED}-of-old"}}],
    )
    here.person.reply = lambda _: YES
    said = []
    for tool, arguments in (
        ("scale_postgres_cluster", {"name": "ledger", "instances": 3, "reason": f"password={PLANTED}-said"}),
        ("update_postgres_cluster", {"name": "ledger", "parameters": {"work_mem": "8MB"}, "dry_run": True}),
        ("create_postgres_role", {"cluster_name": "ledger", "role_name": "ada"}),
        ("create_postgres_role", {"cluster_name": "ledger", "role_name": "zoe", "comment": f"password: {PLANTED}-c"}),
        ("create_postgres_role", {"cluster_name": "ledger", "role_name": "bob", "password_source": f"{PLANTED}-given"}),
        ("create_postgres_role", {"cluster_name": "ledger", "role_name": "eve", "valid_until": f"{PLANTED}-until"}),
        ("update_postgres_role", {"cluster_name": "ledger", "role_name": "ada", "rotate_password": True}),
        ("list_postgres_roles", {"cluster_name": "ledger"}),
        ("get_cluster_status", {"name": "ledger", "detail_level": "detailed"}),
        ("delete_postgres_cluster", {"name": "ledger", "confirm_deletion": True, "dry_run": True}),
        ("delete_postgres_cluster", {"name": "ledger", "confirm_deletion": True}),
    ):
        result = here.ask.call(tool, environment="dev", **arguments)
        said.append(text(result) + json.dumps(result.structured_content))
    secrets = [value for one in here.world.store.list(kinds.SECRET) for value in (one.get("data") or {}).values()]
    made = [base64.b64decode(value).decode() for value in secrets]
    passwords = [one for one in made if len(one) >= 32]
    assert passwords, said[2]
    assert "applied" in said[6], said[6]
    heard = "\n".join([*said, *here.person.asked, audit.read_text(), here.team.log.read_text()])
    for secret in (PLANTED, *passwords):
        assert secret not in heard
    assert "<redacted>" in said[-1]
    assert here.live(kinds.CLUSTER, "ledger") is None
