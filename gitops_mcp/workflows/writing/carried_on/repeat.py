"""The requests of a change once more, in another environment: planned there by its own layout, as if asked there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gitops_mcp.adapters.git.publishing.commit import draft_commit
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.names import check_change_name, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Path, dotted_path, leaves, strings_in
from gitops_mcp.domain.plans.asked import AskedRequest, request_lines
from gitops_mcp.domain.plans.confirmation import CHANGE
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import Subject, SubjectPart
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.newest_pull import ask_span
from gitops_mcp.workflows.spans import Span, find_span
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.carried_on.replay import TAKES_LIVE, DraftRequest, Replay, joined_plan, subjects_of
from gitops_mcp.workflows.writing.carried_on.steps import Step, net_changes, source_of, steps_of
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing

_OF_AN_OBJECT = ("spec.", "metadata.annotations.", "metadata.labels.")


@dataclass(frozen=True)
class Elsewhere:
    environment: str | None
    names: Mapping[str, str]
    """What is called otherwise there."""
    values: Mapping[str, Any]
    """By `Kind/name:path`."""


def repeat(app: App, request: WriteRequest, change: str, there: Elsewhere, draft: DraftRequest) -> WriteResult:
    check_change_name(change)
    if change in app.replayed:
        raise Refused(f"it repeats change {change!r}, of which it is a part")

    def settle(ground: Ground) -> tuple[WriteRequest, Writing]:
        name = app.environment(ground.settings, there.environment).name
        told: list[Notice] = []
        span = _asked_span(app, ground, change, told)
        repeated = _Repeat(Replay(app, ground, draft, change), steps_of(ground, span), there, name, span, tuple(told))
        return request, Writing(repeated.about, repeated.plan)

    return deliver(app, request, settle)


def _asked_span(app: App, ground: Ground, change: str, told: list[Notice]) -> Span:
    """The commits that keep what was asked: of a change that was merged in other words, those of its branch."""
    span = ask_span(app, ground, change, told)
    if span.state != "merged" or any(request_lines(one.body) for one in span.commits):
        return span
    with suppress(NotFound):
        own = find_span(ground, change)
        if any(request_lines(one.body) for one in own.commits):
            text = f"{span.why}, in other words and maybe with other content: it is repeated as it was asked"
            told.append(Notice("merged-otherwise", text))
            return replace(own, pull=span.pull)
    return span


@dataclass(frozen=True)
class _Repeat:
    replay: Replay
    steps: tuple[Step, ...]
    there: Elsewhere
    environment: str
    span: Span
    told: tuple[Notice, ...] = ()
    """Of the forge."""

    def about(self, view: View) -> Subject:
        parts: list[SubjectPart] = []
        with suppress(GitOpsError):  # what cannot be told before it is planned continues no change
            for step in self.steps:
                for line in step.lines:
                    _, writing = self.replay.asked(self._moved(AskedRequest.of_line(line))).settled(self.replay.ground)
                    parts += writing.about(view).parts
        called = f"repeat-{self.replay.change}-in-{self.environment}"
        return Subject("repeat", Identity(CHANGE, None, self.replay.change), tuple(parts), called=called)

    def plan(self, view: View) -> Plan:
        believed = self.replay.sees(view).believed(self.steps)
        asked = [request for one in believed for request in one.requests]
        if any(one.tool == TAKES_LIVE for one in asked):
            raise Refused(
                f"nothing was changed: {TAKES_LIVE} takes what is live in one environment, so it is not repeated in "
                f"another: get_drift and {TAKES_LIVE} take what is live in {self.environment}"
            )
        self._check_names(asked)
        moved = tuple(map(self._moved, asked))
        ground, name, start = self.replay.ground, self.environment, view.desired.commit
        try:
            drafted = self.replay.plan(moved, start, environment=name)
        except GitOpsError as error:
            raise error.with_text(
                f"nothing was changed: change {self.replay.change!r} cannot be repeated in {name}: {error}"
            ) from error
        tip = self._with_values(view, drafted.tip)
        subject = f"Repeat {self.replay.change} in {name}: {subjects_of(drafted.plans)}"
        made = joined_plan(subject, drafted.plans, net_changes(ground, start, tip)).warned(self.told)
        made = replace(made, body=(f"It repeats {source_of(self.span)}", *made.body))
        if not made.files:
            return replace(
                made, unchanged=f"{name} has all that change {self.replay.change!r} asks for", destroys=None, stops=None
            )
        if len(made.writes) > 1:
            secrets = ", ".join(map(str, made.writes))
            raise Refused(
                f"nothing was changed: provider `cluster` makes one Secret with a commit, and this would take several "
                f"({secrets}): ask for these roles by create_postgres_role, one after the other"
            )
        is_alone = not self.there.values and not any("change" in one.arguments for one in moved)
        reasons = dict.fromkeys(one.reason for one in believed if one.reason)
        return replace(made, reason="; ".join(reasons), requests=moved if is_alone else ())

    def _moved(self, asked: AskedRequest) -> AskedRequest:
        return asked.renamed(self.there.names).in_environment(self.environment)

    def _check_names(self, asked: list[AskedRequest]) -> None:
        known = {text.removeprefix("existing:") for one in asked for text in strings_in(dict(one.arguments))}
        if unknown := [name for name in self.there.names if name not in known]:
            raise InvalidRequest(f"names: no request of it names {quote(unknown[0])}; {suggest(unknown[0], known)}")

    def _with_values(self, view: View, tip: str) -> str:
        """A commit in which the fields are as they are to be there."""
        replay = self.replay
        for said, value in self.there.values.items():
            desired = replay.app.desired(replay.ground, view.environment.path, tip)
            declared, path = self._field(view.desired, desired, said)
            edit = Remove(path) if value is None else Set(path, value)
            files = {one.path: (one.after or "").encode() for one in edit_fields(desired, declared, edit)}
            if files:
                tip = draft_commit(replay.ground.repository, replay.ground.git, tip, files)
        return tip

    def _field(self, before: Desired, after: Desired, said: str) -> tuple[Declaration, Path]:
        whom, _, field = said.partition(":")
        kind, _, name = whom.partition("/")
        touched = [one for one in changed_objects(before, after) if one.after is not None]
        named = {self.there.names.get(name, name), name}
        found = [one for one in touched if one.identity.kind == kind and one.identity.name in named]
        if not found:
            known = [f"{one.identity.kind}/{one.identity.name}" for one in touched]
            raise InvalidRequest(f"values: this changes no {quote(whom)}; {suggest(whom, known)}")
        declared = next(one for one in after.declarations if one.identity == found[0].identity)
        return declared, _path_of(declared.object, field)


def _path_of(object_: Object, field: str) -> Path:
    """A field that the object has, whatever dots its keys have, else the way that its words name."""
    known: dict[str, Path] = {dotted_path(path): path for path, _ in leaves(object_)}
    if not field.startswith(_OF_AN_OBJECT):
        told = suggest(field, [one for one in known if one.startswith(_OF_AN_OBJECT)])
        raise InvalidRequest(f"values: {quote(field)} is not a field that may differ; {told}")
    return known.get(field) or tuple(field.split("."))
