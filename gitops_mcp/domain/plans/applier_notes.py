"""What to say of the engine object that applies a change, and of what was not chosen for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Path, dotted_path
from gitops_mcp.domain.repository.desired import Declaration, Desired

HELD_UP = "held-up"


def applier_lines(declared: Declaration) -> tuple[str, ...]:
    """For the message of a change."""
    by = declared.applied
    if by is None:
        return ()
    habits = [word for word, is_so in (("prunes", by.prunes), ("has force", by.forces)) if is_so]
    return (f"Applied by {by}{', which ' + ' and '.join(habits) if habits else ''}",)


def variable_lines(declared: Declaration, path: Path) -> tuple[str, ...]:
    """Where a field is a variable, that what changes is its definition."""
    scalar = declared.substituted.get(path)
    return (
        (f"{dotted_path(path)} is {scalar.text} in {declared.place}: {', '.join(scalar.names)} changes",)
        if scalar
        else ()
    )


def applier_notices(declared: Declaration, desired: Desired) -> tuple[Notice, ...]:
    return tuple(_each_notice(declared, desired))


def off_base_notice(by: EngineObject) -> Notice:
    text = f"nothing changes in the cluster until what {by} follows moves to a commit with this: {by.excluded}"
    return Notice(HELD_UP, text)


def _each_notice(declared: Declaration, desired: Desired) -> Iterator[Notice]:
    by = declared.applied
    if by is not None and by.is_off_base:
        yield off_base_notice(by)
    if by is not None and by.suspended:
        yield Notice("suspended", f"{by} is suspended: nothing is applied until somebody resumes it")
    if by is not None and by.forces:
        yield Notice("forces", f"{by} has force: what cannot be updated in place is deleted and created anew")
    if by is not None and by.guess:
        yield Notice("guess", f"that {by} applies it is a guess: {by.guess}")
    for note in (*by.notes, *by.overrides) if by is not None else ():
        yield Notice(HELD_UP, note)
    for one in desired.unreached:
        if one.identity in {declared.identity, replace(declared.identity, namespace=None)}:
            yield Notice(
                "not-chosen", f"{one.identity} is declared at {one.place} too, which is not applied: {one.reason}"
            )
