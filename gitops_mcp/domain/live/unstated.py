"""What live has and Git does not state, where somebody other than the operator, the engine and the API server set it.

The API server records who has set which field (`metadata.managedFields`). With a creation or an update it records its
own defaults, and what webhooks add, as set by whoever asked for it; so a value that comes back by itself when it is
taken away is nobody's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.cnpg.defaults import is_default_image
from gitops_mcp.domain.live.drift import FieldDrift, drift, is_as_live, is_same_item, item_keys
from gitops_mcp.domain.live.managers import fields_by_others
from gitops_mcp.domain.objects import Object, Path, at, leaves
from gitops_mcp.domain.yaml.values import is_same

Fill = Callable[[Object], Object]
"""An object with all that the API server and the webhook fill in."""

_METADATA = frozenset({"labels", "annotations"})
_NOT_DESIRED = frozenset({"apiVersion", "kind", "status"})
_MARKS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "argocd.argoproj.io/tracking-id",
        "argocd.argoproj.io/refresh",
        "reconcile.fluxcd.io/requestedAt",
        "kustomize.toolkit.fluxcd.io/name",
        "kustomize.toolkit.fluxcd.io/namespace",
        "helm.toolkit.fluxcd.io/name",
        "helm.toolkit.fluxcd.io/namespace",
        "meta.helm.sh/release-name",
        "meta.helm.sh/release-namespace",
    }
)
"""By which tools know what is theirs, or ask an engine to look; none of it is desired."""
_PINNED = frozenset({("spec", "imageName"), ("spec", "instances")})
_MOST = 100
"""Fields of one object of which it is asked whether they come back by themselves."""


@dataclass(frozen=True)
class _Unsaid:
    path: Path
    """By the items of Git's lists; what is new in one stands behind them."""
    spot: Path
    """By those of the live ones."""
    value: Any


def all_drift(desired: Object, live: Object, fill: Fill) -> tuple[FieldDrift, ...]:
    """What Git states and live has otherwise, then what live has and Git does not state."""
    return (*drift(desired, live), *unstated_fields(desired, live, fill))


def unstated_fields(desired: Object, live: Object, fill: Fill) -> tuple[FieldDrift, ...]:
    """`fill` is asked only where somebody else has set something that Git does not state."""
    found: dict[Path, _Unsaid] = {}
    for fields in fields_by_others(live):
        made = "." in (at(fields, "f:spec") or ())
        for one in _owned_values(fields, desired, live, ((), ())):
            if not (_is_nobodys(one, at(desired, "kind")) or (made and _is_old_default(one))):
                found[one.path] = one
    own = [one.spot for one in found.values() if one.path[0] != "metadata"]
    filled = _filled_spots(live, own, fill) if own else frozenset()
    return tuple(
        FieldDrift(one.path, None, one.value, stated=False) for one in found.values() if one.spot not in filled
    )


def written_part(live: Object, fill: Fill) -> Object:
    """Of a live object what somebody has to have written: its identity, and all that does not come by itself.

    An image stays, since another operator would fill in another one.
    """
    bare: Object = {key: live[key] for key in ("apiVersion", "kind")}
    own = {key: live["metadata"][key] for key in ("name", "namespace") if live["metadata"].get(key)}
    for part in sorted(_METADATA):
        kept = {key: text for key, text in (at(live, "metadata", part) or {}).items() if key not in _MARKS}
        own |= {part: kept} if kept else {}
    made = {key: value for key, value in live.items() if key not in {*bare, "metadata", "status"}}
    for spot in reversed([path for path, _ in leaves(made) if path and path not in _PINNED]):
        less = _without(made, spot, prune=True)
        if _comes_back(live, fill({**bare, "metadata": live["metadata"], **less}), spot):
            made = less
    return {**bare, "metadata": own, **made}


def _is_nobodys(one: _Unsaid, kind: object) -> bool:
    if one.path[0] == "metadata":
        return one.path[-1] in _MARKS
    # Read at creation only, so that an edit of it never takes effect.
    return kind == "Cluster" and one.path[:2] == ("spec", "bootstrap")


def _is_old_default(one: _Unsaid) -> bool:
    """What the operator that ran when the object was made has filled in, which need not be what it would today."""
    return one.path == ("spec", "imageName") and is_default_image(one.value)


