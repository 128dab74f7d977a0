"""What the server says while tests run, held to the golden file of its texts.

All that is said passes a few places: the errors, the warnings, the faults that rules find, the reasons of an impact,
the models of answers, and the client that hears an answer of a server in this process or in another. A test in which
something is said that no row of the golden file matches fails.

A text is made of one row or of several: sentences after each other, a part of a sentence in the value of another row. A
row matches from end to end, and what stands for a value may be anything where the row has enough words of its own. In
a row of few words, such as `{…} of {…}`, it has to be a name or to be made of rows itself: else such rows would match
every sentence.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from gitops_mcp.answers.base import Answer
from gitops_mcp.domain.impact.level import Impact
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.rules.rule import Fault, Finding
from gitops_mcp.errors import GitOpsError
from tests.said import NOT_ANSWERS, PACKAGE, VALUE, reads_as_prose

GOLDEN = Path(__file__).parent / "golden" / "said.txt"
_LIBRARIES = (
    "while parsing a {…} did not find expected {…}",
    "while scanning a {…} could not find expected {…}",
    "while increasing flow level exceeded maximum nesting depth",
    "did not find expected {…}",
    "mapping values are not allowed in this context",
    "while scanning for the next token found character that cannot start any token",
    "control characters are not allowed",
    "surrogates not allowed",
    "block sequence entries are not allowed in this context",
    "while scanning an {…} did not find expected alphabetic or numeric character",
    "found a tab character that violates indentation",
    "input should be {…}",
    "input should be a valid {…}",
    "input should be {…} than or equal to {…}",
    "string should have at least {…}",
    "string should have at most {…}",
    "list should have at {…} after validation, not {…}",
    "recursion error - maximum validation depth exceeded",
    "invalid escape sequence: {…}",
    "invalid perl operator: {…}",
    "stat {…}: no such file or directory",
    *(f"{verb} {VALUE}" for verb in ("get", "list", "create", "patch", "delete", "log")),
    *(os.strerror(number) for number in errno.errorcode),
)
"""What YAML's parser, pydantic, RE2, Helm and the system say, and verbs of requests; a row of ours is around it."""
_PIECED = (
    "expected a number from {…} to {…}, found {…}",
    "drops {…} ({…} delete): its subscribers receive nothing more",
    "{…}: {…} (store {…}, server {…})",
)
"""Of pieces too small to be told apart from others."""
_OWN_WORDS = 4
"""Of a row; from then on nothing is asked of its values."""
_HEAD_WORDS = 8
_DEEPEST = 6
_MOST_PARTS = 60
_WORD = re.compile(r"[A-Za-z]+")
_JOINT = re.compile(r"[;:,.] |\n| \(|\) | \[| - | -> | && | or ")
_EDGES = " ,;:.()[]`*'\"-#>"
_LEADING_VALUE = re.compile(r"(?:[A-Z]\w+ [a-z][\w-]*|'[^']*'|\"[^\"]*\"|\S*[^\sa-z]\S*) ")
"""A name or a number, of which a part of a sentence is said."""
_QUOTED = re.compile(r"untrusted text\)?|^(['\"]).*\1$")
"""The words of others, which are marked or stand in quotes."""
_OF_GIT = re.compile(r"(?:\w+: )?git \S+ failed \(\d+\): ")
"""An error with git's own words, which is told in ours where it leaves."""
_QUOTED_NAME = re.compile(r"'[^']*'|`[^`]*`")
_PLACEHOLDER = re.compile(r"\{[a-z]*\}")
"""Of a text that `format` fills in."""
_CUT = re.compile(r"… \(\d+ more characters\)")
_FENCED = re.compile(r"^(`{3,})[a-z]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
_OF_OTHERS = frozenset({
    "attributes", "author", "body", "detail", "diff", "error", "extensions", "message", "name", "owner",
    "phase_reason", "reason", "schemas", "subject", "text", "title",
})  # fmt: skip
"""Fields of answers in which somebody else wrote the words, or chose a name."""


class Row:
    """A text with its values left open."""

    def __init__(self, text: str) -> None:
        self.pieces = text.split(VALUE)
        self.longest = max(self.pieces, key=len)
        self.own_words = sum(len(_WORD.findall(piece)) for piece in self.pieces)

    @cached_property
    def whole_words(self) -> set[str]:
        """Those that stand in every text that it matches: none of which a value may be a part."""
        last = len(self.pieces) - 1
        return {
            found[0]
            for number, piece in enumerate(self.pieces)
            for found in _WORD.finditer(piece)
            if (found.start() or not number) and (found.end() < len(piece) or number == last)
        }

    def values(self, text: str) -> Sequence[str] | None:
        """What stands for its values in a text that it matches from end to end: each up to the next piece."""
        first, *rest = self.pieces
        if not rest:
            return () if text == first else None
        *middle, last = rest
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return None
        values = []
        for piece in middle:
            found = text.find(piece, at, end)
            if found < 0:
                return None
            values.append(text[at:found])
            at = found + len(piece)
        return [*values, text[at:end]]


class Rows:
    """All rows, by the rarest word of each, or by none where a value touches all of its words."""

    def __init__(self, texts: Iterable[str]) -> None:
        rows = [Row(text) for text in dict.fromkeys(form for text in texts for form in _forms_of_row(text))]
        often = Counter(word for row in rows for word in row.whole_words)
        self._heads = {f"{row.pieces[0]} " for row in rows if len(row.pieces) == 1 and row.own_words <= _HEAD_WORDS}
        self._by_word: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            rarest = min(row.whole_words, key=lambda word: (often[word], word), default="")
            if rarest or row.own_words:
                self._by_word[rarest].append(row)
        self._known: dict[str, bool] = {}

    def explain(self, text: str, depth: int = 0) -> bool:
        """Whether a text is made of rows, and of what is no prose."""
        text = text.strip(" \n")
        if not _is_prose(text) or _OF_GIT.match(text):
            return True
        if text not in self._known:
            self._known[text] = False  # where a value is the text itself
            self._known[text] = depth < _DEEPEST and (
                self._match(text, depth) or any(self._join(form, depth) for form in self._forms(text))
            )
        return self._known[text]

    def _match(self, text: str, depth: int) -> bool:
        """Whether one row matches, with or without what stands around it."""
        bare = text.strip(_EDGES)
        head = self._subject(bare)
        is_named = head in self._heads and not _is_prose(bare.removeprefix(head))
        return is_named or not _is_prose(bare) or any(self._is_row(form, depth) for form in self._forms(text))

    def _forms(self, text: str) -> Iterable[str]:
        """As it stands, without the marks around it, as the middle of a sentence, and what is said of a name."""
        bare = text.strip(_EDGES)
        forms = {text: None, text.lstrip(_EDGES): None, bare: None}
        for whole in [*forms, f"{bare[:1].lower()}{bare[1:]}"]:
            form = whole
            forms[form] = None
            while subject := self._subject(form):
                form = form.removeprefix(subject)
                forms[form] = None
        return forms

    def _subject(self, text: str) -> str:
        """A value that a text begins with, or a row without one: what is counted, or how a sentence begins."""
        words = text.split(" ", _HEAD_WORDS)
        heads = (" ".join([*words[:number], ""]) for number in range(len(words) - 1, 0, -1))
        found = _LEADING_VALUE.match(text)
        return next((head for head in heads if head in self._heads), found[0] if found else "")

    def _is_row(self, text: str, depth: int) -> bool:
        rows = [
            row for word in {"", *_WORD.findall(text)} for row in self._by_word.get(word, ()) if row.longest in text
        ]
        for row in sorted(rows, key=lambda row: -row.own_words):
            values = row.values(text)
            if values is not None and (
                row.own_words >= _OWN_WORDS or all(self._is_value(value, depth) for value in values)
            ):
                return True
        return False

    def _is_value(self, text: str, depth: int) -> bool:
        return bool(_QUOTED.search(text)) or self.explain(text, depth + 1)

    def _join(self, text: str, depth: int) -> bool:
        """Whether rows one after the other match, each up to a mark between two."""
        joints = list(_JOINT.finditer(text))
        starts = [0, *(found.end() for found in joints)]
        ends = [*(found.start() for found in joints), len(text)]
        if not 1 < len(ends) <= _MOST_PARTS:
            return False
        reached = {0}
        for last, end in enumerate(ends):
            if any(
                first in reached
                and (first, last) != (0, len(ends) - 1)
                and self._part(text[starts[first] : end], depth)
                for first in range(last, -1, -1)
            ):
                reached.add(last + 1)
        return len(ends) in reached

    def _part(self, text: str, depth: int) -> bool:
        if text not in self._known:
            self._known[text] = not _is_prose(text) or bool(_QUOTED.search(text)) or self._match(text, depth + 1)
        return self._known[text]


def _is_prose(text: str) -> bool:
    """Whether it is more than names."""
    return reads_as_prose(_QUOTED_NAME.sub("0", text))


def _forms_of_row(text: str) -> Iterator[str]:
    """A row as it is said by itself, before or after another, and without the argument or the line before it."""
    text = _PLACEHOLDER.sub(VALUE, text)
    open_ended = f"{VALUE * text.startswith(' ')}{text}{VALUE * text.endswith(' ')}"
    prefixes = (f"{VALUE}: ", f"{VALUE} ", f"line {VALUE}: ")
    for form in (text, open_ended, *map(text.removeprefix, prefixes)):
        yield form
        yield form.strip(_EDGES)
    if VALUE not in text:
        yield f"{text}s"  # where it is counted


def texts_of_answer(text: str, structure: Any) -> Iterator[str]:
    """What an answer says itself: without code, and without the values of its fields, which stand in both forms."""
    values = sorted({one for one in _strings(structure) if " " in one}, key=len, reverse=True)
    fields = tuple(f"{one} " for one in _fields(structure))
    for line in _FENCED.sub("", text).replace("\\", "").split("\n"):
        frame = line
        for value in values:
            frame = frame.replace(value, "''") if value in frame else frame
        parts = frame.removeprefix("- ").split(", ")
        others = [part for part in parts if not part.startswith(fields)]
        # A line of facts has the name of a field before each value, and a table has them above.
        cells = (", ".join(others) if len(parts) - len(others) > 1 else frame).split("|")
        yield from (cell for cell in cells if f"{cell.strip().replace(' ', '_')} " not in fields)


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | tuple():
            for part in value:
                yield from _strings(part)
        case dict():
            for part in value.values():
                yield from _strings(part)


def _fields(value: Any) -> Iterator[str]:
    match value:
        case list():
            for part in value:
                yield from _fields(part)
        case dict():
            yield from value
            for part in value.values():
                yield from _fields(part)


def golden_texts() -> list[str]:
    texts = [line.partition(": ")[2] for line in GOLDEN.read_text().splitlines()]
    lines = (text.replace("\\n", "\n") for text in texts if "\\n" in text)
    # An answer is heard as Markdown shows it.
    return [*texts, *lines, *(text.replace("\\", "") for text in texts if "\\" in text)]


def unmatched(texts: Iterable[str]) -> list[str]:
    """Those that no row matches."""
    found = [text for text in texts if not _explains(_rows(), text)]
    return [text for text in found if not _explains(_rows_with_schemas(), text)] if found else []


def _explains(rows: Rows, text: str) -> bool:
    return bool(_CUT.search(text)) or rows.explain(text) or all(map(rows.explain, text.split("\n")))


@cache
def _rows() -> Rows:
    return Rows([*golden_texts(), *_LIBRARIES, *_PIECED])


@cache
def _rows_with_schemas() -> Rows:
    """With what CloudNativePG's own schemas say of values, and the tools' of arguments; few tests need them."""
    from gitops_mcp import crds

    packaged = [crds.packaged_crd(one.name.partition(".")[0]) for one in Path(crds.__file__).parent.glob("*.json.gz")]
    tools = [json.loads(one.read_text()) for one in GOLDEN.parent.glob("tools/*.json")]
    return Rows([*golden_texts(), *_LIBRARIES, *_PIECED, *_messages([*packaged, *tools])])


def _messages(value: Any) -> Iterator[str]:
    match value:
        case list():
            for part in value:
                yield from _messages(part)
        case dict():
            for rule in value.get("x-kubernetes-validations", ()):
                yield rule.get("message", "")
            if isinstance(told := value.get("description"), str):
                yield from (told, *(one.strip(" .") for one in re.split(r"[.;:] ", told)))
            for part in value.values():
                yield from _messages(part)


_HEARD: set[str] = set()


def taken() -> set[str]:
    """What was said since this was asked last."""
    said = set(_HEARD)
    _HEARD.clear()
    return said


def hear_answer(text: str, structure: Any) -> None:
    """What a client was answered."""
    _HEARD.update(texts_of_answer(text, structure))


def listen() -> None:
    """Once in a process. What a test makes itself is not said by the server."""
    _hear(GitOpsError, lambda error: error.args[:1])
    for made in (Notice, Fault, Finding):
        _hear(made, lambda one: (one.message,))
    _hear(Impact, lambda impact: impact.reasons)
    _hear(Answer, _words_of)


def _words_of(answer: Answer) -> Iterable[str]:
    return _strings([value for field, value in vars(answer).items() if field not in _OF_OTHERS])


def _hear(made: type[Any], texts: Callable[[Any], Iterable[Any]]) -> None:
    begin = made.__init__

    def begin_and_hear(self: Any, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        if _answers(sys._getframe(1).f_code.co_filename):
            _HEARD.update(text for text in texts(self) if isinstance(text, str))

    made.__init__ = begin_and_hear


@cache
def _answers(module: str) -> bool:
    """Whether what a module makes reaches those who ask the server."""
    path = Path(module)
    return path.is_relative_to(PACKAGE) and not NOT_ANSWERS & set(path.relative_to(PACKAGE).parts)


def listen_to_clients() -> None:
    """To answers that the SDK's client hears, once a test has loaded it."""
    client = sys.modules.get("mcp.client.session")
    if client is None or hasattr(client.ClientSession, "is_heard"):
        return
    ask = client.ClientSession.send_request

    async def ask_and_hear(self: Any, *given: Any, **named: Any) -> Any:
        answer = await ask(self, *given, **named)
        for block in getattr(answer, "content", ()):
            hear_answer(getattr(block, "text", ""), getattr(answer, "structured_content", None))
        return answer

    client.ClientSession.send_request = ask_and_hear
    client.ClientSession.is_heard = True
