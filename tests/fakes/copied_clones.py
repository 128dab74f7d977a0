"""A remote and its clones beside each other, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path


def copy_clones(first: Path, to: Path) -> Path:
    """Where a clone of the first names its remote by its path, the copy names the copy's."""
    shutil.copytree(first, to)
    for configuration in to.glob("*/.git/config"):
        configuration.write_text(configuration.read_text().replace(str(first), str(to)))
    return to
