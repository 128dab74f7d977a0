"""Lists and mappings of values from which a template makes the items of a list: which of them makes which item.

`roles: [{name: app, secret: app-login}]` may be rendered as `- name: app` with `passwordSecret: {name: app-login}`.
What an item of values has to say for a new one is learned from those that are there: which key ends where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_mcp.domain.objects import Object, Path, at, leaves
from gitops_mcp.domain.yaml.values import is_same


class _Gone:
    def __repr__(self) -> str:
        return "gone"


GONE = _Gone()
"""The value of a key that is taken away."""


def makes_items(node: Any, rendered: Any) -> bool:
    """Whether each item of a rendered list has an entry of the node that it may come of."""
    return isinstance(rendered, list) and bool(rendered) and len(_pairs(node, rendered)) == len(rendered)


def list_values(node: Any, old: list[Any], new: list[Any]) -> Iterator[Any]:
    """What the node may have to be, so that the template makes `new` of it instead of `old`."""
    if not node and isinstance(node, list):
        yield new
        return
    pairs = _pairs(node, old)
    learned = _learned(pairs)
    seen: list[Any] = []
    for only_known in (True, False):
        found = _rebuilt(node, pairs, learned, new, only_known=only_known)
        if found is not None and not any(is_same(found, one) for one in seen):
            seen.append(found)
            yield found


def paths_inside(node: Any, rendered: Any, rest: Path) -> Iterator[Path]:
    """Where below the node a part may stand that is at `rest` below what is rendered."""
    if not rest:
        yield ()
        return
    step, after = rest[0], rest[1:]
    if isinstance(step, int):
        if not isinstance(rendered, list) or step >= len(rendered):
            return
        for key, one in _pairs(node, rendered).items():
            if one[0] == step:
                yield from ((key, *more) for more in paths_inside(at(node, key), rendered[step], after))
        return
    if isinstance(node, dict):
        current = at(rendered, step)
        keys = [step] if step in node else []
        keys += [key for key, value in node.items() if key != step and current is not None and is_same(value, current)]
        for key in keys or [step]:
            yield from ((key, *more) for more in paths_inside(node.get(key), current, after))
    elif node is None:
        yield rest


def _pairs(node: Any, rendered: list[Any]) -> dict[str | int, tuple[int, Any, Any]]:
    """By key or index of the node: the index of the item that it makes, the item, and what the node has."""
    found: dict[str | int, tuple[int, Any, Any]] = {}
    if isinstance(node, dict):
        by_name = {_name(item): index for index, item in enumerate(rendered)}
        for key, value in node.items():
            if (index := by_name.get(key)) is not None:
                found[key] = (index, rendered[index], value)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            for index, item in enumerate(rendered):
                name = _name(item)
                same = is_same(item, value) or (name is not None and name in _scalars(value))
                if same or (len(node) == len(rendered) and index == position and name is None):
                    found.setdefault(position, (index, item, value))
    return found


def _learned(pairs: Mapping[str | int, tuple[int, Any, Any]]) -> dict[Path, Path]:
    """Which path of an item of values ends at which path of a rendered one."""
    found: dict[Path, Path] = {}
    for _, item, value in pairs.values():
        if isinstance(item, dict) and isinstance(value, dict):
            theirs = list(leaves(value))
            for path, leaf in leaves(item):
                same = [other for other, one in theirs if is_same(one, leaf)]
                exact = [other for other in same if other[-1:] == path[-1:]]
                if exact or len(same) == 1:
                    found.setdefault(path, (exact or same)[0])
    return found


def _rebuilt(
    node: Any,
    pairs: Mapping[str | int, tuple[int, Any, Any]],
    learned: Mapping[Path, Path],
    new: list[Any],
    *,
    only_known: bool,
) -> Any:
    made: list[tuple[Any, Any]] = []
    for item in new:
        known = [(key, one) for key, one in pairs.items() if is_same(one[1], item)]
        named = [(key, one) for key, one in pairs.items() if _name(item) is not None and _name(one[1]) == _name(item)]
        if known:
            made.append((known[0][0], known[0][1][2]))
        elif named:
            made.append((named[0][0], _changed(named[0][1], item, learned)))
        else:
            made.append((_name(item), _made(item, learned, only_known=only_known, without_name=isinstance(node, dict))))
    if isinstance(node, dict):
        unknown = {key: value for key, value in node.items() if key not in pairs}
        return None if any(key is None for key, _ in made) else unknown | dict(made)
    return [value for _, value in made]


def _changed(pair: tuple[int, Any, Any], item: Any, learned: Mapping[Path, Path]) -> Any:
    _, old, value = pair
    if not isinstance(value, dict) or not isinstance(item, dict) or not isinstance(old, dict):
        return item
    result = value
    for path, leaf in leaves(item):
        if not is_same(at(old, *path), leaf):
            result = _with(result, learned.get(path, path), leaf)
    for path, _ in leaves(old):
        if at(item, *path) is None and (there := learned.get(path, path)) and at(result, *there) is not None:
            result = _without(result, there)
    return result


def _made(item: Any, learned: Mapping[Path, Path], *, only_known: bool, without_name: bool) -> Any:
    if not isinstance(item, dict):
        return item
    result: Object = {}
    for path, leaf in leaves(item):
        if path == ("name",) and without_name:
            continue
        if path in learned or not only_known or not learned:
            result = _with(result, learned.get(path, path), leaf)
    return result


def _with(value: Any, path: Path, leaf: Any) -> Any:
    if not path:
        return leaf
    below = value if isinstance(value, dict) else {}
    return {**below, path[0]: _with(below.get(path[0]), path[1:], leaf)}


def _without(value: Any, path: Path) -> Any:
    if len(path) == 1:
        return {key: one for key, one in value.items() if key != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:])}


def _name(item: Any) -> str | None:
    found = at(item, "name")
    return found if isinstance(found, str) else None


def _scalars(value: Any) -> tuple[Any, ...]:
    return tuple(value.values()) if isinstance(value, dict) else (value,)
