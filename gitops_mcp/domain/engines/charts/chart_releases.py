"""From which release on CloudNativePG's `cluster` chart reads a value; an older one would ignore it.

From the chart's templates at its tags, 0.1.0 to 0.8.1. What is not here is read by all of them.
"""

from __future__ import annotations

import re

from gitops_mcp.domain.objects import Path, dotted_path

_SINCE: dict[Path, tuple[int, int, int]] = {
    ("databases",): (0, 4, 0),
    ("cluster", "enablePDB"): (0, 1, 3),
    ("cluster", "serviceAccountTemplate"): (0, 1, 3),
    ("cluster", "services"): (0, 2, 1),
    ("cluster", "env"): (0, 4, 0),
    ("cluster", "envFrom"): (0, 4, 0),
    ("cluster", "podSecurityContext"): (0, 6, 0),
    ("cluster", "securityContext"): (0, 6, 0),
    ("cluster", "replicationSlots"): (0, 7, 0),
    ("cluster", "stopDelay"): (0, 8, 0),
}
_VERSION = re.compile(r"[v=~^]? ?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}|[xX*]))?", re.ASCII)
"""One release, or those of one minor version, which is what `~` and `^` mean below 1.0 too."""


def why_not_read(path: Path, version: str | None) -> str | None:
    """Why a release of the chart ignores a value; None where it reads it, or where the release cannot be told."""
    since = _SINCE.get(path[:2]) or _SINCE.get(path[:1])
    found = _VERSION.fullmatch((version or "").strip())
    if since is None or found is None:
        return None
    said = str(version).strip()
    patch = int(found[3]) if found[3] and found[3].isdigit() and said[0] not in "~^" else 9_999
    if (int(found[1]), int(found[2]), patch) >= since:
        return None
    value = dotted_path(path)
    return f"the chart `cluster` reads {value} from {'.'.join(map(str, since))} on, and this is {said}"
