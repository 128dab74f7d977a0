"""`replacements`: a value of one object, or one that is written out, copied into fields of others."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.kustomize import manifest, regex, scalar, selectors
from gitops_mcp.domain.kustomize.draft import Draft, Id, Pen
from gitops_mcp.domain.kustomize.kustomization import Kustomization, Placed, Section
from gitops_mcp.domain.kustomize.patching.mergepatch import Unpatchable
from gitops_mcp.domain.kustomize.produced import Layer
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.transforming.transforms import layer_at
from gitops_mcp.domain.kustomize.tree import MissingFile, TrackedTree, UnreadFile
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.yaml.tree import Unparsable

_ELEMENT = re.compile(r"\[([^=\]]+)=([^\]]*)\]")


class _Unsure(Unsupported):
    """What comes out is not known here."""


@dataclass(frozen=True)
class _CopySource:
    text: str | None
    """Of a scalar, as it is written."""
    value: Any
    named: str


def apply_replacements(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    for placed in kustomization.items("replacements"):
        try:
            for each in list(_each_replacement(placed, kustomization, files)):
                state = _apply_replacement(state, each, layer_at("replacement", each, kustomization, files))
        except UnreadFile as error:
            state = state.doubted(files.place(placed), f"{error}")
        except (MissingFile, Unparsable) as error:
            state = state.refused(files.place(placed), f"{error}")
    return state


def _each_replacement(placed: Placed, kustomization: Kustomization, files: TrackedTree) -> Iterator[Placed]:
    entry = placed.value.get("path")
    if not entry:
        yield placed
        return
    path = files.file(kustomization.folder, str(entry))
    documents = manifest.read_own_documents(files.text(path))
    found = documents[0] if documents else None
    if isinstance(found, dict):
        yield Placed(found, Section(path, 0, (), {}), ())
    for index, one in enumerate(found if isinstance(found, list) else []):
        if isinstance(one, dict):
            yield Placed(one, Section(path, 0, (), {}), (index,))


def _apply_replacement(state: State, placed: Placed, layer: Layer) -> State:
    targets = [target for target in placed.value.get("targets") or [] if isinstance(target, dict)]
    try:
        source = _find_source(state, placed.value)
        layer = replace(layer, source=source.named)
        for target in targets:
            state = state.mapped(partial(_write_target, source=source, target=target, layer=layer))
    except Unsupported as error:
        reason = f"{error} is not understood"
        state = state.unsure(layer.place, reason)
        return state.mapped(lambda one: one.doubted(f"{layer.place}: {reason}") if _may_mean(one, targets) else one)
    except Unpatchable as error:
        return state.refused(layer.place, f"{error}")
    return state


def _may_mean(draft: Draft, targets: list[Object]) -> bool:
    try:
        return draft.is_cnpg and any(_is_target(draft, target) for target in targets)
    except Unsupported:
        return True


def _is_target(draft: Draft, target: Object) -> bool:
    select = target.get("select") or {}
    rejects = [one for one in target.get("reject") or [] if isinstance(one, dict)]
    return (
        any(selectors.matches_id(select, one) for one in _all_ids(draft))
        and selectors.matches_metadata(select, draft)
        and not any(
            any(selectors.matches_id(reject, one) for one in _all_ids(draft))
            and selectors.matches_metadata(reject, draft)
            for reject in rejects
        )
    )


def _all_ids(draft: Draft) -> list[Id]:
    """A former name is kept with `default` for no namespace, the present one as it is."""
    return [*(one._replace(namespace=one.namespace or "default") for one in draft.past), draft.id]


def _find_source(state: State, entry: Object) -> _CopySource:
    if "sourceValue" in entry:
        if entry.get("source"):
            raise Unpatchable("both source and sourceValue")
        value = entry["sourceValue"]
        return _CopySource(str(value), value, "sourceValue")
    wanted = entry.get("source")
    if not isinstance(wanted, dict):
        raise Unpatchable("neither source nor sourceValue")
    found = [draft for draft in state.drafts if any(selectors.matches_id_exactly(wanted, one) for one in draft.ids)]
    if len(found) > 1:
        raise Unpatchable(f"the source is several objects: {', '.join(str(draft.id) for draft in found)}")
    if not found:
        if state.may_hold(of_cnpg=False):
            raise _Unsure("a source that was not read")
        raise Unpatchable("there is no such source")
    return _source_of(found[0], wanted)


def _source_of(draft: Draft, wanted: Object) -> _CopySource:
    field = str(wanted.get("fieldPath") or "metadata.name")
    if draft.doubts:
        raise _Unsure(f"the source {draft.id}, of which it is not known what it holds,")
    places = list(_find_places(draft.value, _path_steps(field), create=False))
    value = at(draft.value, *places[0]) if places else None
    if "*" in _path_steps(field):
        raise Unpatchable(f"{field}: a source cannot hold *")
    if value in (None, {}, []):
        raise Unpatchable(f"{draft.id} has no {field}")
    named = f"{draft.id} {field} ({draft.layers[0].place})"
    if isinstance(value, dict | list):
        return _CopySource(None, value, named)
    text = _text_of(value, draft)
    options = wanted.get("options") or {}
    if options.get("delimiter"):
        parts, index = text.split(str(options["delimiter"])), int(options.get("index") or 0)
        if not 0 <= index < len(parts):
            raise Unpatchable(f"options.index {index} is not in {text!r}")
        text = parts[index]
        if not isinstance(value, str):
            raise _Unsure("a part of a number")
    return _CopySource(text, value, named)


def _text_of(value: Any, draft: Draft) -> str:
    if isinstance(value, str):
        if not draft.as_written and scalar.is_date(value):
            raise _Unsure("a value that is not written as it comes out")
        return value
    if not draft.as_written:
        raise _Unsure("a number that is not written as it comes out")
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _write_target(draft: Draft, source: _CopySource, target: Object, layer: Layer) -> Draft:
    if not isinstance(target.get("select"), dict):
        raise Unpatchable("a target without select")
    if not _is_target(draft, target):
        return draft
    options = target.get("options") or {}
    pen = Pen(draft, layer)
    for field in target.get("fieldPaths") or ["metadata.name"]:
        steps = _path_steps(str(field))
        places = list(_find_places(draft.value, steps, create=bool(options.get("create"))))
        if not places:
            raise Unpatchable(f"{draft.id} has no {field}")
        for place in places:
            _put_value(pen, place, source, options, draft)
    return pen.done()


def _put_value(pen: Pen, place: Path, source: _CopySource, options: Object, draft: Draft) -> None:
    old = at(pen.value, *place)
    is_there = at(pen.value, *place[:-1]) is not None and _has_path(pen.value, place)
    if source.text is None:
        if is_there and not isinstance(old, dict | list):
            raise _Unsure("a map or list put into a scalar")
        pen.put(place, source.value, (), literal=False, whole=True)
        return
    text = source.text
    if options.get("delimiter"):
        if isinstance(old, dict | list):
            raise Unpatchable("a delimiter in a target that is not a scalar")
        parts, index = (_text_of(old, draft) if is_there else "").split(str(options["delimiter"])), options.get("index")
        index = int(index or 0)
        parts = [text, *parts] if index < 0 else [*parts[:index], text, *parts[index + 1 :]]
        text = str(options["delimiter"]).join(parts)
        spend(len(text) // 50)
    if not is_there:
        value = scalar.read_plain(text)
    elif isinstance(old, dict | list):
        value = source.value
    else:
        value = _keep_type(text, old)
    if isinstance(value, float) and not math.isfinite(value):
        raise Unpatchable(f"{text} is not a number of JSON")
    pen.put(place, value, (), literal=False, whole=True)


def _keep_type(text: str, old: Any) -> Any:
    """A scalar keeps its type; kustomize refuses a text that has another one."""
    if isinstance(old, str):
        if scalar.is_date(old):
            raise _Unsure("a value put where a date stands")
        return text
    value = scalar.read_plain(text)
    kinds = (bool,) if isinstance(old, bool) else (int,) if isinstance(old, int) else (int, float)
    if old is None or type(value) not in kinds:
        raise Unpatchable(f"{text!r} does not fit where {old!r} stands")
    return value


def _has_path(value: Any, path: Path) -> bool:
    parent = at(value, *path[:-1]) if len(path) > 1 else value
    return isinstance(parent, list) or (isinstance(parent, dict) and path[-1] in parent)


def _path_steps(field: str) -> list[str]:
    r"""`a.[b.c].d\.e` as `a`, `[b.c]`, `d.e`."""
    steps, start, last = [""], 0, field.rfind("]")
    while start < len(field):
        one, end = field[start], start + 1
        if one == "\\":
            end += 1
        elif one == "[" and start < last:
            end = field.index("]", start) + 1
        if one == ".":
            steps.append("")
        else:
            steps[-1] += field[start:end]
        start = end
    return [re.sub(r"\\(.)", r"\1", one) for one in steps if one]


def _find_places(value: Any, steps: list[str], *, create: bool) -> Iterator[Path]:
    if not steps:
        yield ()
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, list):
        yield from _item_places(value, step, rest, create=create)
        return
    if not isinstance(value, dict) and not (create and value is None):
        if value is None:
            return
        raise Unpatchable(f"a scalar where {step} should be")
    if _ELEMENT.fullmatch(step) or step == "*":
        raise _Unsure(f"the step {step} in a map")
    key = _step_key(step)
    if value and key in value:
        yield from ((key, *below) for below in _find_places(value[key], rest, create=create))
    elif create:
        if any(one == "*" or one.isdigit() or _ELEMENT.fullmatch(one) for one in rest):
            raise _Unsure(f"the step {step}, which would make a list,")
        yield (key, *map(_step_key, rest))


def _step_key(step: str) -> str:
    return step[1:-1] if step.startswith("[") else step


def _item_places(items: list[Any], step: str, rest: list[str], *, create: bool) -> Iterator[Path]:
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
        yield from ((index, *below) for below in _find_places(items[index], rest, create=create))
