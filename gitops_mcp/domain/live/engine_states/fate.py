"""What becomes of a difference between Git and live: the engine puts it back, Flux takes it away, or it stays.

Told from the engine object as it is live, and from what that says of the object (`Standing`). Argo CD corrects by
itself only with `selfHeal`, and leaves what Git does not state; so does Flux, but for what a manager set whose name
starts with `kubectl`; Helm corrects by itself only where its HelmRelease detects drift.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.cnpg.protection import kubectl_without
from gitops_mcp.domain.editing.json_patch import pointer
from gitops_mcp.domain.kinds import APPLICATION, HELM_RELEASE, KUSTOMIZATION
from gitops_mcp.domain.live.engine_states.applier import lists_object, resource_entry
from gitops_mcp.domain.live.engine_states.argocd_operation import commit_in
from gitops_mcp.domain.live.engine_states.argocd_standing import is_automatic
from gitops_mcp.domain.live.engine_states.flux_standing import last_applied
from gitops_mcp.domain.live.engine_states.left_alone import flux_marked, sync_options
from gitops_mcp.domain.live.engine_states.standing import Question, Standing, label
from gitops_mcp.domain.live.managers import Hand
from gitops_mcp.domain.objects import Identity, Object, Path, Resource, at, mapping_at, text_at

Outcome = Literal["put_back", "taken_away", "created", "deleted", "stays", "unknown"]
_UNDONE = ("kubectl", "before-first-apply")
"""How the names of managers begin whose fields kustomize-controller makes its own before it applies."""
_MERGES = {"merge", "ifnotpresent", "ignore"}


@dataclass(frozen=True)
class Fate:
    outcome: Outcome
    why: str
    step: str = ""
    """Who has to do what so that Git's word comes to count, where the engine does not see to it."""


def fate_of_stated(engine: Object, kind: Resource, said: Standing, *, then: Outcome = "put_back") -> Fate:
    """Of what Git states and live has otherwise, or not at all. `then`: what the engine does where it acts."""
    name = f"{kind.kind} {label(engine)}"
    if said.state not in {"applied", "waits"}:
        return Fate("stays", said.why, said.next)
    if kind == HELM_RELEASE:
        return _fate_by_helm(engine, name, then)
    if said.state == "waits":
        return Fate(then, said.why)
    if kind == KUSTOMIZATION:
        return Fate(then, f"{name} applies what Git says again at its next reconciliation (every {_interval(engine)})")
    return _fate_by_argo(engine, name, then)


def _fate_by_helm(release: Object, name: str, then: Outcome) -> Fate:
    mode = text_at(release, "spec", "driftDetection", "mode") or "disabled"
    if mode == "enabled":
        return Fate(then, f"{name} detects drift, and corrects it at its next reconciliation")
    why = f"{name} does not correct drift (spec.driftDetection.mode is {mode}), so it stays until the next upgrade"
    upgrade = f"{at(release, 'metadata', 'name')} -n {at(release, 'metadata', 'namespace')}"
    return Fate("stays", why, f"a person has it upgraded: `flux reconcile helmrelease {upgrade} --force`")


def _fate_by_argo(application: Object, name: str, then: Outcome) -> Fate:
    if not is_automatic(application):
        why = f"{name} syncs only when asked: it stays until somebody syncs"
    elif at(application, "spec", "syncPolicy", "automated", "selfHeal") is not True:
        why = f"{name} does not undo edits by itself (no selfHeal): it stays until the next sync"
    else:
        return Fate(then, f"{name} syncs by itself and heals (selfHeal), as soon as it has compared again")
    return Fate("stays", why, f"a person syncs it: `argocd app sync {at(application, 'metadata', 'name')}`")


def fate_of_unstated(engine: Object, kind: Resource, said: Standing, asked: Question, hands: tuple[Hand, ...]) -> Fate:
    """Of what live has and Git does not state."""
    name = f"{kind.kind} {label(engine)}"
    if kind == APPLICATION:
        if "Replace=true" in sync_options(engine, asked.declared):
            return Fate("taken_away", f"{name} replaces the object with its next sync (Replace=true), whenever that is")
        return Fate("stays", f"Git does not state it, and Argo CD leaves such fields ({name})")
    undone = [one.manager for one in hands if one.manager.startswith(_UNDONE)]
    if kind == HELM_RELEASE or not undone:
        return Fate("stays", f"Git does not state it, and Flux leaves what this manager has set ({name})")
    if any(flux_marked(one, "ssa") in _MERGES for one in (asked.declared, asked.live)):
        return Fate("stays", f"kustomize.toolkit.fluxcd.io/ssa has {name} leave what others have set")
    if said.state in {"applied", "waits"}:
        why = f"{name} takes away what {undone[0]} has set, at its next reconciliation (every {_interval(engine)})"
        return Fate("taken_away", why)
    return Fate("stays", said.why, said.next)


def fate_of_undeclared(engine: Object, kind: Resource, said: Standing, asked: Question) -> Fate:
    """Of an object that an engine object has applied, and Git does not declare any more."""
    name = f"{kind.kind} {label(engine)}"
    if said.state not in {"applied", "waits"}:
        return Fate("stays", said.why, said.next)
    if not lists_object(engine, asked.whom):
        return Fate("stays", f"{name} has pruned without it, and does not know of it any more")
    return Fate("deleted", f"{name} prunes it at its next sync")


def still_applies(engine: Object, kind: Resource, whom: Identity, live: Object | None, tip: str) -> bool:
    """Whether an engine object goes on applying an object at the tip of the base, so that something declares it."""
    if kind == HELM_RELEASE:
        return bool(at(live, "metadata", "annotations", "helm.sh/resource-policy") != "keep")
    entry = resource_entry(engine, whom)
    if kind == KUSTOMIZATION:
        return entry is not None and last_applied(engine) == tip
    compared = commit_in(mapping_at(engine, "status", "sync"))
    return entry is not None and compared == tip and at(entry, "requiresPruning") is not True


def _interval(engine: Object) -> str:
    return text_at(engine, "spec", "interval") or "interval"


def way_to_take_away(whom: Identity, path: Path) -> str:
    """How a person takes a field from a live object that Git does not state."""
    if path[0] == "metadata":
        return kubectl_without(whom, "labels" if path[1] == "labels" else "annotations", str(path[-1]))
    if any(isinstance(step, int) for step in path):
        return "a person takes it away: `kubectl edit`"
    patch = shlex.quote(json.dumps([{"op": "remove", "path": pointer(path)}]))
    space = f" -n {shlex.quote(whom.namespace)}" if whom.namespace else ""
    whose = shlex.join([whom.kind.lower(), whom.name])
    return f"a person takes it away: `kubectl{space} patch {whose} --type json -p {patch}`"
