"""What never leaves: the lines of a manifest that hold a secret value, found by where the value stands.

The text keeps its number of lines, so that a diff of the original can be shown with redacted lines. A file that does
not parse, and a comment, are redacted by their lines alone: less exact, and so wider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from gitops_mcp.domain.yamlparse import parsed
from gitops_mcp.domain.yamltree import Node, Unparsable

MASK = "<redacted>"

Span: TypeAlias = tuple[int, int]

_SECRET_MAPS = frozenset({"data", "stringData", "connectionParameters", "bindSearchAuth", "bindAsAuth"})
_SECRET_KEY = re.compile(r"(?i).*(password|passwd|secret[-_]?access[-_]?key|access[-_]?token|private[-_]?key|dsn)$")
_NOT_SECRET = frozenset({"disablePassword"})
_SQL = re.compile(r"post(Init|Import)\w*SQL$")
# What follows reads text of any length that others wrote, so none of it may take a length's square: words are read
# from where they start, and keys up to a length that none has.
_SUSPECT = re.compile(
    r"(?i)^(?P<head>[\s#-]*+[\"']?[\w.-]{0,300}?"
    r"(password|passwd|secret[-_]?access|token|private[-_]?key|credential)[\w.-]{0,300}[\"']?"
    r"\s*[:=]\s*)(?P<value>[^\s#{\[&*|>].*)$"
)
_CREDENTIAL_URL = re.compile(r"(?i)(?<!\w)(\w+://)(?:[^/@\s:]*:[^/@\s]+|(?<=http://)[^/@\s]+|(?<=https://)[^/@\s]+)@")
_TOLD = re.compile(
    r"(?i)(?P<head>(?:password|passwd|passphrase|secret[-_]?access[-_]?key|access[-_]?token|api[-_]?key|private[-_]?key)"
    r"[\"']?(?P<link>\s*[:=]\s*|\s+(?:is|was|to)\s+|\s+(?=[\"'])))"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;\"'`)}\]]+)"
)
"""`password=x`, `"password": "x"`, `PASSWORD 'x'`, `the password is x1`, anywhere in a text."""
_TOKEN = re.compile(
    r"gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}"
    r"|(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+|SCRAM-SHA-256\$\S+|(?<=[Bb]earer )[^\s\"']+"
)
"""Credentials that can be told by their looks."""
_WORD = re.compile(r"[A-Za-z0-9+!#$%&=@^~*]{13,}")
"""Longer than most names without a separator; generated passwords are longer still."""
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def redacted_lines(text: str) -> list[str]:
    """The lines of a file as they may be shown, as many as splitting at line feeds gives."""
    lines = text.split("\n")
    try:
        spans = sorted(_secret_spans(text))
    except Unparsable:
        return [_by_line(line) for line in lines]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    shown = [_by_line(line) if line.lstrip().startswith("#") else _with_comment(line) for line in lines]
    for number, (start, stop) in enumerate(pairwise(starts)):
        inside = [(max(a, start), min(b, stop - 1)) for a, b in spans if a < stop and b > start]
        if inside:
            shown[number] = _masked(lines[number], inside[0][0] - start, inside[-1][1] - start)
    return shown


def redacted(text: str) -> str:
    """Free text (a message, what a remote printed) without credentials in URLs, passwords and private keys."""
    return "\n".join(_by_line(line) for line in _PRIVATE_KEY.sub(MASK, text).split("\n"))


def redacted_value(value: Any, path: Sequence[str | int] | None = None) -> Any:
    """A part of an object, found at `path`, without the values that are secret where they stand.

    Without a path it is no part of one but what a caller gave, of which the looks have to be judged.
    """
    if path is None:
        return _redacted_argument(value)
    if any(_is_secret(str(step), _names(path[:depth])) for depth, step in enumerate(path)):
        return MASK
    match value:
        case dict():
            return {key: redacted_value(part, (*path, str(key))) for key, part in value.items()}
        case list():
            return [redacted_value(part, (*path, index)) for index, part in enumerate(value)]
        case str():
            return redacted(value)
        case _:
            return value


def _redacted_argument(value: Any) -> Any:
    match value:
        case dict():
            return {
                _redacted_argument(str(key)): MASK if _is_secret(str(key), ()) else _redacted_argument(part)
                for key, part in value.items()
            }
        case list():
            return [_redacted_argument(part) for part in value]
        case str():
            told = redacted(value)
            return MASK if _has_mixed_word(told) else told
        case _:
            return value


def may_be_secret(text: str) -> bool:
    """Whether what somebody gave could be a credential that was put where it does not belong, so it is not repeated.

    Nobody can tell that for sure: a short word may be a password, too. So that mistyped names can be shown, only what
    has the form of a credential counts, and a long word that mixes upper case, lower case and digits, as names do not.
    """
    return redacted(text) != text or _has_mixed_word(text)


def _has_mixed_word(text: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    return any(all(any(map(kind, word)) for kind in kinds) for word in _WORD.findall(text))


def _names(path: Sequence[str | int]) -> tuple[str, ...]:
    return tuple("[]" if isinstance(step, int) else step for step in path)


def _with_comment(line: str) -> str:
    """A line of a manifest: what stands behind it in words is read as free text."""
    code, mark, comment = line.partition(" #")
    shown = _TOLD.sub(lambda found: _untold(found) if "=" in found["link"] else found[0], _unlike_credentials(code))
    return shown + mark + (_by_line(comment) if comment else "")


def _by_line(line: str) -> str:
    found = _SUSPECT.match(line)
    if found:
        return found["head"] + MASK
    return _TOLD.sub(_untold, _unlike_credentials(line))


def _unlike_credentials(line: str) -> str:
    return _TOKEN.sub(MASK, _CREDENTIAL_URL.sub(rf"\1{MASK}@", line))


def _untold(found: re.Match[str]) -> str:
    """`the password is wrong` tells none: what follows a word must look like one."""
    value: str = found["value"]
    is_word = found["link"].strip() in {"is", "was", "to"} and value.isalpha()
    return found[0] if is_word else found["head"] + MASK


def _masked(line: str, first: int, last: int) -> str:
    hidden = line[first:last]
    if not hidden.strip():
        return line
    lead = len(hidden) - len(hidden.lstrip())
    ending = "\r" if hidden.endswith("\r") else ""
    return line[: first + lead] + MASK + ending + line[last:]


def _secret_spans(text: str) -> Iterator[Span]:
    shift = 1 if text.startswith("\ufeff") else 0
    for tree in parsed(text[shift:]).trees:
        for node in _inside(tree.root, ()):
            yield node.start + shift, node.end + shift


def _inside(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    """The scalars below a node that hold secrets; what an alias stands for is looked at where it is anchored too."""
    for entry in node.entries:
        name = entry.name if entry.key is not None else "[]"
        if _is_secret(name, path):
            yield from _scalars(entry.value)
        else:
            yield from _inside(entry.value, (*path, name))


def _is_secret(name: str, path: tuple[str, ...]) -> bool:
    """Whether the value under a key is secret: design's list, and keys that name a password."""
    if name in _SECRET_MAPS or _SQL.match(name):
        return True
    if name == "value" and path[-2:] == ("env", "[]"):
        return True
    return name not in _NOT_SECRET and _SECRET_KEY.match(name) is not None


def _scalars(node: Node) -> Iterator[Node]:
    """The values below a node, without the keys."""
    node = node.target or node
    if node.kind == "scalar":
        yield node
    for entry in node.entries:
        yield from _scalars(entry.value)
