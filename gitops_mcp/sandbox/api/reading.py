"""The verbs that read: get, list and a container's log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from starlette.responses import PlainTextResponse, Response

from gitops_mcp.domain.kinds import POD
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.api import scale
from gitops_mcp.sandbox.api.call import Call
from gitops_mcp.sandbox.api.lists import list_objects
from gitops_mcp.sandbox.store.errors import bad_request, not_served
from gitops_mcp.sandbox.store.logs import Line
from gitops_mcp.sandbox.store.resources import Served
from gitops_mcp.sandbox.store.store import Store


def json_response(content: bytes | Object, code: int = 200) -> Response:
    if isinstance(content, dict):
        content = json.dumps(content, separators=(",", ":")).encode()
    return Response(content, code, media_type="application/json")


def answer_read(store: Store, served: Served, call: Call) -> Response:
    if call.route.verb == "list":
        found = list_objects(store, served, call)
        return json_response(_metadata_of_list(json.loads(found)) if call.wants_metadata_only else found)
    snapshot = store.snapshot(served.resource, call.route.namespace, call.route.name or "")
    if call.wants_metadata_only and call.route.subresource is None:
        return json_response(_metadata_of(snapshot.value))
    match call.route.subresource:
        case None | "status":
            return json_response(snapshot.encoded)
        case "scale" if served.scale:
            return json_response(scale.scale_of(served.scale, snapshot.value))
        case "log" if served.resource == POD:
            return PlainTextResponse(_read_log(store, snapshot.value, call))
        case _:
            raise not_served()


def _metadata_of(value: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]}


def _metadata_of_list(found: Object) -> Object:
    items = [_metadata_of(item) for item in found["items"]]
    return {**found, "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "items": items}


def _read_log(store: Store, pod: Object, call: Call) -> str:
    """What the container has printed so far; `follow` does not wait for more."""
    metadata = pod["metadata"]
    container = _choose_container(pod, call.query.get("container"))
    if call.flag("previous"):
        raise bad_request(f'previous terminated container "{container}" in pod "{metadata["name"]}" not found')
    lines = _lines_since(store.printed(pod, container), call)
    tail = call.number("tailLines")
    if tail is not None:
        lines = lines[-tail:] if tail else ()
    stamped = call.flag("timestamps")
    text = "".join(f"{line.stamped if stamped else line.text}\n" for line in lines)
    limit = call.number("limitBytes")
    return text if limit is None else text.encode()[:limit].decode(errors="ignore")


def _choose_container(pod: Object, asked: str | None) -> str:
    name = pod["metadata"]["name"]
    names = [one["name"] for part in ("containers", "initContainers") for one in at(pod, "spec", part) or ()]
    if asked:
        if asked not in names:
            raise bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    preferred = at(pod, "metadata", "annotations", "kubectl.kubernetes.io/default-container")
    if preferred in names:
        return str(preferred)
    if len(at(pod, "spec", "containers") or ()) != 1:
        choice = " ".join(names)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choice}]")
    return str(names[0])


def _lines_since(lines: tuple[Line, ...], call: Call) -> tuple[Line, ...]:
    seconds, time = call.number("sinceSeconds"), call.query.get("sinceTime")
    if seconds is not None:
        start = datetime.now(UTC) - timedelta(seconds=seconds)
    elif time:
        try:
            start = datetime.fromisoformat(time)
        except ValueError as error:
            raise bad_request(f'sinceTime: Invalid value: "{time}"') from error
    else:
        return lines
    return tuple(line for line in lines if line.time >= start)
