"""Pages of real exporters and what instance managers said beside (operator 1.30.0), of which what is read is kept."""

from __future__ import annotations

import json
from pathlib import Path

from gitops_mcp.domain.objects import Object

_FOLDER = Path(__file__).with_name("observed")
PAGES = sorted(path.stem for path in _FOLDER.glob("metrics/*.txt"))
STATUSES = sorted(path.stem for path in _FOLDER.glob("status/*.json"))


def recorded_page(name: str) -> bytes:
    return (_FOLDER / f"metrics/{name}.txt").read_bytes()


def recorded_status(name: str) -> Object:
    found: Object = json.loads((_FOLDER / f"status/{name}.json").read_text())
    return found
