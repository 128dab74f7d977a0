from __future__ import annotations

import base64
import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, SandboxApi, Store
from gitops_mcp.sandbox.health import health_of
from gitops_mcp.sandbox.sealed_secrets import KeyPair, SealedSecretsController
from gitops_mcp.sandbox.store.checks.admission import WriteOptions

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
CERTIFICATE = "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:{port}/proxy/v1/cert.pem"
NO_KEY = "no key could decrypt secret (password)"


@pytest.fixture(scope="module")
def keys() -> KeyPair:
    return KeyPair.made()


@pytest.fixture
def store() -> Store:
    store = Store(crds=Path(folder) if (folder := os.environ.get("GITOPS_MCP_TEST_CRDS")) else None)
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    return store


@pytest.fixture
def controller(store: Store, keys: KeyPair) -> SealedSecretsController:
    made = SealedSecretsController(store)
    made._made = keys
    return made


def sealed(keys: KeyPair, value: str, label: str = "shop/writer-password") -> str:
    """As kubeseal does it, from the certificate alone."""
    public = x509.load_pem_x509_certificate(keys.certificate).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    session = os.urandom(32)
    key = public.encrypt(session, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label.encode()))
    return base64.b64encode(
        len(key).to_bytes(2, "big") + key + AESGCM(session).encrypt(bytes(12), value.encode(), None)
    ).decode()


def create(
    store: Store, values: dict[str, str], *, annotations: dict[str, str] | None = None, **template: object
) -> Object:
    head = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret"}
    metadata = {"name": "writer-password", "namespace": "shop", "annotations": annotations or {}}
    spec = {"encryptedData": values, "template": {"type": "kubernetes.io/basic-auth", **template}}
    return store.create(kinds.SEALED_SECRET, {**head, "metadata": metadata, "spec": spec})


def status(store: Store) -> Object:
    found: Object = store.get(kinds.SEALED_SECRET, "shop", "writer-password")["status"]
    return found


def secret(store: Store) -> Object | None:
    try:
        return store.get(kinds.SECRET, "shop", "writer-password")
    except ApiError:
        return None


def values_of(store: Store) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in at(secret(store), "data").items()}


def test_a_sealed_secret_is_opened_into_a_secret_that_goes_with_it(
    store: Store, controller: SealedSecretsController, keys: KeyPair
) -> None:
    values = {"username": sealed(keys, "writer"), "password": sealed(keys, "s3cret")}
    found = create(store, values, metadata={"labels": {"cnpg.io/reload": "true"}})
    controller.reconcile()
    made = secret(store)
    assert made is not None
    assert (made["type"], made["metadata"]["labels"]) == ("kubernetes.io/basic-auth", {"cnpg.io/reload": "true"})
    assert values_of(store) == {"username": "writer", "password": "s3cret"}
    assert made["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "bitnami.com/v1alpha1",
            "kind": "SealedSecret",
            "name": "writer-password",
            "uid": found["metadata"]["uid"],
            "controller": True,
        }
    ]
    assert made["metadata"]["labels"] == {"cnpg.io/reload": "true"}
    [condition] = status(store)["conditions"]
    assert (condition["type"], condition["status"], status(store)["observedGeneration"]) == ("Synced", "True", 1)
    assert health_of(store.get(kinds.SEALED_SECRET, "shop", "writer-password")) == {"status": "Healthy"}
    quiet = store.version
    controller.reconcile()
    assert store.version == quiet
    warned = WriteOptions()
    place = "shop", "writer-password"
    store.change(kinds.SEALED_SECRET, *place, lambda live: live, subresource="status", how=warned)
    assert warned.warnings == []
    store.delete(kinds.SEALED_SECRET, *place)
    assert secret(store) is None


