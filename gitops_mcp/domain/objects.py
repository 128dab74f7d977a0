"""Kubernetes objects as they come: dictionaries, with the few things that are asked of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""A Kubernetes object or a part of one; the one place where `Any` stands for what has no type of ours."""

Path = tuple[str | int, ...]
"""A place inside an object: `("spec", "managed", "roles", 0, "name")`."""

FIELD_MANAGER = "gitops-mcp"
"""As whom the server records the fields that it writes (server-side apply)."""

CNPG_GROUP = "postgresql.cnpg.io"


@dataclass(frozen=True)
class Resource:
    """A kind as the API serves it."""

    group: str
    """Empty for the core group."""
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, order=True)
class Identity:
    """What makes two documents declare the same live object."""

    kind: str
    namespace: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def at(value: Any, *path: str | int) -> Any:
    """The value at a path, or None where any part of the way is missing or of another shape."""
    for step in path:
        # Exact types: what JSON and YAML give, and several times as fast as isinstance over thousands of objects.
        if type(value) is dict:
            value = value.get(step)
        elif type(value) is list and type(step) is int and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def list_at(value: Any, *path: str | int) -> list[Any]:
    """The list at a path; an empty one where there is none, or a value of another shape."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


def mapping_at(value: Any, *path: str | int) -> Object:
    """The mapping at a path; an empty one where there is none, or a value of another shape."""
    found = at(value, *path)
    return found if isinstance(found, dict) else {}


def text_at(value: Any, *path: str | int) -> str | None:
    """The text at a path; None where there is none, an empty one, or a value of another shape."""
    found = at(value, *path)
    return found if isinstance(found, str) and found else None


def texts_at(value: Any, *path: str | int) -> list[str]:
    """The texts in the list at a path."""
    return [one for one in list_at(value, *path) if isinstance(one, str)]


def as_int(value: object, *, default: int | None = None) -> int | None:
    """None for what is there and no whole number; `3.0` is one."""
    if value is None:
        return default
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar, empty collection and whole list below a value, with its path.

    A list counts as one value: the lists of CNPG's kinds are atomic (no merge keys), so an applier
    replaces them whole.
    """
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    else:
        yield path, value


def strings_in(value: object) -> Iterator[str]:
    """Every text in a value, but for keys."""
    if isinstance(value, dict):
        for part in value.values():
            yield from strings_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings_in(part)
    elif isinstance(value, str):
        yield value


def dotted_path(path: Path) -> str:
    """`spec.managed.roles[0].name`, as the API server spells a field."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
