"""All changes of a repository, as one call lists them: one look at Git, one listing of the forge, one of each kind.

What is listed without a filter is what somebody has to do something about: the open ones, and of the last merged ones
those that were seen not to have arrived. One that is found well is not looked at again, so that a long history costs
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from gitops_mcp.app import App, Ground
from gitops_mcp.domain.names import is_change_name, pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.left_secrets import take_back_secrets
from gitops_mcp.workflows.newest_pull import PullSeen
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.reading.changes.look import ChangeLook, with_standing
from gitops_mcp.workflows.reading.changes.promotion import seen_promotions
from gitops_mcp.workflows.reading.changes.pull import OpenPulls, list_open_pulls
from gitops_mcp.workflows.reading.changes.state import Behind, follow_spans
from gitops_mcp.workflows.spans import Span, is_within, note_spans, span_of, span_without_branch

_LATELY = 20
"""Merged changes, the last ones, that are looked at for what has not arrived."""


@dataclass
class Listing:
    app: App
    ground: Ground
    apis: ApisOnce
    spans: list[Span]
    pulls: OpenPulls
    warnings: list[Notice]
    shows_requests: bool
    """Whether the remote shows the heads of pull requests to git, and was asked."""
    _behind: dict[str, Behind] = field(default_factory=dict)

    def followed(self, spans: list[Span]) -> list[Span]:
        """The same, where the merged ones are as far as they have come."""
        merged = (span for span in spans if span.state == "merged")
        found = follow_spans(self.apis, self.ground, merged, self.warnings)
        self._behind |= {span.name: behind for span, _, behind in found}
        settled = {span.name: span for span, _, _ in found}
        return [settled.get(span.name, span) for span in spans]

    def stuck(self) -> list[Span]:
        """Of the last merged changes those that were seen not to have arrived, or to have failed."""
        merged = [span for span in self.spans if span.state == "merged"]
        merged.sort(key=lambda span: span.commits[0].moment.isoformat() if span.commits else "", reverse=True)
        known = self.app.arrived
        asked = [span for span in merged[:_LATELY] if _last_commit(self.ground, span.name, span.tip) not in known]
        found = self.followed(asked)
        for span in found:
            behind = self._behind[span.name]
            if span.state in {"healthy", "superseded", "reverted"} or (span.state == "applied" and behind.stuck):
                known.add(_last_commit(self.ground, span.name, span.tip))
        return [span for span in found if span.state == "failed" or self._is_awaited(span)]

    def _is_awaited(self, span: Span) -> bool:
        return span.state == "merged" and self._behind[span.name].awaited

    def look(self, span: Span) -> ChangeLook:
        """What is known of it without a request of its own."""
        behind = self._behind.get(span.name) or Behind()
        seen = PullSeen(self.pulls.forge, span.pull)
        promotions = seen_promotions(self.ground, behind.promotions, self.pulls.all)
        return with_standing(ChangeLook(self.ground, span, [], behind, seen, (), promotions=promotions))


def read_listing(app: App, *, closed: bool, lately: bool) -> Listing:
    """`closed`: also all whose branch is gone; `lately`: of those only the last merged ones."""
    ground = app.ground(fetch=True)
    take_back_secrets(app, ground)
    warnings = base_warnings(ground)
    repository, base = ground.repository, ground.base
    branches = repository.changes(ground.git, base)
    heads = repository.proposed(ground.git, base) if closed else None
    gone = dict(_gone(ground, heads or {}, None if closed else _LATELY)) if closed or lately else {}
    if lately:
        gone = {name: tip for name, tip in gone.items() if _last_commit(ground, name, tip) not in app.arrived}
    repository.learn(base.commit, [*(found.tip for found in branches), *filter(None, gone.values())])
    pulls = list_open_pulls(app, ground, warnings)
    spans = [span_of(ground, found, pulls.by_branch.get(found.branch)) for found in branches]
    for name in gone:
        span = span_without_branch(ground, name, heads or {}, pulls.by_branch.get(ground.git.prefix + name))
        spans += [span] if span else []
    if outside := [span for span in spans if not is_within(ground, span)]:
        spans = [span for span in spans if span not in outside]
    if hidden := len(outside) + len((ground.whole or ground).base.changes) - len(base.changes):
        text = f"{pluralize(hidden, 'change')} of the repository lie outside of what you may see, and are not counted"
        warnings.append(Notice("outside", text))
    repository.learn_files((span.start, span.tip) for span in spans if span.start)
    note_spans(ground, spans)
    return Listing(app, ground, ApisOnce(app, ground.settings), spans, pulls, warnings, heads is not None)


def _last_commit(ground: Ground, name: str, tip: str | None) -> tuple[str, str]:
    """What tells one life of a change from the next: its newest commit that the base has, else where it stood."""
    named = ground.repository.recent(ground.base.commit).naming(name)
    return name, named[0].id if named else tip or ""


def _gone(ground: Ground, heads: Mapping[str, str], most: int | None) -> Iterator[tuple[str, str | None]]:
    """Changes whose branch is gone, with the last commit that is known of them.

    The base's last commits name them, they were seen, or pull requests hold them: at most so many of each kind, the
    last ones.
    """
    base = ground.base
    there = {one.name for one in (ground.whole or ground).base.changes}
    named = islice(ground.repository.recent(base.commit).changes, most)
    seen = sorted(base.closed, key=lambda branch: base.seen[branch].seen, reverse=True)[:most]
    for name in dict.fromkeys([*named, *(one.removeprefix(ground.git.prefix) for one in seen), *heads]):
        if name not in there and is_change_name(name):
            yield name, base.closed.get(ground.git.prefix + name) or heads.get(name)
