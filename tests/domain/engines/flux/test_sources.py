"""By which roads a Kustomization's source is told to be this repository, or counts because it cannot be told."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.declared import find_engine_objects
from tests.domain.engines.flux.test_kustomizations import REMOTE, SOURCE, found, kustomization

CLUSTER = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\n"
HERE = {"apps/shop/db.yaml": CLUSTER}
SYNC = """\
{kind: GitRepository, name: fleet, url: https://github.com/acme/fleet.git, ref: refs/heads/main, path: clusters/prod}
""".strip()


def of(reference: str, path: str = "apps/shop") -> dict[str, str]:
    text = kustomization(f"path: {path}").replace("{kind: GitRepository, name: flux-system}", reference)
    return {"clusters/prod/ks.yaml": text, **HERE}


def source(kind: str, spec: str, name: str = "fleet") -> str:
    return f"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: {kind}
metadata: {{name: {name}, namespace: flux-system}}
spec: {{{spec}}}
"""


INSTANCE = f"""\
apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: {{name: flux, namespace: flux-system}}
spec: {{sync: {SYNC}}}
"""
RELEASE = f"""\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: flux-instance, namespace: flux-system}}
spec:
  chartRef: {{kind: OCIRepository, name: flux-instance}}
  values: {{instance: {{sync: {SYNC}}}}}
"""
APPLICATION = f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: flux, namespace: argocd}}
spec:
  source: {{repoURL: "https://charts.example.com", chart: flux-instance, helm: {{valuesObject: {{instance: {{sync: {SYNC}}}}}}}}}
"""
TEXT = f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: flux-values, namespace: flux-system}}
data:
  values.yaml: |
    instance:
      sync: {SYNC}
"""
PUSH = """\
env:
  REPOSITORY: oci://ghcr.io/${{ github.repository_owner }}/manifests
jobs:
  push:
    steps:
      - run: |
          flux push artifact $REPOSITORY/${{ github.event.repository.name }}:${TAG} \\
            --path="./deploy" \\
            --source="x"
"""
GENERATOR = """\
apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {name: all, namespace: flux-system}
spec:
  sources: [{alias: repo, kind: GitRepository, name: flux-system}]
  artifacts:
    - name: shop
      copy: [{from: "@repo/apps/shop/**", to: "@artifact/out/"}]
"""
GIT = "{kind: GitRepository, name: fleet}"
OCI = "{kind: OCIRepository, name: fleet}"


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        pytest.param(of(GIT) | {"s.yaml": INSTANCE}, "apps/shop", id="a FluxInstance makes it"),
        pytest.param(of(GIT) | {"s.yaml": RELEASE}, "apps/shop", id="values of a HelmRelease make it"),
        pytest.param(of(GIT) | {"s.yaml": APPLICATION}, "apps/shop", id="values of an Application make it"),
        pytest.param(of(GIT) | {"s.yaml": TEXT}, "apps/shop", id="values in a ConfigMap make it"),
        pytest.param(of(GIT) | {"s.yaml": f"instance:\n  sync: {SYNC}\n"}, "apps/shop", id="a values file makes it"),
        pytest.param(
            of(OCI, "shop") | {"deploy/shop/db.yaml": CLUSTER, "push.yaml": PUSH}
            | {"s.yaml": source("OCIRepository", "url: oci://ghcr.io/acme/manifests/fleet")},
            "deploy/shop", id="an artifact that a pipeline pushes",
        ),
        pytest.param(
            of("{kind: ExternalArtifact, name: shop}", "./out") | {"s.yaml": SOURCE, "g.yaml": GENERATOR},
            "apps/shop", id="an artifact that is cut out of the repository",
        ),
    ],
)  # fmt: skip
def test_a_source_is_told_to_be_this_repository(files: dict[str, str], folder: str) -> None:
    one = found(files)
    assert (one.excluded, one.assumed, one.folder) == (None, None, folder)


NOT_SAID = "of which nothing here says whether this repository is in it"


