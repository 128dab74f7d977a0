"""`fieldSpecs`: the fields of which objects a transformer writes, `create` where they are not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gitops_mcp.domain.kustomize.draft import Draft, Id
from gitops_mcp.domain.kustomize.patching.mergepatch import Unpatchable
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.objects import Object, Path, at, dotted_path


def is_meant(spec: Object, one: Id) -> bool:
    """An empty group, version or kind means any."""
    return all(spec.get(field) in {None, "", getattr(one, field)} for field in ("group", "version", "kind"))


def steps_of(spec: Object) -> tuple[str, ...]:
    """`metadata/annotations`; a slash after a backslash is one of the name, and one at the start does not count."""
    steps = [step.replace("\0", "/") for step in str(spec.get("path") or "").replace("\\/", "\0").split("/")]
    return tuple(steps[1:] if len(steps) > 1 and not steps[0] else steps)


def fields_of(draft: Draft, specs: Iterable[Object], *, creates: bool = True) -> Iterator[Path]:
    """The places that the specs name in an object: of a list, in each of its items.

    Raises Unpatchable where kustomize refuses, Unsupported where what it does is not known here.
    """
    for spec in specs:
        if is_meant(spec, draft.id):
            yield from _places(draft.value, steps_of(spec), creates and spec.get("create") is True, ())


def _places(value: Any, steps: tuple[str, ...], creates: bool, above: Path) -> Iterator[Path]:
    if not steps:
        yield above
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, steps, creates, (*above, index))
    elif isinstance(value, dict):
        name = steps[0].removesuffix("[]")
        if not name:
            raise Unpatchable(f"the path {'/'.join(steps)!r} has an empty name")
        if value.get(name) is not None:
            yield from _places(value[name], steps[1:], creates, (*above, name))
        elif creates and any(step.endswith("[]") for step in steps):
            raise Unsupported(f"a list that is made at {dotted_path((*above, name))}")
        elif creates or (name in value and len(steps) == 1):
            yield (*above, *steps)
    elif value is not None:
        raise Unpatchable(f"{dotted_path(above)} is neither an object nor a list")


def scalar_at(draft: Draft, path: Path) -> Any:
    """Raises Unpatchable where an object or a list stands."""
    found = at(draft.value, *path)
    if isinstance(found, dict | list):
        raise Unpatchable(f"{dotted_path(path)} is not a single value")
    return found


def mapped_or_doubted(draft: Draft, change: Callable[[Draft], Draft], place: str) -> Draft:
    """Where what a transformer does to an object is not known, the object is uncertain."""
    try:
        return change(draft)
    except Unsupported as error:
        return draft.doubted(f"{place}: {error} is not understood") if draft.is_cnpg else draft
