"""A text of a log as it may be shown: a log holds statements, and statements hold passwords and rows.

Of a record `query`, `internal_query`, `context` and `hint` are never taken. A statement in a message is shown without
its values and comments, a detail where its code says that it is no row, and all of it without what looks like a secret.
"""

from __future__ import annotations

import re

from gitops_mcp.domain.redact import words_of_others

_MOST = 300
_STATEMENT = re.compile(
    r"(?:duration: [\d.]+ ms\s+)?(?:statement|execute|parse|bind|fastpath function call|plan|prepare)\b[^:\n]{0,80}:"
    r"(?:\s*Query Text:)?"
)
_VALUE = re.compile(
    r'(?P<name>"[\w.$-]{1,63}")|"(?:[^"]|"")*(?:"|\Z)|'
    r"(?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?:(?P=tag)|\Z)"
    r"|[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|'(?:[^']|'')*(?:'|\Z)"
    r"|--[^\n]*|/\*.*?(?:\*/|\Z)|(?<![\w$.\"])\d+(?:\.\d+)?(?![\w\"])",
    re.DOTALL,
)
"""In double quotes stands a name, and a quote in it begins no value; what is unlike a name is not shown either."""
_QUOTED = re.compile(r'"(?:[^"]|"")*(?:"|\Z)|\'(?:[^\']|\'\')*(?:\'|\Z)')
_GIVEN = re.compile(r"(?<=: )(?:[\"']|0x).*|(?<=at or near )\".*", re.DOTALL)
"""To the end: it may hold quotes itself, or have been cut."""
_FOREIGN = re.compile("[„“”«»「].*", re.DOTALL)
"""What is quoted in another language than English (lc_messages)."""
_STATED = re.compile(r"'.*|\$(?:[A-Za-z_]\w*)?\$.*", re.DOTALL)
"""The values of a statement whose head is in another language."""
_LOGIN = re.compile(r"(?i)(?<!\S)(?:-u|--user|--proxy-user|-p|--password)(?:[ =]\S+)")
_STDERR = re.compile(r"\b(STATEMENT|QUERY|CONTEXT|DETAIL|HINT):\s.*", re.DOTALL)
"""What follows a message where PostgreSQL writes no record: until its log collector starts."""
_WITH_VALUES = ("22", "23514", "23502", "42601")
"""Classes and codes of which the message quotes what was given."""
_OF_OTHERS = ("P0", "38", "39", "01", "HV")
"""Raised by an application, or by a program that it runs: of what it quotes nobody knows what it is."""
_DETAILED = ("28", "3D", "2BP01", "53", "55", "57", "58", "F0", "0A", "42501", "40P01")
"""Of which the detail says why, and holds neither row nor statement."""
_WAITS = re.compile(r"Process \d+ waits for [^;\n]{1,120}; blocked by process \d+\.")


def shown_message(message: str, code: str) -> str:
    if head := _STATEMENT.match(message):
        statement = _VALUE.sub(lambda one: one["name"] or "?", message[head.end() :])
        return _words(" ".join(f"{head[0]} {statement}".split()))
    if not code:
        message = _STDERR.sub(r"\1: …", message)
    if code.startswith(_WITH_VALUES):
        message, found = _GIVEN.subn('"…"', message)
        if not found and not code.startswith("23"):
            message = _QUOTED.sub('"…"', message)
        message = _FOREIGN.sub("…", message)
    elif code.startswith(_OF_OTHERS):
        message = _FOREIGN.sub("…", _QUOTED.sub('"…"', _LOGIN.sub("…", message)))
    elif code == "00000":
        message = _STATED.sub("…", message)
    return _words(message)


def shown_detail(detail: str, code: str) -> str | None:
    if not detail or not code.startswith(_DETAILED):
        return None
    if code == "40P01":
        detail = " ".join(_WAITS.findall(detail))
    return _words(detail) or None


def _words(text: str) -> str:
    return words_of_others(text[: 4 * _MOST], most=_MOST)
