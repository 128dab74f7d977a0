"""The examples of all rules, each from the test module that has the name of a module of rules; none goes without."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from gitops_mcp.domain import rules
from tests.domain.rules.examples import Accepted, Refused

E = TypeVar("E", Accepted, Refused)

_MODULES = [import_module(f"tests.domain.rules.test_{one.name}") for one in iter_modules(rules.__path__)]


def _named_examples(table: str, kind: type[E]) -> list[tuple[str, E]]:
    """Each with the rule's id and what is special about it."""
    found = []
    for module in _MODULES:
        for parameters in getattr(module, table, ()):
            (example,) = parameters.values
            assert isinstance(example, kind)
            found.append((f"{example.rule}: {parameters.id}", example))
    return found


ACCEPTED = _named_examples("ACCEPTED", Accepted)
REFUSED = _named_examples("REFUSED", Refused)
