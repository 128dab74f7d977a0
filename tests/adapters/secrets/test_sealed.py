from __future__ import annotations

import base64
import os
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gitops_mcp.adapters.secrets.sealed import SealedSecrets, newest_certificate
from gitops_mcp.domain.kinds import SEALED_SECRET
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import InvalidRequest, Refused
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.adapters.secrets.conftest import NOW, WANTED, certificate, now
from tests.adapters.secrets.openers import unsealed

FOLDER = os.environ.get("GITOPS_MCP_TEST_CRDS")
DAY = timedelta(days=1)


def sealed(key: rsa.RSAPrivateKey, *, eol: str = "\n") -> str:
    return SealedSecrets(certificate(key), now).file(WANTED, "a/b.yaml", eol=eol)


def test_the_file_holds_sealed_values_and_the_rest_in_the_open(rsa_key: rsa.RSAPrivateKey) -> None:
    found: Object = yaml.safe_load(sealed(rsa_key))
    values = found["spec"].pop("encryptedData")
    assert found == {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {
            "name": "orders-my-role",
            "namespace": "shop",
            "labels": {"app.kubernetes.io/managed-by": "gitops-mcp"},
        },
        "spec": {"template": {"type": "kubernetes.io/basic-auth", "metadata": {"labels": {"cnpg.io/reload": "true"}}}},
    }
    # The length of the locked key, that key (2048 bits), the value, and the tag of GCM.
    sizes = {name: len(base64.b64decode(value)) for name, value in values.items()}
    assert sizes == {"username": 2 + 256 + 7 + 16, "password": 2 + 256 + 40 + 16}
    assert {base64.b64decode(value)[:2] for value in values.values()} == {b"\x01\x00"}


def test_the_file_has_the_line_ends_of_the_repository(rsa_key: rsa.RSAPrivateKey) -> None:
    text = sealed(rsa_key, eol="\r\n")
    assert text.count("\r\n") == text.count("\n") > 10
    assert unsealed(text, rsa_key)["stringData"]["username"] == "my_role"


@pytest.mark.parametrize(
    ("before", "after"), [("name: orders-my-role", "name: x"), ("namespace: shop", "namespace: x")]
)
def test_sealed_values_cannot_be_moved_to_another_secret(rsa_key: rsa.RSAPrivateKey, before: str, after: str) -> None:
    text = sealed(rsa_key)
    assert unsealed(text, rsa_key)["stringData"]["username"] == "my_role"
    with pytest.raises(ValueError, match="Decryption failed"):
        unsealed(text.replace(before, after, 1), rsa_key)


@pytest.mark.skipif(not FOLDER, reason="GITOPS_MCP_TEST_CRDS names no folder of CRDs")
def test_the_document_is_what_its_crd_takes(rsa_key: rsa.RSAPrivateKey) -> None:
    assert FOLDER
    store = Store(crds=Path(FOLDER))
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    document = yaml.safe_load(sealed(rsa_key))
    assert store.create(SEALED_SECRET, document)["spec"] == document["spec"]


def test_of_several_certificates_the_newest_that_is_valid_is_taken(rsa_key: rsa.RSAPrivateKey) -> None:
    old = certificate(rsa_key, since=-30 * DAY)
    new = certificate(rsa_key, since=-2 * DAY)
    expired = certificate(rsa_key, since=-1 * DAY, until=-timedelta(seconds=1))
    coming = certificate(rsa_key, since=timedelta(seconds=1))
    elliptic = certificate(ec.generate_private_key(ec.SECP256R1()))
    taken = newest_certificate(b"# rotated\n" + old + expired + new + coming + elliptic, now=NOW)
    assert taken == x509.load_pem_x509_certificate(new)


def test_a_file_is_sealed_for_the_newest_certificate(rsa_key: rsa.RSAPrivateKey) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = certificate(other, since=-9 * DAY) + certificate(rsa_key)
    text = SealedSecrets(pem, now).file(WANTED, "a.yaml")
    assert unsealed(text, rsa_key)["stringData"]["username"] == "my_role"
    with pytest.raises(ValueError, match="Decryption failed"):
        unsealed(text, other)


def test_a_certificate_is_valid_in_its_first_and_last_second(rsa_key: rsa.RSAPrivateKey) -> None:
    pem = certificate(rsa_key, since=timedelta(0), until=timedelta(0))
    assert newest_certificate(pem, now=NOW) == x509.load_pem_x509_certificate(pem)


def test_a_certificate_that_cannot_be_sealed_for_is_refused_with_its_fault(rsa_key: rsa.RSAPrivateKey) -> None:
    expired = certificate(rsa_key, since=-2 * DAY, until=-1 * DAY)
    coming = certificate(rsa_key, since=1 * DAY, until=2 * DAY)
    elliptic = certificate(ec.generate_private_key(ec.SECP256R1()))
    weak = certificate(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505 - that it is weak is the point
    with pytest.raises(Refused) as raised:
        SealedSecrets(expired + coming + elliptic + weak, now).file(WANTED, "a.yaml")
    assert str(raised.value) == (
        "no certificate to seal a password for: certificate 1 expired at 2026-05-31T00:00:00+00:00; certificate 2 is "
        "not valid before 2026-06-02T00:00:00+00:00; certificate 3 has a key that is not RSA; certificate 4 has a key "
        "of only 1024 bits. What works is a certificate of the Sealed Secrets controller that is valid today, with an "
        "RSA key of 2048 bits or more: `kubeseal --fetch-cert` prints the controller's"
    )


def test_what_is_no_certificate_is_refused_and_not_repeated(rsa_key: rsa.RSAPrivateKey) -> None:
    private = rsa_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    broken = b"-----BEGIN CERTIFICATE-----\nS0VFUE9VVA==\n-----END CERTIFICATE-----\n"
    for given in (b"", b"S0VFUE9VVA==", b"\xff\x00S0VFUE9VVA==", broken, private):
        with pytest.raises(InvalidRequest, match=r"not a PEM certificate .*kubeseal --fetch-cert") as raised:
            SealedSecrets(given, now).file(WANTED, "a.yaml")
        assert "S0VFUE9VVA" not in _told(raised.value)
        assert "PRIVATE" not in _told(raised.value)


def _told(error: BaseException | None) -> str:
    return f"{error!r}{_told(error.__cause__ or error.__context__)}" if error else ""
