"""What stands in the way of an engine that is to delete an object: a protection, a confirmation, and by whose hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from gitops_mcp.domain.cnpg.protection import (
    Engine,
    Protection,
    asking_protections,
    blockers,
    kubectl_without,
    spell_out,
    without_blocking,
)
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.live.engine_states.argocd_operation import ways_to_confirm
from gitops_mcp.domain.live.managers import field_managers
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at, mapping_at
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Declaration

_ASKS = "Prune=confirm"
_TRACKING = "argocd.argoproj.io/tracking-id"


def engine_in_use(declared: Declaration, configured: Engine | Literal["none", "auto"] = "auto") -> Engine | None:
    """Whose protections count; None: it may be either's."""
    if declared.applied is not None:
        return declared.applied.engine
    return configured if configured in {"argocd", "flux"} else None


def wait_for_live(
    plan: Plan, declared: Declaration, found: tuple[Protection, ...], live: Object, merged: Object | None, where: str
) -> Plan:
    """The plan where the live object alone carries a protection: the engine takes it away, or a person has to.

    `where`: what declares no protection any more, as an Origin is called.
    """
    identity = replace(plan.target, kind=declared.identity.kind)
    paths = [("metadata", one.where, one.key) for one in found]
    managers = field_managers(live, paths)
    if blockers(merged) or any(one.kind == "engine" for one in managers):
        step = "step 1 of 2" if identity.kind == "Cluster" else "what takes its protection away"
        return replace(
            plan,
            destroys=None,
            unchanged=(
                f"{step} is in {where} but not applied yet: the live {identity.kind} still carries "
                f"{spell_out(found)}, so that its removal would delete nothing"
            ),
            next=("Wait until the engine has applied it (get_cluster_status shows it), then call this again",),
        )
    hands = ", ".join(one.manager for one in managers)
    return replace(
        plan,
        destroys=None,
        unchanged=(
            f"nothing was changed: only the live {identity.kind} carries {spell_out(found)}, which {where} does not "
            f"declare{f' (set by {hands})' if hands else ''}, so no engine takes it away, and the removal of "
            f"the manifest would delete nothing"
        ),
        next=(*(_by_hand(identity, one, live) for one in found), "Once it is gone, call this again"),
    )


def _by_hand(identity: Identity, one: Protection, live: Object) -> str:
    left = without_blocking(mapping_at(live, "metadata", one.where)).get(one.key)
    text = kubectl_without(identity, one.where, one.key, left)
    return text[:1].upper() + text[1:]


def asked_by(declared: Declaration, engine: Engine | None, live: Object | None = None) -> str:
    """What has Argo CD ask a person before it prunes an object; empty where it does not ask."""
    if engine == "flux":
        return ""
    by = declared.applied
    if found := asking_protections(declared.object) or asking_protections(live):
        return spell_out(found)
    return f"`syncOptions: {_ASKS}` of {by}" if by is not None and _ASKS in by.sync_options else ""


def confirmation_notices(declared: Declaration, live: Object | None, engine: Engine | None = None) -> Iterator[Notice]:
    """That a whole Application waits, and how a person lets it go on."""
    by = declared.applied
    if not asked_by(declared, engine or engine_in_use(declared), live):
        return
    name, namespace, shown = _application(by, live)
    yield Notice(
        "waits-for-confirmation",
        f"{shown} waits as a whole until a person has confirmed that pruning: no other change of it is applied before. "
        f"To confirm: {ways_to_confirm(name, namespace)}",
    )


def _application(by: EngineObject | None, live: Object | None) -> tuple[str, str | None, str]:
    """Its name, its namespace where Git declares it, and how it is told."""
    if by is not None:
        name = by.generated or ("NAME" if by.kind == "ApplicationSet" else by.name)
        return name, by.namespace, f"Argo CD Application {name}" if by.generated else str(by)
    tracked = at(live, "metadata", "annotations", _TRACKING)
    name = str(tracked).partition(":")[0] if isinstance(tracked, str) and ":" in tracked else ""
    shown = f"Argo CD Application {name}" if name else "the Argo CD Application that applies it"
    return name or "NAME", None, shown
