from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.clusters.volume_growth import growing_volumes, growth_notices


def cluster(size: str, **storage: Any) -> Object:
    spaces = [{"name": "hot", "storage": {"size": size}}]
    return {"spec": {"storage": {"size": size, **storage}, "walStorage": {"size": "1Gi"}, "tablespaces": spaces}}


def claim(role: str, storage_class: str | None, **labels: str) -> Object:
    marks = {"cnpg.io/pvcRole": role, **{f"cnpg.io/{key}": text for key, text in labels.items()}}
    return {"metadata": {"labels": marks}, "spec": {"storageClassName": storage_class}}


CLAIMS = [
    claim("PG_DATA", "fast"),
    claim("PG_DATA", "fast"),
    claim("PG_WAL", "wal"),
    claim("PG_TABLESPACE", "slow", tablespaceName="hot"),
    claim("PG_TABLESPACE", "other", tablespaceName="cold"),
]


def told(before: Object, after: Object, claims: list[Object], **expandable: bool | None) -> list[str]:
    return [one.message for one in growth_notices(list(growing_volumes(before, after)), claims, expandable)]


def test_each_volume_is_told_by_the_class_that_its_pvcs_have() -> None:
    data, space = told(cluster("10Gi"), cluster("20Gi", storageClass="new"), CLAIMS, fast=True, slow=False)
    assert data == (
        "spec.storage 10Gi -> 20Gi: StorageClass fast allows expansion, so the volumes grow while in use; they cannot "
        "shrink again"
    )
    assert space == (
        "spec.tablespaces[hot] 10Gi -> 20Gi: StorageClass slow does not allow expansion: the volumes stay as they are "
        "until it does (allowVolumeExpansion: true), or until each PVC with its pod is recreated (kubectl cnpg destroy), "
        "and the size cannot be lowered again"
    )


@pytest.mark.parametrize(
    ("after", "which"),
    [
        pytest.param(
            cluster("20Gi", storageClass="fast"), "whether StorageClass fast allows", id="the class that is stated"
        ),
        pytest.param(
            cluster("20Gi", pvcTemplate={"storageClassName": "fast"}),
            "whether StorageClass fast allows",
            id="a template's",
        ),
        pytest.param(cluster("20Gi"), "whether the default StorageClass allows", id="none that is known"),
    ],
)
def test_what_could_not_be_read_is_said(after: Object, which: str) -> None:
    first, *_ = told(cluster("10Gi"), after, [])
    assert f"{which} expansion is not known; where it does not" in first


def test_volumes_that_may_not_grow_in_use_are_told() -> None:
    found = told(cluster("10Gi"), cluster("20Gi", resizeInUseVolumes=False), CLAIMS, fast=True)
    assert "spec.storage.resizeInUseVolumes is false: volumes stay until each PVC with its pod is recreated" in found


def test_a_size_that_stays_or_shrinks_is_no_growth() -> None:
    assert told(cluster("10Gi"), cluster("10240Mi"), CLAIMS) == []
    assert told(cluster("10Gi"), cluster("5Gi"), CLAIMS) == []