@pytest.mark.parametrize(
    ("files", "folder", "assumed"),
    [
        pytest.param(of(GIT), "apps/shop", "it applies GitRepository fleet, which this repository does not declare", id="not declared"),
        pytest.param(of(OCI), "apps/shop", "it applies OCIRepository fleet, which this repository does not declare", id="an artifact, not declared"),
        pytest.param(
            of(OCI) | {"s.yaml": source("OCIRepository", "url: oci://ghcr.io/acme/x")},
            "apps/shop", f"it applies OCIRepository fleet (oci://ghcr.io/acme/x), {NOT_SAID}", id="an artifact that nothing here pushes",
        ),
        pytest.param(
            of("{kind: Bucket, name: fleet}") | {"s.yaml": source("Bucket", "bucketName: fleet")},
            "apps/shop", f"it applies Bucket fleet (fleet), {NOT_SAID}", id="a bucket",
        ),
        pytest.param(
            of("{kind: ExternalArtifact, name: x}"),
            "apps/shop", "it applies ExternalArtifact x, which this repository does not declare", id="an artifact of something else",
        ),
        pytest.param(
            of(OCI, "shop"), "apps/shop", "it applies OCIRepository fleet, which this repository does not declare", id="its root is a folder",
        ),
        pytest.param(
            of(GIT) | {"s.yaml": source("GitRepository", 'url: "https://${HOST}/acme/fleet", ref: {branch: main}')},
            "apps/shop", f"it applies GitRepository fleet (https://${{HOST}}/acme/fleet), {NOT_SAID}", id="a URL with a variable",
        ),
        pytest.param(
            of('{kind: "${KIND}", name: fleet}'),
            "apps/shop", "it applies ${KIND} fleet, and nothing here fills that in", id="a kind that is a variable",
        ),
        pytest.param(of("{}"), "apps/shop", "it names no source, so that something else brings one in", id="something has to bring it in"),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_told_counts(files: dict[str, str], folder: str, assumed: str) -> None:
    one = found(files)
    assert (one.excluded, one.assumed, one.folder) == (None, assumed, folder)


@pytest.mark.parametrize(
    ("files", "excluded"),
    [
        pytest.param(
            of(GIT, "elsewhere"),
            "it applies GitRepository fleet, which this repository does not declare, and there is no folder elsewhere here",
            id="a folder that is not here",
        ),
        pytest.param(
            of(OCI, "./") | {"s.yaml": SOURCE, "k.yaml": kustomization("path: apps", name="other")},
            "it applies OCIRepository fleet, which this repository does not declare, and which folder is its root is not known",
            id="the root, beside sources that are known",
        ),
        pytest.param(
            of(GIT) | {"s.yaml": INSTANCE.replace("acme/fleet", "acme/other")},
            "it applies https://github.com/acme/other.git, another repository than git@github.com:acme/fleet.git",
            id="an instance of another repository",
        ),
        pytest.param(
            of(GIT) | {"s.yaml": RELEASE.replace("heads/main", "heads/next")},
            "it applies refs/heads/next, not main", id="values that follow another branch",
        ),
        pytest.param(
            of("{kind: HelmRepository, name: fleet}"),
            "it applies HelmRepository fleet, which is not a source of files", id="no source",
        ),
    ],
)  # fmt: skip
def test_a_source_that_is_something_else_does_not_count(files: dict[str, str], excluded: str) -> None:
    one = found(files)
    assert (one.excluded, one.assumed) == (excluded, None)


def test_of_several_instances_the_one_that_applies_the_file_counts() -> None:
    other = INSTANCE.replace("clusters/prod", "clusters/dev").replace("heads/main", "heads/next")
    files = of(GIT) | {"a/dev.yaml": other, "z/prod.yaml": INSTANCE}
    assert found(files).excluded is None
    files["clusters/dev/ks.yaml"] = files.pop("clusters/prod/ks.yaml")
    assert found(files).excluded == "it applies refs/heads/next, not main"
    files["shared/ks.yaml"] = files.pop("clusters/dev/ks.yaml")
    assert found(files).excluded is None


ARTIFACT = INSTANCE.replace(SYNC, "{kind: OCIRepository, name: fleet, url: 'oci://registry:5000/sync', path: ./}")


def resources(*entries: str) -> str:
    return f"resources: [{', '.join(entries)}]\n"


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        pytest.param(
            {"c/prod/kustomization.yaml": resources("flux/"), "c/prod/flux/kustomization.yaml": resources("i.yaml"), "c/prod/flux/i.yaml": ARTIFACT},
            ["c/prod"], id="what lists the instance, through a folder",
        ),
        pytest.param({"c/kustomization.yaml": resources("i.yaml"), "c/i.yaml": ARTIFACT}, ["c"], id="what lists the instance"),
        pytest.param({"c/i.yaml": ARTIFACT}, [None], id="nothing lists it"),
        pytest.param({"c/kustomization.yaml": resources("x.yaml"), "c/i.yaml": ARTIFACT}, [None], id="something else is listed"),
        pytest.param(
            {"c/kustomization.yaml": resources("ks.yaml"), "c/ks.yaml": of(OCI, "./")["clusters/prod/ks.yaml"]}
            | {"s.yaml": source("OCIRepository", "url: oci://registry:5000/apps")},
            [None], id="a Kustomization that applies another artifact as a whole",
        ),
    ],
)  # fmt: skip
def test_an_artifact_of_an_unknown_folder_is_not_taken_for_the_whole_repository(
    files: dict[str, str], folders: list[str | None]
) -> None:
    made = find_engine_objects(files | HERE, remotes=REMOTE, revision="main")
    assert [one.folder if one.counts else None for one in made] == folders
    unknown = [one.excluded for one in made if not one.counts]
    assert all(str(one).endswith(", and which folder is its root is not known") for one in unknown)


