"""Where a field is changed, so that this object changes, in this field, and nothing else does.

The place is that of the last word on the field. Where that is everybody's, the object's own patches are next, then a
new patch in the folder that only this object goes through. Each place is tried and everything built again; one that
changes more than what was asked for is not taken, and where none is left the answer says what stands in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from gitops_mcp.domain.editing import proof
from gitops_mcp.domain.editing.nested_text import edit_nested, nested_value, shift_edit
from gitops_mcp.domain.editing.patches import drafts_in_own_patches, drafts_with_new_patch
from gitops_mcp.domain.editing.proof import EditEffect
from gitops_mcp.domain.kustomize import Layer, Produced, Word
from gitops_mcp.domain.objects import Path, at, dotted_path
from gitops_mcp.domain.redact import redact_value
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.domain.yaml.text import line_of_path, parse_documents
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused


def set_field(desired: Desired, declared: Declaration, path: Path, value: Any) -> tuple[FileChange, ...]:
    """The files with the field of the live object set. Raises Refused where no place is this object's own."""
    return edit_fields(desired, declared, Set(path, value))


def edit_fields(desired: Desired, declared: Declaration, *edits: Set | Remove) -> tuple[FileChange, ...]:
    """Several fields of one object, one after the other. Paths are those of the live object."""
    if not desired.everything:
        draft = DraftFiles(desired.texts)
        draft.edit(declared.path, declared.document, *(shift_edit(declared.base, one) for one in edits))
        return draft.changes
    before, first = all_texts(desired), desired
    texts: dict[str, str | None] = {}
    for edit in edits:
        changes = _edit_field(desired, declared, edit)
        texts |= {change.path: change.after for change in changes}
        if edit is not edits[-1] and changes:
            effect = proof.effect_of_edit(desired, changes, declared, edit)
            desired, declared = effect.after, effect.declared or declared
    found = (FileChange(path, before.get(path), after) for path, after in sorted(texts.items()))
    result = tuple(change for change in found if change.before != change.after)
    _check_encryption(all_texts(first), result)
    return result


def where_field_stands(desired: Desired, declared: Declaration, path: Path) -> str:
    """`file:line` of the last word on a field of the live object, or of the object where that cannot be told."""
    produced = declared.produced
    word = _last_word(produced, path) if produced is not None else None
    if produced is None or word is None:
        text = desired.texts.get(declared.path)
        if text is None or declared.is_rendered or not declared.line:
            return declared.place
        return f"{declared.path}:{line_of_path(text, declared.document, (*declared.base, *path))}"
    return _line_of_word(all_texts(desired), produced.layers[word.layer], word)


def text_of_value(declared: Declaration, value: Any) -> Any:
    """What is written into the document or a patch of an object so that a field has this value in the end."""
    if declared.applied is None or not declared.applied.substitution.is_active:
        return value
    from gitops_mcp.domain.engines import substitution

    return substitution.text_that_means(value, declared.applied, declared.object)


def all_texts(desired: Desired) -> Mapping[str, str]:
    """Every text that is known of the repository."""
    return {**(desired.tree.files if desired.tree else {}), **desired.texts}


def _edit_field(desired: Desired, declared: Declaration, wanted: Set | Remove) -> tuple[FileChange, ...]:
    path, files = wanted.path, all_texts(desired)
    old = at(declared.object, *path)
    if old is None if isinstance(wanted, Remove) else is_same(old, wanted.value):
        return ()
    if declared.made is not None and (changes := _edit_in_inputs(desired, files, declared, wanted)):
        return changes
    for reason in (declared.encrypted, declared.opaque):
        if reason:
            raise Refused(
                f"{dotted_path(path)} of {declared.label} at {declared.place} cannot be changed here: {reason}"
            )
    if declared.release is not None:
        return _edit_in_values(desired, files, declared, wanted)
    produced = declared.produced
    if produced is None:
        draft = DraftFiles(files)
        draft.edit(declared.path, declared.document, shift_edit(declared.base, wanted))
        return _prove_edit(desired, declared, wanted, draft.changes, f"at {declared.place}")
    word = _last_word(produced, path)
    if word is not None and word.literal and path in declared.substituted and isinstance(wanted, Set):
        from gitops_mcp.domain.editing import variables

        return variables.edit_variable(desired, files, declared, path, wanted.value, word)
    _check_maker(files, declared, produced, path, word)
    return _edit_in_layers(desired, files, declared, wanted, word)


