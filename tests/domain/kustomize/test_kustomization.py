"""A kustomization as it is written, and what kustomize refuses in it."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize.kustomization import (
    InvalidKustomization,
    Section,
    is_kustomization,
    read_kustomization,
)

EXTRA = Section("app.yaml", 1, ("spec",), {"namespace": "shop", "resources": ["b"]}, {("namespace",): ("target",)})


def test_fields_are_read_with_where_they_stand_those_of_an_engine_last() -> None:
    found = read_kustomization("o/kustomization.yaml", "o", "namespace: a\nresources: [a]\n", extra=(EXTRA,))
    assert [(one.value, one.section.path, one.base) for one in found.items("resources")] == [
        ("a", "o/kustomization.yaml", ("resources", 0)),
        ("b", "app.yaml", ("spec", "resources", 0)),
    ]
    text = found.text("namespace")
    assert text is not None
    assert (text.value, text.base) == ("shop", ("spec", "target"))
    assert [one.value for one in found.pairs("namespace")] == ["a", "shop"]
    assert (found.kind, found.has("resources"), found.has("patches"), found.text("namePrefix")) == (
        "Kustomization",
        True,
        False,
        None,
    )


def test_the_case_of_a_field_does_not_matter_and_its_place_is_as_it_is_written() -> None:
    found = read_kustomization("kustomization.yaml", "", "nameprefix: eu-\n").text("namePrefix")
    assert found is not None
    assert (found.value, found.base) == ("eu-", ("nameprefix",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("[a]\n", "it is not an object", id="a list"),
        pytest.param("", "it is empty", id="nothing"),
        pytest.param("kind: Deployment\nresources: [a]\n", "its kind is 'Deployment', not Kustomization or Component", id="another kind"),
        pytest.param("apiVersion: v1\nresources: [a]\n", "its apiVersion is 'v1', not kustomize.config.k8s.io/v1beta1", id="another version"),
    ],
)  # fmt: skip
def test_what_kustomize_refuses_is_said(text: str, told: str) -> None:
    with pytest.raises(InvalidKustomization) as raised:
        read_kustomization("kustomization.yaml", "", text)
    assert str(raised.value) == told


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("resource: [a]\n", id="a field that it does not know"),
        pytest.param("namespace: [a]\n", id="a text that is none"),
        pytest.param("resources: a\n", id="a list that is none"),
        pytest.param("patches: [a]\n", id="an object that is none"),
        pytest.param("commonLabels: [a]\n", id="pairs that are none"),
        pytest.param("patches: [{file: a}]\n", id="a field of a patch that it does not know"),
    ],
)
def test_a_field_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(InvalidKustomization):
        read_kustomization("kustomization.yaml", "", text)


def test_a_kustomization_is_known_by_its_name() -> None:
    assert is_kustomization("a/kustomization.yml")
    assert is_kustomization("Kustomization")
    assert not is_kustomization("a/my-kustomization.yaml")
