"""What makes an answer one caller's own: its cursor goes on for nobody else, and its diff shows what has changed alone.

The lines around a change may be of somebody else, as in a list of files that a folder has for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from gitops_mcp.domain.access.identity import Identity
from gitops_mcp.domain.access.rights import Rights
from gitops_mcp.errors import InvalidRequest


def own_arguments(arguments: Mapping[str, Any], identity: Identity | None) -> Mapping[str, Any]:
    """Raises InvalidRequest for the cursor of another caller."""
    cursor = arguments.get("cursor")
    if identity is None or not isinstance(cursor, str):
        return arguments
    position, _, whose = cursor.rpartition(".")
    if whose != _seal(identity, position):
        raise InvalidRequest("cursor: it is not one that you were given; leave it out to start again")
    return {**arguments, "cursor": position}


def own_answer(answer: Any, identity: Identity | None, rights: Rights | None) -> Any:
    if identity is None:
        return answer
    own: dict[str, Any] = {}
    if cursor := getattr(answer, "cursor", None):
        own["cursor"] = f"{cursor}.{_seal(identity, cursor)}"
    if rights is not None and not rights.are_whole and (diff := getattr(answer, "diff", None)):
        from gitops_mcp.domain.diff import without_context

        own["diff"] = without_context(diff)
    return answer.model_copy(update=own) if own else answer


def _seal(identity: Identity, position: str) -> str:
    return hashlib.sha256("\0".join([*identity.key, position]).encode()).hexdigest()[:16]
