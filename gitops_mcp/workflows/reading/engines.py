"""Engine objects of the repository, and files that it could not read, in words."""

from __future__ import annotations

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.config import Environment
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.applier_notes import assumed_sources, unapplied
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.missing_object import applied_elsewhere


def applied_by(one: EngineObject) -> str:
    """An engine object of the repository, with what changes how it applies."""
    notes = {
        "suspended": one.suspended,
        "only when asked": not one.automatic and not one.suspended,
        "prunes": one.prunes,
        "force: deletes and makes anew what cannot be changed": one.forces,
        f"a guess: {one.guess}": one.guess is not None,
        f"whether that is this repository cannot be determined: {one.assumed}": one.assumed is not None,
        str(one.excluded): one.is_off_base,
    }
    told = ", ".join(note for note, holds in notes.items() if holds)
    return f"{one}" + (f": {told}" if told else "")


def nothing_applied(desired: Desired, environment: Environment) -> list[Notice]:
    """Where nothing of an environment is applied from Git, that this is so, and what is applied elsewhere."""
    told = applied_elsewhere(desired) if environment.delivery == "git" else None
    return [Notice("nothing-applied-here", cut_text(told, 1000))] if told else []


def outside_notices(desired: Desired | None) -> list[Notice]:
    """How much of an environment the caller may not know of, where their rights end inside of it."""
    hidden = len(desired.declarations) - len(desired.shown) if desired else 0
    if not hidden:
        return []
    text = f"{pluralize(hidden, 'object')} that Git declares there lie outside of what you may see, and are not counted"
    return [Notice("outside", text)]


def passed_over(desired: Desired) -> list[Notice]:
    """What is not known of the repository: sources taken for it, files that could not be read, charts not rendered."""
    if desired.only is not None:  # what else is not known may be somebody else's
        return [*unapplied(desired.clusters, desired), *outside_notices(desired)]
    found = [*assumed_sources(one.applied for one in desired.declarations), *unapplied(desired.clusters, desired)]
    if desired.skipped:
        first = desired.skipped[0]
        which = cut_text(str(first))
        message = f"{pluralize(len(desired.skipped), 'file')} passed over as unreadable, the first is {which}"
        found.append(Notice("passed-over", message))
    names = ((one, one.substituted.get(("metadata", "name"))) for one in desired.clusters)
    found += [
        Notice("open-name", cut_text(f"{one.place}: the name {name.text} is open: {name.unknown}", 1000))
        for one, name in names
        if name is not None and name.unknown
    ]
    unknown = list(dict.fromkeys(one.reason for one in desired.hidden if one.is_open))
    if unknown:
        more = f"; so for {pluralize(len(unknown) - 1, 'further chart')}" if unknown[1:] else ""
        found.append(Notice("unknown-chart", f"there may be more: {cut_text(unknown[0])}{more}"))
    return found