def _edit_in_layers(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set | Remove, word: Word | None
) -> tuple[FileChange, ...]:
    """The first place whose edit changes this field and nothing else.

    `prod` and `test` build `base/db.yaml`, which says `instances: 3`, and `prod` alone is to have 5. The last word is
    that of `base/db.yaml`, to which `test` listens too: not taken. A merge patch of `prod` that says `storage` comes
    behind that word and is nobody else's: `instances: 5` goes into it. Without such a patch `prod/kustomization.yaml`
    gets a new one; did `prod` say `instances: 4` in its patch, that 4 were the last word, and would become 5.
    """
    produced = declared.produced
    if produced is None:
        raise AssertionError("only what is built has layers")
    spot = word or _room_for_field(produced, wanted.path)
    layer = produced.layers[spot.layer]
    place = _line_of_word(files, layer, spot)
    brought_in = word is not None and not _stands_there(files, produced, wanted.path, word)
    shared = proof.sharers_of_layer(desired, declared, layer)
    written = Set(wanted.path, text_of_value(declared, wanted.value)) if isinstance(wanted, Set) else wanted
    effect = None
    if not shared and not brought_in:
        changes = _own_edit(files, layer, spot, written)
        effect = proof.effect_of_edit(desired, changes, declared, wanted)
        if effect.is_exact:
            return changes
        shared = effect.others
        if not shared and word is not None and not effect.missed:
            raise _surprise_refusal(desired, declared, wanted, place, effect)
    if not any(isinstance(step, int) for step in wanted.path):
        said = written if isinstance(written, Set) else Set(written.path, None)  # null takes away in a merge patch
        behind = spot.layer if word is not None else 0
        drafts = chain(
            drafts_in_own_patches(desired, files, declared, said, behind),
            drafts_with_new_patch(desired, files, declared, said),
        )
        if patched := proof.first_exact(desired, drafts, declared, wanted):
            return patched
    if brought_in:
        raise _brought_in_refusal(desired, declared, wanted.path, layer)
    if effect is not None and not shared:
        raise _surprise_refusal(desired, declared, wanted, place, effect)
    return _edit_beside_later(desired, files, declared, wanted, (layer, spot), shared)


def _edit_beside_later(
    desired: Desired,
    files: Mapping[str, str],
    declared: Declaration,
    wanted: Set | Remove,
    stands: tuple[Layer, Word],
    shared: tuple[Declaration, ...],
) -> tuple[FileChange, ...]:
    """Where nothing is the object's own: the edit that others get too once the branch or tag that they follow moves."""
    if shared and all(proof.comes_later(one, declared) for one in shared):
        written = Set(wanted.path, text_of_value(declared, wanted.value)) if isinstance(wanted, Set) else wanted
        changes = _own_edit(files, *stands, written)
        if proof.effect_of_edit(desired, changes, declared, wanted).is_exact:
            return changes
    raise _shared_refusal(desired, declared, wanted.path, _line_of_word(files, *stands), shared)


def _own_edit(files: Mapping[str, str], layer: Layer, spot: Word, wanted: Set | Remove) -> tuple[FileChange, ...]:
    """The field where its last word stands."""
    draft = DraftFiles(files)
    edit_nested(draft, layer, Set(spot.path, wanted.value) if isinstance(wanted, Set) else Remove(spot.path))
    return draft.changes


def _stands_there(files: Mapping[str, str], produced: Produced, path: Path, word: Word) -> bool:
    """Whether the file says what counts: what a parent brings in may take the place of what stands there."""
    layer = produced.layers[word.layer]
    if layer.kind == "document":
        return True
    if nested_value(DraftFiles(files), layer, whole=True) is None:
        return False
    said, counts = at(nested_value(DraftFiles(files), layer), *word.path), at(produced.object, *path)
    # What kustomize reads as another type, such as `on`, is the same text all the same.
    differs = said != counts and (said is None or type(said) is type(counts))
    return not word.literal or isinstance(counts, dict | list) or not differs


