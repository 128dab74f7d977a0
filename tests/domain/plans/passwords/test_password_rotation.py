from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.passwords.password_rotation import (
    file_to_rewrite,
    maker_to_rotate,
    moved_password,
    name_after_rotation,
    password_rotated_in_cluster,
    rewritten_password,
)
from gitops_mcp.domain.plans.passwords.role_password import PasswordOwner, RolePassword, with_secret
from gitops_mcp.domain.plans.passwords.secret_documents import SecretDocument, secret_documents
from gitops_mcp.domain.plans.plan import Plan, SecretWrite
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.errors import InvalidRequest, Refused
from tests.domain.plans.role_files import CLUSTER, REF, read

_, ORDERS = read(CLUSTER)
OWNER = PasswordOwner(ORDERS, REF, "dave", "orders-dave")
OURS = "labels: {app.kubernetes.io/managed-by: gitops-mcp}"
GENERATED = (
    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: s, namespace: shop}\n"
    "spec: {dataFrom: [{sourceRef: {generatorRef: {kind: Password, name: s}}}]}\n"
)
SEALED = (
    "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s, namespace: shop}\n"
    "spec: {encryptedData: {username: a, password: b}}\n"
)
SOPS = (
    f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop, {OURS}}}\n"
    "stringData: {username: a, password: b}\nsops: {mac: x}\n"
)


def found(**files: str) -> tuple[SecretDocument, ...]:
    texts = {f"{name}.yaml": text for name, text in files.items()}
    return tuple(secret_documents(texts, texts))


@pytest.mark.parametrize("text", [GENERATED, SEALED, SOPS], ids=["external-secrets", "sealed-secrets", "sops"])
def test_the_document_that_makes_a_secret_is_where_its_value_changes(text: str) -> None:
    (maker,) = found(a=text)
    assert maker_to_rotate(OWNER, "s", (maker,)) == maker
    assert maker_to_rotate(OWNER, "another", (maker,)) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(GENERATED.replace("Password", "Vault"), "reads the password of Secret s from a store", id="another generator"),
        pytest.param(SEALED.replace("namespace: shop", "namespace: shop, annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}"), "it is sealed for more than its own name", id="sealed for any name"),
        pytest.param(SEALED.replace("username: a", "uri: a, username: a"), "holds uri besides the username and the password", id="more values"),
        pytest.param(SEALED.replace("username: a, ", ""), "does not hold both", id="fewer values"),
        pytest.param(SOPS.replace(OURS, "labels: {}"), "was not made by this server", id="the team's file"),
        pytest.param(SOPS + "---\nkind: ConfigMap\n", "holds more than the username and the password", id="a file of several"),
        pytest.param(SOPS.replace("username: a", "uri: a, username: a"), "holds more than the username", id="more values in a file"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_here_is_left_to_its_own_tool(text: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        maker_to_rotate(OWNER, "s", found(a=text))


def test_without_a_secret_or_with_two_makers_nothing_is_rotated() -> None:
    with pytest.raises(InvalidRequest, match="role 'dave' names no Secret"):
        maker_to_rotate(OWNER, None, ())
    with pytest.raises(Refused, match=r"several documents make Secret s: a.yaml:1, b.yaml:1"):
        maker_to_rotate(OWNER, "s", found(a=SEALED, b=GENERATED))


@pytest.mark.parametrize(
    ("secret", "files", "path"),
    [
        pytest.param("s", {"a": SEALED}, "a.yaml", id="sealed"),
        pytest.param("s", {"a": SOPS}, "a.yaml", id="sops"),
        pytest.param("s", {"a": GENERATED}, None, id="another Secret takes its place"),
        pytest.param("s", {"a": SEALED, "b": SEALED}, None, id="two make it"),
        pytest.param("other", {"a": SEALED}, None, id="nothing makes it"),
        pytest.param(None, {"a": SEALED}, None, id="no Secret"),
    ],
)
def test_the_file_that_a_rotation_edits(secret: str | None, files: dict[str, str], path: str | None) -> None:
    assert file_to_rewrite(REF, secret, found(**files)) == path


def test_a_generator_makes_another_secret_and_the_old_one_stays() -> None:
    (maker,) = made = found(a=GENERATED)
    assert name_after_rotation(OWNER, maker, made) == "s-2"
    told = moved_password(RolePassword("s-2", ("made",)), maker)
    assert told.body == ("made",)
    assert "clients must read Secret s-2 from then on. The old Secret s (a.yaml:1) stays" in told.next[0]


def test_new_values_are_put_where_the_old_ones_are() -> None:
    files = {"a.yaml": SEALED, "b.yaml": SOPS}
    desired = build_desired(files, commit="0" * 40, folder="")
    sealed, closed = found(a=SEALED, b=SOPS)
    plan = Plan("x", Identity("Cluster", "shop", "orders"))
    text = SEALED.replace("username: a, password: b", "username: c, password: d")
    (change,) = with_secret(plan, desired, rewritten_password(sealed, text)).files
    assert (change.path, change.after) == ("a.yaml", text)
    (change,) = with_secret(plan, desired, rewritten_password(closed, "anew")).files
    assert (change.path, change.after) == ("b.yaml", "anew")


def test_in_the_cluster_it_is_written_at_once_and_alone() -> None:
    done = password_rotated_in_cluster(OWNER, "s", configured="cluster", alone=True, nothing="nothing in Git")
    assert done.writes == (SecretWrite("rotate", "shop", "s", "dave"),)
    with pytest.raises(InvalidRequest, match="ask for one after the other"):
        password_rotated_in_cluster(OWNER, "s", configured="cluster", alone=False, nothing="nothing in Git")
    with pytest.raises(Refused, match="nothing in Git makes Secret s, so its password is changed where it comes from"):
        password_rotated_in_cluster(OWNER, "s", configured="sops", alone=True, nothing="nothing in Git")
