"""What never leaves: the lines of a manifest that hold a secret value, found by where the value stands.

The text keeps its number of lines, so that a diff of the original can be shown with redacted lines. A file that does
not parse, and a comment, are redacted by their lines alone: less exact, and so wider.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.redact.keys import is_reference, is_secret_key, is_secret_value
from gitops_mcp.domain.redact.looks import MASK as MASK
from gitops_mcp.domain.redact.looks import without_credentials, without_keys

UNTRUSTED = "untrusted text"
_KEPT_LENGTH = 120

# What follows reads text of any length that others wrote, so none of it may take a length's square: words are read
# from where they start, and keys up to a length that none has.
_KEYED = re.compile(
    r"(?P<head>[\s#-]*+(?:export |set )?[\"']?(?P<key>[\w.-]{1,300}+)[\"']?\s*+[:=]\s*+)(?P<value>[^\s#{\[&*|>].*)"
)
SECRET_SETTING = re.compile(
    r"(?i)(?P<head>(?:password|passwd|passphrase|secret[-_]?access[-_]?key|access[-_]?token|api[-_]?key|private[-_]?key|"
    r"client[-_]?secret|auth[-_]?token|identified by|(?:token|secret|sig(?:nature)?)(?==))"
    r"(?:\\?[\"'])?(?P<link>\s*[:=]\s*|\s+(?:is|was|to)\s+|\s+(?=[\"'$]|[EU]&?')))"
    r"(?P<value>\\\"[^\"\\]*+(?:\\\")?|\"[^\"\\]*+(?:\\.[^\"\\]*+)*\"?|[EU]?&?'[^']*+(?:''[^']*+)*'?|[^\s,;\"'`)}\]]+)"
)
"""`password=x`, `"password": "x"`, `PASSWORD 'x'`, `the password is x1`, anywhere in a text."""
_ASSIGNED = re.compile(
    r"(?<![\w.-])(?P<head>(?P<key>[\w.-]{1,100}+)=)(?P<value>\"[^\"\\]*+(?:\\.[^\"\\]*+)*\"?|'[^']*+'?|[^\s,;\"'`)}\]]+)"
)
_JSON = re.compile(
    r"(?P<head>\\?\"(?P<key>[\w.-]{1,100}+)\\?\"\s*:\s*)(?P<value>\\\"[^\"\\]*+(?:\\\")?|\"[^\"\\]*+(?:\\.[^\"\\]*+)*\"?)"
)
_LOGIN = re.compile(
    r"(?i)(?P<head>\b(?:login|machine|account|default)\s+\S+\s+password\s+|^[\s#-]*+password\s+(?=\S+\s*$))(?P<value>\S+)"
)
"""Of a .netrc."""
_PGPASS = re.compile(
    r"^(?P<head>[\s#\"'-]*+(?![0-9a-fA-F:]+$)(?:[^:\s]+):(?:\d{4,5}|\*):(?:[^:\s]+):(?:[^:\s]+):)(?P<value>[^\s].*)"
)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?=[A-Fa-f]*[0-9])(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{40,}+(?![0-9A-Za-z])")
_WORD = re.compile(r"[A-Za-z0-9+!#$%&=@^~*]{13,}")
"""Longer than most names without a separator; generated passwords are longer still."""


def redact_text(text: str) -> str:
    """Free text (a message, what a remote printed) without credentials in URLs, passwords and private keys."""
    return "\n".join(redacted_line(line) for line in without_keys(text).split("\n"))


def words_of_others(text: str, *, most: int = 600) -> str:
    """What a server, a webhook or a remote wrote, fit to be shown: on one line, bounded, and without secrets."""
    line = _known_words(text) if len(text) <= _KEPT_LENGTH else _words(text)
    return line if len(line) <= most else line[:most] + "…"


def _words(text: str) -> str:
    return redact_text(one_line(redact_text(text)))


_known_words = lru_cache(maxsize=2_000)(_words)
"""Names and titles come again with each call and each row."""


def untrusted(text: str, *, most: int = 600) -> str:
    """The same, marked as what it is: data and no instructions. Nothing where nothing was said."""
    return f"{words} ({UNTRUSTED})" if (words := words_of_others(text, most=most)) else ""


class OutsideText(str):
    """Prose that somebody else wrote: printed it is cleaned, bounded, without secrets, and says that it is untrusted.

    To compare it is to compare what was written. Cut or joined it is plain text, of which answers see to the form.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return f"({UNTRUSTED}) {words_of_others(str.__str__(self))}"

    def __repr__(self) -> str:
        return repr(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def mark_outside(value: Any) -> Any:
    """A part of an object in which all that may be prose is OutsideText; names and times stay plain.

    Every object of a long list comes through here, so it asks for types instead of matching them.
    """
    if type(value) is str:
        return OutsideText(value) if _may_be_prose(value) else value
    if type(value) is dict:
        for key, part in value.items():
            kind = type(part)
            if kind is str:
                if _may_be_prose(part):
                    value[key] = OutsideText(part)
            elif (kind is dict or kind is list) and key != "managedFields":
                mark_outside(part)
    elif type(value) is list:
        value[:] = map(mark_outside, value)
    return value


def _may_be_prose(text: str) -> bool:
    """Longer than any name, of more words than a schedule has, or with what no name has."""
    return not text.isprintable() or (len(text) > 11 and (text.count(" ") > 5 or len(text) > 253))


def fit_to_show(value: Any, *, most: int) -> Any:
    """What an answer may hold: texts on one line and bounded, wherever they stand in lists and mappings."""
    match value:
        case str():
            return str(value) if value.isprintable() and len(value) <= most else _fitting(str(value), most)
        case list() | tuple():
            return type(value)(fit_to_show(part, most=most) for part in value)
        case dict():
            return {fit_to_show(key, most=most): fit_to_show(part, most=most) for key, part in value.items()}
        case _:
            return value


def _fitting(text: str, most: int) -> str:
    line = one_line(text.encode(errors="replace").decode())
    return line if len(line) <= most else f"{line[:most]}… ({len(line) - most} more characters)"


def redact_value(value: Any, path: Sequence[str | int] | None = None) -> Any:
    """A part of an object, found at `path`, without the values that are secret where they stand.

    Without a path it is no part of one but what a caller gave, of which the looks have to be judged.
    """
    if path is None:
        return _redact_argument(value)
    if any(is_secret_key(str(step), _path_names(path[:depth])) for depth, step in enumerate(path)):
        return MASK
    match value:
        case dict():
            return {key: redact_value(part, (*path, str(key))) for key, part in value.items()}
        case list():
            return [redact_value(part, (*path, index)) for index, part in enumerate(value)]
        case str():
            return redact_text(value)
        case _:
            return value


def _redact_argument(value: Any) -> Any:
    match value:
        case dict():
            return {
                _redact_argument(str(key)): MASK if is_secret_key(str(key), ()) else _redact_argument(part)
                for key, part in value.items()
            }
        case list():
            return [_redact_argument(part) for part in value]
        case str():
            told = redact_text(value)
            return MASK if _has_mixed_word(told) else told
        case _:
            return value


def may_be_secret(text: str) -> bool:
    """Whether what somebody gave could be a credential that was put where it does not belong, so it is not repeated.

    Nobody can tell that for sure: a short word may be a password, too. So that mistyped names can be shown, only what
    has the form of a credential counts, and a long word that mixes upper case, lower case and digits, as names do not.
    """
    return redact_text(text) != text or _has_mixed_word(text)


def is_credential(name: str) -> bool:
    """Whether a name is one that only a generator makes: base64 of random bytes, a token, a long run of hex digits.

    A UUID, with dashes or without, and what ends in a hash (`tenant_8f3a2b1c`) name tenants, so they are names.
    """
    words = _WORD.findall(name)
    return redact_text(name) != name or bool(_HEX.search(name)) or any(map(_alternates_often, words))


def _alternates_often(word: str) -> bool:
    """Of at least 20 characters, letters and digits in turn, more than hex digits."""
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(word))
    return len(word) >= 20 and not set(word.lower()) <= set("0123456789abcdef") and changes >= 0.3 * len(word)


