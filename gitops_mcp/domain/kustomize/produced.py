"""What a build produces, and where each part of it comes from.

An object that comes out of a base, three overlays and a component has many authors. `layers` names them in the order
in which they worked, and `words` says for every field which of them had the last word and where in that layer's own
text the value stands, so that exactly this value can be changed.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from gitops_mcp.domain.names import fault_in_file
from gitops_mcp.domain.objects import Identity, Object, Path, at

LayerKind = Literal[
    "document",
    "merge patch",
    "json patch",
    "namespace",
    "name",
    "label",
    "annotation",
    "replicas",
    "images",
    "replacement",
]


@dataclass(frozen=True)
class Layer:
    """One thing that contributes to an object."""

    kind: LayerKind
    path: str
    """The file that holds it: the kustomization itself for inline patches, namespace, labels and the like."""
    document: int
    base: Path
    """Where it stands in that document: `()`, `("items", 2)`, or `("patches", 0, "patch")` for inline text."""
    inner: int | None
    """Which document of the string at `base`, for inline patch text; None where the value is YAML itself."""
    line: int
    """In the file, counted from 1."""
    folder: str
    """Of the kustomization that applied it, "" for the root of the repository; a document's is its file's folder."""
    source: str | None = None
    """Of a replacement: the object and field that it copies, in words."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


class Word(NamedTuple):
    """Who had the last word on a field."""

    layer: int
    """An index into `Produced.layers`."""
    path: Path
    """The value's path inside the layer's own text: below `Layer.base`, and inside of `inner` where that is set."""
    literal: bool
    """Whether the value stands there. Of a prefix, a replacement or a `copy` there stands what makes it instead."""


@dataclass(frozen=True)
class Produced:
    object: Object
    """As rendered. Shared: not to be changed in place."""
    layers: tuple[Layer, ...]
    """In the order in which they worked; the document comes first."""
    words: Mapping[Path, Word]
    """For each leaf (`domain.objects.leaves`); inside of a list also for each part that does not come with the list."""
    cuts: Mapping[Path, Word] = field(default_factory=dict)
    """Places where a layer hides all that earlier layers say: a null, `$patch`, a `remove`, a map that is set whole.

    A field that is cut and not there was taken away. What an earlier layer says at such a place or below has no effect.
    """

    @property
    def identity(self) -> Identity:
        namespace = at(self.object, "metadata", "namespace")
        return Identity(str(self.object.get("kind")), namespace or None, str(at(self.object, "metadata", "name")))

    def word(self, path: Path) -> Word | None:
        """Who had the last word on this very field; inside of a list or another whole value, by its place in there.

        None for a mapping, which may have many authors, and for what is not there.
        """
        if not _is_there(self.object, path):
            return None
        for length in range(len(path), -1, -1):
            found = self.words.get(path[:length])
            if found is not None:
                return found._replace(path=(*found.path, *path[length:])) if found.literal else found
        return None

    def below(self, path: Path) -> Iterator[tuple[Path, Word]]:
        """Every word on this field or a part of it."""
        return ((place, word) for place, word in self.words.items() if place[: len(path)] == path)


def _is_there(value: Any, path: Path) -> bool:
    parent = at(value, *path[:-1])
    if isinstance(parent, dict):
        return not path or path[-1] in parent
    return isinstance(parent, list) and isinstance(path[-1], int) and 0 <= path[-1] < len(parent)


@dataclass(frozen=True)
class BuildFault:
    """Something that keeps a build from being right."""

    place: str
    """The file, with the line where one is known."""
    reason: str
    fatal: bool
    """Kustomize itself refuses: nothing of this build is applied. Otherwise it is only not understood here."""

    def __str__(self) -> str:
        return fault_in_file(self.place, self.reason)


@dataclass(frozen=True)
class Build:
    produced: tuple[Produced, ...]
    """Every object of the groups that were asked for, in the order of the files."""
    faults: tuple[BuildFault, ...] = ()
    opaque: Mapping[int, str] = field(default_factory=dict)
    """By index in `produced`: why what is said of that object may be wrong."""

    def of_groups(self, groups: Container[str]) -> Iterator[tuple[Produced, str | None]]:
        """The objects of these API groups, each with why what is said of it may be wrong."""
        for index, one in enumerate(self.produced):
            if str(one.object.get("apiVersion")).rpartition("/")[0] in groups:
                yield one, self.opaque.get(index)
