"""Poolers: the Deployment of PgBouncer and who connects through it."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, as_int, at, mapping_at

_ANEW = "the Pooler's pods are recreated, and connections close"
_FIELDS = {
    **dict.fromkeys(("type", "template", "serviceAccountName", "monitoring"), (Level.ROLLING_RESTART, _ANEW)),
    "serviceTemplate": (Level.NONE, "the Pooler's Service is changed in place"),
    "deploymentStrategy": (Level.NONE, "how the Pooler's pods are replaced from now on"),
}


def impacts(before: Object | None, after: Object | None) -> Iterator[Impact]:
    if after is None:
        yield impact(Level.OUTAGE, "the Pooler and its Service are removed: whoever connects through it is turned away")
        return
    if before is None:
        yield impact(Level.NONE, "a Deployment and a Service of the Pooler's name are made")
        return
    old, new = mapping_at(before, "spec"), mapping_at(after, "spec")
    yield from _pooler_size(old, new)
    if at(old, "pgbouncer", "paused") is not True and at(new, "pgbouncer", "paused") is True:
        yield impact(Level.OUTAGE, "spec.pgbouncer.paused: PgBouncer holds every client until it is false again")
    for field in ("parameters", "pg_hba", "poolMode"):
        if at(old, "pgbouncer", field) != at(new, "pgbouncer", field):
            yield impact(Level.RELOAD, f"spec.pgbouncer.{field}: PgBouncer reloads its configuration")
    settled = {"parameters", "pg_hba", "poolMode", "paused"}
    for field in sorted({*mapping_at(old.get("pgbouncer")), *mapping_at(new.get("pgbouncer"))} - settled, key=str):
        if at(old, "pgbouncer", field) != at(new, "pgbouncer", field):
            yield impact(Level.ROLLING_RESTART, f"spec.pgbouncer.{field}: {_ANEW}")
    for field, (level, text) in _FIELDS.items():
        if old.get(field) != new.get(field):
            yield impact(level, f"spec.{field}: {text}")


def _pooler_size(old: Object, new: Object) -> Iterator[Impact]:
    was, will = (as_int(spec.get("instances"), default=1) for spec in (old, new))
    if was is None or will is None or was == will:
        return
    if will == 0:
        yield impact(Level.OUTAGE, f"spec.instances {was} -> 0: nobody connects through the Pooler any more")
    elif will < was:
        yield impact(
            Level.ROLLING_RESTART, f"spec.instances {was} -> {will}: connections through the pods that go are closed"
        )
    else:
        yield impact(Level.NONE, f"spec.instances {was} -> {will}: more pods beside the running ones")
