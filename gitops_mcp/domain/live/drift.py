"""Desired against live: only what desired states counts.

The API adds to what it is given: defaults of the CRD, of the webhook, of other controllers. So a difference is a field
that desired states and live has otherwise, never one that only live has. Lists of CNPG's kinds are replaced whole by
every applier, so their items are compared in order; the few that the webhook adds to, or that have merge keys, are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.cnpg.notation.golang import parse_duration
from gitops_mcp.domain.cnpg.notation.quantity import quantity
from gitops_mcp.domain.objects import Object, Path, at, dotted_path, mapping_at
from gitops_mcp.domain.yaml.values import is_same

_IDENTITY = frozenset({"apiVersion", "kind", "metadata", "status"})
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")

_TEMPLATE = ("template", "spec")
_KEYED: dict[tuple[str, ...], tuple[str, ...]] = {
    ("podSelectorRefs",): ("name",),
    ("postgresql", "extensions"): ("name",),
    ("postgresql", "extensions", "env"): ("name",),
    ("componentImages",): ("key",),
    ("images", "extensions"): ("name",),
    ("serviceTemplate", "spec", "ports"): ("port", "protocol"),
    ("managed", "services", "additional", "serviceTemplate", "spec", "ports"): ("port", "protocol"),
    **{(*_TEMPLATE, key): ("name",) for key in ("containers", "initContainers", "volumes", "imagePullSecrets")},
    **{(*_TEMPLATE, key, "env"): ("name",) for key in ("containers", "initContainers")},
    **{(*_TEMPLATE, key, "volumeMounts"): ("mountPath",) for key in ("containers", "initContainers")},
    **{(*_TEMPLATE, key, "ports"): ("containerPort", "protocol") for key in ("containers", "initContainers")},
}
"""Lists with merge keys, by their place in the spec: an applier owns its own items only, and order means nothing."""
_PROTOCOL = "TCP"
"""What a port has that states none."""
_GROWING = frozenset({("monitoring", "customQueriesConfigMap"), ("plugins",)})
"""Lists that the webhook adds items to: the default queries, and the plugins that an operator always includes."""
_DURATIONS = frozenset({"minApplyDelay", "metricsQueriesTTL"})
"""What comes back as Go spells it: `90m` as `1h30m0s`."""
_ARCHIVE_MODE: Path = ("spec", "postgresql", "parameters", "archive_mode")


@dataclass(frozen=True)
class FieldDrift:
    path: Path
    desired: Any
    live: Any
    """None: live has no such field."""
    stated: bool = True
    """False: Git does not say anything of the field."""

    def __str__(self) -> str:
        return f"{dotted_path(self.path)}: desired {self.desired!r}, live {self.live!r}"


def drift(desired: Object, live: Object) -> tuple[FieldDrift, ...]:
    """The fields of `desired` that `live` does not have so, in desired's order."""
    found: list[FieldDrift] = []
    for part in ("labels", "annotations"):
        stated = at(desired, "metadata", part)
        if isinstance(stated, dict):
            found += _value_drift(stated, mapping_at(live, "metadata", part), ("metadata", part))
    is_cluster = at(desired, "kind") == "Cluster"
    filled = fill_webhook_defaults(desired)
    for key, value in desired.items():
        if key in _IDENTITY:
            continue
        if key == "spec" and is_cluster and isinstance(value, dict):
            # Read at creation only; the webhook completes it, and an edit of it never takes effect.
            value = {name: part for name, part in value.items() if name != "bootstrap"}  # noqa: PLW2901
        found += _value_drift(value, live.get(key), (key,))
    return tuple(one for one in found if not _is_by_webhook(one, filled))


def _is_by_webhook(one: FieldDrift, filled: Object) -> bool:
    """What is stated blank is filled in, and archive_mode comes to what the operator wants of it."""
    if one.path == _ARCHIVE_MODE:
        return bool(one.live == at(filled, *one.path))
    return bool(one.desired == "" and at(filled, *one.path))


def _value_drift(desired: Any, live: Any, path: Path) -> Iterator[FieldDrift]:
    match desired:
        case None:  # the API drops nulls
            return
        case dict():
            if desired and not isinstance(live, dict):
                yield FieldDrift(path, desired, live)
            elif desired:
                for key, value in desired.items():
                    yield from _value_drift(value, live.get(key), (*path, key))
        case list():
            yield from _list_drift(desired, live, path)
        case _ if not is_as_live(desired, live, path):
            yield FieldDrift(path, desired, live)


def _list_drift(desired: list[Any], live: Any, path: Path) -> Iterator[FieldDrift]:
    if not desired and not live:  # the API drops empty lists of what is optional
        return
    if not isinstance(live, list):
        yield FieldDrift(path, desired, live)
        return
    place = list_place(path)
    if place in _GROWING:
        if not all(_is_among(item, live, path) for item in desired):
            yield FieldDrift(path, desired, live)
    elif place in _KEYED:
        for index, item in enumerate(desired):
            other = next((one for one in live if is_same_item(item, one, _KEYED[place])), None)
            yield from _value_drift(item, other, (*path, index))
    elif len(desired) != len(live):
        yield FieldDrift(path, desired, live)
    else:
        for index, (item, other) in enumerate(zip(desired, live, strict=True)):
            yield from _value_drift(item, other, (*path, index))


def list_place(path: Path) -> tuple[str, ...]:
    """Where a list stands in a spec, whatever items of other lists it is in."""
    return tuple(step for step in path[1:] if isinstance(step, str))


def item_keys(path: Path) -> tuple[str, ...]:
    """What tells the items of a list apart where it is not one value; empty where it is."""
    place = list_place(path)
    return ("name",) if place in _GROWING else _KEYED.get(place, ())


def is_one_value(path: Path) -> bool:
    """Whether a list is replaced as a whole by every applier."""
    return list_place(path) not in _KEYED


def is_same_item(one: Any, other: Any, keys: Iterable[str]) -> bool:
    return all(_key_text(one, key) == _key_text(other, key) for key in keys)


def _key_text(item: Any, key: str) -> str:
    found = at(item, key)
    return str(_PROTOCOL if found is None and key == "protocol" else found)


def _is_among(item: Any, live: Iterable[Any], path: Path) -> bool:
    return any(not tuple(_value_drift(item, other, path)) for other in live)


def is_as_live(desired: Any, live: Any, path: Path) -> bool:
    """Whether two values of a field mean the same."""
    if is_same(desired, live):
        return True
    if live is None:
        return bool(desired == "")
    if isinstance(desired, dict | list) or isinstance(live, dict | list):
        return False
    if _is_quantity(path):
        pair = quantity(desired.strip() if isinstance(desired, str) else desired), quantity(live)
        return None not in pair and pair[0] == pair[1]
    if isinstance(desired, str) and isinstance(live, str):
        read = parse_duration if path[-1] in _DURATIONS else _parse_instant
        found = read(desired)
        return found is not None and found == read(live)
    return _scalar_text(desired) == _scalar_text(live)


def _is_quantity(path: Path) -> bool:
    """`…storage.size`, `…resources.requests.cpu` and their like; sizes among PostgreSQL's parameters are not."""
    match path:
        case (*_, "storage" | "walStorage", "size") | (*_, "ephemeralVolumesSizeLimit", _):
            return True
        case (*_, "resources", "requests" | "limits", _):
            return True
        case _:
            return False


def _scalar_text(value: Any) -> str:
    """A scalar as it would be quoted: a parameter that was written as a number is live as a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _parse_instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        return None
