"""Which releases of the operator hold something. Rules, fields and defaults come in patch releases of several lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Release = tuple[int, int, int]

KNOWN: tuple[Release, ...] = tuple(
    (1, minor, patch)
    for minor, last in ((25, 4), (26, 3), (27, 4), (28, 4), (29, 2), (30, 0))
    for patch in range(last + 1)
)
"""The releases whose rules were looked through."""
SUPPORTED: tuple[Release, ...] = tuple(one for one in KNOWN if one >= (1, 27, 0))
"""What an operator that nobody could ask may be."""


@dataclass(frozen=True)
class Releases:
    """Those from the first ones of each line on, such as ((1, 27, 4), (1, 28, 2), (1, 29, 0)), to before `until`."""

    since: tuple[Release, ...] = ()
    """Without any: as far back as anybody looks. A line below all of them has it not, one above all of them has it."""
    until: tuple[Release, ...] = ()
    """The first of each line that has it no more; without any: it is still there."""

    def hold(self, operator: Release) -> bool:
        return _is_reached(self.since, operator) and not (self.until and _is_reached(self.until, operator))

    @property
    def supported(self) -> tuple[Release, ...]:
        """Those among the supported ones."""
        return tuple(one for one in SUPPORTED if self.hold(one))


ALL = Releases()
MAIN_ONLY = Releases(since=((1, 31, 0),))
"""What no release has yet."""


def _is_reached(marks: Iterable[Release], operator: Release) -> bool:
    found = tuple(marks)
    same = [mark for mark in found if mark[:2] == operator[:2]]
    return operator >= same[0] if same else not found or operator > max(found)


def release_text(operator: Release) -> str:
    return ".".join(map(str, operator))
