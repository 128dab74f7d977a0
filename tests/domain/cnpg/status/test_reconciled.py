from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.objects import Object


def seen(status: Object, **metadata: object) -> Object:
    return {"metadata": {"name": "x", "generation": 2, **metadata}, "status": status}


@pytest.mark.parametrize(
    ("status", "applied", "current", "done"),
    [
        pytest.param({"applied": True, "observedGeneration": 2}, True, True, True, id="applied as it is now"),
        pytest.param({"applied": True, "observedGeneration": 1}, True, False, False, id="applied as it was"),
        pytest.param({"applied": False, "observedGeneration": 2}, False, True, False, id="refused"),
        pytest.param({}, None, False, False, id="not looked at yet"),
    ],
)
def test_an_object_is_done_once_its_present_generation_is_applied(
    status: Object, applied: bool | None, current: bool, done: bool
) -> None:
    found = read_reconciliation(seen(status))
    assert (found.applied, found.current, found.done) == (applied, current, done)


def test_the_operators_words_and_a_deletion_are_told() -> None:
    found = read_reconciliation(
        seen({"applied": False, "message": "no\nrole"}, deletionTimestamp="2026-01-01T00:00:00Z")
    )
    assert (found.message, found.deleting) == ("no role", True)
