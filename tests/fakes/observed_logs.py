"""What real instances wrote (operator 1.30.0, PostgreSQL 15 and 18), a file a situation, without what nobody reads.

Secrets in them are made up, and each holds the word `canary`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

SOON = datetime(2026, 11, 29, 22, 30, tzinfo=UTC)
"""Within an hour after they were written."""
_FOLDER = Path(__file__).with_name("observed") / "logs"
SITUATIONS = sorted(path.stem for path in _FOLDER.glob("*.jsonl"))


def recorded_log(situation: str) -> list[str]:
    return [line for line in (_FOLDER / f"{situation}.jsonl").read_text(encoding="utf-8").split("\n") if line]
