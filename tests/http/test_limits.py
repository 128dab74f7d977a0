"""How much callers may ask for: what is above is refused with when to come again, and each is counted alone."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from gitops_mcp.config.http_limits import HttpLimits
from gitops_mcp.http.answers import Refusal
from gitops_mcp.http.callers import Callers


def refusal(callers: Callers, caller: str | None) -> tuple[int, int]:
    """The status, and the seconds after which to come again."""
    with pytest.raises(Refusal) as told, callers.admitted(caller):
        pass
    return told.value.response.status_code, int(told.value.response.headers["retry-after"])


def test_more_at_once_than_one_caller_may_is_theirs_alone() -> None:
    callers = Callers(HttpLimits(caller_at_once=2))
    with ExitStack() as running:
        for _ in range(2):
            running.enter_context(callers.admitted("ada"))
        assert refusal(callers, "ada") == (429, 1)
        with callers.admitted("bob"):
            pass
    with callers.admitted("ada"):
        pass
    assert not callers.running


def test_more_at_once_than_all_may_is_busy_for_everybody() -> None:
    callers = Callers(HttpLimits(at_once=3))
    with ExitStack() as running:
        for caller in ("ada", "bob", None):
            running.enter_context(callers.admitted(caller))
        assert refusal(callers, "cyd") == (503, 1)
        assert refusal(callers, None) == (503, 1)


def test_requests_within_a_minute_are_counted_by_caller() -> None:
    callers = Callers(HttpLimits(caller_per_minute=4))
    for _ in range(4):
        with callers.admitted("ada"):
            pass
    assert refusal(callers, "ada") == (429, 15)
    with callers.admitted("bob"):
        pass


def test_where_nobody_signs_in_nobody_is_counted() -> None:
    callers = Callers(HttpLimits(caller_at_once=1, caller_per_minute=1))
    with ExitStack() as running:
        for _ in range(5):
            running.enter_context(callers.admitted(None))


def test_a_failed_request_gives_its_place_back() -> None:
    callers = Callers(HttpLimits(at_once=1))
    with pytest.raises(ZeroDivisionError), callers.admitted("ada"):
        raise ZeroDivisionError
    with callers.admitted("ada"):
        pass
