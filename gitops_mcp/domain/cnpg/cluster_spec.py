"""What the fields of a Cluster say, whoever wrote them: another shape than expected means absent, never an error."""

from __future__ import annotations

import json
from fractions import Fraction

from gitops_mcp.domain.cnpg.notation.quantity import quantity
from gitops_mcp.domain.objects import Object, as_int, at


def instance_count(cluster: Object | None) -> int | None:
    """The CRD's default is one; None for what is no number, such as a variable that an engine fills in."""
    return as_int(at(cluster, "spec", "instances"), default=1)


def with_instances(cluster: Object, count: int | None) -> Object:
    spec = at(cluster, "spec")
    return {**cluster, "spec": {**(spec if isinstance(spec, dict) else {}), "instances": count}}


def storage_size(section: object) -> str | None:
    """What a storage section asks for, as it is written: `size` wins over the template's request."""
    size = at(section, "size") or at(section, "pvcTemplate", "resources", "requests", "storage")
    return None if size is None else str(size)


def requested_size(section: object) -> Fraction | None:
    """The same in bytes; None for what is no size."""
    return quantity(storage_size(section))


def is_replica(cluster: Object | None) -> bool:
    """Whether a Cluster follows another one, as the operator decides it.

    `enabled` decides where it is set, whatever `primary` says; else the Cluster follows whom `primary` names, unless
    that is itself, and follows its source where `primary` is left out (`Cluster.IsReplica` in CNPG's api/v1).
    """
    replica = at(cluster, "spec", "replica")
    if not isinstance(replica, dict):
        return False
    if isinstance(at(replica, "enabled"), bool):
        return bool(replica["enabled"])
    return bool(at(replica, "primary") != (at(replica, "self") or at(cluster, "metadata", "name")))


def is_hibernated(cluster: Object | None) -> bool:
    return bool(at(cluster, "metadata", "annotations", "cnpg.io/hibernation") == "on")


def is_disabled(cluster: Object | None) -> bool:
    """Whether the operator was told to leave this Cluster alone: it neither acts on it nor writes its status."""
    return bool(at(cluster, "metadata", "annotations", "cnpg.io/reconciliationLoop") == "disabled")


def fenced_instances(cluster: Object | None) -> tuple[str, ...]:
    """The annotation holds a JSON list; the operator ignores what it cannot read, so that is no fencing."""
    value = at(cluster, "metadata", "annotations", "cnpg.io/fencedInstances")
    try:
        listed = json.loads(value) if isinstance(value, str) else []
    except ValueError:
        return ()
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
