"""Patterns that kustomize and sops look for, as Go's regexp does: the selectors of kustomize mean a whole text."""

from __future__ import annotations

import re
from collections.abc import Callable

from gitops_mcp.domain import regexp
from gitops_mcp.errors import InvalidRequest

_PLAIN = re.compile(r"[\w/-]*", re.ASCII)


class Unsupported(InvalidRequest):
    """A pattern or selector that is not understood here."""


def fullmatch(pattern: str, text: str) -> bool:
    if _PLAIN.fullmatch(pattern):
        return pattern == text
    return _matches(regexp.fullmatch, pattern, text)


def search(pattern: str, text: str) -> bool:
    return _matches(regexp.search, pattern, text)


def _matches(matches: Callable[[str, str], bool], pattern: str, text: str) -> bool:
    try:
        return matches(pattern, text)
    except regexp.Unreadable as error:
        raise Unsupported(f"the pattern {pattern!r}") from error
