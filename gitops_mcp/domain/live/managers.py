"""Who else writes an object: read off its field managers and the marks of engines, before its API object is changed.

A field that an engine sets comes back with the next sync, so changing it in the API would not last, or would fight;
what a person set with a tool is theirs to know of. (Kubernetes, server-side apply, `metadata.managedFields`.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339, parse_time
from gitops_mcp.domain.objects import FIELD_MANAGER, Object, Path, at, dotted_path, list_at
from gitops_mcp.domain.redact import words_of_others

_ENGINES = re.compile(r"argocd|argo-cd|kustomize-controller|helm-controller|flux|gotk", re.IGNORECASE)
_ARGO_CD = re.compile(r"argocd|argo-cd", re.IGNORECASE)
_ARGO_UI = "argocd-server"
"""Through which a person edits live objects or runs an action; what syncs is another program."""
_OPERATORS = re.compile(r"^(manager|instance-manager|cloudnative-pg|plugin-barman-cloud|kube-controller-manager)$")
"""Those of CNPG, which fill in what nobody sets."""
_TRACKING = {
    "argocd.argoproj.io/tracking-id": ("annotations", "Argo CD"),
    "argocd.argoproj.io/instance": ("labels", "Argo CD"),
    "kustomize.toolkit.fluxcd.io/name": ("labels", "a Flux Kustomization"),
    "helm.toolkit.fluxcd.io/name": ("labels", "a Flux HelmRelease"),
}
_HANDS = 3
_INSTANCE = "app.kubernetes.io/instance"
"""How Argo CD tracks unless told otherwise. Charts of Helm set it too, so it says nothing alone."""


@dataclass(frozen=True)
class FieldManager:
    """A manager that has set a field which is about to change."""

    manager: str
    kind: Literal["engine", "person"]
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.manager} set {', '.join(self.fields)}"


def engine_that_keeps(live: Object | None, *, deleting: bool) -> str | None:
    """The engine that keeps an object as a whole, in words.

    It has left its mark there; or it has set a part of it, which is enough for what is to be deleted.
    """
    for key, (part, what) in _TRACKING.items():
        value = at(live, "metadata", part, key)
        if isinstance(value, str) and value:
            name = value.partition(":")[0] if "tracking-id" in key else value
            return f"{what} {name!r}"
    engine = next(iter(engines_of(live)), None)
    instance = at(live, "metadata", "labels", _INSTANCE)
    if engine and isinstance(instance, str) and instance:
        return f"{'Argo CD' if _ARGO_CD.search(engine) else engine} {instance!r}"
    return engine if deleting else None


def engines_of(live: Object | None) -> tuple[str, ...]:
    """The managers of engines that have set some field."""
    return tuple(dict.fromkeys(manager for manager, _ in _other_managers(live) if _ENGINES.search(manager)))


def last_hands(live: Object) -> str:
    """Who has set an object's fields, and when: `by gitops-mcp at 2026-11-30T02:12:11Z`."""
    entries = [one for one in list_at(live, "metadata", "managedFields") if not at(one, "subresource")]
    said = dict.fromkeys(
        f"{at(one, 'manager') or 'unknown'} at {at(one, 'time') or 'no known time'}" for one in entries
    )
    hands = [words_of_others(one, most=200) for one in list(said)[:_HANDS]]
    return f"by {', '.join(hands)}" if hands else f"at {at(live, 'metadata', 'creationTimestamp') or 'no known time'}"


def deletion_of(live: Object | None) -> str:
    """`since 2026-11-30T02:12:11Z, held by example.com/keep` of what is in deletion; empty where it is not."""
    since = at(live, "metadata", "deletionTimestamp")
    held = [words_of_others(str(one), most=200) for one in list_at(live, "metadata", "finalizers")]
    return f"since {since}, held by {', '.join(held) or 'its dependents'}" if since else ""


def field_managers(live: Object | None, changed: Iterable[Path]) -> tuple[FieldManager, ...]:
    """The managers, this server and CNPG's own left out, that own what is about to change or a part of it."""
    paths = tuple(changed)
    found: dict[str, list[str]] = {}
    for manager, owned in _other_managers(live):
        for path in _paths_in(owned, paths):
            found.setdefault(manager, []).append(dotted_path(path))
    return tuple(
        FieldManager(manager, "engine" if _ENGINES.search(manager) else "person", tuple(dict.fromkeys(fields)))
        for manager, fields in found.items()
    )


