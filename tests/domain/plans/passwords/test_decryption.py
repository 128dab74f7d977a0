"""A password that sops encrypts is written only where what applies it decrypts."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.plans.passwords.built_secrets import as_applied, build_with_makers
from gitops_mcp.domain.plans.passwords.password_rotation import maker_to_rotate
from gitops_mcp.domain.plans.passwords.role_password import (
    PasswordOwner,
    existing_password,
    fitting_secret_place,
    leftover_password,
)
from gitops_mcp.domain.plans.passwords.secret_documents import SecretDocument, secret_documents
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import Refused

CLUSTER = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: bills, namespace: trade}\n"
    "spec: {instances: 3, storage: {size: 1Gi}}\n"
)
SECRET = (
    "apiVersion: v1\nkind: Secret\n"
    "metadata: {name: bills-bi-password, namespace: trade, labels: {app.kubernetes.io/managed-by: gitops-mcp}}\n"
    "stringData: {username: 'ENC[AES256_GCM,data:AA==]', password: 'ENC[AES256_GCM,data:AA==]'}\nsops: {mac: x}\n"
)


def flux(more: str = "", name: str = "stores", path: str = "stores") -> str:
    return (
        f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec:\n  path: ./{path}\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"
    )


def argo(more: str = "") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: stores, namespace: argocd}\nspec:\n"
        "  destination: {server: https://kubernetes.default.svc, namespace: trade}\n"
        f"  source: {{repoURL: https://git.example.com/fleet.git, targetRevision: main, path: stores{more}}}\n"
    )


def repository(engine: str, more: dict[str, str] | None = None) -> tuple[Desired, PasswordOwner]:
    files = {"prod/stores.yaml": engine, "stores/bills.yaml": CLUSTER, **(more or {})}
    remotes = ("https://git.example.com/fleet.git",)
    found = build_desired(files, commit="0" * 40, folder="prod", remotes=remotes)
    declared = found.cluster("bills", "trade", environment="prod")
    return found, PasswordOwner(declared, ClusterRef("trade", "bills"), "bi", "bills-bi")


def placed(engine: str, more: dict[str, str] | None = None) -> str:
    desired, owner = repository(engine, more)
    tried = [FilePlace("stores/secret-bi.sops.yaml")]
    return fitting_secret_place(desired, owner, "sops", "bills-bi-password", tried).place.path


BY_FLUX = (
    "password_source: Flux Kustomization flux-system/stores (prod/stores.yaml:1) applies stores/secret-bi.sops.yaml and "
    "does not decrypt: the encrypted text would become the password. Add `decryption: {provider: sops, secretRef: {name: "
    "sops-age}}` to its spec, with the Secret of your key first, at prod/stores.yaml:1, or set another "
    "passwords.provider in .gitops-mcp.yaml"
)
BY_ARGO = (
    "password_source: Argo CD Application argocd/stores (prod/stores.yaml:1) applies stores/secret-bi.sops.yaml and does "
    "not decrypt: the encrypted text would become the password. Add a plugin that decrypts to its source (`plugin: "
    "{name: ...}`) first, at prod/stores.yaml:1, or set another passwords.provider in .gitops-mcp.yaml"
)


@pytest.mark.parametrize(("engine", "told"), [(flux(), BY_FLUX), (argo(), BY_ARGO)], ids=["Flux", "Argo CD"])
def test_where_nothing_decrypts_a_new_password_is_refused_with_what_to_add(engine: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        placed(engine)
    assert str(refused.value) == told


PARENT = "  patches:\n    - target: {kind: Kustomization}\n      patch: |\n        "
MERGED = "{kind: Kustomization, metadata: {name: any}, spec: {decryption: {provider: sops}}}\n"
OPERATION = "- {op: add, path: /spec/decryption, value: {provider: sops}}\n"


@pytest.mark.parametrize(
    ("engine", "more"),
    [
        pytest.param(flux("  decryption: {provider: sops, secretRef: {name: key}}\n"), {}, id="its own spec"),
        pytest.param(flux(), {"clusters.yaml": flux(PARENT + MERGED, "all", "prod")}, id="a patch of its parent"),
        pytest.param(
            flux(), {"clusters.yaml": flux(PARENT + OPERATION, "all", "prod")}, id="an operation of its parent"
        ),
        pytest.param(
            flux(),
            {
                "prod/kustomization.yaml": (
                    "resources: [stores.yaml]\npatches:\n  - target: {kind: Kustomization}\n    patch: |\n      "
                    + OPERATION
                )
            },
            id="a patch of the kustomization that lists it",
        ),
    ],
)
def test_where_flux_decrypts_it_is_written(engine: str, more: dict[str, str]) -> None:
    assert placed(engine, more) == "stores/secret-bi.sops.yaml"


def documents(engine: str) -> tuple[PasswordOwner, tuple[SecretDocument, ...]]:
    desired, owner = repository(engine, {"stores/bi.sops.yaml": SECRET})
    written = secret_documents(desired.texts, ["stores/bi.sops.yaml"])
    return owner, tuple(as_applied(written, build_with_makers(desired)))


def test_a_password_that_nothing_decrypts_is_not_rotated_nor_taken_up_again() -> None:
    owner, found = documents(flux())
    with pytest.raises(Refused, match=r"rotate_password: Flux Kustomization .* does not decrypt"):
        maker_to_rotate(owner, "bills-bi-password", found)
    with pytest.raises(Refused, match=r"password_source: Flux Kustomization .* does not decrypt"):
        leftover_password(owner, "sops", "bills-bi-password", found, found)
    [warned] = existing_password(owner, "bills-bi-password", found, is_missing=False).warnings
    assert warned.id == "not-decrypted"


def test_a_password_that_is_decrypted_is_rotated() -> None:
    owner, found = documents(flux("  decryption: {provider: sops}\n"))
    assert maker_to_rotate(owner, "bills-bi-password", found) == found[0]
    assert existing_password(owner, "bills-bi-password", found, is_missing=False).warnings == ()
