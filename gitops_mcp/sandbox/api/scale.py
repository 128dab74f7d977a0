"""The scale subresource: a kind's count of replicas under one form."""

from __future__ import annotations

from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.sandbox.store.errors import bad_request
from gitops_mcp.sandbox.store.patches import merge_patch
from gitops_mcp.sandbox.store.resources import Scale


def scale_of(scale: Scale, value: Object) -> Object:
    metadata = value["metadata"]
    status: Object = {"replicas": at(value, *scale.status) or 0}
    if scale.selector and (selector := at(value, *scale.selector)):
        status["selector"] = selector
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": at(value, *scale.spec) or 0},
        "status": status,
    }


def set_replicas(scale: Scale, value: Object, wanted: Object) -> Object:
    """The object with the replicas that a Scale asks for, and the version it was made from."""
    replicas = at(wanted, "spec", "replicas")
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("spec.replicas must be an integer")
    version = at(wanted, "metadata", "resourceVersion")
    condition: Object = {"metadata": {"resourceVersion": version}} if version else {}
    return merge_patch(value, {**_nest_value(scale.spec, replicas), **condition})  # type: ignore[no-any-return] # a mapping merged into a mapping is one


def _nest_value(path: Path, value: int) -> Object:
    nested: Object | int = value
    for step in reversed(path):
        nested = {str(step): nested}
    assert isinstance(nested, dict), "a path has steps"  # noqa: S101 - narrows the type
    return nested
