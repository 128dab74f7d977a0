"""The verdicts of a review, apart from what comes to them: an answer's schema needs the words alone."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["passed", "warning", "error", "outage", "data_loss"]
"""From harmless to final. What is refused destroys nothing, so an error stands below an outage."""
FailOn = Literal["warning", "error", "outage", "data_loss", "never"]
