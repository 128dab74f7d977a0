"""A repository and a cluster full of secrets, of which no tool, log or commit says a word."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.tools.registry import Tool
from tests.calls import Subject, every_dry_run, every_read, every_write
from tests.e2e.team import Assistant, Team, assistant, text

PLANTED = "pl4nted"
"""A part of every secret here."""

LEDGER = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: ledger-credentials
  namespace: bank
stringData:
  username: app
  password: {PLANTED}-of-the-secret
  dsn: postgres://app:{PLANTED}-in-a-url@ledger-rw/app
---
# the old password: {PLANTED}-in-a-comment
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: ledger
  namespace: bank
  annotations:
    example.com/contact: https://bot:{PLANTED}-in-an-annotation@example.com/x
spec:
  instances: 3 # once reached with PGPASSWORD={PLANTED}-behind-a-value
  bootstrap:
    initdb:
      database: app
      owner: app
      postInitSQL:
        - ALTER ROLE app PASSWORD '{PLANTED}-in-sql'
      postInitApplicationSQL:
        - CREATE ROLE x PASSWORD '{PLANTED}-in-application-sql'
  externalClusters:
    - name: old
      connectionParameters:
        host: old.example.com
        password: {PLANTED}-in-connection-parameters
  env:
    - name: API_KEY
      value: {PLANTED}-in-the-environment
  plugins:
    - name: barman-cloud.cloudnative-pg.io
      isWALArchiver: true
      parameters:
        barmanObjectName: vault
  postgresql:
    ldap:
      bindSearchAuth:
        bindDN: cn=x
        bindPassword: {PLANTED}-of-ldap
    parameters:
      primary_conninfo: host=x password={PLANTED}-in-a-parameter
  managed:
    roles:
      - name: clerk
        ensure: present
        disablePassword: true
        comment: "password={PLANTED}-in-a-comment-on-a-role"
  storage:
    size: 1Gi
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: ledger-books
  namespace: bank
  annotations:
    example.com/login: "PGPASSWORD={PLANTED}-of-a-database"
spec:
  cluster:
    name: ledger
  name: books
  owner: app
---
apiVersion: v1
kind: Secret
metadata:
  name: ledger-more
  namespace: bank
data: {{password: cGw0bnRlZA-{PLANTED}}}
"""
TEMPLATE = f"""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {{{{ .Values.metadata }}}}
password: {PLANTED}-in-a-template
"""
REFUSED = {"restore_postgres_cluster"}
"""A new Cluster of the spec that Git has: what that has wrong is refused of it."""
SAID = f"cannot connect to postgres://app:{PLANTED}-said@db/x: the password is {PLANTED}1, tried password={PLANTED}2 and Bearer {PLANTED}3"


def planted_world(world: World) -> None:
    """A live cluster whose messages tell secrets, and whose fields differ from Git in secret ones."""
    put = world.store.create
    put(Resource("", "v1", "namespaces", "Namespace", namespaced=False), {"metadata": {"name": "bank"}})
    meta = {"name": "ledger", "namespace": "bank"}
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "ClusterIsNotReady",
        "message": SAID,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = {
        "phase": "Unable to create required cluster objects",
        "phaseReason": SAID,
        "instances": 3,
        "readyInstances": 1,
        "instanceNames": ["ledger-1"],
        "currentPrimary": "ledger-1",
        "conditions": [
            condition,
            {**condition, "type": "ContinuousArchiving"},
            {**condition, "type": "LastBackupSucceeded"},
        ],
        "managedRolesStatus": {"cannotReconcile": {"app": [SAID]}},
        "tablespacesStatus": [{"name": "hot", "state": "pending", "error": SAID}],
    }
    spec: Object = {
        "instances": 3,
        "storage": {"size": "512Mi"},
        "env": [{"name": "API_KEY", "value": f"{PLANTED}-live-environment"}],
        "postgresql": {"parameters": {"primary_conninfo": f"host=y password={PLANTED}-live-parameter"}},
    }
    cluster = {"apiVersion": kinds.CLUSTER.api_version, "kind": "Cluster", "metadata": meta, "spec": spec}
    put(kinds.CLUSTER, cluster)
    with_status(world, kinds.CLUSTER, "ledger", status)
    for resource, name, more in (
        (kinds.DATABASE, "ledger-shop", {"name": "shop", "owner": "app"}),
        (kinds.DATABASE_ROLE, "ledger-role", {"name": "app"}),
        (kinds.BACKUP, "ledger-backup", {}),
        (kinds.SCHEDULED_BACKUP, "ledger-nightly", {"schedule": "0 0 0 * * *"}),
        (kinds.POOLER, "ledger-pool", {"pgbouncer": {"poolMode": "session"}}),
    ):
        about = {"name": name, "namespace": "bank"}
        put(
            resource,
            {
                "apiVersion": resource.api_version,
                "kind": resource.kind,
                "metadata": about,
                "spec": {"cluster": {"name": "ledger"}, **more},
            },
        )
        told = {
            "applied": False,
            "message": SAID,
            "observedGeneration": 1,
            "phase": "failed",
            "error": SAID,
            "phaseReason": SAID,
        }
        with_status(world, resource, name, told)
    put(kinds.POD, pod())
    world.store.print_log("bank", "ledger-1", log_lines())
    put(
        kinds.EVENT,
        {
            "metadata": {"name": "ledger.1", "namespace": "bank"},
            "involvedObject": {"kind": "Cluster", "name": "ledger", "namespace": "bank"},
            "type": "Warning",
            "reason": "Failed",
            "message": SAID,
            "lastTimestamp": "2026-01-01T00:00:00Z",
            "count": 1,
        },
    )
    put(Resource("", "v1", "namespaces", "Namespace", namespaced=False), {"metadata": {"name": "argocd"}})
    put(
        kinds.APPLICATION,
        {
            "apiVersion": kinds.APPLICATION.api_version,
            "kind": "Application",
            "metadata": {"name": "gitops", "namespace": "argocd"},
            "spec": {
                "source": {"path": "clusters/prod", "repoURL": "x"},
                "project": "default",
                "destination": {"server": "x"},
            },
            "status": {"conditions": [{"type": "ComparisonError", "message": SAID}]},
        },
    )


