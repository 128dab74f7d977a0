"""What a kustomization does to all objects alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.kustomization import Kustomization, read_kustomization
from gitops_mcp.domain.kustomize.produced import Word
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.transforming.transforms import (
    apply_images,
    apply_labels,
    apply_names,
    finish_annotations,
)
from gitops_mcp.domain.kustomize.tree import FileTree, TrackedTree
from gitops_mcp.domain.objects import Object
from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.trees import CLUSTER, HEAD, POOLER, one

SMALL = HEAD + "spec: {a: 1}\n"
Transform = Callable[[State, Kustomization, TrackedTree], State]


def draft(value: Object) -> Draft:
    return Draft(value, (), {(): Word(0, (), literal=True)})


def transformed(transform: Transform, kustomization: str, value: Object) -> Draft:
    path = "kustomization.yaml"
    found = read_kustomization(path, "", kustomization)
    files = TrackedTree(FileTree({path: kustomization}), "root only")
    (after,) = transform(State((draft(value),)), found, files).drafts
    return after


@pytest.mark.parametrize(
    ("kind", "metadata"),
    [
        pytest.param("ConfigMap", {"name": "a-x-b", "namespace": "there"}, id="a kind like any other"),
        pytest.param("Namespace", {"name": "there"}, id="a Namespace is renamed"),
        pytest.param("CustomResourceDefinition", {"name": "x"}, id="a definition"),
        pytest.param("ClusterRole", {"name": "a-x-b"}, id="what has no namespace still has a name"),
        pytest.param("ClusterImageCatalog", {"name": "a-x-b", "namespace": "there"}, id="a kind that kustomize does not know to have none"),
    ],
)  # fmt: skip
def test_a_kind_gets_the_namespace_and_name_that_it_can_have(kind: str, metadata: Object) -> None:
    after = transformed(
        apply_names, "namespace: there\nnamePrefix: a-\nnameSuffix: -b\n", {"kind": kind, "metadata": {"name": "x"}}
    )
    assert after.value["metadata"] == metadata


def test_an_entry_without_labels_adds_none() -> None:
    value: Object = {"kind": "A", "metadata": {"name": "x"}}
    fields = "labels: [{includeSelectors: true}, {pairs: {a: b}}]\n"
    assert transformed(apply_labels, fields, value).value == {
        "kind": "A",
        "metadata": {"name": "x", "labels": {"a": "b"}},
    }


@pytest.mark.parametrize(
    ("image", "after"),
    [
        pytest.param("{name: x/y, newTag: '2'}", "x/y:2", id="a tag takes the place of tag and digest"),
        pytest.param("{name: x/y, digest: 'sha256:b'}", "x/y@sha256:b", id="a digest does, too"),
        pytest.param("{name: x/y, newTag: '2', digest: 'sha256:b'}", "x/y:2@sha256:b", id="both"),
        pytest.param("{name: x/y, newName: z}", "z:1@sha256:0a", id="a name leaves them"),
        pytest.param("{name: x, newTag: '2'}", "x/y:1@sha256:0a", id="another image"),
    ],
)
def test_an_image_is_changed_wherever_containers_are_listed(image: str, after: str) -> None:
    containers = [{"name": "a", "image": "x/y:1@sha256:0a"}, {"name": "b"}]
    value = {"kind": "A", "metadata": {"name": "x"}, "spec": {"jobs": [{"pod": {"containers": containers}}]}}
    found = transformed(apply_images, f"images: [{image}]\n", value)
    (job,) = found.value["spec"]["jobs"]
    assert job["pod"]["containers"] == [{"name": "a", "image": after}, {"name": "b"}]


def test_a_suffix_of_a_tag_is_doubted() -> None:
    value = {"kind": "A", "metadata": {"name": "x"}, "spec": {"containers": [{"image": "x/y:1"}]}}
    found = transformed(apply_images, "images: [{name: x/y, newTag: '2', tagSuffix: -s}]\n", value)
    assert found.doubts == ("kustomization.yaml:1: tagSuffix",)


@pytest.mark.parametrize(
    ("annotations", "after"),
    [
        pytest.param({"a": "b"}, {"a": "b"}, id="strings"),
        pytest.param({"a": 1.5, "b": True, "c": False}, {"a": "1.5", "b": "true", "c": "false"}, id="numbers and booleans"),
        pytest.param({"a": None, "b": "c"}, {"a": "null", "b": "c"}, id="null"),
        pytest.param({"a": {"b": 1}, "c": [1]}, {"a": "", "c": ""}, id="what is not a scalar"),
        pytest.param({}, None, id="none"),
        pytest.param("odd", None, id="no mapping"),
    ],
)  # fmt: skip
def test_annotations_come_out_as_strings_or_not_at_all(annotations: Any, after: Object | None) -> None:
    found = finish_annotations(draft({"metadata": {"name": "x", "annotations": annotations}}))
    assert found.value == {"metadata": {"name": "x", **({"annotations": after} if after else {})}}


@pytest.mark.parametrize(
    ("kustomization", "document"),
    [
        pytest.param("namespace: there\n", SMALL.replace("name: db", "name: db, namespace: own"), id="a namespace over the object's own"),
        pytest.param("namespace: ''\nnamePrefix: ''\n", SMALL, id="an empty namespace"),
        pytest.param("namespace: there\n", SMALL + "---\n" + SMALL.replace("name: db", "name: db, namespace: x"), id="a namespace that makes one of two"),
        pytest.param("namespace: there\nnamePrefix: a-\n", SMALL.replace("kind: Cluster", "kind: ClusterImageCatalog"), id="a kind without namespaces gets one"),
        pytest.param("namespace: there\n", SMALL.replace("name: db", "name: db, annotations: {}, labels: {}"), id="no annotations stay"),
        pytest.param("namePrefix: a-\nnameSuffix: -b\n", POOLER + "---\n" + SMALL, id="a reference to a name is not followed"),
        pytest.param("labels: [{pairs: {a: l1}}, {pairs: {a: l2}, includeSelectors: true}, {pairs: {t: x}, includeTemplates: true}]\ncommonLabels: {a: c, b: c}\n", SMALL, id="labels one after the other"),
        pytest.param("labels: [{pairs: {a: b}}]\ncommonAnnotations: {x: z}\n", SMALL.replace("name: db", "name: db, annotations: null, labels: null"), id="labels onto null"),
        pytest.param("labels: [{pairs: {z: z}}]\ncommonAnnotations: {k: z}\n", SMALL.replace("name: db", "name: db, annotations: {a: 1, b: true}, labels: {q: 2}"), id="labels onto numbers"),
        pytest.param("labels: [{pairs: {a: b}, fields: [{path: spec/x/labels, create: true}, {path: spec/y/labels}]}]\n", SMALL, id="labels in fields"),
        pytest.param("labels: [{pairs: {a: b}, fields: [{path: spec/x/labels, create: true, kind: Cluster}, {path: spec/z/labels, kind: Pooler, create: true}]}]\n", SMALL, id="labels in fields of a kind"),
        pytest.param("labels: [{pairs: {a: b}, fields: [{path: 'spec/managed/roles[]/labels', create: true}]}]\n", CLUSTER, id="labels in the items of a list"),
        pytest.param("commonLabels: {a: b}\ncommonAnnotations: {c: d}\n", POOLER, id="a selector and a template get no labels"),
        pytest.param("labels: [{pairs: {a: b}, includeSelectors: true, includeTemplates: true}]\n", POOLER, id="neither when they are included"),
        pytest.param("images: [{name: x/y, newTag: '2'}]\n", POOLER, id="images in containers, not imageName"),
        pytest.param("images:\n- {name: x/y, newName: r/z}\n- {name: q, digest: sha256:abc}\n- {name: w, newTag: '3', newName: w2}\n- {name: none, newTag: '1'}\n", POOLER, id="names, tags and digests"),
        pytest.param("replicas: [{name: db, count: 5}]\n", CLUSTER, id="replicas of a Cluster are refused"),
        pytest.param("replicas: [{name: app, count: 5}]\n", CLUSTER + "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: app}}\n", id="replicas of something else"),
        pytest.param("sortOptions: {order: fifo}\ngeneratorOptions: {disableNameSuffixHash: true}\n", CLUSTER, id="options without effect"),
    ],
)  # fmt: skip
def test_a_transformer_does_what_kustomize_does(kustomization: str, document: str, tmp_path: Path) -> None:
    checked(one(kustomization, document), "", tmp_path)
