"""The shape of what an engine reports: its keys, conditions and words, without names, commits and times.

`recorded_engines/shapes.json` has the shapes of objects that real engines left, made by `shape_of`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gitops_mcp.domain.objects import Object

_FILE = Path(__file__).with_name("recorded_engines") / "shapes.json"
_WORDS = frozenset({"type", "reason", "phase", "status"})
_OUT = frozenset({"lastHandledReconcileAt", "retryCount", "images", "health", "autoHealAttemptsCount"})
"""What comes of how a person asked, of the moment, and of how the operator is just then."""
_CHANGES = (
    (r"[0-9a-f]{40}", "<commit>"),
    (r"denied the request: .*", "denied the request: …"),
    (r"yaml: line \d+: .*", "yaml: line …"),
    (r"is invalid: .*?(?=\. Retrying| \(retried|\n|$)", "is invalid: …"),
    (r"version: .*", "version: …"),
    (r"namespace \"?[^ ]*: the server", "… : the server"),
    (r"status code: .*", "status code: …"),
    (r"https?://[^'\" ]+", "<url>"),
    (r"/(?:data|tmp)/kustomization-\d+/[^:' ]*", "<path>"),
    (r"'[^' ]*'|\"[^\" ]*\"", "'…'"),
    (r"\b\d+\.\d+(?:ms|s|µs)", "<time>"),
    (r"\b\d+:\d+[AP]M", "<clock>"),
    (r"\b[\w.]+/[A-Z]\w+[:/][\w./-]+|\b[A-Z]\w+/[\w-]+/[\w-]+", "<object>"),
    (r"\b[a-z]+(?:\.[a-z.]+)?/[\w-]+(?= (?:created|configured|unchanged))", "<object>"),
    (r"(?<=confirmation of )[\w/.-]+|(?<=group version )[\w/.-]+", "<object>"),
    (r"\d+ -> \d+", "<n> -> <n>"),
    (r"#\d+", "#<n>"),
)


def recorded_shapes(engine: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text())[engine]
    return found


def shape_of(value: Object) -> Any:
    """Of a whole object: what it asks at the top level, and its status."""
    made = {"status": _shape(value.get("status", {}))}
    return made | ({"operation": True} if "operation" in value else {})


def differences(found: Any, expected: Any, path: str = "") -> list[str]:
    """Where two shapes are not the same: `path: found, not expected`."""
    if isinstance(found, dict) and isinstance(expected, dict):
        keys = sorted(found.keys() | expected.keys())
        return [text for key in keys for text in differences(found.get(key), expected.get(key), f"{path}.{key}")]
    return [] if found == expected else [f"{path}: {found!r}, not {expected!r}"]


def _shape(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _shape(part, name) for name, part in sorted(value.items()) if name not in _OUT}
    if isinstance(value, list):
        if key == "conditions":
            return [_shape(one) for one in value]
        return sorted({name for one in value if isinstance(one, dict) for name in one if name not in _OUT})
    if key == "message":
        text = str(value)
        for pattern, name in _CHANGES:
            text = re.sub(pattern, name, text, flags=re.DOTALL)
        return text.strip()
    return value if key in _WORDS or isinstance(value, bool) else type(value).__name__
