"""Fields with a closed choice, each said once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_ENSURE = ("present", "absent")
_RECLAIM = ("delete", "retain")
_TARGET = ("primary", "prefer-standby")
_METHOD = ("barmanObjectStore", "volumeSnapshot", "plugin")
_PROBE = ("pg_isready", "streaming", "query")

CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "Cluster": {
        "spec.primaryUpdateStrategy": ("unsupervised", "supervised"),
        "spec.primaryUpdateMethod": ("restart", "switchover"),
        "spec.logLevel": ("error", "warning", "info", "debug", "trace"),
        "spec.backup.target": _TARGET,
        "spec.backup.volumeSnapshot.snapshotOwnerReference": ("none", "cluster", "backup"),
        "spec.bootstrap.initdb.import.type": ("microservice", "monolith"),
        "spec.postgresql.synchronous.method": ("any", "first"),
        "spec.postgresql.synchronous.dataDurability": ("required", "preferred"),
        "spec.postgresql.ldap.scheme": ("ldap", "ldaps"),
        "spec.probes.startup.type": _PROBE,
        "spec.probes.readiness.type": _PROBE,
        "spec.managed.roles[].ensure": _ENSURE,
        "spec.managed.services.disabledDefaultServices[]": ("rw", "r", "ro"),
        "spec.managed.services.additional[].selectorType": ("rw", "r", "ro"),
        "spec.managed.services.additional[].updateStrategy": ("patch", "replace"),
    },
    "Database": {
        "spec.ensure": _ENSURE,
        "spec.databaseReclaimPolicy": _RECLAIM,
        **{f"spec.{part}[].ensure": _ENSURE for part in ("schemas", "extensions", "fdws", "servers")},
        **{f"spec.{part}[].options[].ensure": _ENSURE for part in ("fdws", "servers")},
        **{f"spec.{part}[].usage[].type": ("grant", "revoke") for part in ("fdws", "servers")},
    },
    "DatabaseRole": {"spec.ensure": _ENSURE, "spec.databaseRoleReclaimPolicy": _RECLAIM},
    "Pooler": {"spec.type": ("rw", "ro", "r"), "spec.pgbouncer.poolMode": ("session", "transaction")},
    "Backup": {"spec.method": _METHOD, "spec.target": _TARGET},
    "ScheduledBackup": {
        "spec.method": _METHOD,
        "spec.target": _TARGET,
        "spec.backupOwnerReference": ("none", "self", "cluster"),
    },
    "Publication": {"spec.publicationReclaimPolicy": _RECLAIM},
    "Subscription": {"spec.subscriptionReclaimPolicy": _RECLAIM},
}
"""What the CRDs enumerate, of the fields that people write."""

WEBHOOK_CHOICES: dict[str, tuple[str, ...]] = {
    "spec.affinity.podAntiAffinityType": ("preferred", "required"),
    "spec.imagePullPolicy": ("Always", "Never", "IfNotPresent"),
}


def _crd_choices(seen: Seen) -> Iterator[Fault]:
    yield from _check_choices(seen, CHOICES.get(str(at(seen.object, "kind")), {}), empty=False)


def _webhook_choices(seen: Seen) -> Iterator[Fault]:
    yield from _check_choices(seen, WEBHOOK_CHOICES, empty=True)


def _check_choices(seen: Seen, choices: dict[str, tuple[str, ...]], *, empty: bool) -> Iterator[Fault]:
    for pattern, allowed in choices.items():
        for path, value in _values_at(seen.object, pattern.split("."), ()):
            if value not in allowed and not (empty and value == ""):
                yield Fault(path, f"{quote(str(value))} does not exist; {suggest(str(value), allowed)}")


def _values_at(value: Any, steps: list[str], path: Path) -> Iterator[tuple[Path, Any]]:
    """The values that stand where a pattern says, each with its path."""
    if not steps:
        yield path, value
        return
    name = steps[0].removesuffix("[]")
    inner = at(value, name)
    if steps[0].endswith("[]"):
        for index, item in enumerate(inner if isinstance(inner, list) else []):
            yield from _values_at(item, steps[1:], (*path, name, index))
    elif inner is not None:
        yield from _values_at(inner, steps[1:], (*path, name))


RULES = (
    Rule(
        "choices",
        tuple(CHOICES),
        "CRD",
        tuple(dict.fromkeys(pattern for choices in CHOICES.values() for pattern in choices)),
        _crd_choices,
    ),
    Rule("webhook-choices", ("Cluster",), "webhook validateAntiAffinity", tuple(WEBHOOK_CHOICES), _webhook_choices),
)
