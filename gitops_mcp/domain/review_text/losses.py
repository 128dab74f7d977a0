"""What applying a change destroys, what stays, and how the change is undone: told from its objects alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.protection import asking_protections, blockers, spell_out
from gitops_mcp.domain.impact.assessment import assess_impact, each_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.review_text.field_rows import FieldRow, field_rows
from gitops_mcp.domain.review_text.outside_text import code, prose
from gitops_mcp.domain.review_text.proposal import ProposedPart
from gitops_mcp.domain.rules import Seen, findings

_STAYS = {
    "Cluster": "backups in object storage, VolumeSnapshots, Secrets that people made, and volumes of a StorageClass "
    "with reclaimPolicy Retain",
    "ScheduledBackup": "the backups that it has made",
    "Backup": "what it holds in object storage",
    "Publication": "the tables that it publishes",
    "Subscription": "the tables that it has filled",
    "ImageCatalog": "what runs with its images",
    "ClusterImageCatalog": "what runs with its images",
}
"""Where an object of the kind is deleted."""
_FIELDS = 4
_DROPS = re.compile(r"\bdrop(?:s|ped)\b")
"""Of what is gone and holds no data: a role."""


@dataclass(frozen=True)
class Fate:
    """What becomes of one object, as lines of Markdown."""

    destroyed: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


def fate_of(part: ProposedPart, change: ObjectChange) -> Fate:
    whom, engine = code(str(change.identity)), part.engine_of(change.identity)
    effects = list(each_impact(change.before, change.after, engine=engine))
    lost = [text for one in effects for text in one.reasons if one.level is Level.DATA_LOSS or _DROPS.search(text)]
    reasons = tuple(f"{whom}: {prose(one)}" for one in lost or [reason for one in effects for reason in one.reasons])
    if change.after is not None:
        freed = blockers(change.before, engine)
        if freed and not blockers(change.after, engine):
            text = f"{whom} itself: this only takes {prose(spell_out(freed))} away, after which a removal deletes it"
            return Fate(reasons if lost else (), (text,))
        kept = (f"of {whom} the other instances with all data",) if ("spec", "instances") in change.fields else ()
        return Fate(reasons, kept) if lost else Fate()
    if held := blockers(change.before, engine):
        return Fate((), (f"{whom}: {prose(spell_out(held))} keeps it although its manifest goes",))
    by = part.applier_of(change.identity)
    if by is not None and not by.prunes:
        return Fate((), (f"{whom}: {prose(by.name)} does not prune, so it stays until a person deletes it",))
    asks = " after a person has confirmed it in Argo CD" if asking_protections(change.before) else ""
    stays = tuple(f"of {whom} {text}" for text in [_STAYS.get(change.identity.kind)] if text)
    if change.identity.kind in {"Database", "DatabaseRole"} and all(one.level is Level.NONE for one in effects):
        return Fate((f"the object {whom}{asks}",), reasons)
    return Fate(tuple(f"{one}{asks}" for one in reasons) or (f"the object {whom}{asks}",), stays)


def undo_line(part: ProposedPart, change: ObjectChange) -> str:
    """How one object is set back, and what that does."""
    whom, before, after = code(str(change.identity)), change.before, change.after
    if before is None:
        return f"remove {whom} again{_costs(part, change)}"
    if after is None:
        gone = "; its data does not come back with it" if _is_lost(part, change) else ""
        return f"put {whom} back as it was{gone}"
    refused = [one for one in findings(Seen(before, after)) if one.severity == "error" and not one.is_old]
    rows = list(field_rows(change))
    told = ", ".join(map(_set_back, rows[:_FIELDS]))
    told += f" and {pluralize(len(rows) - _FIELDS, 'more field')}" if len(rows) > _FIELDS else ""
    if refused:
        return f"{whom} cannot be set back ({told}): {prose(str(refused[0]))}"
    lost = "; what applying it has destroyed does not come back" if _is_lost(part, change) else ""
    return f"in {whom} {told}{_costs(part, change)}{lost}"


def _costs(part: ProposedPart, change: ObjectChange) -> str:
    """What it does to set an object back."""
    back = list(each_impact(change.after, change.before, engine=part.engine_of(change.identity)))
    level = max((one.level for one in back), default=Level.NONE)
    if level is Level.NONE:
        return ""
    reasons = [reason for one in back if one.level is level for reason in one.reasons]
    return f", which is {_AS[level]} ({prose('; '.join(reasons[:2]), most=300)})"


_AS = {
    Level.RELOAD: "a reload",
    Level.ROLLING_RESTART: "a rolling restart",
    Level.OUTAGE: "an outage",
    Level.DATA_LOSS: "a loss of data",
}


def _set_back(row: FieldRow) -> str:
    if row.before is None:
        return f"leave {code(row.field)} out"
    return f"set {code(row.field)} to {code(row.before, most=80)}"


def _is_lost(part: ProposedPart, change: ObjectChange) -> bool:
    return assess_impact(change.before, change.after, engine=part.engine_of(change.identity)).level is Level.DATA_LOSS


def undo_lines(part: ProposedPart) -> Iterator[str]:
    return (undo_line(part, one) for one in part.objects)
