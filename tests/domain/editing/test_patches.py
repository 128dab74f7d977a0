"""Patches that give one object its own value."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.field import all_texts
from gitops_mcp.domain.editing.patches import drafts_in_own_patches, drafts_with_new_patch, folders_to_document
from gitops_mcp.domain.yaml.edits import Set
from tests.domain.repository.test_build import cluster, listing, model

INSTANCES = Set(("spec", "instances"), 5)
BASE = {
    "base/kustomization.yaml": listing("db.yaml"),
    "base/db.yaml": cluster(),
    "test/kustomization.yaml": listing("../base", more="namespace: test\n"),
}
HEAD = listing("../base", more="namespace: shop\n")
NEW = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
spec:
  instances: 5
"""
INLINE = "  - patch: |-\n" + "".join(f"      {line}\n" for line in NEW.splitlines())


def new_patches(more: str, files: dict[str, str] | None = None) -> list[dict[str, str | None]]:
    desired = model({**BASE, "prod/kustomization.yaml": HEAD + more, **(files or {})}, "prod")
    (declared,) = desired.declarations
    drafts = drafts_with_new_patch(desired, all_texts(desired), declared, INSTANCES)
    return [{one.path: one.after for one in draft.changes} for draft in drafts]


OTHER = NEW.replace("name: db", "name: other")


@pytest.mark.parametrize(
    ("more", "files", "expected"),
    [
        pytest.param("", {}, {"prod/kustomization.yaml": f"{HEAD}patches:\n{INLINE}"}, id="the first one is in the kustomization"),
        pytest.param("patches:\n  - path: other-size.yaml\n", {"prod/other-size.yaml": OTHER}, {"prod/kustomization.yaml": f"{HEAD}patches:\n  - path: other-size.yaml\n  - path: db-size.yaml\n", "prod/db-size.yaml": NEW}, id="a file, named as the other file is"),
        pytest.param("patches:\n  - path: p/size.yaml\n", {"prod/p/size.yaml": OTHER}, {"prod/kustomization.yaml": f"{HEAD}patches:\n  - path: p/size.yaml\n  - path: p/db-patch.yaml\n", "prod/p/db-patch.yaml": NEW}, id="a file beside one that is not named for its object"),
        pytest.param("patches:\n  - path: a.yaml\n  - path: z.yaml\n", {}, {"prod/kustomization.yaml": f"{HEAD}patches:\n  - path: a.yaml\n  - path: db-patch.yaml\n  - path: z.yaml\n", "prod/db-patch.yaml": NEW}, id="a sorted list stays sorted"),
        pytest.param("patchesStrategicMerge:\n  - z.yaml\n", {}, {"prod/kustomization.yaml": f"{HEAD}patchesStrategicMerge:\n  - z.yaml\n  - db-patch.yaml\n", "prod/db-patch.yaml": NEW}, id="a file in the old field, where that is used"),
        pytest.param("patchesStrategicMerge:\n  - |\n    kind: A\n", {}, {"prod/kustomization.yaml": f"{HEAD}patchesStrategicMerge:\n  - |\n    kind: A\n  - |-\n" + "".join(f"    {line}\n" for line in NEW.splitlines())}, id="inline in the old field, where those are so"),
    ],
)  # fmt: skip
def test_a_new_patch_is_written_as_its_siblings_are(
    more: str, files: dict[str, str], expected: dict[str, str | None]
) -> None:
    assert new_patches(more, files)[0] == expected


def test_a_patch_names_the_object_as_the_document_does_and_then_as_what_lies_below_makes_it() -> None:
    files = {"prod/kustomization.yaml": listing("../mid"), "mid/kustomization.yaml": HEAD + "namePrefix: eu-\n"}
    named = [
        draft["prod/kustomization.yaml"] or "" for draft in new_patches("", files) if "prod/kustomization.yaml" in draft
    ]
    assert ["name: eu-db\n" in text for text in named] == [False, True]


def test_a_folder_that_makes_another_object_too_gets_no_patch() -> None:
    files = {
        "apps/kustomization.yaml": listing("../base"),
        "prod/kustomization.yaml": listing("../apps", more="namespace: shop\n"),
        "test/kustomization.yaml": listing("../apps", more="namespace: test\n"),
    }
    assert [list(draft) for draft in new_patches("", files)] == [["prod/kustomization.yaml"]]


def test_where_a_file_of_that_name_is_there_already_another_name_is_taken_and_where_that_is_too_nothing() -> None:
    taken = {"prod/other-size.yaml": OTHER, "prod/db-size.yaml": "kind: A\n"}
    listed = "patches:\n  - path: other-size.yaml\n"
    assert [list(one) for one in new_patches(listed, taken)] == [["prod/db-patch.yaml", "prod/kustomization.yaml"]]
    assert new_patches(listed, {**taken, "prod/db-patch.yaml": "kind: A\n"}) == []


def own_patches(more: str, files: dict[str, str]) -> list[dict[str, str | None]]:
    desired = model({**BASE, "prod/kustomization.yaml": HEAD + more, **files}, "prod")
    (declared,) = desired.declarations
    drafts = drafts_in_own_patches(desired, all_texts(desired), declared, INSTANCES, 0)
    return [{one.path: one.after for one in draft.changes} for draft in drafts if draft.changes]


MERGE = NEW.replace("instances: 5", "logLevel: debug")
OPERATIONS = "- op: add\n  path: /spec/logLevel\n  value: debug\n"


def test_the_patches_of_an_object_are_tried_the_last_first() -> None:
    more = "patches:\n  - path: m.yaml\n  - path: j.yaml\n    target: {kind: Cluster}\n"
    assert own_patches(more, {"prod/m.yaml": MERGE, "prod/j.yaml": OPERATIONS}) == [
        {"prod/j.yaml": OPERATIONS + "- op: replace\n  path: /spec/instances\n  value: 5\n"},
        {"prod/m.yaml": MERGE + "  instances: 5\n"},
    ]


def test_the_way_from_the_root_to_a_document_is_that_of_the_layers_that_the_object_has() -> None:
    files = {
        **BASE,
        "a/kustomization.yaml": listing("../base", more="nameSuffix: -a\n"),
        "b/kustomization.yaml": listing("../base", more="nameSuffix: -b\n"),
        "prod/kustomization.yaml": listing("../a", "../b", more="namespace: shop\n"),
    }
    desired = model(files, "prod")
    ways = {one.identity.name: folders_to_document(files, one) for one in desired.declarations}
    assert ways == {"db-a": ("prod", "a", "base"), "db-b": ("prod", "b", "base")}


def test_what_no_folder_builds_has_no_way() -> None:
    (declared,) = model({"prod/db.yaml": cluster()}, "prod").declarations
    assert folders_to_document({}, declared) == ()
