from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.placing.new_document import FittingPlace
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.passwords.role_password import (
    NO_PASSWORD,
    PasswordOwner,
    PasswordSource,
    RolePassword,
    SecretFile,
    bootstrap_password,
    existing_password,
    fitting_secret_place,
    has_unknown_origin,
    leftover_password,
    made_password,
    secret_places,
    with_secret,
)
from gitops_mcp.domain.plans.passwords.secret_documents import Maker, SecretDocument, secret_documents
from gitops_mcp.domain.plans.plan import Plan, SecretWrite
from gitops_mcp.domain.repository.desired import API, GIT
from gitops_mcp.errors import InvalidRequest
from tests.domain.plans.role_files import CLUSTER, KUSTOMIZATION, REF, read

DESIRED, ORDERS = read(CLUSTER)
DAVE = PasswordOwner(ORDERS, REF, "dave", "orders-dave")
LAYOUT = "{path}/{namespace}/{cluster}/secret-{name}.yaml"
EXTERNAL = (
    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
    "metadata: {name: NAME, namespace: shop, labels: {app.kubernetes.io/managed-by: gitops-mcp}}\n"
)


def makers(*names: str) -> tuple[SecretDocument, ...]:
    texts = {f"prod/{name}.yaml": EXTERNAL.replace("NAME", name) for name in names}
    return tuple(secret_documents(texts, texts))


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("auto", PasswordSource("auto")),
        ("none", PasswordSource("none")),
        ("existing:orders-app", PasswordSource("existing", "orders-app")),
    ],
)
def test_a_source_says_where_a_password_comes_from(text: str, source: PasswordSource) -> None:
    assert PasswordSource.of(text) == source


@pytest.mark.parametrize("given", ["hunter2", "existing:Hunter2", "Existing:hunter2", ""])
def test_what_is_no_source_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        PasswordSource.of(given)
    assert "unter2" not in str(told.value)


@pytest.mark.parametrize(
    ("password", "spec"),
    [
        pytest.param(NO_PASSWORD, {"disablePassword": True}, id="none"),
        pytest.param(RolePassword("s"), {"passwordSecret": {"name": "s"}}, id="a Secret"),
    ],
)
def test_what_a_role_says_of_its_password(password: RolePassword, spec: Object) -> None:
    assert password.spec == spec


def test_an_existing_secret_must_hold_what_the_operator_reads() -> None:
    told = existing_password(DAVE, "vaulted", (), is_missing=False)
    assert told.body == ("The password comes from Secret vaulted, which somebody else provides",)
    (note,) = told.next
    for part in ("shop/vaulted", "kubernetes.io/basic-auth", "must be 'dave'", '`cnpg.io/reload: "true"`'):
        assert part in note


@pytest.mark.parametrize(
    ("secret", "found", "is_missing", "warned"),
    [
        pytest.param("vaulted", (), True, True, id="it is not there"),
        pytest.param("vaulted", (), False, False, id="it is there"),
        pytest.param("orders-app", (), True, False, id="the operator makes it"),
        pytest.param("vaulted", makers("vaulted"), True, False, id="a document makes it"),
    ],
)
def test_an_existing_secret_that_is_missing_is_warned_of(
    secret: str, found: tuple[SecretDocument, ...], is_missing: bool, warned: bool
) -> None:
    is_unknown = has_unknown_origin(DAVE, secret, found)
    told = existing_password(DAVE, secret, found, is_missing=is_unknown and is_missing)
    assert is_unknown is (secret == "vaulted" and not found)
    assert [one.id for one in told.warnings] == (["secret-missing"] if warned else [])
    assert told.secret == secret


def test_the_owner_that_bootstrap_made_keeps_its_secret() -> None:
    owner = PasswordOwner(ORDERS, REF, "app", "orders-app")
    assert (owner.has_bootstrap_secret, DAVE.has_bootstrap_secret) == (True, False)
    assert bootstrap_password(owner).secret == "orders-app"


