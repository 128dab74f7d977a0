"""Layers of Helm values: what they say together, and which of them has the last word."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.applies import EngineObject, ValuesLayer
from gitops_mcp.domain.engines.charts.values import Release, effective_value, find_values_place
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.objects import Path

APP = TextPlace("app.yaml", 0, (), 1)
FILES = {
    "app.yaml": "values: {cluster: {instances: 3}}\ntext: |\n  cluster: {storage: {size: 1Gi}}\nparameter: '5'\n",
    "values.yaml": "cluster: {instances: 1, storage: {storageClass: fast}}\n",
}
FILE = ValuesLayer("file", TextPlace("values.yaml", 0, (), 1))
MAPPING = ValuesLayer("mapping", APP.below("values"))
TEXT = ValuesLayer("text", APP.below("text"))
PARAMETER = ValuesLayer("parameter", APP.below("parameter"), "cluster.instances")
UNREAD = ValuesLayer("unread", None, "Secret keys")


def release(*values: ValuesLayer) -> Release:
    by = EngineObject("argocd", "Application", "argocd", "db", APP, "helm", None)
    return Release(by, "shop", "db", values, ())


@pytest.mark.parametrize(
    ("layers", "path", "value"),
    [
        pytest.param((FILE, MAPPING), ("cluster", "instances"), 3, id="the last wins"),
        pytest.param((FILE, MAPPING, PARAMETER), ("cluster", "instances"), 5, id="a parameter is typed as helm does"),
        pytest.param((FILE, TEXT), ("cluster", "storage"), {"storageClass": "fast", "size": "1Gi"}, id="mappings are merged"),
        pytest.param((FILE,), ("cluster", "none"), None, id="nothing said"),
        pytest.param((MAPPING, UNREAD), ("cluster", "instances"), 3, id="what is not read says nothing"),
    ],
)  # fmt: skip
def test_layers_say_together_what_helm_makes_of_them(
    layers: tuple[ValuesLayer, ...], path: Path, value: object
) -> None:
    assert effective_value(release(*layers), path, FILES) == value


@pytest.mark.parametrize(
    ("layers", "path", "place"),
    [
        pytest.param((FILE, MAPPING), ("cluster", "instances"), ("app.yaml", ("values",), None, True), id="where the last word stands"),
        pytest.param((FILE, TEXT), ("cluster", "storage", "size"), ("app.yaml", ("text",), 0, True), id="in a text"),
        pytest.param((FILE,), ("cluster", "logLevel"), ("values.yaml", (), None, False), id="where it is to be added"),
    ],
)  # fmt: skip
def test_a_value_has_one_place(
    layers: tuple[ValuesLayer, ...], path: Path, place: tuple[str, Path, int | None, bool]
) -> None:
    found = find_values_place(release(*layers), path, (), FILES)
    assert not isinstance(found, str)
    assert (found.path, found.base, found.inner, found.present) == place


def test_a_later_layer_that_is_not_read_may_hide_a_value() -> None:
    assert isinstance(find_values_place(release(MAPPING, UNREAD), ("cluster", "instances"), (), FILES), str)
