"""Choosing the place of an edit, as far as the layouts of tests/layouts do not show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_mcp.domain.editing.field import edit_fields, set_field, where_field_stands
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.repository.build import build_desired, desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.errors import Refused

CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders
  annotations:
    argocd.argoproj.io/sync-options: Prune=false
    team: shop
spec:
  instances: 3
  storage:
    size: 20Gi
"""
SHARED = {
    "base/orders.yaml": CLUSTER,
    "base/kustomization.yaml": "resources: [orders.yaml]\n",
    "dev/kustomization.yaml": "namespace: dev\nresources: [../base]\n",
}


def prod(kustomization: str) -> dict[str, str]:
    return {**SHARED, "prod/kustomization.yaml": f"namespace: prod\nresources: [../base]\n{kustomization}"}


def read(files: dict[str, str], folder: str = "prod") -> tuple[Desired, Declaration]:
    desired = build_desired(files, commit="0" * 40, folder=folder)
    (found,) = desired.declarations
    return desired, found


def after(desired: Desired, changes: tuple[FileChange, ...], *path: str | int) -> Any:
    (found,) = desired_after(desired, changes).declarations
    return at(found.object, *path)


def test_a_field_that_has_its_value_already_changes_no_file() -> None:
    desired, found = read(prod(""))
    assert set_field(desired, found, ("spec", "instances"), 3) == ()
    assert edit_fields(desired, found, Remove(("spec", "logLevel"))) == ()


def test_a_mapping_is_set_as_a_whole() -> None:
    desired, found = read(prod(""))
    changes = set_field(desired, found, ("spec", "resources"), {"limits": {"memory": "1Gi"}})
    assert [change.path for change in changes] == ["prod/kustomization.yaml"]
    assert after(desired, changes, "spec", "resources") == {"limits": {"memory": "1Gi"}}


def test_several_fields_end_up_in_one_new_patch() -> None:
    desired, found = read(prod(""))
    edits = (Set(("spec", "instances"), 5), Set(("spec", "storage", "size"), "40Gi"))
    (change,) = edit_fields(desired, found, *edits)
    assert change.after == (
        "namespace: prod\nresources: [../base]\npatches:\n  - patch: |-\n      apiVersion: postgresql.cnpg.io/v1\n"
        "      kind: Cluster\n      metadata:\n        name: orders\n      spec:\n        instances: 5\n"
        "        storage:\n          size: 40Gi\n"
    )


def test_annotations_get_a_patch_that_names_its_object() -> None:
    desired, found = read(prod(""))
    changes = set_field(desired, found, ("metadata", "annotations", "team"), "billing")
    assert after(desired, changes, "metadata", "name") == "orders"
    assert after(desired, changes, "metadata", "annotations", "team") == "billing"


def test_a_base_of_others_is_left_alone_even_where_they_override_the_field() -> None:
    files = prod("")
    files["dev/kustomization.yaml"] += (
        "patches:\n- target: {kind: Cluster}\n  patch: '[{op: replace, path: /spec/instances, value: 1}]'\n"
    )
    desired, found = read(files)
    assert [change.path for change in set_field(desired, found, ("spec", "instances"), 5)] == [
        "prod/kustomization.yaml"
    ]


PATCHES = "patches:\n- target: {kind: Cluster}\n  patch: |-\n    "


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        (("spec", "storage", "size"), "{op: replace, path: /spec/storage/size, value: new}"),
        (("spec", "logLevel"), "{op: add, path: /spec/logLevel, value: new}"),
        (("spec", "affinity", "topologyKey"), "{op: add, path: /spec/affinity, value: {topologyKey: new}}"),
        (("metadata", "annotations", "a/b~c"), "{op: add, path: /metadata/annotations/a~1b~0c, value: new}"),
    ],
)
def test_operations_say_whether_the_field_is_there(path: Path, operation: str) -> None:
    desired, found = read(prod(f"{PATCHES}- {{op: replace, path: /spec/instances, value: 4}}\n"))
    (change,) = set_field(desired, found, path, "new")
    expected = read({**desired.texts, change.path: f"{change.before}    - {operation}\n"})[1]
    assert at(expected.object, *path) == "new"
    assert after(desired, (change,)) == expected.object


