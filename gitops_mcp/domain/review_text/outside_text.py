"""Text of others as it stands in a pull request: it renders as nothing but itself, and makes no forge act.

A forge acts on three things besides Markdown. It mentions (`@user`) and refers (`#1`, `!1`) outside of code; GitLab
looks for `closes #1` in the raw text, code or not; and its quick actions are lines that begin with a slash, which no
line of ours does. A word joiner, which nobody sees, breaks each of them.
"""

from __future__ import annotations

import re

from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.redact import redact_text

_JOINER = "\u2060"
_CLOSES = re.compile(
    r"(?i)(?<![A-Za-z])(clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)(?=:?\s)"
)
_COMMENT = re.compile(r"<(?=!--)")
_REFERS = re.compile(r"(?:[@#!&%~^$]|GH-|www|:(?=//))(?=\S)")
_EMOJI = re.compile(r":(?=[\w+-]+:)")
_MARKUP = re.compile(r"[\\`*_\[\]{}<>&~|$#]")


def code(text: str, *, most: int = 300) -> str:
    """As inline code, whose fence is longer than any in it."""
    told = _told(text, most)
    fence = "`" * (1 + max(map(len, re.findall("`+", told)), default=0))
    gap = " " if told[:1] in {"`", " "} or told[-1:] in {"`", " "} else ""
    return f"{fence}{gap}{told or '(empty)'}{gap}{fence}"


def cell_code(text: str, *, most: int = 160) -> str:
    """The same in a cell of a table, where forges do not agree on what ends a cell within inline code."""
    told = _told(text, most)
    if "|" not in told and "`" not in told:
        return code(told, most=most + 100)
    told = _REFERS.sub(rf"\g<0>{_JOINER}", told)
    return f"<code>{re.sub(r'[^A-Za-z0-9 ,⁠-]', lambda one: f'&#{ord(one[0])};', told)}</code>"


def prose(text: str, *, most: int = 600) -> str:
    """As words of a sentence: no markup, mention, reference or link."""
    told = _MARKUP.sub(r"\\\g<0>", _EMOJI.sub(f":{_JOINER}", _told(text, most)))
    return _REFERS.sub(rf"\g<0>{_JOINER}", told)


def plain_title(text: str, *, most: int = 120) -> str:
    """As a title, which is no Markdown: a squash makes a commit's message of it, and Gitea cuts one at 252 columns."""
    return _REFERS.sub(rf"\g<0>{_JOINER}", _told(text, most))


def _told(text: str, most: int) -> str:
    line = redact_text(one_line(redact_text(text.replace(_JOINER, "")))).strip()
    line = line if len(line) <= most else f"{line[:most]}…"
    return _COMMENT.sub(f"<{_JOINER}", _CLOSES.sub(rf"\1{_JOINER}", line))
