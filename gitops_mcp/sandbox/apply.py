"""A three-way apply: what Git says wins, what Git stopped saying goes, everything else stays as it is live."""

from __future__ import annotations

import copy
from typing import Any

from gitops_mcp.domain.objects import Object


def apply_declared(live: Object, declared: Object, *, before: Object | None) -> Object:
    """The live object with `declared` applied, where `before` is what was declared the last time.

    Lists are replaced whole: those of CNPG's kinds are atomic, as they are for the API server.
    """
    result: Object = _merge_declared(live, declared, before or {})
    return result


def _merge_declared(live: Any, declared: Any, before: Any) -> Any:
    if not isinstance(live, dict) or not isinstance(declared, dict):
        return copy.deepcopy(declared)
    said = before if isinstance(before, dict) else {}
    merged = {key: _merge_declared(live.get(key), value, said.get(key)) for key, value in declared.items()}
    kept = {key: _drop_undeclared(value, said.get(key)) for key, value in live.items() if key not in declared}
    return {key: value for key, value in kept.items() if value is not _GONE} | merged


_GONE = object()


def _drop_undeclared(live: Any, before: Any) -> Any:
    """What is left of a live value when Git no longer says anything of it: what others have added."""
    if before is None:
        return live
    if not isinstance(live, dict) or not isinstance(before, dict):
        return _GONE
    left = {key: part for key, value in live.items() if (part := _drop_undeclared(value, before.get(key))) is not _GONE}
    return left or _GONE
