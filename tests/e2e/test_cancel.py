"""A request that is cancelled: what is not done stays undone, what waits ends at once, and what had been done is told."""

from __future__ import annotations

import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.secrets.cluster import is_own_secret
from gitops_mcp.domain import kinds
from gitops_mcp.sandbox.api import kubeconfig_text
from tests.e2e.dev import CONFIGURATION, Dev, dev
from tests.e2e.lines import Lines, last_outcome
from tests.e2e.team import Team

CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: shop}
spec: {instances: 2, storage: {size: 1Gi}}
"""
HOOK = """#!/bin/sh
# Tells that it runs, and ends when it is told to; once.
mv "{folder}/armed" "{folder}/taken" 2>/dev/null || exit 0
echo > "{folder}/runs"
read said < "{folder}/go"
"""
ASKS: dict[str, Any] = {"elicitation": {}}


def hooked(folder: Path, hook: str, *, alone: bool = False) -> Team:
    """A team whose hook tells that it runs and then waits; `alone`: of a repository without a remote."""
    team = Team.of(folder / "team", {"db.yaml": CLUSTER})
    if alone:
        team.git(team.checkout, "remote", "remove", "origin")
    for name in ("runs", "go"):
        os.mkfifo(folder / name)
    (folder / "armed").touch()
    program = team.checkout / ".git/hooks" / hook
    program.write_text(HOOK.format(folder=folder))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return team


@pytest.mark.parametrize(
    ("hook", "alone"),
    [
        pytest.param("pre-commit", False, id="pre-commit"),
        pytest.param("commit-msg", False, id="commit-msg", marks=pytest.mark.thorough),
        pytest.param("pre-commit", True, id="without a remote", marks=pytest.mark.thorough),
    ],
)
def test_a_request_that_is_cancelled_before_its_commit_leaves_no_branch(
    tmp_path: Path, hook: str, *, alone: bool
) -> None:
    team, log = hooked(tmp_path, hook, alone=alone), tmp_path / "audit"
    with Lines(team.checkout, "--audit-log", str(log), env=team.environment) as lines:
        asked = lines.ask("tools/call", name="scale_postgres_cluster", arguments={"name": "db", "instances": 3})
        (tmp_path / "runs").read_text()
        lines.cancel(asked)
        assert last_outcome(log, 1)["outcome"] == "cancelled"
        assert team.branches().keys() == {"main"}
        assert team.git(team.checkout, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"
        kept = {path.name for path in (team.checkout / ".git").glob("gitops-mcp/*")}
        assert kept <= {"base"}  # the checkout that hooks run in
        done = lines.call("scale_postgres_cluster", name="db", instances=3)
        assert done["structuredContent"]["outcome"] == "committed"


def test_a_request_that_is_cancelled_within_its_push_runs_to_its_end(tmp_path: Path) -> None:
    team, log = hooked(tmp_path, "pre-push"), tmp_path / "audit"
    with Lines(team.checkout, "--audit-log", str(log), env=team.environment) as lines:
        asked = lines.ask("tools/call", name="scale_postgres_cluster", arguments={"name": "db", "instances": 3})
        (tmp_path / "runs").read_text()
        lines.cancel(asked)
        (tmp_path / "go").write_text("go\n")
        told = last_outcome(log, 1)
        assert told["outcome"] == "committed", told
        assert team.branches()["gitops-mcp/scale-shop-db"] == told["commit"]


@pytest.mark.thorough
def test_a_removal_that_is_cancelled_before_it_begins_leaves_its_branch(tmp_path: Path) -> None:
    team, log = hooked(tmp_path, "pre-push"), tmp_path / "audit"
    (tmp_path / "armed").unlink()
    with Lines(team.checkout, "--audit-log", str(log), env=team.environment) as lines:
        made = lines.call("scale_postgres_cluster", name="db", instances=3)["structuredContent"]
        slow = tmp_path / "slow"
        slow.write_text(HOOK.format(folder=tmp_path) + 'exec git-upload-pack "$@"\n')
        slow.chmod(0o755)
        team.git(team.checkout, "config", "remote.origin.uploadpack", str(slow))
        (tmp_path / "armed").touch()
        arguments = {"change": made["change"], "confirm_deletion": True}
        asked = lines.ask("tools/call", name="discard_change", arguments=arguments)
        (tmp_path / "runs").read_text()
        lines.cancel(asked)
        assert last_outcome(log, 2)["outcome"] == "cancelled"
        assert team.branches()[made["branch"]] == made["commit"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """The API alone: no Cluster becomes healthy."""
    files = {".gitops-mcp.yaml": f"{CONFIGURATION}passwords: {{provider: cluster}}\n"}
    with dev(tmp_path_factory.mktemp("cancel"), files=files) as made:
        yield made


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "audit"


@pytest.fixture
def lines(here: Dev, audit: Path) -> Iterator[Lines]:
    kubeconfig = here.team.folder.parent / "kubeconfig"
    env = {**here.team.environment, "KUBECONFIG": str(kubeconfig)}
    with Lines(here.team.checkout, "--audit-log", str(audit), env=env, capabilities=ASKS) as made:
        yield made


@pytest.mark.thorough
def test_a_request_that_is_cancelled_while_it_is_tried_is_not_sent(here: Dev, lines: Lines, audit: Path) -> None:
    here.put(kinds.CLUSTER, "tried", instances=2, storage={"size": "1Gi"})
    asked = ""
    here.wires.during_dry_run(lambda: lines.cancel(asked))
    before = here.writes()
    asked = lines.ask("tools/call", name="scale_postgres_cluster", arguments={"name": "tried", "instances": 3})
    assert last_outcome(audit, 1)["outcome"] == "cancelled"
    assert here.cluster("tried")["spec"]["instances"] == 2
    assert here.writes() == before


@pytest.mark.thorough
def test_a_request_that_is_cancelled_between_two_writes_stops_there_and_says_what_was_done(
    here: Dev, lines: Lines, audit: Path
) -> None:
    here.put(kinds.CLUSTER, "half", instances=2, storage={"size": "1Gi"})
    here.put(kinds.DATABASE, "half-shop", name="shop", owner="app", cluster={"name": "half"})
    arguments = {"name": "half", "confirm_deletion": True}
    asked = lines.ask("tools/call", name="delete_postgres_cluster", arguments=arguments)
    question = lines.next_frame()
    here.wires.meanwhile(1, lambda: lines.cancel(asked))
    lines.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"agree": True}}})
    told = last_outcome(audit, 1)
    assert told["outcome"] == "cancelled"
    assert [one.partition(",")[0] for one in told["applied"]] == ["delete Cluster dev/half"]
    assert here.live(kinds.CLUSTER, "half") is None
    assert here.live(kinds.DATABASE, "half-shop") is not None


@pytest.mark.thorough
def test_a_secret_that_was_made_for_a_cancelled_request_is_taken_back(here: Dev, lines: Lines, audit: Path) -> None:
    here.put(kinds.CLUSTER, "secrets", instances=1, storage={"size": "1Gi"})
    asked = ""
    here.wires.meanwhile(1, lambda: lines.cancel(asked))
    role = {"cluster_name": "secrets", "role_name": "clerk", "password_source": "auto"}
    asked = lines.ask("tools/call", name="create_postgres_role", arguments=role)
    told = last_outcome(audit, 1)
    assert told["outcome"] == "cancelled", told
    left = here.world.store.list(kinds.SECRET, "dev")
    assert [one["metadata"]["name"] for one in left if is_own_secret(one)] == []
    assert not list((here.team.checkout / ".git").glob("gitops-mcp*/*.json"))
    assert here.live(kinds.DATABASE_ROLE, "secrets-clerk") is None


def test_a_question_ends_with_its_request(here: Dev, lines: Lines, audit: Path) -> None:
    here.put(kinds.CLUSTER, "asked", instances=2, storage={"size": "1Gi"})
    arguments = {"name": "asked", "confirm_deletion": True}
    asked = lines.ask("tools/call", name="delete_postgres_cluster", arguments=arguments)
    question = lines.next_frame()
    assert question["method"] == "elicitation/create"
    lines.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": asked}})
    taken_back = lines.next_frame()
    assert taken_back["method"] == "notifications/cancelled"
    assert taken_back["params"]["requestId"] == question["id"]
    told = last_outcome(audit, 1)
    assert told["outcome"] == "cancelled", told
    lines.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"agree": True}}})
    assert lines.answers_to() == []
    assert here.live(kinds.CLUSTER, "asked") is not None


@pytest.mark.thorough
def test_a_wait_that_is_cancelled_gives_its_thread_back(here: Dev, lines: Lines, audit: Path) -> None:
    most = []
    for turn in range(3):
        waiting = {}
        for number in range(8):
            name = f"waited-{turn}-{number}"
            arguments = {"name": name, "instances": 1, "wait": True, "timeout": 600}
            waiting[name] = lines.ask(
                "tools/call", name="create_postgres_cluster", arguments=arguments, _meta={"progressToken": name}
            )
        heard: set[str] = set()
        while heard != waiting.keys():
            frame = lines.next_frame()
            assert frame["method"] == "notifications/progress", frame
            heard.add(frame["params"]["progressToken"])
        most.append(sum(1 for _ in Path(f"/proc/{lines.child.pid}/task").iterdir()))
        for asked in waiting.values():
            lines.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": asked}})
        assert last_outcome(audit, 8 * (turn + 1))["outcome"] == "cancelled"
    assert max(most) <= most[0] + 3, most
    entries = [json.loads(line) for line in audit.read_text().splitlines()]
    assert all(one["applied"][0].startswith("create Cluster dev/waited-") for one in entries)


def test_calls_that_wait_for_a_silent_peer_hold_neither_a_ping_nor_their_own_end(tmp_path: Path) -> None:
    """More of them than run at once."""
    team = Team.of(tmp_path / "team", {"db.yaml": CLUSTER})
    with socket.create_server(("127.0.0.1", 0), backlog=200) as silent:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(kubeconfig_text(f"http://127.0.0.1:{silent.getsockname()[1]}", None))
        env = {**team.environment, "KUBECONFIG": str(kubeconfig)}
        with Lines(team.checkout, env=env) as lines:
            asked = [lines.ask("tools/call", name="list_postgres_clusters", arguments={}) for _ in range(60)]
            began = time.monotonic()
            assert lines.answers_to() == []
            for one in asked:
                lines.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": one}})
            done = lines.request("tools/call", name="list_changes", arguments={})
            assert "result" in done
            assert time.monotonic() - began < 8, "less than one of them waits for its peer"
