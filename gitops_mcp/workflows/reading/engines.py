"""Engine objects of the repository, and files that it could not read, in words."""

from __future__ import annotations

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.config import Environment
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
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
        str(one.excluded): one.is_off_base,
    }
    told = ", ".join(note for note, holds in notes.items() if holds)
    return f"{one}" + (f": {told}" if told else "")


def nothing_applied(desired: Desired, environment: Environment) -> list[Notice]:
    """Where nothing of an environment is applied from Git, that this is so, and what is applied elsewhere."""
    told = applied_elsewhere(desired) if environment.delivery == "git" else None
    return [Notice("nothing-applied-here", cut_text(told, 1000))] if told else []


def passed_over(desired: Desired) -> list[Notice]:
    """The files that may declare something and could not be read, counted."""
    if not desired.skipped:
        return []
    first = desired.skipped[0]
    which = cut_text(f"{first.path}: {first.reason}")
    message = f"{pluralize(len(desired.skipped), 'file')} passed over as unreadable, the first is {which}"
    return [Notice("passed-over", message)]
