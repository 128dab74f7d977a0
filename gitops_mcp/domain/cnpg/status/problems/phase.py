"""What the phase says, a switch that goes on, and what somebody has set aside on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_spec import is_disabled, is_hibernated
from gitops_mcp.domain.cnpg.status.phase import HEALTHY
from gitops_mcp.domain.cnpg.status.problems.problem import Problem, Severity
from gitops_mcp.domain.cnpg.status.report import Status
from gitops_mcp.domain.cnpg.status.summary import EVERY_INSTANCE
from gitops_mcp.domain.objects import Object, at


def phase_problems(status: Status) -> Iterator[Problem]:
    seen = status.summary
    severities: dict[str, Severity] = {
        "degraded": "critical",
        "blocked": "critical",
        "failed": "critical",
        "needs_human": "warning",
        "unknown": "warning",
        "progressing": "info",
        "waiting": "info",
    }
    severity = severities.get(seen.phase.kind)
    if severity is None or (is_disabled(status.cluster) and seen.phase.name in {None, HEALTHY}):
        return
    outage = {"none": "", "short": "; connections may break", "full": "; the database is down"}[seen.phase.outage]
    lasts = seen.not_ready_for if severity == "info" and seen.phase.kind == "progressing" else None
    for_long = f" for {lasts}" if lasts else ""
    name = f"phase {seen.phase.name!r} ({seen.phase.kind}){for_long}{outage}"
    if seen.phase.name is None:
        name = "no phase is reported" + (", though the operator has begun" if seen.phase.kind == "waiting" else "")
    yield Problem("warning" if lasts else severity, f"phase-{seen.phase.kind}", name, seen.next_step, seen.phase_reason)


def switch_problems(status: Status) -> Iterator[Problem]:
    seen = status.summary
    if seen.switching_to == "pending":
        yield Problem(
            "critical",
            "failover-undecided",
            f"the primary {seen.primary} is being given up and no new one is chosen yet: nothing takes writes",
            "wait; if it lasts, see why no replica is ready",
        )
    elif seen.switching_to and seen.primary:
        yield Problem(
            "warning",
            "switch-pending",
            f"the primary is moving from {seen.primary} to {seen.switching_to}",
            "wait; if it lasts, look at both pods and the operator's log",
        )


def set_aside_problems(status: Status) -> Iterator[Problem]:
    """What somebody did on purpose and may have forgotten."""
    seen = status.summary
    if seen.hibernated:
        yield Problem(
            "info",
            "hibernated",
            "the Cluster is hibernated: no instance runs, the volumes are kept",
            "to wake it set the annotation cnpg.io/hibernation to 'off' in Git",
        )
    elif is_hibernated(status.cluster):
        yield Problem(
            "warning",
            "hibernating",
            f"hibernation is asked for and not done: {seen.ready} of {seen.instances} instances are ready",
            "wait; the operator begins only in a healthy Cluster, so mend first what keeps it unhealthy",
            seen.hibernation_waits,
        )
    if seen.fenced:
        hits_primary = EVERY_INSTANCE in seen.fenced or seen.primary in seen.fenced
        whom = "all instances are" if EVERY_INSTANCE in seen.fenced else f"{', '.join(seen.fenced)} is"
        yield Problem(
            "critical" if hits_primary else "warning",
            "fenced",
            f"{whom} fenced: PostgreSQL is stopped there{', and no failover happens' if hits_primary else ''}",
            "wait: the operator fenced them itself to make the Cluster follow its source, and lifts it then; if it "
            "lasts, read the instances' log"
            if seen.is_made_replica
            else "once the reason is gone, remove the annotation cnpg.io/fencedInstances (`kubectl cnpg fencing off`)",
        )
    if is_disabled(status.cluster):
        told = "" if seen.phase.name else ", and reports nothing of it"
        yield Problem(
            "warning" if seen.phase.name else "critical",
            "operator-disabled",
            "the annotation cnpg.io/reconciliationLoop is 'disabled': the operator does nothing for this Cluster"
            + told,
            "remove the annotation; until then no change from Git takes effect, and the status may be an old one",
        )
    for key in ("cnpg.io/reconcilePodSpec", "cnpg.io/validation"):
        if at(status.cluster, "metadata", "annotations", key) == "disabled":
            yield Problem(
                "warning",
                "operator-disabled",
                f"the annotation {key} is 'disabled': the operator does not do that part for this Cluster",
                "remove the annotation; until then changes from Git may not take effect, or not be checked",
            )


def bootstrap_problems(status: Status, desired: Object | None) -> Iterator[Problem]:
    """A stanza that did its work once lies in wait: made again, the Cluster would start from that old copy."""
    for method in ("recovery", "pg_basebackup"):
        declared = at(desired if desired is not None else status.cluster, "spec", "bootstrap", method)
        if declared is not None and at(status.cluster, "status", "phase"):
            where = "Git still declares" if desired is not None else "the Cluster was made with"
            yield Problem(
                "warning",
                "bootstrap-left",
                f"{where} bootstrap.{method}: if the Cluster were deleted and applied again, it would start from that "
                f"copy and not from today's data",
                "keep it protected against pruning; do not add another bootstrap method, which the webhook refuses",
            )
