"""Somebody who signs tokens, with the keys that it shows on the loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.fakes.api import Answer, ReplayingApi

RESOURCE = "https://gitops.example.com/mcp"
METADATA = "/.well-known/openid-configuration"
KEYS = "/keys"


@cache
def rsa_key(number: int, bits: int = 2048) -> RSAPrivateKey:
    """The same one each time for a number: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def shown(key: Any, kid: str | None, **more: object) -> dict[str, Any]:
    algorithm = RSAAlgorithm if isinstance(key, RSAPrivateKey) else ECAlgorithm
    made: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    return {**made, **({"kid": kid} if kid else {}), "use": "sig", **more}


def pem(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Hang(threading.Event):
    """Holds an answer back until it is set; `begun`: somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.begun.set()
        return super().wait(timeout)


class TokenIssuer:
    def __init__(self, api: ReplayingApi) -> None:
        self.api = api
        self.url = api.url
        self.shows([shown(rsa_key(1), "one")])
        api.answers[METADATA] = Answer(200, {"issuer": self.url, "jwks_uri": f"{self.url}{KEYS}"})

    def shows(self, keys: list[dict[str, Any]]) -> None:
        self.api.answers[KEYS] = Answer(200, {"keys": keys})

    def hangs(self) -> Hang:
        """When it is asked for its keys."""
        hang = Hang()
        self.api.answers[KEYS] = replace(self.api.answer(KEYS), drip=hang)
        return hang

    def reads_of(self, path: str) -> int:
        return sum(one.path == path for one in self.api.requests)

    def claims(self, **given: object) -> dict[str, object]:
        """Those of jane, who may read; None takes one away."""
        now = int(time.time())
        found = {
            "iss": self.url,
            "aud": RESOURCE,
            "sub": "0f3a",
            "exp": now + 300,
            "nbf": now - 1,
            "iat": now - 1,
            "preferred_username": "jane",
            "groups": ["team-shop"],
            "scope": "openid read",
            **given,
        }
        return {name: value for name, value in found.items() if value is not None}

    def token(self, key: Any = None, *, algorithm: str = "RS256", headers: Any = None, **given: object) -> str:
        said = {name: value for name, value in {"kid": "one", **(headers or {})}.items() if value is not None}
        return jwt.encode(self.claims(**given), key or rsa_key(1), algorithm, said)

    def settings(self, more: str = "") -> str:
        return f"resource: {RESOURCE}\nissuers:\n  - url: {self.url}\n{more}"


@contextmanager
def running_issuer() -> Iterator[TokenIssuer]:
    with ReplayingApi().running() as api:
        yield TokenIssuer(api)
