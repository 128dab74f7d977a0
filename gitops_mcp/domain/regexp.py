"""Regular expressions that others evaluate as RE2: patterns of CRDs, `matches` of CEL, selectors of kustomize.

Python reads some of them otherwise (`$`, digits, classes in brackets), and would follow a hostile one for hours. RE2
takes the length of the text, for some times that of the pattern, so that product is bounded too.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from gitops_mcp.domain.budget import spend

_TOKENS = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|.", re.DOTALL)
_NAME = re.compile(r"\(\?P?<(?![=!])[A-Za-z0-9_]*[^A-Za-z0-9_>]")
_LONG_COUNT = re.compile(r"\{(?:[0-9]{9,}(?:,[0-9]*)?|[0-9]+,[0-9]{9,})\}")
"""Go refuses it as too many; the C++ takes the braces for themselves."""


_MOST = 100_000_000
"""Instructions of a pattern times bytes of a text: a third of a second."""
_A_STEP = 1_000
"""Of these, in one step of a budget."""


class Unreadable(ValueError):
    """A pattern that RE2 does not take, or that would take too long on a text."""


def is_readable(pattern: str) -> bool:
    try:
        compiled(pattern)
    except Unreadable:
        return False
    return True


def search(pattern: str, text: str) -> bool:
    return compiled(pattern).search(_bounded(pattern, text)) is not None


def fullmatch(pattern: str, text: str) -> bool:
    return compiled(pattern).fullmatch(_bounded(pattern, text)) is not None


def find_span(pattern: str, text: str) -> tuple[int, int] | None:
    """From where to where the first group of a pattern goes, in characters, where it fits first."""
    data = _bounded(pattern, text)
    found = compiled(pattern).search(data)
    if found is None:
        return None
    start, end = found.span(1)
    return len(data[:start].decode(errors="surrogatepass")), len(data[:end].decode(errors="surrogatepass"))


def find_groups(pattern: str, text: str) -> list[tuple[str, ...]]:
    """What the groups of a pattern hold, at each place where it fits."""
    found = compiled(pattern).finditer(_bounded(pattern, text))
    return [tuple(one.decode(errors="surrogatepass") for one in match.groups()) for match in found]


def find_spans(pattern: str, text: str) -> list[tuple[tuple[int, int], ...]]:
    """From where to where each match goes, and each of its groups, in bytes; a group that is not there from -1."""
    data, groups = _bounded(pattern, text), range(compiled(pattern).groups + 1)
    return [tuple(match.span(one) for one in groups) for match in compiled(pattern).finditer(data)]


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    import re2

    if "\\C" in pattern or not pattern.isascii() or _LONG_COUNT.search(pattern):
        _check_for_go(pattern)
    try:
        return re2.compile(_bytes(pattern), _options())
    except re2.error as error:
        raise Unreadable(error.args[0].decode(errors="replace")) from error


def _bounded(pattern: str, text: str) -> bytes:
    data = _bytes(text)
    steps = compiled(pattern).programsize * len(data)
    spend(1 + steps // _A_STEP)
    if steps > _MOST:
        raise Unreadable(f"a pattern of {len(pattern)} characters on a text of {len(text)} takes too long")
    return data


def _check_for_go(pattern: str) -> None:
    """Kubernetes and its operators read patterns by the Go of RE2, which knows less than the C++."""
    tokens = _TOKENS.findall(pattern)
    if r"\C" in tokens:
        raise Unreadable(r"invalid escape sequence: \C")
    plain = "".join(one for one in tokens if not one.startswith("\\"))
    if _NAME.search(plain):
        raise Unreadable("invalid named capture: letters, digits and '_'")
    if _LONG_COUNT.search(_without_classes(plain)):
        raise Unreadable("invalid repeat count: at most 1000")


def _without_classes(pattern: str) -> str:
    """Without `[…]`, where a bracket that closes is itself one of the characters if it is the first."""
    kept, start = "", 0
    while (opened := pattern.find("[", start)) >= 0:
        first = opened + 1 + pattern.startswith("^", opened + 1)
        closed = pattern.find("]", first + 1)
        closed = pattern.find("]", first) if closed < 0 else closed
        if closed < 0:
            break
        kept, start = kept + pattern[start:opened], closed + 1
    return kept + pattern[start:]


@cache
def _options() -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False  # they would go to stderr, past our own log
    return options


def _bytes(text: str) -> bytes:
    """A lone half of a surrogate pair, which YAML can spell, is one character to RE2."""
    return text.encode(errors="surrogatepass")
