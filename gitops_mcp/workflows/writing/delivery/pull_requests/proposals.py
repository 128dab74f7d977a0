"""What a change proposes as a whole, from where it left the base to its tip, with what a request is about to add.

It is told from what the files declare. The plan of a request has judged a new change already; one of several commits
is judged as a whole, in each environment that it reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import NOTHING, Impact
from gitops_mcp.domain.kinds import BY_KIND
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.review_text.proposal import Proposal, ProposedCommit, ProposedPart
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.engines import Engines
from gitops_mcp.workflows.view import View, file_changes, view_at
from gitops_mcp.workflows.writing.delivery.validation import Limits, judge_objects

_ASKED = 3
"""Objects of one change whose engine object is looked at."""
_FILES = 200
_COMMITS = 50
LARGEST = 2**20
"""Bytes of a file that is read; an object of Kubernetes is hardly larger."""


@dataclass(frozen=True)
class Addition:
    """The commit that is about to be made."""

    message: str
    plan: Plan
    planned_on: str
    """The commit that its files are edits of: the tip of the change, or the base where it starts there again."""
    part: ProposedPart | None = None
    """What it does, judged: of a change that has no other commit."""


def proposal_of(
    app: App,
    ground: Ground,
    *,
    change: str,
    branch: str,
    tip: str | None,
    added: Addition | None = None,
    api: ApiOnce | None = None,
) -> Proposal:
    """`tip`: where an open change stands; None: it is new. `api`: what the call has seen of one already."""
    base = ground.base
    end = added.planned_on if added else tip or base.commit
    start = (None if end == base.commit else ground.repository.merge_base(base.commit, end)) or base.commit
    files = tuple(net_files(ground, start, end, added.plan.files if added else ()))
    own = [added.part] if added and added.part else []
    but = own[0].environment if own else None
    parts = [*own, *_parts(app, ground, start, end, files, added, but=but, api=api)]
    commits = [*_commits(ground, change, tip), *([ProposedCommit.of_message(added.message)] if added else [])]
    return Proposal(change, branch, base.branch, tuple(commits), tuple(one for one in parts if one.objects), files)


def _commits(ground: Ground, change: str, tip: str | None) -> Iterator[ProposedCommit]:
    if tip is None:
        return
    me = ground.repository.own_author
    for one in reversed(ground.repository.commits(ground.base.commit, tip)[:_COMMITS]):
        author = None if one.author == me else one.author.partition(" <")[0]
        if change in one.changes:
            yield ProposedCommit.of_message(one.message, author=author)
        else:
            yield ProposedCommit(one.subject, author=one.author.partition(" <")[0])


def net_files(
    ground: Ground, start: str, tip: str, added: Sequence[FileChange] = (), *, most: int = _FILES
) -> Iterator[FileChange]:
    """What differs from the base, whatever the commits between did and took back."""
    after = {one.path: one.after for one in added}
    if start == tip:
        yield from added
        return
    paths = sorted({*ground.repository.changed_files(start, tip), *after})[:most]
    for one in file_changes(ground, start, tip, paths, largest=LARGEST):
        text = after.get(one.path, one.after)
        if text != one.before:
            yield FileChange(one.path, one.before, text)


def _parts(
    app: App,
    ground: Ground,
    start: str,
    end: str,
    files: Iterable[FileChange],
    added: Addition | None,
    *,
    but: str | None,
    api: ApiOnce | None,
) -> Iterator[ProposedPart]:
    for environment in _reached(ground, [one.path for one in files]):
        if environment.name == but:
            continue
        try:
            before, after = (app.desired(ground, environment.path, one) for one in (start, end))
        except GitOpsError:  # its folder is none
            continue
        after = desired_after(after, added.plan.files) if added else after
        part = ProposedPart(
            environment.name, before, after, changed_objects(before, after), notices=unjudged_charts(before, after)
        )
        yield judged_part(
            app, ground, part, api=api if api and api.kube is app.kube(environment, ground.settings) else None
        )


def _reached(ground: Ground, paths: Sequence[str]) -> Iterator[Environment]:
    """The environments whose folder has a file of the change; all, where one is in no environment's folder."""
    environments = ground.settings.environments.values()
    homes = [
        [one.name for one in environments if f"{path}/".startswith(f"{one.path}/" * bool(one.path))] for path in paths
    ]
    for environment in environments:
        if any(not names or environment.name in names for names in homes):
            yield environment


def with_live_appliers(app: App, ground: Ground, part: ProposedPart, api: ApiOnce) -> ProposedPart:
    """Where the repository declares no engine object, who applies what changes: as get_change finds it."""
    environment, found = ground.settings.environments[part.environment], {}
    try:
        kube = app.engine_kube(environment, ground.settings)
    except GitOpsError:
        return part
    engines = Engines.of(api if kube is api.kube else ApiOnce(kube, app.schemas), environment, ground)
    loose = [one for one in part.objects if part.declared[one.identity].applied is None]
    for one in loose[:_ASKED]:
        resource, live = BY_KIND.get(one.identity.kind), None
        try:
            live = api.get(resource, one.identity.namespace, one.identity.name) if resource and one.before else None
        except GitOpsError:  # that it could not be read is told elsewhere
            continue
        engine = engines.applying(one.identity, part.declared[one.identity], live)
        if engine is not None and engine.state is not None:
            found[one.identity] = engine.state
    return replace(part, live_appliers=found)


def unjudged_charts(before: Desired, after: Desired) -> tuple[Notice, ...]:
    """What it may make, of which nothing could be told."""
    known = {one.reason for one in before.hidden}
    new = dict.fromkeys(one.reason for one in after.hidden if one.is_open and one.reason not in known)
    return tuple(Notice("unknown-chart", f"not judged: {reason}") for reason in new)


def judged_part(
    app: App, ground: Ground, part: ProposedPart, view: View | None = None, *, api: ApiOnce | None = None
) -> ProposedPart:
    """With its impact, what would refuse it, and what there is to mind. Nothing of that stops what is pushed.

    `view`: of the environment, where the call has one; `api`: what it has seen of its API, where it has none.
    """
    if not part.objects:
        return part
    environment = ground.settings.environments[part.environment]
    try:
        view = view or view_at(app, ground, environment, ground.base.commit, proposed=False, api=api)
        judged = judge_objects(part.objects, part.after, view.api, limits=Limits.of(view), base=view.base)
    except GitOpsError as error:
        effects = (assess_impact(one.before, one.after, engine=part.engine_of(one.identity)) for one in part.objects)
        told = Notice("not-validated", f"{environment.name}: {error}")
        return replace(part, impact=reduce(Impact.joined, effects, NOTHING), notices=(*part.notices, told))
    told_once = dict.fromkeys((*part.notices, *judged.standing, *judged.warnings, *view.api.unreadable))
    known = replace(
        part,
        impact=judged.impact(),
        validated_by=judged.by,
        operator=judged.operator,
        faults=(*part.faults, *judged.faults),
        notices=tuple(told_once),
    )
    return with_live_appliers(app, ground, known, view.api)
