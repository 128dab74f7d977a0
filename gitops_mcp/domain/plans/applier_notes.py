"""What to say of the engine object that applies a change, and of what was not chosen for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitops_mcp.domain.cnpg.protection import protections, spell_out
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Path, dotted_path
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused

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


def removal_notices(
    desired: Desired, files: tuple[FileChange, ...], declared: Declaration, live: Object | None = None
) -> Iterator[Notice]:
    """Of the engine objects that go with a removal.

    Raises Refused where an Application would have to go that keeps the live object then.
    """
    from gitops_mcp.domain.editing.emptied_appliers import removed_appliers

    for one in removed_appliers(desired, files):
        kept = [
            each
            for each in (*protections(declared.object), *protections(live))
            if each.effect == "keeps_on_app_deletion" and one.engine == "argocd"
        ]
        if kept:
            raise Refused(
                f"{one} would have to go with the last object of its folder, and {spell_out(kept)} keeps "
                f"{declared.identity} then: take that off first, or put another resource into "
                f"{one.folder or 'the root folder'}"
            )
        yield Notice(
            "applier-removed",
            f"{one} goes as well, since nothing is left for it: what applies it prunes it, and it then deletes what it "
            f"has applied",
        )


def stranding_notices(desired: Desired, files: tuple[FileChange, ...], declared: Declaration) -> Iterator[Notice]:
    """That a removal deletes nothing by itself, since its engine object has nothing left and stays."""
    from gitops_mcp.domain.editing.emptied_appliers import stranded_applier

    if stranded := stranded_applier(desired, files, declared):
        yield Notice("applier-stranded", f"the live {declared.identity} stays until a person has acted: {stranded}")


def _each_notice(declared: Declaration, desired: Desired) -> Iterator[Notice]:
    by = declared.applied
    if by is not None and by.suspended:
        yield Notice("suspended", f"{by} is suspended: nothing is applied until somebody resumes it")
    if by is not None and by.forces:
        yield Notice("forces", f"{by} has force: what cannot be updated in place is deleted and created anew")
    if by is not None and by.guess:
        yield Notice("guess", f"that {by} applies it is a guess: {by.guess}")
    if others := [str(one.applied) if one.applied else f"{one.root or 'the root'}" for one in desired.copies(declared)]:
        yield Notice(
            "several-roots",
            f"{declared.identity} is built by {' and '.join(dict.fromkeys(others))} as well: it is one object, so what "
            f"changes in a file that all of them build changes for all",
        )
    for note in (*by.notes, *by.overrides) if by is not None else ():
        yield Notice(HELD_UP, note)
    for one in desired.unreached:
        if one.identity in {declared.identity, replace(declared.identity, namespace=None)}:
            yield Notice(
                "not-chosen", f"{one.identity} is declared at {one.place} too, which is not applied: {one.reason}"
            )
