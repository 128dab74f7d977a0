"""The body of a good answer -> the object or the list that was asked for.

What comes instead of one is told as such: a login page, an object of another kind, a stream of watch events, half a
document. A list that was not understood must never look like an empty one.
"""

from __future__ import annotations

import json
import re

from gitops_mcp.adapters.kube.answers import UNKNOWN, OutcomeUnknown
from gitops_mcp.adapters.kube.asked import ApiRequest
from gitops_mcp.domain.cnpg.notation.golang import parse_json
from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import Unavailable

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_TEXTS = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp")


def load_object(body: bytes, content_type: str, *, asked: ApiRequest) -> Object:
    """The body as a JSON object."""
    kind = one_line(content_type)[:60] or "of no type"
    if not body.strip():
        raise _unusable_answer("the answer is empty", asked=asked)
    try:
        value = parse_json(body)
        if _SURROGATE.search(body):  # half a character, which no UTF-8 can carry on
            value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        broken = "json" in kind and body.lstrip()[:1] in {b"{", b"["}
        what = "JSON that is cut off or damaged" if broken else kind
        raise _unusable_answer(f"the answer is not a Kubernetes object but {what}", asked=asked) from None
    if not isinstance(value, dict):
        raise _unusable_answer(f"the answer is not a Kubernetes object but {kind}", asked=asked)
    return value


def check_object(found: object, *, asked: ApiRequest) -> Object:
    """An object of the kind that was asked for, with the parts that every kind has in their shapes."""
    kinds = {None, "PartialObjectMetadata", asked.resource.kind}
    if type(found) is not dict or not found.keys() & {"metadata", "spec"} or found.get("kind") not in kinds:
        raise _unusable_answer(f"the answer is {_name_what_came(found)} where a {asked.resource.kind} was", asked=asked)
    check_parts(found, asked=asked)
    return found


def check_parts(found: Object, *, asked: ApiRequest) -> None:
    """That what is there of an object's main parts has the shape that it has in every kind but Status."""
    if found.get("kind") == "Status":
        return
    for key in ("metadata", "spec", "status"):
        if type(part := found.get(key)) is not dict and part is not None:
            raise _unusable_answer(f"{key} of the answer is not a mapping", asked=asked)
    metadata = found.get("metadata") or {}
    for key in ("labels", "annotations"):
        if type(part := metadata.get(key)) is not dict and part is not None:
            raise _unusable_answer(f"metadata.{key} of the answer is not a mapping", asked=asked)
    for key in _TEXTS:
        if type(part := metadata.get(key)) is not str and part is not None:
            raise _unusable_answer(f"metadata.{key} of the answer is not text", asked=asked)


def list_of(answer: Object, *, asked: ApiRequest) -> tuple[list[Object], str | None, int | None]:
    """The items of a list, where it goes on, and how many more there are as far as the server says so."""
    kind = f"{asked.resource.kind}List"
    items = answer.get("items", {})
    if items is None and answer.get("kind") == kind:
        items = []  # a nil slice of Go, which is written
    if type(items) is not list or answer.get("kind") not in {None, "List", kind}:
        came = "a list without a list of items" if answer.get("kind") == kind else _name_what_came(answer)
        raise _unusable_answer(f"the answer is {came} where a {kind} was", asked=asked)
    for item in items:
        if type(item) is dict:
            # Lists of built-in kinds leave these out of their items.
            item.setdefault("apiVersion", asked.resource.api_version)
            item.setdefault("kind", asked.resource.kind)
        check_object(item, asked=asked)
    cursor, remaining = at(answer, "metadata", "continue"), at(answer, "metadata", "remainingItemCount")
    if type(cursor) is not str and cursor is not None:
        raise _unusable_answer("metadata.continue of the answer is not text", asked=asked)
    return items, cursor or None, remaining if type(remaining) is int else None


def entries_of(answer: Object, key: str, *, asked: ApiRequest) -> list[Object]:
    """What a document lists that is no list of objects of a kind."""
    found = answer.get(key, {})
    if found is None:
        return []  # a nil slice of Go
    if type(found) is not list or not all(type(one) is dict for one in found):
        raise _unusable_answer(f"the answer is {_name_what_came(answer)} that lists no {key}", asked=asked)
    return found


def _name_what_came(found: object) -> str:
    if type(found) is not dict:
        return "a text or a number" if isinstance(found, str | int | float) else "no object"
    if "type" in found and "object" in found:
        return "a watch event"
    kind = found.get("kind")
    return f"a {one_line(kind)[:60]}" if isinstance(kind, str) and kind else "an object without a kind"


def _unusable_answer(what: str, *, asked: ApiRequest) -> Unavailable:
    told = f"{asked}: {what}: a proxy or login page may stand in between; check the server in kubeconfig"
    return OutcomeUnknown(f"{told}; {UNKNOWN}") if asked.writes else Unavailable(told)
