"""The changes of a Cluster as plans: create, scale, delete.

Each takes what Git declares and gives the edits; none looks at anything else than its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from gitops_mcp.domain.cnpg.cluster_spec import with_instances
from gitops_mcp.domain.cnpg.protection import Engine, blockers, spell_out, without_blocking
from gitops_mcp.domain.cnpg.scaling import Scaling
from gitops_mcp.domain.editing.field import edit_fields, set_field, where_field_stands
from gitops_mcp.domain.editing.variables import unfilled_refusal
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.names import ClusterRef, pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Path, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices, variable_lines
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.pruning import asked_by, engine_in_use, wait_for_live
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest

if TYPE_CHECKING:
    from gitops_mcp.domain.editing.sibling_paths import FilePlace

_VALIDATED = ("built-in rules",)
INSTANCES: Path = ("spec", "instances")


def cluster_places(desired: Desired, ref: ClusterRef, layout: str) -> tuple[FilePlace, ...]:
    from gitops_mcp.domain.editing.sibling_paths import NewObject, candidate_places, find_siblings

    return candidate_places(desired, None, NewObject.of_cluster(ref), layout, find_siblings(desired, CLUSTER.kind))


def plan_new_cluster(
    desired: Desired, ref: ClusterRef, manifest: Object, *, tried: Iterable[FilePlace], proposed: bool
) -> Plan:
    """One new document at the first place that holds, and its entry in the kustomization that governs it.

    `proposed`: the files are those of an open change, where repeating the same request changes nothing.
    Raises InvalidRequest where Git declares a Cluster of that name already.
    """
    from gitops_mcp.domain.editing.new_document import put_document
    from gitops_mcp.domain.editing.sibling_paths import NewObject

    target = Identity("Cluster", ref.namespace, ref.name)
    plan = Plan(f"Create Cluster {ref}", target, validated_by=_VALIDATED)
    for existing in desired.named("Cluster", ref.name):
        if existing.identity.namespace not in {ref.namespace, None}:
            continue
        existing.check_stays()
        if proposed and is_same(existing.object, manifest):
            return replace(plan, unchanged=f"the change declares exactly this Cluster already, at {existing.place}")
        raise InvalidRequest(
            f"name: Cluster {ref} exists already, declared at {existing.place}{existing.written}. Choose another name, "
            f"or change that one with scale_postgres_cluster"
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
    now = at(declared.object, *INSTANCES)
    if now is not None and (isinstance(now, bool) or not isinstance(now, int)):
        if INSTANCES in declared.substituted:
            set_field(desired, declared, INSTANCES, instances)
        place = where_field_stands(desired, declared, INSTANCES)
        raise unfilled_refusal(desired, f"spec.instances of {target}", now, place)
    running = at(live, "spec", "instances")
    running = running if isinstance(running, int) else now
    scaling = Scaling.of(with_instances(declared.object, running), to=instances, live=live)
    plan = Plan(f"Scale {target} to {pluralize(instances, 'instance')}", target, validated_by=_VALIDATED)
    if now == instances:
        return replace(plan, unchanged=f"{declared.place} says {pluralize(instances, 'instance')} already")
    return replace(
        plan,
        files=set_field(desired, declared, INSTANCES, instances),
        body=(
            f"spec.instances: {1 if now is None else now} -> {instances}",
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
    text = f"the live Cluster has {live} where {where} says {declared}; the impact is told from it"
    return (Notice("live-differs", text),)


@dataclass(frozen=True)
class LiveCluster:
    """What the API said about the Cluster to delete; `object` is None where there is none."""

    object: Object | None


def plan_cluster_deletion(
    declared: Declaration,
    desired: Desired,
    *,
    ref: ClusterRef,
    live: LiveCluster | None,
    merged: Object | None = None,
    configured: Engine | Literal["none", "auto"] = "auto",
) -> Plan:
    """The step that is due: first the protection against pruning goes, and once that is live the manifests.

    `live` is None where the API could not be asked; the protection is then that of `merged`, what the base declares.
    `configured`: the engine, where the configuration names it; what the other one reads is no protection.
    """
    target = replace(declared.identity, namespace=ref.namespace)
    plan = Plan(f"Delete Cluster {ref}", target, validated_by=_VALIDATED, destroys=_what_is_lost(ref))
    engine = engine_in_use(declared, configured)
    if blockers(declared.object, engine):
        return _plan_unprotecting(plan, declared, desired, ref, engine)
    if live and live.object and (on_live := blockers(live.object, engine)):
        return wait_for_live(plan, declared, on_live, live.object, merged, desired.origin.name)
    if live is None and (in_base := blockers(merged, engine)):
        return replace(
            plan,
            destroys=None,
            unchanged=(
                f"step 1 of 2 is proposed but not merged: the base still declares {spell_out(in_base)}, and "
                f"the live Cluster could not be read, so that its removal may delete nothing"
            ),
            next=("Wait until it is merged and applied, then call this again",),
        )
    return _plan_removal(plan, declared, desired, ref, engine)


def _plan_unprotecting(
    plan: Plan, declared: Declaration, desired: Desired, ref: ClusterRef, engine: Engine | None
) -> Plan:
    edits: list[Set | Remove] = []
    for part in ("annotations", "labels"):
        place: Path = ("metadata", part)
        old = at(declared.object, *place)
        if not isinstance(old, dict):
            continue
        kept = without_blocking(old, engine)
        if old and not kept:
            edits.append(Remove(place))
            continue
        edits += [Set((*place, key), value) for key, value in kept.items() if value != old[key]]
        edits += [Remove((*place, key)) for key in old if key not in kept]
    found = spell_out(blockers(declared.object, engine))
    return replace(
        plan,
        subject=f"Remove the protection of Cluster {ref} against pruning",
        files=edit_fields(desired, declared, *edits),
        body=(f"Step 1 of 2 of deleting Cluster {ref}: {found} goes, and nothing else.", *applier_lines(declared)),
        warnings=applier_notices(declared, desired),
        impact=Impact(
            Level.NONE, (f"nothing is deleted by this step; the next one removes the {desired.origin.manifest}",)
        ),
        next=(
            f"Step 1 of 2: removes {found}"
            + desired.origin.while_waiting(". The engine keeps the database as long as the live Cluster carries it"),
            desired.origin.then(
                f"this is {desired.origin.applied}",
                f"call delete_postgres_cluster again: step 2 removes the {desired.origin.manifest}",
                at_once="Then ",
            ),
        ),
    )


def _plan_removal(plan: Plan, declared: Declaration, desired: Desired, ref: ClusterRef, engine: Engine | None) -> Plan:
    from gitops_mcp.domain.editing.removal import remove_objects

    dependents = desired.dependents(ref, declared)
    confirmations = [
        f"Argo CD prunes {one.identity} only after a person has confirmed it there ({why})"
        for one in (declared, *dependents)
        if desired.origin.once and (why := asked_by(one, engine))
    ]
    stays = desired.origin.while_waiting("stays in the cluster as an orphan:") or "goes with it although"
    kept = [f"{one.identity} ({spell_out(held)})" for one in dependents if (held := blockers(one.object, engine))]
    return replace(
        plan,
        files=remove_objects(desired, declared, *dependents),
        body=(desired.origin.removes, *(f"- {one.title}" for one in (declared, *dependents)), *applier_lines(declared)),
        impact=Impact(Level.DATA_LOSS, (_what_is_lost(ref),)),
        warnings=(
            *(Notice("protected-dependent", f"{text} {stays} it is protected against pruning") for text in kept),
            *(
                Notice(
                    "maybe-dependent",
                    f"{one.identity} at {one.place} names this Cluster, and stays: no namespace is said",
                )
                for one in desired.adrift(ref, declared)
            ),
            *applier_notices(declared, desired),
        ),
        next=(
            (
                f"{_deletion_text(desired, declared, ref)}: pods, PVCs with all data, services and the generated "
                f"secrets {ref.name}-app, -superuser, -ca, -server, -replication go"
            ),
            (
                "Backups in object storage, VolumeSnapshots and secrets that people made stay; volumes of a "
                "StorageClass with reclaimPolicy Retain stay as released PVs"
            ),
            *confirmations,
        ),
    )


def _deletion_text(desired: Desired, declared: Declaration, ref: ClusterRef) -> str:
    by = declared.applied
    if by and not by.prunes:
        return (
            f"Once merged, the live Cluster {ref} stays, since {by} does not prune by itself, until a person prunes or "
            f"deletes it"
        )
    return f"{desired.origin.deletes} Cluster {ref}"


def _what_is_lost(ref: ClusterRef) -> str:
    return f"deleting Cluster {ref} deletes its pods and PVCs with all data"
