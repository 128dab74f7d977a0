"""Arguments of a function, as its parameters take them."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.engines.go_template.values import MISSING, Fails, OpenMap, Signature, Unknown, type_of

_TYPES = {
    "s": (str, "string"),
    "i": (int, "int"),
    "f": (float, "float64"),
    "b": (bool, "bool"),
    "m": (dict, "map"),
    "l": (list, "slice"),
}


def parameters(name: str, signature: Signature, count: int) -> str:
    """The kind of each of so many arguments."""
    takes = signature.takes.removesuffix("*")
    if takes == signature.takes:
        if count != len(takes):
            raise Fails(f"`{name}` takes {len(takes)} arguments, not {count}")
        return takes
    if count < len(takes) - 1:
        raise Fails(f"`{name}` takes at least {len(takes) - 1} arguments, not {count}")
    return takes[:-1] + takes[-1] * (count - len(takes) + 1)


def typed(name: str, kind: str, value: Any) -> Any:
    """An argument as its parameter takes it."""
    if kind == "v" or isinstance(value, Unknown):
        return value
    if kind == "a":
        return None if value is MISSING else value
    if kind == "m" and (value is None or value is MISSING):
        return {}
    wanted, said = _TYPES[kind]
    if type(value) in {wanted, OpenMap if kind == "m" else wanted}:
        return value
    raise Fails(f"`{name}` takes a {said}, not {type_of(value)}")