def _has_mixed_word(text: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    return any(all(any(map(kind, word)) for kind in kinds) for word in _WORD.findall(text))


def _path_names(path: Sequence[str | int]) -> tuple[str, ...]:
    return tuple("[]" if isinstance(step, int) else step for step in path)


def redacted_line(line: str) -> str:
    """A line of any text: a key and its value, or words in which there may be some."""
    found = _KEYED.match(line)
    if found and is_secret_value(found["key"], found["value"]):
        return found["head"] + MASK
    line = without_settings(without_credentials(line))
    return SECRET_SETTING.sub(masked_setting, line)


def without_settings(line: str) -> str:
    """A line without the secrets that are assigned in it, as a shell, JSON, a .netrc and a .pgpass do."""
    for form in (_ASSIGNED, _JSON):
        line = form.sub(_masked_assignment, line)
    return _PGPASS.sub(_masked_value, _LOGIN.sub(_masked_value, line)) if ":" in line or "assword" in line else line


def _masked_assignment(found: re.Match[str]) -> str:
    return found["head"] + MASK if is_secret_value(found["key"], found["value"].strip("\\")) else found[0]


def _masked_value(found: re.Match[str]) -> str:
    return found["head"] + MASK


def masked_setting(found: re.Match[str]) -> str:
    """`the password is wrong` tells none: what follows a word must look like one."""
    value: str = found["value"]
    is_word = found["link"].strip() in {"is", "was", "to"} and value.isalpha()
    return found[0] if is_word or is_reference(value.strip("\"'")) else found["head"] + MASK
