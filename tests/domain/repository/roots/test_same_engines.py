from __future__ import annotations

import pytest

from gitops_mcp.domain.repository.roots.same_engines import have_same_engines

CNPG = "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: a}\n"
EXTERNAL = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
FLUX = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
SETS = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\n"
LIST = "resources: [a.yaml]\n"
BEFORE = {"a.yaml": CNPG, "e.yaml": EXTERNAL, "kustomization.yaml": LIST, "f.yaml": FLUX, "values.yaml": "size: 1\n"}


@pytest.mark.parametrize(
    ("after", "same"),
    [
        pytest.param({}, True, id="nothing differs"),
        pytest.param({"a.yaml": CNPG + "spec: {}\n"}, True, id="a document of CNPG"),
        pytest.param({"b.yaml": CNPG}, True, id="a new one"),
        pytest.param({"b.yaml": CNPG, "kustomization.yaml": "resources: [a.yaml, b.yaml]\n"}, True, id="a new one with its entry"),
        pytest.param({"a.yaml": None, "kustomization.yaml": "resources: []\n"}, True, id="one that goes with its entry"),
        pytest.param({"e.yaml": EXTERNAL + "spec: {}\n"}, True, id="what makes a Secret"),
        pytest.param({"kustomization.yaml": "resources: [a.yaml, f.yaml]\n"}, False, id="an entry of a file that was there"),
        pytest.param({"b.yaml": CNPG, "kustomization.yaml": "namespace: x\nresources: [a.yaml, b.yaml]\n"}, False, id="another field of a kustomization"),
        pytest.param({"x/kustomization.yaml": LIST}, False, id="a new kustomization"),
        pytest.param({"f.yaml": FLUX + "spec: {}\n"}, False, id="an engine object"),
        pytest.param({"b.yaml": CNPG + "---\n" + FLUX}, False, id="a new one beside it"),
        pytest.param({"b.yaml": MAP}, False, id="a ConfigMap, from which variables may come"),
        pytest.param({"values.yaml": "size: 2\n"}, False, id="values of a chart"),
        pytest.param({"x/Chart.yaml": "apiVersion: v2\nname: x\n"}, False, id="a chart"),
    ],
)  # fmt: skip
def test_engine_objects_are_read_anew_where_they_may_be_others(after: dict[str, str | None], same: bool) -> None:
    new = {path: text for path, text in {**BEFORE, **after}.items() if text is not None}
    assert have_same_engines(BEFORE, new) is same


@pytest.mark.parametrize(
    ("after", "same"),
    [
        pytest.param({"a.yaml": CNPG + "spec: {}\n"}, True, id="a document of CNPG"),
        pytest.param({"b.yaml": CNPG}, False, id="a new file, which a generator may find"),
        pytest.param({"e.yaml": EXTERNAL + "spec: {}\n"}, False, id="what may make the Secret of a cluster"),
    ],
)
def test_an_application_set_may_depend_on_more(after: dict[str, str], same: bool) -> None:
    before = {**BEFORE, "set.yaml": SETS}
    assert have_same_engines(before, {**before, **after}) is same
