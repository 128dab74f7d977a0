"""Whether what a merged change says still stands in the base, and whose commit says otherwise since."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import Ground
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.lapses import Lapse, lapse_of
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.spans import Span, shown_commit

_SEARCHED = 20
"""Commits of which one is the one that says otherwise, newest first."""


@dataclass(frozen=True)
class Remainder:
    """What of a change to the objects of one environment stands in the base."""

    touched: Sequence[ObjectChange]
    lapses: Mapping[Identity, Lapse]
    at: Callable[[str], Desired]
    """What is declared at a commit."""

    @property
    def followed(self) -> list[ObjectChange]:
        """The objects of which something stands, so that it can be live."""
        return [one for one in self.touched if not (lapse := self.lapses.get(one.identity)) or not lapse.is_whole]


def remainder_in(touched: Sequence[ObjectChange], base: Desired, at: Callable[[str], Desired]) -> Remainder:
    """An object that the base declares, and that nothing applies there, is not taken for gone."""
    objects = {one.identity: one.object for one in base.declarations}
    idle = {(one.identity.kind, one.identity.name) for one in base.unreached}
    lapses = {
        one.identity: lapse
        for one in touched
        if one.identity in objects or (one.identity.kind, one.identity.name) not in idle
        if (lapse := lapse_of(one, objects.get(one.identity)))
    }
    return Remainder(touched, lapses, at)


def settle_span(ground: Ground, span: Span, remainders: Sequence[Remainder]) -> Span:
    """A merged change as the base has it now: reverted, superseded, or merged with what was set otherwise since."""
    lapses = [lapse for one in remainders for lapse in one.lapses.values()]
    if not any(one.touched for one in remainders):
        return _settle_by_files(ground, span)
    if not lapses:
        return span
    named = ", ".join(map(str, lapses[:3])) + (f" and {len(lapses) - 3} objects more" if len(lapses) > 3 else "")
    by, base = _by_whom(ground, span, remainders), ground.base.branch
    if any(one.followed for one in remainders):
        return replace(span, why=f"{span.why}; {base} has since changed {named}{by}", in_part=True)
    if all(lapse.is_reverted for lapse in lapses):
        why = f"{span.why}; reverted since: {base} says again what it said before the change for {named}{by}"
        return replace(span, state="reverted", why=why)
    if all(not lapse.fields for lapse in lapses):
        has = (
            "has them again"
            if any(one.after is None for part in remainders for one in part.touched)
            else "no longer has"
        )
        return replace(span, state="superseded", why=f"{span.why}; {base} {has} {named}{by}")
    return replace(span, state="superseded", why=f"{span.why}; {base} has since changed {named}{by}")


def _settle_by_files(ground: Ground, span: Span) -> Span:
    """The same where nothing that it touches can be read as an object: by whole files."""
    repository, base = ground.repository, ground.base
    if span.start is None:
        return span
    paths = set(repository.changed_files(span.start, span.tip))
    if not paths or not paths.isdisjoint(repository.changed_files(span.start, base.commit)):
        return span
    why = f"{span.why}; reverted since: {base.branch} has its files as they were before the change"
    by = next((_told_of(ground, one) for one in repository.later(span.tip, base.commit, paths)), "")
    return replace(span, state="reverted", why=f"{why}{by}")


def _by_whom(ground: Ground, span: Span, remainders: Sequence[Remainder]) -> str:
    """The newest commit before which all still stood as far as it does not now."""
    paths = set(ground.repository.changed_files(span.start, span.tip)) if span.start else set()
    lapsed = [(one, lapse) for one in remainders for lapse in one.lapses.values()]
    for one, lapse in lapsed:
        paths |= {here.path for here in one.at(ground.base.commit).declarations if here.identity == lapse.identity}
    later = ground.repository.later(span.tip, ground.base.commit, paths)
    with suppress(Refused):  # the folder of the environment may have been none then
        for commit in later[:_SEARCHED]:
            parent = next(iter(commit.parents), None)
            if parent and not all(_has_lapsed(one, lapse, parent) for one, lapse in lapsed):
                return _told_of(ground, commit)
    return ""


def _has_lapsed(one: Remainder, lapse: Lapse, commit: str) -> bool:
    """Whether as much of an object had lapsed at a commit already."""
    change = next(change for change in one.touched if change.identity == lapse.identity)
    declared = {here.identity: here.object for here in one.at(commit).declarations}
    then = lapse_of(change, declared.get(lapse.identity))
    return then is not None and then.is_whole >= lapse.is_whole and set(then.fields) >= set(lapse.fields)


def _told_of(ground: Ground, commit: Commit) -> str:
    commit = shown_commit(ground, commit)
    names = f" of change {min(commit.changes)}" if commit.changes else ""
    subject = cut_text(redact_text(commit.subject), 100)
    return f", by commit {commit.id[:12]}{names} {subject!r} ({cut_text(redact_text(commit.author), 100)})"
