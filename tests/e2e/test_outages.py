"""What every reading tool says where the API can be read not at all: never that there is nothing."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.calls import Subject, every_read
from tests.e2e.team import Assistant, Team, assistant, text
from tests.fakes.api import Answer, ReplayingApi, status

DOCUMENTS = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: orders, namespace: shop}
spec: {instances: 3, storage: {size: 10Gi}}
---
apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata: {name: orders-clerk, namespace: shop}
spec: {cluster: {name: orders}, name: clerk}
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: orders-books, namespace: shop}
spec: {cluster: {name: orders}, name: books, owner: clerk}
"""
OUTAGES = {
    "401": status(401, "Unauthorized", "Unauthorized"),
    "403": status(403, "Forbidden", 'x is forbidden: User "dev" cannot list resource "x" in API group "x"'),
    "a login page": Answer(200, b"<html>log in</html>"),
    "damaged answers": Answer(200, b"\x1f\x8b no gzip", {"Content-Encoding": "gzip"}),
}
NOTHING = ("0 of 0", "there are none", "only_in_git", "absent", "no such live object")
ONLY_LIVE = frozenset({"get_postgres_logs", "get_postgres_metrics"})
"""Git says nothing of what they tell, so without the API they are an error."""
SUBJECT = Subject("orders", "clerk", "clerk", "books", "orders-app", "scale")


def kubeconfig(path: Path, server: str) -> Path:
    config = {
        "current-context": "dev",
        "clusters": [{"name": "here", "cluster": {"server": server}}],
        "users": [{"name": "dev", "user": {"token": "t"}}],
        "contexts": [{"name": "dev", "context": {"cluster": "here", "user": "dev", "namespace": "shop"}}],
    }
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize("declared", [True, False], ids=["declared in Git", "unknown to Git"])
@pytest.mark.parametrize("delivery", ["git", "direct"])
@pytest.mark.few(1)
def test_no_tool_says_that_there_is_nothing_where_nothing_was_read(
    tmp_path: Path, delivery: str, *, declared: bool
) -> None:
    configuration = f"environments: {{dev: {{path: dev, delivery: {delivery}}}}}\n"
    team = Team.of(tmp_path / "team", {".gitops-mcp.yaml": configuration, "dev/a.yaml": DOCUMENTS if declared else ""})
    api = ReplayingApi()
    with ExitStack() as running:
        url = running.enter_context(api.running()).url
        ask = running.enter_context(assistant(team, kubeconfig=kubeconfig(tmp_path / "kubeconfig", url)))
        for outage, answer in OUTAGES.items():
            api.answers["*"] = answer
            ask_every_tool(ask, outage, declared=declared)
    with assistant(team, kubeconfig=tmp_path / "kubeconfig") as ask:
        ask_every_tool(ask, "nobody listens there any more", declared=declared)


def ask_every_tool(ask: Assistant, outage: str, *, declared: bool) -> None:
    """Each once but for those that ask Git alone, or of a kind and of no object."""
    asking = [(tool, said) for tool, said in every_read(SUBJECT) if "change" not in tool.name]
    shortest = {
        tool.name: said
        for tool, said in reversed(asking)
        if tool.name not in {"get_history", "explain_postgres_fields"}
    }
    for name, said in shortest.items():
        result = ask.call(name, **said)
        told = f"{outage}, {name}: {text(result)}"
        assert not [one for one in NOTHING if one in told], told
        if name == "check_setup":  # which tells that, and answers whatever is down
            assert result.structured_content is not None
            assert result.structured_content["fail"], told
            continue
        assert result.is_error == (not declared or name in ONLY_LIVE), told
        if result.is_error:
            assert text(result).startswith("Refused: " if outage == "403" else "Unavailable: "), told
        else:
            assert result.structured_content is not None
            assert result.structured_content["warnings"], told
