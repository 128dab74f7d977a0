"""ConfigMaps and Secrets that a kustomization generates, with the author of each key.

A key is written in an entry of `literals`, in a line of an env file, or as a whole file. What stands there is not the
value itself, so the words are not literal: their paths say `("literals", 2)` in the generator, `(7,)` for the seventh
line of a file, `()` for all of a file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.kustomization import Kustomization, Placed
from gitops_mcp.domain.kustomize.produced import Layer, Word
from gitops_mcp.domain.kustomize.tree import MissingFile, TrackedTree, UnreadFile
from gitops_mcp.domain.objects import Object, Path

_Entry = tuple[str, str, str | None, Path]
"""Key, value, the file that says it (None for the generator itself), and where in that."""


def generated_draft(placed: Placed, kind: str, kustomization: Kustomization, files: TrackedTree) -> Draft:
    """What one generator makes, before it is merged with what is there."""
    section, folder = placed.section, kustomization.folder
    own = Layer("document", section.path, section.document, placed.base, None, files.line(placed), folder)
    layers, data = [own], {}
    words: dict[Path, Word] = {(): Word(0, (), literal=False)}
    doubts = () if kind == "ConfigMap" else (f"{own.place}: a generated {kind}",)
    try:
        for key, text, path, place in _entries(placed.value, folder, files):
            data[key] = text
            if path is None:
                words["data", key] = Word(0, place, literal=False)
                continue
            if path != layers[-1].path:
                layers.append(Layer("document", path, 0, (), None, 1, posixpath.dirname(path)))
            words["data", key] = Word(len(layers) - 1, place, literal=False)
    except (MissingFile, UnreadFile) as error:
        doubts = (*doubts, f"{own.place}: {error}")
    metadata = {key: placed.value[key] for key in ("name", "namespace") if placed.value.get(key)}
    value: Object = {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}
    return Draft(value, tuple(layers), words, doubts=doubts)


def add_draft(drafts: list[Draft], made: Draft, behavior: Any) -> None:
    """As `behavior` says: beside the others, or in the place of the one of its name, with its keys or without."""
    names = [(one.id.group, one.id.kind, one.id.name) for one in drafts]
    own = (made.id.group, made.id.kind, made.id.name)
    if behavior not in {"merge", "replace"} or own not in names:
        drafts.append(made)
        return
    index = names.index(own)
    known = drafts[index]
    alone = replace(made, value={**known.value, "data": made.value["data"]})
    drafts[index] = _merge_data(known, made) if behavior == "merge" else alone


def _merge_data(one: Draft, other: Draft) -> Draft:
    count = len(one.layers)
    words = {
        path: word._replace(layer=word.layer + count) for path, word in other.words.items() if path[:1] == ("data",)
    }
    data = {**(one.value.get("data") or {}), **other.value["data"]}
    return replace(
        one,
        value={**one.value, "data": data},
        layers=(*one.layers, *other.layers),
        words={**one.words, **words},
        doubts=(*one.doubts, *other.doubts),
    )


def _entries(generator: Object, folder: str, files: TrackedTree) -> Iterator[_Entry]:
    """In the order of kustomize: what comes later may not say a key again."""
    envs = [*_texts(generator.get("envs")), *_texts([generator.get("env")])]
    for entry in envs:
        path = files.file(folder, entry)
        for number, line in enumerate(files.text(path).splitlines(), 1):
            key, sign, text = line.lstrip().partition("=")
            if sign and not key.startswith("#"):
                yield key, text, path, (number,)
    for entry in _texts(generator.get("files")):
        key, sign, name = entry.partition("=")
        path = files.file(folder, name if sign else entry)
        yield key if sign else posixpath.basename(entry), files.text(path), path, ()
    for index, entry in enumerate(_texts(generator.get("literals"))):
        key, _, text = entry.partition("=")
        yield key, text.strip("\"'"), None, ("literals", index)


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value if one is not None] if isinstance(value, list) else []
