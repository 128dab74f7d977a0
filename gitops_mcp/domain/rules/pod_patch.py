"""A JSON patch of the pods in an annotation, which the webhook tries on a pod of the operator's making.

That pod is known here by its outline: what it always has, what it has because the Cluster says so, and that it has
nothing else. Of the rest a patch is not judged, nor the types of what it puts there. Its source is `pkg/specs/pods.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.cnpg.notation.golang import parse_integer, parse_json
from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.rules.reading import annotations_of
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen
from gitops_mcp.domain.yaml.values import is_same

POD_PATCH = "cnpg.io/podPatch"

_SOME: Any = object()
"""What may be there, and what in it, is not known."""
_NEEDED = {"add": "value", "replace": "value", "test": "value", "remove": "path", "move": "from", "copy": "from"}
_CONTAINER = (
    *("resources", "volumeMounts", "securityContext", "command"),
    *("env", "ports", "startupProbe", "readinessProbe", "livenessProbe"),
)
_POD = (
    *("hostname", "subdomain", "volumes", "securityContext", "affinity", "serviceAccountName"),
    *("automountServiceAccountToken", "terminationGracePeriodSeconds"),
)
_STATED = ("schedulerName", "topologySpreadConstraints", "priorityClassName")
_METADATA = ("namespace", "creationTimestamp")
_APP = ("name", "instance", "version", "component", "managed-by")
_LABELS = (
    *("cnpg.io/cluster", "cnpg.io/instanceName", "cnpg.io/podRole"),
    *(f"app.kubernetes.io/{part}" for part in _APP),
)
_ANNOTATIONS = ("cnpg.io/nodeSerial", "cnpg.io/podEnvHash")
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"


def patch_misfit(seen: Seen) -> str | None:
    """Why the webhook refuses the patch; None where there is none, or nothing is known against it."""
    stated = annotations_of(seen.object).get(POD_PATCH)
    if not isinstance(stated, str):
        return None
    try:
        patch = parse_json(stated)
    except ValueError:
        return "is not JSON"
    if patch is None:
        return None
    if not isinstance(patch, list) or not all(isinstance(one, dict) for one in patch):
        return "is not a JSON patch, a list of operations"
    pod = _pod_outline(seen)
    return next((text for one in patch if (text := _malformed(one) or _try_operation(pod, one))), None)


def _pod_outline(seen: Seen) -> Object:
    spec, affinity = mapping_at(seen.object, "spec"), mapping_at(seen.object, "spec", "affinity")
    shared = dict.fromkeys((*_CONTAINER[:4], *(["imagePullPolicy"] if spec.get("imagePullPolicy") else [])), _SOME)
    postgres = {**shared, **dict.fromkeys(_CONTAINER, _SOME), "name": "postgres"}
    postgres |= {"image": _SOME} if at(seen.live, "status", "image") else {}
    postgres |= {"envFrom": _SOME} if spec.get("envFrom") else {}
    armors = [name for name in annotations_of(seen.object) if name.startswith(_APP_ARMOR)]
    optional = [name for name in _STATED if spec.get(name)]
    optional += [name for name in ("tolerations", "nodeSelector") if affinity.get(name)]
    return {
        "metadata": {
            **dict.fromkeys(_METADATA, _SOME),
            "name": f"{at(seen.object, 'metadata', 'name')}-1",
            "labels": dict.fromkeys(_LABELS, _SOME),
            "annotations": dict.fromkeys((*_ANNOTATIONS, *armors), _SOME),
        },
        "spec": {
            **dict.fromkeys((*_POD, *optional), _SOME),
            "initContainers": [{**shared, "name": "bootstrap-controller", "image": _SOME}],
            "containers": [postgres],
        },
        "status": _SOME,
    }


def _malformed(one: Object) -> str | None:
    op = one.get("op")
    if not isinstance(op, str) or op not in _NEEDED:
        return f"has no operation {quote(str(op))}: {', '.join(_NEEDED)}"
    missing = [key for key in ("path", _NEEDED[op]) if key not in one]
    missing += [key for key in ("path", "from") if key in one and not isinstance(one[key], str)]
    return f"needs {missing[0]}, a text, in each {op}" if missing else None


def _try_operation(pod: Object, one: Object) -> str | None:
    op, path = one["op"], one["path"]
    try:
        if op == "test" and one["value"] is None:
            return None  # which is said of what is not there too
        if op == "test":
            found = _value_at(pod, path)
            is_known = isinstance(found, str | int | None)
            return f"tests {quote(path)} for another value" if is_known and not is_same(found, one["value"]) else None
        value = _value_at(pod, one["from"]) if _NEEDED[op] == "from" else one.get("value")
        if op in {"remove", "move"}:
            _take(pod, path if op == "remove" else one["from"])
        if op != "remove":
            _put(pod, path, value, is_new=op != "replace")
    except LookupError as error:
        return f"does not apply, as a new pod has no {quote(str(error.args[0]))}"
    return None


def _value_at(pod: Any, path: str) -> Any:
    for step in path.split("/")[1:]:
        pod = _unknown(step, path) if pod is _SOME or not step else pod[_key_in(pod, step, path)]
    return pod


def _unknown(step: str, path: str) -> Any:
    """What stands there; only what is new can stand at the end of a list."""
    if step == "-":
        raise LookupError(path)
    return _SOME


def _key_in(place: Any, step: str, path: str, *, end: int = 0) -> Any:
    key: Any = step.replace("~1", "/").replace("~0", "~")
    if isinstance(place, list):
        key = len(place) if end and step == "-" else parse_integer(step)
        if key is not None and -len(place) <= key < len(place) + end:
            return key
    elif isinstance(place, dict) and (end or key in place):
        return key
    raise LookupError(path)


def _take(pod: Object, path: str) -> None:
    place, step = _holder(pod, path)
    if place is _SOME:
        _unknown(step, path)
    else:
        del place[_key_in(place, step, path)]


def _put(pod: Object, path: str, value: Any, *, is_new: bool) -> None:
    place, step = _holder(pod, path)
    if place is _SOME:
        if not is_new:
            _unknown(step, path)
        return
    key = _key_in(place, step, path, end=is_new)
    if is_new and isinstance(place, list):
        place.insert(key, value)
    else:
        place[key] = value


def _holder(pod: Object, path: str) -> tuple[Any, str]:
    """What holds the place, and the last step to it; a path that ends with no step is read in a way of its own."""
    above, _, step = path.rpartition("/")
    return (_value_at(pod, above) if step else _SOME), step


def _pod_patch(seen: Seen) -> Iterator[Fault]:
    if text := patch_misfit(seen):
        yield Fault(("metadata", "annotations", POD_PATCH), f"{text}: leave it out")


RULES = (
    Rule("pod-patch", ("Cluster",), "webhook validatePodPatchAnnotation", _pod_patch, holds=Releases(((1, 26, 0),))),
)
