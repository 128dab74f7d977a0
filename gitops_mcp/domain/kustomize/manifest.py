"""YAML as kustomize reads it, which is not quite as kubectl does.

Kustomize knows only `true` and `false` as booleans, turns a date into a timestamp, drops tags it does not know, and
takes annotations as they are written. Its own files and JSON6902 patches go through another reader, for which `on`
and `y` are booleans and a date is a string.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gitops_mcp.domain.kustomize import scalar
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.tree import Node, Unparsable, YamlText
from gitops_mcp.domain.yaml.values import TaggedValue, entry_at, line_at, value_of

_CORE = "tag:yaml.org,2002:"
_ANNOTATIONS: Path = ("metadata", "annotations")


@dataclass(frozen=True)
class Manifest:
    """One object of a file: a document, or an item of a list."""

    value: Object
    """Shared: not to be changed in place."""
    document: int
    base: Path
    line: int
    blanks: frozenset[Path] = frozenset()
    """Fields that are null because nothing is written; a strategic merge drops them, unlike a written null."""
    odd: str | None = None
    """What is in it that kustomize reads in a way that is not known here."""
    as_written: bool = True
    """Whether every number and boolean stands there as it would be printed."""
    quoted: frozenset[Path] = frozenset()
    """Strings in quotes or over lines: what a strategic merge puts there becomes a string, too."""
    texts: Mapping[Path, str] = field(default_factory=dict)
    """Of numbers, booleans and dates that are not as they would be printed."""


@dataclass(slots=True)
class _Notes:
    blanks: set[Path] = field(default_factory=set)
    odd: str | None = None
    as_written: bool = True
    quoted: set[Path] = field(default_factory=set)
    texts: dict[Path, str] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def read_manifests(text: str) -> tuple[Manifest, ...]:
    """The objects of a file of manifests; lists are taken apart.

    Raises Unparsable for what kustomize refuses, too.
    """
    found: list[Manifest] = []
    for index, tree in enumerate(_parse_source(text).trees):
        notes = _Notes()
        value = _ManifestReader(notes)(tree.root, ())
        if value is None:
            continue
        if not isinstance(value, dict):
            raise Unparsable(f"line {tree.line}: not an object")
        quoted, blanks = frozenset(notes.quoted), frozenset(notes.blanks)
        whole = Manifest(value, index, (), tree.line, blanks, notes.odd, notes.as_written, quoted, notes.texts)
        found += _unpack_list(tree.root, whole)
    return tuple(found)


def _unpack_list(node: Node, whole: Manifest) -> list[Manifest]:
    items = whole.value.get("items")
    if not str(whole.value.get("kind", "")).endswith("List") or "items" not in whole.value:
        return [whole]
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unparsable(f"line {whole.line}: the items of a list are not objects")
    found: list[Manifest] = []
    for index, item in enumerate(items):
        entry = entry_at(node, ("items", index))
        inner = (entry.value.target or entry.value) if entry else node
        line = entry.value.line if entry else whole.line
        base = (*whole.base, "items", index)
        # Kustomize reads an item anew, from JSON: nothing is blank any more, and quotes are those it would write.
        quoted = frozenset(quoted_when_printed(item))
        alone = Manifest(item, whole.document, base, line, frozenset(), whole.odd, whole.as_written, quoted)
        found += _unpack_list(inner, alone)
    return found


@lru_cache(maxsize=2048)
def read_own_documents(text: str) -> tuple[Any, ...]:
    """The documents of a file that kustomize reads as its own: a kustomization, a JSON6902 patch, replacements."""
    return tuple(_own_value(tree.root) for tree in _parse_source(text).trees)


@lru_cache(maxsize=2048)
def parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unparsable(f"what begins with [ has to be JSON: {error}") from error


@lru_cache(maxsize=8192)
def line_of(text: str, document: int, path: Path) -> int:
    """The line of the value at a path, or of its nearest ancestor that is there; counted from 1."""
    trees = _parse_source(text).trees
    return line_at(trees[document], path) if document < len(trees) else 1


def inner_line(text: str, document: int, path: Path, line: int) -> int:
    """The line in the file of a line of the text that a value holds."""
    trees = _parse_source(text).trees
    entry = entry_at(trees[document].root, path) if document < len(trees) else None
    if entry is None:
        return 1
    node = entry.value.target or entry.value
    return node.line + line if node.style == "|" else node.line


def _parse_source(text: str) -> YamlText:
    return parse_yaml(text.removeprefix("\ufeff"))


class _ManifestReader:
    def __init__(self, notes: _Notes) -> None:
        self._notes = notes

    def __call__(self, node: Node, path: Path | None) -> Any:
        """`path` is None inside of a list, where a blank stays a null."""
        if node.kind == "alias" and node.target is not None:
            return self(node.target, path)
        if node.kind == "scalar":
            return self._scalar(node, path)
        if node.tag not in {None, "!", f"{_CORE}map", f"{_CORE}seq"}:
            self._notes.odd = f"line {node.line}: the tag {node.tag}"
        if node.kind == "sequence":
            return [self._item(entry.value, node) for entry in node.entries]
        return self._mapping(node, path)

    def _mapping(self, node: Node, path: Path | None) -> Object:
        if node.merges:
            return _read_mapping(
                node, lambda part, name: self._part(part, node, None if path is None else (*path, name))
            )
        found: Object = {}
        is_plain = path != _ANNOTATIONS
        for entry in node.entries:
            if entry.key is None:
                continue
            key, part = entry.key, entry.value
            is_bare = key.style is key.tag is None and key.target is None and _is_plain_key(key.text)
            name = key.text if is_bare else _key_text(key)
            # Nearly all that there is: words without quotes, of which nothing is noted.
            if is_plain and part.kind == "scalar" and part.tag is part.style is None and _is_word(part.text):
                found[name] = part.text
            else:
                found[name] = self._part(part, node, None if path is None else (*path, name))
        return found

    def _item(self, node: Node, parent: Node) -> Any:
        return self._part(node, parent, None)

    def _part(self, node: Node, parent: Node, path: Path | None) -> Any:
        value = self(node, path)
        if value is None and node.kind == "scalar" and not node.text:
            if parent.flow:
                self._notes.odd = f"line {node.line}: an empty value in brackets"
            elif path is not None:
                self._notes.blanks.add(path)
        return value

    def _scalar(self, node: Node, path: Path | None) -> Any:
        strange = scalar.strange_tag(node)
        if strange:
            self._notes.odd = f"line {node.line}: the tag {strange}"
        value, is_as_printed = _plain_value(node.text) if node.tag is node.style is None else (math.nan, True)
        if isinstance(value, float):  # which JSON may not have
            value = scalar.read_scalar(node)
            is_as_printed = node.style is not None or _is_as_printed(value, node.text)
        if path is not None and node.style is not None:
            self._notes.quoted.add(path)
        if not is_as_printed:
            self._notes.as_written = False
            if path is not None:
                self._notes.texts[path] = node.text
        if path is None or path[:-1] != _ANNOTATIONS:
            return value
        if value is None and node.text not in {"", "null"}:
            self._notes.odd = f"line {node.line}: an annotation that is null"
        return node.text if value is not None else None


@lru_cache(maxsize=8192)
def _plain_value(text: str) -> tuple[Any, bool]:
    """Of a scalar without quotes, and whether it stands there as it would be printed."""
    value = scalar.read_plain(text)
    return value, _is_as_printed(value, text)


@lru_cache(maxsize=8192)
def _is_word(text: str) -> bool:
    value, is_as_printed = _plain_value(text)
    return bool(text) and isinstance(value, str) and is_as_printed


def _is_as_printed(value: Any, text: str) -> bool:
    return value is None or value == text or json.dumps(value) == text


def _read_mapping(node: Node, read: Callable[[Node, str], Any]) -> Object:
    found: Object = {}
    entries = [(entry.key, entry.value) for entry in node.entries if entry.key is not None]
    merged = [value.target or value for key, value in entries if key.is_merge]
    for source in merged:
        for one in [item.value for item in source.entries] if source.kind == "sequence" else [source]:
            real = one.target or one
            if real.kind != "mapping":
                raise Unparsable(f"line {one.line}: << brings in something that is not a mapping")
            for name, value in _read_mapping(real, read).items():
                found.setdefault(name, value)
    for key, value in entries:
        if not merged or not key.is_merge:
            name = _key_text(key)
            found[name] = read(value, name)
    return found


def _key_text(node: Node) -> str:
    node = node.target or node
    if node.style is None and node.tag is None and not _is_plain_key(node.text):
        raise Unparsable(f"line {node.line}: the key {node.text!r} is not a string, so it needs quotes")
    return node.text


@lru_cache(maxsize=4096)
def _is_plain_key(text: str) -> bool:
    return text.lower() in scalar.WORDS or isinstance(value_of(Node("scalar", 0, 0, 1, text=text)), str)


def _own_value(node: Node) -> Any:
    if node.kind == "alias" and node.target is not None:
        return _own_value(node.target)
    if node.kind == "sequence":
        return [_own_value(entry.value) for entry in node.entries]
    if node.kind == "mapping":
        return _own_mapping(node)
    if node.tag is None and node.style is None and node.text in scalar.ONE_LETTER:
        return scalar.ONE_LETTER[node.text]
    value = value_of(node)
    return node.text if isinstance(value, TaggedValue) else scalar.whole_as_integer(value)


def _own_mapping(node: Node) -> Object:
    found: Object = {}
    for entry in node.entries:
        if entry.key is not None and entry.key.is_merge:
            source = entry.value.target or entry.value
            for one in [item.value for item in source.entries] if source.kind == "sequence" else [source]:
                for name, value in _own_mapping(one.target or one).items():
                    found.setdefault(name, value)
    for entry in node.entries:
        if entry.key is None or entry.key.is_merge:
            continue
        key = _own_value(entry.key)
        found[key if isinstance(key, str) else json.dumps(key)] = _own_value(entry.value)
    return found


def quoted_when_printed(value: Any, path: Path = ()) -> Iterator[Path]:
    """The strings that kustomize puts in quotes, or over lines, where it prints an object itself."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from quoted_when_printed(part, (*path, key))
    elif isinstance(value, str) and scalar.needs_quotes(value):
        yield path


def name_of(value: Any) -> str:
    """A name as text: kustomize takes a bare number for one."""
    name = at(value, "metadata", "name")
    return name if isinstance(name, str) else "" if name is None else json.dumps(name)
