"""Fields that the operator holds to what they are: what its webhook refuses of an update, and what counts once."""

from __future__ import annotations

_ONLY_UP = "only up: the operator refuses a smaller size"
_AT_CREATION = "it is read when the cluster is created: changing it has no effect on a running one"
_HELD: dict[str, dict[tuple[str, ...], str]] = {
    "Cluster": {
        ("spec", "bootstrap"): _AT_CREATION,
        ("spec", "postgresUID"): "the operator refuses a change of it",
        ("spec", "postgresGID"): "the operator refuses a change of it",
        ("spec", "storage", "size"): _ONLY_UP,
        ("spec", "walStorage", "size"): _ONLY_UP,
        ("spec", "walStorage"): "it can be added, and not removed again",
        ("spec", "tablespaces", "[]", "storage", "size"): _ONLY_UP,
        ("spec", "tablespaces"): "tablespaces can be added, and not removed again",
        ("spec", "replicationSlots", "highAvailability", "slotPrefix"): "it cannot change while slots are enabled",
        ("spec", "imageName"): "to an older major: the operator refuses it",
        ("spec", "imageCatalogRef", "major"): "to an older major: the operator refuses it",
    }
}
"""Source: validateClusterChanges of the operator's internal/webhook/v1/cluster_webhook.go."""


def why_held(kind: str, steps: tuple[str, ...]) -> str | None:
    """Of a field or what it stands in, the nearest first; None: it may change."""
    known = _HELD.get(kind, {})
    if steps in known:
        return known[steps]
    is_made_once = steps[:2] == ("spec", "bootstrap")
    return known.get(steps[:2]) if is_made_once else None
