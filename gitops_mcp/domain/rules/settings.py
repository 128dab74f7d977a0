"""What PostgreSQL itself makes of the parameters, beyond what the operator's webhook looks at.

With one that it does not take PostgreSQL ignores its whole file at a reload, and does not start afterwards. Images of
others may have been built otherwise, so of them it is only told.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_arguments import FIXED_BY_SOME, checked_parameters
from gitops_mcp.domain.cnpg.notation.quantity import is_memory_size, memory_bytes
from gitops_mcp.domain.cnpg.postgres.parameters import Verdict, is_judged, judge_parameter, nearly_parameter
from gitops_mcp.domain.cnpg.postgres.server_settings import majors_with
from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.rules.image import runs_upstream_image, wanted_major
from gitops_mcp.domain.rules.reading import parameters_of
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen
from gitops_mcp.errors import InvalidRequest

_PLACE: Path = ("spec", "postgresql", "parameters")
_WAL_SIZES = ("min_wal_size", "max_wal_size")
_PACKAGED = ("lz4", "zstd")
"""What CloudNativePG's images, which have Debian's packages, were built with."""


def _parameter_names(seen: Seen) -> Iterator[Fault]:
    major = wanted_major(seen.object)
    if major is None or not is_judged(major):
        for key in parameters_of(seen.object):
            if meant := nearly_parameter(key):
                text = f"is not a parameter of PostgreSQL, which does not start with it; did you mean {meant}?"
                yield Fault((*_PLACE, key), text, "warning")
        return
    for key, verdict in _verdicts(seen, major):
        if major not in majors_with(key):
            yield from _faults(seen, key, verdict)


def _parameter_values(seen: Seen) -> Iterator[Fault]:
    major = wanted_major(seen.object)
    for key, verdict in _verdicts(seen, major):
        if major in majors_with(key):
            yield from _faults(seen, key, verdict)


def _verdicts(seen: Seen, major: int | None) -> Iterator[tuple[str, Verdict]]:
    if major is not None and is_judged(major):
        for key, value in parameters_of(seen.object).items():
            if isinstance(value, str) and not _is_told_elsewhere(key, value):
                yield key, judge_parameter(key, value, major)


def _faults(seen: Seen, key: str, verdict: Verdict) -> Iterator[Fault]:
    is_upstream = runs_upstream_image(seen)
    is_packaged = is_upstream and parameters_of(seen.object)[key] in _PACKAGED
    if verdict.accepted or (verdict.accepted is None and is_packaged):
        return
    is_sure = verdict.accepted is False and is_upstream
    doubt = "" if is_sure or verdict.accepted is None else " (unless this image, which is not CloudNativePG's, has it)"
    yield Fault((*_PLACE, key), f"{verdict.why}{doubt}", "error" if is_sure else "warning")


def _is_told_elsewhere(key: str, value: str) -> bool:
    """The operator's own rules say more of these."""
    try:
        checked_parameters({key: value}, instances=1)
    except InvalidRequest:
        return True
    is_no_size = key in _WAL_SIZES and (memory_bytes(value) is None or not is_memory_size(value))
    return key in FIXED_BY_SOME or is_no_size


_ONE = ("Cluster",)

RULES = (
    Rule("parameter-name", _ONE, "server", _parameter_names),
    Rule("parameter-value", _ONE, "server", _parameter_values),
)
