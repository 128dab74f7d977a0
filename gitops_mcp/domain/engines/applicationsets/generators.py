"""What the generators of an ApplicationSet give: sets of parameters, one for each Application."""

from __future__ import annotations

import copy
import json
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gitops_mcp.domain.budget import size_of, spend
from gitops_mcp.domain.engines.applicationsets.cluster_generator import cluster_parameters
from gitops_mcp.domain.engines.applicationsets.git_generator import git_parameters, pattern_start
from gitops_mcp.domain.engines.applicationsets.selectors import flat_labels, why_left_out
from gitops_mcp.domain.engines.applicationsets.texts import Parameters, Templating
from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.go_template.values import (
    Fails,
    NotKnown,
    OpenMap,
    StringMap,
    Unknown,
    go_text,
    go_value,
    merge_maps,
    why_unknown,
)
from gitops_mcp.domain.engines.reading import Files, mappings_in, texts_in
from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable

_MOST = 2000
_ASKED = {
    "scmProvider": "which repositories a forge has",
    "clusterDecisionResource": "which clusters a resource in the cluster names",
    "pullRequest": "which pull requests are open",
    "plugin": "what a plugin answers",
}
KINDS = (
    "list",
    "clusters",
    "git",
    "scmProvider",
    "clusterDecisionResource",
    "pullRequest",
    "matrix",
    "merge",
    "plugin",
)
"""In the order in which Argo CD asks those of one item."""


@dataclass(frozen=True)
class Row:
    parameters: Parameters
    doubts: tuple[str, ...] = ()
    """Why the Application may not be there, or may be another."""


@dataclass(frozen=True)
class Repository:
    """What a set sees of the repository besides itself."""

    files: Files
    others: Iterable[str]
    """Paths of files that were not read."""
    declared: tuple[LocatedObject, ...]
    """Among others the Secrets that clusters are known by."""
    remotes: tuple[str, ...]
    revision: str

    @cached_property
    def paths(self) -> frozenset[str]:
        return frozenset((*self.files, *self.others))

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """None whose name begins with a dot."""
        found: set[str] = set()
        for path in self.paths:
            folder = posixpath.dirname(path)
            while folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return tuple(sorted(one for one in found if one and not any(part.startswith(".") for part in one.split("/"))))


def generated_rows(item: Object, templating: Templating, around: Repository) -> Iterator[tuple[str, list[Row]]]:
    """By each kind that an item of `spec.generators` names. Raises Fails where Argo CD makes no Application."""
    for kind in [name for name in KINDS if isinstance(item.get(name), dict)]:
        yield kind, _Generators(templating, around).selected(item, kind, {}, depth=0)


