"""The file's YAML as plain values, each with its line.

Built from the parser's events, not with a loader, for four reasons: lines are kept, a duplicate key is seen, `off` is a
word as in YAML 1.2 (PyYAML makes it false), and depth is bounded (the C composer overflows its stack and ends the
process on some thousand brackets). Aliases and tags are refused: the file is short, and its schema says all types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml import CSafeLoader, MarkedYAMLError, parse
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Path, dotted_path

_DEEPEST = 20
_TOO_DEEP = f"nested deeper than {_DEEPEST} levels"
_LONGEST = 256 * 1024
_STRING = "tag:yaml.org,2002:str"
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?[0-9]{1,17}(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?")


@dataclass
class ConfigDocument:
    value: Any = None
    """None for an empty file."""
    lines: dict[Path, int] = field(default_factory=dict)
    """1-based, of the key (in a list: of the item)."""
    faults: list[tuple[int, str]] = field(default_factory=list)


def read_document(text: str) -> ConfigDocument:
    """Everything that could be read; with faults, the value is what was read beside them."""
    read = ConfigDocument()
    if len(text) > _LONGEST:
        read.faults.append((1, f"{len(text)} characters; at most {_LONGEST} are read"))
        return read
    if unprintable := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, unprintable.start()) + 1
        read.faults.append((line, f"not YAML: the character U+{ord(unprintable[0]):04X} is not allowed"))
        return read
    try:
        events = parse(text.removeprefix("\ufeff"), Loader=CSafeLoader)
        _read_events(read, events)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # Newer versions of libyaml have a bound of their own, and look ahead before ours is met.
        deep = "nesting depth" in str(error.problem)
        fault = _TOO_DEEP if deep else f"not YAML: {error.problem or error.context}"
        read.faults.append((mark.line + 1 if mark else 1, fault))
    except _StopReading as stop:
        read.faults.append((stop.line, stop.fault))
    return read


class _StopReading(Exception):
    def __init__(self, line: int, fault: str) -> None:
        super().__init__(fault)
        self.line = line
        self.fault = fault


def _read_events(into: ConfigDocument, events: Iterator[Event]) -> None:
    documents = 0
    for event in events:
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _StopReading(_line_of(event), "a second document; the file has one")
            first = next(events)
            into.lines[()] = _line_of(first)
            into.value = _read_value(into, events, first, ())
        elif isinstance(event, StreamEndEvent):
            return


def _read_value(into: ConfigDocument, events: Iterator[Event], event: Event, path: Path) -> Any:
    if len(path) > _DEEPEST:
        raise _StopReading(_line_of(event), _TOO_DEEP)
    if isinstance(event, AliasEvent):
        into.faults.append((_line_of(event), f"{_where(path)}an alias; write the value out, aliases are not read here"))
        return None
    if getattr(event, "tag", None) not in {None, "!", _STRING}:
        into.faults.append((_line_of(event), f"{_where(path)}a tag; leave it out, tags are not read here"))
    if isinstance(event, MappingStartEvent):
        return _read_mapping(into, events, path)
    if isinstance(event, SequenceStartEvent):
        return _read_sequence(into, events, path)
    return _scalar_value(event) if isinstance(event, ScalarEvent) else None


def _read_mapping(into: ConfigDocument, events: Iterator[Event], path: Path) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in events:
        if isinstance(key, MappingEndEvent):
            break
        if not isinstance(key, ScalarEvent):
            raise _StopReading(_line_of(key), f"{_where(path)}a key that is not a plain word")
        here = (*path, key.value)
        first = into.lines.setdefault(here, _line_of(key))
        if key.value in made:
            into.faults.append((_line_of(key), f"{_where(here)}stands twice, first in line {first}; keep one"))
            _read_value(into, events, next(events), (*here, ""))
        else:
            made[key.value] = _read_value(into, events, next(events), here)
    return made


def _read_sequence(into: ConfigDocument, events: Iterator[Event], path: Path) -> list[Any]:
    made: list[Any] = []
    for item in events:
        if isinstance(item, SequenceEndEvent):
            break
        here = (*path, len(made))
        into.lines[here] = _line_of(item)
        made.append(_read_value(into, events, item, here))
    return made


def _scalar_value(event: ScalarEvent) -> Any:
    text: str = event.value
    if not event.implicit[0] or event.tag == _STRING:
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _line_of(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _where(path: Path) -> str:
    return f"{quote(dotted_path(path), limit=120)[1:-1]}: " if path else ""
