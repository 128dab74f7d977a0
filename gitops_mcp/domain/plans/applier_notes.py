"""What to say of the engine object that applies a change, and of what was not chosen for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_mcp.domain.cnpg.protection import protections, spell_out
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Path, dotted_path
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused

HELD_UP = "held-up"
_NAMED_AT_MOST = 10


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
    if scalar is None:
        return ()
    known = declared.applied.substitution.variables if declared.applied is not None else {}
    named = [f"{name} of {known[name].origin}".rstrip(",") if name in known else name for name in scalar.names]
    return (f"{dotted_path(path)} is {scalar.text} in {declared.place}: {', '.join(named)} changes",)


def applier_notices(declared: Declaration, desired: Desired) -> tuple[Notice, ...]:
    return tuple(_each_notice(declared, desired))


def off_base_notice(by: EngineObject) -> Notice:
    text = f"nothing changes in the cluster until what {by} follows moves to a commit with this: {by.excluded}"
    return Notice(HELD_UP, text)


def assumed_sources(applied: Iterable[EngineObject | None]) -> tuple[Notice, ...]:
    """That engine objects count although nothing says that this repository is what they apply, in one sentence."""
    found = {str(one): one.assumed for one in applied if one is not None and one.assumed}
    if not found:
        return ()
    reasons = tuple(dict.fromkeys(reason for reason in found.values() if reason))
    more = f" and {len(found) - _NAMED_AT_MOST} more" if len(found) > _NAMED_AT_MOST else ""
    told = (
        f"whether this repository is the source of {', '.join(list(found)[:_NAMED_AT_MOST])}{more} cannot be "
        f"determined "
        f"({'; '.join(reasons[:_NAMED_AT_MOST])}): taken as if it were"
    )
    return (Notice("unknown-source", told),)


def unapplied(declared: Iterable[Declaration], desired: Desired) -> Iterator[Notice]:
    """That only a kustomization makes something, in a repository where engine objects apply other folders."""
    loose = [one for one in declared if one.applied is None]
    if loose and any(one.counts and one.is_of_repository and one.folder is not None for one in desired.engines):
        places = [f"{one.place}" for one in loose]
        more = f" and {len(places) - _NAMED_AT_MOST} more" if len(places) > _NAMED_AT_MOST else ""
        folders = dict.fromkeys(one.root or "that" for one in loose)
        yield Notice(
            "no-applier",
            f"no engine object of this repository applies {', '.join(places[:_NAMED_AT_MOST])}{more}, though others "
            f"apply other folders: unless something that is not here applies {' and '.join(folders)}, nothing changes "
            f"in the cluster",
        )


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
            f"{one} is removed as well, since nothing is left for it: what applies it prunes it, and it then deletes "
            f"what it "
            f"has applied",
        )


def stranding_notices(desired: Desired, files: tuple[FileChange, ...], declared: Declaration) -> Iterator[Notice]:
    """That a removal deletes nothing by itself, since its engine object has nothing left and stays."""
    from gitops_mcp.domain.editing.emptied_appliers import stranded_applier

    if stranded := stranded_applier(desired, files, declared):
        yield Notice("applier-stranded", f"the live {declared.identity} stays until a person has acted: {stranded}")


def _each_notice(declared: Declaration, desired: Desired) -> Iterator[Notice]:
    by = declared.applied
    if by is not None:
        yield from _of_engine(by)
    yield from unapplied([declared], desired)
    for path, scalar in declared.substituted.items():
        if scalar.is_undefined:
            told = f"{dotted_path(path)} of {declared.title} is {scalar.text}: {scalar.unknown}"
            yield Notice("undefined-variable", told)
    if others := [str(one.applied) if one.applied else f"{one.root or 'the root'}" for one in desired.copies(declared)]:
        yield Notice(
            "several-roots",
            f"{declared.identity} is built by {' and '.join(dict.fromkeys(others))} as well: it is one object, so what "
            f"changes in a file that all of them build changes for all",
        )
    for note in (*by.notes, *by.overrides) if by is not None else ():
        yield Notice(HELD_UP, note)
    for one in desired.not_chosen(declared):
        yield Notice("not-chosen", f"{one.identity} is declared at {one.place} too, which is not applied: {one.reason}")


def _of_engine(by: EngineObject) -> Iterator[Notice]:
    if by.is_off_base:
        yield off_base_notice(by)
    yield from assumed_sources([by])
    if by.suspended:
        yield Notice("suspended", f"{by} is suspended: nothing is applied until somebody resumes it")
    if by.forces:
        yield Notice("forces", f"{by} has force: what cannot be updated in place is deleted and recreated")
    if by.guess:
        yield Notice("guess", f"that {by} applies it is a guess: {by.guess}")