def _edit_in_inputs(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set | Remove
) -> tuple[FileChange, ...]:
    """The first input, or part of the template, whose edit changes this field and nothing else.

    None of them: empty. Raises Refused where one would be that edit, and changes other objects too.
    """
    from gitops_mcp.domain.editing.inputs import drafts_of_inputs

    shared: Refused | None = None
    for draft in drafts_of_inputs(files, declared, wanted):
        effect = proof.effect_of_edit(desired, draft.changes, declared, wanted)
        if effect.is_exact:
            return draft.changes
        for change in draft.changes if effect.is_wanted and effect.others else ():
            stands = "would be" if at(declared.object, *wanted.path) is None else "is"
            shared = Refused(
                f"{dotted_path(wanted.path)} of {declared.label} {stands} at {change.path}:{change.line}, which is "
                f"shared: an edit there would change {proof.labels_of(desired, effect.others)} too. Have the template "
                f"take it from an input by hand, and give that to each of them"
            )
    if shared is not None:
        raise shared
    return ()


def _edit_in_values(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set | Remove
) -> tuple[FileChange, ...]:
    if declared.release is not None and declared.release.template:
        from gitops_mcp.domain.editing.charts.rendered import edit_rendered_value

        return edit_rendered_value(desired, files, declared, wanted)
    from gitops_mcp.domain.editing.charts.mapped import edit_chart_value

    draft, place = edit_chart_value(desired, files, declared, wanted)
    return _prove_edit(desired, declared, wanted, draft.changes, place)


def _prove_edit(
    desired: Desired, declared: Declaration, wanted: Set | Remove, changes: tuple[FileChange, ...], place: str
) -> tuple[FileChange, ...]:
    effect = proof.effect_of_edit(desired, changes, declared, wanted)
    if effect.others:
        raise _shared_refusal(desired, declared, wanted.path, place, effect.others)
    if not effect.is_exact:
        raise _surprise_refusal(desired, declared, wanted, place, effect)
    return changes


def _last_word(produced: Produced, path: Path) -> Word | None:
    """Who says a field; of a mapping, who says all of it.

    Where the document says `storage: {size: 1Gi}` and a patch `storage: {storageClass: fast}`, `spec.storage.size` is
    the document's word and `spec.storage.storageClass` the patch's, so that `spec.storage` is nobody's.
    """
    found = produced.word(path)
    if found is not None:
        return found
    below = list(produced.below(path))
    starts = {(word.layer, _start_of_mapping(place[len(path) :], word)) for place, word in below}
    layer, start = next(iter(starts), (0, None))
    return Word(layer, start, literal=True) if len(starts) == 1 and start is not None else None


def _start_of_mapping(rest: Path, word: Word) -> Path | None:
    """Where a mapping stands in a layer's text, told by one of its parts."""
    length = len(word.path) - len(rest)
    return word.path[:length] if word.literal and word.path[length:] == rest else None


def _room_for_field(produced: Produced, path: Path) -> Word:
    """Where a field is added that nobody says: in the document, or in the layer that replaced what it says there.

    `spec.storage.storageClass` has its room in the document. Where a patch says `storage: {$patch: replace, size: 2Gi}`
    the document's `storage` is gone, and the room is beside `size` in that patch. For
    `spec.managed.roles[1].connectionLimit` it is the item that some layer says, wherever its own text has it.
    """
    for length in range(len(path) - 1, 0, -1):
        whole = produced.word(path[:length]) if any(isinstance(step, int) for step in path[:length]) else None
        if whole is not None and whole.literal:
            return Word(whole.layer, (*whole.path, *path[length:]), literal=True)
    for length in range(len(path), 0, -1):
        cut = produced.cuts.get(path[:length])
        if cut is not None:
            for place, word in produced.below(path[:length]):
                start = _start_of_mapping(place[length:], word) if word.layer == cut.layer else None
                if start is not None:
                    return Word(word.layer, (*start, *path[length:]), literal=True)
    return Word(0, path, literal=True)


def _check_maker(
    files: Mapping[str, str], declared: Declaration, produced: Produced, path: Path, word: Word | None
) -> None:
    """Refuses what no text says as it is, and what a patch took away on purpose."""
    field = f"{dotted_path(path)} of {declared.label}"
    if word is None:
        for length in range(len(path), 0, -1):
            cut = produced.cuts.get(path[:length])
            if cut is not None and at(produced.object, *path[:length]) is None:
                place = _line_of_word(files, produced.layers[cut.layer], cut)
                raise Refused(
                    f"{field} cannot be set: {dotted_path(path[:length])} is taken away at {place}, and a part of it "
                    f"would bring it back. Where that is meant, change it there first"
                )
        return
    layer = produced.layers[word.layer]
    place = _line_of_word(files, layer, word)
    if layer.kind == "replacement":
        raise Refused(f"{field} is filled in by a replacement at {place}, from {layer.source}: change that by hand")
    if word.literal:
        return
    if layer.kind == "json patch":
        made = at(nested_value(DraftFiles(files), layer), word.path[0]) if word.path else None
        raise Refused(
            f"{field} is made by the operation `{at(made, 'op')}` to {at(made, 'path')} from {at(made, 'from')} at "
            f"{place}, where no value stands: change it there by hand"
        )
    raise Refused(f"{field} is made by the {layer.kind} at {place}: change it there by hand")


