"""Which part of a request for any object has a tool of its own, whose planner then plans it.

These are the deletion of a Cluster, database or role, scaling, and the password of a role.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gitops_mcp.domain.kinds import CLUSTER, DATABASE, DATABASE_ROLE
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.plans.generic.field_requests import FieldRequest
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing import clusters, databases, roles
from gitops_mcp.workflows.writing.object_targets import FoundObject
from gitops_mcp.workflows.writing.request import Writing


@dataclass(frozen=True)
class OwnTool:
    """A part of a request that a tool of its own plans."""

    tool: str
    field: str
    writing: Writing


def writing_of_tool(own: Callable[[View], OwnTool]) -> Writing:
    """A request that one other tool plans whole."""

    def plan(view: View) -> Plan:
        part = own(view)
        made = part.writing.plan(view)
        return replace(made, body=(f"{part.field} is deleted as {part.tool} plans it", *made.body))

    return Writing(lambda view: own(view).writing.about(view), plan)


def deletion_by_own_tool(found: FoundObject) -> OwnTool:
    """What an object stands for goes as its reclaim policy says; more is asked of the tool itself."""
    said = found.declared.object["spec"]
    cluster, name = str(at(said, "cluster", "name")), str(at(said, "name"))
    if found.whom.kind == DATABASE.kind:
        which = databases.WhichDatabase(cluster, name, found.whom.namespace)
        writing, tool = databases.database_deletion(which, drop=False), "delete_postgres_database"
    else:
        whose = roles.WhichRole(cluster, name, found.whom.namespace)
        writing, tool = roles.role_deletion(whose, drop=False), "delete_postgres_role"
    return OwnTool(f"{tool} with drop=false", str(found.whom), writing)


def own_tool(found: FoundObject, one: FieldRequest) -> OwnTool | None:
    """The tool that plans this field, where it has one of its own."""
    steps, whom = one.path.steps, found.whom
    is_scaling = whom.kind == CLUSTER.kind and one.how == "set" and steps == ("spec", "instances")
    if is_scaling and isinstance(one.value, int):
        scaling = clusters.cluster_scaling(whom.name, namespace=whom.namespace, instances=one.value)
        return OwnTool("scale_postgres_cluster", str(one.path), scaling)
    role = _role_of(found, steps)
    if role is None:
        return None
    which, rest = role
    if one.how == "remove" and not rest:
        return OwnTool("delete_postgres_role with drop=false", str(one.path), roles.role_deletion(which, drop=False))
    secret = one.value if rest == ("passwordSecret", "name") else at(one.value, "name")
    if one.how == "set" and rest[:1] == ("passwordSecret",) and isinstance(secret, str):
        return OwnTool("update_postgres_role", str(one.path), roles.password_naming(which, secret))
    return None


def _role_of(found: FoundObject, steps: tuple[object, ...]) -> tuple[roles.WhichRole, tuple[object, ...]] | None:
    """The role that a field belongs to, and the field below it."""
    whom, said = found.whom, found.declared.object
    if whom.kind == DATABASE_ROLE.kind and steps[0] == "spec":
        cluster, name = at(said, "spec", "cluster", "name"), at(said, "spec", "name")
        return roles.WhichRole(str(cluster), str(name), whom.namespace), steps[1:]
    if whom.kind == CLUSTER.kind and steps[:3] == ("spec", "managed", "roles") and len(steps) > 3:
        name = dict(getattr(steps[3], "said", ())).get("name", "")
        return roles.WhichRole(whom.name, name, whom.namespace), steps[4:]
    return None
