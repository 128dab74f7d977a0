from __future__ import annotations

import base64
import os
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.external_secrets import ExternalSecretsOperator
from gitops_mcp.sandbox.health import health_of
from gitops_mcp.sandbox.store.checks.admission import WriteOptions

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
TEMPLATE = {
    "type": "kubernetes.io/basic-auth",
    "metadata": {"labels": {"cnpg.io/reload": "true"}},
    "data": {"username": '{{ "writer" }}', "password": "{{ .password }}"},
}


@pytest.fixture
def store() -> Store:
    store = Store(crds=Path(folder) if (folder := os.environ.get("GITOPS_MCP_TEST_CRDS")) else None)
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    return store


def create(store: Store, resource: Resource, **spec: Any) -> Object:
    head = {"apiVersion": resource.api_version, "kind": resource.kind}
    return store.create(resource, {**head, "metadata": {"name": "writer", "namespace": "shop"}, "spec": spec})


def generator(store: Store, **spec: Any) -> None:
    create(store, kinds.PASSWORD, **{"length": 40, "symbols": 0, "allowRepeat": True, "noUpper": False, **spec})


def external(store: Store, **spec: Any) -> Object:
    source = {"sourceRef": {"generatorRef": {"kind": "Password", "name": "writer"}}}
    return create(store, kinds.EXTERNAL_SECRET, **{"dataFrom": [source], "target": {"template": TEMPLATE}, **spec})


def secret(store: Store) -> Object | None:
    try:
        return store.get(kinds.SECRET, "shop", "writer")
    except ApiError:
        return None


def values(store: Store) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in (at(secret(store), "data") or {}).items()}


def condition(store: Store) -> Object:
    [found] = store.get(kinds.EXTERNAL_SECRET, "shop", "writer")["status"]["conditions"]
    return {key: value for key, value in found.items() if key != "lastTransitionTime"}


def test_a_password_is_generated_into_the_secret_that_the_template_describes(store: Store) -> None:
    generator(store)
    found = external(store, refreshPolicy="CreatedOnce")
    controller = ExternalSecretsOperator(store)
    assert controller.reconcile() is None
    made = secret(store)
    assert made is not None
    assert (made["type"], made["metadata"]["labels"]["cnpg.io/reload"]) == ("kubernetes.io/basic-auth", "true")
    assert values(store)["username"] == "writer"
    assert (
        len(values(store)["password"]),
        set(values(store)["password"]) <= set(string.ascii_letters + string.digits),
    ) == (40, True)
    assert at(made, "metadata", "ownerReferences", 0, "uid") == found["metadata"]["uid"]
    assert condition(store) == {"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced"}
    assert health_of(store.get(kinds.EXTERNAL_SECRET, "shop", "writer"))["status"] == "Healthy"
    assert made["metadata"]["labels"].keys() == {
        "cnpg.io/reload",
        "reconcile.external-secrets.io/created-by",
        "reconcile.external-secrets.io/managed",
    }
    assert events(store) == [("Normal", "Created", "secret created")]
    quiet = store.version
    controller.reconcile()
    assert store.version == quiet
    warned = WriteOptions()
    store.change(kinds.EXTERNAL_SECRET, "shop", "writer", lambda live: live, subresource="status", how=warned)
    assert warned.warnings == []
    store.delete(kinds.EXTERNAL_SECRET, "shop", "writer")
    assert secret(store) is not None
    controller.reconcile()
    assert secret(store) is None


def events(store: Store) -> list[tuple[str, str, str]]:
    return [(one["type"], one["reason"], one["message"]) for one in store.list(kinds.EVENT, "shop")]


IMMUTABLE = {"template": TEMPLATE, "immutable": True}


def test_a_secret_of_nobodys_is_taken_over_with_its_values_and_goes_with_its_new_owner(store: Store) -> None:
    generator(store)
    there = {"metadata": {"name": "writer", "namespace": "shop", "labels": {"team": "x"}}, "type": "Opaque"}
    store.create(kinds.SECRET, {**there, "stringData": {"password": "known"}})
    external(store, target=IMMUTABLE, refreshPolicy="CreatedOnce")
    controller = ExternalSecretsOperator(store)
    controller.reconcile()
    found = secret(store)
    assert found is not None
    assert (found["type"], found["immutable"], values(store)) == ("Opaque", True, {"password": "known"})
    assert "cnpg.io/reload" not in found["metadata"]["labels"]
    assert found["metadata"]["labels"].keys() >= {"team", "reconcile.external-secrets.io/managed"}
    assert at(found, "metadata", "ownerReferences", 0, "kind") == "ExternalSecret"
    assert condition(store) == {"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced"}
    quiet = store.version
    controller.reconcile()
    assert store.version == quiet
    store.delete(kinds.EXTERNAL_SECRET, "shop", "writer")
    controller.reconcile()
    assert secret(store) is None


