"""Which releases of the `cluster` chart read a value."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.charts.chart_releases import why_not_read
from gitops_mcp.domain.objects import Path


@pytest.mark.parametrize(
    ("path", "version", "is_read"),
    [
        (("databases",), "0.3.1", False),
        (("databases",), "0.4.0", True),
        (("databases",), "v0.3.1", False),
        (("databases",), "0.3.x", False),
        (("databases",), "~0.3.0", False),
        (("databases",), "^0.3.0", False),
        (("databases",), "0.8.x", True),
        (("databases",), ">=0.3.0", True),
        (("databases",), None, True),
        (("cluster", "services"), "0.2.0", False),
        (("cluster", "services"), "0.2", True),
        (("cluster", "services", "disabledDefaultServices"), "0.1.0", False),
        (("cluster", "instances"), "0.1.0", True),
        (("cluster", "stopDelay"), "0.7.0", False),
    ],
)
def test_a_value_counts_from_the_release_on_that_reads_it(path: Path, version: str | None, is_read: bool) -> None:
    assert (why_not_read(path, version) is None) is is_read


def test_the_reason_names_the_value_the_release_and_what_there_is() -> None:
    assert why_not_read(("databases",), "0.3.1") == (
        "the chart `cluster` reads databases from 0.4.0 on, and this is 0.3.1"
    )
