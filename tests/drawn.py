"""What became of the edits that the laws have drawn, for the last lines of a run."""

from __future__ import annotations

from collections import Counter

from hypothesis import event

OUTCOMES: Counter[str] = Counter()
"""Of the test that runs."""


def drawn(outcome: str) -> None:
    """One edit: `edited`, `unchanged`, `deleted` or `refused`, with more behind a colon."""
    event(outcome)
    OUTCOMES[outcome.partition(":")[0]] += 1
