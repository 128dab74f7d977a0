"""A live Cluster, and what belongs to it: part by part, so that what may not be read hides nothing else."""

from __future__ import annotations

from contextlib import suppress

from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.status.report import Related
from gitops_mcp.domain.kinds import (
    BACKUP,
    CLUSTER,
    DATABASE,
    DATABASE_ROLE,
    EVENT,
    OBJECT_STORE,
    PDB,
    POD,
    POOLER,
    PVC,
    SCHEDULED_BACKUP,
    SERVICE,
)
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotInstalled, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.notices import forbidden_everywhere

_EVENTS = 1000
"""Events of the namespace that are looked through."""
_OWN = {"pods": POD, "claims": PVC, "services": SERVICE, "budgets": PDB}
"""Objects that carry the Cluster's label."""
_NAMING = {
    "databases": DATABASE,
    "roles": DATABASE_ROLE,
    "poolers": POOLER,
    "backups": BACKUP,
    "scheduled_backups": SCHEDULED_BACKUP,
    "object_stores": OBJECT_STORE,
    "events": EVENT,
}
"""Objects of the namespace that may name it."""

_PARTS: dict[str, Resource] = {**_OWN, **_NAMING}


def live_cluster(
    api: ApiOnce, environment: Environment, name: str, namespace: str | None
) -> tuple[Object | None, GitOpsError | None]:
    """The live Cluster; None and why where the API could not be asked. Raises where several have the name."""
    found: list[Object] = []
    unread: GitOpsError | None = None
    for space in [namespace] if namespace else (environment.namespaces or [None]):
        try:
            found += _clusters_named(api, space, name, known=namespace is not None)
        except (NotInstalled, Forbidden, Unavailable) as error:
            unread = unread or error
    if len(found) > 1:
        where = ", ".join(sorted(str(at(one, "metadata", "namespace")) for one in found))
        raise InvalidRequest(f"namespace: {environment.name} has a Cluster {name!r} in several: {where}; name one")
    return (found[0], None) if found else (None, unread)


def _clusters_named(api: ApiOnce, space: str | None, name: str, *, known: bool) -> tuple[Object, ...]:
    """Those of the name in a namespace, or in all. `known`: it is the namespace that was asked for."""
    if known and space:
        return tuple(one for one in (api.get(CLUSTER, space, name),) if one)
    fields_ = f"metadata.name={name}"
    try:
        return api.every(CLUSTER, space, fields=fields_)
    except Forbidden as error:
        if space is not None:
            raise
        own = api.kube.namespace()
        with suppress(Forbidden):
            if own and (found := api.every(CLUSTER, own, fields=fields_)):
                return found
        raise forbidden_everywhere(error) from error  # nobody looked in the others


def read_ahead(api: ApiOnce, environment: Environment, name: str, *, asked: str | None, namespace: str) -> None:
    """Asks at once for the Cluster and for what will be around it, if it is in that namespace.

    What fails says so again where it is wanted.
    """

    def read(side: ApiOnce, part: str | None) -> None:
        with suppress(GitOpsError):
            if part is None:
                live_cluster(side, environment, name, asked)
            else:
                _read_part(side, part, namespace, name)

    api.side_by_side(read, [None, *_PARTS])


def _read_part(api: ApiOnce, part: str, namespace: str, name: str) -> tuple[Object, ...]:
    resource = _PARTS[part]
    if resource is EVENT:
        return api.page(resource, namespace, limit=_EVENTS).items
    return api.every(resource, namespace, labels=f"cnpg.io/cluster={name}" if part in _OWN else None)


def read_related(api: ApiOnce, live: Object) -> tuple[Related, list[Notice]]:
    """The objects around a Cluster, read side by side; a part that may not be read is named."""
    namespace, name = at(live, "metadata", "namespace"), at(live, "metadata", "name")

    def read(side: ApiOnce, part: str) -> tuple[Object, ...] | GitOpsError:
        try:
            return _read_part(side, part, namespace, name)
        except GitOpsError as error:
            return error

    parts = _PARTS.items()
    answers = api.side_by_side(read, _PARTS)
    found: dict[str, tuple[Object, ...]] = {}
    warnings: list[Notice] = []
    absent: list[str] = []
    for (key, resource), answer in zip(parts, answers, strict=True):
        if isinstance(answer, NotInstalled):
            found[key] = ()
            absent.append(f"{resource.plural}.{resource.group}")
        elif isinstance(answer, GitOpsError):
            warnings.append(Notice("unreadable", f"{resource.plural} are missing here: {answer}"))
        else:
            found[key] = answer
    if absent:
        warnings.append(Notice("not-installed", f"not installed there: {', '.join(absent)}"))
    return Related(**found), warnings
