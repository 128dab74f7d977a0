"""Deleting a Cluster, in steps: the protection against pruning goes, and once that is live the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from gitops_mcp.domain.cnpg.protection import Engine, blockers, spell_out, without_blocking
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.engines.reading import file_and_line, mappings_in, value_at_place
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices, removal_notices
from gitops_mcp.domain.plans.clusters.cluster import VALIDATED, LiveCluster
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.pruning import asked_by, engine_in_use, wait_for_live
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Remove, Set

_TOOL = "delete_postgres_cluster"


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
    plan = Plan(f"Delete Cluster {ref}", target, validated_by=VALIDATED, destroys=_what_is_lost(ref))
    engine = engine_in_use(declared, configured)
    if (first := plan_before_removal(plan, declared, desired, live, merged, engine, tool=_TOOL)) is not None:
        return first
    return _plan_removal(plan, declared, desired, ref, engine, live.object if live else None)


def plan_before_removal(
    plan: Plan,
    declared: Declaration,
    desired: Desired,
    live: LiveCluster | None,
    merged: Object | None,
    engine: Engine | None,
    *,
    tool: str,
) -> Plan | None:
    """What is due while something protects an object against pruning; None: its manifest may go.

    `tool`: what is called again for the next step.
    """
    if blockers(declared.object, engine):
        return _plan_unprotecting(plan, declared, desired, engine, tool)
    if live and live.object and (on_live := blockers(live.object, engine)):
        return wait_for_live(plan, declared, on_live, live.object, merged, desired.origin.name)
    if live is None and (in_base := blockers(merged, engine)):
        return replace(
            plan,
            destroys=None,
            unchanged=(
                f"step 1 of 2 is proposed but not merged: the base still declares {spell_out(in_base)}, and "
                f"the live {plan.target.kind} could not be read, so that its removal may delete nothing"
            ),
            next=("Wait until it is merged and applied, then call this again",),
        )
    return None


def _plan_unprotecting(plan: Plan, declared: Declaration, desired: Desired, engine: Engine | None, tool: str) -> Plan:
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
    keeps = "keeps the database" if plan.target.kind == "Cluster" else "keeps it"
    return replace(
        plan,
        subject=f"Remove the protection of {plan.target} against pruning",
        files=edit_fields(desired, declared, *edits),
        body=(f"Step 1 of 2 of deleting {plan.target}: {found} goes, and nothing else.", *applier_lines(declared)),
        warnings=applier_notices(declared, desired),
        impact=Impact(
            Level.NONE, (f"nothing is deleted by this step; the next one removes the {desired.origin.manifest}",)
        ),
        next=(
            f"Step 1 of 2: removes {found}"
            + desired.origin.while_waiting(f". The engine {keeps} as long as the live {plan.target.kind} carries it"),
            desired.origin.then(
                f"this is {desired.origin.applied}",
                f"call {tool} again: step 2 removes the {desired.origin.manifest}",
                at_once="Then ",
            ),
        ),
    )


def _plan_removal(
    plan: Plan, declared: Declaration, desired: Desired, ref: ClusterRef, engine: Engine | None, live: Object | None
) -> Plan:
    from gitops_mcp.domain.editing.emptied_appliers import removed_appliers, stranded_applier
    from gitops_mcp.domain.editing.removal import remove_objects

    dependents = desired.dependents(ref, declared)
    confirmations = [
        f"Argo CD prunes {one.identity} only after a person has confirmed it there ({why})"
        for one in (declared, *dependents)
        if desired.origin.once and (why := asked_by(one, engine))
    ]
    stays = desired.origin.while_waiting("stays in the cluster as an orphan:") or "goes with it although"
    kept = [f"{one.identity} ({spell_out(held)})" for one in dependents if (held := blockers(one.object, engine))]
    files = remove_objects(desired, declared, *dependents)
    stranded, removed = stranded_applier(desired, files, declared), removed_appliers(desired, files)
    return replace(
        plan,
        caution=f"the live Cluster stays until a person has acted: {stranded}" if stranded else plan.caution,
        files=files,
        body=(*going_lines(desired, (declared, *dependents)), *applier_lines(declared)),
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
            *removal_notices(desired, files, declared, live),
            *_health_check_notices(desired, [one for one in (declared, *dependents) if one.applied not in removed]),
            *applier_notices(declared, desired),
        ),
        next=(
            (
                f"{_deletion_text(desired, declared, ref, stranded)}: pods, PVCs with all data, services and the "
                f"generated secrets {ref.name}-app, -superuser, -ca, -server, -replication go"
            ),
            (
                "Backups in object storage, VolumeSnapshots and secrets that people made stay; volumes of a "
                "StorageClass with reclaimPolicy Retain stay as released PVs"
            ),
            *confirmations,
        ),
    )


def going_lines(desired: Desired, going: tuple[Declaration, ...]) -> Iterator[str]:
    own = [one for one in going if not one.shared]
    shared = [one for one in going if one.shared]
    if own:
        yield desired.origin.removes
        yield from (f"- {one.title}" for one in own)
    if shared:
        yield "Takes out of what is built for this one, since the documents make others too:"
        yield from (f"- {one.title}" for one in shared)


def _health_check_notices(desired: Desired, going: Iterable[Declaration]) -> Iterator[Notice]:
    for one in going:
        place = one.applied.place.below("spec", "healthChecks") if one.applied else None
        for index, check in enumerate(mappings_in(value_at_place(place, desired.texts)) if place else ()):
            if (check.get("kind"), check.get("name")) == (one.identity.kind, one.identity.name):
                told = file_and_line(place.below(index), desired.texts) if place else ""
                yield Notice(
                    "health-check",
                    f"{one.applied} waits for {one.identity} by its healthChecks ({told}), and is no longer Ready "
                    f"once that is gone: remove the check as well",
                )


def _deletion_text(desired: Desired, declared: Declaration, ref: ClusterRef, stranded: str | None) -> str:
    by = declared.applied
    if by and not by.prunes:
        return (
            f"Once merged, the live Cluster {ref} stays, since {by} does not prune by itself, until a person prunes or "
            f"deletes it"
        )
    if stranded:
        return f"{desired.origin.deletes} Cluster {ref} only once a person has acted: {stranded}. With that"
    return f"{desired.origin.deletes} Cluster {ref}"


def _what_is_lost(ref: ClusterRef) -> str:
    return f"deleting Cluster {ref} deletes its pods and PVCs with all data"
