"""What a CEL expression may take at worst, from its text and the size of what it reads.

Nothing stops the library once it is at work, so an expression that may take too long is not begun. The bound is rough
and on the safe side: each loop is taken to stand in the one before, and each `+` to make a text longer in each of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from gitops_mcp.domain.budget import size_of

MOST_STEPS = 300_000
_LITERAL = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
_LOOP = re.compile(r"\.(?:all|exists|exists_one|filter|map)\(|\bsets\.\w+\(|\bin\s+(?![\s\[])")
_LONGER = re.compile(r"\.(?:replace|join)\(")
"""The result has up to as many characters as the parts have together, times each other."""
_CHARACTERS = 300
"""Of a text, in one step."""


@dataclass(frozen=True)
class _Growth:
    loops: int
    longer: int
    factor: int
    items: int
    """Of a list that stands in the text."""


def takes_too_long(text: str, *values: object) -> bool:
    """Whether an expression may take more than there is time for; `values` are what it reads."""
    growth = _growth_of(text)
    size = max(sum(map(size_of, values)), growth.items)
    if growth.longer:
        size = max(size, sum(map(_letters, values)) + len(text))
    steps: int = (size * growth.factor) ** (growth.loops + growth.longer)
    return steps > MOST_STEPS * (_CHARACTERS if growth.longer else 1)


@lru_cache(maxsize=1024)
def _growth_of(text: str) -> _Growth:
    bare = _LITERAL.sub("''", text)
    loops, longer = len(_LOOP.findall(bare)), len(_LONGER.findall(bare))
    return _Growth(max(1, loops), longer, 1 + bare.count("+"), 1 + bare.count(","))


def _letters(value: object) -> int:
    found, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            found += len(one)
    return found
