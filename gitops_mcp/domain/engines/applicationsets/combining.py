"""The matrix and the merge generator: what they make of the parameters of others."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable

from gitops_mcp.domain.engines.applicationsets.rows import Row
from gitops_mcp.domain.engines.applicationsets.texts import Parameters
from gitops_mcp.domain.engines.go_template.values import Fails, OpenMap, Unknown, go_text, merge_maps, why_unknown


def combined_rows(one: Row, other: Row, *, is_go: bool) -> Row:
    """What two generators of a matrix give together; the first has the last word."""
    pair = (one.parameters, other.parameters)
    reason = next((each.reason for each in pair if isinstance(each, OpenMap)), None)
    made = _overridden(other.parameters, one.parameters) if is_go else _joined(*pair)
    return Row(made if reason is None else OpenMap(made, reason), tuple(dict.fromkeys((*one.doubts, *other.doubts))))


def merged_rows(given: list[list[Row]], keys: tuple[str, ...], *, is_go: bool) -> list[Row]:
    """Those of the first generator, each with what the others say of the same keys."""
    if not keys:
        raise Fails("a merge generator has no mergeKeys")
    made = _by_keys(given[0], keys)
    for rows in given[1:]:
        more, why = _by_keys(rows, keys), _why_no_keys(rows, keys)
        for key, row in made.items():
            if why is not None or (isinstance(row.parameters, OpenMap) and rows):
                known = {name: row.parameters[name] for name in keys if name in row.parameters}
                reason = why or why_unknown(row.parameters) or ""
                made[key] = Row(OpenMap(known, reason), tuple(dict.fromkeys((*row.doubts, reason))))
            elif key in more:
                over = more[key].parameters
                merged = _overridden(row.parameters, over) if is_go else {**row.parameters, **over}
                made[key] = Row(merged, row.doubts)
    return list(made.values())


def _overridden(base: Parameters, more: Parameters) -> Parameters:
    made = copy.deepcopy(dict(base))
    merge_maps(made, copy.deepcopy(dict(more)), overwrite=True)
    return made


def _joined(one: Parameters, other: Parameters) -> Parameters:
    texts = [
        {key: each if isinstance(each, Unknown) else go_text(each) for key, each in two.items()} for two in (one, other)
    ]
    for key in texts[0].keys() & texts[1].keys():
        pair = [texts[0][key], texts[1][key]]
        if pair[0] != pair[1] and why_unknown(pair) is None:
            raise Fails(f"both generators of a matrix give {key}, and not the same")
    return texts[0] | texts[1]


def _by_keys(rows: Iterable[Row], keys: tuple[str, ...]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        key = json.dumps([row.parameters.get(name) for name in sorted(set(keys))], default=str)
        if key in found and not isinstance(row.parameters, OpenMap):
            raise Fails(f"two sets of parameters of a merge generator have the same {' and '.join(keys)}")
        found[key] = row
    return found


def _why_no_keys(rows: Iterable[Row], keys: tuple[str, ...]) -> str | None:
    """Why it cannot be told into which other parameters these are merged."""
    for row in rows:
        found: object = row.parameters
        if not isinstance(found, OpenMap):
            found = [row.parameters.get(name) for name in keys]
        if (why := why_unknown(found)) is not None:
            return why
    return None
