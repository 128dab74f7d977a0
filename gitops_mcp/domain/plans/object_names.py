"""metadata.name of an object that stands for something with another name in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_mcp.domain.kinds import DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef, make_object_name
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles, declared_roles
from gitops_mcp.domain.repository.desired import Desired


def taken_names(desired: Desired, ref: ClusterRef, kind: str, live: Iterable[Object]) -> dict[str, tuple[str, str]]:
    """Names of objects of a kind in the Cluster's namespace, each with its Cluster and its name in PostgreSQL."""
    found = {}
    declared = [
        one.object
        for one in desired.declarations
        if one.identity.kind == kind and one.identity.namespace in {ref.namespace, None}
    ]
    for one in (*live, *declared):
        said = str(at(one, "spec", "cluster", "name")), str(at(one, "spec", "name"))
        found[str(at(one, "metadata", "name"))] = said
    return found


def role_object_name(
    desired: Desired, ref: ClusterRef, name: str, live: LiveRoles | None = None, *, also: Iterable[str] = ()
) -> str:
    """The name of the DatabaseRole that says this role already, else a free one; `also` are taken too."""
    known = taken_names(desired, ref, DATABASE_ROLE.kind, (live.objects or ()) if live else ())
    own = [made for made, said in known.items() if said == (ref.name, name)]
    return (
        own[0] if own else make_object_name(ref.name, name, taken={*known, *also, *_inline_names(desired, ref, name)})
    )


def _inline_names(desired: Desired, ref: ClusterRef, name: str) -> set[str]:
    """What the other inline roles of the Cluster would be called: their Secrets are named so."""
    return {
        make_object_name(ref.name, role.name, taken=())
        for one in desired.clusters
        if (one.identity.namespace, one.identity.name) == (ref.namespace, ref.name)
        for role in declared_roles(desired, one, ref)
        if role.form == "inline" and role.name != name
    }
