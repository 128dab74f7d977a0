"""Edits of what the template of a ResourceSet is filled with, or says as it is.

Which value decides a field is not read off the template: each that may is changed, and the proof tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from gitops_mcp.domain.engines.reading import value_at_place
from gitops_mcp.domain.objects import Path, at, leaves
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import GitOpsError

_MOST = 20
_INPUT = re.compile(r"\binputs\.([A-Za-z_]\w*)")


def drafts_of_inputs(files: Mapping[str, str], declared: Declaration, wanted: Set | Remove) -> Iterator[DraftFiles]:
    """The values first that are what the field is, then those that the template names and the inputs lack."""
    made, by = declared.made, declared.applied
    if made is None or by is None:
        return
    old = at(declared.object, *wanted.path)
    edits: list[Set | Remove] = []
    if made.inputs is not None and isinstance(wanted, Set):
        values = value_at_place(by.place.below(*made.inputs), files)
        for path, value in leaves(values):
            if old is not None and _text(value) == _text(old):
                edits.append(Set((*made.inputs, *path), _like(wanted.value, value)))
        template = str(value_at_place(by.place.below(*made.template), files))
        lacking = [name for name in dict.fromkeys(_INPUT.findall(template)) if at(values, name) is None]
        edits += [Set((*made.inputs, name), wanted.value) for name in lacking]
    said = value_at_place(by.place.below(*made.template), files)
    if isinstance(said, dict) and is_same(at(said, *wanted.path), old):
        path = (*made.template, *wanted.path)
        edits.append(Set(path, wanted.value) if isinstance(wanted, Set) else Remove(path))
    for edit in edits[:_MOST]:
        yield from _drafted(files, by.place.path, by.place.document, by.place.base, edit)


def _drafted(
    files: Mapping[str, str], path: str, document: int, base: Path, edit: Set | Remove
) -> Iterator[DraftFiles]:
    draft = DraftFiles(files)
    with suppress(GitOpsError):  # it cannot be edited, so it is no candidate
        placed = (*base, *edit.path)
        draft.edit(path, document, Set(placed, edit.value) if isinstance(edit, Set) else Remove(placed))
        yield draft


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _like(value: Any, other: Any) -> Any:
    """A text stays a text: a template puts it where a number may stand."""
    return _text(value) if isinstance(other, str) and not isinstance(value, dict | list) else value
