"""The title of a pull request: what its change does as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.review_text.field_rows import field_rows
from gitops_mcp.domain.review_text.outside_text import plain_title

_NAMED = 2


def change_title(subjects: Sequence[str], objects: Sequence[ObjectChange], *, change: str) -> str:
    """The subject of a single commit, else what the commits come to: the last word of several need not be all."""
    if len(subjects) == 1 or not objects:
        return plain_title(subjects[-1] if subjects else f"Change {change}")
    verbs = {"Create" if one.before is None else "Remove" if one.after is None else "Change" for one in objects}
    verb = verbs.pop() if len(verbs) == 1 else "Change"
    named = list(dict.fromkeys(str(one.identity) for one in objects))
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return plain_title(f"{verb} {', '.join(named[:_NAMED])}{more}{_fields(objects) if verb == 'Change' else ''}")


def _fields(objects: Sequence[ObjectChange]) -> str:
    if len(objects) > 1:
        return ""
    rows = list(field_rows(objects[0]))
    told = ", ".join(f"{one.field} {one.before or 'unset'} -> {one.after or 'unset'}" for one in rows[:_NAMED])
    return f": {told}{f' and {len(rows) - _NAMED} more fields' if len(rows) > _NAMED else ''}" if told else ""
