"""`${NAME}` that stands in a value as yet: Flux fills it in when it applies, so nobody knows what will be validated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.objects import Path

# `$${` is how the text itself is kept; CNPG has placeholders of its own that look the same and are values.
_VARIABLE = re.compile(r"(?<!\$)\$\{\s*(?!podselector:|image_root\})[A-Za-z_]")


def is_unfilled(value: Any) -> bool:
    return isinstance(value, str) and "${" in value and _VARIABLE.search(value) is not None


def unfilled_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The places of the values that hold one."""
    if type(value) is dict:
        for key, part in value.items():
            yield from unfilled_paths(part, (*path, key))
    elif type(value) is list:
        for index, part in enumerate(value):
            yield from unfilled_paths(part, (*path, index))
    elif is_unfilled(value):
        yield path
