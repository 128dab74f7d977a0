"""plan -> guard -> the API: the other end of the one road, for environments whose configuration says so.

The state before is what is live, written down as if it were a repository, so that the same planners and the same rules
work on it. What they plan becomes creations, JSON Patches of the changed places and deletions, each bound to what was
seen, tried with admission first, and asked of a person where something could be lost.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gitops_mcp.adapters.kube import Kube, OutcomeUnknown
from gitops_mcp.answers.base import DIFF_MAX, WarningRow, shorten_to_fit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.writes import ImpactAnswer, WriteResult
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.status.health import judge_health
from gitops_mcp.domain.diff import shorten_diff
from gitops_mcp.domain.kinds import (
    CLUSTER,
    DATABASE,
    DATABASE_ROLE,
    EXTERNAL_SECRET,
    PASSWORD,
    POOLER,
    SCHEDULED_BACKUP,
    SEALED_SECRET,
)
from gitops_mcp.domain.live.managers import engine_that_keeps, field_managers
from gitops_mcp.domain.live.operations import ApiOperation, api_operations, manifest_of_live
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Resource, at
from gitops_mcp.domain.plans.confirmation import require_allowed_namespace, require_confirmation
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.secret_documents import MANAGED_BY, SERVER
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.build import desired_after, desired_of_documents
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled, Raced, Refused, Unavailable
from gitops_mcp.workflows.api_once import Look
from gitops_mcp.workflows.left_secrets import DIRECT
from gitops_mcp.workflows.view import View, allowed_namespace
from gitops_mcp.workflows.writing.live_source import LiveSource
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.secrets import write_secrets
from gitops_mcp.workflows.writing.validation import Limits, validate_plan

_BELONGING = (DATABASE_ROLE, DATABASE, POOLER, SCHEDULED_BACKUP)
_MAKING_SECRETS = (EXTERNAL_SECRET, PASSWORD, SEALED_SECRET)
_POLL = 1.0
"""Seconds between two looks at what is waited for."""
DRY_RUN = "server-side dry run"
_SECRET = {"create": "create", "rotate": "change the password of"}


@dataclass(frozen=True)
class _DirectPlan:
    view: View
    plan: Plan
    operations: tuple[ApiOperation, ...]
    live: dict[Identity, Object]


def apply_directly(
    app: App, ground: Ground, environment: Environment, request: WriteRequest, writing: Writing
) -> WriteResult:
    """What became of a request in an environment with direct delivery. Raises Raced where something moved meanwhile."""
    kube = app.kube(environment, ground.settings)
    prepared = _prepare_plan(app, ground, environment, request, writing, kube)
    plan = prepared.plan
    if plan.unchanged or request.dry_run:
        return _write_result(environment, prepared, (), dry_run=request.dry_run)
    if plan.destroys:
        _ask_person(app, prepared)
    done: list[str] = []
    with write_secrets(app, ground, environment, plan, change=DIRECT):
        _carry_out(kube, prepared.operations, done)
    done[:0] = [f"{_SECRET[one.how]} Secret {one}" for one in plan.writes]
    waited = _wait_until_healthy(app, kube, request, prepared)
    return _write_result(environment, prepared, done, waited=waited)


def _prepare_plan(
    app: App, ground: Ground, environment: Environment, request: WriteRequest, writing: Writing, kube: Kube
) -> _DirectPlan:
    allowed_namespace(environment, request.namespace)  # before anything is read there
    look = Look(kube, app.schemas)
    live = {_identity_of(one): one for one in _read_live(kube, environment, request)}
    desired = _desired_of(live)
    source = LiveSource(ground, desired)
    view = View(ground.settings, environment, desired, desired, look, source)
    plan = require_allowed_namespace(writing.plan(view), namespaces=environment.namespaces)
    plan = plan.warned([*_ground_warnings(ground), *_ignored_notices(request)])
    if plan.unchanged:
        return _DirectPlan(view, plan, (), live)
    after = desired_after(desired, plan.files)
    changes = changed_objects(desired, after)
    settings = ground.settings
    limits = Limits(settings.max_instances, settings.storage_classes, environment.protected, told_old=False)
    plan = validate_plan(plan, changes, after, look, limits=limits, base=desired)
    plan = require_confirmation(plan, confirmed=request.confirmed, dry_run=request.dry_run)
    todo = api_operations(changes, plan.files, live)
    plan = plan.warned([*_check_owners(todo, live), *_in_git(app, ground, environment, changes)])
    tried = _try_operations(kube, todo)
    return _DirectPlan(view, replace(plan, validated_by=(*plan.validated_by, *tried)), todo, live)


def _read_live(kube: Kube, environment: Environment, request: WriteRequest) -> Iterator[Object]:
    """The Cluster that is meant, wherever it may be, and what belongs to it; with managers, to see who owns what."""
    spaces: Sequence[str | None] = [request.namespace] if request.namespace else (environment.namespaces or [None])
    for space in spaces:
        found = kube.every(CLUSTER, space, fields=f"metadata.name={request.cluster}")
        for one in found:
            namespace, name = one["metadata"]["namespace"], one["metadata"]["name"]
            yield kube.get(CLUSTER, namespace, name, managed_fields=True)
            for resource in _BELONGING:
                yield from _objects_of_cluster(kube, resource, namespace, name)
            for resource in _MAKING_SECRETS:
                yield from _own_objects(kube, resource, namespace)


def _objects_of_cluster(kube: Kube, resource: Resource, namespace: str, cluster: str) -> Iterator[Object]:
    try:
        found = kube.every(resource, namespace)
    except (NotInstalled, Forbidden):  # what may not be read cannot be changed either, and is told then
        return
    for one in found:
        if at(one, "spec", "cluster", "name") == cluster:
            # A list drops who manages what; it says which kind it holds only once.
            yield kube.get(resource, namespace, one["metadata"]["name"], managed_fields=True)


def _own_objects(kube: Kube, resource: Resource, namespace: str) -> Iterator[Object]:
    """What this server made there; other ones' are none of its business."""
    try:
        found = kube.every(resource, namespace, labels=f"{MANAGED_BY}={SERVER}")
    except (NotInstalled, Forbidden):
        return
    for one in found:
        yield kube.get(resource, namespace, one["metadata"]["name"], managed_fields=True)


