"""A strategic merge patch on an object that kustomize has no schema for.

Maps are merged key by key, lists are replaced whole, a null takes a field away, and `$patch` says what becomes of a
map. At the root only `$patch: delete` does anything; `replace` there is ignored by kustomize.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gitops_mcp.domain.kustomize.draft import ROOT, Draft, Pen
from gitops_mcp.domain.kustomize.manifest import Manifest
from gitops_mcp.domain.kustomize.produced import Layer
from gitops_mcp.domain.objects import Object, Path, at, dotted
from gitops_mcp.errors import InvalidRequest

_DIRECTIVE = "$patch"
_MISSING = object()


class Unpatchable(InvalidRequest):
    """Kustomize refuses to apply the patch to the object."""


def merged(
    draft: Draft, patch: Manifest, layer: Layer, *, own: Path = ROOT, renames: bool = False, retypes: bool = False
) -> Draft | None:
    """The object with the patch applied, which stands at `own` in its text; None where the patch deletes it."""
    directive = _directive(patch.value)
    if directive == "delete":
        return None
    pen = Pen(_without_blanks(draft), layer)
    if directive != "replace":
        _merge(pen, _body(patch.value, renames=renames, retypes=retypes), ROOT, own)
    if not at(pen.value, "metadata", "namespace") and "namespace" in pen.value.get("metadata", {}):
        pen.cut(("metadata", "namespace"), (*own, "metadata"))
    if renames or retypes:
        draft = draft.renamed()
    done = pen.done(blanks=frozenset(), past=draft.past, as_written=draft.as_written and patch.as_written)
    return done.doubted(f"{layer.place}: {patch.odd}") if patch.odd else done


def _body(patch: Object, *, renames: bool, retypes: bool) -> Object:
    """What a patch can say: it finds its object by name and kind, and does not change them unless allowed to."""
    body = {key: value for key, value in patch.items() if key != "apiVersion" and (retypes or key != "kind")}
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        body["metadata"] = {
            key: value for key, value in metadata.items() if key != "namespace" and (renames or key != "name")
        }
    return body


def _without_blanks(draft: Draft) -> Draft:
    value = draft.value
    for path in draft.blanks:
        parent = at(value, *path[:-1])
        if isinstance(parent, dict) and path[-1] in parent and parent[path[-1]] is None:
            value = _dropped(value, path)
    return replace(draft, value=value)


def _dropped(value: Object, path: Path) -> Object:
    parts = dict(value)
    if len(path) == 1:
        del parts[path[0]]  # type: ignore[arg-type]  # a path to a blank holds keys only
    else:
        parts[path[0]] = _dropped(value[path[0]], path[1:])  # type: ignore[index]  # the same
    return parts


def _merge(pen: Pen, patch: Object, path: Path, own: Path) -> None:
    for key, new in patch.items():
        if key == _DIRECTIVE:
            continue
        parent = at(pen.value, *path) if path else pen.value
        old = parent.get(key, _MISSING) if isinstance(parent, dict) else _MISSING
        _field(pen, old, new, (*path, key), (*own, key))


def _field(pen: Pen, old: Any, new: Any, path: Path, own: Path) -> None:
    if new is None:
        pen.cut(path, own)
        return
    is_new = old is _MISSING or old is None
    if not is_new and _shape(old) != _shape(new):
        raise Unpatchable(f"{dotted(path)} is a {_shape(old)}, in the patch a {_shape(new)}")
    if not isinstance(new, dict):
        pen.put(path, new, own)
        return
    match _directive(new):
        case "delete":
            pen.cut(path, own)
        case "replace":
            _put(pen, new, path, own, whole=True)
        case _ if is_new:
            _put(pen, new, path, own, whole=False)
        case _:
            _merge(pen, new, path, own)


def _put(pen: Pen, new: Object, path: Path, own: Path, *, whole: bool) -> None:
    kept = _stripped(new)
    pen.put(path, kept, own, whole=whole)
    _cut_nulls(pen, new, path, own)


def _stripped(new: Object) -> Object:
    """Without the nulls and directives, which have nothing to act on."""
    found: Object = {}
    for key, value in new.items():
        if key == _DIRECTIVE or value is None:
            continue
        if not isinstance(value, dict):
            found[key] = value
        elif _directive(value) != "delete":
            found[key] = _stripped(value)
    return found


def _cut_nulls(pen: Pen, new: Object, path: Path, own: Path) -> None:
    for key, value in new.items():
        if value is None or (isinstance(value, dict) and _directive(value) == "delete"):
            pen.cut((*path, key), (*own, key))
        elif isinstance(value, dict):
            _cut_nulls(pen, value, (*path, key), (*own, key))


def _directive(patch: Object) -> str | None:
    if _DIRECTIVE not in patch:
        return None
    found = patch[_DIRECTIVE]
    if found not in {"delete", "replace", "merge"}:
        raise Unpatchable(f"{_DIRECTIVE}: {found!r} is none of delete, replace, merge")
    return str(found)


def _shape(value: Any) -> str:
    return "map" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"
