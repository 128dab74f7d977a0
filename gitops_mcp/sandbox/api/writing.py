"""The verbs that write: create, update, patch, delete and deletecollection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from starlette.responses import Response

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import scale
from gitops_mcp.sandbox.api.call import Call
from gitops_mcp.sandbox.api.reading import json_response
from gitops_mcp.sandbox.store import patches, strategic
from gitops_mcp.sandbox.store.deletion import Propagation
from gitops_mcp.sandbox.store.errors import bad_request, not_allowed, not_served, unsupported_media_type
from gitops_mcp.sandbox.store.resources import Served
from gitops_mcp.sandbox.store.store import Preconditions, Store

_MERGE, _JSON = "application/merge-patch+json", "application/json-patch+json"
_STRATEGIC = "application/strategic-merge-patch+json"

_PATCHES: dict[str, Callable[[Any, Any], Any]] = {
    _JSON: patches.json_patch,
    _MERGE: patches.merge_patch,
    _STRATEGIC: strategic.strategic_merge,
}


_APPLY = "application/apply-patch+yaml"


def answer_write(store: Store, served: Served, call: Call) -> Response:
    if served.fixed:
        raise not_allowed()
    if call.route.subresource and (
        call.route.subresource not in served.subresources or call.route.subresource == "log"
    ):
        raise not_served()
    match call.route.verb:
        case "create" if call.route.name is None:
            return _create(store, served, call)
        case "update":
            return _update(store, served, call)
        case "patch":
            return _patch(store, served, call)
        case "delete" if call.route.subresource is None:
            return _delete(store, served, call)
        case "deletecollection":
            return _delete_all(store, served, call)
        case _:
            raise not_allowed()


def _create(store: Store, served: Served, call: Call) -> Response:
    call.check_media_type()
    value = _with_namespace(served, call.object(), call)
    return json_response(store.create(served.resource, value, call.write()), 201)


def _update(store: Store, served: Served, call: Call) -> Response:
    call.check_media_type()
    value = call.object()
    if call.route.subresource == "scale":
        return _rescale(store, served, call, lambda _: value)
    value = _with_namespace(served, value, call)
    name = value["metadata"].get("name")
    if not name:
        raise bad_request(f"the name of the object ({call.route.name} based on URL) was undeterminable")
    if name != call.route.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.route.name})")
    made = store.replace(served.resource, value, subresource=call.route.subresource, how=call.write())
    return json_response(made)


def _patch(store: Store, served: Served, call: Call) -> Response:
    media_type = call.content_type
    if media_type == _APPLY:
        return _apply(store, served, call)
    known = [kind for kind in _PATCHES if kind != _STRATEGIC or not served.custom]
    if media_type not in known:
        raise unsupported_media_type([*known, _APPLY])
    apply, patch = _PATCHES[media_type], call.json()
    if media_type != _JSON and not isinstance(patch, dict):
        raise bad_request("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}")
    if call.route.subresource == "scale":
        return _rescale(store, served, call, lambda old: apply(old, patch))
    made = store.change(
        served.resource,
        call.route.namespace,
        call.route.name or "",
        lambda old: apply(old, patch),
        subresource=call.route.subresource,
        how=call.write(),
    )
    return json_response(made)


def _apply(store: Store, served: Served, call: Call) -> Response:
    if not call.query.get("fieldManager"):
        why = "Required value: is required for apply patch"
        raise call.bad_option("fieldManager", "FieldValueRequired", why)
    if call.route.subresource == "scale":
        raise not_allowed()
    value = _with_namespace(served, call.yaml(), call)
    metadata = value["metadata"]
    if metadata.get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    if metadata.setdefault("name", call.route.name) != call.route.name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({call.route.name})"
        )
    made, is_new = store.apply(
        served.resource, value, subresource=call.route.subresource, how=call.write(), force=call.flag("force")
    )
    return json_response(made, 201 if is_new else 200)


def _rescale(store: Store, served: Served, call: Call, edit: Callable[[Object], Object]) -> Response:
    form = served.scale
    if form is None:
        raise not_served()
    made = store.change(
        served.resource,
        call.route.namespace,
        call.route.name or "",
        lambda old: scale.set_replicas(form, old, edit(scale.scale_of(form, old))),
        how=call.write(),
    )
    return json_response(scale.scale_of(form, made))


def _delete(store: Store, served: Served, call: Call) -> Response:
    options = _delete_options(call)
    resource, namespace, name = served.resource, call.route.namespace, call.route.name or ""
    conditions = options.get("preconditions") or {}
    left = store.delete(
        resource,
        namespace,
        name,
        propagation=_propagation(options),
        only=Preconditions(conditions.get("uid"), conditions.get("resourceVersion")),
        dry_run=bool(options.get("dryRun")),
        warnings=call.warnings,
    )
    if served.answers_deleted or "deletionTimestamp" in left["metadata"]:
        return json_response(left)
    details = {"name": name, "group": resource.group, "kind": resource.plural, "uid": left["metadata"]["uid"]}
    return json_response(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {key: value for key, value in details.items() if value},
        }
    )


def _delete_all(store: Store, served: Served, call: Call) -> Response:
    options = _delete_options(call)
    resource = served.resource
    items = store.delete_all(
        resource,
        call.route.namespace,
        labels=call.query.get("labelSelector"),
        fields=call.query.get("fieldSelector"),
        propagation=_propagation(options),
        dry_run=bool(options.get("dryRun")),
    )
    meta = {"resourceVersion": str(store.version)}
    return json_response(
        {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": meta, "items": list(items)}
    )


def _delete_options(call: Call) -> Object:
    """From the body or, where it says nothing, the query."""
    options = call.object() if call.body else {}
    query = {key: call.query[key] for key in ("dryRun", "propagationPolicy") if call.query.get(key)}
    return {**query, **{key: value for key, value in options.items() if value is not None}}


def _propagation(options: Object) -> Propagation:
    policy = options.get("propagationPolicy") or ("Orphan" if options.get("orphanDependents") is True else "Background")
    if policy not in {"Background", "Foreground", "Orphan"}:
        raise bad_request(f'invalid propagationPolicy: "{policy}"')
    return cast("Propagation", policy)


def _with_namespace(served: Served, value: Object, call: Call) -> Object:
    """The object with the namespace of the URL, which its own must not contradict."""
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, dict) or not served.resource.namespaced:
        return {**value, "metadata": metadata}
    namespace = call.route.namespace
    if metadata.get("namespace") not in {None, "", namespace}:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    return {**value, "metadata": {**metadata, "namespace": namespace}}
