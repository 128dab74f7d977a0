"""Edits of a field that is filled in: where its variable is defined, for this field alone, or not at all."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gitops_mcp.domain.editing import proof
from gitops_mcp.domain.editing.field import all_texts, text_of_value
from gitops_mcp.domain.editing.nested_text import NestedPlace, edit_nested
from gitops_mcp.domain.editing.patches import drafts_in_own_patches, drafts_with_new_patch
from gitops_mcp.domain.engines import substitution
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import TextPlace, file_and_line, value_at_place
from gitops_mcp.domain.engines.substitution import Redefinition, SubstitutedString
from gitops_mcp.domain.kustomize import Word
from gitops_mcp.domain.objects import Path, dotted_path
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.errors import GitOpsError, Refused

_VARIABLE = re.compile(r"\$\{?(\w+)", re.ASCII)
_NAMED_AT_MOST = 5
_OWN = "By hand: give this field a variable of its own, or write a value in the place of the variable"


@dataclass(frozen=True)
class Mention:
    """A text that is filled in, and what it has to come to mean."""

    scalar: SubstitutedString
    at: str
    """`file:line`."""
    place: NestedPlace
    path: Path
    """In that."""
    by: EngineObject
    """What fills it in."""
    value: object
    sharers: tuple[Declaration, ...] = ()
    """What else is made of the text."""


def edit_variable(
    desired: Desired, files: Mapping[str, str], declared: Declaration, path: Path, value: object, word: Word
) -> tuple[FileChange, ...]:
    try:
        return _edit_where_it_is_said(desired, files, declared, path, value, word)
    except Refused:
        drafts = _drafts_beside_default(desired, files, declared, path, value, word)
        if changes := proof.first_exact(desired, drafts, declared, Set(path, value)):
            return changes
        raise


def _drafts_beside_default(
    desired: Desired, files: Mapping[str, str], declared: Declaration, path: Path, value: object, word: Word
) -> Iterator[DraftFiles]:
    """Where only a default says it, which may be that of many: the variable for this Kustomization, else a patch."""
    applied, scalar = declared.applied, declared.substituted[path]
    if applied is None or scalar.unknown or scalar.unsure:
        return
    if any(name in applied.substitution.variables for name in scalar.names):
        return
    own = applied.place.below("spec", "postBuild")
    if applied.kind == "Kustomization" and isinstance(value_at_place(own, files), dict):
        for name in reversed(scalar.names):
            text = substitution.text_to_define(scalar.text, name, value, applied.substitution)
            if text is not None and not _is_named_otherwise(files, declared, name):
                draft = DraftFiles(files)
                with suppress(GitOpsError):
                    draft.edit(own.path, own.document, Set((*own.base, "substitute", name), text))
                    yield draft
    written = Set(path, text_of_value(declared, value))
    yield from drafts_in_own_patches(desired, files, declared, written, word.layer)
    yield from drafts_with_new_patch(desired, files, declared, written)


def _is_named_otherwise(files: Mapping[str, str], declared: Declaration, name: str) -> bool:
    """Whether another field names the variable, of whatever object, in what the Kustomization builds."""
    applied, produced = declared.applied, declared.produced
    if applied is None or produced is None:
        return True
    folders = {f"{posixpath.dirname(one.path)}/" for one in produced.layers} | {f"{applied.folder}/"}
    uses = sum(
        used == name
        for path, text in files.items()
        if path != applied.place.path and path.startswith(tuple(folders))
        for used, _ in substitution.mentions(text)
    )
    return uses > 1


def _edit_where_it_is_said(
    desired: Desired, files: Mapping[str, str], declared: Declaration, path: Path, value: object, word: Word
) -> tuple[FileChange, ...]:
    applied, produced, scalar = declared.applied, declared.produced, declared.substituted[path]
    if applied is None or produced is None:
        raise AssertionError("only engines fill variables in")
    layer = produced.layers[word.layer]
    base = layer.base if layer.inner is not None else (*layer.base, *word.path)
    at = file_and_line(TextPlace(layer.path, layer.document, base, layer.line), files)
    mention = Mention(scalar, at, layer, word.path, applied, value, proof.sharers_of_layer(desired, declared, layer))
    return draft_at_source(desired, files, declared, Set(path, value), mention).changes


def draft_at_source(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set, mention: Mention
) -> DraftFiles:
    """The edit of the definition that decides, or of the default in the text; raises Refused where more hangs on it."""
    field, scalar, applied = f"{dotted_path(wanted.path)} of {declared.label}", mention.scalar, mention.by
    found = substitution.find_redefinition(scalar.text, mention.value, applied.substitution, users=(), files=files)
    if isinstance(found, str):
        told = f"{field} at {mention.at} is not a value of its own: {found}"
        raise Refused(f"{told}. {_what_to_do_by_hand(scalar, applied)}")
    draft = DraftFiles(files)
    if isinstance(found, Redefinition):
        where = f"{found.variable.name}, which {found.variable.origin} defines at {file_and_line(found.place, files)}"
        _edit_definition(draft, found)
    else:
        where = f"{' and '.join(scalar.names)}, which nothing defines, so that the default at {mention.at} counts"
        edit_nested(draft, mention.place, Set(mention.path, found.text))
    start = f"{field} at {mention.at} is {scalar.text}: it comes from {where}"
    if not isinstance(found, Redefinition) and mention.sharers:
        raise Refused(
            f"{start}. It counts for others as well: {proof.labels_of(desired, mention.sharers)}. "
            f"{_what_to_do_by_hand(scalar, applied)}"
        )
    effect = proof.effect_of_edit(desired, draft.changes, declared, wanted)
    if effect.others:
        raise Refused(f"{start}. Changing it would change more: {proof.labels_of(desired, effect.others)}. {_OWN}")
    if effect.fields:
        raise Refused(
            f"{start}. Changing it would change other fields of the same object too: "
            f"{proof.dotted_paths(effect.fields)}. {_OWN}"
        )
    if not effect.is_exact:
        raise Refused(f"{start}, and no text there gives the field this value")
    if isinstance(found, Redefinition):
        more = _other_mentions(desired, files, found.place, mention.at)
        if more:
            raise Refused(f"{start}. It is used at {', '.join(more)} as well. {_OWN}")
    return draft


def _edit_definition(draft: DraftFiles, found: Redefinition) -> None:
    if found.place.base:
        draft.edit(found.place.path, found.place.document, Set(found.place.base, found.text))
    else:
        draft.replace_line(found.place.path, found.place.line, found.text)


def _other_mentions(desired: Desired, files: Mapping[str, str], place: TextPlace, own: str) -> tuple[str, ...]:
    """Other mentions of a variable below the folders that its definition is for, of whatever kind."""
    builds = [
        (one, [path for path in files if not one.folder or path.startswith(f"{one.folder}/")])
        for one in desired.engines
        if one.counts and one.folder is not None
    ]
    return tuple(one for one in substitution.uses_of_definitions(builds, files).get(place, ()) if one != own)


def _what_to_do_by_hand(scalar: SubstitutedString, applied: EngineObject) -> str:
    missing = [name for name in scalar.names if name not in applied.substitution.variables]
    if missing:
        names = " and ".join(missing)
        return (
            f"{names} is not defined in {applied}: add it there by hand, or write a value in the place of the variable"
        )
    return "Change it there by hand, or write a value in the place of the variable"


def unfilled_refusal(desired: Desired, field: str, old: object, place: str) -> Refused:
    """Of a field whose variable nothing here fills in: what sets that name anywhere, as far as it was read."""
    names = list(dict.fromkeys(_VARIABLE.findall(str(old))))
    told = []
    for name in names:
        sets = re.compile(rf"^[\s-]*[\"']?{re.escape(name)}[\"']?\s*[:=]", re.MULTILINE)
        found = [
            f"{path}:{text.count(chr(10), 0, match.start()) + 1 + match[0].count(chr(10))}"
            for path, text in all_texts(desired).items()
            if name in text
            for match in sets.finditer(text)
        ]
        more = f" and {len(found) - _NAMED_AT_MOST} more" if len(found) > _NAMED_AT_MOST else ""
        where = f"is set at {', '.join(found[:_NAMED_AT_MOST])}{more}" if found else "is set by nothing that was read"
        told.append(f"{name} {where}")
    return Refused(
        f"{field} at {place} is {old!r}: it is filled in by something else, such as a variable; change it there, or "
        f"write a value in its place by hand{''.join(f'. {one}' for one in told)}"
    )
