"""Which changes of a Cluster restart what: its pods' specification, PostgreSQL, or nothing.

The fields are those that the operator compares between a pod and its plan (`pkg/specs/podspec_diff.go`); the contexts
of parameters are PostgreSQL's own (pg_settings.context), which differ between majors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.cnpg.cluster_spec import requested_size
from gitops_mcp.domain.cnpg.notation.quantity import quantity
from gitops_mcp.domain.objects import Object, Path, at, list_at
from gitops_mcp.domain.rules.reading import parameters_of
from gitops_mcp.domain.rules.storage import storage_sections

POD_FIELDS: tuple[Path, ...] = (
    ("resources",),
    ("env",),
    ("envFrom",),
    ("affinity",),
    ("topologySpreadConstraints",),
    ("schedulerName",),
    ("probes",),
    ("livenessProbeTimeout",),
    ("startDelay",),
    ("stopDelay",),
    ("podSecurityContext",),
    ("securityContext",),
    ("seccompProfile",),
    ("projectedVolumeTemplate",),
    ("ephemeralVolumeSource",),
    ("ephemeralVolumesSizeLimit",),
    ("serviceAccountName",),
    ("logLevel",),
    ("monitoring", "tls"),
    ("plugins",),
    ("postgresql", "extensions"),
)

AT_RUN_TIME: tuple[Path, ...] = (
    ("probes", "liveness", "isolationCheck"),
    ("probes", "readiness", "type"),
    ("probes", "readiness", "maximumLag"),
    ("probes", "startup", "type"),
    ("probes", "startup", "maximumLag"),
)
"""Parts of them that no pod has: the instances read them from the Cluster."""

_DEFAULTS: dict[Path, Any] = {
    ("logLevel",): "info",
    ("startDelay",): 3600,
    ("stopDelay",): 1800,
    ("monitoring", "tls", "enabled"): False,
    ("affinity", "podAntiAffinityType"): "preferred",
    ("affinity", "enablePodAntiAffinity"): True,
    ("plugins", 0, "enabled"): True,
    ("plugins", 0, "isWALArchiver"): False,
}
"""To state what the operator fills in anyway is no change."""

_RELOADED_EXTENSIONS = ("pgaudit", "pg_stat_statements", "auto_explain", "plpgsql")
"""Extensions whose parameters, but for those above, PostgreSQL reads again while it runs."""

HOT_STANDBY = (
    "max_connections",
    "max_prepared_transactions",
    "max_wal_senders",
    "max_worker_processes",
    "max_locks_per_transaction",
)
"""A standby may not have less of these than its primary, so on the way down the primary restarts first."""

_PRELOADED = ("pgaudit", "pg_stat_statements", "auto_explain", "pg_failover_slots")
"""The operator adds the library when the first parameter with its name is there."""


def pod_fields(before: Object | None, after: Object) -> tuple[str, ...]:
    """The fields that differ so that every pod is made anew."""
    return tuple(f"spec.{'.'.join(map(str, path))}" for path in POD_FIELDS if not _is_same(before, after, path))


def _is_same(before: Object | None, after: Object, path: Path) -> bool:
    old, new = at(before, "spec", *path), at(after, "spec", *path)
    return bool(old == new or _effective_value(old, path) == _effective_value(new, path))


def _effective_value(value: Any, path: Path) -> Any:
    """A value with empty parts and stated defaults left out, quantities as numbers."""
    if isinstance(value, dict) and path not in AT_RUN_TIME:
        made = {key: _effective_value(part, (*path, key)) for key, part in value.items()}
        return {key: part for key, part in made.items() if part is not None} or None
    if isinstance(value, list):
        return [_effective_value(item, (*path, 0)) for item in value] or None
    if value == _DEFAULTS.get(path, object()) or value == "" or path in AT_RUN_TIME:
        return None
    if path[:1] == ("resources",) and quantity(value) is not None:
        return quantity(value)
    return value


def changed_parameters(before: Object | None, after: Object) -> tuple[str, ...]:
    """Keys whose values differ, as PostgreSQL is given them; the operator writes its own archive_mode over any."""
    old, new = parameters_of(before), parameters_of(after)
    keys = {*old, *new} - {"archive_mode"}
    return tuple(sorted(key for key in keys if _text_or_none(old.get(key)) != _text_or_none(new.get(key))))


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def may_be_postmaster(key: str) -> bool:
    """A parameter of an extension that is not known here."""
    extension, dot, _ = key.lower().partition(".")
    return bool(dot) and extension not in _RELOADED_EXTENSIONS


def changed_preloads(before: Object | None, after: Object) -> tuple[str, ...]:
    """The libraries that come to shared_preload_libraries or go from it."""
    old, new = set(_preloaded_libraries(before)), set(_preloaded_libraries(after))
    return tuple(sorted(old ^ new))


def _preloaded_libraries(cluster: Object | None) -> Iterator[str]:
    yield from map(str, list_at(cluster, "spec", "postgresql", "shared_preload_libraries"))
    keys = [str(key) for key in parameters_of(cluster)]
    for name in _PRELOADED:
        if any(key.startswith(f"{name}.") for key in keys):
            yield name


def grown_volumes(before: Object | None, after: Object) -> tuple[str, ...]:
    """Volumes that become larger, by the path of their section."""
    old = dict(_named_volumes(before))
    return tuple(
        name
        for name, section in _named_volumes(after)
        if name in old and (requested_size(section) or 0) > (requested_size(old[name]) or requested_size(section) or 0)
    )


def added_volumes(before: Object | None, after: Object) -> tuple[str, ...]:
    """Of walStorage and tablespaces those that were not there."""
    old = dict(_named_volumes(before))
    return tuple(name for name, _ in _named_volumes(after) if name not in old and name != "spec.storage")


def _named_volumes(cluster: Object | None) -> Iterator[tuple[str, Object]]:
    for path, section in storage_sections(cluster):
        if path[1] == "tablespaces":
            yield f"spec.tablespaces[{at(cluster, *path[:-1], 'name')}]", section
        else:
            yield f"spec.{path[1]}", section
