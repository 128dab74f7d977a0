"""What looks like the place of an edit and is none, with the reason."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.repository.roots.not_applied import (
    chart_of_template,
    cnpg_documents,
    find_maker_files,
    find_unapplied,
)
from tests.domain.repository.test_build import SOURCE, cluster, flux, listing, model

COMPOSITION = """\
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: pg}
spec:
  compositeTypeRef: {apiVersion: db.example.com/v1, kind: Database}
  resources:
    - base: {apiVersion: postgresql.cnpg.io/v1, kind: Cluster}
"""
CLAIM = "apiVersion: db.example.com/v1\nkind: Database\nmetadata: {name: orders}\n"
SEALED = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: pw}\n"


def test_objects_of_cnpg_are_found_in_documents_and_lists() -> None:
    text = f"{cluster()}---\nkind: List\nitems:\n- kind: X\n- {{apiVersion: postgresql.cnpg.io/v1, kind: Pooler, metadata: {{name: p}}}}\n---\nkind: ConfigMap\n"
    assert [(one.index, base, value["kind"]) for one, base, value in cnpg_documents(text)] == [
        (0, (), "Cluster"),
        (1, ("items", 1), "Pooler"),
    ]


@pytest.mark.parametrize(
    ("files", "path", "reason"),
    [
        pytest.param({"old/db.yaml": cluster()}, "old/db.yaml", "no engine object of this repository applies it", id="nothing applies the folder"),
        pytest.param({"apps/kustomization.yaml": listing("other"), "apps/db.yaml": cluster()}, "apps/db.yaml", "apps/kustomization.yaml does not list it, and Flux Kustomization flux-system/shop (prod/app.yaml:11) builds that", id="its kustomization does not list it"),
        pytest.param({"old/kustomization.yaml": listing("other"), "old/db.yaml": cluster()}, "old/db.yaml", "old/kustomization.yaml does not list it, and no engine object of this repository applies it", id="neither"),
        pytest.param({"chart/Chart.yaml": "name: x\n", "chart/templates/db.yaml": cluster()}, "chart/templates/db.yaml", "it is a template of the Helm chart chart, filled in from chart/values.yaml", id="a template"),
    ],
)  # fmt: skip
def test_a_document_that_nothing_takes_says_why(files: dict[str, str], path: str, reason: str) -> None:
    given = {"prod/app.yaml": SOURCE + "---\n" + flux("shop", "apps"), **files}
    (found,) = find_unapplied(given, [path], model(given, "prod").engines)
    assert (str(found.identity), str(found)) == ("Cluster db", f"{path}:1: {reason}")


@pytest.mark.parametrize(
    ("files", "path", "found"),
    [
        pytest.param({"c/Chart.yaml": "", "c/values.yaml": "", "c/templates/x.yaml": "{{ x }}"}, "c/templates/x.yaml", [("c/templates/x.yaml", "c/templates/x.yaml is a template of the Helm chart c, which is not edited; the values that it is filled with stand in c/values.yaml")], id="a template with values"),
        pytest.param({"c/Chart.yaml": "", "c/templates/x.yaml": "{{ x }}"}, "c/templates/x.yaml", [("c/templates/x.yaml", "c/templates/x.yaml is a template of the Helm chart c, which is not edited")], id="a template without"),
        pytest.param({"x.jsonnet": "{}"}, "x.jsonnet", [("x.jsonnet", "x.jsonnet is a jsonnet program, which is not edited: change it there by hand")], id="jsonnet"),
        pytest.param({"c.yaml": COMPOSITION, "k.yaml": CLAIM}, "c.yaml", [("k.yaml", "the Composition pg at c.yaml:1 makes it from k.yaml:1: change it there by hand"), ("c.yaml", "the Composition pg at c.yaml:1 makes such objects, which are not edited through it: change spec.resources[0].base by hand at c.yaml:7")], id="a composition and its claim"),
        pytest.param({"s.yaml": SEALED}, "s.yaml", [("s.yaml", "s.yaml:1 is a SealedSecret, whose values only kubeseal makes")], id="a sealed secret"),
        pytest.param({"x.yaml": cluster()}, "x.yaml", [], id="a document of CNPG makes nothing else"),
        pytest.param({"x.txt": "Cluster"}, "x.txt", [], id="a text"),
    ],
)  # fmt: skip
def test_a_file_that_makes_objects_without_declaring_them_is_named(
    files: dict[str, str], path: str, found: list[tuple[str, str]]
) -> None:
    assert [(one.path, one.reason) for one in find_maker_files(files, [path])] == found


@pytest.mark.parametrize(
    ("path", "chart"),
    [
        pytest.param("a/templates/x.yaml", "a", id="below templates"),
        pytest.param("a/templates/b/templates/x.yaml", "a", id="the chart above"),
        pytest.param("b/templates/x.yaml", None, id="no chart"),
        pytest.param("templates/x.yaml", None, id="no folder above"),
    ],
)
def test_a_template_belongs_to_the_chart_above_its_folder(path: str, chart: str | None) -> None:
    assert chart_of_template(path, {"a/Chart.yaml": ""}) == chart


@pytest.mark.parametrize(
    "kustomization",
    ["patches: [{path: p.yaml}]\n", "patchesStrategicMerge: [p.yaml]\n", "patchesJson6902: [{path: p.yaml}]\n"],
)
def test_a_patch_of_a_kustomization_declares_nothing(kustomization: str) -> None:
    files = {"o/kustomization.yaml": kustomization, "o/p.yaml": cluster(), "o/q.yaml": cluster()}
    assert [one.place for one in find_unapplied(files, ["o/p.yaml", "o/q.yaml"], [])] == ["o/q.yaml:1"]


def test_what_only_names_an_object_makes_none() -> None:
    check = "kind: Upgrade\nmetadata: {name: x}\nspec:\n  healthChecks: [{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: db}]\n"
    assert list(find_maker_files({"u.yaml": check}, ["u.yaml"])) == []
