"""What an operator is too old for: kinds that it does not have, fields that the API drops without a word."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.objects import at
from gitops_mcp.domain.rules.reading import entries
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

Release = tuple[int, int]

KINDS: dict[str, Release] = {
    "Database": (1, 25),
    "Publication": (1, 25),
    "Subscription": (1, 25),
    "DatabaseRole": (1, 30),
}
"""Releases that brought a kind; all others are older than any supported operator."""

FIELDS: dict[str, dict[str, Release]] = {
    "Cluster": {
        "spec.probes": (1, 25),
        "spec.postgresql.synchronous.dataDurability": (1, 25),
        "spec.postgresql.extensions": (1, 27),
        "spec.replicationSlots.highAvailability.synchronizeLogicalDecoding": (1, 27),
        "spec.postgresql.synchronous.failoverQuorum": (1, 28),
        "spec.podSelectorRefs": (1, 29),
        "spec.serviceAccountName": (1, 29),
        "spec.primaryLease": (1, 30),
        "spec.postgresql.synchronous.podFailureDomainKeys": (1, 31),
        "spec.postgresql.synchronous.nodeFailureDomainKeys": (1, 31),
    },
    "Pooler": {
        "spec.serviceAccountName": (1, 29),
        "spec.pgbouncer.imageCatalogRef": (1, 30),
        "spec.monitoring.tls": (1, 30),
    },
    "ImageCatalog": {"spec.componentImages": (1, 30)},
    "ClusterImageCatalog": {"spec.componentImages": (1, 30)},
}
_EXTENSIONS_IN_CATALOG: Release = (1, 29)


def _operator_kind(seen: Seen) -> Iterator[Fault]:
    kind = str(at(seen.object, "kind"))
    if seen.operator is not None and seen.operator[:2] < KINDS[kind]:
        yield Fault(
            ("kind",), f"{kind} came with operator {_text(KINDS[kind])}, and this one is {_text(seen.operator)}"
        )


def _operator_field(seen: Seen) -> Iterator[Fault]:
    if seen.operator is None:
        return
    kind = str(at(seen.object, "kind"))
    for field, since in FIELDS[kind].items():
        path = tuple(field.split("."))
        if seen.operator[:2] < since and at(seen.object, *path) is not None:
            yield Fault(path, _explain_drop(seen.operator, since))
    if kind != "Cluster" and seen.operator[:2] < _EXTENSIONS_IN_CATALOG:
        for place, item in entries(seen.object, "spec", "images"):
            if item.get("extensions") is not None:
                yield Fault((*place, "extensions"), _explain_drop(seen.operator, _EXTENSIONS_IN_CATALOG))


def _explain_drop(operator: tuple[int, ...], since: Release) -> str:
    return (
        f"came with operator {_text(since)}, and the API of this one, {_text(operator)}, drops it without a word: "
        f"upgrade the operator first, or leave it out"
    )


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


RULES = (
    Rule("operator-kind", tuple(KINDS), "older API", _operator_kind),
    Rule("operator-field", tuple(FIELDS), "older API", _operator_field),
)
