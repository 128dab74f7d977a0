"""Folders whose manifests nobody applies unless something says so: documentation, examples, tests and archives."""

from __future__ import annotations

import posixpath

PARKED = frozenset(
    [
        *("doc", "docs", "documentation", "example", "examples", "sample", "samples"),
        *("testdata", "fixture", "fixtures", "tests", "archive", "archives", "archived"),
        *("attic", "deprecated", "disabled", "obsolete", "unused"),
    ]
)
"""A dot, dash or underscore before such a name is nothing."""


def parked_folder(path: str, top: str = "") -> str | None:
    """The folder of examples, or the like, that holds a path; one at or above `top` was meant."""
    inside = path.removeprefix(f"{top}/") if top else path
    folders = posixpath.dirname(inside).split("/")
    for count, name in enumerate(folders, 1):
        if name.lstrip("._-").lower() in PARKED:
            return posixpath.join(top if inside != path else "", *folders[:count])
    return None
