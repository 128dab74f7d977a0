from __future__ import annotations

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.impact.samples import field_impacts
from gitops_mcp.domain.kinds import CNPG_KINDS
from tests.domain.schema.test_stated import field


def levels(kind: str, path: str) -> dict[str, Level]:
    return {one.when: one.impact.level for one in field_impacts(kind, field(kind, path))}


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("Cluster", "spec.instances", {"more": Level.NONE, "fewer": Level.DATA_LOSS}),
        ("Cluster", "spec.imageName", {"another minor": Level.ROLLING_RESTART, "a newer major": Level.OUTAGE}),
        ("Cluster", "spec.imageCatalogRef.major", {"a newer major": Level.OUTAGE}),
        ("Cluster", "spec.replica.primary", {"another Cluster's name": Level.OUTAGE, "its own": Level.DATA_LOSS}),
        ("Cluster", "spec.replica.enabled", {"true": Level.OUTAGE, "false, removed": Level.DATA_LOSS}),
        ("Cluster", "spec.affinity", {"set, another value, removed": Level.ROLLING_RESTART}),
        ("Cluster", "spec.postgresql.parameters[work_mem]", {"set, another value, removed": Level.RELOAD}),
        (
            "Cluster",
            "spec.postgresql.parameters",
            {"one that PostgreSQL reads at its start": Level.ROLLING_RESTART, "one that it reads again": Level.RELOAD},
        ),
        ("Cluster", "metadata.annotations[cnpg.io/hibernation]", {"on": Level.OUTAGE, "off": Level.NONE}),
        ("Database", "spec.ensure", {"present, removed": Level.NONE, "absent": Level.DATA_LOSS}),
        ("DatabaseRole", "spec.login", {"false, removed": Level.OUTAGE, "true": Level.NONE}),
        ("Database", "spec.locale", {}),
    ],
)
def test_what_a_change_of_a_field_does_is_told_by_samples(kind: str, path: str, expected: dict[str, Level]) -> None:
    assert levels(kind, path) == expected


@pytest.mark.parametrize("resource", CNPG_KINDS, ids=lambda one: one.kind)
def test_every_field_of_a_spec_has_samples(resource: object) -> None:
    kind = getattr(resource, "kind", "")
    names = list(field(kind, "spec").below())
    assert names
    for name in names:
        found = field(kind, f"spec.{name}")
        assert all(one.impact.reasons and one.when for one in field_impacts(kind, found)), found.path
