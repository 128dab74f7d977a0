"""A scalar as kustomize reads and prints it."""

from __future__ import annotations

import math
import re
from datetime import date, time
from functools import lru_cache
from io import StringIO
from typing import Any

from yaml.emitter import Emitter

from gitops_mcp.domain.yaml.tree import Node, Unparsable
from gitops_mcp.domain.yaml.values import HIGHEST, LOWEST, value_of

_CORE = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset({"!", *(_CORE + name for name in ("str", "int", "float", "bool", "null"))})
# Booleans of YAML 1.1 that are strings here.
WORDS = frozenset({"yes", "no", "on", "off"})
ONE_LETTER = {"y": True, "Y": True, "n": False, "N": False}
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,9})?(Z|[-+]\d\d:\d\d)| (\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,9})?)?",
    re.ASCII,
)
_SIXTY = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII)


def read_scalar(node: Node) -> Any:
    """Raises Unparsable for a number that JSON does not have."""
    value = _scalar_value(node)
    if isinstance(value, float) and not math.isfinite(value):
        raise Unparsable(f"line {node.line}: {node.text} is not a number of JSON")
    return value


def _scalar_value(node: Node) -> Any:
    if strange_tag(node):
        return node.text
    if node.tag is None and node.style is None:
        if node.text.lower() in WORDS:
            return node.text
        stamp = _timestamp(node.text)
        if stamp is not None:
            return stamp
    return whole_as_integer(value_of(node))


def strange_tag(node: Node) -> str | None:
    """A tag that kustomize drops, or follows in a way that is not known here."""
    return None if node.tag is None or node.tag in _KNOWN_TAGS else node.tag


def read_plain(text: str) -> Any:
    """What a text is where it stands without quotes."""
    return _scalar_value(Node("scalar", 0, 0, 1, text=text))


def whole_as_integer(value: Any) -> Any:
    """A whole number is an integer, however it is written: what is built goes through JSON."""
    if type(value) is float and value.is_integer() and LOWEST <= value <= HIGHEST:
        return int(value)
    return value


def is_date(text: str) -> bool:
    """Whether it would be a timestamp without quotes."""
    return _timestamp(text) is not None


@lru_cache(maxsize=4096)
def needs_quotes(text: str) -> bool:
    """Whether kustomize puts it in quotes, or over lines, where it prints an object itself."""
    if text.lower() in WORDS or text in ONE_LETTER or _SIXTY.fullmatch(text) or not isinstance(read_plain(text), str):
        return True
    analysis = Emitter(StringIO(), allow_unicode=True).analyze_scalar(text)
    return bool(analysis.multiline or not analysis.allow_block_plain or is_date(text))


def _timestamp(text: str) -> str | None:
    match = _DATE.fullmatch(text) if text[:4].isdigit() else None
    if match is None:
        return None
    year, month, day, *rest = match.groups()
    hour, minute, second, fraction = rest[:4] if rest[0] else rest[5:]
    try:
        on = date(int(year), int(month), int(day))
        clock = time(int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    zone = rest[4] if rest[4] not in {None, "+00:00", "-00:00"} else "Z"
    return f"{on}T{clock}{(fraction or '').rstrip('0').rstrip('.')}{zone}"
