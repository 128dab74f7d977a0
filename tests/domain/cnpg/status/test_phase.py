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


OF_THE_OPERATOR = {
    "ok": ["Cluster in healthy state"],
    "progressing": [
        "Setting up primary",
        "Creating a new replica",
        "Applying configuration",
        "Waiting for the instances to become active",
        "Promoting to primary cluster",
        "Upgrading cluster",
        "Online upgrade in progress",
        "Primary instance is being restarted in-place",
        "Primary instance is being restarted without a switchover",
        "Switchover in progress",
        "Upgrading Postgres major version",
    ],
    "degraded": ["Failing over"],
    "waiting": ["Cluster upgrade delayed"],
    "needs_human": ["Waiting for user action"],
    "blocked": [
        "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
        "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
        "Cluster has incomplete or invalid image catalog",
        "Unable to create required cluster objects",
        "Invalid cluster definition",
        "Cluster cannot execute instance online upgrade due to missing architecture binary",
        "Instance Status Extraction Error: HTTP communication issue",
    ],
    "failed": ["Cluster is unrecoverable and needs manual intervention", "Not enough disk space"],
}
"""Every phase that an operator of 1.25 to 1.30, or main, writes."""


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in OF_THE_OPERATOR.items() for name in names])
def test_every_phase_of_the_operator_is_known(kind: str, name: str) -> None:
    assert find_phase(name).kind == kind


@pytest.mark.parametrize("nothing", [None, "", 3])
def test_no_phase_points_to_the_operator(nothing: object) -> None:
    assert find_phase(nothing).kind == "unknown"
    assert "check that it runs" in find_phase(nothing).action
