from __future__ import annotations

import threading
from collections.abc import Iterator

from gitops_mcp.answers.setup import CheckRow
from gitops_mcp.caller import pause
from gitops_mcp.errors import Unavailable
from gitops_mcp.workflows.setup.checks import Check, row, rows_side_by_side


def told(rows: Iterator[CheckRow]) -> list[tuple[str, str, str]]:
    return [(one.check, one.state, one.found) for one in rows]


def test_what_hangs_is_told_with_what_it_had_said_while_others_answer() -> None:
    ended = threading.Event()

    def hangs() -> Iterator[CheckRow]:
        yield row("git", "first", "ok", "seen")
        try:
            pause(60)  # as git and requests to an API wait: for their peer, or the end of the call
        finally:
            ended.set()

    def answers() -> Iterator[CheckRow]:
        yield row("forge", "second", "ok", "seen")

    checks = [Check("git", "push", hangs, "look"), Check("forge", "forge", answers, "look")]
    assert told(rows_side_by_side(checks, 0.2)) == [
        ("first", "ok", "seen"),
        ("push", "fail", "it did not end within 0.2 s and was given up"),
        ("second", "ok", "seen"),
    ]
    assert ended.wait(5), "what runs on beyond its time is ended"


def test_an_error_is_a_failure_with_its_reason_and_what_mends_it() -> None:
    def fails() -> Iterator[CheckRow]:
        yield row("kubernetes", "API", "ok", "it answers")
        raise Unavailable("gone")

    rows = Check("kubernetes", "rights", fails, "log in again", "prod").rows()
    assert told(iter(rows)) == [("API", "ok", "it answers"), ("rights", "fail", "gone")]
    assert [(one.environment, one.mend) for one in rows] == [("prod", None), ("prod", "log in again")]
