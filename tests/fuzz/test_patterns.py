"""Patterns and texts of others, made to take long: each is done with within its share of CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_mcp.domain import regexp
from gitops_mcp.domain.engines import envsubst
from gitops_mcp.domain.engines.applicationsets.texts import Templating
from gitops_mcp.domain.engines.globs import end_that_fits, glob, start_that_fits
from gitops_mcp.domain.engines.go_template.values import Fails
from gitops_mcp.domain.engines.left_out import FileRule, leaving_out
from gitops_mcp.domain.live.engine_states.left_alone import _matches as flux_target_matches
from gitops_mcp.domain.redact import may_be_secret, redact_text, words_of_others
from gitops_mcp.domain.remote_url import without_logins
from gitops_mcp.domain.yaml.redacted_lines import redacted_lines
from tests.conftest import examples
from tests.fuzz.limits import spent_by

_LONG = 300_000
_WORDS = (
    "y", "a-", "-", "token", "token ", "eyJ", "eyJ.", "password", "password=", "PASSWORD '", "x://", "x://u:", "x://@",
    "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "# ", "gh", "ghp_", ":", "é.", "a b ", '"', "'", "aB3", "aB3+", "=",
    "machine a login ", "h:1:d:u:", "AKIA", "SCRAM-SHA-256$", "Bearer ", "{{", "${", "  - ", "key: ", "0.", "AGE-SECRET-KEY-1",
)  # fmt: skip


def _texts(length: int) -> Iterator[str]:
    for word in _WORDS:
        yield word * (length // len(word))


_READERS: dict[str, Callable[[str], object]] = {
    "redact_text": redact_text,
    "words_of_others": words_of_others,
    "may_be_secret": may_be_secret,
    "without_logins": without_logins,
    "a plain scalar": lambda text: redacted_lines(f"a: b\nc: >-\n  {text}\n# {text}\n"),
    "what does not parse": lambda text: redacted_lines(f"a: [\nkey: {text}\n{text}\n"),
}


@pytest.mark.parametrize("name", _READERS)
def test_a_text_of_any_length_takes_time_in_proportion_to_it(name: str) -> None:
    """Hundreds of kilobytes without a line break, and the process that reads it answers nobody else meanwhile."""
    assert spent_by("tests.fuzz.test_patterns", "slow_texts", name, str(examples(_LONG))).said == "[]"


def slow_texts(name: str, length: str) -> list[str]:
    found = []
    share = int(length) / _LONG
    for short, long in zip(_texts(int(length) // 50), _texts(int(length)), strict=True):
        spent = _cpu(_READERS[name], short)
        # Fifty times the text: a square would take 2,500 times as long, so the long one is not tried then.
        if spent > share or _cpu(_READERS[name], long) > 5 * share:
            found.append(short[:20])
    return found


def _cpu(reader: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    reader(text)
    return time.process_time() - began


def filled(text: str, *, is_go: bool = False) -> object:
    try:
        return Templating(is_go).fill_text(text, {})
    except Fails as error:
        return error


_STARS = "*a" * 300 + "b"
_HOSTILE: dict[str, Callable[[], object]] = {
    "stars of a glob": lambda: glob(_STARS, crosses=True).fullmatch("a" * 4000),
    "stars in braces": lambda: glob("{" + "*a" * 50 + ",}" * 9 + "b", crosses=True).fullmatch("a" * 4000),
    "two thousand braces": lambda: glob("{a,b}" * 2000, crosses=True).fullmatch("ab" * 1000),
    "open braces": lambda: glob("{" * 100_000, crosses=True).fullmatch("{" * 1000),
    "open brackets": lambda: glob("[" * 100_000, crosses=True).fullmatch("[" * 1000),
    "a line of gitignore": lambda: leaving_out((FileRule("**/" * 400 + _STARS, "", "x"),), "a/" * 2000 + "a"),
    "a selector of Flux": lambda: flux_target_matches("(a*)*b", "a" * 5000),
    "a pattern with many states": lambda: regexp.search("[ab]*a[ab]{900}c", "ab" * 50_000),
    "the longest start": lambda: start_that_fits(_STARS, "a" * 100_000, longest=True),
    "the shortest start": lambda: start_that_fits(_STARS, "a" * 100_000, longest=False),
    "the longest end": lambda: end_that_fits("b" + _STARS, "a" * 100_000, longest=True),
    "the shortest end": lambda: end_that_fits("b" + _STARS, "a" * 100_000, longest=False),
    "tags that stay open": lambda: filled("{{" * 500_000),
    "tags that stay open after one that does not": lambda: filled("{{}}" + "{{" * 500_000),
    "tags that end once": lambda: filled("{{" * 500_000 + "}}"),
    "tags with blanks": lambda: filled("{{" + " " * 1_000_000),
    "Go templates that stay open": lambda: filled("{{" * 500_000, is_go=True),
    "comments of Go templates": lambda: filled("{{/*" * 200_000, is_go=True),
    "blanks of Go templates": lambda: filled("{{ " + " " * 1_000_000 + "}}", is_go=True),
    "quotes of Go templates": lambda: filled('{{ "' + '\\"' * 300_000, is_go=True),
    "numbers of Go templates": lambda: filled("{{ 0x" + "a_" * 300_000 + "! }}", is_go=True),
    "words of Go templates": lambda: filled("{{ " + "a" * 1_000_000 + " }}", is_go=True),
    "variables in variables": lambda: _expanded("${a:=" * 19 + "x" * 100_000 + "}" * 19),
    "variables that stay open": lambda: _expanded("${a##" + "*" * 100_000),
    "a pattern at the start of a variable": lambda: _expanded("${V##" + _STARS + "}"),
    "a pattern at the end of a variable": lambda: _expanded("${V%%" + _STARS + "}"),
    "a value for each letter": lambda: _expanded("${V//a/" + "b" * 100_000 + "}"),
    "a value for nothing": lambda: _expanded("${V//${NONE}/" + "b" * 100_000 + "}"),
    "a long value again and again": lambda: _expanded("${V}" * 100_000),
}


def _expanded(text: str) -> str:
    return envsubst.expand_parts(envsubst.parse_parts(text), lambda name: "a" * 100_000 if name == "V" else "")


def run_hostile(name: str) -> str:
    try:
        _HOSTILE[name]()
    except (envsubst.Malformed, regexp.Unreadable) as error:
        return f"refused: {str(error)[:200]}"
    return "done"


@pytest.mark.parametrize("name", _HOSTILE)
def test_a_pattern_of_others_ends_in_time(name: str) -> None:
    spent = spent_by("tests.fuzz.test_patterns", "run_hostile", name)
    assert spent.is_bounded, spent


_PIECES = st.lists(
    st.sampled_from(["*", "?", "[a-b]", "[!a]", "a", "b", "{a,b}", "{", "/", "**", ".", "\\*", "+"]), max_size=30
)


@given(pattern=_PIECES.map("".join), text=st.text("ab/.{*", max_size=300), crosses=st.booleans())
@settings(deadline=None)
def test_generated_globs_are_bounded(pattern: str, text: str, crosses: bool) -> None:
    began = time.process_time()
    glob(pattern, crosses=crosses).fullmatch(text * 10)
    assert time.process_time() - began < 1


@given(pattern=st.text("*?ab[]!", max_size=6), text=st.text("ab", max_size=8))
@settings(deadline=None)
def test_starts_and_ends_that_fit_are_those_that_trying_each_finds(pattern: str, text: str) -> None:
    one = glob(pattern, crosses=True, braces=False)
    starts = [end for end in range(1, len(text) + 1) if one.fullmatch(text[:end])]
    ends = [start for start in range(len(text)) if one.fullmatch(text[start:])]
    assert [start_that_fits(pattern, text, longest=longest) for longest in (True, False)] == [
        max(starts, default=0),
        min(starts, default=0),
    ]
    assert [end_that_fits(pattern, text, longest=longest) for longest in (True, False)] == [
        min(ends, default=len(text)),
        max(ends, default=len(text)),
    ]
