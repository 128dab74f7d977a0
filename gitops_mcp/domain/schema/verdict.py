"""What a validation answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.objects import Path, dotted_path

RuleName = Literal[
    "type",
    "enum",
    "required",
    "unknown kind",
    "unknown field",
    "pattern",
    "format",
    "bounds",
    "duplicate",
    "alternatives",
    "cel",
]
"""`alternatives`: anyOf, oneOf and not. `bounds`: of numbers, and of lengths and counts."""


@dataclass(frozen=True)
class SchemaFault:
    """What an API server would refuse. The message names no text of the object but keys and choices."""

    path: Path
    message: str
    rule: RuleName

    @property
    def field(self) -> str:
        return dotted_path(self.path)

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.path else self.message


@dataclass(frozen=True)
class Unchecked:
    """A rule that was not decided, which is not the same as held."""

    field: str
    """In an object `spec.images[0]`; of a schema `spec.images[]`, and `*` for the keys of a map."""
    rule: str
    """The CEL expression or the pattern, as the schema spells it."""
    reason: str


@dataclass(frozen=True)
class Verdict:
    faults: tuple[SchemaFault, ...] = ()
    """In the order of their fields; indexes count as numbers."""
    skipped: tuple[str, ...] = ()
    """Fields whose value holds an unfilled `${NAME}` where the schema wants something narrower than any text."""
    unchecked: tuple[Unchecked, ...] = ()


def sort_faults(faults: list[SchemaFault]) -> tuple[SchemaFault, ...]:
    return tuple(sorted(set(faults), key=lambda fault: (_sort_key(fault.path), fault.rule, fault.message)))


def _sort_key(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((step, "") if isinstance(step, int) else (-1, step) for step in path)
