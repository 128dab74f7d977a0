"""The arguments of one call, read as clients really send them, or refused with every fault named.

What says the same counts the same: 5.0 for 5, JSON text for a list or a mapping, and null or "" for what is left out,
since some converters make every argument required. A rejected value is the caller's and is not repeated.
"""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from gitops_mcp.domain.names import quote
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.tools.arguments import EMPTY_MEANS

_MOST_FAULTS = 20
"""That are told; more are counted."""
_DEEPEST = 6
"""Steps of a place that are told: what is nested without end has as many."""
_MEANT = {
    "cluster": ("cluster_name", "name"),
    "cluster_name": ("name",),
    "confirm": ("confirm_deletion",),
    "cpu": ("resources",),
    "db": ("database_name", "database"),
    "env": ("environment",),
    "memory": ("resources",),
    "message": ("reason",),
    "ns": ("namespace",),
    "password": (),
    "replicas": ("instances",),
    "role": ("role_name",),
    "settings": ("parameters",),
    "size": ("storage_size",),
    "storage": ("storage_size",),
    "user": ("role_name",),
    "username": ("role_name",),
    "version": ("postgres_version",),
}
"""What else an argument is called; the first that the tool has is meant. No tool takes a password."""


def argument_model(function: Callable[..., Any]) -> type[BaseModel]:
    """Of a tool's arguments, which are all but the App."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in list(inspect.signature(function).parameters.items())[1:]
    }
    config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    return create_model(f"{function.__name__}_arguments", __config__=config, **fields)


def read_arguments(model: type[BaseModel], properties: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, those that are left out with their defaults. Raises InvalidRequest with every fault."""
    said = {}
    for name, value in given.items():
        field = model.model_fields.get(name)
        is_absent = value is None or (value == "" and name not in EMPTY_MEANS)
        if field is None or field.is_required() or not is_absent:
            said[name] = _as_meant(value, properties.get(name, {}).get("type"))
    try:
        read = model.model_validate(said)
    except ValidationError as error:
        raise InvalidRequest(_argument_faults(error, properties)) from None
    return {name: getattr(read, name) for name in model.model_fields}


def _as_meant(value: Any, kind: str | None) -> Any:
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind in {"array", "object"} and isinstance(value, str):
        try:
            loaded = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return loaded if isinstance(loaded, list | dict) else value
    return value


def _argument_faults(error: ValidationError, properties: Mapping[str, Any]) -> str:
    """Every rejected argument with its rule."""
    told = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False)[:_MOST_FAULTS]:
        name = ".".join(quote(str(part))[1:-1] for part in fault["loc"][:_DEEPEST])
        if fault["type"] == "extra_forbidden":
            # Not "password: no …", which redaction would take for a password.
            told.append(f"there is no argument {quote(name)}; {_suggestion(name, list(properties))}")
        elif fault["type"] == "missing":
            told.append(f"{name}: is required")
        else:
            rule = _argument_rule(properties.get(name.split(".")[0], {}))
            told.append(f"{name}: {fault['msg'][:1].lower()}{fault['msg'][1:]}{rule}")
    more = [f"and {error.error_count() - len(told)} more"] if error.error_count() > len(told) else []
    return "; ".join([*told, *more])


def _suggestion(name: str, known: list[str]) -> str:
    """The argument that was meant: by its meaning, by nearly its spelling, or as the only one that has this word."""
    word, spelled = name.lower(), {one.replace("_", ""): one for one in known}
    meant = [one for one in _MEANT.get(word, ()) if one in known]
    close = difflib.get_close_matches(word.replace("_", "").replace("-", ""), spelled, n=1, cutoff=0.8)
    having = [one for one in known if word in one.split("_")] if _MEANT.get(word) != () else []
    if meant or close or len(having) == 1:
        return f"did you mean {[*meant, *(spelled[one] for one in close), *having][0]}?"
    return f"there are: {', '.join(known)}"


def _argument_rule(schema: Mapping[str, Any]) -> str:
    """What would be taken: the bounds of a number, else what the argument is for."""
    if "minimum" in schema and "maximum" in schema:
        return f" (a whole number from {schema['minimum']} to {schema['maximum']})"
    return f" ({schema['description']})" if "description" in schema else ""
