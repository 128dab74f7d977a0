"""Functions on maps, lists and any value, with JSON and YAML."""

from __future__ import annotations

import copy
from typing import Any

from gitops_mcp.domain.engines.go_template.encoding import (
    escaped_json,
    from_json,
    json_text,
    must_from_json,
    to_yaml,
    yaml_list,
    yaml_map,
)
from gitops_mcp.domain.engines.go_template.text_functions import texts_of
from gitops_mcp.domain.engines.go_template.values import (
    MISSING,
    Fails,
    NotKnown,
    OpenMap,
    Signature,
    StringMap,
    Unknown,
    go_text,
    int64,
    is_empty,
    is_same,
    kind_of,
    look_up,
    merge_maps,
    type_of,
)

_SHALLOW = False


def _default(otherwise: Any, *given: Any) -> Any:
    return otherwise if not given or is_empty(given[0]) else given[0]


def _coalesce(*values: Any) -> Any:
    return next((one for one in values if not is_empty(one)), None)


def _index(value: Any, *steps: Any) -> Any:
    for step in steps:
        if isinstance(value, Unknown):
            return value
        if isinstance(step, Unknown):
            return step
        if isinstance(value, dict) and isinstance(step, str):
            value = look_up(value, step, "" if isinstance(value, StringMap) else None)
        elif isinstance(value, list) and kind_of(step).startswith("int") and 0 <= step < len(value):
            value = value[step]
        elif isinstance(value, str) and kind_of(step).startswith("int") and 0 <= step < len(value.encode()):
            value = value.encode()[step]
        else:
            raise Fails(f"`index` finds nothing in a value of type {type_of(value)}")
    if value is MISSING:
        raise Fails("`index` is given nothing")
    return value


def _len(value: Any) -> int:
    if isinstance(value, Unknown | OpenMap):
        raise NotKnown(value.reason)
    if not isinstance(value, str | list | dict):
        raise Fails(f"`len` of a value of type {type_of(value)}")
    return len(value.encode(errors="surrogatepass") if isinstance(value, str) else value)


def _has_key(found: dict[str, Any], key: str) -> bool:
    if key not in found and isinstance(found, OpenMap):
        raise NotKnown(found.reason)
    return key in found


def _dig(*values: Any) -> Any:
    if len(values) < 3:
        raise Fails("`dig` takes at least 3 arguments")
    *keys, otherwise, found = values
    for key in keys:
        if isinstance(found, Unknown):
            return found
        if not isinstance(found, dict) or isinstance(found, StringMap) or not isinstance(key, str):
            raise Fails(f"`dig` goes into a value of type {type_of(found)}")
        found = look_up(found, key, MISSING)
        if found is MISSING:
            return otherwise
    return found


def _dict(*values: Any) -> dict[str, Any]:
    keys = texts_of([one if one is not None else "<nil>" for one in values[::2]])
    return dict(zip(keys, (*values[1::2], ""), strict=False))