@dataclass
class _Generators:
    templating: Templating
    around: Repository
    made: int = field(default=0)

    def selected(self, item: Object, kind: str, known: Parameters, depth: int) -> list[Row]:
        said = mapping_at(item.get(kind))
        if known or isinstance(known, OpenMap):
            said = self._interpolated(kind, said, known)
        selector, rows = mapping_at(item.get("selector")), list[Row]()
        for row in self._rows(kind, said, depth):
            self.made += 1
            spend(20 + size_of(row.parameters))
            if self.made > _MOST:
                raise NotKnown(f"it makes more than {_MOST:,} Applications")
            out = self._left_out(selector, row.parameters)
            if isinstance(out, Unknown):
                rows.append(
                    Row(row.parameters, (*row.doubts, f"whether its selector takes it is not known: {out.reason}"))
                )
            elif not out:
                rows.append(row)
        return rows

    def _left_out(self, selector: Object, parameters: Parameters) -> Unknown | bool:
        if isinstance(parameters, OpenMap) and any(selector.values()):
            return Unknown(parameters.reason)
        return why_left_out(selector, flat_labels(parameters)) if selector else False

    def _rows(self, kind: str, said: Object, depth: int) -> Iterator[Row]:
        match kind:
            case "list":
                yield from map(Row, self._list_parameters(said))
            case "git":
                yield from self._git_rows(said)
            case "clusters":
                yield from self._cluster_rows(said)
            case "matrix" | "merge":
                yield from self._matrix(said, depth) if kind == "matrix" else self._merge(said, depth)
            case _:
                yield self._open(f"its {kind} generator asks {_ASKED[kind]}", said)

    def _open(self, reason: str, said: Object, known: Parameters | None = None) -> Row:
        return Row(self._with_values(OpenMap(known or {}, reason), said), (reason,))

    def _with_values(self, parameters: Parameters, said: Object) -> Parameters:
        values = said.get("values")
        if not isinstance(values, dict):
            return parameters
        filled = {key: self.templating.fill(one, parameters) for key, one in values.items()}
        more: Parameters = {"values": StringMap(filled)}
        if not self.templating.is_go:
            more = {f"values.{key}": one for key, one in filled.items()}
        return OpenMap(parameters | more, parameters.reason) if isinstance(parameters, OpenMap) else parameters | more

    def _list_parameters(self, said: Object) -> Iterator[Parameters]:
        is_go = self.templating.is_go
        for element in said.get("elements") or ():
            if not isinstance(element, dict):
                raise Fails("an element of a list generator is no map")
            yield go_value_or_unknown(element) if is_go else dict(_texts_of_element(element))
        text = said.get("elementsYaml")
        if isinstance(text, Unknown):
            yield OpenMap({}, text.reason)
        elif isinstance(text, str) and text:
            yield from (go_value(one) for one in _yaml_elements(text))

    def _git_rows(self, said: Object) -> Iterator[Row]:
        around = self.around
        plain = {key: one for key, one in said.items() if key not in {"values", "template"}}
        why = why_unknown(plain) or why_elsewhere(said.get("repoURL"), around.remotes)
        why = why or why_off_branch(said.get("revision"), around.revision)
        if why:
            reason = f"its git generator cannot be followed: {why}"
            yield self._open(reason, said, self._start(said, reason))
            return
        for found in git_parameters(said, around.files, around.paths, around.folders, is_go=self.templating.is_go):
            yield Row(self._with_values(found, said))

    def _start(self, said: Object, reason: str) -> Parameters:
        """What the folders begin with that a generator would give."""
        starts = {
            pattern_start(text.start + "*" if isinstance(text, Unknown) else str(text))
            for one in mappings_in(said.get("directories") or said.get("files"))
            if one.get("exclude") is not True and (text := one.get("path")) is not None
        }
        prefix, start = said.get("pathParamPrefix"), starts.pop() if len(starts) == 1 else ""
        path = Unknown(reason, f"{start}/" if start else "")
        if self.templating.is_go:
            known: Parameters = {"path": OpenMap({"path": path}, reason)}
            return {str(prefix): known} if prefix else known
        return {f"{prefix}.path" if prefix else "path": path}

    def _cluster_rows(self, said: Object) -> Iterator[Row]:
        found = cluster_parameters(said, self.around.declared, is_go=self.templating.is_go)
        if isinstance(found, str):
            yield self._open(found, said)
            return
        rows = [Row(self._with_values(one, said), (doubt,) if doubt else ()) for one, doubt in found]
        if said.get("flatList") is not True:
            yield from rows
        else:
            doubts = tuple(doubt for row in rows for doubt in row.doubts)
            yield Row({"clusters": [row.parameters for row in rows]}, doubts)

    def _children(self, said: Object, name: str) -> tuple[Object, ...]:
        children = mappings_in(said.get("generators"))
        if len(children) < 2 or (name == "matrix" and len(children) > 2):
            raise Fails(f"a {name} generator has {len(children)} generators")
        return children

    def _child_rows(self, child: Object, known: Parameters, depth: int) -> list[Row]:
        """One kind each; below the second level no generator has generators."""
        kinds = [name for name in KINDS if isinstance(child.get(name), dict)]
        if depth >= 1:
            kinds = [name for name in kinds if name not in {"matrix", "merge"}]
        if len(kinds) != 1:
            raise Fails(f"a generator inside of another has {len(kinds)} kinds")
        return self.selected(child, kinds[0], known, depth + 1)

    def _matrix(self, said: Object, depth: int) -> Iterator[Row]:
        first, second = self._children(said, "matrix")
        for one in self._child_rows(first, {}, depth):
            for other in self._child_rows(second, one.parameters, depth):
                spend(1 + (len(one.parameters) + len(other.parameters)) // 8)
                yield Row(self._combined(one.parameters, other.parameters), (*one.doubts, *other.doubts))

    def _combined(self, one: Parameters, other: Parameters) -> Parameters:
        reasons = [each.reason for each in (one, other) if isinstance(each, OpenMap)]
        if self.templating.is_go:
            made = copy.deepcopy(dict(other))
            merge_maps(made, copy.deepcopy(dict(one)), overwrite=True)
        else:
            texts = [
                {key: each if isinstance(each, Unknown) else go_text(each) for key, each in two.items()}
                for two in (one, other)
            ]
            for key in texts[0].keys() & texts[1].keys():
                if texts[0][key] != texts[1][key] and why_unknown([texts[0][key], texts[1][key]]) is None:
                    raise Fails(f"both generators of a matrix give {key}, and not the same")
            made = texts[0] | texts[1]
        return OpenMap(made, reasons[0]) if reasons else made

    def _merge(self, said: Object, depth: int) -> Iterator[Row]:
        children, keys = self._children(said, "merge"), texts_in(said.get("mergeKeys"))
        if not keys:
            raise Fails("a merge generator has no mergeKeys")
        base, *others = (self._child_rows(child, {}, depth) for child in children)
        made = _by_merge_keys(base, keys)
        for rows in others:
            more = _by_merge_keys(rows, keys)
            why = next(filter(None, (_why_no_key(row.parameters, keys) for row in rows)), None)
            for key, row in made.items():
                open_base = isinstance(row.parameters, OpenMap)
                if why is not None or (open_base and rows):
                    known = {name: row.parameters[name] for name in keys if name in row.parameters}
                    reason = why or why_unknown(row.parameters) or ""
                    made[key] = Row(OpenMap(known, reason), tuple(dict.fromkeys((*row.doubts, reason))))
                elif key in more:
                    made[key] = Row(self._overridden(row.parameters, more[key].parameters), row.doubts)
        yield from made.values()

    def _overridden(self, base: Parameters, more: Parameters) -> Parameters:
        if not self.templating.is_go:
            made = {**base, **more}
        else:
            made = copy.deepcopy(dict(base))
            merge_maps(made, copy.deepcopy(more), overwrite=True)
        return OpenMap(made, base.reason) if isinstance(base, OpenMap) else made

    def _interpolated(self, kind: str, said: Object, known: Parameters) -> Object:
        """The second generator of a matrix, filled in with what the first gives; its `values` as far as they can be."""
        templating = self.templating
        filled = {key: templating.fill(one, known) for key, one in said.items() if key not in {"values", "template"}}
        if not isinstance(values := said.get("values"), dict):
            return filled
        made: dict[str, Any] = {}
        for key, text in values.items():
            try:
                made[key] = Templating(templating.is_go, "error").fill(text, known)
            except Fails:
                made[key] = text
        return {**filled, "values": made}


def _why_no_key(parameters: Parameters, keys: tuple[str, ...]) -> str | None:
    """Why it cannot be told which other parameters these are merged into."""
    if isinstance(parameters, OpenMap):
        return parameters.reason
    return why_unknown([parameters.get(name) for name in keys])


def go_value_or_unknown(value: Any) -> Any:
    if isinstance(value, Unknown):
        return value
    if isinstance(value, dict):
        return {str(key): go_value_or_unknown(one) for key, one in value.items()}
    return [go_value_or_unknown(one) for one in value] if isinstance(value, list) else go_value(value)


def _texts_of_element(element: Object) -> Iterator[tuple[str, Any]]:
    """An element of a list outside of Go templates: texts, and below `values` more of them."""
    for key, value in element.items():
        inner = value.items() if key == "values" and isinstance(value, dict) else [("", value)]
        for name, one in inner:
            if not isinstance(one, str | Unknown):
                raise Fails(f"{key} of an element of a list generator is no text")
            yield f"values.{name}" if name else key, one


def _yaml_elements(text: str) -> list[Any]:
    try:
        documents = parse_documents(text)
    except Unparsable as error:
        raise Fails(f"elementsYaml of a list generator is no YAML: {error}") from error
    found = documents[0].value if documents else []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Fails("elementsYaml of a list generator is no list of maps")
    return found


def _by_merge_keys(rows: list[Row], keys: tuple[str, ...]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        key = json.dumps([row.parameters.get(name) for name in sorted(set(keys))], default=str)
        if key in found and not isinstance(row.parameters, OpenMap):
            raise Fails(f"two sets of parameters of a merge generator have the same {' and '.join(keys)}")
        found[key] = row
    return found
