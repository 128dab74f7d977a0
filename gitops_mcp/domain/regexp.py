"""Regular expressions that others evaluate as RE2: patterns of CRDs, `matches` of CEL, selectors of kustomize.

Python reads some of them otherwise (`$`, digits, classes in brackets), and would follow a hostile one for hours.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

_TOKENS = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|.", re.DOTALL)
_NAME = re.compile(r"\(\?P?<(?![=!])[A-Za-z0-9_]*[^A-Za-z0-9_>]")
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_LONG_COUNT = re.compile(r"\{(?:[0-9]{9,}(?:,[0-9]*)?|[0-9]+,[0-9]{9,})\}")
"""Go refuses it as too many; the C++ takes the braces for themselves."""


class Unreadable(ValueError):
    """A pattern that RE2 does not take."""


def search(pattern: str, text: str) -> bool:
    return compiled(pattern).search(_bytes(text)) is not None


def fullmatch(pattern: str, text: str) -> bool:
    return compiled(pattern).fullmatch(_bytes(text)) is not None


def find_groups(pattern: str, text: str) -> list[tuple[str, ...]]:
    """What the groups of a pattern hold, at each place where it fits."""
    found = compiled(pattern).finditer(_bytes(text))
    return [tuple(one.decode(errors="surrogatepass") for one in match.groups()) for match in found]


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    import re2

    if "\\C" in pattern or not pattern.isascii() or _LONG_COUNT.search(pattern):
        _check_for_go(pattern)
    try:
        return re2.compile(_bytes(pattern), _options())
    except re2.error as error:
        raise Unreadable(error.args[0].decode(errors="replace")) from error


def _check_for_go(pattern: str) -> None:
    """Kubernetes and its operators read patterns by the Go of RE2, which knows less than the C++."""
    tokens = _TOKENS.findall(pattern)
    if r"\C" in tokens:
        raise Unreadable(r"invalid escape sequence: \C")
    plain = "".join(one for one in tokens if not one.startswith("\\"))
    if _NAME.search(plain):
        raise Unreadable("invalid named capture: letters, digits and '_'")
    if _LONG_COUNT.search(_CLASS.sub("", plain)):
        raise Unreadable("invalid repeat count: at most 1000")


@cache
def _options() -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False  # they would go to stderr, past our own log
    return options


def _bytes(text: str) -> bytes:
    """A lone half of a surrogate pair, which YAML can spell, is one character to RE2."""
    return text.encode(errors="surrogatepass")
