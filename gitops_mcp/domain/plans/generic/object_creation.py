"""A new object of any kind, with the spec that a caller gives, written where the repository keeps its like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gitops_mcp.domain.editing.placing.new_document import put_document
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Resource, dotted_path
from gitops_mcp.domain.plans.adoption import new_object_of
from gitops_mcp.domain.plans.generic.refusals import check_no_secret
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.domain.schema.structure import Found, examine, fill_defaults
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest

_TOLD = 8


def new_manifest(resource: Resource, whom: Identity, spec: Object, *, annotations: Mapping[str, str]) -> Object:
    metadata: Object = {"name": whom.name, **({"namespace": whom.namespace} if whom.namespace else {})}
    metadata |= {"annotations": dict(annotations)} if annotations else {}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}


def check_new_spec(spec: Object, root: SchemaNode) -> None:
    """Raises InvalidRequest for what the schema does not allow, Refused for what is not to be in Git."""
    check_no_secret(spec, ("spec",), argument="spec")
    node, found = root.below("spec"), Found()
    if node is not None:
        examine(node, fill_defaults(node, spec), ("spec",), found)
    if found.faults:
        more = f"; and {len(found.faults) - _TOLD} more" if len(found.faults) > _TOLD else ""
        told = "; ".join(f"{dotted_path(one.path)}: {one.message}" for one in found.faults[:_TOLD])
        raise InvalidRequest(f"{told}{more}")


def plan_object_creation(
    desired: Desired,
    cluster: Declaration | None,
    whom: Identity,
    manifest: Object,
    places: Iterable[FilePlace],
    *,
    proposed: bool,
) -> Plan:
    """`cluster`: what it belongs to. `proposed`: the files are those of an open change, where asking again is no fault.

    Raises InvalidRequest where Git declares such an object already.
    """
    plan = Plan(f"Create {whom}", whom, validated_by=("built-in rules",))
    for known in desired.named(whom.kind, whom.name):
        if known.identity.namespace in {whom.namespace, None}:
            known.check_stays()
            if proposed and is_same(known.object, manifest):
                return replace(plan, unchanged=f"the change declares exactly this {whom} already, at {known.place}")
            raise InvalidRequest(
                f"name: {whom} exists already, declared at {known.place}{known.written}. Choose another name, or "
                f"change that one with update_postgres_object"
            )
    put = put_document(desired, cluster, new_object_of(whom, manifest, cluster), manifest, places)
    text = desired.origin.then("applied", "the operator applies it")
    return replace(plan, files=put.changes, impact=assess_impact(None, manifest), warnings=put.notices, next=(text,))


def same_in_postgres(whom: Identity, known: Declaration) -> InvalidRequest:
    return InvalidRequest(
        f"spec.name: {known.place} declares the same of PostgreSQL already, as {known.identity}, and the operator "
        f"takes one of the two only: change that one, or choose another name than that of {whom}"
    )


def live_namesake(whom: Identity) -> Notice:
    return Notice(
        "live-exists",
        f"a live {whom} exists already, which Git does not declare: applying this takes it over and resets the fields "
        f"named here",
    )
