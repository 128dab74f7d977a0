"""Objects as an API server 1.36 gave them after operator 1.30.0 and its instance managers had written them.

Shapes, messages and times are as they were; names are ours (Cluster `ledger` in namespace `bank`), and of a Cluster's
spec only what is read is kept.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from gitops_mcp.domain.objects import Object

SOON = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
"""Minutes to an hour after they were recorded."""
_FOLDER = Path(__file__).with_name("operator_objects")


def recorded(name: str) -> Object:
    """`cluster-fenced`, `database-second`: a fresh copy each time."""
    found: Object = json.loads((_FOLDER / f"{name}.json").read_text())
    return found


def recorded_list(name: str) -> list[Object]:
    found: list[Object] = json.loads((_FOLDER / f"{name}.json").read_text())
    return found


def recorded_names(kind: str) -> list[str]:
    """All of a kind by the beginning of their names: `cluster`, `backup`."""
    return sorted(path.stem for path in _FOLDER.glob(f"{kind}*.json") if path.stem.split("-")[0] == kind)
