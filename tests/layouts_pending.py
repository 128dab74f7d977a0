"""The cases of tests/layouts that wait for the model of the repository. It goes when nothing asks for it any more."""

from __future__ import annotations

PENDING: frozenset[str] = frozenset()
