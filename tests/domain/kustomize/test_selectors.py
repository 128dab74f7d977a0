"""Which objects a patch, a replacement or a label is meant for."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize.draft import Draft, Id
from gitops_mcp.domain.kustomize.produced import Layer, Word
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.kustomize.selectors import matches_id, matches_id_exactly, selects
from gitops_mcp.domain.objects import Object

ORDERS = Draft(
    {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "eu-orders", "labels": {"team": "shop", "tier": "gold"}},
    },
    (Layer("document", "a.yaml", 0, (), None, 1, ""),),
    {(): Word(0, (), literal=True)},
    past=(Id("postgresql.cnpg.io", "v1", "Cluster", "orders", ""),),
)


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        pytest.param({}, True, id="nothing said"),
        pytest.param({"kind": "Cluster"}, True, id="its kind"),
        pytest.param({"kind": "Clus"}, False, id="a part of its kind"),
        pytest.param({"name": "orders"}, True, id="its first name"),
        pytest.param({"name": "eu-.*"}, True, id="a pattern of its present name"),
        pytest.param({"name": "carts"}, False, id="another name"),
        pytest.param({"namespace": "default"}, True, id="no namespace is default"),
        pytest.param({"group": "apps"}, False, id="another group"),
        pytest.param({"labelSelector": "team=shop, tier!=silver"}, True, id="labels"),
        pytest.param({"labelSelector": "team in (shop, billing)"}, True, id="a label among several"),
        pytest.param({"labelSelector": "team notin (shop)"}, False, id="a label not among several"),
        pytest.param({"labelSelector": "tier"}, True, id="a label that is there"),
        pytest.param({"labelSelector": "!tier"}, False, id="a label that is not there"),
        pytest.param({"annotationSelector": "a==b"}, False, id="an annotation"),
    ],
)
def test_a_target_means_an_object_by_its_names_and_labels(selector: Object, *, selected: bool) -> None:
    assert selects(selector, ORDERS) is selected


def test_a_selector_that_is_not_understood_is_said_even_behind_one_that_is_not_met() -> None:
    with pytest.raises(Unsupported, match=r"the selector 'a ~ b'"):
        selects({"labelSelector": "team=other,a ~ b"}, ORDERS)


@pytest.mark.parametrize(
    ("selector", "by_pattern", "exactly"),
    [
        pytest.param({"name": "eu-orders"}, True, True, id="its name"),
        pytest.param({"name": "eu-.*"}, True, False, id="a pattern"),
        pytest.param({"namespace": "default"}, False, True, id="no namespace"),
    ],
)
def test_a_target_of_a_replacement_is_a_pattern_and_its_source_a_name(
    selector: Object, *, by_pattern: bool, exactly: bool
) -> None:
    assert (matches_id(selector, ORDERS.id), matches_id_exactly(selector, ORDERS.id)) == (by_pattern, exactly)