def test_a_field_of_a_patch_goes_where_nothing_else_comes_through() -> None:
    patch = "patches:\n- patch: |-\n    apiVersion: postgresql.cnpg.io/v1\n    kind: Cluster\n    metadata: {name: orders}\n"
    desired, found = read(prod(f"{patch}    spec:\n      logLevel: debug\n      instances: 4\n"))
    changes = edit_fields(desired, found, Remove(("spec", "logLevel")))
    assert after(desired, changes, "spec", "logLevel") is None
    with pytest.raises(Refused, match="an earlier layer's value would come through"):
        edit_fields(desired, found, Remove(("spec", "instances")))


def test_what_is_removed_from_a_shared_document_is_taken_away_by_a_patch_of_this_one_alone() -> None:
    desired, found = read(prod(""))
    (change,) = edit_fields(desired, found, Remove(("metadata", "annotations", "team")))
    assert change.path == "prod/kustomization.yaml"
    assert "team: null" in str(change.after)
    assert after(desired, (change,), "metadata", "annotations") == {"argocd.argoproj.io/sync-options": "Prune=false"}


def test_two_regions_of_one_root_are_told_apart_by_their_names_there() -> None:
    files = {
        **SHARED,
        "prod/eu/kustomization.yaml": "nameSuffix: -eu\nresources: [../../base]\n",
        "prod/us/kustomization.yaml": "nameSuffix: -us\nresources: [../../base]\n",
        "prod/kustomization.yaml": f"namespace: prod\nresources: [eu, us]\n{PATCHES}"
        "- {op: replace, path: /spec/instances, value: 2}\n",
    }
    desired = build_desired(files, commit="0" * 40, folder="prod")
    (found,) = desired.named("Cluster", "orders-eu")
    (change,) = set_field(desired, found, ("spec", "instances"), 5)
    assert change.path == "prod/kustomization.yaml"
    made = desired_after(desired, (change,))
    assert {one.identity.name: one.object["spec"]["instances"] for one in made.declarations} == {
        "orders-eu": 5,
        "orders-us": 2,
    }


def test_a_file_that_sops_signed_is_not_edited_for_another_document_of_it() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: ENC}\nsops: {mac: abc}\n"
    desired, found = read({"prod/all.yaml": f"{CLUSTER}---\n{secret}"})
    with pytest.raises(Refused, match=r"prod/all\.yaml is encrypted with SOPS"):
        set_field(desired, found, ("spec", "instances"), 5)


def test_a_value_that_a_replacement_copies_elsewhere_is_not_changed_for_one() -> None:
    files = {
        "prod/orders.yaml": CLUSTER,
        "prod/carts.yaml": CLUSTER.replace("orders", "carts"),
        "prod/kustomization.yaml": "resources: [orders.yaml, carts.yaml]\nreplacements:\n- source: {kind: Cluster, "
        "name: orders, fieldPath: spec.instances}\n  targets:\n  - select: {kind: Cluster, name: carts}\n"
        "    fieldPaths: [spec.instances]\n",
    }
    desired = build_desired(files, commit="0" * 40, folder="prod")
    (found,) = desired.named("Cluster", "orders")
    with pytest.raises(Refused, match=r"would change Cluster carts \(prod\) too"):
        set_field(desired, found, ("spec", "instances"), 5)


def test_protection_goes_with_all_that_is_only_there_for_it() -> None:
    desired, found = read({"prod/orders.yaml": CLUSTER})
    option = ("metadata", "annotations", "argocd.argoproj.io/sync-options")
    (change,) = edit_fields(desired, found, Remove(option), Set(("spec", "instances"), 4))
    assert change.after == CLUSTER.replace("    argocd.argoproj.io/sync-options: Prune=false\n", "").replace(
        "instances: 3", "instances: 4"
    )


def test_an_object_that_only_the_api_knows_is_edited_in_its_own_text() -> None:
    desired, found = read({"prod/orders.yaml": CLUSTER})
    live = replace(desired, everything=())
    (change,) = edit_fields(live, found, Set(("spec", "instances"), 5), Remove(("spec", "storage")))
    assert change.after == CLUSTER.replace("instances: 3", "instances: 5").partition("  storage")[0]