def log_lines() -> Iterator[str]:
    """Where secrets stand in a log: statements, their parameters, rows, what applications raise, names of anything."""
    statement = f"alter role app password '{PLANTED}-in-a-statement'"
    for code, message, more in (
        ("P0001", SAID, {"detail": SAID, "hint": SAID, "context": SAID, "query": statement}),
        ("42601", f'syntax error at or near "{PLANTED}-near"', {"query": statement, "internal_query": statement}),
        ("22P02", f'invalid input syntax for type integer: "{PLANTED}-value', {}),
        ("00000", f"duration: 9 ms  statement: {statement} /* {PLANTED} */ -- {PLANTED}", {}),
        ("00000", f"execute p: select $1, $x${PLANTED}$x$", {"detail": f"Parameters: $1 = '{PLANTED}'"}),
        ("23505", "duplicate key value", {"detail": f"Key (token)=({PLANTED}) already exists."}),
        ("38000", f'program "curl -u admin:{PLANTED} https://x" failed', {}),
        ("42P01", 'relation "t" does not exist', {"application_name": f"{PLANTED}-application"}),
    ):
        record = {"error_severity": "ERROR", "sql_state_code": code, "message": message, **more}
        yield json.dumps({"level": "info", "logger": "postgres", "msg": "record", "record": record})
    yield json.dumps({"level": "error", "logger": "wal-archive", "msg": "failed", "error": SAID, "stacktrace": SAID})
    yield f"STATEMENT:  {statement}"


def with_status(world: World, resource: Resource, name: str, status: Object) -> None:
    world.store.change(resource, "bank", name, lambda live: {**live, "status": status}, subresource="status")


def pod() -> Object:
    waiting = {
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": SAID}},
        "name": "postgres",
        "ready": False,
        "restartCount": 3,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "ledger-1",
            "namespace": "bank",
            "labels": {"cnpg.io/cluster": "ledger", "cnpg.io/podRole": "instance", "cnpg.io/instanceName": "ledger-1"},
        },
        "spec": {
            "containers": [{"name": "postgres", "image": "x", "env": [{"name": "X", "value": f"{PLANTED}-of-a-pod"}]}]
        },
        "status": {"phase": "Pending", "message": SAID, "containerStatuses": [waiting]},
    }


@dataclass(frozen=True)
class Bank:
    team: Team
    ask: Assistant
    audit: Path
    said: list[str]
    """Every answer so far, text and structure."""

    def call(self, tool: str, *, error: bool = False, **arguments: Any) -> dict[str, Any]:
        result = self.ask.call(tool, **arguments)
        self.said.append(text(result) + json.dumps(result.structured_content))
        assert result.is_error is error, text(result)
        return result.structured_content or {}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    place = tmp_path_factory.mktemp("planted")
    team = Team.of(
        place / "team",
        {
            ".gitops-mcp.yaml": "environments:\n  prod:\n    path: clusters/prod\n",
            "clusters/prod/bank/ledger.yaml": LEDGER,
            "clusters/prod/bank/template.yaml": TEMPLATE,
            "clusters/prod/bank/kustomization.yaml": "resources:\n  - ledger.yaml\n",
        },
    )
    team.git(team.checkout, "remote", "set-url", "--push", "origin", str(team.remote))
    flags = ("--audit-log", str(place / "audit"), "--log-level", "debug")
    with start_sandbox(place / "api", api_only=True) as world:
        planted_world(world)
        with assistant(team, *flags, kubeconfig=world.kubeconfig) as ask:
            yield Bank(team, ask, place / "audit", [])


