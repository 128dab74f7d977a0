"""What Argo CD and Flux say about the folder of an environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.engines.reading import clean_path
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at
from gitops_mcp.domain.redact import redact_text


@dataclass(frozen=True)
class EngineState:
    engine: Literal["argocd", "flux"]
    name: str
    """Namespace and name of the Application or Kustomization."""
    status: str
    """`Synced, Healthy`, or what the Ready condition says."""
    revision: str | None
    """The commit it has applied, or tries to."""
    failing: str | None
    """Its own words on why it cannot apply; text from the cluster."""
    prunes: bool
    """Whether it deletes what Git no longer declares without being asked."""
    automatic: bool
    """Whether it applies without being asked: not suspended, not synced by hand."""

    def __str__(self) -> str:
        kind = "Argo CD Application" if self.engine == "argocd" else "Flux Kustomization"
        by_hand = "applies only when asked" if self.engine == "argocd" else "suspended"
        notes = [] if self.automatic else [by_hand]
        notes += [] if self.prunes else ["does not prune by itself"]
        return f"{kind} {self.name}: {self.status}" + (f" ({', '.join(notes)})" if notes else "")


def states_covering_folder(
    applications: Iterable[Object], kustomizations: Iterable[Object], folder: str
) -> tuple[EngineState, ...]:
    """Those whose path is the environment's folder, holds it or lies in it, the nearest first."""
    found = [
        (distance, _argocd_state(one)) for one in applications for distance in _distances(_source_paths(one), folder)
    ]
    found += [
        (distance, _flux_state(one)) for one in kustomizations for distance in _distances(_flux_path(one), folder)
    ]
    return tuple(dict.fromkeys(state for _, state in sorted(found, key=lambda one: (one[0], one[1].name))))


def _distances(paths: Iterable[str], folder: str) -> Iterator[int]:
    for path in paths:
        if path == folder or not path or not folder or folder.startswith(path + "/") or path.startswith(folder + "/"):
            yield abs(len(path) - len(folder))


def _source_paths(application: Object) -> list[str]:
    sources = [at(application, "spec", "source"), *list_at(application, "spec", "sources")]
    return [clean_path(path) for one in sources if (path := text_at(one, "path"))]


def _flux_path(kustomization: Object) -> list[str]:
    return [clean_path(text_at(kustomization, "spec", "path"))]


def _argocd_state(application: Object) -> EngineState:
    status = mapping_at(application, "status")
    sync, health = text_at(status, "sync", "status") or "Unknown", text_at(status, "health", "status") or "Unknown"
    problems = [
        f"{one.get('type')}: {one.get('message')}"
        for one in list_at(status, "conditions")
        if isinstance(one, dict) and str(one.get("type", "")).endswith("Error")
    ]
    if text_at(status, "operationState", "phase") in {"Failed", "Error"}:
        problems.append(str(at(status, "operationState", "message") or "the last sync failed"))
    return EngineState(
        engine="argocd",
        name=_name(application),
        status=f"{sync}, {health}",
        revision=text_at(status, "operationState", "syncResult", "revision") or text_at(status, "sync", "revision"),
        failing=redact_text("; ".join(problems)) or None,
        prunes=at(application, "spec", "syncPolicy", "automated", "prune") is True,
        automatic=at(application, "spec", "syncPolicy", "automated") is not None,
    )


def _flux_state(kustomization: Object) -> EngineState:
    conditions = list_at(kustomization, "status", "conditions")
    ready = next((one for one in conditions if isinstance(one, dict) and one.get("type") == "Ready"), {})
    applied = text_at(kustomization, "status", "lastAppliedRevision")
    return EngineState(
        engine="flux",
        name=_name(kustomization),
        status=f"Ready={ready.get('status', 'Unknown')} {ready.get('reason', '')}".strip(),
        revision=applied.rpartition(":")[2] if applied else None,
        failing=redact_text(str(ready.get("message") or "not ready")) if ready.get("status") == "False" else None,
        prunes=at(kustomization, "spec", "prune") is True,
        automatic=at(kustomization, "spec", "suspend") is not True,
    )


def _name(value: Object) -> str:
    return f"{at(value, 'metadata', 'namespace')}/{at(value, 'metadata', 'name')}"
