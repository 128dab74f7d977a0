"""Passwords that are sealed here for the Sealed Secrets controller; only its private key opens them.

The format is the controller's own (github.com/bitnami-labs/sealed-secrets, pkg/crypto): a fresh AES-256-GCM key for
each value, that key under RSA-OAEP with SHA-256. The label of OAEP is `namespace/name`, the strict scope, so a value
cannot be moved to another Secret. Both keys are sealed: a username in the template would be read as Go's.
"""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, cast

from gitops_mcp.adapters.file_lock import check_regular
from gitops_mcp.adapters.secrets.interface import WantedSecret, generate_password
from gitops_mcp.adapters.secrets.manifest import document_metadata, reload_label
from gitops_mcp.domain.cnpg.password_secret import BASIC_AUTH
from gitops_mcp.domain.kinds import SEALED_SECRET
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.errors import InvalidRequest, Refused

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa

_FETCH = "`kubeseal --fetch-cert` prints the controller's"
_LARGEST = 2**20
_WEAK = 2048
"""Bits; the controller makes keys of 4096."""


@dataclass(frozen=True)
class SealedSecrets:
    certificate: bytes = field(repr=False)
    """PEM, as `kubeseal --fetch-cert` gives it; of several the newest that is valid is taken."""
    now: Callable[[], datetime] = field(repr=False)
    """With its time zone."""
    kind: Resource = SEALED_SECRET
    """In the version that is written."""

    def path(self, path: str, /) -> str:
        return path

    def file(self, wanted: WantedSecret, _path: str, /, *, eol: str = "\n") -> str:
        certificate = newest_certificate(self.certificate, now=self.now())
        key = cast("rsa.RSAPublicKey", certificate.public_key())
        label = str(wanted).encode()
        values = {"username": wanted.username, "password": generate_password()}
        sealed = {name: _seal_value(value.encode(), key, label=label) for name, value in values.items()}
        return render_manifest(_sealed_secret(self.kind, wanted, sealed), eol=eol)


def read_certificate(path: str) -> bytes:
    """A file of this machine that the configuration names."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            check_regular(descriptor)
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise InvalidRequest(
            f"passwords.sealedSecrets.certificate: {path}: {error.strerror}; it names a file of certificates in PEM"
        ) from error
    if len(data) > _LARGEST:
        raise InvalidRequest(f"passwords.sealedSecrets.certificate: {path} has more than {_LARGEST} bytes")
    return data


def newest_certificate(pem: bytes, *, now: datetime) -> x509.Certificate:
    """Of the certificates in a PEM text the newest that may be sealed for; its key is RSA.

    Where there is none, the error has the fault of each.
    """
    certificates = _load_certificates(pem)
    faults = {number: _certificate_fault(found, now=now) for number, found in enumerate(certificates, start=1)}
    usable = [certificates[number - 1] for number, fault in faults.items() if fault is None]
    if not usable:
        what = "; ".join(f"certificate {number} {fault}" for number, fault in faults.items())
        raise Refused(
            f"no certificate to seal a password for: {what}. What works is a certificate of the Sealed Secrets "
            f"controller that is valid today, with an RSA key of {_WEAK} bits or more: {_FETCH}"
        )
    return max(usable, key=lambda found: found.not_valid_before_utc)


def _load_certificates(pem: bytes) -> list[x509.Certificate]:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        # What it says quotes the text, which may be a private key by mistake.
        raise InvalidRequest(
            f"the certificate to seal passwords for is not a PEM certificate (-----BEGIN CERTIFICATE-----): {_FETCH}"
        ) from error


def _certificate_fault(certificate: x509.Certificate, *, now: datetime) -> str | None:
    """What keeps it from being sealed for, as words behind `certificate 1`."""
    if now > certificate.not_valid_after_utc:
        return f"expired at {certificate.not_valid_after_utc.isoformat()}"
    if now < certificate.not_valid_before_utc:
        return f"is not valid before {certificate.not_valid_before_utc.isoformat()}"
    key = _rsa_key(certificate)
    if key is None:
        return "has a key that is not RSA"
    return f"has a key of only {key.key_size} bits" if key.key_size < _WEAK else None


def _rsa_key(certificate: x509.Certificate) -> rsa.RSAPublicKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, rsa.RSAPublicKey) else None


def _seal_value(value: bytes, key: rsa.RSAPublicKey, *, label: bytes) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    session = os.urandom(32)
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=label)
    locked = key.encrypt(session, oaep)
    # The nonce is all zeros, as the controller expects it: no session key is used twice.
    return base64.b64encode(
        struct.pack(">H", len(locked)) + locked + AESGCM(session).encrypt(bytes(12), value, None)
    ).decode()


def _sealed_secret(kind: Resource, wanted: WantedSecret, sealed: dict[str, str]) -> Object:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": document_metadata(wanted),
        "spec": {"encryptedData": sealed, "template": {"type": BASIC_AUTH, "metadata": {"labels": reload_label()}}},
    }
