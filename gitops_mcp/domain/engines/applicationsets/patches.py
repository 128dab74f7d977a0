"""Templates put together: a generator's own with that of the set, and `templatePatch` onto an Application."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.engines.go_template.values import Fails
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable

_TEXTS = frozenset(
    {"chart", "name", "namePrefix", "nameSuffix", "namespace", "path", "repoURL", "server", "targetRevision"}
)
"""Fields of an Application that hold a text wherever they stand below a source or the destination."""


def merged_template(own: Object, general: Object) -> Object:
    """A generator's own template; the set's fills in what it leaves empty."""
    return {
        **general,
        **{
            key: merged_template(value, general[key])
            if isinstance(value, dict) and isinstance(general.get(key), dict)
            else value
            for key, value in own.items()
            if value or key not in general
        },
    }


def patched_application(application: Object, patch: str) -> Object:
    """An Application after `templatePatch`, as filled in: maps are merged, lists replaced, null takes away."""
    try:
        documents = parse_documents(patch)
    except Unparsable as error:
        raise Fails(f"its templatePatch is not YAML once it is filled in: {error}") from error
    value = documents[0].value if documents else None
    if not isinstance(value, dict | None):
        raise Fails("its templatePatch is not a map once it is filled in")
    made = _patched(application, value or {})
    spec = mapping_at(made.get("spec"))
    made["spec"] = {**spec, "project": at(application, "spec", "project")}
    _check_texts(mapping_at(spec.get("destination")))
    for source in (spec.get("source"), *(spec.get("sources") or ())):
        _check_texts(mapping_at(source))
        _check_texts(mapping_at(at(source, "kustomize")))
    return made


def _patched(value: Object, patch: Object) -> Object:
    directive = patch.get("$patch")
    if directive == "delete":
        return {}
    made = {} if directive == "replace" else dict(value)
    for key, one in patch.items():
        if key.startswith("$"):
            if key != "$patch":
                raise Fails(f"its templatePatch has the directive {key}, which is not followed here")
        elif one is None:
            made.pop(key, None)
        elif isinstance(one, dict):
            inner = made.get(key)
            made[key] = _patched(inner if isinstance(inner, dict) else {}, one)
        else:
            made[key] = one
    return made


def _check_texts(found: dict[str, Any]) -> None:
    for key in _TEXTS & found.keys():
        if not isinstance(found[key], str | None):
            raise Fails(f"its templatePatch makes {key} something that is not text: {found[key]!r}")