def _desired_of(live: dict[Identity, Object]) -> Desired:
    texts = {f"the live {identity}": render_manifest(manifest_of_live(one)) for identity, one in live.items()}
    return desired_of_documents(texts)


def _identity_of(one: Object) -> Identity:
    return Identity(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"])


def _check_owners(todo: Iterable[ApiOperation], live: dict[Identity, Object]) -> Iterator[Notice]:
    """Refuses what an engine keeps as Git says; warns of what a person has set."""
    for one in todo:
        found = live.get(Identity(one.resource.kind, one.namespace, one.name))
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


def _ground_warnings(ground: Ground) -> list[Notice]:
    return [Notice("base-not-fetched", ground.base.warning)] if ground.base.warning else []


def _ignored_notices(request: WriteRequest) -> list[Notice]:
    text = "direct delivery makes no change: the name in `change` was not used"
    return [Notice("change-ignored", text)] if request.change is not None else []


def _try_operations(kube: Kube, todo: Iterable[ApiOperation]) -> tuple[str, ...]:
    """Each operation with admission and without effect. Raises what the API server would refuse."""
    tried = [_do_operation(kube, one, dry_run=True) for one in todo]
    return (DRY_RUN,) if tried else ()


def _carry_out(kube: Kube, todo: Sequence[ApiOperation], done: list[str]) -> None:
    """The operations in their order. What fails half way is told with what had been done."""
    for index, one in enumerate(todo):
        try:
            made = _do_operation(kube, one, dry_run=False)
        except GitOpsError as error:
            raise _half_done(error, done, todo[index:]) from error
        version = at(made, "metadata", "resourceVersion")
        done.append(str(one) + (f", now at resourceVersion {version}" if version and one.how != "delete" else ""))


def _half_done(error: GitOpsError, done: Sequence[str], left: Sequence[ApiOperation]) -> GitOpsError:
    if not done and not isinstance(error, OutcomeUnknown):
        return error
    failed = f"{left[0]}, because {error}"  # which says where it is not known whether that took effect
    before = f"Done: {'; '.join(done)}. " if done else ""
    rest = f" Not tried: {'; '.join(str(one) for one in left[1:])}." if len(left) > 1 else ""
    kind = Unavailable if isinstance(error, Raced) else type(error)
    again = "Repeat the request for what is left: what is done is not done twice"
    if done and all(one.how == "delete" and one.resource in _MAKING_SECRETS for one in left):
        commands = "; ".join(one.kubectl for one in left)
        again = f"What is left makes a Secret that nothing needs any more; to remove it: {commands}"
    return kind(f"{before}Failed: {failed}.{rest} {again}")


def _do_operation(kube: Kube, one: ApiOperation, *, dry_run: bool) -> Object:
    match one.how:
        case "create":
            return kube.apply(one.resource, one.body, dry_run=dry_run).object
        case "patch":
            return kube.patch(one.resource, one.namespace, one.name, one.body, dry_run=dry_run).object
        case "delete":
            return kube.delete(
                one.resource, one.namespace, one.name, uid=one.uid, version=one.version, dry_run=dry_run
            ).object


def _ask_person(app: App, prepared: _DirectPlan) -> None:
    """A person's word, for this plan and for the objects as they were seen."""
    plan, environment = prepared.plan, prepared.view.environment
    seen = "; ".join(f"{one} ({one.uid or 'new'} at {one.version or 'no version'})" for one in prepared.operations)
    question = (
        f"In environment {environment.name}, at once and without review: {plan.subject} ({plan.destroys}). Go on?"
    )
    app.caller.agree(question, about=seen, instead="; ".join(one.kubectl for one in prepared.operations))


def _wait_until_healthy(app: App, kube: Kube, request: WriteRequest, prepared: _DirectPlan) -> tuple[Notice, ...]:
    """Waits for the Cluster to be healthy, where that was asked for."""
    cluster = next((one for one in prepared.operations if one.resource is CLUSTER and one.how != "delete"), None)
    if not request.wait or cluster is None:
        return ()
    seconds = request.timeout or 300
    begun = time.monotonic()
    while True:
        try:
            well, why = judge_health(kube.get(CLUSTER, cluster.namespace, cluster.name))
        except GitOpsError as error:
            well, why = False, str(error)
        spent = time.monotonic() - begun
        app.caller.told(min(spent, seconds), seconds, f"{cluster.label}: {why}")
        if well:
            return ()
        if well is None:
            return (Notice("not-healthy", f"{cluster.label} does not become healthy by itself: {why}"),)
        if spent > seconds:
            return (Notice("not-healthy", f"{cluster.label} was not healthy after {seconds:g} s: {why}"),)
        time.sleep(_POLL)


def _write_result(
    environment: Environment,
    prepared: _DirectPlan,
    done: Sequence[str],
    *,
    dry_run: bool = False,
    waited: Iterable[Notice] = (),
) -> WriteResult:
    plan = prepared.plan
    diff, omitted = shorten_diff(plan.diff, DIFF_MAX)
    answer = WriteResult(
        environment=environment.name,
        delivery="direct",
        outcome="unchanged" if plan.unchanged else "dry_run" if dry_run else "applied",
        summary=plan.unchanged or plan.subject,
        applied=[cut_text(text) for text in done],
        diff=diff or None,
        diff_omitted_lines=omitted or None,
        impact=ImpactAnswer(level=plan.impact.level.label, reasons=list(plan.impact.reasons)),
        about=[cut_text(redact_text(text), 600) for text in plan.body],
        validated_by=list(plan.validated_by),
        warnings=[WarningRow(id=one.id, message=cut_text(one.message, 1000)) for one in (*plan.warnings, *waited)],
        next=[*_steps_without_review(plan.next), *(["get_cluster_status shows how far it is"] if done else [])],
    )
    return shorten_to_fit(answer, "applied", "about", "warnings", "next")


def _steps_without_review(texts: Iterable[str]) -> Iterator[str]:
    """The steps of a plan without those that a review would take."""
    for text in texts:
        without = text.replace("merged and applied", "applied")
        if "merged" not in without:
            yield without
