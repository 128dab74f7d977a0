from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.objects import Object


def seen(status: Object, **metadata: object) -> Object:
    return {"metadata": {"name": "x", "generation": 2, **metadata}, "status": status}


@pytest.mark.parametrize(
    ("status", "applied", "stale", "done"),
    [
        pytest.param({"applied": True, "observedGeneration": 2}, True, False, True, id="applied as it is now"),
        pytest.param({"applied": True, "observedGeneration": 1}, True, True, False, id="applied as it was"),
        pytest.param({"applied": False}, False, False, False, id="refused: a failure carries no generation"),
        pytest.param({"applied": False, "observedGeneration": 1}, False, False, False, id="refused after a success"),
        pytest.param({}, None, False, False, id="not looked at yet"),
    ],
)
def test_an_object_is_done_once_its_present_generation_is_applied(
    status: Object, applied: bool | None, stale: bool, done: bool
) -> None:
    found = read_reconciliation(seen(status))
    assert (found.applied, found.stale, found.done) == (applied, stale, done)


def test_the_operators_words_and_a_deletion_are_told() -> None:
    found = read_reconciliation(
        seen({"applied": False, "message": "no\nrole"}, deletionTimestamp="2026-01-01T00:00:00Z")
    )
    assert (found.message, found.deleting) == ("no role", True)
