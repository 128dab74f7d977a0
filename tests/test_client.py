from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitops_mcp import client
from gitops_mcp.caller import Nobody
from gitops_mcp.client import UsedAnswers, user_name
from gitops_mcp.errors import Refused


def test_an_answer_is_taken_once_however_many_take_it_at_once() -> None:
    used, ready = UsedAnswers(), threading.Barrier(8)

    def take(_: int) -> bool:
        ready.wait()
        return used.take("token")

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]
    assert used.take("another")


def test_an_answer_that_could_not_be_given_any_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    used = UsedAnswers()
    monkeypatch.setattr(client, "SECONDS", -1.0)
    assert used.take("token")
    monkeypatch.undo()
    assert used.take("other")
    assert used._taken.keys() == {"other"}


def test_a_user_without_a_name_is_named_by_number() -> None:
    assert user_name(0) == "root"
    assert user_name(2**31 - 9) == "uid 2147483639"


def test_without_a_client_nobody_agrees() -> None:
    with pytest.raises(Refused, match=r"Delete it\? This client cannot ask a person.*kubectl delete it"):
        Nobody().agree("Delete it?", about={}, instead="kubectl delete it")