def edits_by_hand(live: Object | None, paths: Iterable[Path]) -> tuple[str, ...]:
    """Who but an engine has set which of the paths, newest first: `kubectl-edit set spec.instances at ...`."""
    wanted = tuple(paths)
    found = []
    for manager, entry in sorted(_entries(live), key=lambda one: str(at(one[1], "time")), reverse=True):
        owned = [dotted_path(path) for path in _paths_in(at(entry, "fieldsV1"), wanted)]
        if owned and not _ENGINES.search(manager):
            when = parse_time(at(entry, "time"))
            at_time = f" at {format_rfc3339(when)}" if when else ""
            found.append(f"{words_of_others(manager, most=100)} set {', '.join(owned[:_HANDS])}{at_time}")
    return tuple(found[:_HANDS])


@dataclass(frozen=True)
class Hand:
    """One who has set a field, the status apart."""

    manager: str
    kind: Literal["engine", "operator", "other"]
    time: datetime | None

    def __str__(self) -> str:
        also = "" if self.kind == "other" else f" (the {self.kind})"
        return words_of_others(self.manager, most=100) + also


def hands_on(live: Object | None, path: Path) -> tuple[Hand, ...]:
    """Whose a field is, those first who are neither engine nor operator, and of them the last one."""
    found = []
    for entry in _writes(live):
        if _paths_in(at(entry, "fieldsV1"), (path,)):
            manager = str(at(entry, "manager") or "unknown")
            found.append(Hand(manager, _kind_of(manager), parse_time(at(entry, "time"))))
    oldest = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(sorted(found, key=lambda one: one.time or oldest, reverse=True), key=_is_expected))


def fields_by_others(live: Object | None) -> Iterator[Object]:
    """The sets of fields that neither engine nor operator has set."""
    for entry in _writes(live):
        fields = at(entry, "fieldsV1")
        if _kind_of(str(at(entry, "manager") or "unknown")) == "other" and isinstance(fields, dict):
            yield fields


def has_managers(live: Object | None) -> bool:
    """Whether anything says who has set what."""
    return bool(list_at(live, "metadata", "managedFields"))


def _kind_of(manager: str) -> Literal["engine", "operator", "other"]:
    if manager == _ARGO_UI:
        return "other"
    return "operator" if _OPERATORS.match(manager) else "engine" if _ENGINES.search(manager) else "other"


def _is_expected(hand: Hand) -> bool:
    return hand.kind != "other"


def when_set(live: Object | None, paths: Iterable[Path], *, status: bool = False) -> datetime | None:
    """When one of the paths was last set, by whomever; in the status, which is written apart, where that is asked."""
    wanted = tuple(paths)
    times = [
        parse_time(at(one, "time"))
        for one in list_at(live, "metadata", "managedFields")
        if (at(one, "subresource") == "status") is status and _paths_in(at(one, "fieldsV1"), wanted)
    ]
    return max((one for one in times if one is not None), default=None)


def owned_fields(live: Object | None, managers: Iterable[str], paths: Iterable[Path]) -> tuple[str, ...]:
    """Those of the paths that one of these managers has set."""
    wanted = frozenset(managers)
    entries = [
        at(one, "fieldsV1") for one in list_at(live, "metadata", "managedFields") if at(one, "manager") in wanted
    ]
    return tuple(dotted_path(path) for path in paths if any(_paths_in(one, (path,)) for one in entries))


def _other_managers(live: Object | None) -> Iterator[tuple[str, Any]]:
    """Who else has set something, other than the status, with the set of fields."""
    return ((manager, at(entry, "fieldsV1")) for manager, entry in _entries(live) if manager != FIELD_MANAGER)


def _entries(live: Object | None) -> Iterator[tuple[str, Object]]:
    """What others than CNPG have set, other than the status: by whom, and the entry."""
    for entry in _writes(live):
        manager = str(at(entry, "manager") or "unknown")
        if _kind_of(manager) != "operator":
            yield manager, entry


def _writes(live: Object | None) -> Iterator[Object]:
    """Of the object itself: `kubectl scale` goes through a subresource of its own and sets `spec` all the same."""
    entries = list_at(live, "metadata", "managedFields")
    return (one for one in entries if str(at(one, "subresource") or "scale") == "scale")


def _paths_in(fields: Any, paths: Iterable[Path]) -> tuple[Path, ...]:
    """Those of the paths that a set of fields owns; none where it is no such set."""
    return tuple(path for path in paths if _owns(fields, path)) if isinstance(fields, dict) else ()


def _owns(fields: Object, path: Path) -> bool:
    """Whether a set of fields has the path, something below it, or a whole value above it."""
    here = fields
    for step in path:
        if isinstance(step, int):  # a list of CNPG is one value, so who set it set all of it
            return True
        inner = here.get(f"f:{step}")
        if not isinstance(inner, dict):
            return False
        if not any(_children(inner)):
            return True
        here = inner
    return True


def _children(fields: Object) -> Iterator[str]:
    return (key for key in fields if key.startswith("f:"))