def test_a_document_that_kustomize_does_not_build_is_edited_as_it_stands() -> None:
    text = f"kind: odd\n---\n{CLUSTER}"
    desired, found = read({"prod/orders.yaml": text})
    assert found.produced is None
    (change,) = set_field(desired, found, ("spec", "instances"), 5)
    assert change.after == text.replace("instances: 3", "instances: 5")
    assert where_field_stands(desired, found, ("spec", "instances")) == "prod/orders.yaml:11"


@pytest.mark.parametrize(
    ("kustomization", "path", "place"),
    [
        pytest.param("", ("spec", "instances"), "base/orders.yaml:9", id="a document"),
        pytest.param("patches:\n- path: p.yaml\n", ("spec", "instances"), "prod/p.yaml:5", id="a patch"),
        pytest.param("patches:\n- patch: |\n    kind: Cluster\n    apiVersion: postgresql.cnpg.io/v1\n    metadata: {name: orders}\n    spec:\n      instances: 4\n", ("spec", "instances"), "prod/kustomization.yaml:9", id="an inline patch"),
        pytest.param("", ("spec", "storage"), "base/orders.yaml:10", id="a mapping that one layer says"),
        pytest.param("patches:\n- path: p.yaml\n", ("spec",), "base/orders.yaml:8", id="a mapping that two say: where the document says it"),
    ],
)  # fmt: skip
def test_the_line_of_a_field_is_that_of_the_last_word(kustomization: str, path: Path, place: str) -> None:
    patch = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: orders}\nspec:\n  instances: 4\n"
    desired, found = read({**prod(kustomization), **({"prod/p.yaml": patch} if "p.yaml" in kustomization else {})})
    assert where_field_stands(desired, found, path) == place


TARGET = "  target: {kind: Cluster}\n"


@pytest.mark.parametrize(
    ("kustomization", "path", "told"),
    [
        pytest.param("namePrefix: eu-\n", ("metadata", "name"), r"metadata.name of .* is made by the name at prod/kustomization.yaml:\d: change it there by hand", id="a prefix"),
        pytest.param("patches:\n- patch: '[{\"op\": \"copy\", \"from\": \"/spec/instances\", \"path\": \"/spec/minSyncReplicas\"}]'\n" + TARGET, ("spec", "minSyncReplicas"), r"is made by the operation `copy` to /spec/minSyncReplicas from /spec/instances at prod/kustomization.yaml:\d, where no value", id="an operation that copies"),
        pytest.param("replacements:\n- source: {kind: Cluster, fieldPath: spec.instances}\n  targets: [{select: {kind: Cluster}, fieldPaths: [spec.maxSyncReplicas], options: {create: true}}]\n", ("spec", "maxSyncReplicas"), r"is filled in by a replacement at prod/kustomization.yaml:\d, from Cluster .*: change that by hand", id="a replacement"),
        pytest.param("patches:\n- patch: '[{\"op\": \"remove\", \"path\": \"/spec/storage\"}]'\n" + TARGET, ("spec", "storage", "size"), r"spec.storage.size of .* cannot be set: spec.storage is taken away at prod/kustomization.yaml:\d, and a part of it would bring it back", id="what a patch takes away"),
        pytest.param("crds: [odd.yaml]\n", ("spec", "instances"), r"cannot be changed here: .*crds changes how fields are merged", id="what cannot be determined"),
    ],
)  # fmt: skip
def test_what_no_text_says_as_it_is_is_left_to_a_person(kustomization: str, path: Path, told: str) -> None:
    desired, found = read(prod(kustomization))
    with pytest.raises(Refused, match=told):
        set_field(desired, found, path, "x")


def test_a_part_of_a_shared_list_is_left_to_a_person() -> None:
    roles = "  managed:\n    roles: [{name: app, connectionLimit: 3}]\n"
    desired, found = read({**prod(""), "base/orders.yaml": CLUSTER + roles})
    told = (
        r"would change Cluster dev/orders \(dev\) too\. It is a part of the list spec.managed.roles, which a patch can"
    )
    with pytest.raises(Refused, match=told):
        set_field(desired, found, ("spec", "managed", "roles", 0, "connectionLimit"), 5)


