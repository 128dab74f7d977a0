"""What taking a change back loses, and what cannot come back by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.cluster_spec import is_hibernated, with_instances
from gitops_mcp.domain.cnpg.scaling import Scaling
from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.impact.assessment import each_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.kinds import OBJECT_STORE
from gitops_mcp.domain.live.managers import deletion_of
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.databases.database import POLICY
from gitops_mcp.domain.plans.generic.object_deletion import LOST, users_of
from gitops_mcp.domain.plans.undo.undo import Done, others_that_go
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class LiveObject:
    """What the API says of an object of the change; `object` is None where there is none."""

    object: Object | None
    is_read: bool = True

    @property
    def is_gone(self) -> bool:
        return self.is_read and (self.object is None or bool(deletion_of(self.object)))


def why_gone(change: ObjectChange, live: LiveObject) -> str | None:
    """Why the data that a change has let go does not come back with its manifest; None: it may be there still."""
    whom = change.identity
    if whom.kind == "Cluster" and change.after is None and live.is_gone:
        return (
            f"the data of {whom} is gone, since no live one is there any more: its manifest would make an empty one. "
            f"Restore a backup into a new Cluster"
        )
    if whom.kind == "Database" and _was_dropped(change, live):
        return f"{whom} was dropped with all its data: its manifest would make an empty one. Restore it from a backup"
    return None


def _was_dropped(change: ObjectChange, live: LiveObject) -> bool:
    if change.before is None:
        return False
    if change.after is None:
        return live.is_gone and at(change.before, "spec", POLICY) == "delete"
    if not (_is_absent(change.after) and not _is_absent(change.before)):
        return False
    done = live.object is not None and _is_absent(live.object) and read_reconciliation(live.object).done
    return live.is_gone or done


def may_be_gone(change: ObjectChange, live: LiveObject) -> bool:
    """Whether the API would have to say that data is there still, and was not read."""
    return not live.is_read and why_gone(change, LiveObject(None)) is not None


def what_is_lost(change: ObjectChange, now: Object | None, wanted: Object | None, live: LiveObject) -> str | None:
    """What a person has to agree to before an object becomes what is wanted."""
    whom = change.identity
    if wanted is None:
        return None if now is None or live.is_gone else _lost_with(change, now, live)
    if _is_absent(wanted) and not _is_absent(now):
        return f"{whom} says `ensure: absent` again, so that the operator drops what it declares"
    count = at(wanted, "spec", "instances") if whom.kind == "Cluster" and now is not None else None
    risk = Scaling.of(now, to=count, live=live.object).risk if now is not None and isinstance(count, int) else None
    return "; ".join(filter(None, (risk, _told(change, now, wanted, live, Level.DATA_LOSS)))) or None


def what_stops(change: ObjectChange, now: Object | None, wanted: Object | None, live: LiveObject) -> str | None:
    """What nobody can use, for a time or for ever, once an object becomes what is wanted, beside what is lost."""
    if (_is_absent(wanted) and not _is_absent(now)) or (wanted is None and (now is None or live.is_gone)):
        return None
    if is_hibernated(wanted) and now is not None and not is_hibernated(now):
        return f"{change.identity} is hibernated again: every pod stops"
    return _told(change, now, wanted, live, Level.OUTAGE)


def _told(
    change: ObjectChange, now: Object | None, wanted: Object | None, live: LiveObject, level: Level
) -> str | None:
    """The effects of a level; the number of a Cluster's instances, which is judged by what it risks, counts as kept."""
    if change.identity.kind == "Cluster" and now is not None and wanted is not None:
        wanted = with_instances(wanted, at(now, "spec", "instances"))
    effects = [one for one in each_impact(now, wanted, live=live.object) if one.level is level]
    told = "; ".join(reason for one in effects for reason in one.reasons)
    return f"{change.identity}: {told}" if told else None


def lost_beside(done: Done, after: Desired) -> Iterator[str]:
    """The same of what goes beside the objects of CNPG. Raises Refused for an ObjectStore that is named `after`."""
    for whom in others_that_go(done, "Namespace"):
        yield f"removing {whom} deletes all that is in it"
    for whom in others_that_go(done, OBJECT_STORE.kind):
        if users := list(users_of(after, whom)):
            told = f"{whom} is named by {', '.join(users)}: change that first"
            raise Refused(f"change {done.name!r} cannot be taken back: {told}")
        yield f"removing {whom}: {LOST[whom.kind]}"


def _lost_with(change: ObjectChange, now: Object, live: LiveObject) -> str | None:
    whom = change.identity
    if whom.kind == "Cluster":
        return f"deleting {whom} deletes its pods and PVCs with all data"
    is_reclaimed = any(at(one, "spec", POLICY) == "delete" for one in (now, live.object))
    return f"deleting {whom} drops what it declares, since its reclaim policy is delete" if is_reclaimed else None


def _is_absent(one: Object | None) -> bool:
    return bool(at(one, "spec", "ensure") == "absent")
