"""From what a client sent to what is stored: shaped, pruned, defaulted, validated, and judged by the operator.

No external calls are done here, and nothing that is stored is changed: values in, values out.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.kinds import SECRET
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.store import metadata
from gitops_mcp.sandbox.store.checks import schema
from gitops_mcp.sandbox.store.checks.validation import drop_status, valid_object
from gitops_mcp.sandbox.store.errors import ApiError, Cause, bad_request, conflict, invalid
from gitops_mcp.sandbox.store.patches import equal
from gitops_mcp.sandbox.store.resources import NAMESPACE, Served

Validation = Literal["Strict", "Warn", "Ignore"]


@dataclass(frozen=True)
class WriteOptions:
    """How a write is to be done, as a request's query says it."""

    dry_run: bool = False
    validation: Validation = "Warn"
    warnings: list[str] = field(default_factory=list)
    """Filled with what the client is told in `Warning` headers."""
    patched: bool = False
    """Whether the object came of a patch: of what is unknown in it a server tells otherwise."""
    applied: bool = False
    """Whether it came of a server-side apply, which keeps a null where all other writes drop it."""
    checked: bool = True
    """False: it is stored whatever is wrong with it, as by a server whose rules were others."""
    manager: str | None = None
    """Who owns what is written (fieldManager); None: nobody, which only the sandbox itself can be."""


def copy_json(value: Object) -> Object:
    """A copy that shares nothing with the caller's value and holds only what JSON can say."""
    made: Object = json.loads(json.dumps(value))
    return made


def created_object(served: Served, sent: Object, how: WriteOptions, operator: Release | None) -> Object:
    """The object that a creation stores, but for its resourceVersion."""
    value = _decode_object(served, sent, how)
    resource, given = served.resource, value["metadata"]
    if given.get("resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    given["name"] = metadata.choose_name(resource, given)
    if not resource.namespaced:
        given.pop("namespace", None)
    if served.status:
        drop_status(served, value, operator if how.checked else None)
    for part, filled in copy_json(served.born).items():
        own = value.get(part)
        value[part] = {**filled, **own} if isinstance(own, dict) else filled if own is None else own
    if resource == NAMESPACE:
        given["labels"] = {**(given.get("labels") or {}), "kubernetes.io/metadata.name": given["name"]}
    value = valid_object(
        served, None, value, applied=how.applied, checked=how.checked, operator=operator, warnings=how.warnings
    )
    return {**value, "metadata": metadata.new_metadata(value["metadata"], generation=served.generation)}


def updated_object(
    served: Served, old: Object, sent: Object, subresource: str | None, how: WriteOptions, operator: Release | None
) -> Object:
    """The object that an update stores, but for its resourceVersion; equal to the old one where nothing changes."""
    value = _decode_object(served, sent, how)
    resource, was, given = served.resource, old["metadata"], value["metadata"]
    _same_object(resource, was, given)
    if subresource == "status":
        wanted = {"status": value["status"]} if "status" in value else {}
        value = copy_json({**{key: part for key, part in old.items() if key != "status"}, **wanted})
    elif served.status:
        drop_status(served, value, operator if how.checked and value.get("status") != old.get("status") else None)
        if "status" in old:
            value["status"] = old["status"]
    if subresource != "status":
        value["metadata"] = metadata.keep_server_fields(was, given)
        _no_new_finalizers(resource, was, value["metadata"])
    value = valid_object(
        served,
        old,
        value,
        applied=how.applied,
        checked=how.checked,
        operator=None if subresource == "status" else operator,
        warnings=how.warnings,
    )
    if resource == SECRET:
        _same_where_immutable(old, value)
    if served.generation and not equal(_desired_part(served, value), _desired_part(served, old)):
        value["metadata"]["generation"] = was.get("generation", 0) + 1
    return value


def appliable_part(served: Served, sent: Object, subresource: str | None) -> Object:
    """Of what is applied, that which this apply can set: status or all the rest, and of a Secret data."""
    value = copy_json(sent)
    if subresource == "status":
        return {key: part for key, part in value.items() if key in {"apiVersion", "kind", "metadata", "status"}}
    if served.custom:
        _check_declared(served, value)
    if served.status:
        value.pop("status", None)
    if served.resource == SECRET:
        _encode_secret(value)
    return value


def _check_declared(served: Served, value: Object) -> None:
    """An apply is read by the schema before anything else, so that nothing unknown is dropped, whatever is asked."""
    given, resource = copy_json(value), served.resource
    unknown = [*metadata.drop_unknown(given["metadata"]), *schema.prune_unknown(served.ready.root, given)]
    if unknown:
        place = f"{given['metadata'].get('namespace') or ''}/{given['metadata']['name']}"
        first, *others = (f".{path}: field not declared in schema" for path in unknown)
        why = first if not others else "\n  ".join(["errors:", first, *others])
        what = f"{place}; {resource.api_version}, Kind={resource.kind}"
        raise ApiError(500, "", f"failed to create typed patch object ({what}): {why}")


def _decode_object(served: Served, sent: Any, how: WriteOptions) -> Object:
    """A copy of what was sent, of the right kind, without the fields nobody knows."""
    resource = served.resource
    if not isinstance(sent, dict):
        raise bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}')
    if served.custom and not (sent.get("kind") and sent.get("apiVersion")):
        missing = "apiVersion" if sent.get("kind") else "Kind"
        raise bad_request(
            f"the object provided is unrecognized (must be of type {resource.kind}): Object '{missing}' is missing"
        )
    if sent.get("apiVersion", resource.api_version) != resource.api_version:
        raise bad_request(
            f"the API version in the data ({sent['apiVersion']}) does not match the expected API version "
            f"({resource.api_version})"
        )
    if sent.get("kind", resource.kind) != resource.kind:
        if served.custom:
            fault = Cause("kind", "FieldValueInvalid", f'Invalid value: "{sent["kind"]}": must be {resource.kind}')
            raise invalid(replace(resource, kind=sent["kind"]), str(at(sent, "metadata", "name") or ""), [fault])
        raise bad_request(
            f'{sent["kind"]} in version "{resource.version}" cannot be handled as a {resource.kind}: '
            f"no kind {json.dumps(sent['kind'])} is registered for {resource.plural}"
        )
    value = copy_json(sent)
    value["metadata"] = {} if value.get("metadata") is None else value["metadata"]
    metadata.decode(resource, value["metadata"], custom=served.custom)
    unknown = metadata.drop_unknown(value["metadata"])
    if served.schema is not None:
        unknown += schema.prune_unknown(served.ready.root, value)
    _report_unknown(resource, unknown, value, how)
    if resource == SECRET:
        _encode_secret(value)
    rest = {key: part for key, part in value.items() if key not in {"apiVersion", "kind", "metadata"}}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": value["metadata"], **rest}