def test_a_removal_that_lets_an_earlier_value_through_is_left_to_a_person() -> None:
    patch = "patches:\n- patch: |\n    {apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: orders}, spec: {instances: 4}}\n"
    desired, found = read(prod(patch))
    with pytest.raises(Refused, match=r"an earlier layer's value would come through, so take it away by hand"):
        edit_fields(desired, found, Remove(("spec", "instances")))


def test_a_field_has_its_room_beside_what_a_patch_put_in_place_of_the_documents() -> None:
    patch = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: orders}\nspec:\n  storage:\n    $patch: replace\n    size: 2Gi\n"
    desired, found = read({**prod("patches:\n- path: p.yaml\n"), "prod/p.yaml": patch})
    (change,) = set_field(desired, found, ("spec", "storage", "storageClass"), "fast")
    assert (change.path, change.after) == ("prod/p.yaml", patch + "    storageClass: fast\n")


def test_an_edit_that_does_more_to_the_same_object_is_not_made() -> None:
    anchored = CLUSTER.replace("instances: 3", "instances: &n 3") + "  maxSyncReplicas: *n\n"
    desired, found = read({"prod/kustomization.yaml": "resources: [orders.yaml]\n", "prod/orders.yaml": anchored})
    with pytest.raises(Refused):
        set_field(desired, found, ("spec", "instances"), 5)


def transformer(kind: str, text: str, listed: str = "transformers: [t.yaml]\n") -> dict[str, str]:
    document = f"apiVersion: builtin\nkind: {kind}\nmetadata:\n  name: t\n{text}"
    return {**prod(listed), "prod/t.yaml": document}


PATCHED = """\
patch: |-
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: orders
  spec:
    instances: 4
"""


@pytest.mark.parametrize(
    ("files", "path", "value", "before", "after"),
    [
        pytest.param(transformer("PatchTransformer", PATCHED), ("spec", "instances"), 5, "instances: 4", "instances: 5", id="a patch in a transformer"),
        pytest.param(transformer("ReplicaCountTransformer", "replica: {name: orders, count: 4}\nfieldSpecs: [{path: spec/instances}]\n"), ("spec", "instances"), 5, "count: 4", "count: 5", id="a count"),
        pytest.param(transformer("AnnotationsTransformer", "annotations:\n  team: all\nfieldSpecs: [{path: metadata/annotations, create: true}]\n"), ("metadata", "annotations", "team"), "billing", "team: all", "team: billing", id="annotations"),
        pytest.param(transformer("PatchJson6902Transformer", "target: {kind: Cluster, name: orders}\njsonOp: |-\n  - {op: replace, path: /spec/instances, value: 4}\n"), ("spec", "instances"), 5, "value: 4", "value: 5", id="operations"),
    ],
)  # fmt: skip
def test_what_a_transformer_of_its_own_says_is_edited_in_the_transformer(
    files: dict[str, str], path: Path, value: object, before: str, after: str
) -> None:
    desired, found = read(files)
    (change,) = set_field(desired, found, path, value)
    assert change.path == "prod/t.yaml"
    assert change.before is not None
    assert change.after == change.before.replace(before, after)


def test_a_transformer_for_other_objects_leaves_the_object_to_be_edited() -> None:
    specs = "annotations: {team: x}\nfieldSpecs: [{path: metadata/annotations, kind: Namespace, create: true}]\n"
    desired, found = read(transformer("AnnotationsTransformer", specs))
    assert [one.path for one in set_field(desired, found, ("spec", "instances"), 5)] == ["prod/kustomization.yaml"]


def test_a_transformer_that_many_use_is_followed_by_a_patch_of_the_own_overlay() -> None:
    files = {
        **transformer("PatchTransformer", PATCHED),
        "dev/kustomization.yaml": "namespace: dev\nresources: [../base]\ncomponents: [../k]\n",
        "prod/kustomization.yaml": "namespace: prod\nresources: [../base]\ncomponents: [../k]\n",
        "k/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ntransformers: [t.yaml]\n",
    }
    files["k/t.yaml"] = files.pop("prod/t.yaml")
    desired, found = read(files)
    assert [one.path for one in set_field(desired, found, ("spec", "instances"), 5)] == ["prod/kustomization.yaml"]
