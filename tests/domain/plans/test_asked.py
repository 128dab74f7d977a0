from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.plans.asked import LONGEST, AskedRequest, request_lines
from gitops_mcp.errors import InvalidRequest

PLAIN = st.text("abc \n\"'{}:é\u2028", max_size=8)
VALUES = st.recursive(PLAIN | st.integers() | st.booleans(), lambda one: st.lists(one, max_size=3), max_leaves=5)
ARGUMENTS = st.dictionaries(st.sampled_from(["name", "change", "in_roles", "values"]), VALUES)


@given(ARGUMENTS)
def test_a_request_is_one_line_that_says_it_again(arguments: dict[str, Any]) -> None:
    asked = AskedRequest("scale_postgres_cluster", arguments)
    assert asked.line.isprintable()
    assert AskedRequest.of_line(asked.line) == asked
    assert request_lines(f"Subject\n\n* Other\n\nGitops-Mcp-Request: {asked.line}\n\n* More") == (asked.line,)


@given(ARGUMENTS)
def test_the_order_of_arguments_says_nothing(arguments: dict[str, Any]) -> None:
    turned = dict(reversed(arguments.items()))
    assert AskedRequest("x", turned).line == AskedRequest("x", arguments).line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"tool":"x"}',
        '{"tool":1,"arguments":{}}',
        '{"tool":"x","arguments":[]}',
        '{"tool":"x","arguments":{},"more":1}',
        '{"tool":"x","arguments":{"confirm_deletion":true}}',
        '{"tool":"x","arguments":{"dry_run":true}}',
        '{"tool":"x","arguments":{"reason":"why"}}',
        "[" * 7000,
        json.dumps({"tool": "x", "arguments": {"name": "a" * LONGEST}}),
    ],
)
def test_what_this_server_would_not_write_is_no_request(line: str) -> None:
    with pytest.raises(InvalidRequest, match="Gitops-Mcp-Request"):
        AskedRequest.of_line(line)


def test_what_may_be_secret_is_left_out_and_filled_in_again() -> None:
    said = {"parameters": {"a": "8MB", "b": "postgres://me:hunter22@host/db"}, "names": ["TenantSchema2026x"]}
    kept = AskedRequest.of_line(AskedRequest("x", said).line)
    assert kept.left_out == 2
    assert "hunter22" not in kept.line
    assert kept.filled(("one", "two")).arguments == {"parameters": {"a": "8MB", "b": "two"}, "names": ["one"]}


def test_names_are_whole_names() -> None:
    asked = AskedRequest("x", {"cluster_name": "db", "in_roles": ["db", "db2"], "password_source": "existing:db"})
    assert asked.renamed({"db": "other"}).arguments == {
        "cluster_name": "other",
        "in_roles": ["other", "db2"],
        "password_source": "existing:other",
    }