def _line_of_word(files: Mapping[str, str], layer: Layer, word: Word) -> str:
    """`file:line` of the value."""
    text = files.get(layer.path)
    if text is None:
        return layer.place
    if layer.inner is None:
        return f"{layer.path}:{line_of_path(text, layer.document, (*layer.base, *word.path))}"
    inner = nested_value(DraftFiles(files), layer, whole=True)
    if not isinstance(inner, str):
        return layer.place
    first = parse_documents(inner)[layer.inner].line
    return f"{layer.path}:{layer.line + line_of_path(inner, layer.inner, word.path) - first}"


def _surprise_refusal(
    desired: Desired, declared: Declaration, wanted: Set | Remove, place: str, effect: EditEffect
) -> Refused:
    field = f"{dotted_path(wanted.path)} of {declared.label} is at {place}"
    start = f"{field}, but an edit there"
    if effect.faults:
        return Refused(f"{start} does more: {'; '.join(effect.faults)}")
    if effect.missed:
        return Refused(
            f"{start} does not set it in what makes the same object: {proof.labels_of(desired, effect.missed)}. "
            f"Whichever applies last decides, so take the object out of one of them first, or change both by hand"
        )
    if isinstance(wanted, Remove):
        return Refused(f"{field}; without it an earlier layer's value would come through, so take it away by hand")
    if effect.fields:
        return Refused(f"{start} does more: it changes {proof.dotted_paths(effect.fields)} too")
    return Refused(
        f"{start} would not have the result that was asked for: what is applied would have another value there"
    )


def _shared_refusal(
    desired: Desired, declared: Declaration, path: Path, place: str, others: tuple[Declaration, ...]
) -> Refused:
    told = "; ".join(declared.shared) if desired.only is None else "others"
    known = proof.labels_of(desired, others) if others else told
    value = redact_value(at(declared.object, *path), path)
    said = f" as {value}" if isinstance(value, str | int | float) else ""
    start = f"{dotted_path(path)} of {declared.label} is at {place}{said}, which is shared: an edit there would "
    index = next((index for index, step in enumerate(path) if isinstance(step, int)), None)
    if index is not None:
        return Refused(
            f"{start}change {known} too. It is a part of the list {dotted_path(path[:index])}, which a patch can only "
            f"replace as a whole. A person has to decide whether this one gets a list of its own"
        )
    return Refused(
        f"{start}change {known} too. This one has no patch of its own, and no kustomization that could hold one. Give "
        f"it an "
        f"overlay by hand that patches {dotted_path(path)}, or change all of them there"
    )


def _brought_in_refusal(desired: Desired, declared: Declaration, path: Path, layer: Layer) -> Refused:
    """A parent's patch takes the place of the list that it is put into, so an own one there would be lost."""
    above = [
        str(one)
        for one in desired.engines
        if one.folder is not None
        and f"{layer.path}/".startswith(f"{one.folder}/" if one.folder else "")
        and one.patches
    ]
    by = " or ".join(above) or "another Kustomization"
    return Refused(
        f"{dotted_path(path)} of {declared.label} is set by a patch that is not in {layer.path}: {by} "
        f"brings it in, by its own patches, for whatever they select. Change it there for all of them, or leave this "
        f"one out of their target by hand"
    )


def _check_encryption(files: Mapping[str, str], changes: Iterable[FileChange]) -> None:
    """SOPS signs a whole file: any edit without the key makes it unreadable."""
    for change in changes:
        text = files.get(change.path, "")
        if "sops:" in text and any(at(one.value, "sops", "mac") for one in parse_documents(text)) and change.after:
            raise Refused(
                f"{change.path} is encrypted with SOPS, whose MAC covers all of it: edit it with `sops {change.path}`"
            )
