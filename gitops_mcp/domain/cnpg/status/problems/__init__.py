"""What is wrong with a Cluster and what to do about it: the worst first.

Each rule looks at one thing, and draws nothing from what could not be read. Ready is no sign of being restorable: a
Cluster can be green with no working archive and no backup, so those are looked at on their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gitops_mcp.domain.cnpg.status.problems.archive import archiving_problems, restore_problems
from gitops_mcp.domain.cnpg.status.problems.backups import backup_problems, schedule_problems
from gitops_mcp.domain.cnpg.status.problems.instances import instance_problems, redundancy_problems, volume_problems
from gitops_mcp.domain.cnpg.status.problems.parts import (
    certificate_problems,
    database_problems,
    going_problems,
    other_problems,
    role_problems,
)
from gitops_mcp.domain.cnpg.status.problems.phase import (
    bootstrap_problems,
    phase_problems,
    set_aside_problems,
    switch_problems,
)
from gitops_mcp.domain.cnpg.status.problems.problem import Problem, Severity, without_git
from gitops_mcp.domain.cnpg.status.report import Status
from gitops_mcp.domain.objects import Object

__all__ = ["Problem", "Severity", "problems", "without_git", "worst_first"]

_ORDER: dict[Severity, int] = {"critical": 0, "warning": 1, "info": 2}
_RULES: tuple[Callable[[Status], Iterator[Problem]], ...] = (
    phase_problems,
    set_aside_problems,
    switch_problems,
    going_problems,
    restore_problems,
    instance_problems,
    archiving_problems,
    backup_problems,
    schedule_problems,
    volume_problems,
    certificate_problems,
    role_problems,
    database_problems,
    other_problems,
    redundancy_problems,
)


def problems(status: Status, *, desired: Object | None = None) -> tuple[Problem, ...]:
    """`desired` is the Cluster as Git declares it, where it does."""
    found = [problem for rule in _RULES for problem in rule(status)]
    found += bootstrap_problems(status, desired)
    return worst_first(found)


def worst_first(found: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(found, key=lambda one: _ORDER[one.severity]))
