from __future__ import annotations

from fractions import Fraction

import pytest

from gitops_mcp.domain.cnpg.cluster_spec import (
    fenced_instances,
    instance_count,
    is_hibernated,
    is_replica,
    requested_size,
    storage_size,
)
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.objects import Object
from tests.fakes.cnpg import NOW

TEMPLATE = {"pvcTemplate": {"resources": {"requests": {"storage": "2Gi"}}}}


def cluster(replica: object) -> Object:
    return {"metadata": {"name": "ledger"}, "spec": {"replica": replica}}


@pytest.mark.parametrize(
    ("stated", "count"),
    [
        pytest.param({"instances": 3}, 3, id="a number"),
        pytest.param({}, 1, id="left out: the CRD's default"),
        pytest.param({"instances": "${N}"}, None, id="a variable"),
        pytest.param({"instances": True}, None, id="a boolean is not a number"),
    ],
)
def test_how_many_instances_are_asked_for(stated: Object, count: int | None) -> None:
    assert instance_count({"spec": stated}) == count


@pytest.mark.parametrize(
    ("section", "size", "requested"),
    [
        pytest.param({"size": "1Gi"}, "1Gi", 2**30, id="size"),
        pytest.param(TEMPLATE, "2Gi", 2**31, id="the template's request"),
        pytest.param({"size": "1Gi", **TEMPLATE}, "1Gi", 2**30, id="size wins"),
        pytest.param({"size": "", **TEMPLATE}, "2Gi", 2**31, id="an empty size does not"),
        pytest.param({"size": 1024}, "1024", 1024, id="a number of bytes"),
        pytest.param({"size": "big"}, "big", None, id="no size"),
        pytest.param({}, None, None, id="nothing"),
        pytest.param(None, None, None, id="no section"),
    ],
)
def test_what_a_storage_section_asks_for(section: object, size: str | None, requested: int | None) -> None:
    assert storage_size(section) == size
    assert requested_size(section) == (None if requested is None else Fraction(requested))


@pytest.mark.parametrize(
    ("replica", "follows"),
    [
        pytest.param(None, False, id="no section"),
        pytest.param({"enabled": True, "source": "north"}, True, id="enabled"),
        pytest.param({"enabled": False, "source": "north"}, False, id="disabled"),
        pytest.param({"enabled": False, "primary": "north", "source": "north"}, False, id="disabled beats a primary"),
        pytest.param({"enabled": True, "primary": "ledger", "source": "north"}, True, id="enabled beats itself"),
        pytest.param({"primary": "north", "source": "north"}, True, id="another one is primary"),
        pytest.param({"primary": "ledger", "source": "north"}, False, id="it is primary itself"),
        pytest.param({"primary": "ledger", "self": "south", "source": "north"}, True, id="it has another name there"),
        pytest.param({"primary": "south", "self": "south", "source": "north"}, False, id="primary by that name"),
        pytest.param({"source": "north"}, True, id="only a source"),
        pytest.param("north", False, id="no mapping"),
    ],
)
def test_a_cluster_follows_another_one_where_the_operator_says_so(replica: object, follows: bool) -> None:
    assert is_replica(cluster(replica)) is follows
    assert Summary(cluster(replica), NOW).replica_of == ("north" if follows else None)


@pytest.mark.parametrize(("value", "hibernated"), [("on", True), ("off", False), (None, False)])
def test_a_cluster_is_hibernated_by_its_annotation(value: object, hibernated: bool) -> None:
    assert is_hibernated({"metadata": {"annotations": {"cnpg.io/hibernation": value}}}) is hibernated


@pytest.mark.parametrize(
    ("annotation", "fenced"),
    [
        ('["ledger-1", "ledger-2"]', ("ledger-1", "ledger-2")),
        ('["*"]', ("*",)),
        ("ledger-1", ()),
        ("{}", ()),
        ("[1]", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_what_cannot_be_read_fences_nothing(annotation: object, fenced: tuple[str, ...]) -> None:
    assert fenced_instances({"metadata": {"annotations": {"cnpg.io/fencedInstances": annotation}}}) == fenced
