"""The controller of SealedSecrets: opens them with a key that was made for this sandbox, and hands out its certificate.

The key lives in memory only. It is made when somebody first needs it, as that takes a tenth of a second or more.
"""

from __future__ import annotations

import base64
import binascii
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.controller import Controller
from gitops_mcp.sandbox.made_secrets import (
    encode_values,
    is_owned,
    live_secret,
    make_condition,
    now,
    owner_of,
    tell_event,
    write_secret,
)
from gitops_mcp.sandbox.templates import Unfillable, fill_template

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

NAMESPACE, SERVICE = "kube-system", "sealed-secrets-controller"
_PREFIX = "sealedsecrets.bitnami.com/"
_BITS = 2048
_VALID = timedelta(days=3650)
_NONCE = bytes(12)
"""All zeros: each key encrypts one value only."""


_NO_KEY = "no key could decrypt secret"


class Unsealable(Exception):
    """Why a SealedSecret was not turned into a Secret."""


@dataclass(frozen=True)
class KeyPair:
    private: RSAPrivateKey
    certificate: bytes
    """PEM."""

    @classmethod
    def made(cls) -> KeyPair:
        try:
            from cryptography import x509
            from cryptography.hazmat.primitives import hashes, serialization
            from cryptography.hazmat.primitives.asymmetric import rsa
        except ImportError as error:
            raise Unsealable("the sandbox needs the Python package cryptography for SealedSecrets") from error

        private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
        nobody, begin = x509.Name([]), datetime.now(UTC) - timedelta(minutes=1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(nobody)
            .issuer_name(nobody)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + _VALID)
            .sign(private, hashes.SHA256())
        )
        return cls(private, certificate.public_bytes(serialization.Encoding.PEM))

    def opened(self, sealed: str, *, label: bytes) -> bytes:
        """The value: two bytes that say how long the encrypted key is, that key, and what it encrypts."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label)
        try:
            raw = base64.b64decode(sealed, validate=True)
        except binascii.Error as error:
            wrong = next((place for place, one in enumerate(sealed) if not _is_base64(one)), len(sealed))
            raise Unsealable(f"illegal base64 data at input byte {wrong}") from error
        try:
            end = 2 + int.from_bytes(raw[:2], "big")
            return AESGCM(self.private.decrypt(raw[2:end], oaep)).decrypt(_NONCE, raw[end:], None)
        except (InvalidTag, ValueError) as error:
            raise Unsealable(_NO_KEY) from error


class SealedSecretsController(Controller):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._lock = threading.Lock()
        self._made: KeyPair | None = None
        self._tried: dict[str, int] = {}
        """The generation that was tried last, by uid."""

    def start(self) -> None:
        """The Service through which the certificate is read is there before this returns."""
        port = {"name": "http", "port": 8080, "protocol": "TCP", "targetPort": "http"}
        service = {"metadata": {"name": SERVICE, "namespace": NAMESPACE}, "spec": {"ports": [port]}}
        self.store.create(kinds.SERVICE, service)
        super().start()

    def answer(self, path: str) -> bytes | None:
        """What the controller's own HTTP server answers."""
        try:
            return self.keys().certificate if path == "v1/cert.pem" else None
        except Unsealable as error:
            raise ApiError(503, "ServiceUnavailable", str(error)) from error

    def keys(self) -> KeyPair:
        with self._lock:
            if self._made is None:
                self._made = KeyPair.made()
            return self._made

    def reconcile(self) -> None:
        for found in self.store.list(kinds.SEALED_SECRET):
            place = found["metadata"]["namespace"], found["metadata"]["name"]
            with self.attempt(f"SealedSecret {'/'.join(place)}"):
                self._unseal(found)

    def _unseal(self, found: Object) -> None:
        """Once for each generation: after a failure only another one, or another start, makes it try again.

        The real one tries five times within 0.3 s.
        """
        metadata = found["metadata"]
        secret = live_secret(self.store, metadata["namespace"], metadata["name"])
        is_ours = secret is not None and is_owned(secret, found)
        seen, failed = at(found, "status", "observedGeneration") == metadata["generation"], _is_failed(found)
        tried = self._tried.get(metadata["uid"]) == metadata["generation"]
        if "deletionTimestamp" in metadata or (seen and is_ours and not failed) or (failed and tried):
            return
        self._tried[metadata["uid"]] = metadata["generation"]
        fault, event = "", "Unsealed"
        try:
            wanted = _unseal_secret(found, self.keys())
            event = "ErrUpdateFailed"
            _check_ours(secret, found)
            write_secret(self.store, secret, wanted)
        except (Unsealable, Unfillable) as error:
            fault, event = str(error), "ErrUnsealFailed" if event == "Unsealed" else event
        except ApiError as error:
            if error.code != 422:
                del self._tried[metadata["uid"]]
                raise
            fault = error.message
        self._report(found, fault)
        told = {
            "Unsealed": "SealedSecret unsealed successfully",
            "ErrUnsealFailed": f"Failed to unseal: {fault}",
            "ErrUpdateFailed": fault.removeprefix("failed update: "),
        }
        event = event if fault else "Unsealed"
        tell_event(self.store, found, "sealed-secrets", event, told[event])

    def _report(self, found: Object, fault: str) -> None:
        stated = make_condition(found, "Synced", holds=not fault, message=fault)
        known = [one for one in at(found, "status", "conditions") or () if one["type"] == "Synced"]
        updated = known[0].get("lastUpdateTime") if known and _same(known[0], stated) else now()
        conditions = [{**{key: value for key, value in stated.items() if value}, "lastUpdateTime": updated}]
        status = {"conditions": conditions, "observedGeneration": found["metadata"]["generation"]}
        metadata = found["metadata"]
        place = metadata["namespace"], metadata["name"]
        self.store.change(kinds.SEALED_SECRET, *place, lambda live: {**live, "status": status}, subresource="status")


