"""That an edit does what was asked and nothing else: the repository is built again, all else is as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gitops_mcp.domain.objects import Identity, Path, dotted_path
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused

_MISSING = object()
_LINE = re.compile(r":\d+")
_NAMED_AT_MOST = 5

_Key = tuple[object, ...]


def prove_only_change(
    before: Desired, files: Iterable[FileChange], wanted: Identity, path: Path | None, *, also: Iterable[Identity] = ()
) -> None:
    """Raises Refused where an edit changes any other live object, or another field of the one that is asked for.

    `path` None: the whole object comes or goes, and those of `also` with it.
    """
    changes = tuple(files)
    after = desired_after(before, changes)
    shown = ", ".join(change.path for change in changes)
    own = {wanted, *also}
    found = list(_differences(before, after, own, path))
    if found:
        more = f" and {len(found) - _NAMED_AT_MOST} more" if len(found) > _NAMED_AT_MOST else ""
        raise Refused(
            f"changing {shown} would not change just {f'{dotted_path(path)} of ' if path else ''}{wanted}: "
            f"{'; '.join(found[:_NAMED_AT_MOST])}{more}. Make this change by hand"
        )
    if not _is_changed(before, after, wanted):
        raise Refused(f"changing {shown} would change nothing of {wanted} as it is applied. Make this change by hand")


def _differences(before: Desired, after: Desired, own: set[Identity], path: Path | None) -> Iterator[str]:
    old, new = _objects_by_key(before), _objects_by_key(after)
    here = {_builder_key(one) for desired in (before, after) for one in desired.declarations if one.identity in own}
    for key in dict.fromkeys([*old, *new]):
        was, now = old.get(key), new.get(key)
        either = now or was
        if either is None:
            continue
        if was is None or now is None:
            if key[:-1] not in here or path is not None:
                yield f"{either.label} would {'be new' if was is None else 'go'}"
            continue
        if now.opaque and not was.opaque:
            yield f"{now.label} could not be told any more: {now.opaque}"
        fields = list(_differing_paths(was.object, now.object, ()))
        if key[:-1] not in here or path is None:
            touched = fields if key[:-1] not in here else []
        else:
            touched = [field for field in fields if field[: len(path)] != path]
        if touched:
            yield f"{', '.join(map(dotted_path, touched))} of {now.label} would change"
    known = {_LINE.sub("", note) for note in before.notes}
    yield from (note for note in after.notes if _LINE.sub("", note) not in known)


def _is_changed(before: Desired, after: Desired, wanted: Identity) -> bool:
    old = [one.object for one in before.declarations if one.identity == wanted]
    new = [one.object for one in after.declarations if one.identity == wanted]
    return not is_same(old, new)


def _objects_by_key(desired: Desired) -> dict[_Key, Declaration]:
    """Every object of the repository, by what makes it and what it is called then; two of one kind are numbered."""
    found: dict[_Key, Declaration] = {}
    for one in desired.everything:
        number = 0
        while (key := (*_builder_key(one), number)) in found:
            number += 1
        found[key] = one
    return found


def _builder_key(one: Declaration) -> _Key:
    by = one.applied
    made = (by.engine, by.kind, by.namespace, by.name, by.generated, by.folder, by.place.path) if by else None
    return (one.identity, made, one.root, "" if by else one.path)


def _differing_paths(was: object, now: object, path: Path) -> Iterator[Path]:
    """Where two values differ, as deep as their shapes agree; what is absent counts as an empty mapping."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            yield from _differing_paths(was.get(key, _MISSING), now.get(key, _MISSING), (*path, key))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differing_paths(one, other, (*path, index))
    elif was is _MISSING and isinstance(now, dict) and now:
        yield from _differing_paths({}, now, path)
    elif now is _MISSING and isinstance(was, dict) and was:
        yield from _differing_paths(was, {}, path)
    elif was is _MISSING or now is _MISSING or not is_same(was, now):
        yield path