SUBJECT = Subject(
    "ledger",
    namespace="bank",
    owner="app",
    role="clerk",
    database="books",
    secret="ledger-credentials",
    change="to be said",
)


def with_reason(tool: Tool, said: dict[str, Any]) -> dict[str, Any]:
    """Which tells secrets, where the tool takes one."""
    return said | ({"reason": SAID} if "reason" in inspect.signature(tool.function).parameters else {})


def test_no_tool_repeats_a_planted_secret(bank: Bank) -> None:
    status = bank.call("get_cluster_status", name="ledger", detail_level="detailed")
    assert len(status["problems"]) > 4
    differing = {one["field"]: (one["git"], one["live"]) for one in status["git"]["differs"]}
    assert differing["spec.env[0].value"] == ("<redacted>", "<redacted>")
    assert differing["spec.postgresql.parameters.primary_conninfo"] == (
        "host=x password=<redacted>",
        "host=y password=<redacted>",
    )
    assert "spec.externalClusters" in differing
    roles = bank.call("list_postgres_roles", cluster_name="ledger")
    assert {row["name"]: row["state"] for row in roles["items"]}["app"] == "failing"
    databases = bank.call("list_postgres_databases", cluster_name="ledger")
    assert [row["state"] for row in databases["items"] if row["name"] == "shop"] == ["failing"]
    scaled = bank.call("scale_postgres_cluster", name="ledger", instances=5, reason=SAID)
    subject = replace(SUBJECT, change=scaled["change"])
    for tool, said in every_read(subject):
        bank.call(tool.name, **said)
    for tool, said in every_dry_run(subject):
        bank.call(tool.name, **with_reason(tool, said), error=tool.name in REFUSED)
    goes = bank.call("scale_postgres_cluster", name="ledger", instances=4, change="goes")
    subject = replace(subject, change=goes["change"])
    writes = [(tool, said) for tool, said in every_write(subject) if tool.name not in REFUSED]
    made = [bank.call(tool.name, **with_reason(tool, said)) for tool, said in writes]
    assert {one["outcome"] for one in made} == {"committed", "discarded", "unchanged", "not_opened"}
    bank.call("scale_postgres_cluster", name="template", instances=2, error=True)
    parameters = {"application_name": f"x password={PLANTED}-in-a-new-parameter"}
    bank.call("create_postgres_cluster", name="new", namespace="bank", parameters=parameters, error=True)
    removed = bank.call("delete_postgres_cluster", name="ledger", confirm_deletion=True, reason=SAID)
    assert "<redacted>" in removed["diff"]
    assert bank.call("delete_postgres_cluster", name="ledger")["outcome"] == "unchanged"
    bank.team.commit(
        {
            "clusters/prod/bank/ledger.yaml": LEDGER.replace("-of-the-secret", "-rotated").replace(
                "# the old", "# the older"
            )
        },
        branch="gitops-mcp/by-hand",
        message=f"Rotate to password={PLANTED}-in-a-subject\n\nIt was {SAID}",
    )
    for level in ("concise", "detailed"):
        for change in (scaled["change"], removed["change"], "by-hand"):
            bank.call("get_change", change=change, detail_level=level)
    for one in made:
        if one["outcome"] == "committed":
            bank.call("get_change", change=one["change"], detail_level="detailed")
    for state in ("open", "merged", "applied", "all"):
        bank.call("list_changes", state=state)
    bank.call("discard_change", change="by-hand", error=True)
    bank.team.merge(scaled["branch"])
    bank.call("get_change", change=scaled["change"], detail_level="detailed")
    bank.call("discard_change", change=removed["change"], confirm_deletion=True)

    told = [answer[max(0, at - 200) :][:300] for answer in bank.said if (at := answer.find(PLANTED)) >= 0]
    assert told == []
    assert bank.team.log.read_text().count("INFO gitops_mcp.server") == len(bank.said)
    assert PLANTED not in bank.team.log.read_text()
    assert len(bank.audit.read_text().splitlines()) == len(bank.said)
    assert PLANTED not in bank.audit.read_text()
    messages = bank.team.git(bank.team.remote, "log", "--format=%B", scaled["commit"], removed["commit"])
    assert "the password is <redacted>" in messages
    assert PLANTED not in messages


def test_the_files_keep_what_the_answers_do_not_show(bank: Bank) -> None:
    done = bank.call("scale_postgres_cluster", name="ledger", instances=4, change="kept")
    assert (
        bank.team.file(done["commit"], "clusters/prod/bank/ledger.yaml")
        == LEDGER.replace("instances: 3", "instances: 4").encode()
    )