def test_what_a_failed_request_left_is_taken_up_again_where_it_may_be() -> None:
    found = makers("orders-dave-password")
    left = leftover_password(DAVE, "external-secrets", "orders-dave-password", found, found)
    assert left == RolePassword(
        "orders-dave-password",
        ("The password comes from Secret orders-dave-password, which prod/orders-dave-password.yaml:1 makes already",),
    )
    assert leftover_password(DAVE, "external-secrets", "another", found, found) is None
    with pytest.raises(InvalidRequest, match=r"is made by prod/orders-dave-password\.yaml:1 already"):
        leftover_password(DAVE, "external-secrets", "orders-dave-password", found, ())
    with pytest.raises(InvalidRequest, match=r"is made by prod/orders-dave-password\.yaml:1 already"):
        leftover_password(DAVE, "sops", "orders-dave-password", found, found)


@pytest.mark.parametrize(
    ("secret", "path"),
    [
        pytest.param("orders-dave-password", "prod/secret-dave.yaml", id="its first"),
        pytest.param("orders-dave-password-2", "prod/secret-dave-2.yaml", id="the next"),
        pytest.param("renamed-2", "prod/secret-dave-2.yaml", id="the next of another name"),
    ],
)
def test_a_secrets_file_goes_beside_the_cluster(secret: str, path: str) -> None:
    places = secret_places(DESIRED, DAVE, "external-secrets", secret, (), layout=LAYOUT)
    found = fitting_secret_place(DESIRED, DAVE, "sealed-secrets", secret, places)
    assert found == FittingPlace(FilePlace(path), secret, secret)


def test_a_secrets_file_goes_beside_those_of_its_like() -> None:
    found = makers("orders-etl-password")
    (first, *_) = secret_places(DESIRED, DAVE, "external-secrets", "orders-dave-password", found, layout=LAYOUT)
    assert first == FilePlace("prod/orders-dave-password.yaml")
    (other, *_) = secret_places(DESIRED, DAVE, "sops", "orders-dave-password", found, layout=LAYOUT)
    assert other == FilePlace("prod/secret-dave.yaml")


def test_a_made_password_is_a_file_or_a_write_to_the_api() -> None:
    file = SecretFile("text", FilePlace("a.yaml"))
    in_git, written = (
        made_password(DAVE, "sops", "s", file, origin=GIT),
        made_password(DAVE, "cluster", "s", origin=GIT),
    )
    assert (in_git.file, in_git.writes) == (file, ())
    assert (written.file, written.writes) == (None, (SecretWrite("create", "shop", "s", "dave"),))
    assert in_git.body[0] == "The password comes from Secret s, made by sops"


@pytest.mark.parametrize(("provider", "lost"), [("external-secrets", "that is deleted"), ("cluster", "that is lost")])
def test_only_what_is_committed_speaks_of_git(provider: Maker, lost: str) -> None:
    committed = " ".join(made_password(DAVE, provider, "s", origin=GIT).body)
    applied = " ".join(made_password(DAVE, provider, "s", origin=API).body)
    assert "Git" in committed
    assert "Git" not in applied
    assert f"A Secret {lost}" in applied


def test_the_text_of_a_secret_is_not_shown_with_the_value() -> None:
    assert "hunter2" not in repr(SecretFile("hunter2", FilePlace("a.yaml")))


@pytest.mark.parametrize(
    ("path", "listed", "warned"),
    [
        pytest.param("prod/secret.yaml", {"prod/kustomization.yaml": KUSTOMIZATION + "- secret.yaml\n"}, [], id="a kustomization above it"),
        pytest.param("elsewhere/secret.yaml", {}, ["no-kustomization"], id="none"),
    ],
)  # fmt: skip
def test_a_new_file_is_listed_or_warned_of(path: str, listed: dict[str, str], warned: list[str]) -> None:
    plan = Plan("x", Identity("DatabaseRole", "shop", "orders-dave"))
    done = with_secret(plan, DESIRED, RolePassword("s", file=SecretFile("kind: X\n", FilePlace(path))))
    assert {one.path: one.after for one in done.files} == {**listed, path: "kind: X\n"}
    assert [one.id for one in done.warnings] == warned
