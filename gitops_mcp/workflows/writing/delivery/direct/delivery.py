"""plan -> check -> the API: the other end of the one road, for environments whose configuration says so.

The state before is what is live, each object as the text that declares it, so that the same planners and the same
rules work on it. What they plan becomes creations, JSON Patches of the changed places and deletions, each bound to
what was judged, tried with admission first, and asked of a person where something could be lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.answers.base import DIFF_MAX, shorten_to_fit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App, Ground
from gitops_mcp.caller import Cancelled
from gitops_mcp.config import Environment
from gitops_mcp.domain.diff import shorten_diff
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.live.managers import deletion_of, engine_that_keeps, field_managers
from gitops_mcp.domain.live.operations import ApiOperation, api_operations
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.confirmation import require_allowed_namespace, require_confirmation
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.domain.repository.object_stores import shown_in_own_group
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.left_secrets import DIRECT
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.view import View, allowed_namespace
from gitops_mcp.workflows.writing.delivery.direct.api_writes import (
    ServerWarnings,
    carry_out,
    look_again,
    try_operations,
)
from gitops_mcp.workflows.writing.delivery.direct.health_wait import wait_until_healthy
from gitops_mcp.workflows.writing.delivery.direct.live_source import (
    LiveObjects,
    check_cluster_name_live,
    live_view,
    read_left_objects,
    read_live_objects,
)
from gitops_mcp.workflows.writing.delivery.secrets import write_secrets
from gitops_mcp.workflows.writing.delivery.validation import STANDING, Limits, validate_plan
from gitops_mcp.workflows.writing.request import Patience, WriteRequest, Writing

_SECRET = {"create": "create", "rotate": "change the password of", "delete": "delete"}


@dataclass(frozen=True)
class _DirectPlan:
    plan: Plan
    operations: tuple[ApiOperation, ...] = ()
    warnings: ServerWarnings = field(default_factory=ServerWarnings)


def apply_directly(
    app: App, ground: Ground, environment: Environment, request: WriteRequest, writing: Writing, patience: Patience
) -> WriteResult:
    """What became of a request in an environment with direct delivery. Raises Raced where something moved meanwhile."""
    kube = app.kube(environment, ground.settings)
    prepared = _prepare_plan(app, ground, environment, request, writing, kube)
    while not request.dry_run and _is_asked(app, environment, prepared, patience):
        ground = app.ground(fetch=True)
        environment = _environment_again(app, ground, request)
        kube = app.kube(environment, ground.settings)
        prepared = _prepare_plan(app, ground, environment, request, writing, kube)
    plan = prepared.plan
    if plan.unchanged or request.dry_run:
        return _write_result(environment, plan.warned(prepared.warnings.notices), (), dry_run=request.dry_run)
    operations = _look_just_before(kube, prepared)
    with write_secrets(app, ground, environment, plan, change=DIRECT):
        done = carry_out(kube, operations, prepared.warnings)
    written = [f"{_SECRET[one.how]} Secret {one}" for one in plan.writes]
    done = [*done, *written] if any(one.how == "delete" for one in plan.writes) else [*written, *done]
    waited: tuple[Notice, ...] = ()
    cluster = next((one for one in prepared.operations if one.resource == CLUSTER and one.how != "delete"), None)
    if request.wait and cluster is not None:
        try:
            waited = wait_until_healthy(kube, app.caller, cluster.identity, seconds=request.timeout)
        except Cancelled as error:
            raise Cancelled(*done) from error
    return _write_result(environment, plan.warned([*prepared.warnings.notices, *waited]), done)


def _environment_again(app: App, ground: Ground, request: WriteRequest) -> Environment:
    """What the configuration says by the time that a person has answered."""
    environment = app.environment(ground.settings, request.environment)
    if environment.delivery != "direct":
        raise Refused(
            f"while the person was asked, {environment.name!r} was set to be changed by commits for review (its "
            f"delivery in .gitops-mcp.yaml): nothing was changed. Repeat the request to propose it"
        )
    return environment


def _prepare_plan(
    app: App, ground: Ground, environment: Environment, request: WriteRequest, writing: Writing, kube: Kube
) -> _DirectPlan:
    allowed_namespace(environment, request.namespace)  # before anything is read there
    api = ApiOnce(kube, app.schemas)
    live = read_live_objects(api, environment, request)
    if not live and writing.finish and (left := read_left_objects(api, environment, request)):
        live, writing = left, replace(writing, plan=writing.finish)
    view = live_view(ground, environment, api, live)
    plan = require_allowed_namespace(
        _run_planner(writing, view, request), namespaces=environment.namespaces, cut=environment.cut
    )
    plan = plan.warned([*base_warnings(ground), *_ignored_notices(request)])
    if plan.unchanged:
        return _DirectPlan(plan)
    after = desired_after(view.desired, plan.files)
    changes = changed_objects(view.desired, after)
    settings = ground.settings
    protected = environment.protected
    limits = Limits(settings.max_instances, settings.storage_classes, protected, environment, told_old=False)
    plan = validate_plan(plan, changes, after, api, limits=limits, base=view.desired)
    plan = require_confirmation(
        plan,
        confirmed=request.confirmed,
        outage_confirmed=request.outage_confirmed,
        dry_run=request.dry_run,
        does="do at once",
    )
    todo = api_operations(changes, plan.files, live)
    plan = plan.warned(
        [
            *_check_owners(todo, live),
            *_in_deletion(todo, live),
            *_in_git(app, ground, environment, changes),
            *api.unreadable,
        ]
    )
    warnings = ServerWarnings()
    tried = _try_first(kube, todo, warnings, plan)
    shown = shown_in_own_group(plan.files)
    return _DirectPlan(replace(plan, files=shown, validated_by=(*plan.validated_by, *tried)), todo, warnings)


def _try_first(kube: Kube, todo: Sequence[ApiOperation], warnings: ServerWarnings, plan: Plan) -> tuple[str, ...]:
    """What stood in the way before this request is said before the words that refuse it."""
    try:
        return try_operations(kube, todo, warnings)
    except (InvalidRequest, Refused) as error:
        standing = "; ".join(one.message for one in plan.warnings if one.id == STANDING)
        if not standing or isinstance(error, Forbidden):
            raise
        raise error.with_text(f"{standing}. {error}") from error


def _look_just_before(kube: Kube, prepared: _DirectPlan) -> tuple[ApiOperation, ...]:
    """At all that goes, and at all that a person was asked about: before the first of it is done."""
    todo = prepared.operations
    is_due = prepared.plan.at_stake is not None or any(one.how == "delete" for one in todo)
    return look_again(kube, todo) if is_due else todo


def _run_planner(writing: Writing, view: View, request: WriteRequest) -> Plan:
    try:
        return writing.plan(view)
    except NotFound:
        check_cluster_name_live(view, request)
        raise


def _check_owners(todo: Iterable[ApiOperation], live: LiveObjects) -> Iterator[Notice]:
    """Refuses what an engine keeps as Git says; warns of what a person has set."""
    for one in todo:
        found = live.get(one.identity)
        if one.how == "create" or found is None:
            continue
        if (engine := engine_that_keeps(found, deleting=one.how == "delete")) is not None:
            raise Refused(
                f"{one.label} is kept by {engine}, as Git says it: a change in the API would be taken back or fight "
                f"with it. Use an environment with git delivery (delivery: git in .gitops-mcp.yaml) for it"
            )
        for claim in field_managers(found, one.fields):
            if claim.kind == "engine":
                raise Refused(
                    f"{claim} of {one.label}: an engine keeps it as Git says, so a change in the API would not last. "
                    f"Use an environment with git delivery (delivery: git in .gitops-mcp.yaml) for it"
                )
            yield Notice("set-by-others", f"{claim} of {one.label}; it is changed here without that tool's knowing")


def _in_deletion(todo: Iterable[ApiOperation], live: LiveObjects) -> Iterator[Notice]:
    """Objects that go as soon as their finalizers let them, whatever is written to them until then."""
    for one in todo:
        if going := deletion_of(live.get(one.identity)):
            yield Notice("deleting", f"{one.label} is in deletion {going}, and this does not change that")


def _in_git(app: App, ground: Ground, environment: Environment, changes: Iterable[ObjectChange]) -> Iterator[Notice]:
    """Objects that the repository declares too, which then says otherwise."""
    try:
        declared = app.desired(ground, environment.path, ground.base.commit).declarations
    except GitOpsError:  # the repository is not needed here
        return
    for change in changes:
        for one in declared:
            if one.identity == change.identity:
                yield Notice("git-differs", f"{one.identity} is declared at {one.place} too, where Git now differs")


def _ignored_notices(request: WriteRequest) -> list[Notice]:
    text = "direct delivery makes no change: the name in `change` was not used"
    return [Notice("change-ignored", text)] if request.change is not None else []


def _is_asked(app: App, environment: Environment, prepared: _DirectPlan, patience: Patience) -> bool:
    """A person's word where something is lost, for this plan and all that was judged; whether that took a while."""
    plan = prepared.plan
    if plan.unchanged or not plan.at_stake:
        return False
    lost: dict[str, object] = {"what is lost": plan.at_stake}
    judged = {plan.subject: lost} | {str(one): one.judged for one in prepared.operations}
    question = (
        f"In environment {environment.name}, at once and without review: {plan.subject} ({plan.at_stake}). Go on?"
    )
    instead = "; ".join(one.kubectl for one in prepared.operations)
    with patience.paused():
        return app.caller.agree(question, about=judged, instead=instead)


def _write_result(environment: Environment, plan: Plan, done: Sequence[str], *, dry_run: bool = False) -> WriteResult:
    diff, omitted = shorten_diff(plan.diff, DIFF_MAX)
    answer = WriteResult(
        environment=environment.name,
        delivery="direct",
        outcome="unchanged" if plan.unchanged else "dry_run" if dry_run else "applied",
        summary=plan.headline,
        applied=[cut_text(text) for text in done],
        diff=diff or None,
        diff_omitted_lines=omitted or None,
        impact=plan.impact,
        about=[cut_text(redact_text(text), 600) for text in plan.body],
        validated_by=list(plan.validated_by),
        operator=plan.operator,
        warnings=[replace(one, message=cut_text(one.message, 1000)) for one in plan.warnings],
        next=[*plan.next, *(["get_cluster_status shows how far it is"] if done else [])],
    )
    return shorten_to_fit(answer, "applied", "about", "warnings", "next")