def test_an_instance_in_values_applies_its_folder_with_the_patches_for_its_kustomization() -> None:
    patch = """\
  kustomize:
    patches:
      - target: {kind: Deployment, name: (kustomize-controller|helm-controller)}
        patch: "[{op: add, path: /spec/template/spec/containers/0/args/-, value: --concurrent=10}]"
      - target: {kind: Kustomization}
        patch: |
          - {op: add, path: /spec/force, value: true}
      - target: {kind: Kustomization}
        patch: |
          kind: Kustomization
          metadata: {name: fleet}
          spec: {decryption: {provider: sops}, postBuild: {substitute: {SIZE: 1Gi}}}
"""
    files = {"values.yaml": f"instance:\n  sync: {SYNC}\n{patch}", "clusters/prod/db.yaml": CLUSTER}
    (one,) = find_engine_objects(files, remotes=REMOTE, revision="main")
    assert (one.kind, one.generated, one.folder, one.prunes) == ("FluxInstance", "fleet", "clusters/prod", True)
    assert one.forces
    assert (one.decrypts, one.substitution.variables["SIZE"].value) == (True, "1Gi")
    assert str(one.place) == "values.yaml:1"


def test_values_that_a_script_and_the_cluster_share_are_one_instance() -> None:
    files = {"bootstrap/values.yaml": f"instance:\n  sync: {SYNC}\n", "apps/flux/release.yaml": RELEASE}
    (one,) = [each for each in find_engine_objects(files, remotes=REMOTE, revision="main") if each.generated]
    assert str(one) == "Flux FluxInstance flux-system/flux-instance (apps/flux/release.yaml:1)"


@pytest.mark.parametrize(
    ("command", "url", "folder"),
    [
        pytest.param("flux push artifact oci://ghcr.io/acme/fleet:v1 --path deploy", "oci://ghcr.io/acme/fleet", "deploy", id="one line"),
        pytest.param("flux push artifact oci://localhost:5000/fleet:v1 -f ./", "oci://localhost:5000/fleet", "", id="a port"),
        pytest.param("oras push registry.example.com/acme/fleet:v1 ./manifests", "oci://registry.example.com/acme/fleet", "", id="oras"),
    ],
)  # fmt: skip
def test_what_a_pipeline_pushes_is_read(command: str, url: str, folder: str) -> None:
    path = "apps/shop"
    files = of(OCI, path) | {f"{folder}/{path}/db.yaml".lstrip("/"): CLUSTER}
    files |= {"ci.yaml": f"run: {command}\n", "s.yaml": source("OCIRepository", f"url: {url}")}
    one = found(files)
    assert (one.assumed, one.folder) == (None, f"{folder}/{path}".lstrip("/"))


def test_a_pipeline_that_could_push_anything_proves_nothing() -> None:
    files = of(OCI) | {"s.yaml": source("OCIRepository", "url: oci://ghcr.io/fluxcd/flux-manifests")}
    files["ci.yaml"] = "run: flux push artifact oci://ghcr.io/$IMAGE:$TAG --path=.\n"
    assert found(files).assumed == f"it applies OCIRepository fleet (oci://ghcr.io/fluxcd/flux-manifests), {NOT_SAID}"
