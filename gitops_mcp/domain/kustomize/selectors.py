"""Which objects a patch, a replacement or a label is meant for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gitops_mcp.domain.kustomize.draft import Draft, Id
from gitops_mcp.domain.kustomize.regex import Unsupported, fullmatch
from gitops_mcp.domain.objects import Object, at

_FIELDS = ("group", "version", "kind", "name", "namespace")
FIELDS = frozenset({*_FIELDS, "labelSelector", "annotationSelector"})
_KEY = r"([\w./-]+)"
_EQUAL = re.compile(rf"\s*{_KEY}\s*(==|=|!=)\s*([\w.-]*)\s*", re.ASCII)
_AMONG = re.compile(rf"\s*{_KEY}\s+(in|notin)\s*\(([\w.,\s-]*)\)\s*", re.ASCII)
_THERE = re.compile(rf"\s*+(?:(!)\s*+)?{_KEY}\s*", re.ASCII)
_SPLITS = re.compile(r"[(),]")


def selects(selector: Object, draft: Draft) -> bool:
    """Whether a patch's `target` means this object: by patterns, its first or its present name.

    Raises Unsupported.
    """
    now, first = draft.id, draft.first_id
    return (
        all(_fits_pattern(selector, field, getattr(now, field)) for field in ("group", "version", "kind"))
        and any(_fits_pattern(selector, "name", one.name) for one in (first, now))
        and any(_fits_pattern(selector, "namespace", one.namespace or "default") for one in (first, now))
        and matches_metadata(selector, draft)
    )


def matches_id(selector: Object, one: Id) -> bool:
    """Whether a replacement's target means an object that is or was called this."""
    return all(_fits_pattern(selector, field, getattr(one, field)) for field in _FIELDS)


def matches_metadata(selector: Object, draft: Draft) -> bool:
    """Whether the selectors on labels and annotations let the object through."""
    return all(
        _meets_selector(str(selector.get(field) or ""), at(draft.value, "metadata", place))
        for field, place in (("labelSelector", "labels"), ("annotationSelector", "annotations"))
    )


def matches_id_exactly(selector: Object, one: Id) -> bool:
    """Whether a replacement's source means an object that is or was called this."""
    wanted = {field: str(selector.get(field) or "") for field in _FIELDS}
    one = one._replace(namespace=one.namespace or "default")
    return all(not wanted[field] or wanted[field] == getattr(one, field) for field in _FIELDS)


def _fits_pattern(selector: Object, field: str, text: str) -> bool:
    pattern = selector.get(field)
    return not pattern or fullmatch(str(pattern), text)


def _meets_selector(selector: str, pairs: Any) -> bool:
    found: Mapping[str, Any] = pairs if isinstance(pairs, dict) else {}
    requirements = _requirements(selector) if selector.strip() else []
    # All of them are read first: one that is not understood must not hide behind one that is not met.
    met = {_meets_requirement(part, found) for part in requirements}
    return met <= {True}


def _requirements(selector: str) -> list[str]:
    """What stands between the commas; one before which no bracket opens and behind which one closes splits nothing."""
    commas, bracket = [len(selector)], ""
    for found in reversed(list(_SPLITS.finditer(selector))):
        if found[0] != ",":
            bracket = found[0]
        elif bracket != ")":
            commas.append(found.start())
    starts = [0, *(one + 1 for one in commas[:0:-1])]
    return [selector[start:end] for start, end in zip(starts, reversed(commas), strict=True)]


def _meets_requirement(text: str, pairs: Mapping[str, Any]) -> bool:
    if match := _AMONG.fullmatch(text):
        key, verb, values = match.groups()
        among = str(pairs.get(key)) in {value.strip() for value in values.split(",")} and key in pairs
        return among == (verb == "in")
    if match := _EQUAL.fullmatch(text):
        key, sign, value = match.groups()
        return (key in pairs and str(pairs[key]) == value) == (sign != "!=")
    if match := _THERE.fullmatch(text):
        return (match[2] in pairs) != bool(match[1])
    raise Unsupported(f"the selector {text.strip()!r}")
