"""JSON as Go's encoder spells it: an API server compares the values that a JSON Patch tests by their bytes.

So `ä` and `<` must stand as the server writes them, or the test of a value that has them never holds
(evanphx/json-patch `lazyNode.equal`, encoding/json `HTMLEscape`).
"""

from __future__ import annotations

import json
from typing import Any

_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def as_go_writes(value: Any) -> bytes:
    """What these characters mean stays the same, since in JSON they stand in strings alone."""
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED).encode("utf-8", errors="replace")
