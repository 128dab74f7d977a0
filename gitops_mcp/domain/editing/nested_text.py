"""Edits where a layer's text stands: in a document, or in a string of it that is YAML itself.

Patches inside of kustomizations and Helm values inside of Applications are such strings. The inner text is edited as
a file would be, and put back in the style that the string has.
"""

from __future__ import annotations

from typing import Protocol

from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.render import Indentation, render_manifest
from gitops_mcp.domain.yaml.splices import indentation_of
from gitops_mcp.domain.yaml.text import edit_text, parse_documents
from gitops_mcp.errors import Refused


class NestedPlace(Protocol):
    """Where a text stands: a layer of a build, or a place of Helm values."""

    @property
    def path(self) -> str: ...
    @property
    def document(self) -> int: ...
    @property
    def base(self) -> Path: ...
    @property
    def inner(self) -> int | None: ...


def edit_nested(draft: DraftFiles, place: NestedPlace, *edits: Edit) -> None:
    """The edits' paths are those of the layer's own text.

    The patch `instances: 3 # small` of a Cluster stands as a string at `base` `("patches", 0, "patch")` of a
    kustomization, its document `inner` 0. `Set(("spec", "instances"), 5)` edits that string as if it were a file, so
    that the comment stays, and puts it back as the value of `patch`, in the block or quotes that it has. Where `inner`
    is None the text is YAML in place, and the edit is one at `base` plus its path.
    """
    if place.inner is None:
        draft.edit(place.path, place.document, *(shift_edit(place.base, one) for one in edits))
        return
    old = nested_value(draft, place, whole=True)
    if not isinstance(old, str):
        raise Refused(f"{place.path}: the text of a patch or of values is not text")
    new = edit_text(old, place.inner, *edits)
    new = new if old.endswith("\n") else new.removesuffix("\n")
    draft.edit(place.path, place.document, Set(place.base, new))


def nested_value(draft: DraftFiles, place: NestedPlace, *, whole: bool = False) -> object:
    """What stands there; `whole`: the string itself, where it is one."""
    found = at(parse_documents(draft.text(place.path) or "")[place.document].value, *place.base)
    if place.inner is None or whole:
        return found
    return parse_documents(found)[place.inner].value if isinstance(found, str) else None


def indentation_in(text: str) -> Indentation:
    """How a file indents."""
    source = parse_yaml(text.removeprefix("\ufeff"))
    return indentation_of(source, source.trees[0]) if source.trees else Indentation()


def render_like(manifest: Object, like: str) -> str:
    """A new manifest, indented and with line endings as in a text."""
    found = indentation_in(like)
    eol = "\r\n" if "\r\n" in like else "\n"
    return render_manifest(manifest, eol=eol, indent=found.step, indent_lists=found.offset > 0)


def shift_edit(base: Path, one: Edit) -> Edit:
    """The edit of an object as one of the document that it stands in at `base`."""
    match one:
        case Set(path, new):
            return Set((*base, *path), new)
        case Insert(path, index, new):
            return Insert((*base, *path), index, new)
        case Remove(path):
            return Remove((*base, *path))
