"""The pages of the documentation as a reader meets them: sentences, links and the anchors of headings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_ENDS = re.compile(r"(?<=[.!?])[)\"'*]*\s+")
"""A colon or a semicolon ends no sentence."""
_NO_BREAK = "\N{NO-BREAK SPACE}"
_PARSER = MarkdownIt("commonmark").enable("table")


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """(line of its block, sentence) of the prose: not of code and diagrams; each cell of a table is one of its own."""
    line = 1
    for token in _PARSER.parse(text):
        line = token.map[0] + 1 if token.map else line
        if token.type == "inline":
            for one in _ENDS.split(_spoken(token)):
                if one.strip():
                    yield line, one.strip()


def _spoken(token: Token) -> str:
    """A piece of code counts as one word, a link as its text."""
    said = ""
    for one in token.children or []:
        if one.type == "text":
            said += one.content
        elif one.type == "code_inline":
            said += f"`{one.content.replace(' ', _NO_BREAK)}`"
        elif one.type in {"softbreak", "hardbreak"}:
            said += " "
    return said


def words(sentence: str) -> int:
    return len([one for one in sentence.split(" ") if re.search(r"\w", one)])


def links(text: str) -> Iterator[tuple[int, str]]:
    """(line of its block, address) of each link and picture."""
    line = 1
    for token in _PARSER.parse(text):
        line = token.map[0] + 1 if token.map else line
        for one in token.children or []:
            address = one.attrGet("href" if one.type == "link_open" else "src")
            if one.type in {"link_open", "image"} and isinstance(address, str):
                yield line, address


def anchors(text: str) -> set[str]:
    """Of headings, as the site and the forges make them of plain words."""
    tokens = _PARSER.parse(text)
    found: list[str] = []
    for before, token in itertools.pairwise(tokens):
        if before.type == "heading_open":
            plain = "".join(one.content for one in token.children or [] if one.type in {"text", "code_inline"})
            slug = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
            found.append(f"{slug}_{found.count(slug)}" if slug in found else slug)
    return set(found)


def fences(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, language, text) of each block of code."""
    for token in _PARSER.parse(text):
        if token.type in {"fence", "code_block"}:
            yield (token.map or [0])[0] + 1, (token.info.split() or [""])[0], token.content


def inline_codes(text: str) -> Iterator[tuple[int, str]]:
    """(line of its block, code) of what stands in the prose as code."""
    line = 1
    for token in _PARSER.parse(text):
        line = token.map[0] + 1 if token.map else line
        for one in token.children or []:
            if one.type == "code_inline":
                yield line, one.content
