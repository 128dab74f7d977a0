"""What the engine fills in when it applies: `${NAME}`, and what sops has encrypted. Nobody knows what will be there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.objects import Path

# `$${` is how the text itself is kept; CNPG has placeholders of its own that look the same and are values.
_VARIABLE = re.compile(r"(?<!\$)\$\{\s*(?!podselector:|image_root\})[A-Za-z_]")

_ENCRYPTED = "ENC[AES256_GCM,"


def is_unfilled(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return value.startswith(_ENCRYPTED) or ("${" in value and _VARIABLE.search(value) is not None)


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
