"""What a model may ask: every module here that has `TOOLS`. `ALL` is the order in which clients see them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from gitops_mcp.tools.registry import Tool

_FIRST = ("clusters", "roles", "databases")
"""What most people come for; the other modules follow by their names."""


def _tools_of_modules() -> Iterator[Tool]:
    others = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _FIRST)
    for name in (*_FIRST, *others):
        yield from getattr(importlib.import_module(f"{__name__}.{name}"), "TOOLS", ())


ALL: tuple[Tool, ...] = tuple(_tools_of_modules())
