"""The certificates of a Cluster and the days they have left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.notation.moment import days_left, format_rfc3339, parse_time
from gitops_mcp.domain.objects import Object, mapping_at, text_at

_OWN = ("serverCASecret", "serverTLSSecret", "clientCASecret", "replicationTLSSecret")


@dataclass(frozen=True)
class Certificate:
    secret: str
    """The name of the Secret; its content is never read."""
    expires: str | None
    """RFC 3339; None where the status holds no time."""
    days_left: int | None
    renewed_by_operator: bool
    """The operator renews its own at seven days; those of others are theirs to renew."""


def certificates(cluster: Object, *, now: datetime) -> tuple[Certificate, ...]:
    """The one that ends first comes first."""
    given = {text_at(cluster, "spec", "certificates", key) for key in _OWN}
    found = []
    for secret, text in mapping_at(cluster, "status", "certificates", "expirations").items():
        until = parse_time(text)
        found.append(
            Certificate(
                secret=str(secret),
                expires=format_rfc3339(until) if until else None,
                days_left=days_left(until, now) if until else None,
                renewed_by_operator=secret not in given,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.expires or "", one.secret)))
