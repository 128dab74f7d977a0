"""Each tool has calls, by its row or without one, so whatever is proved of every tool is proved of a new one."""

from __future__ import annotations

import inspect

import pytest

from gitops_mcp import tools
from gitops_mcp.tools.registry import Tool
from tests.calls import CALLS, Subject, calls_of

HERE = Subject("db", owner="app", role="clerk", database="shop", secret="login", change="grow", namespace="dev")


def test_every_row_is_of_a_tool_that_is_registered() -> None:
    gone = CALLS.keys() - {tool.name for tool in tools.ALL}
    assert not gone, f"tests/calls.py has a row for {', '.join(sorted(gone))}, and there is no such tool"


@pytest.mark.parametrize("tool", tools.ALL, ids=lambda tool: tool.name)
def test_a_row_has_calls_and_they_say_what_the_tool_takes(tool: Tool) -> None:
    taken = inspect.signature(tool.function).parameters
    rows = calls_of(tool, HERE)
    assert rows
    assert {name for arguments in rows for name in arguments} <= taken.keys()
    assert not {name for arguments in rows for name in arguments} & {"dry_run", "reason"}
    assert not tool.writes or "dry_run" in taken


def test_a_tool_that_only_reads_a_cluster_needs_no_row() -> None:
    def list_postgres_moons(app: object, cluster_name: str, namespace: str | None = None) -> None: ...

    read, write = (Tool(list_postgres_moons, "List moons", effect, "clusters") for effect in ("read", "propose"))
    assert calls_of(read, HERE) == [{"cluster_name": "db", "namespace": "dev"}]
    with pytest.raises(AssertionError, match="list_postgres_moons has no row"):
        calls_of(write, HERE)


def test_a_tool_without_a_row_is_named_where_its_calls_are_asked_for() -> None:
    def turn_postgres_round(app: object) -> None: ...

    with pytest.raises(AssertionError, match=r"turn_postgres_round has no row in tests/calls\.py"):
        calls_of(Tool(turn_postgres_round, "Turn round", "propose", "clusters"), HERE)
