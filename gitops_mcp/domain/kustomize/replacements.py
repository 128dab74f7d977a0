"""`replacements`: a value of one object, or one that is written out, copied into fields of others."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gitops_mcp.domain.kustomize import manifest, regex, scalar, selectors
from gitops_mcp.domain.kustomize.draft import Draft, Id, Pen
from gitops_mcp.domain.kustomize.kustomization import Kustomization, Placed, Section
from gitops_mcp.domain.kustomize.mergepatch import Unpatchable
from gitops_mcp.domain.kustomize.produced import Layer
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.transforms import layer_at
from gitops_mcp.domain.kustomize.tree import Missing, Tracked, Unread
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.yamltree import Unparsable

_STEP = re.compile(r"((?:\[[^\]]*\]|\\.|[^.\\\[])*)(?:\.|$)")
_ELEMENT = re.compile(r"\[([^=\]]+)=([^\]]*)\]")


class _Unsure(Unsupported):
    """What comes out is not known here."""


@dataclass(frozen=True)
class _Source:
    text: str | None
    """Of a scalar, as it is written."""
    value: Any
    named: str


def replaced(state: State, kustomization: Kustomization, files: Tracked) -> State:
    for placed in kustomization.items("replacements"):
        try:
            for each in list(_each(placed, kustomization, files)):
                state = _replaced(state, each, layer_at("replacement", each, kustomization, files))
        except Unread as error:
            state = state.doubted(files.place(placed), f"{error}")
        except (Missing, Unparsable) as error:
            state = state.refused(files.place(placed), f"{error}")
    return state


def _each(placed: Placed, kustomization: Kustomization, files: Tracked) -> Iterator[Placed]:
    entry = placed.value.get("path")
    if not entry:
        yield placed
        return
    path = files.file(kustomization.folder, str(entry))
    documents = manifest.settings(files.text(path))
    found = documents[0] if documents else None
    if isinstance(found, dict):
        yield Placed(found, Section(path, 0, (), {}), ())
    for index, one in enumerate(found if isinstance(found, list) else []):
        if isinstance(one, dict):
            yield Placed(one, Section(path, 0, (), {}), (index,))


def _replaced(state: State, placed: Placed, layer: Layer) -> State:
    targets = [target for target in placed.value.get("targets") or [] if isinstance(target, dict)]
    try:
        source = _source(state, placed.value)
        layer = replace(layer, source=source.named)
        for target in targets:
            state = state.mapped(partial(_written, source=source, target=target, layer=layer))
    except Unsupported as error:
        reason = f"{error} is not understood"
        state = state.unsure(layer.place, reason)
        return state.mapped(lambda one: one.doubted(f"{layer.place}: {reason}") if _may_mean(one, targets) else one)
    except Unpatchable as error:
        return state.refused(layer.place, f"{error}")
    return state


def _may_mean(draft: Draft, targets: list[Object]) -> bool:
    try:
        return draft.is_cnpg and any(_meant(draft, target) for target in targets)
    except Unsupported:
        return True


def _meant(draft: Draft, target: Object) -> bool:
    select = target.get("select") or {}
    rejects = [one for one in target.get("reject") or [] if isinstance(one, dict)]
    return (
        any(selectors.named(select, one) for one in _ids(draft))
        and selectors.described(select, draft)
        and not any(
            any(selectors.named(reject, one) for one in _ids(draft)) and selectors.described(reject, draft)
            for reject in rejects
        )
    )


def _ids(draft: Draft) -> list[Id]:
    """A former name is kept with `default` for no namespace, the present one as it is."""
    return [*(one._replace(namespace=one.namespace or "default") for one in draft.past), draft.id]


def _source(state: State, entry: Object) -> _Source:
    if "sourceValue" in entry:
        if entry.get("source"):
            raise Unpatchable("both source and sourceValue")
        value = entry["sourceValue"]
        return _Source(str(value), value, "sourceValue")
    wanted = entry.get("source")
    if not isinstance(wanted, dict):
        raise Unpatchable("neither source nor sourceValue")
    found = [draft for draft in state.drafts if any(selectors.is_named_exactly(wanted, one) for one in draft.ids)]
    if len(found) > 1:
        raise Unpatchable(f"the source is several objects: {', '.join(str(draft.id) for draft in found)}")
    if not found:
        if state.may_hold(of_cnpg=False):
            raise _Unsure("a source that was not read")
        raise Unpatchable("there is no such source")
    return _of(found[0], wanted)


def _of(draft: Draft, wanted: Object) -> _Source:
    field = str(wanted.get("fieldPath") or "metadata.name")
    if draft.doubts:
        raise _Unsure(f"the source {draft.id}, of which it is not known what it holds,")
    places = list(_places(draft.value, _steps(field), create=False))
    value = at(draft.value, *places[0]) if places else None
    if "*" in _steps(field):
        raise Unpatchable(f"{field}: a source cannot hold *")
    if value in (None, {}, []):
        raise Unpatchable(f"{draft.id} has no {field}")
    named = f"{draft.id} {field} ({draft.layers[0].place})"
    if isinstance(value, dict | list):
        return _Source(None, value, named)
    text = _text(value, draft)
    options = wanted.get("options") or {}
    if options.get("delimiter"):
        parts, index = text.split(str(options["delimiter"])), int(options.get("index") or 0)
        if not 0 <= index < len(parts):
            raise Unpatchable(f"options.index {index} is not in {text!r}")
        text = parts[index]
        if not isinstance(value, str):
            raise _Unsure("a part of a number")
    return _Source(text, value, named)


def _text(value: Any, draft: Draft) -> str:
    if isinstance(value, str):
        if not draft.as_written and scalar.is_date(value):
            raise _Unsure("a value that is not written as it comes out")
        return value
    if not draft.as_written:
        raise _Unsure("a number that is not written as it comes out")
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _written(draft: Draft, source: _Source, target: Object, layer: Layer) -> Draft:
    if not isinstance(target.get("select"), dict):
        raise Unpatchable("a target without select")
    if not _meant(draft, target):
        return draft
    options = target.get("options") or {}
    pen = Pen(draft, layer)
    for field in target.get("fieldPaths") or ["metadata.name"]:
        steps = _steps(str(field))
        places = list(_places(draft.value, steps, create=bool(options.get("create"))))
        if not places:
            raise Unpatchable(f"{draft.id} has no {field}")
        for place in places:
            _put(pen, place, source, options, draft)
    return pen.done()


def _put(pen: Pen, place: Path, source: _Source, options: Object, draft: Draft) -> None:
    old = at(pen.value, *place)
    is_there = at(pen.value, *place[:-1]) is not None and _has(pen.value, place)
    if source.text is None:
        if is_there and not isinstance(old, dict | list):
            raise _Unsure("a map or list put into a scalar")
        pen.put(place, source.value, (), literal=False, whole=True)
        return
    text = source.text
    if options.get("delimiter"):
        if isinstance(old, dict | list):
            raise Unpatchable("a delimiter in a target that is no scalar")
        parts, index = (_text(old, draft) if is_there else "").split(str(options["delimiter"])), options.get("index")
        index = int(index or 0)
        parts = [text, *parts] if index < 0 else [*parts[:index], text, *parts[index + 1 :]]
        text = str(options["delimiter"]).join(parts)
    if not is_there:
        value = scalar.plain(text)
    elif isinstance(old, dict | list):
        value = source.value
    else:
        value = _typed(text, old)
    if isinstance(value, float) and not math.isfinite(value):
        raise Unpatchable(f"{text} is no number of JSON")
    pen.put(place, value, (), literal=False, whole=True)


def _typed(text: str, old: Any) -> Any:
    """A scalar keeps its type; kustomize refuses a text that has another one."""
    if isinstance(old, str):
        if scalar.is_date(old):
            raise _Unsure("a value put where a date stands")
        return text
    value = scalar.plain(text)
    kinds = (bool,) if isinstance(old, bool) else (int,) if isinstance(old, int) else (int, float)
    if old is None or type(value) not in kinds:
        raise Unpatchable(f"{text!r} does not fit where {old!r} stands")
    return value


def _has(value: Any, path: Path) -> bool:
    parent = at(value, *path[:-1]) if len(path) > 1 else value
    return isinstance(parent, list) or (isinstance(parent, dict) and path[-1] in parent)


def _steps(field: str) -> list[str]:
    r"""`a.[b.c].d\.e` as `a`, `[b.c]`, `d.e`."""
    return [re.sub(r"\\(.)", r"\1", match[1]) for match in _STEP.finditer(field) if match[1]]


def _places(value: Any, steps: list[str], *, create: bool) -> Iterator[Path]:
    if not steps:
        yield ()
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, list):
        yield from _items(value, step, rest, create=create)
        return
    if not isinstance(value, dict) and not (create and value is None):
        if value is None:
            return
        raise Unpatchable(f"a scalar where {step} should be")
    if _ELEMENT.fullmatch(step) or step == "*":
        raise _Unsure(f"the step {step} in a map")
    key = _key(step)
    if value and key in value:
        yield from ((key, *below) for below in _places(value[key], rest, create=create))
    elif create:
        if any(one == "*" or one.isdigit() or _ELEMENT.fullmatch(one) for one in rest):
            raise _Unsure(f"the step {step}, which would make a list,")
        yield (key, *map(_key, rest))


def _key(step: str) -> str:
    return step[1:-1] if step.startswith("[") else step


def _items(items: list[Any], step: str, rest: list[str], *, create: bool) -> Iterator[Path]:
    element = _ELEMENT.fullmatch(step)
    if element:
        key, wanted = element.groups()
        chosen = [index for index, item in enumerate(items) if regex.search(wanted, str(at(item, key) or ""))]
        if not chosen and create:
            raise _Unsure(f"the step {step}, which would add to a list,")
    elif step == "*":
        chosen = list(range(len(items)))
    elif step.isdigit():
        if int(step) >= len(items):
            raise Unpatchable(f"{step} is not in the list")
        chosen = [int(step)]
    else:
        raise Unpatchable(f"a list where {step} should be")
    for index in chosen:
        yield from ((index, *below) for below in _places(items[index], rest, create=create))