def _report_unknown(resource: Resource, unknown: Iterable[str], value: Object, how: WriteOptions) -> None:
    messages = [f'unknown field "{path}"' for path in sorted(unknown)]
    why = f"strict decoding error: {', '.join(messages)}"
    if messages and how.validation == "Strict" and how.patched:
        fault = Cause("patch", "FieldValueInvalid", f"Invalid value: {json.dumps(json.dumps(value))}: {why}")
        raise invalid(Resource("", "", "", ""), "", [fault])
    if messages and how.validation == "Strict":
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}'
        )
    if how.validation == "Warn":
        how.warnings.extend(messages)


def _same_object(resource: Resource, was: Object, given: Object) -> None:
    name = was["name"]
    if given.get("name", name) != name:
        raise bad_request(f"the name of the object ({given['name']}) does not match the name on the URL ({name})")
    if given.get("namespace", was.get("namespace")) != was.get("namespace"):
        raise bad_request(
            f"the namespace of the object ({given['namespace']}) does not match the namespace on the URL "
            f"({was.get('namespace', '')})"
        )
    if given.get("resourceVersion") and given["resourceVersion"] != was["resourceVersion"]:
        raise conflict(resource, name)
    for key in ("uid", "deletionTimestamp"):
        if given.get(key) and given[key] != was.get(key):
            why = f'Invalid value: "{given[key]}": field is immutable'
            raise invalid(resource, name, [Cause(f"metadata.{key}", "FieldValueInvalid", why)])


def _same_where_immutable(old: Object, new: Object) -> None:
    """An immutable Secret keeps its data and stays immutable; its metadata may change."""
    if not old.get("immutable"):
        return
    why = "Forbidden: field is immutable when `immutable` is set"
    faults = [Cause("data", "FieldValueForbidden", why)] if not equal(old.get("data"), new.get("data")) else []
    if not new.get("immutable"):
        faults.insert(0, Cause("immutable", "FieldValueForbidden", why))
    if faults:
        raise invalid(SECRET, old["metadata"]["name"], faults)


def _no_new_finalizers(resource: Resource, was: Object, given: Object) -> None:
    added = [name for name in given.get("finalizers") or () if name not in (was.get("finalizers") or ())]
    if added and "deletionTimestamp" in was:
        why = "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
        fault = Cause("metadata.finalizers", "FieldValueForbidden", f"{why}{json.dumps(added)}")
        raise invalid(resource, was["name"], [fault])


def _desired_part(served: Served, value: Object) -> Object:
    """What metadata.generation counts: everything but metadata, and status where that is a subresource."""
    apart = {"metadata", "status"} if served.status else {"metadata"}
    return {key: part for key, part in value.items() if key not in apart}


def _encode_secret(secret: Object) -> None:
    """A Secret's stringData is for writing only: it ends up in data."""
    data = secret.get("data") or {}
    for key, text in data.items():
        try:
            base64.b64decode(text or "", validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            # The value is not repeated: it is a secret.
            raise bad_request(
                f'Secret in version "v1" cannot be handled as a Secret: illegal base64 data in data.{key}'
            ) from error
    texts = secret.pop("stringData", None) or {}
    data = {**data, **{key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}}
    if data:
        secret["data"] = data
