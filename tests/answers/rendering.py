"""What a chat client makes of an answer's text, by a parser of CommonMark with tables."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from gitops_mcp.answers.base import Answer

_PARSER = MarkdownIt("commonmark").enable("table")


def shown_blocks(text: str) -> list[tuple[str, list[str]]]:
    """The blocks on top, in order, each with the texts of what it holds: items, cells, or its own."""
    tree = SyntaxTreeNode(_PARSER.parse(text))
    for node in tree.walk():
        assert node.type not in {"html_block", "html_inline", "hr", "lheading", "blockquote", "image"}, node.content
    return [(node.type, _texts(node)) for node in tree.children]


def _texts(node: SyntaxTreeNode) -> list[str]:
    match node.type:
        case "fence" | "code_block":
            return [node.content]
        case "bullet_list":
            for item in node.children:
                assert [part.type for part in item.children] == ["paragraph"]
            return [_words(item) for item in node.children]
        case "table":
            return [_words(cell) for part in node.children for row in part.children for cell in row.children]
        case _:
            return [_words(node)]


def _words(node: SyntaxTreeNode) -> str:
    """As it reads once rendered; what stands on one line in the text must not have been joined of several."""
    words = ""
    for part in node.walk():
        assert part.type not in {"softbreak", "hardbreak"}
        words += part.content if part.type in {"text", "code_inline"} else ""
    return words


def shown(answer: Answer) -> list[tuple[str, list[str]]]:
    """The blocks of an answer as rendered: none swallows its neighbour."""
    found = shown_blocks(answer.markdown())
    assert found == [part for block in answer.blocks() if block for part in shown_blocks(block)]
    return found


def headings(answer: Answer) -> list[str]:
    return [text for kind, [text, *_] in shown(answer) if kind == "heading"]
