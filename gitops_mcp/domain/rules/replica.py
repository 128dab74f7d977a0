"""Replica clusters: whom a Cluster follows, and what becoming a primary takes."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_spec import is_replica
from gitops_mcp.domain.cnpg.notation.golang import parse_fields
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.rules.bootstrap import bootstrap_methods, missing_external
from gitops_mcp.domain.rules.reading import as_text
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE: Path = ("spec", "replica")
_LINE_BREAKS = {ord("\r"): None, ord("\n"): None}
_TOKEN = (
    "latestCheckpointTimelineID",
    "redoWalFile",
    "databaseSystemIdentifier",
    "latestCheckpointREDOLocation",
    "timeOfLatestCheckpoint",
    "operatorVersion",
)


def _replica_mode(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, *_PLACE, "primary") and at(seen.object, *_PLACE, "enabled") is not None:
        yield Fault((*_PLACE, "enabled"), "excludes primary, which decides by itself: keep one of them")


def _replica_references(seen: Seen) -> Iterator[Fault]:
    if not isinstance(at(seen.object, *_PLACE), dict):
        return
    for name in ("source", "primary", "self"):
        stated = as_text(at(seen.object, *_PLACE, name))
        if (stated or name == "source") and (text := missing_external(seen, stated)):
            yield Fault((*_PLACE, name), text)


def _beginning(seen: Seen) -> Iterator[Fault]:
    if (
        seen.old is None
        and is_replica(seen.object)
        and not {"recovery", "pg_basebackup"} & set(bootstrap_methods(seen.object))
    ):
        yield Fault(_PLACE, "a replica cluster begins with spec.bootstrap.recovery or pg_basebackup: add one of them")


def _promotion_token(seen: Seen) -> Iterator[Fault]:
    field = (*_PLACE, "promotionToken")
    token = as_text(at(seen.object, *field))
    if not token:
        return
    if at(seen.object, *_PLACE, "minApplyDelay") is not None:
        yield Fault((*_PLACE, "minApplyDelay"), "excludes promotionToken: leave it out")
    if is_replica(seen.object):
        yield Fault(
            field, "is for a Cluster that becomes primary: set replica.primary to its own name, or leave it out"
        )
    elif not _is_token(token):
        yield Fault(field, "is not a token: status.demotionToken of the demoted Cluster, as it stands there")


def _is_token(token: str) -> bool:
    """As Go decodes it: past line breaks, in which a block scalar ends, and every value a text."""
    try:
        given = parse_fields(base64.b64decode(token.translate(_LINE_BREAKS), validate=True).decode()) or {}
    except ValueError:
        return False
    values = [given.get(name.lower(), []) for name in _TOKEN]
    if not all(isinstance(one, str | None) for each in values for one in each):
        return False
    return all([one for one in each if one is not None][-1:] not in ([], [""]) for each in values)


def _in_progress(seen: Seen) -> Iterator[Fault]:
    if seen.live is None or is_replica(seen.object) == is_replica(seen.live):
        return
    if at(seen.live, "status", "switchReplicaClusterStatus", "inProgress") is True:
        yield Fault(
            _PLACE, "cannot change while the last change of role is under way: wait until the status says it is done"
        )


def _replica_risk(seen: Seen) -> Iterator[Fault]:
    if seen.old is None or not is_replica(seen.old) or is_replica(seen.object):
        return
    if at(seen.object, *_PLACE, "enabled") is False or at(seen.object, *_PLACE) is None:
        yield Fault(_PLACE, "leaves the other cluster for good: this Cluster can not follow it again", "warning")
    elif not at(seen.object, *_PLACE, "promotionToken"):
        yield Fault(
            _PLACE,
            "is a failover without promotionToken: what the old primary wrote last may be lost, and it must be made "
            "anew. With status.demotionToken of the demoted primary nothing is lost",
            "warning",
        )


_ONE = ("Cluster",)

RULES = (
    Rule("replica-mode", _ONE, "webhook validateReplicaMode", _replica_mode),
    Rule("replica-references", _ONE, "webhook validateReplicaClusterExternalClusters", _replica_references),
    Rule("replica-bootstrap", _ONE, "webhook validateReplicaMode", _beginning, compares=True),
    Rule("promotion-token", _ONE, "webhook validatePromotionToken", _promotion_token),
    Rule("replica-change", _ONE, "webhook validateReplicaClusterChange", _in_progress, compares=True),
    Rule("replica-risk", _ONE, "server", _replica_risk, compares=True),
)
