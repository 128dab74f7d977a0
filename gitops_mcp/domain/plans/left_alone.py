"""What an engine is told to leave alone, so that a change of it never arrives: said with the answer to the write.

Flux compares without regard to case, in annotations and labels alike; Argo CD reads lists of options, exactly spelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from gitops_mcp.domain.cnpg.protection import SYNC_OPTIONS, kubectl_without, split_options
from gitops_mcp.domain.editing.field import all_texts, where_field_stands
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.flux.flux_parents import selects_object
from gitops_mcp.domain.engines.left_out import is_left, leaving_out
from gitops_mcp.domain.engines.reading import file_and_line
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at, dotted_path
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Declaration, Desired

LEFT_ALONE = "left-alone"
_FLUX = "kustomize.toolkit.fluxcd.io"
_HOOK = "argocd.argoproj.io/hook"
_FORCE = "Force=true"
_PARTS: tuple[Literal["annotations"], Literal["labels"]] = ("annotations", "labels")


def left_alone_notices(change: ObjectChange, after: Desired, live: Object | None) -> Iterator[Notice]:
    """Of one object that a change makes or edits; of what engines delete, `protection` speaks."""
    declared = next((one for one in after.declarations if one.identity == change.identity), None)
    if declared is None or not after.origin.once:
        return
    for text in _orders(declared, after, live, is_new=change.before is None):
        yield Notice(LEFT_ALONE, f"{change.identity} stays as it is: {text}")
    for text in _forces(declared, after):
        yield Notice("forces", f"{change.identity} {text}: what cannot be updated in place is deleted and recreated")
    if declared.applied is not None:
        yield from _by_engine_object(change, declared, declared.applied, after)


def _orders(declared: Declaration, after: Desired, live: Object | None, *, is_new: bool) -> Iterator[str]:
    by = declared.applied
    if by is None or by.engine == "flux":
        never = {"ssa": {"ignore"} if is_new else {"ignore", "ifnotpresent"}, "reconcile": {"disabled"}}
        for name, values in never.items():
            key = f"{_FLUX}/{name}"
            for part in _PARTS:
                said, running = (at(one, "metadata", part, key) for one in (declared.object, live))
                if str(said).lower() in values:
                    place = where_field_stands(after, declared, ("metadata", part, key))
                    yield f"Flux leaves it alone for `{key}: {said}` at {place}. Take that away first, and merge that"
                elif str(running).lower() in values - {"ifnotpresent"}:
                    by_hand = kubectl_without(declared.identity, part, key)
                    yield f"Flux leaves it alone for `{key}: {running}`, which the live object alone has: {by_hand}"
    if by is None or by.engine == "argocd":
        hook = at(declared.object, "metadata", "annotations", _HOOK)
        if isinstance(hook, str):
            place = where_field_stands(after, declared, ("metadata", "annotations", _HOOK))
            yield f"`{_HOOK}: {hook}` at {place} makes it a hook, which Argo CD does not keep as Git says"


def _forces(declared: Declaration, after: Desired) -> Iterator[str]:
    by = declared.applied
    orders = (("argocd", SYNC_OPTIONS, _FORCE), ("flux", f"{_FLUX}/force", "enabled"))
    for engine, key, option in orders:
        said = at(declared.object, "metadata", "annotations", key)
        if (by is None or by.engine == engine) and option in split_options(said):
            yield f"has `{key}: {option}` at {where_field_stands(after, declared, ('metadata', 'annotations', key))}"


def _by_engine_object(
    change: ObjectChange, declared: Declaration, by: EngineObject, after: Desired
) -> Iterator[Notice]:
    if out := leaving_out(by.file_rules, declared.path):
        text = f"{declared.path} is left out by {out}, so {by} never sees it: {change.identity} does not get this"
        yield Notice(LEFT_ALONE, text)
    for rule in by.left:
        if change.before is None or not selects_object(rule.target, declared.object):
            continue
        place = file_and_line(rule.place, all_texts(after))
        fields = ", ".join(dotted_path(path) for path in change.fields if is_left(rule, path))
        if fields:
            unless = "" if by.respects_left else ", unless something else of the object differs too"
            text = f"{change.identity} keeps its {fields}: {place} tells {by} to leave that alone{unless}"
            yield Notice(LEFT_ALONE, f"{text}. Take it out there first, or have it changed where it is managed")
        elif rule.unread:
            text = (
                f"{place} tells {by} to leave alone {', '.join(rule.unread)}; whether that is changed here is not known"
            )
            yield Notice("maybe-left-alone", text)
