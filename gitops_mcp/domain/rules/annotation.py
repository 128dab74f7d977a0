"""Annotations that the operator obeys: those with a form, and those that switch its care off."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.rules.reading import annotations_of
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

HIBERNATION = "cnpg.io/hibernation"
FENCED = "cnpg.io/fencedInstances"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
RELOADED = "cnpg.io/reloadedAt"
RECONCILIATION = "cnpg.io/reconciliationLoop"
POD_SPEC = "cnpg.io/reconcilePodSpec"
POD_PATCH = "cnpg.io/podPatch"
SKIP_ARCHIVING = "cnpg.io/skipWalArchiving"

_DANGEROUS = {
    "cnpg.io/validation": ("disabled", "the operator accepts anything then, and breaks on it later"),
    RECONCILIATION: ("disabled", "the operator stops caring for the object then: no failover, no change arrives"),
    POD_SPEC: ("disabled", "changes of images, resources and the like never arrive then"),
    POD_PATCH: (None, "it rewrites the pods past every rule of the operator"),
    "cnpg.io/skipEmptyWalArchiveCheck": (
        "enabled",
        "two clusters may write into one archive then, and no backup of either can be trusted",
    ),
    SKIP_ARCHIVING: ("enabled", "no WAL is archived then: backups cannot be restored to a point in time"),
    "alpha.cnpg.io/unrecoverable": (None, "it destroys an instance and its volumes"),
}
"""The value that counts, None for any, and what it does."""


def parse_fenced(value: object) -> tuple[str, ...] | None:
    """The instances that are fenced, '*' for all; None for what is no list of names."""
    try:
        names = json.loads(str(value))
    except ValueError:
        return None
    return tuple(names) if isinstance(names, list) and all(isinstance(one, str) for one in names) else None


def _dangerous_annotations(seen: Seen) -> Iterator[Fault]:
    for name, value in annotations_of(seen.object).items():
        counts, why = _DANGEROUS.get(name, ("", ""))
        if why and (counts is None or counts == value):
            yield Fault(
                ("metadata", "annotations", name), f"{why}. It is not written through this server: leave it out"
            )


def _annotation_values(seen: Seen) -> Iterator[Fault]:
    given = annotations_of(seen.object)
    if HIBERNATION in given and given[HIBERNATION] not in ("on", "off"):
        yield Fault(
            ("metadata", "annotations", HIBERNATION),
            f"{quote(str(given[HIBERNATION]))} means nothing: 'on' or 'off', quoted, as YAML reads them as booleans",
        )
    if FENCED in given and parse_fenced(given[FENCED]) is None:
        yield Fault(
            ("metadata", "annotations", FENCED),
            f"{quote(str(given[FENCED]))} is no JSON list of instances: such as '[\"orders-1\"]', or '[\"*\"]' for all",
        )


RULES = (
    Rule("dangerous-annotations", tuple(kind.kind for kind in CNPG_KINDS), "server", _dangerous_annotations),
    Rule("annotation-values", ("Cluster",), "webhook validateHibernationAnnotation", _annotation_values),
)
