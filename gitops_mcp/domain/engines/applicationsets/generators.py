"""What the generators of an ApplicationSet give: sets of parameters, one for each Application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gitops_mcp.domain.budget import size_of, spend
from gitops_mcp.domain.engines.applicationsets.cluster_generator import cluster_parameters
from gitops_mcp.domain.engines.applicationsets.combining import combined_rows, merged_rows
from gitops_mcp.domain.engines.applicationsets.git_generator import git_parameters, pattern_start
from gitops_mcp.domain.engines.applicationsets.rows import Repository, Row
from gitops_mcp.domain.engines.applicationsets.selectors import flat_labels, why_left_out
from gitops_mcp.domain.engines.applicationsets.texts import Parameters, Templating
from gitops_mcp.domain.engines.go_template.values import (
    Fails,
    NotKnown,
    OpenMap,
    StringMap,
    Unknown,
    go_value,
    why_unknown,
)
from gitops_mcp.domain.engines.reading import mappings_in, texts_in
from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch
from gitops_mcp.domain.objects import Object, mapping_at
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
            said = self._interpolated(said, known)
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
                yield from (self._matrix if kind == "matrix" else self._merge)(said, depth)
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
                raise Fails("an element of a list generator is not a map")
            yield _go_value(element) if is_go else dict(_texts_of_element(element))
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

    def _child_rows(self, child: Object, known: Parameters, depth: int) -> list[Row]:
        """One kind each; below the second level no generator has generators."""
        kinds = [name for name in KINDS if isinstance(child.get(name), dict)]
        if depth >= 1:
            kinds = [name for name in kinds if name not in {"matrix", "merge"}]
        if len(kinds) != 1:
            raise Fails(f"a generator inside of another has {len(kinds)} kinds")
        return self.selected(child, kinds[0], known, depth + 1)

    def _matrix(self, said: Object, depth: int) -> Iterator[Row]:
        first, second = _children(said, "matrix")
        for one in self._child_rows(first, {}, depth):
            for other in self._child_rows(second, one.parameters, depth):
                spend(1 + (len(one.parameters) + len(other.parameters)) // 8)
                yield combined_rows(one, other, is_go=self.templating.is_go)

    def _merge(self, said: Object, depth: int) -> list[Row]:
        given = [self._child_rows(child, {}, depth) for child in _children(said, "merge")]
        return merged_rows(given, texts_in(said.get("mergeKeys")), is_go=self.templating.is_go)

    def _interpolated(self, said: Object, known: Parameters) -> Object:
        """The second generator of a matrix, filled in with what the first gives; its `values` as far as they can be."""
        plain = {key: one for key, one in said.items() if key not in {"generators", "template", "values"}}
        made = mapping_at(self.templating.fill(plain, known))
        if "generators" in said:
            made["generators"] = [
                {
                    key: self._interpolated(one, known) if key in KINDS and isinstance(one, dict) else one
                    for key, one in child.items()
                }
                for child in mappings_in(said["generators"])
            ]
        if isinstance(values := said.get("values"), dict):
            made["values"] = {key: self._value_so_far(text, known) for key, text in values.items()}
        return made

    def _value_so_far(self, text: Any, known: Parameters) -> Any:
        try:
            return Templating(self.templating.is_go, "error").fill(text, known)
        except Fails:
            return text


def _children(said: Object, name: str) -> tuple[Object, ...]:
    children = mappings_in(said.get("generators"))
    if len(children) < 2 or (name == "matrix" and len(children) > 2):
        raise Fails(f"a {name} generator has {len(children)} generators")
    return children


def _go_value(value: Any) -> Any:
    if isinstance(value, Unknown):
        return value
    if isinstance(value, dict):
        return {str(key): _go_value(one) for key, one in value.items()}
    return [_go_value(one) for one in value] if isinstance(value, list) else go_value(value)


def _texts_of_element(element: Object) -> Iterator[tuple[str, Any]]:
    """An element of a list outside of Go templates: texts, and below `values` more of them."""
    for key, value in element.items():
        inner = value.items() if key == "values" and isinstance(value, dict) else [("", value)]
        for name, one in inner:
            if not isinstance(one, str | Unknown):
                raise Fails(f"{key} of an element of a list generator is not text")
            yield f"values.{name}" if name else key, one


def _yaml_elements(text: str) -> list[Any]:
    try:
        documents = parse_documents(text)
    except Unparsable as error:
        raise Fails(f"elementsYaml of a list generator is not YAML: {error}") from error
    found = documents[0].value if documents else []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Fails("elementsYaml of a list generator is not a list of maps")
    return found
