"""Reading the API for answers, part by part: what may not be read is named, and the rest still answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.app import App
from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.answers import Warned
from gitops_mcp.domain.engine import EngineState, covering
from gitops_mcp.domain.kinds import APPLICATION, KUSTOMIZATION
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled

T = TypeVar("T")


@dataclass
class Parts:
    """Reads parts of an answer and keeps what could not be read as warnings."""

    kube: Kube
    warnings: list[Warned] = field(default_factory=list)

    def every(
        self, resource: Resource, namespace: str | None, *, labels: str | None = None, fields: str | None = None
    ) -> tuple[Object, ...] | None:
        """The list, or None where it could not be read; a kind that is not installed is an empty one."""
        return self._read(resource, lambda: self.kube.every(resource, namespace, labels=labels, fields=fields))

    def _read(self, resource: Resource, read: Callable[[], tuple[Object, ...]]) -> tuple[Object, ...] | None:
        try:
            return read()
        except NotInstalled:
            self.warnings.append(
                Warned(id="not-installed", message=f"{resource.plural}.{resource.group} is not installed there")
            )
            return ()
        except Forbidden as error:
            self.warnings.append(Warned(id="forbidden", message=str(error)))
        except GitOpsError as error:
            self.warnings.append(Warned(id="unreadable", message=f"{resource.plural}: {error}"))
        return None


def engines(app: App, environment: Environment, settings: Settings) -> tuple[tuple[EngineState, ...], list[Warned]]:
    """The engine objects that cover the environment's folder; an engine that is not installed is not missed."""
    kube = app.engine_kube(environment, settings)
    warnings: list[Warned] = []
    found: dict[Resource, tuple[Object, ...]] = {}
    wanted = {"auto": (APPLICATION, KUSTOMIZATION), "argocd": (APPLICATION,), "flux": (KUSTOMIZATION,), "none": ()}
    for resource in wanted[environment.engine_type]:
        try:
            found[resource] = kube.every(resource, environment.engine_namespace)
        except NotInstalled:
            continue
        except GitOpsError as error:
            unread = Warned(id="engine-unreadable", message=str(error))
            warnings += [unread] if unread not in warnings else []
    states = covering(found.get(APPLICATION, ()), found.get(KUSTOMIZATION, ()), environment.path)
    return states, warnings
