"""Engine objects of the repository, and files that it could not read, in words."""

from __future__ import annotations

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.applier_notes import assumed_sources
from gitops_mcp.domain.repository.desired import Desired


def applied_by(one: EngineObject) -> str:
    """An engine object of the repository, with what changes how it applies."""
    notes = {
        "suspended": one.suspended,
        "only when asked": not one.automatic and not one.suspended,
        "prunes": one.prunes,
        "force: deletes and makes anew what cannot be changed": one.forces,
        f"a guess: {one.guess}": one.guess is not None,
        f"whether that is this repository cannot be told: {one.assumed}": one.assumed is not None,
    }
    told = ", ".join(note for note, holds in notes.items() if holds)
    return f"{one}" + (f": {told}" if told else "")


def passed_over(desired: Desired) -> list[Notice]:
    """What is not known of the repository: sources that are taken for it, and the files that could not be read."""
    assumed = list(assumed_sources(one.applied for one in desired.declarations))
    if not desired.skipped:
        return assumed
    first = desired.skipped[0]
    which = cut_text(f"{first.path}: {first.reason}")
    message = f"{pluralize(len(desired.skipped), 'file')} passed over as unreadable, the first is {which}"
    return [*assumed, Notice("passed-over", message)]
