"""The keys of an issuer that hangs: who waits for it, and who goes on with what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from gitops_mcp.adapters.signin import keys
from gitops_mcp.adapters.signin.errors import NoKeys
from gitops_mcp.adapters.signin.keys import Keys
from gitops_mcp.config.http_settings import resolve_http
from tests.fakes.issuer import KEYS, TokenIssuer, running_issuer


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    with running_issuer() as running:
        yield running


def keys_of(issuer: TokenIssuer, *, seconds: float = 5.0) -> Keys:
    (one,) = resolve_http(issuer.settings(), name="http.yaml").issuers
    return Keys(one, between=0.0, seconds=seconds)


@contextmanager
def one_waits(issuer: TokenIssuer, found: Keys) -> Iterator[Future[Any]]:
    """The issuer hangs, and somebody has begun to read from it."""
    hang = issuer.hangs()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(found.find, "one", "RS256")
        hang.begun.wait()
        try:
            yield waiting
        finally:
            hang.set()


def test_kept_keys_hold_while_another_reads_from_an_issuer_that_hangs(
    issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = keys_of(issuer)
    assert found.find("one", "RS256")
    monkeypatch.setattr(keys, "_KEPT", 0.0)
    monkeypatch.setattr(keys, "_AFTER_FAULT", 0.0)
    with one_waits(issuer, found) as waiting:
        for _ in range(3):
            assert found.find("one", "RS256")
        with pytest.raises(NoKeys, match=r"are being read now"):
            found.find("two", "RS256")
        assert not waiting.done()
    assert waiting.result()


def test_who_has_waited_for_an_issuer_that_hangs_does_not_read_once_more(
    issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_AFTER_FAULT", 0.4)
    found = keys_of(issuer, seconds=0.5)
    with one_waits(issuer, found) as waiting:
        for _ in range(3):
            with pytest.raises(NoKeys, match=r"did not answer"):
                found.find("one", "RS256")
        assert isinstance(waiting.exception(), NoKeys)
    assert issuer.reads_of(KEYS) == 1
