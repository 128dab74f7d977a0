from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.status.phase import PhaseClass, find_phase


@pytest.mark.parametrize(
    ("name", "kind", "outage"),
    [
        ("Cluster in healthy state", "ok", "none"),
        ("Creating a new replica", "progressing", "none"),
        ("Switchover in progress", "progressing", "short"),
        ("Upgrading Postgres major version", "progressing", "full"),
        ("Failing over", "degraded", "short"),
        ("Cluster upgrade delayed", "waiting", "none"),
        ("Waiting for user action", "needs_human", "none"),
        ("Invalid cluster definition", "blocked", "none"),
        ("Cluster is unrecoverable and needs manual intervention", "failed", "full"),
        ("cluster in healthy state", "unknown", "none"),
        ("Polishing the brass", "unknown", "none"),
    ],
)
def test_phases_are_told_apart_by_their_exact_words(name: str, kind: PhaseClass, outage: str) -> None:
    found = find_phase(name)
    assert (found.name, found.kind, found.outage) == (name, kind, outage)
    assert bool(found.action) == (kind != "ok")


@pytest.mark.parametrize("nothing", [None, "", 3])
def test_no_phase_points_to_the_operator(nothing: object) -> None:
    assert find_phase(nothing).kind == "unknown"
    assert "check that it runs" in find_phase(nothing).action