def _is_base64(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter in "+/=")


def _is_failed(found: Object) -> bool:
    stated = at(found, "status", "conditions") or ()
    return any((one["type"], one["status"]) == ("Synced", "False") for one in stated)


def _unseal_secret(found: Object, keys: KeyPair) -> Object:
    metadata, template = found["metadata"], at(found, "spec", "template") or {}
    label = _label(metadata)
    values, faults = {}, dict[str, list[str]]()
    for key, sealed in sorted(found["spec"]["encryptedData"].items()):
        try:
            values[key] = keys.opened(sealed, label=label).decode()
        except Unsealable as error:
            faults.setdefault(str(error), []).append(key)
    if faults:
        raise Unsealable("\n".join(f"{fault} ({', '.join(of)})" for fault, of in faults.items()))
    values |= {key: fill_template(text, values) for key, text in (template.get("data") or {}).items()}
    given = template.get("metadata") or {}
    own: Object = {key: given[key] for key in ("labels", "annotations") if given.get(key)}
    owner = {key: value for key, value in owner_of(found).items() if key != "blockOwnerDeletion"}
    own |= {"name": metadata["name"], "namespace": metadata["namespace"], "ownerReferences": [owner]}
    immutable = {"immutable": True} if template.get("immutable") else {}
    return {"metadata": own, "type": template.get("type") or "Opaque", "data": encode_values(values), **immutable}


def _label(metadata: Object) -> bytes:
    """What a value is bound to: its Secret's namespace and name, unless the annotations widen that."""
    annotations = metadata.get("annotations") or {}
    if annotations.get(f"{_PREFIX}cluster-wide") == "true":
        return b""
    if annotations.get(f"{_PREFIX}namespace-wide") == "true":
        return str(metadata["namespace"]).encode()
    return f"{metadata['namespace']}/{metadata['name']}".encode()


def _check_ours(secret: Object | None, found: Object) -> None:
    """A Secret that somebody else made is taken over only where it says that it may be."""
    if secret is None or is_owned(secret, found):
        return
    if at(secret, "metadata", "annotations", f"{_PREFIX}managed") != "true":
        name = found["metadata"]["name"]
        raise Unsealable(f'failed update: Resource "{name}" already exists and is not managed by SealedSecret')


def _same(known: Object, stated: Object) -> bool:
    return all(known.get(key, "") == stated[key] for key in ("status", "message"))