def test_what_was_sealed_for_another_name_or_another_key_is_not_opened(
    store: Store, controller: SealedSecretsController, keys: KeyPair
) -> None:
    create(store, {"password": sealed(keys, "s3cret", "shop/other")})
    controller.reconcile()
    [condition] = status(store)["conditions"]
    assert (condition["status"], condition["message"]) == ("False", NO_KEY)
    assert secret(store) is None
    found = store.get(kinds.SEALED_SECRET, "shop", "writer-password")
    assert health_of(found) == {"status": "Degraded", "message": NO_KEY}
    for value in (sealed(KeyPair.made(), "s3cret"), "", base64.b64encode(b"\x01\x00short").decode()):
        store.merge(kinds.SEALED_SECRET, "shop", "writer-password", {"spec": {"encryptedData": {"password": value}}})
        controller.reconcile()
        assert at(status(store), "conditions", 0, "message") == NO_KEY
    both = {"password": "AgB!", "username": sealed(KeyPair.made(), "writer")}
    store.merge(kinds.SEALED_SECRET, "shop", "writer-password", {"spec": {"encryptedData": both}})
    controller.reconcile()
    assert at(status(store), "conditions", 0, "message").splitlines() == [
        "illegal base64 data at input byte 3 (password)",
        "no key could decrypt secret (username)",
    ]
    store.merge(kinds.SEALED_SECRET, "shop", "writer-password", {"spec": {"encryptedData": {"username": None}}})
    good = {"spec": {"encryptedData": {"password": sealed(keys, "s3cret")}}}
    store.merge(kinds.SEALED_SECRET, "shop", "writer-password", good)
    controller.reconcile()
    assert values_of(store) == {"password": "s3cret"}
    assert at(status(store), "conditions", 0, "status") == "True"


@pytest.mark.parametrize(("scope", "label"), [("namespace-wide", "shop"), ("cluster-wide", "")])
def test_a_wider_scope_is_another_label(
    store: Store, controller: SealedSecretsController, keys: KeyPair, scope: str, label: str
) -> None:
    annotations = {f"sealedsecrets.bitnami.com/{scope}": "true"}
    create(store, {"password": sealed(keys, "s3cret", label)}, annotations=annotations)
    controller.reconcile()
    assert values_of(store) == {"password": "s3cret"}


def test_a_template_is_filled_with_what_was_opened(
    store: Store, controller: SealedSecretsController, keys: KeyPair
) -> None:
    create(store, {"password": sealed(keys, "s3cret")}, data={"uri": "postgresql://app:{{ .password }}@db"})
    controller.reconcile()
    assert values_of(store)["uri"] == "postgresql://app:s3cret@db"


def test_a_secret_that_somebody_else_made_is_left_alone_unless_it_says_otherwise(
    store: Store, controller: SealedSecretsController, keys: KeyPair
) -> None:
    own: Object = {"metadata": {"name": "writer-password", "namespace": "shop"}, "stringData": {"password": "own"}}
    store.create(kinds.SECRET, own)
    create(store, {"password": sealed(keys, "s3cret")})
    controller.reconcile()
    assert values_of(store) == {"password": "own"}
    why = 'failed update: Resource "writer-password" already exists and is not managed by SealedSecret'
    assert at(status(store), "conditions", 0, "message") == why
    managed = {"metadata": {"annotations": {"sealedsecrets.bitnami.com/managed": "true"}}}
    store.merge(kinds.SECRET, "shop", "writer-password", managed)
    controller.reconcile()
    assert values_of(store) == {"password": "own"}
    again = SealedSecretsController(store)
    again._made = keys
    again.reconcile()
    assert values_of(store) == {"password": "s3cret"}


def events(store: Store) -> list[tuple[str, str, str]]:
    return [(one["type"], one["reason"], one["message"]) for one in store.list(kinds.EVENT, "shop")]


def test_what_failed_is_not_tried_again_before_the_spec_changes(
    store: Store, controller: SealedSecretsController, keys: KeyPair
) -> None:
    create(store, {"password": sealed(KeyPair.made(), "s3cret"), "username": sealed(KeyPair.made(), "writer")})
    controller.reconcile()
    why = "no key could decrypt secret (password, username)"
    assert at(status(store), "conditions", 0, "message") == why
    assert events(store) == [("Warning", "ErrUnsealFailed", f"Failed to unseal: {why}")]
    quiet = store.version
    controller.reconcile()
    assert store.version == quiet
    good = {"password": sealed(keys, "s3cret"), "username": sealed(keys, "writer")}
    store.merge(kinds.SEALED_SECRET, "shop", "writer-password", {"spec": {"encryptedData": good}})
    controller.reconcile()
    assert values_of(store) == {"password": "s3cret", "username": "writer"}
    assert ("Normal", "Unsealed", "SealedSecret unsealed successfully") in events(store)


