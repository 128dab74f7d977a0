"""Parts of engine objects as plain values: a field that has another type is as if it were not there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_mcp.domain.kustomize import Section, join_path
from gitops_mcp.domain.kustomize.kustomization import NAMES, is_kustomization
from gitops_mcp.domain.objects import Object, Path, at, list_at
from gitops_mcp.domain.yaml.text import YamlDocument, line_of_path, parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable

_AS_NAMED: Mapping[Path, Path] = {}

Files = Mapping[str, str]
"""Texts by path from the root of the repository: everything that names an engine's API group, every kustomization,
`Chart.yaml`, values file and `.sourceignore`, and the ConfigMaps and Secrets that variables and values come from."""


@dataclass(frozen=True)
class TextPlace:
    """Where something is written."""

    path: str
    document: int
    base: Path
    """In that document: `()`, `("items", 2)`, `("spec", "postBuild", "substitute", "SIZE")`."""
    line: int
    """Where the document begins, or the item of a list in it; `line_of_path` tells the line of a part."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

    def below(self, *path: str | int) -> TextPlace:
        """The place of a part of what stands here."""
        return TextPlace(self.path, self.document, (*self.base, *path), self.line)


@lru_cache(maxsize=8192)
def read_documents(text: str) -> tuple[YamlDocument, ...]:
    """The documents of a text; none where it is not YAML. They are shared: nobody may change them."""
    try:
        return parse_documents(text)
    except Unparsable:
        return ()


def file_and_line(place: TextPlace, files: Files) -> str:
    """`file:line` of the part itself; of a file that is no YAML the line is that of the place."""
    text = files.get(place.path) if place.path.endswith((".yaml", ".yml", ".json")) else None
    line = line_of_path(text, place.document, place.base) if text is not None and read_documents(text) else place.line
    return f"{place.path}:{line}"


def value_at_place(place: TextPlace, files: Files) -> Any:
    """What the file says there; None where it says nothing, as for what a patch from elsewhere brings in."""
    documents = read_documents(files.get(place.path, ""))
    return at(documents[place.document].value, *place.base) if place.document < len(documents) else None


def clean_path(path: object) -> str:
    """A folder as an engine object writes it (`./a/`, `/a`, `.`), from the root of the repository.

    One that leaves it (`../a`) stays as it is: no file has such a path.
    """
    found = posixpath.normpath(str(path or "").strip().lstrip("/") or ".")
    return "" if found == "." else found


def kustomization_path(files: Files, folder: str) -> str | None:
    inside = f"{folder}/" if folder else ""
    for name in NAMES:
        if (path := f"{inside}{name}") in files:
            return path
    return None


def patch_files(files: Files) -> set[str | None]:
    """The files that kustomizations take for patches; what stands in one declares nothing."""
    return {
        path for kustomization in files if is_kustomization(kustomization) for path in _patches(kustomization, files)
    }


def _patches(kustomization: str, files: Files) -> Iterator[str | None]:
    for document in read_documents(files[kustomization]):
        for field in ("patches", "patchesJson6902", "patchesStrategicMerge"):
            for entry in list_at(document.value, field):
                named = entry if isinstance(entry, str) else at(entry, "path")
                if isinstance(named, str) and "\n" not in named:
                    yield join_path(posixpath.dirname(kustomization), named)


def overlay_section(
    place: TextPlace, *base: str | int, places: Mapping[Path, Path] = _AS_NAMED, **fields: object
) -> Section | None:
    """The fields of a kustomization that say something, standing below `base` of the engine object.

    `places`: where those stand that the engine object calls otherwise.
    """
    said = {name: value for name, value in fields.items() if value}
    return Section(place.path, place.document, (*place.base, *base), said, places) if said else None


def texts_in(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def mappings_in(value: object) -> tuple[Object, ...]:
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def string_values(value: object) -> dict[str, str]:
    return {key: str(one) for key, one in value.items()} if isinstance(value, dict) else {}
