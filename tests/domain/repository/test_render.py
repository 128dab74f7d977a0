"""What one root makes: an engine object, a kustomization that none applies, or a plain file."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.kustomize import FileTree
from gitops_mcp.domain.repository.render import render_engine_object, render_plain_file, render_root
from tests.domain.repository.test_build import SOURCE, application, cluster, flux, listing, model

FILES = {
    "db/kustomization.yaml": listing("db.yaml", more="namespace: shop\n"),
    "db/db.yaml": cluster(),
    "plain/a.yaml": cluster("a", "own") + "---\n" + cluster("b"),
    "odd.yaml": "kind: ConfigMap\n---\n" + cluster("c", "shop"),
}


def test_a_kustomization_makes_objects_and_says_what_it_read() -> None:
    made = render_root(FileTree(FILES), "db")
    (one,) = made.declarations
    assert (str(one.identity), one.namespace_from, one.place, one.root) == (
        "Cluster shop/db",
        "kustomization",
        "db/db.yaml:1",
        "db",
    )
    assert {"db/kustomization.yaml", "db/db.yaml"} <= made.reached
    assert made.notes == ()


def test_a_plain_file_is_taken_as_it_is_whatever_stands_beside_it() -> None:
    first, second = render_plain_file(FileTree(FILES), "plain/a.yaml").declarations
    assert (first.namespace_from, second.namespace_from, second.line) == ("document", "unknown", 9)
    (odd,) = render_plain_file(FileTree(FILES), "odd.yaml").declarations
    assert (odd.produced, odd.place) == (None, "odd.yaml:3")


@pytest.mark.parametrize(
    ("engine", "read"),
    [
        pytest.param({}, True, id="nobody, so kubectl"),
        pytest.param({"app.yaml": application("plain", "db")}, True, id="Argo CD from a directory"),
        pytest.param({"db/kustomization.yaml": listing("db.yaml")}, "on", id="kustomize"),
        pytest.param({"app.yaml": SOURCE + "---\n" + flux("shop", "db", "")}, "on", id="Flux from a directory"),
    ],
)
def test_a_bare_word_is_read_as_what_applies_it_reads_it(engine: dict[str, str], *, read: object) -> None:
    text = cluster().replace("metadata:", "metadata:\n  annotations: {cnpg.io/hibernation: on}")
    (one,) = model({"db/db.yaml": text, **engine}, "").declarations
    assert one.object["metadata"]["annotations"] == {"cnpg.io/hibernation": read}
    edits = {} if read == "on" else {"db/db.yaml": text.replace(": on}", ': "on"}')}
    found = set_field(
        model({"db/db.yaml": text, **engine}, ""), one, ("metadata", "annotations", "cnpg.io/hibernation"), "on"
    )
    assert {change.path: change.after for change in found} == edits


def test_an_engine_object_gives_what_it_applies_its_namespace() -> None:
    files = {**FILES, "app.yaml": application("plain", "plain", namespace="shop")}
    (engine,) = model(files, "").engines
    made = render_engine_object(FileTree(files), engine, {"plain/a.yaml": files["plain/a.yaml"]})
    assert [(str(one.identity), one.namespace_from, one.applied is engine) for one in made.declarations] == [
        ("Cluster own/a", "document", True),
        ("Cluster shop/b", "engine", True),
    ]


def test_variables_that_cannot_be_filled_in_make_an_object_opaque() -> None:
    more = "  targetNamespace: shop\n  postBuild:\n    substitute:\n      N: '3'\n"
    files = {
        "app.yaml": SOURCE + "---\n" + flux("shop", "db", more),
        "db/db.yaml": cluster(instances="${N"),
        "db/kustomization.yaml": listing("db.yaml"),
    }
    (engine,) = model(files, "").engines
    (one,) = render_engine_object(FileTree(files), engine, files).declarations
    assert (one.opaque or "").startswith(
        "the variables of Flux Kustomization flux-system/shop (app.yaml:11) cannot be filled"
    )


def test_what_is_unchanged_is_made_once() -> None:
    tree = FileTree(FILES)
    first = render_root(tree, "db")
    assert render_root(tree.with_files({**FILES, "else.yaml": "a: 1\n"}), "db") is first
    assert render_root(tree.with_files({**FILES, "db/db.yaml": cluster("new")}), "db") is not first
