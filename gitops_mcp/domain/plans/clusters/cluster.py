"""The changes of a Cluster as plans: create, scale, delete.

Each takes what Git declares and gives the edits; none looks at anything else than its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_mcp.domain.cnpg.cluster_spec import with_instances
from gitops_mcp.domain.cnpg.scaling import Scaling
from gitops_mcp.domain.editing.field import set_field, where_field_stands
from gitops_mcp.domain.editing.variables import unfilled_refusal
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.names import ClusterRef, pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Path, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices, variable_lines
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.rules.reading import has_unfilled
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest, Refused

if TYPE_CHECKING:
    from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace

VALIDATED = ("built-in rules",)
INSTANCES: Path = ("spec", "instances")


def cluster_places(desired: Desired, ref: ClusterRef, layout: str) -> tuple[FilePlace, ...]:
    from gitops_mcp.domain.editing.placing.sibling_paths import NewObject, candidate_places, find_siblings

    return candidate_places(desired, None, NewObject.of_cluster(ref), layout, find_siblings(desired, CLUSTER.kind))


def plan_new_cluster(
    desired: Desired, ref: ClusterRef, manifest: Object, *, tried: Iterable[FilePlace], proposed: bool
) -> Plan:
    """One new document at the first place that holds, and its entry in the kustomization that governs it.

    `proposed`: the files are those of an open change, where repeating the same request changes nothing.
    Raises InvalidRequest where Git declares a Cluster of that name already.
    """
    from gitops_mcp.domain.editing.placing.new_document import put_document
    from gitops_mcp.domain.editing.placing.sibling_paths import NewObject

    target = Identity("Cluster", ref.namespace, ref.name)
    plan = Plan(f"Create Cluster {ref}", target, validated_by=VALIDATED)
    for existing in desired.named("Cluster", ref.name):
        if existing.identity.namespace not in {ref.namespace, None}:
            continue
        existing.check_stays()
        if proposed and is_same(existing.object, manifest):
            return replace(plan, unchanged=f"the change declares exactly this Cluster already, at {existing.place}")
        raise InvalidRequest(
            f"cluster_name: Cluster {ref} exists already, declared at {existing.place}{existing.written}. Choose "
            f"another name, or change that one with scale_postgres_cluster"
        )
    put = put_document(desired, None, NewObject.of_cluster(ref), manifest, tried)
    size, instances = at(manifest, "spec", "storage", "size"), at(manifest, "spec", "instances")
    return replace(
        plan,
        files=put.changes,
        impact=Impact(Level.NONE, (f"starts {pluralize(instances, 'new instance')} with {size} of storage each",)),
        warnings=put.notices,
        next=(
            (desired.origin.while_waiting(f"Once {desired.origin.applied} the operator") or "The operator")
            + " starts the primary"
            + (f", then {pluralize(instances - 1, 'replica')}" if instances > 1 else ""),
            f"It generates the Secret {ref.name}-app with the owner's credentials"
            + desired.origin.while_waiting("; no password is in Git"),
        ),
    )


def plan_scaling(
    declared: Declaration, desired: Desired, *, namespace: str | None, instances: int, live: Object | None = None
) -> Plan:
    """`spec.instances` set where the Cluster is declared, and nothing else.

    What that does is told from the number that runs, where `live` says it: it may differ from Git's. Raises Refused
    where the field is no plain number or the webhook of CNPG would refuse the new one.
    """
    target = replace(declared.identity, namespace=declared.identity.namespace or namespace)
    said = now = at(declared.object, *INSTANCES)
    if isinstance(said, str) and said.isdecimal() and INSTANCES not in declared.substituted:
        now = int(said)  # in quotes, which the API refuses: the number is written without
    if now is not None and (isinstance(now, bool) or not isinstance(now, int)):
        if INSTANCES in declared.substituted:
            set_field(desired, declared, INSTANCES, instances)
        place = where_field_stands(desired, declared, INSTANCES)
        if has_unfilled(now):
            raise unfilled_refusal(desired, f"spec.instances of {target}", now, place)
        raise Refused(f"spec.instances of {target} at {place} is {now!r}, not a number: write a number there first")
    running = at(live, "spec", "instances")
    running = running if isinstance(running, int) else now
    scaling = Scaling.of(with_instances(declared.object, running), to=instances, live=live)
    plan = Plan(f"Scale {target} to {pluralize(instances, 'instance')}", target, validated_by=VALIDATED)
    if said == instances:
        return replace(plan, unchanged=f"{declared.place} says {pluralize(instances, 'instance')} already")
    return replace(
        plan,
        files=set_field(desired, declared, INSTANCES, instances),
        body=(
            f"spec.instances: {1 if said is None else repr(said)} -> {instances}",
            *variable_lines(declared, INSTANCES),
            *applier_lines(declared),
        ),
        impact=Impact(
            Level.DATA_LOSS if scaling.removed else Level.NONE,
            scaling.reasons or (f"the live Cluster has {pluralize(instances, 'instance')} already",),
        ),
        warnings=(
            *(Notice("scale", text) for text in scaling.warnings),
            *_live_differs_notice(now, running, desired.origin.name),
            *applier_notices(declared, desired),
        ),
        destroys=scaling.risk,
        next=tuple(desired.origin.then("applied", text) for text in scaling.next),
    )


def _live_differs_notice(declared: int | None, running: int | None, where: str) -> tuple[Notice, ...]:
    if running == (1 if declared is None else declared) or running is None:
        return ()
    live = pluralize(running, "instance")
    text = f"the live Cluster has {live} where {where} says {declared}; the impact is judged by it"
    return (Notice("live-differs", text),)


@dataclass(frozen=True)
class LiveCluster:
    """What the API said about the Cluster to delete; `object` is None where there is none."""

    object: Object | None
