"""What an object of Argo CD or Flux is and says of itself, in one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.live.engine_states.argocd_operation import applied_commit
from gitops_mcp.domain.live.engine_states.argocd_standing import is_automatic
from gitops_mcp.domain.live.engine_states.flux_standing import last_applied
from gitops_mcp.domain.live.engine_states.promotion import Promotion, promotion_of
from gitops_mcp.domain.live.engine_states.standing import commit_of, condition, label
from gitops_mcp.domain.objects import Object, at, text_at
from gitops_mcp.domain.redact import words_of_others


@dataclass(frozen=True)
class EngineState:
    engine: Literal["argocd", "flux"]
    kind: str
    name: str
    """Namespace and name."""
    status: str
    """`Synced, Healthy`, or what the Ready condition says."""
    revision: str | None
    """The commit that it has applied as a whole, or has found everything to be at."""
    prunes: bool
    """Whether it deletes what Git no longer declares without being asked."""
    automatic: bool
    """Whether it applies without being asked: not suspended, not synced by hand."""
    promotion: Promotion | None = None
    """What has to happen between the merge and that, where it applies another branch."""

    def __str__(self) -> str:
        by_hand = "applies only when asked" if self.engine == "argocd" else "suspended"
        notes = [] if self.automatic else [by_hand]
        notes += [] if self.prunes else ["does not prune by itself"]
        product = "Argo CD" if self.engine == "argocd" else "Flux"
        return f"{product} {self.kind} {self.name}: {self.status}" + (f" ({', '.join(notes)})" if notes else "")


def engine_state(value: Object, kind: str) -> EngineState:
    if kind == "Application":
        sync, health = (text_at(value, "status", part, "status") or "Unknown" for part in ("sync", "health"))
        automatic = is_automatic(value)
        prunes = automatic and at(value, "spec", "syncPolicy", "automated", "prune") is True
        status = words_of_others(f"{sync}, {health}", most=100)
        found = commit_of(at(value, "status", "sync", "revision")) if sync == "Synced" else None
        revision, promotion = applied_commit(value) or found, promotion_of(value)
        return EngineState("argocd", kind, label(value), status, revision, prunes, automatic, promotion)
    ready = condition(value, "Ready")
    return EngineState(
        engine="flux",
        kind=kind,
        name=label(value),
        status=words_of_others(f"Ready={ready.get('status', 'Unknown')} {ready.get('reason', '')}".strip(), most=100),
        revision=last_applied(value),
        prunes=kind != "Kustomization" or at(value, "spec", "prune") is True,
        automatic=at(value, "spec", "suspend") is not True,
    )