def _set(found: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    found[key] = value
    return found


def _unset(found: dict[str, Any], key: str) -> dict[str, Any]:
    found.pop(key, None)
    return found


def _merge(*, overwrite: bool) -> Signature:
    def merge(into: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
        for one in more:
            merge_maps(into, copy.deepcopy(one), overwrite=overwrite)
        return into

    return Signature("mm*", merge)


def _slice(found: list[Any], *ends: Any) -> list[Any] | None:
    if not found:
        return None
    start, end = (*map(int64, ends), *(0, len(found))[len(ends) :])[:2]
    if not 0 <= start <= end <= len(found):
        raise Fails("`slice` goes past the end of its list")
    return found[start:end]


def _uniq(found: list[Any]) -> list[Any]:
    made: list[Any] = []
    for one in found:
        if not any(is_same(one, known) for known in made):
            made.append(one)
    return made


def _concat(*lists: Any) -> list[Any]:
    if any(not isinstance(one, list) for one in lists):
        raise Fails("`concat` takes lists")
    return [one for each in lists for one in each]


def _chunk(size: int, found: list[Any]) -> list[Any]:
    if size < 1:
        raise Fails("`chunk` takes a size of 1 or more")
    return [found[at : at + size] for at in range(0, len(found), size)]


def _has(needle: Any, found: Any) -> bool:
    if found is not None and not isinstance(found, list):
        raise Fails(f"`has` looks into a value of type {type_of(found)}")
    return any(is_same(needle, one) for one in found or ())


def _type_of(value: Any) -> str:
    if isinstance(value, list):
        raise NotKnown("the type of a list is not evaluated")
    return type_of(value)


DATA_FUNCTIONS = {
    "all": Signature("a*", lambda *values: not any(map(is_empty, values)), _SHALLOW),
    "any": Signature("a*", lambda *values: not all(map(is_empty, values)), _SHALLOW),
    "append": Signature("la", lambda found, one: [*found, one], _SHALLOW),
    "chunk": Signature("il", _chunk),
    "coalesce": Signature("a*", _coalesce, _SHALLOW),
    "compact": Signature("l", lambda found: [one for one in found if not is_empty(one)]),
    "concat": Signature("a*", _concat),
    "deepCopy": Signature("a", copy.deepcopy),
    "deepEqual": Signature("aa", is_same),
    "default": Signature("aa*", _default, _SHALLOW),
    "dict": Signature("a*", _dict, _SHALLOW),
    "dig": Signature("a*", _dig, _SHALLOW),
    "empty": Signature("a", is_empty, _SHALLOW),
    "first": Signature("l", lambda found: found[0] if found else None, _SHALLOW),
    "fromJson": Signature("s", from_json),
    "fromYaml": Signature("s", yaml_map),
    "fromYamlArray": Signature("s", yaml_list),
    "get": Signature("ms", lambda found, key: look_up(found, key, ""), _SHALLOW),
    "has": Signature("aa", _has),
    "hasKey": Signature("ms", _has_key, _SHALLOW),
    "index": Signature("va*", _index, _SHALLOW),
    "initial": Signature("l", lambda found: found[:-1], _SHALLOW),
    "keys": Signature("m*", lambda *maps: [key for one in maps for key in sorted(one)]),
    "kindIs": Signature("sa", lambda name, value: name == kind_of(value)),
    "kindOf": Signature("a", kind_of),
    "last": Signature("l", lambda found: found[-1] if found else None, _SHALLOW),
    "len": Signature("v", _len, _SHALLOW),
    "list": Signature("a*", lambda *values: list(values), _SHALLOW),
    "merge": _merge(overwrite=False),
    "mergeOverwrite": _merge(overwrite=True),
    "mustFromJson": Signature("s", must_from_json),
    "not": Signature("v", is_empty, _SHALLOW),
    "omit": Signature("ms*", lambda found, *keys: {key: one for key, one in found.items() if key not in keys}),
    "pick": Signature("ms*", lambda found, *keys: {key: found[key] for key in keys if _has_key(found, key)}, _SHALLOW),
    "pluck": Signature("sm*", lambda key, *maps: [one[key] for one in maps if _has_key(one, key)], _SHALLOW),
    "prepend": Signature("la", lambda found, one: [one, *found], _SHALLOW),
    "rest": Signature("l", lambda found: found[1:], _SHALLOW),
    "reverse": Signature("l", lambda found: found[::-1], _SHALLOW),
    "set": Signature("msa", _set, _SHALLOW),
    "slice": Signature("la*", _slice, _SHALLOW),
    "sortAlpha": Signature("a", lambda value: sorted(texts_of(value)) if isinstance(value, list) else [go_text(value)]),
    "ternary": Signature("aab", lambda yes, no, which: yes if which else no, _SHALLOW),
    "toJson": Signature("a", escaped_json),
    "toPrettyJson": Signature("a", lambda value: escaped_json(value, 2)),
    "toRawJson": Signature("a", json_text),
    "toYaml": Signature("a", to_yaml),
    "typeIs": Signature("sa", lambda name, value: name == _type_of(value)),
    "typeOf": Signature("a", _type_of),
    "uniq": Signature("l", _uniq),
    "unset": Signature("ms", _unset, _SHALLOW),
    "values": Signature("m", lambda found: [found[key] for key in sorted(found)]),
    "without": Signature("la*", lambda found, *out: [one for one in found if not any(is_same(one, x) for x in out)]),
}
