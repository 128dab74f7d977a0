"""The table of calls has a row for each tool, so whatever is proved of every tool is proved of a new one."""

from __future__ import annotations

import inspect

import pytest

from gitops_mcp import tools
from gitops_mcp.tools.registry import Tool
from tests.calls import CALLS, Subject, calls_of

HERE = Subject("db", owner="app", role="clerk", database="shop", secret="login", change="grow", namespace="dev")


def test_every_tool_that_is_registered_has_a_row() -> None:
    without = [tool.name for tool in tools.ALL if tool.name not in CALLS]
    assert not without, f"tests/calls.py has no row for {', '.join(without)}: say there how each is called"


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


def test_a_tool_without_a_row_is_named_where_its_calls_are_asked_for() -> None:
    def turn_postgres_round() -> None: ...

    with pytest.raises(AssertionError, match=r"turn_postgres_round has no row in tests/calls\.py"):
        calls_of(Tool(turn_postgres_round, "Turn round", "propose"), HERE)
