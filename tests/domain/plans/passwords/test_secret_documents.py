from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.placing.sibling_paths import Sibling
from gitops_mcp.domain.plans.passwords.secret_documents import (
    SecretDocument,
    find_mittwald_file,
    first_secret_name,
    indexes_of_generators,
    is_generated,
    next_secret_name,
    places_naming_secret,
    replace_file,
    replace_sealed_values,
    secret_documents,
    secret_siblings,
    ways_near,
)
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.yaml.text import parse_documents

SEALED = """\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: orders-app, namespace: shop}
spec:
  encryptedData:
    username: AgOld   # of old
    password: AgOld2
  template:
    metadata: {name: ignored, namespace: shop}
"""
EXTERNAL = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: external
  namespace: shop
  labels: {app.kubernetes.io/managed-by: gitops-mcp}
spec:
  target: {name: orders-etl}
"""
PASSWORD = """\
apiVersion: generators.external-secrets.io/v1alpha1
kind: Password
metadata: {name: orders-etl, labels: {app.kubernetes.io/managed-by: gitops-mcp}}
"""
SOPS = """\
apiVersion: v1
kind: Secret
metadata: {name: orders-bi}
stringData: {password: 'ENC[AES256_GCM,data:x]'}
sops: {mac: x}
"""
FILES = {"a/sealed.yaml": SEALED, "b/external.yaml": f"{PASSWORD}---\n{EXTERNAL}", "c/sops.yaml": SOPS}


def found(files: dict[str, str]) -> list[SecretDocument]:
    return list(secret_documents(files, files))


def test_what_becomes_a_secret_is_found_by_its_kind_under_the_name_that_the_controller_gives_it() -> None:
    assert [(one.place, one.document, one.way, one.secret, one.namespace, one.beside) for one in found(FILES)] == [
        ("a/sealed.yaml:1", 0, "sealed-secrets", "orders-app", "shop", 1),
        ("b/external.yaml:5", 1, "external-secrets", "orders-etl", "shop", 2),
        ("c/sops.yaml:1", 0, "sops", "orders-bi", None, 1),
    ]
    assert [one.is_ours for one in found(FILES)] == [False, True, False]


@pytest.mark.parametrize("kind", ["SecretStore", "ClusterSecretStore"])
def test_a_store_shows_what_the_team_uses_and_makes_no_secret(kind: str) -> None:
    (store,) = found({"a.yaml": EXTERNAL.replace("ExternalSecret", kind)})
    assert store.way == "external-secrets"
    assert not store.makes("shop", "orders-etl")
    assert secret_siblings([store], "external-secrets") == ()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        pytest.param(SEALED.split("  template:", maxsplit=1)[0], "orders-app", id="SealedSecret without a template"),
        pytest.param(EXTERNAL.split("spec:", maxsplit=1)[0], "external", id="ExternalSecret without a target"),
        pytest.param(EXTERNAL.replace("/v1\n", "/v1beta1\n"), "orders-etl", id="an older version"),
    ],
)
def test_the_secret_is_called_as_its_maker_where_nothing_else_is_said(text: str, secret: str) -> None:
    assert [one.secret for one in found({"a.yaml": text})] == [secret]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SOPS.replace("sops: {mac: x}\n", ""), id="a Secret in clear"),
        pytest.param(SEALED.replace("bitnami.com", "example.com"), id="another group"),
        pytest.param(SEALED.replace("bitnami.com/", "bitnami.com.example/"), id="a group that begins the same"),
        pytest.param(EXTERNAL.replace("ExternalSecret", "PushSecret"), id="another kind of the group"),
        pytest.param(PASSWORD, id="a generator alone"),
        pytest.param(EXTERNAL.split("metadata:", maxsplit=1)[0], id="without a name"),
        pytest.param("a: [broken", id="no YAML"),
        pytest.param("- text\n", id="a list"),
    ],
)
def test_what_makes_no_secret_is_passed_over(text: str) -> None:
    assert found({"a.yaml": text}) == []


def test_a_path_that_was_not_read_is_passed_over() -> None:
    assert list(secret_documents({}, ["a.yaml"])) == []


@pytest.mark.parametrize(
    ("namespace", "name", "makes"),
    [("shop", "orders-app", True), ("billing", "orders-app", False), ("shop", "ignored", False)],
)
def test_a_document_makes_the_secret_of_its_namespace(namespace: str, name: str, makes: bool) -> None:
    assert found({"a.yaml": SEALED})[0].makes(namespace, name) is makes


def test_a_document_without_a_namespace_may_make_it_in_any() -> None:
    assert found({"a.yaml": SOPS})[0].makes("billing", "orders-bi")


PATCH = "- {op: add, path: /spec/managed/roles/-, value: {passwordSecret: {name: orders-etl}}}\n"
ROLE = "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nspec: {passwordSecret: {name: orders-etl}}\n"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param(f"{PASSWORD}---\n{EXTERNAL}", [], id="what makes it"),
        pytest.param(ROLE, [], id="an object of CNPG"),
        pytest.param(PATCH, [], id="the patch that is its role"),
        pytest.param(f"{ROLE}---\nurl: vault:orders-etl#key\n", ["a.yaml:5"], id="a word of a longer text"),
        pytest.param("resources: [orders-etl.yaml, orders-etl/secret.yaml, new-orders-etl]\n", [], id="files"),
        pytest.param("a: {{ x }}\nname: orders-etl\n", ["a.yaml"], id="no YAML"),
        pytest.param("a: {{ x }}\nname: orders-etl-2\n", [], id="no YAML and another name"),
        pytest.param(EXTERNAL.replace("target: {name: orders-etl}", "x: orders-etl"), ["a.yaml:1"], id="another maker"),
    ],
)
def test_what_needs_a_secret_is_told_by_its_place(text: str, places: list[str]) -> None:
    assert list(places_naming_secret({"a.yaml": text}, "shop", "orders-etl", role_at="a.yaml")) == places


def test_a_patch_that_is_not_the_role_needs_the_secret() -> None:
    assert list(places_naming_secret({"a.yaml": PATCH}, "shop", "orders-etl", role_at="b.yaml")) == ["a.yaml:1"]


GENERATED = "{sourceRef: {generatorRef: {kind: Password, name: x}}}"


@pytest.mark.parametrize(
    ("spec", "generated"),
    [
        pytest.param(f"{{dataFrom: [{GENERATED}]}}", True, id="a Password generator"),
        pytest.param("{dataFrom: [{extract: {key: db/x}}]}", False, id="a store"),
        pytest.param(f"{{dataFrom: [{GENERATED}, {{extract: {{key: db/x}}}}]}}", False, id="a store besides"),
        pytest.param(f"{{dataFrom: [{GENERATED}], data: [{{secretKey: a}}]}}", False, id="a value of a store besides"),
        pytest.param(f"{{dataFrom: [{GENERATED.replace('Password', 'UUID')}]}}", False, id="another generator"),
        pytest.param("{data: [{secretKey: a}]}", False, id="values of a store"),
        pytest.param("{}", False, id="nothing"),
    ],
)
def test_what_a_generator_makes_is_told_from_what_a_store_holds(spec: str, generated: bool) -> None:
    (external,) = found({"a.yaml": EXTERNAL.replace("spec:\n  target: {name: orders-etl}", f"spec: {spec}")})
    assert is_generated(external.object) is generated


def test_generators_are_told_by_name_and_by_who_made_them() -> None:
    theirs = PASSWORD.replace("gitops-mcp", "helm")
    texts = {"a.yaml": "---\n".join([theirs, PASSWORD, PASSWORD.replace("orders-etl", "other"), EXTERNAL])}
    assert indexes_of_generators(texts, "a.yaml", ["orders-etl"]) == (1,)
    assert indexes_of_generators(texts, "a.yaml", ["orders-etl", "other"]) == (1, 2)
    assert indexes_of_generators(texts, "a.yaml", []) == ()


def test_the_siblings_of_a_way_are_files_of_that_way() -> None:
    assert secret_siblings(found(FILES), "external-secrets") == (
        Sibling("b/external.yaml", "orders-etl", "orders-etl", None, "shop", 2),
    )


def test_mittwalds_generator_is_noticed() -> None:
    text = "kind: Secret\nmetadata: {annotations: {secret-generator.v1.mittwald.de/autogenerate: password}}\n"
    assert find_mittwald_file({"b.yaml": text, "a.yaml": SOPS}, ["a.yaml", "b.yaml", "unread.yaml"]) == "b.yaml"
    assert find_mittwald_file(FILES, FILES) is None


def ways(files: dict[str, str], *, folder: str = "prod", namespace: str = "shop") -> list[list[str]]:
    near = ways_near(found(files), folders=["prod/orders"], namespace=namespace, folder=folder)
    return [sorted(one) for one in near]


def test_the_ways_nearest_to_a_cluster_come_first() -> None:
    files = {
        "prod/orders/a.yaml": SOPS,
        "prod/billing/b.yaml": SEALED.replace("shop", "billing"),
        "dev/c.yaml": EXTERNAL.replace("shop", "dev"),
    }
    assert ways(files) == [["sops"], ["sealed-secrets", "sops"], ["external-secrets", "sealed-secrets", "sops"]]


def test_what_is_made_for_the_same_namespace_is_near_wherever_it_stands() -> None:
    assert ways({"secrets/a.yaml": SEALED, "prod/b.yaml": SOPS}) == [
        ["sealed-secrets"],
        ["sops"],
        ["sealed-secrets", "sops"],
    ]


def test_an_environment_at_the_root_has_all_ways() -> None:
    every = ["external-secrets", "sealed-secrets", "sops"]
    assert ways(FILES, folder="", namespace="none") == [[], every, every]


def test_a_folder_whose_name_only_begins_the_same_is_another() -> None:
    assert ways({"prod-eu/a.yaml": SOPS, "prod/orders-2/a.yaml": SEALED}, namespace="none") == [
        [],
        ["sealed-secrets"],
        ["sealed-secrets", "sops"],
    ]


def test_new_values_take_the_place_of_the_old_ones_alone() -> None:
    files = {"a.yaml": f"kind: ConfigMap\n---\n# Sealed for shop.\n{SEALED}"}
    desired = build_desired(files, commit="0" * 40, folder="")
    anew = SEALED.replace("AgOld2", "AgNew2").replace("AgOld ", "AgNew ")
    (change,) = replace_sealed_values(desired, "a.yaml", 1, anew)
    assert change.after == files["a.yaml"].replace("AgOld2", "AgNew2").replace("AgOld ", "AgNew ")
    assert parse_documents(change.after)[1].value["spec"]["encryptedData"] == {
        "username": "AgNew",
        "password": "AgNew2",
    }


def test_a_file_that_is_encrypted_whole_is_written_anew() -> None:
    desired = build_desired({"a.yaml": SOPS}, commit="0" * 40, folder="")
    (change,) = replace_file(desired, "a.yaml", "new: text\n")
    assert (change.before, change.after) == (SOPS, "new: text\n")


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        pytest.param("orders-app-password", (), "orders-app-password-2", id="the second"),
        pytest.param("orders-app-password-2", (), "orders-app-password-3", id="the third"),
        pytest.param("orders-app-password-9", (), "orders-app-password-10", id="the tenth"),
        pytest.param("orders-app-password", ("orders-app-password-2",), "orders-app-password-3", id="one is taken"),
        pytest.param("orders-app-password-3", ("orders-app-password-4",), "orders-app-password-5", id="the next is taken"),
        pytest.param("orders-app-password-3", (), "orders-app-password-4", id="an older one that is free is not used again"),
        pytest.param("pg-17", (), "pg-17-2", id="a number that is a part of the name"),
        pytest.param("orders-2-password", (), "orders-2-password-2", id="a number inside"),
    ],
)  # fmt: skip
def test_a_secret_that_takes_the_place_of_another_is_numbered(name: str, taken: tuple[str, ...], expected: str) -> None:
    assert next_secret_name(name, taken) == expected


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("orders-app-password", "orders-app-password"),
        ("orders-app-password-2", "orders-app-password"),
        ("orders-app-password-12", "orders-app-password"),
        ("orders-app-password-x", "orders-app-password-x"),
        ("orders-app-2", "orders-app-2"),
        ("password-2", "password-2"),
    ],
)
def test_the_secrets_of_one_role_are_a_family(name: str, family: str) -> None:
    assert first_secret_name(name) == family
