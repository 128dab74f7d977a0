"""An engine object as somebody may read of it whose rights end inside of what it applies.

One Application or Kustomization may apply the objects of many teams, and what it says of a failure may be about any.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from gitops_mcp.domain.live.engine_states.argocd_operation import NO_HEALTH
from gitops_mcp.domain.objects import Object

_TELLING = re.compile(
    rf"waiting for (?:pruning|deletion) confirmation|[Rr]etrying|\[[0-9a-f]{{40,64}}\]|{re.escape(NO_HEALTH)}"
    r"|is not permitted in project [\w.-]+"
)
"""What a state is told by."""
_LEFT_OUT = "(the rest may be about what you may not see)"


def without_others_words(value: Object, namespaces: Collection[str]) -> Object:
    """The same without messages, and with the rows of objects in these namespaces alone."""
    return {**value, "status": _cut(value.get("status"), namespaces)} if "status" in value else value


def _cut(node: Any, namespaces: Collection[str]) -> Any:
    if isinstance(node, list):
        return [_cut(one, namespaces) for one in node if not _is_of_others(one, namespaces)]
    if not isinstance(node, dict):
        return node
    cut = {key: _cut(part, namespaces) for key, part in node.items()}
    if isinstance(words := cut.get("message"), str) and words:
        cut["message"] = " ".join([*dict.fromkeys(_TELLING.findall(words)), _LEFT_OUT])
    return cut


def _is_of_others(row: Any, namespaces: Collection[str]) -> bool:
    return isinstance(row, dict) and "kind" in row and "name" in row and row.get("namespace") not in namespaces
