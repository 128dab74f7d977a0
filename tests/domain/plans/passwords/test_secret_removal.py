from __future__ import annotations

import pytest

from gitops_mcp.domain.plans.passwords.secret_documents import secret_documents
from gitops_mcp.domain.plans.passwords.secret_removal import PasswordRemoval, RoleSecrets, plan_secret_removal
from gitops_mcp.domain.plans.roles.declared_roles import require_role
from tests.domain.plans.role_files import CLUSTER, REF, read

ROLE = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata: {name: orders-dave, namespace: shop}\n"
    "spec: {cluster: {name: orders}, name: dave, passwordSecret: {name: dave-password-2}}\n"
)
OURS = "labels: {app.kubernetes.io/managed-by: gitops-mcp}"
GENERATOR = (
    "apiVersion: generators.external-secrets.io/v1alpha1\nkind: Password\n"
    f"metadata: {{name: NAME, namespace: shop, {OURS}}}\n---\n"
)
EXTERNAL = (
    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
    f"metadata: {{name: NAME, namespace: shop, {OURS}}}\nspec: {{target: {{name: NAME}}}}\n"
)
USER = "kind: ConfigMap\nmetadata: {name: x, namespace: shop}\ndata: {secret: dave-password-2}\n"


def removal(files: dict[str, str], *, used: str = "", apart: bool = False) -> PasswordRemoval:
    """`apart`: generators stand in files of their own."""
    desired, cluster = read(CLUSTER, role=ROLE, **files)
    found = tuple(secret_documents(desired.texts, desired.texts))
    secrets = RoleSecrets(REF, require_role(desired, cluster, REF, "dave"), found, "Nobody makes it")
    manifests = {name: {"prod/user.yaml": used} if used else {} for name in secrets.names}
    paths = desired.texts.keys() if apart else {one.path for one in secrets.own}
    return plan_secret_removal(desired, secrets, manifests, generator_paths=paths)


def both(name: str) -> str:
    return (GENERATOR + EXTERNAL).replace("NAME", name)


def test_its_documents_go_with_the_role_and_those_of_earlier_passwords() -> None:
    files = {"first": both("dave-password"), "second": both("dave-password-2"), "other": both("eve-password")}
    done = removal(files)
    assert done.documents == (("prod/first.yaml", (0, 1)), ("prod/second.yaml", (0, 1)))
    going = "prod/first.yaml, prod/second.yaml"
    assert done.told == (f"Secret dave-password, dave-password-2 goes too, with what makes it: {going}",)


def test_a_generator_that_stands_by_itself_goes_too() -> None:
    files = {
        "one": EXTERNAL.replace("NAME", "dave-password-2"),
        "two": GENERATOR.removesuffix("---\n").replace("NAME", "dave-password-2"),
    }
    assert removal(files).documents == (("prod/one.yaml", (0,)),)
    assert removal(files, apart=True).documents == (("prod/one.yaml", (0,)), ("prod/two.yaml", (0,)))


@pytest.mark.parametrize(
    ("files", "used", "told"),
    [
        pytest.param({"a": both("dave-password-2")}, USER, "Secret dave-password-2 stays: prod/user.yaml:1 uses it", id="used"),
        pytest.param({}, "", "Nobody makes it; when nothing needs it: kubectl -n shop delete secret dave-password-2", id="made by nothing"),
        pytest.param({"a": both("dave-password-2").replace(OURS, "labels: {}")}, "", "Secret dave-password-2 stays: prod/a.yaml:5 makes it, which is not this server's", id="made by the team"),
    ],
)  # fmt: skip
def test_what_is_needed_or_is_not_this_servers_stays(files: dict[str, str], used: str, told: str) -> None:
    assert removal(files, used=used) == PasswordRemoval(told=(told,))
