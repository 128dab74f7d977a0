"""A strategic merge patch on an object that kustomize has no schema for.

Maps are merged key by key, lists are replaced whole, a null takes a field away, and `$patch` says what becomes of a
map. At the root only `$patch: delete` does anything; `replace` there is ignored by kustomize.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gitops_mcp.domain.kustomize import scalar
from gitops_mcp.domain.kustomize.draft import ROOT, Draft, Pen
from gitops_mcp.domain.kustomize.manifest import Manifest
from gitops_mcp.domain.kustomize.produced import Layer
from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.errors import InvalidRequest

_DIRECTIVE = "$patch"
_MISSING = object()


class Unpatchable(InvalidRequest):
    """Kustomize refuses to apply the patch to the object."""


def apply_merge_patch(
    draft: Draft, patch: Manifest, layer: Layer, *, own: Path = ROOT, renames: bool = False, retypes: bool = False
) -> Draft | None:
    """The object with the patch applied, which stands at `own` in its text; None where the patch deletes it."""
    directive = _directive(patch.value)
    if directive == "delete":
        return None
    merge = _MergePatch(draft, patch, layer, own)
    if directive != "replace":
        merge.into(_patch_body(patch.value, renames=renames, retypes=retypes), ROOT)
    done = merge.done()
    if renames or retypes:
        done = replace(done, past=draft.ids)
    return done.doubted(f"{layer.place}: {patch.odd}") if patch.odd else done


def _patch_body(patch: Object, *, renames: bool, retypes: bool) -> Object:
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
            value = _drop_path(value, path)
    return replace(draft, value=value)


def _drop_path(value: Object, path: Path) -> Object:
    parts = dict(value)
    if len(path) == 1:
        del parts[path[0]]  # type: ignore[arg-type]  # a path to a blank holds keys only
    else:
        parts[path[0]] = _drop_path(value[path[0]], path[1:])  # type: ignore[index]  # the same
    return parts


class _MergePatch:
    def __init__(self, draft: Draft, patch: Manifest, layer: Layer, own: Path) -> None:
        self._draft, self._patch, self._own = draft, patch, own
        self._pen = Pen(_without_blanks(draft), layer)
        self._quoted = set(draft.quoted)
        self._merged: set[Path] = set()
        """Scalars that were there and got another value: they keep their own quotes, or none."""

    def done(self) -> Draft:
        metadata = self._pen.value.get("metadata", {})
        if "namespace" in metadata and not metadata["namespace"]:
            self._cut(("metadata", "namespace"))
        as_written = self._draft.as_written and self._patch.as_written
        quoted = self._quoted.union(set(_boolean_words(self._pen.value)) - self._merged)
        return self._pen.done(blanks=frozenset(), as_written=as_written, quoted=frozenset(quoted))

    def into(self, patch: Object, path: Path) -> None:
        for key, new in patch.items():
            if key != _DIRECTIVE:
                parent = at(self._pen.value, *path) if path else self._pen.value
                self._field(parent.get(key, _MISSING), new, (*path, key))

    def _field(self, old: Any, new: Any, path: Path) -> None:
        if new is None:
            self._cut(path)
            return
        is_new = old is _MISSING or old is None
        if not is_new and _shape(old) != _shape(new):
            raise Unpatchable(f"{dotted_path(path)} is a {_shape(old)}, in the patch a {_shape(new)}")
        if not isinstance(new, dict):
            self._leaf(new, path, is_new=old is _MISSING and path not in self._draft.blanks)
            return
        match _directive(new):
            case "delete":
                self._cut(path)
            case "replace":
                self._map(new, path, whole=True)
            case _ if is_new:
                self._map(new, path, whole=False)
            case _:
                self.into(new, path)

    def _leaf(self, new: Any, path: Path, *, is_new: bool) -> None:
        if path in self._quoted and isinstance(new, bool | int | float | str) and path not in self._patch.quoted:
            # The quotes stay, so a number that a patch puts there becomes a string.
            new = self._patch.texts.get(path, new if isinstance(new, str) else json.dumps(new))
        elif isinstance(new, list):
            self._quoted.discard(path)
        if not is_new:
            self._merged.add(path)
        elif path in self._patch.quoted:
            self._quoted.add(path)
        self._pen.put(path, new, (*self._own, *path))

    def _map(self, new: Object, path: Path, *, whole: bool) -> None:
        self._unquote(path)
        self._quoted |= {known for known in self._patch.quoted if known[: len(path)] == path}
        self._pen.put(path, _strip_nulls(new), (*self._own, *path), whole=whole)
        self._cut_nulls(new, path)

    def _cut_nulls(self, new: Object, path: Path) -> None:
        for key, value in new.items():
            if value is None or (isinstance(value, dict) and _directive(value) == "delete"):
                self._cut((*path, key))
            elif isinstance(value, dict):
                self._cut_nulls(value, (*path, key))

    def _cut(self, path: Path) -> None:
        self._unquote(path)
        self._pen.cut(path, (*self._own, *path))

    def _unquote(self, path: Path) -> None:
        self._quoted -= {known for known in self._quoted if known[: len(path)] == path}


def _boolean_words(value: Any, path: Path = ()) -> Iterator[Path]:
    """Strings that YAML 1.1 takes for booleans: kustomize quotes them on the way."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _boolean_words(part, (*path, key))
    elif isinstance(value, str) and (value.lower() in scalar.WORDS or value in scalar.ONE_LETTER):
        yield path


def _strip_nulls(new: Object) -> Object:
    """Without the nulls and directives, which have nothing to act on."""
    found: Object = {}
    for key, value in new.items():
        if key == _DIRECTIVE or value is None:
            continue
        if not isinstance(value, dict):
            found[key] = value
        elif _directive(value) != "delete":
            found[key] = _strip_nulls(value)
    return found


def _directive(patch: Object) -> str | None:
    if _DIRECTIVE not in patch:
        return None
    found = patch[_DIRECTIVE]
    if found not in {"delete", "replace", "merge"}:
        raise Unpatchable(f"{_DIRECTIVE}: {found!r} is none of delete, replace, merge")
    return str(found)


def _shape(value: Any) -> str:
    return "map" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"
