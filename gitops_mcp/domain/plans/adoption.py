"""Git made to say what is live: fields of an object, an object that only live has, or one that only Git has.

The live value is written where the field's last word stands, as every other edit is. Of a list that Git states what is
the same keeps its text. What may hold a secret is refused: Git keeps it for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gitops_mcp.domain.cnpg.cluster_spec import with_instances
from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339
from gitops_mcp.domain.cnpg.protection import protections
from gitops_mcp.domain.cnpg.scaling import Scaling
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.editing.placing.name_patterns import file_word
from gitops_mcp.domain.editing.placing.new_document import put_document
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, NewObject, candidate_places, find_siblings
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.live.drift import FieldDrift, is_as_live, is_same_item
from gitops_mcp.domain.live.managers import hands_on
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Path, as_int, at, dotted_path, leaves
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices, variable_lines
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.redact import mark_outside, redact_text, redact_value
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Remove, Set, apply_edit, normalize_edit
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused

_INSTANCES: Path = ("spec", "instances")
_CREDENTIALS = ("s3Credentials", "azureCredentials", "googleCredentials")
_SHOWN = 120
_DROPPED: tuple[Any, ...] = (None, "", [], {})
"""What the API may drop, so that Git may go on saying it."""


def plan_field_adoption(
    declared: Declaration,
    desired: Desired,
    whom: Identity,
    found: Sequence[FieldDrift],
    live: Object,
    *,
    filled: Object,
    named: bool,
) -> Plan:
    """`found`: what differs and is to be kept as it is live. `named`: each was asked for, so none is passed over.

    `filled`: what Git says, with what the API server and the webhook fill in.
    """
    hidden = [one for one in found if _may_hold_secret(one.path, one.live)]
    if hidden and named:
        raise _secret_refusal(whom, hidden[0].path)
    wanted = [one for one in found if one not in hidden]
    passed = tuple(
        Notice(
            "not-adopted", f"{dotted_path(one.path)} of the live {whom} may hold a secret, so it is not put into Git"
        )
        for one in hidden
    )
    names = [dotted_path(one.path) for one in wanted]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    plan = Plan(f"Adopt what is live of {whom}: {', '.join(names[:3])}{more}", whom, validated_by=("built-in rules",))
    if not wanted:
        told = f"{declared.place} says what is live{', but for what may hold a secret' if hidden else ''}"
        return replace(plan, subject=f"Adopt what is live of {whom}", unchanged=told, warnings=passed)
    edits, after = _edits(declared.object, filled, wanted)
    lost, stopped = _at_stake(declared.object, after, whom)
    return replace(
        plan,
        files=edit_fields(desired, declared, *edits),
        body=(
            *(_line(one, live) for one in wanted),
            *(text for one in wanted for text in variable_lines(declared, one.path)),
            *applier_lines(declared),
        ),
        warnings=(*passed, _as_of_now(), *applier_notices(declared, desired)),
        destroys=lost,
        stops=stopped,
        next=("get_drift shows what is left, once this is merged and applied",),
    )


def object_places(
    desired: Desired, cluster: Declaration | None, whom: Identity, manifest: Object, layout: str
) -> tuple[FilePlace, ...]:
    return candidate_places(
        desired, cluster, new_object_of(whom, manifest, cluster), layout, find_siblings(desired, whom.kind)
    )


def plan_object_adoption(
    desired: Desired, cluster: Declaration | None, whom: Identity, manifest: Object, places: Iterable[FilePlace]
) -> Plan:
    """An object that only live has, written as a document; `manifest` is without what comes by itself."""
    check_holds_no_secret(whom, manifest)
    put = put_document(desired, cluster, new_object_of(whom, manifest, cluster), manifest, places)
    return Plan(
        f"Adopt the live {whom}",
        whom,
        files=put.changes,
        impact=Impact(Level.NONE, (f"{whom} is live already: the engine takes it over as it is",)),
        warnings=(_as_of_now(), *_protection_notices(manifest), *put.notices),
        body=(f"{whom} is live, and Git did not declare it",),
        validated_by=("built-in rules",),
        next=("get_drift shows what is left, once this is merged and applied",),
    )


def plan_absence_adoption(declared: Declaration, desired: Desired, whom: Identity) -> Plan:
    """An object that only Git has goes from it, so that no engine creates it."""
    return Plan(
        f"Adopt that there is no live {whom}",
        whom,
        files=remove_objects(desired, declared),
        body=(f"{declared.place} declared {whom}, which is not live", *applier_lines(declared)),
        warnings=applier_notices(declared, desired),
        destroys=(
            f"{whom} goes from Git: it is not live now, and where the engine creates it before this is merged, it is "
            f"deleted again with what is in it"
        ),
        validated_by=("built-in rules",),
    )


def new_object_of(whom: Identity, manifest: Object, cluster: Declaration | None) -> NewObject:
    name = cluster.identity.name if cluster else whom.name if whom.kind == CLUSTER.kind else None
    short = file_word(at(manifest, "spec", "name"), whom.kind, whom.name, name)
    return NewObject(whom.kind, whom.namespace or "", whom.name, short, name)


def _protection_notices(manifest: Object) -> Iterator[Notice]:
    if manifest["kind"] == CLUSTER.kind and not protections(manifest):
        text = (
            "from then on an engine that prunes deletes the Cluster with its manifest: nothing protects it in Git, "
            "and nothing protects the live one"
        )
        yield Notice("unprotected", text)


def _as_of_now() -> Notice:
    text = (
        "live has this already, so applying it changes nothing; it has the impact that is told here only where the "
        "engine puts Git's value back before this is merged (get_drift says whether it does)"
    )
    return Notice("live-now", text)


def _edits(before: Object, filled: Object, wanted: Iterable[FieldDrift]) -> tuple[list[Set | Remove], Object]:
    """The edits, and the object after them."""
    after, edits = before, []
    for one in wanted:
        edit = _edit(after, filled, one)
        normal = normalize_edit(after, edit)
        if normal is not None:
            edits.append(edit)
            after = apply_edit(after, normal)
    return edits, after


def _edit(here: Object, filled: Object, one: FieldDrift) -> Set | Remove:
    path = one.path
    if one.live is None:
        while len(path) > 2 and isinstance(at(here, *path[:-1]), dict) and len(at(here, *path[:-1])) == 1:
            path = path[:-1]  # what the removal leaves empty goes with it
        return Remove(path)
    items = at(here, *path[:-1])
    if isinstance(items, list) and isinstance(path[-1], int) and path[-1] >= len(items):
        return Set(path[:-1], [*items, one.live])
    return Set(path, _adopted_value(at(here, *path), at(filled, *path), one.live, path))


def _adopted_value(said: Any, filled: Any, live: Any, path: Path) -> Any:
    """What is live, in Git's own spelling where that means the same, and without what is filled in anyway."""
    if isinstance(said, dict) and isinstance(live, dict):
        kept = {key: part for key, part in said.items() if key in live or part in _DROPPED}
        new = {key: part for key, part in live.items() if key not in said and not is_same(part, at(filled, key))}
        return {
            key: _adopted_value(said.get(key), at(filled, key), live.get(key, part), (*path, key))
            for key, part in (kept | new).items()
        }
    if isinstance(said, list) and isinstance(live, list):
        usual = filled if isinstance(filled, list) else []
        return [
            _adopted_value(_same_item(said, item), _same_item(usual, item), item, (*path, index))
            for index, item in enumerate(live)
        ]
    return said if said is not None and is_as_live(said, live, path) else live


