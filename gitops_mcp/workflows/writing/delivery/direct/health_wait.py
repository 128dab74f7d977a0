"""Waiting until a Cluster is healthy, while the caller hears how far it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.caller import Caller, pause
from gitops_mcp.domain.cnpg.status.health import judge_health
from gitops_mcp.domain.cnpg.status.problems import without_git
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.errors import GitOpsError

SECONDS = 300
_POLL = 1.0
"""Seconds between two looks at what is waited for."""


def wait_until_healthy(kube: Kube, caller: Caller, cluster: Identity, *, seconds: int | None) -> tuple[Notice, ...]:
    """Nothing once it is healthy; what is wrong where it is not within the time, or cannot become so by itself."""
    seconds = seconds or SECONDS
    begun = time.monotonic()
    while True:
        try:
            well, why = judge_health(kube.get(CLUSTER, cluster.namespace, cluster.name), now=datetime.now(UTC))
            why = without_git(why)
        except GitOpsError as error:
            well, why = False, str(error)
        spent = time.monotonic() - begun
        caller.told(min(spent, seconds), seconds, f"{cluster}: {why}")
        if well:
            return ()
        if well is None:
            return (Notice("not-healthy", f"{cluster} does not become healthy by itself: {why}"),)
        if spent > seconds:
            return (Notice("not-healthy", f"{cluster} was not healthy after {seconds:g} s: {why}"),)
        pause(_POLL)
