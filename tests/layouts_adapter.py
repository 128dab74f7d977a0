"""Where the cases of tests/layouts meet the planners: the one file to change when these change.

Whatever this module does besides calling the package is what the adapters do there: choosing the files to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.cnpg.manifest import cluster_manifest
from gitops_mcp.domain.cnpg.postgres.images import POSTGRES_IMAGES
from gitops_mcp.domain.cnpg.protection import Engine, protecting_annotations
from gitops_mcp.domain.cnpg.role import RoleAttributes
from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.names import ClusterRef, make_object_name
from gitops_mcp.domain.objects import CNPG_GROUP, Identity, Object, Path
from gitops_mcp.domain.plans.clusters.cluster import cluster_places, plan_new_cluster, plan_scaling
from gitops_mcp.domain.plans.clusters.cluster_deletion import plan_cluster_deletion
from gitops_mcp.domain.plans.databases.database import (
    NewDatabase,
    check_new_database,
    database_places,
    plan_new_database,
)
from gitops_mcp.domain.plans.object_names import database_object_name, role_object_name
from gitops_mcp.domain.plans.passwords.role_password import RolePassword
from gitops_mcp.domain.plans.passwords.secret_removal import PasswordRemoval
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles, declared_roles, require_role
from gitops_mcp.domain.plans.roles.role import (
    NewRole,
    check_new_role,
    form_of_new_role,
    is_declared_so,
    plan_new_role,
    plan_unchanged_role,
    role_places,
)
from gitops_mcp.domain.plans.roles.role_migration import plan_nothing_to_migrate, plan_role_migration
from gitops_mcp.domain.plans.roles.role_removal import RoleDeletion, plan_role_deletion, role_at_base
from gitops_mcp.domain.plans.roles.role_update import plan_role_update
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import GitOpsError
from tests.charts import helm

Tree = Mapping[str, bytes]
"""A repository at a commit: every file by its path."""

LAYOUT = "{path}/{namespace}/{cluster}/cluster.yaml"
ROLE_LAYOUT = "{path}/{namespace}/{cluster}/role-{name}.yaml"
DATABASE_LAYOUT = "{path}/{namespace}/{cluster}/database-{name}.yaml"

Tool = Literal[
    "create", "scale", "delete", "set", "create-role", "update-role", "delete-role", "migrate-roles", "create-database"
]


@dataclass(frozen=True)
class Environment:
    name: str
    path: str
    engine: Engine | Literal["none"] = "none"


@dataclass(frozen=True)
class Repository:
    """What the model is told of the repository besides its files."""

    remotes: tuple[str, ...] = ()
    revision: str = "main"


@dataclass(frozen=True)
class Asked:
    tool: Tool
    """`set` is any edit of one field: `arguments` hold `path` in the object as it is rendered, and `value`.

    Those of roles and databases name their Cluster with `name`; a password is the `secret` that holds it.
    """
    arguments: Mapping[str, Any]
    environment: Environment
    repository: Repository = field(default_factory=Repository)


def planned(tree: Tree, asked: Asked, *, proposed: bool = False) -> dict[str, bytes | None]:
    """The files that the request changes, with what they hold then; None: the file goes.

    `proposed`: the files are those of an open change.
    """
    return _plan(tree, asked, proposed=proposed).contents


def told(tree: Tree, asked: Asked) -> str:
    """All that the plan says to a reader."""
    plan = _plan(tree, asked, proposed=False)
    notices = (notice.message for notice in plan.warnings)
    return "\n".join([plan.subject, *plan.body, *plan.impact.reasons, *notices, *plan.next, plan.unchanged or ""])


def refusal(error: GitOpsError) -> str:
    """As the caller reads it."""
    return f"{type(error).__name__}: {error}"


def rendered(tree: Tree, folder: str, paths: tuple[str, ...]) -> list[Object]:
    """What the package makes of a folder, its CNPG objects only.

    `paths`: the files that Flux takes from a folder that has no kustomization.
    """
    files = kustomize.FileTree({path: data.decode() for path, data in tree.items()})
    built = kustomize.build_files(files, folder, paths) if paths else kustomize.build_folder(files, folder)
    return [one.object for one in built.produced if is_cnpg(one.object)]


def is_cnpg(value: Object) -> bool:
    return str(value["apiVersion"]).startswith(CNPG_GROUP + "/")


def _plan(tree: Tree, asked: Asked, *, proposed: bool) -> Plan:
    declared, arguments = _desired(tree, asked.environment, asked.repository), asked.arguments
    name, namespace = arguments["name"], arguments.get("namespace")
    if asked.tool == "create":
        return _create(tree, declared, asked, proposed=proposed)
    kind = arguments.get("kind", "Cluster")
    found = declared.one(kind, name, namespace, environment=asked.environment.name)
    match asked.tool:
        case "scale":
            return plan_scaling(found, declared, namespace=namespace, instances=arguments["instances"])
        case "delete":
            ref = ClusterRef(found.identity.namespace or namespace or "default", name)
            return plan_cluster_deletion(found, declared, ref=ref, live=None)
        case "set":
            return _set(found, declared, tuple(arguments["path"]), arguments["value"])
        case "create-database":
            return _create_database(tree, declared, found, arguments)
        case _:
            return _role(tree, declared, found, asked)


def _create(tree: Tree, declared: Desired, asked: Asked, *, proposed: bool) -> Plan:
    arguments = asked.arguments
    ref = ClusterRef(arguments["namespace"], arguments["name"])
    manifest = cluster_manifest(
        ref.name,
        ref.namespace,
        instances=arguments["instances"],
        image=f"{POSTGRES_IMAGES}:{arguments['postgres_version']}",
        database=arguments.get("database", "app"),
        owner=None,
        storage_size=arguments["storage_size"],
        annotations=protecting_annotations(asked.environment.engine),
    )
    places = cluster_places(declared, ref, LAYOUT)
    return plan_new_cluster(_reading(tree, declared, places), ref, manifest, tried=places, proposed=proposed)


def _set(found: Declaration, declared: Desired, path: Path, value: object) -> Plan:
    """What a tool that changes this field would plan."""
    files = set_field(declared, found, path, value)
    target = Identity("Cluster", found.identity.namespace, found.identity.name)
    return Plan(f"Set {'.'.join(map(str, path))} of {target}", target, files=files)


def _role(tree: Tree, declared: Desired, cluster: Declaration, asked: Asked) -> Plan:
    """As without the API; what is declared says which form a new role gets, or that the kind is `installed`."""
    arguments = asked.arguments
    ref = ClusterRef(cluster.identity.namespace or arguments["namespace"], arguments["name"])
    match asked.tool:
        case "create-role":
            return _create_role(tree, declared, cluster, ref, arguments)
        case "update-role":
            role = require_role(declared, cluster, ref, arguments["role"])
            wanted = _attributes(arguments)
            return plan_role_update(declared, ref, role, wanted, now=datetime.now(UTC))
        case "delete-role":
            role = require_role(declared, cluster, ref, arguments["role"])
            deletion = RoleDeletion(role, ref, arguments["drop"], None, role_at_base(role, declared))
            return plan_role_deletion(declared, deletion, PasswordRemoval())
        case _:
            return _migrate(tree, declared, cluster, ref)


def _create_role(
    tree: Tree, declared: Desired, cluster: Declaration, ref: ClusterRef, arguments: Mapping[str, Any]
) -> Plan:
    new = NewRole(arguments["role"], replace(RoleAttributes(), **_attributes(arguments)), adopt=False)
    live = LiveRoles(None, ()) if arguments.get("installed") else None
    known = check_new_role(declared, cluster, ref, new, live)
    if known is not None:
        assert is_declared_so(known, new, arguments["secret"])
        return plan_unchanged_role(known, ref)
    form, why = form_of_new_role(declared, live)
    name = role_object_name(declared, ref, new.name)
    places = role_places(declared, cluster, ref, name, ROLE_LAYOUT)
    return plan_new_role(
        _reading(tree, declared, places),
        cluster,
        ref,
        new,
        RolePassword(arguments["secret"]),
        form=form,
        why=why,
        object_name=name,
        places=places,
        live=live,
        now=datetime.now(UTC),
    )


def _attributes(arguments: Mapping[str, Any]) -> Object:
    given = arguments.get("attributes", {})
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}


def _migrate(tree: Tree, declared: Desired, cluster: Declaration, ref: ClusterRef) -> Plan:
    inline = [one for one in declared_roles(declared, cluster, ref) if one.form == "inline"]
    if not inline:
        return plan_nothing_to_migrate(declared, ref)
    names = {one.name: make_object_name(ref.name, one.name, taken=()) for one in inline}
    places = [place for name in names.values() for place in role_places(declared, cluster, ref, name, ROLE_LAYOUT)]
    read = _reading(tree, declared, places)

    def places_for(now: Desired, declared: Declaration, name: str) -> tuple[FilePlace, ...]:
        return role_places(now, declared, ref, name, ROLE_LAYOUT)

    return plan_role_migration(read, cluster, ref, inline, names=names, places=places_for)


def _create_database(tree: Tree, declared: Desired, cluster: Declaration, arguments: Mapping[str, Any]) -> Plan:
    ref = ClusterRef(cluster.identity.namespace or arguments["namespace"], arguments["name"])
    new = NewDatabase(arguments["database"], arguments["owner"], "retain", tuple(arguments.get("extensions", ())))
    known = check_new_database(declared, cluster, ref, new, None)
    if known is not None:
        return known
    name = database_object_name(declared, ref, new.name, ())
    places = database_places(declared, cluster, ref, name, DATABASE_LAYOUT)
    read = _reading(tree, declared, places)
    return plan_new_database(read, cluster, ref, new, object_name=name, places=places, live=None)


def _reading(tree: Tree, declared: Desired, places: Iterable[FilePlace]) -> Desired:
    """With the files that stand at places where a new one might go."""
    there = {place.path: tree[place.path].decode() for place in places if place.path in tree}
    return replace(declared, texts={**there, **declared.texts})


def _desired(tree: Tree, environment: Environment, repository: Repository) -> Desired:
    files = {path: data.decode("utf-8") for path, data in tree.items()}
    return build_desired(
        files,
        commit="0" * 40,
        folder=environment.path,
        remotes=repository.remotes,
        revision=repository.revision,
        charts=Charts(helm()),
    )