def test_a_secret_of_another_external_secret_is_left_and_not_tried_again(store: Store) -> None:
    generator(store)
    external(store, target=IMMUTABLE)
    controller = ExternalSecretsOperator(store)
    controller.reconcile()
    second = {"apiVersion": kinds.EXTERNAL_SECRET.api_version, "kind": "ExternalSecret"}
    spec = store.get(kinds.EXTERNAL_SECRET, "shop", "writer")["spec"]
    target = {"target": {**spec["target"], "name": "writer"}}
    metadata = {"name": "second", "namespace": "shop"}
    store.create(kinds.EXTERNAL_SECRET, {**second, "metadata": metadata, "spec": {**spec, **target}})
    for _ in range(2):
        controller.reconcile()
    [stated] = store.get(kinds.EXTERNAL_SECRET, "shop", "second")["status"]["conditions"]
    assert (stated["status"], stated["message"]) == ("False", "target is owned by another ExternalSecret")
    told = "unable to mutate secret writer: secret is owned by another ExternalSecret: writer"
    assert [one for one in events(store) if one[1] == "UpdateFailed"] == [("Warning", "UpdateFailed", told)]
    store.delete(kinds.EXTERNAL_SECRET, "shop", "writer")
    for _ in range(2):
        controller.reconcile()
    assert at(store.get(kinds.EXTERNAL_SECRET, "shop", "second"), "status", "conditions", 0, "status") == "False"


def relabel(store: Store) -> None:
    store.merge(kinds.EXTERNAL_SECRET, "shop", "writer", {"metadata": {"labels": {"team": "shop"}}})


def remove(store: Store) -> None:
    store.delete(kinds.SECRET, "shop", "writer")


def tamper(store: Store) -> None:
    store.merge(kinds.SECRET, "shop", "writer", {"stringData": {"password": "by hand"}})


@pytest.mark.parametrize(
    ("policy", "happens", "new"),
    [
        pytest.param("CreatedOnce", relabel, False, id="created once, a new label"),
        pytest.param("CreatedOnce", remove, True, id="created once, the Secret is deleted"),
        pytest.param("CreatedOnce", tamper, True, id="created once, the Secret is edited"),
        pytest.param("OnChange", relabel, True, id="on change, a new label"),
        pytest.param("Periodic", relabel, True, id="from time to time, a new label"),
    ],
)
def test_a_new_value_is_made_by_the_refresh_policy_or_where_the_secret_is_not_what_it_was(
    store: Store, policy: str, happens: Any, *, new: bool
) -> None:
    generator(store)
    external(store, refreshPolicy=policy)
    controller = ExternalSecretsOperator(store)
    controller.reconcile()
    before = values(store)["password"]
    happens(store)
    controller.reconcile()
    after = values(store)["password"]
    assert (after != before, after != "by hand") == (new, True)


@pytest.mark.parametrize(
    ("spec", "least", "most"),
    [
        pytest.param({"refreshInterval": "1h30m"}, 5300, 5400, id="an hour and a half"),
        pytest.param({}, 3500, 3600, id="the default"),
        pytest.param({"refreshInterval": "0"}, None, None, id="never"),
        pytest.param({"refreshPolicy": "CreatedOnce"}, None, None, id="once"),
    ],
)
def test_it_asks_to_be_called_when_the_next_refresh_is_due(
    store: Store, spec: Object, least: float | None, most: float | None
) -> None:
    generator(store)
    external(store, **spec)
    pause = ExternalSecretsOperator(store).reconcile()
    assert pause is None if least is None or most is None else pause is not None and least < pause <= most


def test_an_immutable_orphan_keeps_its_password_when_its_object_is_made_anew(store: Store) -> None:
    generator(store)
    target = {"template": TEMPLATE, "creationPolicy": "Orphan", "immutable": True}
    external(store, target=target, refreshPolicy="CreatedOnce")
    controller = ExternalSecretsOperator(store)
    controller.reconcile()
    before = values(store)
    store.delete(kinds.EXTERNAL_SECRET, "shop", "writer")
    controller.reconcile()
    external(store, target=target, refreshPolicy="CreatedOnce")
    controller.reconcile()
    assert values(store) == before
    assert condition(store)["status"] == "True"