def test_a_failed_rotation_leaves_the_old_values(
    store: Store, controller: SealedSecretsController, keys: KeyPair
) -> None:
    create(store, {"password": sealed(keys, "old")})
    controller.reconcile()
    foreign = {"password": sealed(KeyPair.made(), "new")}
    store.merge(kinds.SEALED_SECRET, "shop", "writer-password", {"spec": {"encryptedData": foreign}})
    controller.reconcile()
    assert values_of(store) == {"password": "old"}
    [condition] = status(store)["conditions"]
    assert (condition["status"], condition["message"], status(store)["observedGeneration"]) == ("False", NO_KEY, 2)


def test_what_the_api_refuses_is_said_in_its_words(
    store: Store, controller: SealedSecretsController, keys: KeyPair
) -> None:
    create(store, {"password": sealed(keys, "old")}, immutable=True)
    controller.reconcile()
    spec = {"encryptedData": {"password": sealed(keys, "new")}}
    store.merge(kinds.SEALED_SECRET, "shop", "writer-password", {"spec": spec})
    controller.reconcile()
    message = at(status(store), "conditions", 0, "message")
    assert message.startswith('Secret "writer-password" is invalid: data: Forbidden: field is immutable when `immu')
    assert values_of(store) == {"password": "old"}


def test_a_secret_that_is_deleted_comes_back(store: Store, controller: SealedSecretsController, keys: KeyPair) -> None:
    create(store, {"password": sealed(keys, "s3cret")})
    controller.reconcile()
    store.delete(kinds.SECRET, "shop", "writer-password")
    controller.reconcile()
    assert values_of(store) == {"password": "s3cret"}


@pytest.fixture
def served(store: Store, controller: SealedSecretsController, tmp_path: Path) -> Iterator[tuple[SandboxApi, str]]:
    backends = {("kube-system", "sealed-secrets-controller"): controller.answer}
    api = SandboxApi(store, token=None, requests_log=tmp_path / "requests.jsonl", backends=backends)
    url = api.start()
    controller.start()
    yield api, url
    controller.stop()
    api.stop()


def get(url: str, path: str) -> tuple[int, str]:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_the_certificate_is_where_kubeseal_looks_for_it(
    served: tuple[SandboxApi, str], keys: KeyPair, store: Store, tmp_path: Path
) -> None:
    api, url = served
    for port in ("http", "8080"):
        assert get(url, CERTIFICATE.format(port=port)) == (200, keys.certificate.decode())
    assert get(url, CERTIFICATE.format(port="http")[: -len("cert.pem")] + "other")[0] == 404
    for port in ("", "https"):
        status, body = get(url, CERTIFICATE.format(port=port))
        assert (status, "no endpoints available for service" in body) == (503, True)
    store.merge(kinds.SERVICE, "kube-system", "sealed-secrets-controller", {"spec": {"ports": [{"port": 8080}]}})
    for port in ("", "8080"):
        assert get(url, CERTIFICATE.format(port=port)) == (200, keys.certificate.decode())
    assert get(url, CERTIFICATE.format(port="http"))[0] == 503
    assert '"resource": "services", "subresource": "proxy"' in (tmp_path / "requests.jsonl").read_text().splitlines()[0]
    store.delete(kinds.SERVICE, "kube-system", "sealed-secrets-controller")
    status, body = get(url, CERTIFICATE.format(port=""))
    assert (status, 'services \\"sealed-secrets-controller\\" not found' in body) == (404, True)
    api.deny("get", "", "services/proxy")
    assert get(url, CERTIFICATE.format(port=""))[0] == 403
