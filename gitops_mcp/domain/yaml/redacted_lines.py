"""The lines of a manifest with each secret value masked, also in comments.

What is sealed is no secret, and too long to look at: it is cut. The template of an ExternalSecret is shown where it
names a value instead of being one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeAlias

from gitops_mcp.domain.redact import (
    MASK,
    SECRET_SETTING,
    is_secret_key,
    masked_setting,
    may_be_secret,
    redact_text,
    redacted_line,
    without_credentials,
)
from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.tree import Node, Unparsable

Span: TypeAlias = tuple[int, int, str]
"""From where to where, and what is shown there."""

_EXTERNAL_KIND = "ExternalSecret"
_TEMPLATE = ("spec", "target", "template", "data")
_NAMES_VALUE = re.compile(r"\{\{-?\s*\.\w+(?:\s*\|\s*\w+)*\s*-?\}\}")
_SEALED = re.compile(r"(?:AQ|Ag|BA)[A-D][A-Za-z0-9+/]{300,}={0,2}")
"""Its first two bytes say how long the locked key is: 256, 512 or 1024 bytes."""
_SEALED_SHOWN = 12
_KEY = re.compile(r"(?:- +)?[\"']?([\w.-]+)[\"']?:(?=\s|$)")


def redacted_lines(text: str) -> list[str]:
    """The lines of a file as they may be shown, as many as splitting at line feeds gives."""
    lines = text.split("\n")
    try:
        spans = sorted(_secret_spans(text))
    except Unparsable:
        return list(_redact_by_indentation(lines))
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    shown = [redacted_line(line) if line.lstrip().startswith("#") else _redact_manifest_line(line) for line in lines]
    for number, (start, stop) in enumerate(pairwise(starts)):
        inside = [(max(a, start), min(b, stop - 1), told) for a, b, told in spans if a < stop and b > start]
        if inside:
            told = inside[0][2] if len(inside) == 1 else MASK
            shown[number] = _mask_span(lines[number], inside[0][0] - start, inside[-1][1] - start, told)
    return shown


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
        starts = key is not None and (key[1] == "value" or is_secret_key(key[1], ()))
        below = indent if starts else below if not words else None
        yield f"{line[:indent]}{key[0]} {MASK}" if starts and key and words != key[0] else redacted_line(line)


def _redact_manifest_line(line: str) -> str:
    """A line of a manifest: what stands behind it in words is read as free text."""
    code, mark, comment = line.partition(" #")
    shown = SECRET_SETTING.sub(
        lambda found: masked_setting(found) if "=" in found["link"] else found[0], without_credentials(code)
    )
    return shown + mark + (redacted_line(comment) if comment else "")


def _mask_span(line: str, first: int, last: int, told: str) -> str:
    hidden = line[first:last]
    if not hidden.strip():
        return line
    lead = len(hidden) - len(hidden.lstrip())
    ending = "\r" if hidden.endswith("\r") else ""
    return line[: first + lead] + told + ending + line[last:]


def _secret_spans(text: str) -> Iterator[Span]:
    shift = 1 if text.startswith("\ufeff") else 0
    for tree in parse_yaml(text[shift:]).trees:
        kind = next((one.value.text for one in tree.root.entries if one.key is not None and one.name == "kind"), "")
        for node, told in _secret_nodes(tree.root, (), kind):
            yield node.start + shift, node.end + shift, told


def _secret_nodes(node: Node, path: tuple[str, ...], kind: str) -> Iterator[tuple[Node, str]]:
    """The scalars below a node that hold secrets; what an alias stands for is looked at where it is anchored too."""
    for entry in node.entries:
        name = entry.name if entry.key is not None else "[]"
        if kind == _EXTERNAL_KIND and (*path, name) == _TEMPLATE:
            yield from ((value, MASK) for key, value in _named_scalars(entry.value) if not _is_told(key, path, value))
        elif name == "encryptedData":
            yield from ((one, _cut_sealed(one)) for one in _scalars(entry.value))
        elif is_secret_key(name, path):
            yield from ((one, MASK) for one in _scalars(entry.value))
        else:
            yield from _secret_nodes(entry.value, (*path, name), kind)


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
    if node.is_block_scalar or not _SEALED.fullmatch(text):
        return MASK
    return f"{text[:_SEALED_SHOWN]}… (sealed, {len(text)} characters)"


def _scalars(node: Node) -> Iterator[Node]:
    """The values below a node, without the keys."""
    node = node.target or node
    if node.kind == "scalar":
        yield node
    for entry in node.entries:
        yield from _scalars(entry.value)
