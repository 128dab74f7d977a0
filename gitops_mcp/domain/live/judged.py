"""What is judged of a live object before it is changed or deleted: all of it that another writer's hand can make wrong.

Status, resourceVersion and what tools note in annotations of their own come and go while an operator works, and nothing
is decided by them. The spec is judged whole, with the labels, what engines have marked or protect, and which of them
have set something.
"""

from __future__ import annotations

import re
from typing import Any

from gitops_mcp.domain.live.managers import engines_of
from gitops_mcp.domain.objects import FIELD_MANAGER, Object, at
from gitops_mcp.domain.yaml.values import is_same

UID = "the object itself (uid)"
_ENGINES_OWN = re.compile(r"argocd\.argoproj\.io/|kustomize\.toolkit\.fluxcd\.io/|helm\.toolkit\.fluxcd\.io/")


def judged_parts(live: Object) -> dict[str, Any]:
    """By the name of each part."""
    metadata = live["metadata"]
    parts = {UID: metadata.get("uid"), "the engines that have set fields": list(engines_of(live))}
    parts |= {f"label {key}": value for key, value in (metadata.get("labels") or {}).items()}
    annotations = metadata.get("annotations") or {}
    parts |= {f"annotation {key}": value for key, value in annotations.items() if _ENGINES_OWN.match(key)}
    spec = at(live, "spec")
    return parts | {f"spec.{key}": value for key, value in (spec if isinstance(spec, dict) else {}).items()}


def writes_so_far(live: Object) -> list[Any]:
    """What is otherwise once this server has written it, even where somebody has put all of it back since."""
    metadata = live["metadata"]
    own = [entry for entry in metadata.get("managedFields") or () if at(entry, "manager") == FIELD_MANAGER]
    return [metadata.get("generation"), sorted(str(at(entry, "time")) for entry in own)]


def changed_parts(before: Object, after: Object) -> tuple[str, ...]:
    """The names of the parts in which two states differ; of another object of that name only that it is another."""
    was, is_now = judged_parts(before), judged_parts(after)
    if was[UID] != is_now[UID]:
        return ("it is another object of that name",)
    both = dict.fromkeys([*was, *is_now])
    return tuple(key for key in both if (key in was) != (key in is_now) or not is_same(was.get(key), is_now.get(key)))
