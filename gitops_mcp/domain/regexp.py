"""Regular expressions that others evaluate as RE2: patterns of CRDs, `matches` of CEL, selectors of kustomize.

Python reads some of them otherwise (`$`, digits, classes in brackets), and would follow a hostile one for hours.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

_ANY_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")
"""What the C++ of RE2 reads, and the Go of Kubernetes and its operators does not."""


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

    if _ANY_BYTE.search(pattern):
        raise Unreadable("invalid escape sequence: \\C")
    try:
        return re2.compile(_bytes(pattern), _options())
    except re2.error as error:
        raise Unreadable(error.args[0].decode(errors="replace")) from error


@cache
def _options() -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False  # they would go to stderr, past our own log
    return options


def _bytes(text: str) -> bytes:
    """A lone half of a surrogate pair, which YAML can spell, is one character to RE2."""
    return text.encode(errors="surrogatepass")
