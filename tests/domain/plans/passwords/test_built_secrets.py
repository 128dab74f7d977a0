from __future__ import annotations

import pytest

from gitops_mcp.domain.plans.passwords.built_secrets import as_applied, build_with_makers, placed_elsewhere
from gitops_mcp.domain.plans.passwords.secret_documents import SecretDocument, secret_documents
from gitops_mcp.domain.repository.build import build_desired

SEALED = (
    "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: pw, namespace: shop}\n"
    "spec: {encryptedData: {password: AgA}}\n"
)
EXTERNAL = (
    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: pw, namespace: shop}\n"
    "spec:\n  target: {name: live-pw}\n  dataFrom:\n    - sourceRef: {generatorRef: {kind: Password, name: pw, "
    "apiVersion: generators.external-secrets.io/v1alpha1}}\n"
)
SOPS = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: pw, namespace: shop}\n"
    "stringData: {password: 'ENC[AES256_GCM,data:AA==]'}\nsops: {mac: 'ENC[AES256_GCM,data:AA==]'}\n"
)
FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: shop, namespace: flux-system}\n"
    "spec:\n  path: prod\n  sourceRef: {kind: GitRepository, name: flux-system}\n"
)


def applied(files: dict[str, str]) -> list[SecretDocument]:
    desired = build_desired(files, commit="0" * 40, folder="prod")
    return list(as_applied(secret_documents(files, files), build_with_makers(desired)))


def names(found: list[SecretDocument]) -> list[tuple[str, str | None, str]]:
    return [(one.secret, one.namespace, one.written_name) for one in found]


@pytest.mark.parametrize(
    ("text", "secret"), [(SEALED, "eu-pw"), (EXTERNAL, "live-pw"), (SOPS, "eu-pw")], ids=["sealed", "external", "sops"]
)
def test_a_document_has_the_name_and_namespace_that_are_applied_and_its_own_group(text: str, secret: str) -> None:
    listed = "namePrefix: eu-\nnamespace: bank\nresources: [a.yaml]\n"
    (found,) = applied({"prod/kustomization.yaml": listed, "prod/a.yaml": text})
    (written,) = secret_documents({"a": text}, ["a"])
    assert names([found]) == [(secret, "bank", "pw")]
    assert found.object["apiVersion"] == written.object["apiVersion"]
    assert (found.object.get("spec"), found.unsure) == (written.object.get("spec"), "")


def test_a_document_that_nothing_applies_is_as_it_is_written() -> None:
    files = {"prod/kustomization.yaml": "namePrefix: eu-\nresources: []\n", "other/a.yaml": SEALED}
    assert names(applied(files)) == [("pw", "shop", "pw")]


def test_one_document_of_two_overlays_is_not_sealed_into() -> None:
    overlay = "nameSuffix: -{}\nresources: [../../base]\n"
    files = {
        "base/kustomization.yaml": "resources: [a.yaml]\n",
        "base/a.yaml": SEALED,
        **{f"prod/{one}/kustomization.yaml": overlay.format(one) for one in ("de", "fr")},
    }
    found = applied(files)
    assert names(found) == [("pw-de", "shop", "pw"), ("pw-fr", "shop", "pw")]
    assert found[0].unsure.startswith("the same document makes SealedSecret shop/pw-fr")


@pytest.mark.parametrize(
    ("more", "place"),
    [
        pytest.param(
            "  commonMetadata: {annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}}\n",
            "prod/flux.yaml:",
            id="annotations for all",
        ),
        pytest.param(
            "  patches:\n    - target: {kind: SealedSecret}\n      patch: |\n"
            "        - {op: add, path: /metadata/annotations, value: {sealedsecrets.bitnami.com/cluster-wide: 'true'}}\n",
            "prod/flux.yaml:",
            id="a patch",
        ),
    ],
)
def test_a_scope_that_an_engine_gives_is_seen(more: str, place: str) -> None:
    files = {"prod/flux.yaml": FLUX + more, "prod/a.yaml": SEALED, "prod/kustomization.yaml": "resources: [a.yaml]\n"}
    (found,) = applied(files)
    assert found.unsure.startswith(
        f"it is sealed for more than its own name, by the annotation sealedsecrets.bitnami.com/cluster-wide at {place}"
    )


def test_what_an_engine_object_puts_into_another_namespace_needs_no_build() -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: "
        "flux-system}\nspec: {url: 'https://git.example.com/fleet.git', ref: {branch: main}}\n"
    )
    files = {"source.yaml": source}
    for space in ("bank", "shop"):
        flux = FLUX.replace("name: shop", f"name: {space}").replace("path: prod", f"path: {space}")
        files[f"{space}.yaml"] = f"{flux}  targetNamespace: {space}\n"
        files[f"{space}/app/a.yaml"] = SEALED.replace(", namespace: shop", "")
    files["base/a.yaml"] = SEALED
    desired = build_desired(files, commit="0" * 40, folder="", remotes=("https://git.example.com/fleet.git",))
    written = tuple(secret_documents(files, files))
    found = placed_elsewhere(written, desired, "shop")
    assert [(one.path, one.namespace) for one in found] == [("bank/app/a.yaml", "bank")]
    assert placed_elsewhere(written, desired, None) == ()
