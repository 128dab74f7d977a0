"""Annotations that the operator obeys: those with a form, and those that switch its care off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.cnpg.notation.golang import parse_boolean, parse_fields, parse_json
from gitops_mcp.domain.cnpg.protection import protections
from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import at, texts_at
from gitops_mcp.domain.rules.pod_patch import POD_PATCH, patch_misfit
from gitops_mcp.domain.rules.reading import annotations_of
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

HIBERNATION = "cnpg.io/hibernation"
FENCED = "cnpg.io/fencedInstances"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
RELOADED = "cnpg.io/reloadedAt"
RECONCILIATION = "cnpg.io/reconciliationLoop"
VALIDATION = "cnpg.io/validation"
POD_SPEC = "cnpg.io/reconcilePodSpec"
FAILOVER_QUORUM = "alpha.cnpg.io/failoverQuorum"
PINGER = "alpha.cnpg.io/livenessPinger"
SKIP_ARCHIVING = "cnpg.io/skipWalArchiving"

_BEFORE_PRUNING = ("keeps", "asks")
_DANGEROUS = {
    VALIDATION: ("disabled", "the operator accepts anything then, and breaks on it later"),
    RECONCILIATION: ("disabled", "the operator stops caring for the object then: no failover, no change arrives"),
    POD_SPEC: ("disabled", "changes of images, resources and the like never arrive then"),
    POD_PATCH: (None, "it rewrites the pods past every rule of the operator, if it fits them"),
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
    names = _json_or_none(str(value))
    return tuple(names) if isinstance(names, list) and all(isinstance(one, str) for one in names) else None


def _dangerous_annotations(seen: Seen) -> Iterator[Fault]:
    for name, value in annotations_of(seen.stated).items():
        counts, why = _DANGEROUS.get(name, ("", ""))
        if why and (counts is None or counts == value) and not (name == POD_PATCH and patch_misfit(seen)):
            yield Fault(
                ("metadata", "annotations", name), f"{why}. It is not written through this server: leave it out"
            )


def _validation(seen: Seen) -> Iterator[Fault]:
    stated = annotations_of(seen.object).get(VALIDATION, "enabled")
    if stated not in ("", "enabled", "disabled"):
        text = f"{quote(str(stated))} has no effect, and the webhook checks as before: leave it out"
        yield Fault(("metadata", "annotations", VALIDATION), text, "warning")


def _hibernation(seen: Seen) -> Iterator[Fault]:
    stated = annotations_of(seen.object).get(HIBERNATION, "off")
    if stated not in ("on", "off"):
        yield Fault(
            ("metadata", "annotations", HIBERNATION),
            f"{quote(str(stated))} has no effect: write 'on' or 'off' in quotes, since YAML reads them as booleans "
            f"without",
        )


def _fencing(seen: Seen) -> Iterator[Fault]:
    stated = annotations_of(seen.object).get(FENCED, "[]")
    if parse_fenced(stated) is None:
        yield Fault(
            ("metadata", "annotations", FENCED),
            f"{quote(str(stated))} is not a JSON list of instances: use one such as '[\"orders-1\"]', or '[\"*\"]' for "
            f"all",
        )


def _fenced_names(seen: Seen) -> Iterator[Fault]:
    known = texts_at(seen.live, "status", "instanceNames")
    for name in parse_fenced(annotations_of(seen.object).get(FENCED, "[]")) or ():
        if known and name not in {"*", *known}:
            text = f"no instance of it is named {quote(name)}, so nothing is fenced by that; {suggest(name, known)}"
            yield Fault(("metadata", "annotations", FENCED), text, "warning")


def _protection_gone(seen: Seen) -> Iterator[Fault]:
    """Of an engine that kept the Cluster, or asked a person, before it deleted it."""
    left = {one.engine for one in protections(seen.object) if one.effect in _BEFORE_PRUNING}
    for one in protections(seen.before):
        if one.effect in _BEFORE_PRUNING and one.engine not in left:
            engine = "Argo CD" if one.engine == "argocd" else "Flux"
            text = f"{one} goes: where {engine} applies it, the Cluster and its data go as soon as its manifest is gone"
            yield Fault(("metadata", one.where, one.key), text, "warning")


def _failover_quorum(seen: Seen) -> Iterator[Fault]:
    """Defaulting writes it into spec.postgresql.synchronous, where there is that."""
    stated, field = annotations_of(seen.object).get(FAILOVER_QUORUM), ("metadata", "annotations", FAILOVER_QUORUM)
    if not isinstance(stated, str):
        return
    if parse_boolean(stated) is None:
        holds = Releases(since=((1, 28, 0),)) if stated == "" else None
        yield Fault(field, f"{quote(stated)} is not a boolean: 'true' or 'false'", holds=holds)
    elif parse_boolean(stated) and at(seen.object, "spec", "postgresql", "synchronous") is None:
        yield Fault(field, "needs spec.postgresql.synchronous, whose standbys decide: add that, or leave it out")


def _pinger(seen: Seen) -> Iterator[Fault]:
    stated, field = annotations_of(seen.object).get(PINGER), ("metadata", "annotations", PINGER)
    if not isinstance(stated, str):
        return
    try:
        given = parse_fields(stated) or {}
    except ValueError:
        given = {}
    enabled = given.get("enabled", [None])
    numbers = [*given.get("requesttimeout", ()), *given.get("connectiontimeout", ())]
    is_boolean = enabled[-1] is not None and all(isinstance(one, bool | None) for one in enabled)
    if not is_boolean or not all(map(_is_whole_or_none, numbers)):
        yield Fault(
            field,
            f"{quote(stated)} must be JSON with enabled, true or false, and if need be requestTimeout and "
            f"connectionTimeout, whole milliseconds: use one such as '{{\"enabled\": true}}', or "
            f"spec.probes.liveness.isolationCheck in its place",
        )


def _is_whole_or_none(value: object) -> bool:
    """In Go's JSON 1.0 is no whole number."""
    return value is None or (type(value) is int and abs(value) < 2**63)


def _json_or_none(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return None


_ONE = ("Cluster",)

RULES = (
    Rule("dangerous-annotations", tuple(one.kind for one in CNPG_KINDS), "server", _dangerous_annotations, ours=True),
    Rule("validation-annotation", ("Cluster", "Backup", "Database", "Pooler"), "webhook warning", _validation),
    Rule("annotation-values", _ONE, "webhook validateHibernationAnnotation", _hibernation),
    Rule("fenced-instances", _ONE, "server", _fencing, ours=True),
    Rule("fenced-names", _ONE, "operator", _fenced_names),
    Rule("protection-gone", _ONE, "server", _protection_gone, compares=True),
    Rule(
        "failover-quorum-annotation",
        _ONE,
        "webhook validateFailoverQuorumAlphaAnnotation",
        _failover_quorum,
        holds=Releases(((1, 27, 0),)),
    ),
    Rule("liveness-pinger", _ONE, "webhook validateLivenessPingerProbe", _pinger, holds=Releases(((1, 26, 0),))),
)
