"""The lines of a file with each secret value masked: in manifests by where it stands, elsewhere by how it looks.

Texts within a manifest (a patch, values of a chart, a configuration file) are read as files of their own, and so are
comments. What is sealed is no secret, and too long to look at: it is cut. The template of an ExternalSecret is shown
where it names a value instead of being one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import TypeAlias

from gitops_mcp.domain.redact import (
    MASK,
    SECRET_SETTING,
    masked_setting,
    may_be_secret,
    redact_text,
    redacted_line,
    without_settings,
)
from gitops_mcp.domain.redact.keys import is_reference, is_secret_key, is_secret_value, names_secret
from gitops_mcp.domain.redact.looks import armored_lines, is_public, is_sealed, without_credentials
from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.tree import Node, Unparsable, header_end

Span: TypeAlias = tuple[int, int, str]
"""From where to where, and what is shown there."""

_EXTERNAL_KIND = "ExternalSecret"
_TEMPLATE = ("spec", "target", "template", "data")
_NAMES_VALUE = re.compile(r"\{\{-?\s*\.\w+(?:\s*\|\s*\w+)*\s*-?\}\}")
_SEALED_SHOWN = 12
_KEY = re.compile(r"(?:- +)?[\"']?([\w.-]+)[\"']?:(?=\s|$)")
_COMMENT = re.compile(r"\s*#+")
_REFERS = frozenset(
    {"name", "key", "namespace", "optional", "path", "kind", "group", "apiGroup", "property", "audience"}
)
"""Fields of what refers to a secret instead of holding it."""
_DEEPEST = 4
"""Of texts within texts."""


def redacted_lines(text: str, *, depth: int = 0) -> list[str]:
    """The lines of a file as they may be shown, as many as splitting at line feeds gives."""
    lines = text.split("\n")
    shown = _redact_manifest(text, lines, depth) or list(_redact_by_indentation(lines))
    for number, is_secret in armored_lines(lines).items():
        if not is_secret:
            shown[number] = shown[number] if _KEY.match(lines[number].strip()) else lines[number]
        elif MASK not in shown[number]:
            line = lines[number]
            shown[number] = line[: len(line) - len(line.lstrip(" #>|"))] + MASK
    return shown


def _redact_manifest(text: str, lines: list[str], depth: int) -> list[str]:
    """Nothing where the text is no manifest."""
    shift = 1 if text.startswith("\ufeff") else 0
    try:
        roots = [tree.root for tree in parse_yaml(text[shift:]).trees]
    except Unparsable:
        return []
    if depth > _DEEPEST or all(root.kind == "scalar" and root.text for root in roots):
        return []
    shown = [_redact_manifest_line(line) for line in lines]
    _redact_comments(lines, shown)
    spans: list[Span] = []
    for root in roots:
        kind = next((one.value.text for one in root.entries if one.key is not None and one.name == "kind"), "")
        spans += [(node.start, node.end, told) for node, told in _secret_nodes(root, (), kind)]
        spans += _redact_inner_texts(root, text[shift:], lines, shown, depth)
    _mask_spans([(start + shift, end + shift, told) for start, end, told in sorted(spans)], lines, shown)
    return shown


def _redact_comments(lines: list[str], shown: list[str]) -> None:
    """In place: what is commented out is read as if it were not."""
    marks = [_COMMENT.match(line) for line in lines]
    for is_comment, group in groupby(range(len(lines)), key=lambda number: marks[number] is not None):
        if is_comment:
            numbers = list(group)
            heads = [found[0] if (found := marks[number]) else "" for number in numbers]
            bodies = [lines[number][len(head) :] for number, head in zip(numbers, heads, strict=True)]
            told = _redact_by_indentation(bodies)
            for number, head, body in zip(numbers, heads, told, strict=True):
                shown[number] = head + body


def _redact_inner_texts(root: Node, text: str, lines: list[str], shown: list[str], depth: int) -> Iterator[Span]:
    """Texts that hold files are read as such, in place where they stand as blocks; else they are masked as a whole."""
    for node in _scalars(root):
        inner = node.text
        if "\n" not in inner.strip() and not inner.lstrip().startswith(("{", "[")):
            continue
        if not node.is_block_scalar:
            if redacted_lines(inner, depth=depth + 1) != inner.split("\n"):
                yield node.start, node.end, MASK
            continue
        first = text.count("\n", 0, header_end(text, node)) + 1
        block = lines[first : first + text.count("\n", header_end(text, node), node.end)]
        indent = min((len(line) - len(line.lstrip(" ")) for line in block if line.strip()), default=0)
        bare = [line[indent:] for line in block]
        for number, (old, new) in enumerate(zip(bare, redacted_lines("\n".join(bare), depth=depth + 1), strict=True)):
            shown[first + number] = block[number][:indent] + new if old != new else block[number]


def _mask_spans(spans: Sequence[Span], lines: list[str], shown: list[str]) -> None:
    """In place; two on a line are masked as one."""
    starts, at = [0], 0
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    open_spans: list[Span] = []
    for number, (start, stop) in enumerate(pairwise(starts)):
        while at < len(spans) and spans[at][0] < stop:
            open_spans.append(spans[at])
            at += 1
        open_spans = [one for one in open_spans if one[1] > start]
        if open_spans:
            told = open_spans[0][2] if len(open_spans) == 1 else MASK
            first = max(min(a for a, _, _ in open_spans), start) - start
            last = min(max(b for _, b, _ in open_spans), stop - 1) - start
            shown[number] = _mask_span(lines[number], first, last, told)


def _redact_by_indentation(lines: Iterable[str]) -> Iterator[str]:
    """Of a file that does not parse: each line by its looks, and all that stands below a key of secrets."""
    below: int | None = None
    for line in lines:
        words = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        is_item = words.startswith("- ") and indent == below
        if below is not None and words and (indent > below or is_item):
            yield line[:indent] + MASK
            continue
        key = _KEY.match(words)
        rest = words[len(key[0]) :].strip() if key else ""
        starts = key is not None and _hides_what_follows(key[1], rest)
        below = indent if starts else below if not words else None
        yield f"{line[:indent]}{key[0]} {MASK}" if starts and key and rest else redacted_line(line)


def _hides_what_follows(key: str, rest: str) -> bool:
    if names_secret(key):
        is_block = not rest or rest[0] in "|>&!"
        return names_secret(key) == "strong" and (is_block or is_secret_value(key, rest))
    return (key == "value" or is_secret_key(key, ())) and not is_reference(rest)


def _redact_manifest_line(line: str) -> str:
    """A line of a manifest: what stands behind it in words is read as free text."""
    code, mark, comment = line.partition(" #")
    shown = SECRET_SETTING.sub(
        lambda found: found[0] if ":" in found["link"] else masked_setting(found),
        without_settings(without_credentials(code)),
    )
    return shown + mark + (redacted_line(comment) if comment else "")


def _mask_span(line: str, first: int, last: int, told: str) -> str:
    hidden = line[first:last]
    if not hidden.strip():
        return _redact_manifest_line(line)
    lead = len(hidden) - len(hidden.lstrip())
    ending = "\r" if hidden.endswith("\r") else ""
    return _redact_manifest_line(line[: first + lead]) + told + ending + _redact_manifest_line(line[last:])


def _secret_nodes(node: Node, path: tuple[str, ...], kind: str) -> Iterator[tuple[Node, str]]:
    """The scalars below a node that hold secrets; what an alias stands for is looked at where it is anchored too."""
    said = {entry.name: entry.value.text for entry in node.entries if entry.key is not None}
    for entry in node.entries:
        name, inside = entry.name if entry.key is not None else "[]", path
        if name == "value":
            name, inside = _named_place(said, path)
        if kind == _EXTERNAL_KIND and (*inside, name) == _TEMPLATE:
            yield from ((value, MASK) for key, value in _named_scalars(entry.value) if not _is_told(key, path, value))
        elif name == "encryptedData":
            yield from ((one, _cut_sealed(one)) for one in _scalars(entry.value))
        elif name == "literals" and "secretGenerator" in path:
            yield from ((one, f"{one.text.partition('=')[0]}={MASK}") for one in _scalars(entry.value))
        elif _hides_what_is_below(name, inside, entry.value):
            yield from ((one, MASK) for one in _scalars(entry.value) if _is_hidden(name, one.text))
        else:
            yield from _secret_nodes(entry.value, (*inside, name), kind)


def _named_place(said: dict[str, str], path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """What a `value` is called by what stands beside it: an operation's path, a parameter's name."""
    pointer = said.get("path", "")
    if pointer.startswith("/"):
        steps = tuple("[]" if one.isdigit() or one == "-" else one for one in pointer.split("/")[1:])
        hidden = next((at for at, one in enumerate(steps) if is_secret_key(one, steps[:at])), len(steps) - 1)
        return steps[hidden], steps[:hidden]
    name = said.get("name") or said.get("key") or ""
    return (name, path) if names_secret(name) else ("value", path)


def _hides_what_is_below(name: str, path: tuple[str, ...], value: Node) -> bool:
    value = value.target or value
    if not names_secret(name):
        return is_secret_key(name, path)
    refers = value.kind == "mapping" and {entry.name for entry in value.entries if entry.key} <= _REFERS
    return not refers and (names_secret(name) == "strong" or value.kind == "scalar")


def _is_hidden(name: str, text: str) -> bool:
    if is_public(text):
        return False
    return is_secret_value(name, text) if names_secret(name) else not is_reference(text)


def _named_scalars(node: Node) -> Iterator[tuple[str, Node]]:
    """With the key that each stands below."""
    node = node.target or node
    for entry in node.entries:
        yield from ((entry.name if entry.key is not None else "[]", one) for one in _scalars(entry.value))


def _is_told(key: str, path: tuple[str, ...], value: Node) -> bool:
    """Whether a template names what it is made of; text under a key of secrets may be one."""
    text = value.text
    if is_secret_key(key, path):
        return _NAMES_VALUE.fullmatch(text) is not None
    return redact_text(text) == text and not may_be_secret(_NAMES_VALUE.sub("", text))


def _cut_sealed(node: Node) -> str:
    """What is sealed as kubeseal does it, after the length of its RSA key; anything else there may be a secret."""
    text = node.text.strip()
    if node.is_block_scalar or not is_sealed(text):
        return MASK
    return f"{text[:_SEALED_SHOWN]}… (sealed, {len(text)} characters)"


def _scalars(node: Node) -> Iterator[Node]:
    """The values below a node, without the keys."""
    node = node.target or node
    if node.kind == "scalar":
        yield node
    for entry in node.entries:
        yield from _scalars(entry.value)