def _owned_values(fields: Object, desired: Any, live: Any, place: tuple[Path, Path]) -> Iterator[_Unsaid]:
    """What a set of fields owns of `live` and `desired` does not say."""
    for key, below in fields.items():
        mark, _, name = key.partition(":")
        inner = below if isinstance(below, dict) else {}
        if mark == "f" and isinstance(live, dict) and name in live and _may_be_desired(place[0], name):
            said, here = (desired.get(name) if isinstance(desired, dict) else None), _below(place, name, name)
            if said is None or not _has_parts(inner):
                yield from _unsaid_values(said, live[name], here, inner)
            else:
                yield from _owned_values(inner, said, live[name], here)
        elif mark == "k" and isinstance(live, list) and isinstance(desired, list):
            yield from _owned_items(name, inner, desired, live, place)


def _has_parts(fields: Object) -> bool:
    return any(key != "." for key in fields)


def _below(place: tuple[Path, Path], step: str | int, spot: str | int) -> tuple[Path, Path]:
    return (*place[0], step), (*place[1], spot)


def _may_be_desired(path: Path, name: str) -> bool:
    if not path:
        return name not in _NOT_DESIRED
    return path != ("metadata",) or name in _METADATA


def _owned_items(
    text: str, inner: Object, desired: list[Any], live: list[Any], place: tuple[Path, Path]
) -> Iterator[_Unsaid]:
    """Of the item of a list with merge keys that a set of fields names by them."""
    try:
        wanted = json.loads(text)
    except ValueError:
        return
    keys = tuple(wanted) if isinstance(wanted, dict) else ()
    for one in _item_pairs(desired, live, keys) if keys else ():
        if not is_same_item(live[one.spot], wanted, keys):
            continue
        here = _below(place, one.index, one.spot)
        if one.said is None:
            yield _Unsaid(*here, live[one.spot])
        else:
            yield from _owned_values(inner, one.said, live[one.spot], here)


def _unsaid_values(said: Any, live: Any, place: tuple[Path, Path], inner: Object) -> Iterator[_Unsaid]:
    """What is live below a field whose owner has all of it; where Git says nothing, only what that owner has set."""
    if said is None and isinstance(live, dict) and _has_parts(inner):
        yield from _owned_values(inner, None, live, place)
    elif said is None:
        yield from (_Unsaid((*place[0], *rest), (*place[1], *rest), value) for rest, value in leaves(live))
    elif isinstance(said, dict) and isinstance(live, dict):
        for key, part in live.items():
            yield from _unsaid_values(said.get(key), part, _below(place, key, key), {})
    elif isinstance(said, list) and isinstance(live, list):
        keys = item_keys(place[0])
        # Another number of items is a difference of the whole list, which Git states.
        for one in _item_pairs(said, live, keys) if keys or len(said) == len(live) else ():
            here = _below(place, one.index, one.spot)
            if one.said is None:
                yield _Unsaid(*here, live[one.spot])
            else:
                yield from _unsaid_values(one.said, live[one.spot], here, {})


@dataclass(frozen=True)
class _Item:
    """An item of a live list, and that of Git which is the same."""

    spot: int
    index: int
    said: Any


def _item_pairs(said: list[Any], live: list[Any], keys: tuple[str, ...]) -> Iterator[_Item]:
    new = len(said)
    for spot, item in enumerate(live):
        index = spot
        if keys:
            index = next((index for index, one in enumerate(said) if is_same_item(one, item, keys)), new)
        yield _Item(spot, index, said[index] if index < len(said) else None)
        new += index >= len(said)


def _filled_spots(live: Object, spots: Iterable[Path], fill: Fill) -> frozenset[Path]:
    """Those whose value comes back when it is taken away: all at once, then each by itself among the others."""
    asked, bare = sorted(spots, key=_by_step), live
    for spot in reversed(asked):  # from the end, so that the items before stay where they are
        bare = _without(bare, spot)
    filled = fill(bare)
    rest = [spot for spot in asked if not _comes_back(live, filled, spot)]
    left = {spot for spot in rest[:_MOST] if not _comes_back(live, fill(_without(live, spot)), spot)}
    return frozenset(asked) - left - frozenset(rest[_MOST:])


def _by_step(path: Path) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (-1, step) for step in path]


def _comes_back(live: Object, filled: Object, spot: Path) -> bool:
    was, now = at(live, *spot), at(filled, *spot)
    return is_same(was, now) or (now is not None and is_as_live(now, was, spot))


def _without(value: Any, path: Path, *, prune: bool = False) -> Any:
    """The value without the field; `prune`: without the mappings that held nothing else."""
    if not path or at(value, *path) is None:
        return value
    first, rest = path[0], path[1:]
    made = value.copy()
    if rest:
        made[first] = _without(value[first], rest, prune=prune)
    if not rest or (prune and made[first] == {}):
        del made[first]
    return made
