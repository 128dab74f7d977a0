"""Where the cases of tests/layouts meet the planners: the one file to change when these change.

Whatever this module does besides calling the package is what the adapters do there: choosing the files to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gitops_mcp.domain import cluster_changes, kustomize, placement
from gitops_mcp.domain.cnpg.images import POSTGRES_IMAGES
from gitops_mcp.domain.cnpg.manifest import cluster_manifest
from gitops_mcp.domain.cnpg.protection import Engine, protecting
from gitops_mcp.domain.model import modelled
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import CNPG_GROUP, Identity, Object, Path
from gitops_mcp.domain.place import set_field
from gitops_mcp.domain.plan import Plan
from gitops_mcp.domain.repository import Declaration, Desired
from gitops_mcp.errors import GitOpsError

Tree = Mapping[str, bytes]
"""A repository at a commit: every file by its path."""

LAYOUT = "{path}/{namespace}/{cluster}/cluster.yaml"


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
    tool: Literal["create", "scale", "delete", "set"]
    """`set` is any edit of one field: `arguments` hold `path` in the object as it is rendered, and `value`."""
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
    files = kustomize.Tree({path: data.decode() for path, data in tree.items()})
    built = kustomize.build_files(files, folder, paths) if paths else kustomize.build(files, folder)
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
            return cluster_changes.scale(found, declared, namespace=namespace, instances=arguments["instances"])
        case "delete":
            ref = ClusterRef(found.identity.namespace or namespace or "default", name)
            return cluster_changes.delete(found, declared, ref=ref, live=None)
        case "set":
            return _set(found, declared, tuple(arguments["path"]), arguments["value"])


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
        annotations=protecting(asked.environment.engine),
    )
    places = placement.candidates(declared, ref, LAYOUT)
    there = {place.path: tree[place.path].decode() for place in places if place.path in tree}
    declared = replace(declared, texts={**there, **declared.texts})
    place = placement.chosen(declared, ref, places)
    return cluster_changes.create(declared, ref, manifest, place=place, proposed=proposed)


def _set(found: Declaration, declared: Desired, path: Path, value: object) -> Plan:
    """What a tool that changes this field would plan."""
    files = set_field(declared, found, path, value)
    target = Identity("Cluster", found.identity.namespace, found.identity.name)
    return Plan("set", f"Set {'.'.join(map(str, path))} of {target}", target, files=files)


def _desired(tree: Tree, environment: Environment, repository: Repository) -> Desired:
    files = {path: data.decode("utf-8") for path, data in tree.items()}
    return modelled(
        files, commit="0" * 40, folder=environment.path, remotes=repository.remotes, revision=repository.revision
    )