def test_an_immutable_secret_is_not_changed_by_one_that_is_to_be_changeable(store: Store) -> None:
    generator(store)
    there = {"metadata": {"name": "writer", "namespace": "shop"}, "immutable": True}
    store.create(kinds.SECRET, {**there, "stringData": {"password": "known"}})
    external(store)
    ExternalSecretsOperator(store).reconcile()
    assert condition(store) == {
        "type": "Ready",
        "status": "False",
        "reason": "SecretSyncedError",
        "message": "could not update secret, target is immutable",
    }


def test_a_generator_that_comes_later_is_waited_for(store: Store) -> None:
    external(store)
    controller = ExternalSecretsOperator(store)
    controller.reconcile()
    found = store.get(kinds.EXTERNAL_SECRET, "shop", "writer")
    assert found["metadata"]["finalizers"] == ["externalsecrets.external-secrets.io/externalsecret-cleanup"]
    assert (found["status"].keys(), found["status"]["binding"]) == ({"binding", "conditions"}, {"name": ""})
    told = condition(store)
    assert (told["status"], told["reason"]) == ("False", "SecretSyncedError")
    assert told["message"] == "could not get secret data from provider"
    missing = 'unable to get generator: Password.generators.external-secrets.io "writer" not found'
    detail = f"error processing spec.dataFrom[0].sourceRef.generatorRef, err: {missing}"
    assert events(store) == [("Warning", "UpdateFailed", detail)]
    assert secret(store) is None
    generator(store)
    controller.reconcile()
    assert condition(store)["status"] == "True"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param({"dataFrom": [{"extract": {"key": "a"}}]}, "Password generators only", id="a store"),
        pytest.param({"target": {"creationPolicy": "Merge"}}, "Owner and Orphan only", id="a merge"),
        pytest.param({"target": {"template": {"data": {"a": "{{ .b }}"}}}}, 'no entry for key "b"', id="a wrong key"),
    ],
)
def test_what_the_sandbox_cannot_do_is_said(store: Store, spec: Object, message: str) -> None:
    generator(store)
    external(store, **spec)
    ExternalSecretsOperator(store).reconcile()
    assert condition(store)["message"] in {"could not get secret data from provider", "could not update secret"}
    assert message in events(store)[0][2]
    assert secret(store) is None


def test_without_a_template_the_secret_has_the_generated_key_and_the_labels_of_its_object(store: Store) -> None:
    generator(store)
    external(store, target={"name": "writer"})
    relabel(store)
    ExternalSecretsOperator(store).reconcile()
    made = secret(store)
    assert made is not None
    assert (made["type"], made["metadata"]["labels"]["team"], list(made["data"])) == ("Opaque", "shop", ["password"])


@pytest.mark.parametrize(
    ("spec", "symbols", "digits"),
    [({"symbols": 4, "digits": 6}, 4, 6), ({"symbols": None}, 10, 10), ({"symbols": 0, "digits": 0}, 0, 0)],
)
def test_a_generator_counts_digits_and_symbols(store: Store, spec: Object, symbols: int, digits: int) -> None:
    given = {key: value for key, value in {"symbols": 0, **spec}.items() if value is not None}
    create(store, kinds.PASSWORD, length=40, allowRepeat=True, noUpper=True, **given)
    external(store)
    ExternalSecretsOperator(store).reconcile()
    made = values(store)["password"]
    assert (sum(c.isdigit() for c in made), sum(c in string.punctuation for c in made)) == (digits, symbols)
    assert made == made.lower()


@pytest.mark.parametrize(
    ("encoding", "decode"),
    [
        ("base64", base64.b64decode),
        ("base64url", base64.urlsafe_b64decode),
        ("base32", base64.b32decode),
        ("hex", bytes.fromhex),
    ],
)
def test_a_generator_encodes_what_it_made(store: Store, encoding: str, decode: Callable[[str], bytes]) -> None:
    generator(store, encoding=encoding)
    external(store)
    ExternalSecretsOperator(store).reconcile()
    assert len(decode(values(store)["password"])) == 40


@pytest.mark.parametrize("spec", [{"digits": 11, "allowRepeat": False}, {"digits": 41}])
def test_a_length_that_cannot_be_is_said(store: Store, spec: Object) -> None:
    generator(store, **spec)
    external(store)
    ExternalSecretsOperator(store).reconcile()
    assert condition(store)["message"] == "could not get secret data from provider"
    assert "error using generator: number of" in events(store)[0][2]
