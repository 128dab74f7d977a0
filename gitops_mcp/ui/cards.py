"""Each card as one HTML page, put together of the files beside this one when it is asked for.

No framework and no build: what is in the files is what runs. The page's own policy names the digest of its one script
and its one style, so nothing else runs or loads in it, whatever the text that it shows.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any

_STYLE = ("card.css",)
_SHARED = ("parts.js", "bridge.js", "frame.js")
"""Scripts of every card, in the order in which they need each other."""
_NO_SCRIPTS = "This card needs scripts. The text of the answer says the same."


@dataclass(frozen=True)
class Card:
    name: str
    title: str
    description: str
    parts: tuple[str, ...]
    """Its own scripts, which come after those."""
    readers: frozenset[str]
    """Reading tools that it is shown beside."""
    writes: bool = False
    """Whether it is shown beside every tool that writes as well."""

    @property
    def uri(self) -> str:
        return f"ui://gitops-mcp/{self.name}"


CARDS = (
    Card(
        "change",
        "Card of a change",
        "Fields before and after, impact, the road from draft to healthy and the diff, as a page.",
        ("diff.js", "change.js"),
        frozenset({"get_change", "review_change"}),
        writes=True,
    ),
    Card(
        "cluster",
        "Card of a cluster",
        "Findings and what to do, instances by zone, services, backups with what can be restored, volumes, as a page.",
        ("cluster.js",),
        frozenset({"get_cluster_status"}),
    ),
)


def card_beside(tool: str, *, writes: bool) -> Card | None:
    """The card of a tool's answers."""
    return next((one for one in CARDS if tool in one.readers or (writes and one.writes)), None)


def find_card(uri: str) -> Card | None:
    return next((one for one in CARDS if one.uri == uri), None)


@functools.cache
def card_page(card: Card) -> str:
    """As a host loads it, which sends the answer to it."""
    return _page(card, answer="null", text=_NO_SCRIPTS)


def static_page(card: Card, structured: Mapping[str, Any], text: str) -> str:
    """With the answer in it, for a reader without a host; `text` is what is read where no script may run."""
    # No "<" in it ends the element that holds it.
    answer = json.dumps(structured).replace("<", "\\u003c")
    return _page(card, answer=answer, text=text)


def _page(card: Card, *, answer: str, text: str) -> str:
    style = "".join(_file(name) for name in _STYLE)
    script = f'"use strict";\n(() => {{\n{"".join(_file(name) for name in (*_SHARED, *card.parts))}}})();\n'
    return Template(_file("page.html")).substitute(
        title=html.escape(card.title),
        style_digest=_digest(style),
        script_digest=_digest(script),
        style=style,
        script=script,
        answer=answer,
        text=html.escape(text),
    )


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """As a content security policy names what may run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
