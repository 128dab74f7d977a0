"""The public keys of an issuer, as they are now: kept for minutes, and looked for again where a token names another.

A key that an issuer has taken away holds no longer than what is kept of it. A token names its key by id only; a key or
an address in a token is not looked at.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_mcp.adapters.signin.errors import BadToken, NoKeys
from gitops_mcp.adapters.signin.metadata import SECONDS, key_address, read_json
from gitops_mcp.domain.access.identity import Issuer

log = logging.getLogger(__name__)

_KEPT = 600.0
"""Seconds after which they are read again; where that fails, what is known goes on for `_LASTS`."""
_LASTS = 3600.0
_BETWEEN = 60.0
"""Seconds between two reads for tokens that name a key which is not there: anybody can send such ones."""
_AFTER_FAULT = 5.0
_MOST = 100
_FAMILY = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_SHORTEST_RSA = 2048


class Keys:
    """Of one issuer. Safe to use from several threads."""

    def __init__(self, issuer: Issuer, *, between: float = _BETWEEN, seconds: float = SECONDS) -> None:
        self._issuer = issuer
        self._between = between
        self._seconds = seconds
        self._reading = threading.Lock()
        self._found: tuple[Mapping[str, Any], ...] = ()
        self._address: str | None = None
        self._read: float | None = None
        """When they were read last."""
        self._tried = float("-inf")
        self._fault: NoKeys | None = None

    def find(self, kid: str | None, algorithm: str) -> Any:
        """The key as PyJWT takes it. Raises BadToken where there is none, NoKeys where the issuer does not say."""
        if self._age > _KEPT:
            self._read_again(_AFTER_FAULT)
        found, is_newest = self._fitting(kid, algorithm), True
        if found is None and self._read is not None:
            is_newest = self._read_again(self._between)
            found = self._fitting(kid, algorithm)
        if self._age > _LASTS:
            raise self._fault or NoKeys(f"the keys of {self._issuer.url} have not been read yet")
        if found is None and not is_newest:
            raise NoKeys(f"the keys of {self._issuer.url} are being read now")
        if found is None:
            raise BadToken("its issuer has no such key for its algorithm")
        return found

    @property
    def _age(self) -> float:
        return float("inf") if self._read is None else time.monotonic() - self._read

    def _fitting(self, kid: str | None, algorithm: str) -> Any:
        from jwt import PyJWK
        from jwt.exceptions import PyJWTError

        fitting = [one for one in self._found if _fits(one, algorithm)]
        named = [one for one in fitting if one.get("kid") == kid] if kid is not None else fitting
        if len(named) != 1:
            return None
        try:
            key = PyJWK(dict(named[0]), algorithm=algorithm).key
        except (PyJWTError, ValueError, TypeError, KeyError):
            return None
        return None if named[0]["kty"] == "RSA" and key.key_size < _SHORTEST_RSA else key

    def _read_again(self, between: float) -> bool:
        """Not where another has just read them, nor sooner than this after the last try.

        Who reads may have to wait long. False: another does so now, and what is kept has to do meanwhile.
        """
        if time.monotonic() - self._tried < between:
            return True
        if not self._reading.acquire(blocking=self._age > _LASTS):
            return False
        try:
            if time.monotonic() - self._tried >= between:
                self._read_now()
            return True
        finally:
            self._reading.release()

    def _read_now(self) -> None:
        try:
            self._address = self._address or key_address(self._issuer, seconds=self._seconds)
            keys = tuple(_public_keys(read_json(self._address, seconds=self._seconds), self._address))
        except NoKeys as error:
            self._fault, self._address = error, None
            log.warning("keys of %s: %s", self._issuer.url, error)
            return
        finally:
            self._tried = time.monotonic()
        self._found, self._fault, self._read = keys, None, time.monotonic()


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    return (
        key.get("kty") == _FAMILY[algorithm[:2]]
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
        and key.get("crv") == _CURVES.get(algorithm, key.get("crv"))
    )


def _public_keys(found: Mapping[str, Any], address: str) -> Iterator[Mapping[str, Any]]:
    listed = found.get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST:
        raise NoKeys(f"{address} has no list of at most {_MOST} `keys`")
    for one in listed:
        if isinstance(one, dict):
            yield {name: value for name, value in one.items() if name != "d"}
