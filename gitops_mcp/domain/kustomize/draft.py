"""An object in the making: its value, and who wrote which part of it.

Nothing is changed in place, so a base that two overlays share is built once. `words` is sparse: an entry speaks for
all below it up to the next entry, and every path below it continues in the text of the same layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from gitops_mcp.domain.budget import size_of, spend
from gitops_mcp.domain.kustomize.manifest import name_of
from gitops_mcp.domain.kustomize.produced import Layer, Produced, Word
from gitops_mcp.domain.objects import CNPG_GROUP, Object, Path, at, leaves

ROOT: Path = ()


class Id(NamedTuple):
    group: str
    version: str
    kind: str
    name: str
    namespace: str

    def matches(self, other: Id) -> bool:
        """No namespace and `default` are the same to kustomize."""
        return self[:4] == other[:4] and (self.namespace or "default") == (other.namespace or "default")

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def id_of(value: Object) -> Id:
    version = value.get("apiVersion")
    group, _, version = version.rpartition("/") if isinstance(version, str) else ("", "", "")
    namespace = at(value, "metadata", "namespace")
    kind = value.get("kind")
    return Id(
        group, version, kind if isinstance(kind, str) else "", name_of(value), str(namespace) if namespace else ""
    )


@dataclass(frozen=True)
class Draft:
    value: Object
    layers: tuple[Layer, ...]
    words: Mapping[Path, Word]
    cuts: Mapping[Path, Word] = field(default_factory=dict)
    past: tuple[Id, ...] = ()
    """What it was called before, the first name first."""
    blanks: frozenset[Path] = frozenset()
    doubts: tuple[str, ...] = ()
    """Why it may not come out like this."""
    as_written: bool = True
    quoted: frozenset[Path] = frozenset()
    """Strings in quotes: they stay strings whatever is merged into them."""

    @cached_property
    def id(self) -> Id:
        return id_of(self.value)

    @cached_property
    def produced(self) -> Produced:
        """The same as what a build gives."""
        return Produced(self.value, self.layers, Words(self), self.cuts)

    @property
    def first_id(self) -> Id:
        return self.past[0] if self.past else self.id

    @property
    def ids(self) -> tuple[Id, ...]:
        return (*self.past, self.id)

    @property
    def is_cnpg(self) -> bool:
        return self.id.group == CNPG_GROUP

    def renamed(self) -> Draft:
        """About to change its name: the present one is kept."""
        return replace(self, past=self.ids)

    def doubted(self, reason: str) -> Draft:
        return self if reason in self.doubts else replace(self, doubts=(*self.doubts, reason))


class Pen:
    """Changes one draft as one layer, then gives the new draft.

    The document (layer 0) says `{size: 3, args: [a, b]}`. Its only word stands at `()` and speaks for all of it. A
    patch (layer 1) of `{size: 5}` puts 5 at `("size",)`, the `own` path in its text being the same: now there is a
    word of layer 1 at `("size",)`, and `args[1]` still resolves to that at `()`, which is layer 0 at `("args", 1)`. An
    operation (layer 2) that takes `args[0]` gives `b` a word of its own before it moves up: at `("args", 0)` is then
    that of layer 0 at `("args", 1)`, where `b` stands. `cut` and `take` leave a cut, by which a reader sees who took
    something away.
    """

    def __init__(self, draft: Draft, layer: Layer) -> None:
        spend(3 + len(draft.words) // 16)
        self._draft = draft
        self._layer = layer
        self._number = len(draft.layers)
        self.value: Object = draft.value
        self._words = dict(draft.words)
        self._cuts = dict(draft.cuts)

    def done(self, **changes: Any) -> Draft:
        layers = (*self._draft.layers, self._layer)
        return replace(self._draft, value=self.value, layers=layers, words=self._words, cuts=self._cuts, **changes)

    def put(self, path: Path, value: Any, own: Path, *, literal: bool = True, whole: bool = False) -> None:
        """Gives a place a value that stands at `own` in the layer's text; `whole` when what was there is gone."""
        spend(1 + size_of(value) + len(self._words) // 16)
        word = Word(self._number, own, literal)
        self.value = _with_value(self.value, path, value)
        _forget_below(self._words, path)
        self._words[path] = word
        if whole or not isinstance(value, dict):
            _forget_below(self._cuts, path)
        if whole:
            self._cuts[path] = word

    def cut(self, path: Path, own: Path) -> None:
        """Takes away what is there, and says so even where nothing is."""
        self.value = _without_path(self.value, path)
        _forget_below(self._words, path)
        _forget_below(self._cuts, path)
        self._cuts[path] = Word(self._number, own, literal=True)

    def insert(self, path: Path, index: int, value: Any, own: Path, *, literal: bool = True) -> None:
        spend(size_of(value) + len(self._words) // 4 + len(at(self.value, *path)) // 4)
        self._spread(path, index)
        self._shift(path, index, 1)
        items = list(at(self.value, *path))
        items.insert(index, value)
        self.value = _with_value(self.value, path, items)
        self._words[(*path, index)] = Word(self._number, own, literal)

    def take(self, path: Path, index: int, own: Path) -> None:
        self._spread(path, index)
        _forget_below(self._words, (*path, index))
        _forget_below(self._cuts, (*path, index))
        self._shift(path, index + 1, -1)
        items = list(at(self.value, *path))
        del items[index]
        self.value = _with_value(self.value, path, items)
        self._cuts[path] = Word(self._number, own, literal=True)

    def _spread(self, path: Path, index: int) -> None:
        """Gives each item from an index on its own word, since its place no longer tells where it stands."""
        for each in range(index, len(at(self.value, *path))):
            place = (*path, each)
            self._words.setdefault(place, resolve_word(self._words, place))

    def _shift(self, path: Path, start: int, by: int) -> None:
        depth = len(path)
        for entries in (self._words, self._cuts):
            moved = {}
            for known in list(entries):
                step = known[depth] if len(known) > depth and known[:depth] == path else None
                if isinstance(step, int) and step >= start:
                    moved[(*path, step + by, *known[depth + 1 :])] = entries.pop(known)
            entries.update(moved)


def _forget_below(entries: dict[Path, Word], path: Path) -> None:
    for known in [known for known in entries if known[: len(path)] == path]:
        del entries[known]


def resolve_word(words: Mapping[Path, Word], path: Path) -> Word:
    for length in range(len(path), -1, -1):
        word = words.get(path[:length])
        if word is not None:
            return word._replace(path=(*word.path, *path[length:])) if word.literal else word
    raise AssertionError("the document has a word on everything")


class Words(Mapping[Path, Word]):
    """The words of a draft, leaf by leaf; inside of a list only those that do not come with it."""

    def __init__(self, draft: Draft) -> None:
        self._value, self._sparse = draft.value, draft.words

    def __getitem__(self, path: Path) -> Word:
        if _is_leaf(self._value, path) or (path in self._sparse and any(isinstance(step, int) for step in path)):
            return resolve_word(self._sparse, path)
        raise KeyError(path)

    def __iter__(self) -> Iterator[Path]:
        inside = sorted((path for path in self._sparse if any(isinstance(step, int) for step in path)), key=len)
        for path, value in leaves(self._value):
            yield path
            if isinstance(value, list):
                yield from (one for one in inside if one[: len(path)] == path)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _is_leaf(value: Any, path: Path) -> bool:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return not (isinstance(value, dict) and value)


def _with_value(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    spend(1 + len(value) // 64 if isinstance(value, list | dict) else 1)
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(value)
        items[step] = _with_value(items[step], rest, new)
        return items
    parts = dict(value) if isinstance(value, dict) else {}
    parts[step] = _with_value(parts.get(step), rest, new)
    return parts


def _without_path(value: Any, path: Path) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return _with_value(value, path[:1], _without_path(value[step], rest))
    if not isinstance(value, dict) or step not in value:
        return value
    parts = dict(value)
    if rest:
        parts[step] = _without_path(parts[step], rest)
    else:
        del parts[step]
    return parts
