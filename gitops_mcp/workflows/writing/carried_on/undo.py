"""Taking a change back: a merged one by a change of its own, of an open one the last commit by a further commit."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from gitops_mcp.adapters.secrets.notes import MadeSecret
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.cnpg.protection import blockers
from gitops_mcp.domain.impact.level import NOTHING
from gitops_mcp.domain.kinds import BY_KIND
from gitops_mcp.domain.names import ClusterRef, check_change_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.clusters.cluster import VALIDATED, LiveCluster
from gitops_mcp.domain.plans.clusters.cluster_deletion import plan_cluster_deletion
from gitops_mcp.domain.plans.confirmation import CHANGE, require_allowed_namespace
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.pruning import engine_in_use
from gitops_mcp.domain.plans.subject import ObjectPart, Subject
from gitops_mcp.domain.plans.undo.losses import LiveObject, lost_beside, may_be_gone, what_is_lost, what_stops, why_gone
from gitops_mcp.domain.plans.undo.undo import Done, check_still_stands, object_without, told_changes, undo_files
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Forbidden, InvalidRequest, NotInstalled, Refused, Unavailable
from gitops_mcp.workflows.newest_pull import ask_span
from gitops_mcp.workflows.spans import Span, find_span
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.carried_on.done_by_commits import DoneByCommits
from gitops_mcp.workflows.writing.carried_on.replay import DraftRequest, Replay
from gitops_mcp.workflows.writing.carried_on.several import validated_there, view_there
from gitops_mcp.workflows.writing.carried_on.steps import (
    check_comes_back,
    check_commits,
    check_has_branch,
    refresh_step,
    source_of,
)
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import object_at_base


def undo(app: App, request: WriteRequest, change: str, draft: DraftRequest) -> WriteResult:
    check_change_name(change)

    def settle(ground: Ground) -> tuple[WriteRequest, Writing]:
        if change in app.replayed:
            takes = _Undo(app, ground, find_span(ground, change), draft)
            return request, Writing(takes.about_last, takes.plan_last)
        told: list[Notice] = []
        span = ask_span(app, ground, change, told)
        takes = _Undo(app, ground, span, draft, tuple(told))
        is_open = span.state in {"draft", "pushed", "in_review"}
        is_half = span.half or (is_open and span.pull is not None and span.pull.state == "merged")
        if is_open and not is_half:
            check_has_branch(ground, span)
            settled = replace(request, change=change, environment=takes.did.environments(*takes.last(span.tip))[0])
            return settled, Writing(takes.about_last, takes.plan_last)
        if is_half:
            how = "merged in part" if span.half else f"not merged as a whole into {ground.base.branch}"
            raise Refused(
                f"change {change!r} is {how} ({span.why}): have the rest merged or discard_change it, and take back "
                f"what is merged by the tools themselves"
            )
        if span.state != "merged":
            raise Refused(f"change {change!r} is {span.state} ({span.why}), so there is nothing of it to take back")
        check_commits(ground, change, span.start, span.tip)
        environment, *_ = takes.did.environments(str(span.start), span.tip)
        return replace(request, environment=environment), Writing(takes.about_whole, takes.plan_whole)

    try:
        return deliver(app, request, settle)
    except InvalidRequest as error:  # of what it would be then, and nobody has asked for that
        raise Refused(f"change {change!r} cannot be taken back: {error}") from error


@dataclass(frozen=True)
class _Undo:
    app: App
    ground: Ground
    span: Span
    draft: DraftRequest
    told: tuple[Notice, ...] = ()
    """Of the forge."""
    _lasts: dict[str, tuple[str, str]] = field(default_factory=dict)

    @cached_property
    def did(self) -> DoneByCommits:
        return DoneByCommits(self.app, self.ground, self.span)

    def last(self, tip: str) -> tuple[str, str]:
        """The last commit with the one before it; of what a refresh took over, with all but the last request."""
        if tip not in self._lasts:
            self._lasts[tip] = self._before_last(tip), tip
        return self._lasts[tip]

    def _before_last(self, tip: str) -> str:
        commit = self.ground.repository.first_parents(tip)[0]
        if (step := refresh_step(self.ground, self.span, commit)) is not None:
            replay = Replay(self.app, self.ground, self.draft, self.span.name)
            (believed,) = replay.believed([step])
            rest, name = believed.requests[:-1], replay.environments_of([step])[0]
            drafted = replay.plan(
                rest, step.parent, carried=believed.carried, repeated=True, environment=name, as_then=believed.as_then
            )
            return drafted.tip
        if len(commit.parents) != 1 or self.span.state == "empty":
            raise Refused(
                f"change {self.span.name!r} ends in no commit of its own, so there is no last one to take back: "
                f"discard_change removes all of it"
            )
        return commit.parents[0]

    def about_last(self, _: View) -> Subject:
        return Subject("undo", Identity(CHANGE, None, self.span.name), ())

    def plan_last(self, view: View) -> Plan:
        last = self.last(view.desired.commit)
        check_comes_back(self.ground, self.span.name, *last)
        plan = self._plan(view, self.did.of(view.environment, *last))
        return self._with_others(view, plan, last, lambda there: self.did.of(there.environment, *last))

    def about_whole(self, view: View) -> Subject:
        done = self.did.of_whole(view.environment)
        parts = tuple(ObjectPart(one.identity, path) for one in done.changes for path in one.fields or ((),))
        return Subject("undo", done.target, parts, called=f"undo-{self.span.name}")

    def plan_whole(self, view: View) -> Plan:
        done = self.did.of_whole(view.environment)
        if view.proposed and all(
            _is_as(object_without(one, view.desired), view.desired.declared(one.identity)) for one in done.changes
        ):
            return Plan("", done.target, unchanged=f"change {self.span.name!r} is taken back here already")
        check_comes_back(self.ground, self.span.name, str(self.span.start), self.span.tip)
        plan = self._with_others(
            view, self._plan(view, self._standing(view)), (str(self.span.start), self.span.tip), self._standing
        )
        return replace(plan, body=(f"It takes back {source_of(self.span)}", *plan.body))

    def _standing(self, view: View) -> Done:
        done = self.did.of_whole(view.environment)
        check_still_stands(done, view.desired)
        return done

    def _with_others(
        self, view: View, plan: Plan, commits: tuple[str, str], done_there: Callable[[View], Done]
    ) -> Plan:
        """The plan with what it means in other environments, where it takes back what the commits did there as well."""
        for name in self.did.environments(*commits):
            if name == view.environment.name:
                continue
            there = view_there(self.app, self.ground, name, view.desired.commit, proposed=view.proposed)
            other = self._plan(there, done_there(there))
            if {one.path: one.after for one in other.files} != {one.path: one.after for one in plan.files}:
                raise Refused(
                    f"change {self.span.name!r} altered objects of {view.environment.name} and {name}, which are not "
                    f"taken back by the same edits any more: set them back by the tools themselves"
                )
            joined = replace(
                plan,
                destroys=_joined(plan.destroys, other.destroys),
                stops=_joined(plan.stops, other.stops),
                body=tuple(dict.fromkeys((*plan.body, *other.body))),
            )
            plan = validated_there(there, joined.warned(one for one in other.warnings if one not in plan.warnings))
        return plan

    def _plan(self, view: View, done: Done) -> Plan:
        if not done.files:
            return Plan("", done.target, unchanged=f"what change {done.name!r} would take back altered no file")
        live = {one.identity: _live(view, one) for one in done.changes}
        if gone := [why for one in done.changes if (why := why_gone(one, live[one.identity]))]:
            raise Refused(f"change {done.name!r} cannot be taken back: {'; '.join(gone)}")
        plan = Plan(f"Undo {done.name}", done.target, validated_by=VALIDATED, warnings=self.told)
        for one in done.changes:
            require_allowed_namespace(
                replace(plan, target=one.identity), namespaces=view.environment.namespaces, cut=view.environment.cut
            )
            if (first := _unprotecting(view, one, live[one.identity])) is not None:
                return replace(first, subject=f"{plan.subject}: {first.subject}")
        layouts = {
            "Cluster": view.settings.layout_cluster,
            "Database": view.settings.layout_database,
            "DatabaseRole": view.settings.layout_role,
        }
        today = view.source.read_files(one.path for one in done.files)
        files = undo_files(view.desired, done, today, layouts)
        found = [(one, view.desired.declared(one.identity), object_without(one, view.desired)) for one in done.changes]
        seen = [(one, here.object if here else None, wanted, live[one.identity]) for one, here, wanted in found]
        losses = [what_is_lost(*one) for one in seen]
        losses += lost_beside(done, desired_after(view.desired, files))
        known = [here for _, here, _ in found if here is not None]
        return replace(
            plan,
            files=files,
            impact=NOTHING,
            destroys=_joined(*losses),
            stops=_joined(*(what_stops(*one) for one in seen)),
            next=tuple(self._left_secrets(done)),
            body=(
                *told_changes(done, view.desired),
                *dict.fromkeys(line for one in known for line in applier_lines(one)),
            ),
            warnings=(
                *self.told,
                *(
                    Notice("live-unavailable", f"whether the data of {one.identity} is there still could not be read")
                    for one in done.changes
                    if may_be_gone(one, live[one.identity])
                ),
                *dict.fromkeys(notice for one in known for notice in applier_notices(one, view.desired)),
            ),
        )

    def _left_secrets(self, done: Done) -> Iterator[str]:
        if any(one.before is None for one in done.changes):
            for made in filter(None, (MadeSecret.of(one.trailers) for one in self.span.commits)):
                command = f"kubectl -n {shlex.quote(made.namespace)} delete secret {shlex.quote(made.name)}"
                yield f"Secret {made.namespace}/{made.name}, which was made for it, stays. To remove it: {command}"


def _joined(*told: str | None) -> str | None:
    return "; ".join(dict.fromkeys(filter(None, told))) or None


def _is_as(wanted: Object | None, here: Declaration | None) -> bool:
    return here is None if wanted is None else here is not None and is_same(here.object, wanted)


def _live(view: View, change: ObjectChange) -> LiveObject:
    whom = change.identity
    try:
        return LiveObject(view.api.get(BY_KIND[whom.kind], whom.namespace, whom.name))
    except NotInstalled:
        return LiveObject(None)
    except (Forbidden, Unavailable, KeyError):
        return LiveObject(None, is_read=False)


def _unprotecting(view: View, change: ObjectChange, live: LiveObject) -> Plan | None:
    """The step that is due before a protected Cluster goes, as delete_postgres_cluster has it."""
    declared = view.desired.declared(change.identity)
    if change.identity.kind != "Cluster" or change.before is not None or declared is None or live.is_gone:
        return None
    engine = engine_in_use(declared, view.environment.engine_type)
    if not blockers(declared.object, engine) and not blockers(live.object, engine):
        return None
    return plan_cluster_deletion(
        declared,
        view.desired,
        ref=ClusterRef(str(change.identity.namespace), change.identity.name),
        live=LiveCluster(live.object) if live.is_read else None,
        merged=object_at_base(view, declared),
        configured=view.environment.engine_type,
    )
