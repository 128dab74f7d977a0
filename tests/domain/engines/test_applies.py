"""What an engine object of the repository says that it applies."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.engines.applies import EngineObject, FluxVariable, LocatedObject, Substitution
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.engines.source_url import Elsewhere, OffBranch
from gitops_mcp.domain.kustomize import Section
from gitops_mcp.domain.objects import Object

PLACE = TextPlace("ks.yaml", 0, (), 4)


def engine_object(**more: Any) -> EngineObject:
    given: dict[str, Any] = {
        "engine": "flux",
        "kind": "Kustomization",
        "namespace": "flux-system",
        "name": "shop",
        "build": "kustomize",
        "folder": "prod",
    }
    return EngineObject(place=PLACE, **{**given, **more})


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        pytest.param(
            {"apiVersion": "a.example.com/v1", "kind": "A", "metadata": {"name": "x", "namespace": "shop"}},
            ("A", "a.example.com", "x", "shop"),
            id="of a group",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "A", "metadata": {"name": "x"}}, ("A", "", "x", None), id="of the core group"
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "A", "metadata": {"name": 5, "namespace": ""}},
            ("A", "", "5", None),
            id="a number for a name, and no namespace",
        ),
    ],
)
def test_an_object_is_known_by_its_parts(value: Object, parts: tuple[str, str, str, str | None]) -> None:
    one = LocatedObject(value, PLACE)
    assert (one.kind, one.group, one.name, one.namespace) == parts


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({}, "Flux Kustomization flux-system/shop (ks.yaml:4)", id="of Flux"),
        pytest.param(
            {"engine": "argocd", "kind": "Application", "namespace": None},
            "Argo CD Application shop (ks.yaml:4)",
            id="of Argo CD, in no namespace",
        ),
    ],
)
def test_an_engine_object_is_called_by_its_product_kind_name_and_place(more: dict[str, Any], said: str) -> None:
    assert str(engine_object(**more)) == said


def test_what_an_engine_adds_to_a_kustomization_is_read_from_its_overlay() -> None:
    patch = {"target": {"kind": "Cluster"}, "patch": "x"}
    overlay = Section("ks.yaml", 0, ("spec",), {"namespace": "eu", "patches": [patch, "odd"]})
    one = engine_object(overlay=overlay)
    assert (one.target_namespace, one.patches) == ("eu", (patch,))
    assert (engine_object().target_namespace, engine_object().patches) == (None, ())


@pytest.mark.parametrize(
    ("substitution", "active"),
    [
        pytest.param(Substitution(), False, id="none"),
        pytest.param(Substitution({"A": FluxVariable("A", "1", "x", None)}), True, id="a variable"),
        pytest.param(Substitution(unread=("Secret s",)), True, id="a source that may hold one"),
        pytest.param(Substitution(always=True), True, id="a strategy that does it anyway"),
    ],
)
def test_nothing_is_substituted_where_there_are_no_variables(substitution: Substitution, *, active: bool) -> None:
    assert substitution.is_active is active


@pytest.mark.parametrize(
    ("excluded", "counts", "is_of_repository", "is_off_base"),
    [
        (None, True, True, False),
        (OffBranch("it applies next, not main"), True, True, True),
        (Elsewhere("it applies https://example.com/x, another repository"), False, False, False),
        ("its generator is not evaluated", False, True, False),
    ],
)
def test_what_follows_another_branch_counts_and_what_is_elsewhere_or_unknown_does_not(
    excluded: str | None, counts: bool, is_of_repository: bool, is_off_base: bool
) -> None:
    one = engine_object(excluded=excluded)
    assert (one.counts, one.is_of_repository, one.is_off_base) == (counts, is_of_repository, is_off_base)