def _same_item(items: list[Any], item: Any) -> Any:
    if not isinstance(item, dict) or "name" not in item:
        return next((one for one in items if is_same(one, item)), None)
    return next((one for one in items if is_same_item(one, item, ("name",))), None)


def _line(one: FieldDrift, live: Object) -> str:
    hand = next(iter(hands_on(live, one.path)), None) if one.live is not None else None
    when = f" at {format_rfc3339(hand.time)}" if hand and hand.time else ""
    said, now = (
        _in_words(one.path, value, nothing) for value, nothing in ((one.desired, "not stated"), (one.live, "absent"))
    )
    by = f", set by {hand}{when}" if hand else ""
    return redact_text(f"{dotted_path(one.path)}: {said} -> {now}, as it is live{by}")


def _in_words(path: Path, value: Any, nothing: str) -> str:
    if value is None:
        return nothing
    shown = redact_value(value, path)
    text = str(mark_outside(shown if isinstance(shown, str) else json.dumps(shown, default=str)))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _at_stake(before: Object, after: Object, whom: Identity) -> tuple[str | None, str | None]:
    """What is lost, and what stops. As the tool asks that does it directly, fewer instances alone are no loss."""
    lost: list[str] = []
    wanted = as_int(at(after, *_INSTANCES))
    if whom.kind == CLUSTER.kind and wanted is not None and wanted != as_int(at(before, *_INSTANCES)):
        lost += [risk for risk in (Scaling.of(before, to=wanted).risk,) if risk]
        was = as_int(at(before, *_INSTANCES))
        after = with_instances(after, was) if was is not None else after
    effect = assess_impact(before, after)
    lost += effect.reasons if effect.level is Level.DATA_LOSS else ()
    stopped = effect.reasons if effect.level is Level.OUTAGE else ()
    told = [f"{whom}: {'; '.join(reasons)}" if reasons else None for reasons in (lost, stopped)]
    return told[0], told[1]


def check_holds_no_secret(whom: Identity, manifest: Object) -> None:
    """Raises Refused where what is live holds what Git must not."""
    for path, value in leaves(manifest):
        if _may_hold_secret(path, value):
            raise _secret_refusal(whom, path)


def _may_hold_secret(path: Path, value: Any) -> bool:
    """A key of a Secret that is named is none: `secretAccessKey: {name: s3, key: ACCESS_SECRET_KEY}`."""
    is_named = len(path) > 2 and path[-1] in {"name", "key"} and path[-3] in _CREDENTIALS
    return not is_named and not is_same(redact_value(value, path), value)


def _secret_refusal(whom: Identity, path: Path) -> Refused:
    return Refused(
        f"{dotted_path(path)} of the live {whom} may hold a secret, which Git would keep for ever: have it read from a "
        f"Secret, and name that in Git by hand"
    )
