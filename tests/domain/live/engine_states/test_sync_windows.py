from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitops_mcp.domain.live.engine_states.sync_windows import closed_window
from gitops_mcp.domain.objects import Object

NOON = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
SHOP: Object = {"metadata": {"name": "shop"}, "spec": {"destination": {"namespace": "shop", "name": "in-cluster"}}}
AT_NOON: Object = {"schedule": "0 12 * * *", "duration": "1h"}


@pytest.mark.parametrize(
    ("windows", "is_closed"),
    [
        pytest.param([], False, id="none"),
        pytest.param([{"kind": "deny", **AT_NOON, "applications": ["*"]}], True, id="one that forbids, open"),
        pytest.param([{"kind": "deny", **AT_NOON, "applications": ["sh?p"]}], True, id="by a pattern"),
        pytest.param([{"kind": "deny", **AT_NOON, "applications": ["other"]}], False, id="of another Application"),
        pytest.param(
            [{"kind": "deny", **AT_NOON, "applications": ["*"], "timeZone": "Asia/Tokyo"}], False, id="noon elsewhere"
        ),
        pytest.param([{"kind": "allow", **AT_NOON, "namespaces": ["shop"]}], False, id="one that allows, open"),
        pytest.param(
            [{"kind": "allow", "schedule": "0 3 * * *", "duration": "1h", "clusters": ["in-cluster"]}],
            True,
            id="one that allows, closed",
        ),
        pytest.param(
            [{"kind": "deny", **AT_NOON, "applications": ["*"], "namespaces": ["other"], "andOperator": True}],
            False,
            id="both have to fit",
        ),
        pytest.param(
            [{"kind": "deny", **AT_NOON, "applications": ["*"], "namespaces": ["other"]}], True, id="either has to fit"
        ),
    ],
)
def test_a_window_that_forbids_or_none_that_allows_keeps_from_syncing(windows: list[Object], is_closed: bool) -> None:
    assert (closed_window(SHOP, {"spec": {"syncWindows": windows}}, NOON) is not None) is is_closed
