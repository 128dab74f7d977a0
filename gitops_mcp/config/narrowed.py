"""The settings as one caller may use them: their rights cut environments and `namespaces`, as the file itself does."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.access.identity import Scope
from gitops_mcp.domain.access.rights import Rights
from gitops_mcp.errors import Refused


def narrowed_settings(settings: Settings, rights: Rights, *, writes: bool) -> Settings:
    """Raises Refused where nothing is left."""
    inside, outside = dict[str, Environment](), dict[str, Environment]()
    for environment in settings.environments.values():
        found = _narrowed(environment, rights.namespaces(environment.name, scope_in(environment, writes=writes)))
        (outside if found is None else inside)[environment.name] = found or environment
    if not inside:
        raise Refused(
            f"{rights.whose} may not {'change' if writes else 'see'} anything in the environments of this repository: "
            f"ask who runs this server for a group that may"
        )
    only = next(iter(inside)) if len(inside) == 1 else None
    return replace(
        settings,
        environments=MappingProxyType(inside),
        environment=settings.environment if settings.environment in inside else only,
        outside=MappingProxyType(outside),
    )


def scope_in(environment: Environment, *, writes: bool) -> Scope:
    """What is needed there; a dry run of direct delivery is tried by the API, and takes the same."""
    if not writes:
        return "read"
    return "apply" if environment.delivery == "direct" else "propose"


def _narrowed(environment: Environment, allowed: tuple[str, ...] | None) -> Environment | None:
    if allowed is None:
        return environment
    left = tuple(one for one in environment.namespaces or allowed if one in allowed)
    return replace(environment, namespaces=left, cut=True) if left else None
