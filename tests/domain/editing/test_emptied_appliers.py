"""A removal that leaves an engine object without anything to apply."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.editing.emptied_appliers import removed_appliers, stranded_applier
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import REMOTE, SOURCE, application, cluster, flux, listing, model

OWN = flux("orders", "db")
DB = {"db/kustomization.yaml": listing("db.yaml"), "db/db.yaml": cluster(namespace="shop")}
ROOT = {"clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps")}
OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"
FLUX = {
    **ROOT, **DB, "apps/kustomization.yaml": listing("orders.yaml", "other.yaml"),
    "apps/orders.yaml": OWN, "apps/other.yaml": OTHER,
}  # fmt: skip
CASCADES = "  name: orders\n  finalizers: [resources-finalizer.argocd.argoproj.io]\n"
APPLICATION = application("orders", "db").replace("  name: orders\n", CASCADES)
PRUNES = "  syncPolicy: {automated: {prune: true}}\n"
ARGOCD = {**FLUX, "clusters/prod/apps.yaml": application("apps", "apps") + PRUNES, "apps/orders.yaml": APPLICATION}
GONE = {"db/db.yaml": None, "db/kustomization.yaml": None, "apps/orders.yaml": None}
LISTED = {**GONE, "apps/kustomization.yaml": listing("other.yaml")}
PLAIN = {path: text for path, text in FLUX.items() if path != "db/kustomization.yaml"}


def removed(files: Mapping[str, str]) -> tuple[Desired, tuple[FileChange, ...]]:
    desired = model(files, "clusters/prod")
    return desired, remove_objects(desired, desired.cluster("db", "shop", environment="prod"))


@pytest.mark.parametrize(
    ("files", "after"),
    [
        pytest.param(FLUX, LISTED, id="a Kustomization"),
        pytest.param({**FLUX, "apps/orders.yaml": OWN + "---\n" + OTHER}, {**GONE, "apps/orders.yaml": "---\n" + OTHER}, id="a document of several"),
        pytest.param(PLAIN, {path: text for path, text in LISTED.items() if path != "db/kustomization.yaml"}, id="one of plain files"),
        pytest.param({**FLUX, "db/notes.yaml": OTHER}, LISTED, id="one with a file that nothing lists"),
        pytest.param(ARGOCD, LISTED, id="an Application that cascades"),
        pytest.param(
            {**ROOT, **DB, "apps/orders/ks.yaml": OWN, "apps/orders/kustomization.yaml": listing("ks.yaml"), "apps/shop/kustomization.yaml": listing("x.yaml"), "apps/shop/x.yaml": OTHER},
            {**dict.fromkeys(DB), "apps/orders/ks.yaml": None, "apps/orders/kustomization.yaml": None}, id="in a folder that its parent looks through"),
    ],
)  # fmt: skip
def test_what_has_nothing_left_goes_where_the_repository_applies_it(
    files: Mapping[str, str], after: Mapping[str, str | None]
) -> None:
    desired, changes = removed(files)
    assert {one.path: one.after for one in changes} == after
    assert [one.name for one in removed_appliers(desired, changes)] == ["orders"]
    assert stranded_applier(desired, changes, desired.clusters[0]) is None


SET = (
    "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\nspec:\n"
    "  generators:\n    - git: {repoURL: REMOTE, revision: main, directories: [{path: 'apps/*'}]}\n"
    "  template:\n    metadata: {name: '{{path.basename}}'}\n    spec:\n"
    "      source: {repoURL: REMOTE, targetRevision: main, path: '{{path}}'}\n      destination: {name: in-cluster}\n"
).replace("REMOTE", REMOTE)
FOLDERS = {
    "clusters/prod/set.yaml": SET, "apps/other/kustomization.yaml": listing("x.yaml"), "apps/other/x.yaml": OTHER,
    "apps/orders/kustomization.yaml": listing("db.yaml"), "apps/orders/db.yaml": cluster(namespace="shop"),
}  # fmt: skip


def test_with_its_folder_goes_what_an_applicationset_makes_for_it() -> None:
    desired, changes = removed(FOLDERS)
    assert {one.path: one.after for one in changes} == {
        "apps/orders/kustomization.yaml": None,
        "apps/orders/db.yaml": None,
    }
    assert [one.generated for one in removed_appliers(desired, changes)] == ["orders"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param({"apps/orders/README.md": ""}, r"the folder stays with apps/orders/README.md", id="a file is left"),
        pytest.param({"clusters/prod/set.yaml": SET + "  syncPolicy: {preserveResourcesOnDeletion: true}\n"}, "keeps what it has applied", id="it keeps what it has applied"),
        pytest.param({"clusters/prod/set.yaml": SET + "  syncPolicy: {applicationsSync: create-update}\n"}, "keeps what it has applied", id="it deletes no Application"),
    ],
)  # fmt: skip
def test_what_an_applicationset_keeps_is_refused(files: Mapping[str, str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        removed({**FOLDERS, **files})


def test_what_depends_on_it_and_goes_too_stands_not_in_its_way() -> None:
    more = "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: a, namespace: shop}\nspec: {cluster: {name: db}}\n"
    files = {
        **FLUX, "apps/more.yaml": flux("more", "more", "  dependsOn: [{name: orders}]\n"), "more/a.yaml": more,
        "more/kustomization.yaml": listing("a.yaml"),
        "apps/kustomization.yaml": listing("more.yaml", "orders.yaml", "other.yaml"),
    }  # fmt: skip
    desired = model(files, "clusters/prod")
    changes = remove_objects(desired, *desired.declarations)
    assert {one.path: one.after for one in changes} == {
        **LISTED, "apps/more.yaml": None, "more/a.yaml": None, "more/kustomization.yaml": None,
    }  # fmt: skip
    with pytest.raises(Refused, match=r"Flux Kustomization flux-system/more \(apps/more.yaml:1\) depends on it"):
        removed(files)


def own(line: str) -> dict[str, str]:
    return {**FLUX, "apps/orders.yaml": f"{OWN}  {line}\n"}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param({**DB, "clusters/prod/orders.yaml": SOURCE + "---\n" + OWN}, "nothing in this repository applies clusters/prod/orders.yaml:11, so that it would stay in the cluster", id="nothing applies it"),
        pytest.param({**FLUX, "clusters/prod/apps.yaml": ROOT["clusters/prod/apps.yaml"].replace("prune: true", "prune: false")}, r"Flux Kustomization flux-system/apps \(clusters/prod/apps.yaml:11\), which applies its manifest, does not prune", id="what applies it does not prune"),
        pytest.param({**FLUX, "apps/orders.yaml": OWN.replace("prune: true", "prune: false")}, "it would leave the database as an orphan", id="it does not prune"),
        pytest.param(own("suspend: true"), "it would leave the database as an orphan", id="it is suspended"),
        pytest.param(own("deletionPolicy: Orphan"), "it would leave the database as an orphan", id="it leaves what it has applied"),
        pytest.param({**FLUX, "apps/orders.yaml": OWN.replace("  name: orders\n", "  name: orders\n  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\n")}, "protects it against pruning", id="it is protected"),
        pytest.param({**own("components: [../more]"), "more/kustomization.yaml": "kind: Component\nresources: [a.yaml]\n", "more/a.yaml": OTHER}, "it applies something else besides", id="it has a component"),
        pytest.param({**FLUX, "apps/kustomization.yaml": listing("orders.yaml", "web.yaml"), "apps/web.yaml": flux("web", "web", "  dependsOn: [{name: orders}]\n")}, r"Flux Kustomization flux-system/web \(apps/web.yaml:1\) depends on it", id="another one depends on it"),
        pytest.param({**ARGOCD, "apps/orders.yaml": application("orders", "db")}, "by the lack of a finalizer that cascades it would leave the database", id="an Application that does not cascade"),
        pytest.param({**FLUX, "apps/kustomization.yaml": listing("orders.yaml")}, r"nothing would be left in apps for Flux Kustomization flux-system/apps \(clusters/prod/apps.yaml:11\) either", id="nothing would be left for what applies it"),
    ],
)  # fmt: skip
def test_where_it_would_stay_or_keep_the_database_the_removal_is_refused(files: Mapping[str, str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        removed(files)


def test_a_kustomization_that_hid_other_files_from_what_looks_through_the_folder_stays() -> None:
    files = {
        **ROOT, "apps/orders/kustomization.yaml": listing("db.yaml"), "apps/orders/db.yaml": cluster(namespace="shop"),
        "apps/orders/old.yaml": OTHER, "apps/other.yaml": OTHER,
    }  # fmt: skip
    with pytest.raises(Refused, match=r"would apply what lies beside it: apps/orders/old.yaml"):
        removed(files)
    _, changes = removed({path: text for path, text in files.items() if path != "apps/orders/old.yaml"})
    assert {one.path for one in changes} == {"apps/orders/kustomization.yaml", "apps/orders/db.yaml"}


def test_one_of_plain_files_that_cannot_go_is_told_with_what_a_person_does() -> None:
    files = {"clusters/prod/app.yaml": application("orders", "db"), "db/db.yaml": cluster(namespace="shop")}
    desired, changes = removed(files)
    assert [one.path for one in changes] == ["db/db.yaml"]
    assert stranded_applier(desired, changes, desired.clusters[0]) == (
        "nothing is left in db for Argo CD Application argocd/orders (clusters/prod/app.yaml:1), which then fails and "
        "deletes nothing; it is not taken out with it, since by the lack of a finalizer that cascades it would leave "
        "the database as an orphan. After the merge delete it in the cluster, `argocd app delete orders --cascade`, and "
        "its manifest"
    )
