"""Lists in pages: each as of one version, so that the pages together are one list."""

from __future__ import annotations

import base64
import json

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api.call import Call
from gitops_mcp.sandbox.store.collection import Slice
from gitops_mcp.sandbox.store.errors import ApiError, bad_request, expired_error
from gitops_mcp.sandbox.store.resources import Served
from gitops_mcp.sandbox.store.selectors import Wanted, by_fields, by_labels, everything
from gitops_mcp.sandbox.store.store import Store

_LATEST = -1
"""The version in the token that an expired list offers: whatever is newest."""

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


def object_filter(served: Served, call: Call) -> Wanted:
    labels, fields = call.query.get("labelSelector"), call.query.get("fieldSelector")
    by_label, by_field = by_labels(labels), by_fields(fields, served.fields)
    if by_field is everything:
        return by_label
    if by_label is everything:
        return by_field
    return lambda value: by_label(value) and by_field(value)


def list_objects(store: Store, served: Served, call: Call) -> bytes:
    """The list's JSON: the items are joined as they were encoded, once for each version of an object."""
    test = object_filter(served, call)
    token = call.query.get("continue")
    version, after = _parse_token(token) if token else (None, None)
    try:
        at, found = store.page(
            served.resource, call.route.namespace, test, limit=call.number("limit") or 0, version=version, after=after
        )
    except ApiError as error:
        if error.code != 410 or after is None:
            raise
        raise expired_error(_TOO_OLD, go_on=_continue_token(_LATEST, after)) from error
    meta: Object = {"resourceVersion": str(at)}
    if found.remaining:
        meta["continue"] = _continue_token(at, found.last)
        if test is everything:
            meta["remainingItemCount"] = found.remaining
    return _encode_list(served, meta, found)


def _encode_list(served: Served, meta: Object, found: Slice) -> bytes:
    resource = served.resource
    head = f'{{"kind":"{resource.kind}List","apiVersion":"{resource.api_version}","metadata":{json.dumps(meta)},'
    # The items of a built-in list carry no apiVersion and kind: their Go types know them.
    items = (one.encoded if served.custom else b"{" + one.tail for one in found.items)
    return head.encode() + b'"items":[' + b",".join(items) + b"]}"


def _continue_token(version: int, after: str) -> str:
    token = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": after + "\0"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def _parse_token(token: str) -> tuple[int | None, str]:
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        version, start = int(value["rv"]), str(value["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request("continue key is not valid: it is none of this API's tokens") from error
    return (None if version == _LATEST else version), start.removesuffix("\0")
