from __future__ import annotations

from typing import Literal

import pytest

from gitops_mcp.domain.kinds import EXTERNAL_SECRET, SEALED_SECRET
from gitops_mcp.domain.plans.passwords.password_provider import (
    ProviderSigns,
    UnservedKind,
    choose_provider,
    provider_notes,
)
from gitops_mcp.domain.plans.passwords.secret_documents import Maker, ProviderName, SecretDocument, secret_documents
from gitops_mcp.domain.repository.desired import GIT
from gitops_mcp.errors import InvalidRequest, Refused
from tests.domain.plans.role_files import CLUSTER, read

_, ORDERS = read(CLUSTER)
SEALED = (
    "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a, namespace: shop}\n"
    "spec: {encryptedData: {password: x}}\n"
)
EXTERNAL = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: b, namespace: shop}\nspec: {}\n"


def documents(**files: str) -> tuple[SecretDocument, ...]:
    texts = {f"{path.replace('_', '/')}.yaml": text for path, text in files.items()}
    return tuple(secret_documents(texts, texts))


def chosen(configured: ProviderName | Literal["auto"], signs: ProviderSigns) -> Maker:
    return choose_provider(configured, ORDERS, "shop", signs, folder="prod")


@pytest.mark.parametrize(
    ("configured", "signs", "name"),
    [
        pytest.param("cluster", ProviderSigns(documents(prod_a=SEALED)), "cluster", id="what is configured"),
        pytest.param("auto", ProviderSigns(documents(prod_a=SEALED)), "sealed-secrets", id="what is used"),
        pytest.param("auto", ProviderSigns(documents(prod_a=SEALED, dev_b=EXTERNAL.replace("shop", "x"))), "sealed-secrets", id="what is used nearest"),
        pytest.param("auto", ProviderSigns(documents(prod_a=EXTERNAL), has_sops_rules=True), "external-secrets", id="Secrets before rules"),
        pytest.param("auto", ProviderSigns((), has_sops_rules=True), "sops", id="rules of sops"),
        pytest.param("external-secrets", ProviderSigns(()), "external-secrets", id="what is installed is not known"),
    ],
)  # fmt: skip
def test_a_provider_is_chosen(configured: ProviderName | Literal["auto"], signs: ProviderSigns, name: Maker) -> None:
    assert chosen(configured, signs) == name


@pytest.mark.parametrize(
    ("configured", "signs", "why"),
    [
        pytest.param("existing", ProviderSigns(()), "no password is made here", id="somebody else's"),
        pytest.param("auto", ProviderSigns(documents(prod_a=SEALED, prod_b=EXTERNAL)), r"in several ways \(external-secrets, sealed-secrets\)", id="two ways"),
        pytest.param("sealed-secrets", ProviderSigns((), unserved={"sealed-secrets": UnservedKind(SEALED_SECRET, ())}), "it serves no SealedSecret of bitnami.com/v1alpha1", id="not installed"),
        pytest.param("external-secrets", ProviderSigns((), unserved={"external-secrets": UnservedKind(EXTERNAL_SECRET, ("v1beta1",))}), r"of ExternalSecret \(external-secrets.io\) it serves v1beta1; v1 is needed. Upgrade to External Secrets 0.16 or newer", id="an older version"),
        pytest.param("auto", ProviderSigns(()), "so none is made. Choose: passwords.provider", id="no sign"),
        pytest.param("auto", ProviderSigns((), generator="a.yaml", unserved={"external-secrets": None, "sealed-secrets": UnservedKind(SEALED_SECRET, ())}), "none is made. a.yaml uses mittwald's .* Installed in the cluster: external-secrets. Choose", id="other signs"),
    ],
)  # fmt: skip
def test_where_none_can_be_chosen_the_choices_are_named(
    configured: ProviderName | Literal["auto"], signs: ProviderSigns, why: str
) -> None:
    with pytest.raises((InvalidRequest, Refused), match=why):
        chosen(configured, signs)


@pytest.mark.parametrize("provider", ["external-secrets", "sealed-secrets", "sops", "cluster"])
def test_notes_name_the_secret(provider: Maker) -> None:
    assert "shop/orders-dave" in provider_notes(provider, "shop/orders-dave", GIT)[0]
