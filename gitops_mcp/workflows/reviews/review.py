"""The judgement of a candidate: in each environment what changes there, what the rules say, and what is live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitops_mcp.answers.base import shorten_to_fit
from gitops_mcp.answers.pull_requests import ShownPullRequest
from gitops_mcp.answers.reviews import ReviewResult
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.review_text.comment import comment_text
from gitops_mcp.domain.review_text.proposal import ForgeName, Proposal, ProposedPart
from gitops_mcp.domain.review_text.unplanned import (
    drift_notices,
    is_kept,
    plaintext_faults,
    plaintext_notices,
    with_unplanned,
    without_unlisted,
)
from gitops_mcp.domain.review_text.verdict import Judgement
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.reviews.candidate import Candidate, configuration_notices
from gitops_mcp.workflows.view import view_at
from gitops_mcp.workflows.writing.delivery.pull_requests.proposals import (
    LARGEST,
    judged_part,
    net_files,
    unjudged_charts,
)

_FILES = 2000
_KINDS = {resource.kind: resource for resource in CNPG_KINDS}


_ANSWERED = 18_000
"""Characters of a comment that an answer has room for."""


def review_to_answer(app: App, candidate: Candidate) -> ReviewResult:
    """Shortened to what a model is given at once."""
    found = review(app, candidate, "GitHub", limit=_ANSWERED)
    return shorten_to_fit(found, "objects", "files", "warnings", "unchecked", "errors")


def review(app: App, candidate: Candidate, forge: ForgeName, *, limit: int) -> ReviewResult:
    """`limit`: characters of the comment."""
    judgement = judge(app, candidate)
    base = candidate.ground.base
    return ReviewResult.of(
        judgement,
        base=base.branch,
        base_commit=base.commit,
        head=candidate.head,
        pull_request=ShownPullRequest.of(candidate.pull, base=base.branch) if candidate.pull else None,
        body=comment_text(judgement, forge, limit=limit, reviewed=candidate.told),
    )


def judge(app: App, candidate: Candidate) -> Judgement:
    ground, merged = candidate.ground, candidate.merged
    paths = ground.repository.changed_files(ground.base.commit, merged)
    files = tuple(net_files(ground, ground.base.commit, merged, most=_FILES))
    faults, notices = configuration_notices(candidate, paths)
    if len(paths) > _FILES:
        text = f"{len(paths) - _FILES} of {len(paths)} files were not looked at for secrets in clear text"
        notices.append(Notice("not-validated", text))
    entries = ground.repository.files.entries(merged, [one.path for one in files])
    sizes = ground.repository.files.sizes(one.id for one in entries.values() if one.is_file)
    if large := sorted(path for path, one in entries.items() if sizes.get(one.id, 0) > LARGEST):
        text = f"{', '.join(map(one_line, large[:5]))}{f' and {len(large) - 5} more' if large[5:] else ''}: too large"
        notices.append(Notice("not-validated", f"{text} to be looked at for secrets in clear text"))
    parts, unread = _parts(app, ground, merged) if paths else ([], [])
    told = tuple(one for one in parts if one.objects or one.faults or one.notices)
    proposal = Proposal("", candidate.name, ground.base.branch, (), told, files)
    notices = [*candidate.notices, *notices, *unread, *plaintext_notices(files)]
    return Judgement(proposal, (*faults, *plaintext_faults(files)), tuple(notices))


def _parts(app: App, ground: Ground, merged: str) -> tuple[list[ProposedPart], list[Notice]]:
    """Of every environment: a file in the folder of one may be built by another. With those that the base leaves open.

    Raises what is wrong with the base where none of them can be judged.
    """
    parts, errors = [], list[GitOpsError]()
    for environment in ground.settings.environments.values():
        try:
            before = app.desired(ground, environment.path, ground.base.commit)
        except GitOpsError as error:
            errors.append(error)
            continue
        try:
            parts.append(_part(app, ground, environment, merged))
        except GitOpsError as error:
            fault = Notice("does-not-build", f"environment {environment.name}: {error}")
            parts.append(ProposedPart(environment.name, before, before, (), faults=(fault,)))
    if errors and not parts:
        raise errors[0]
    return parts, [Notice("environment-unreadable", str(error)) for error in errors]


def _part(app: App, ground: Ground, environment: Environment, merged: str) -> ProposedPart:
    view = view_at(app, ground, environment, merged, proposed=True)
    after = without_unlisted(view.base, view.desired)
    objects, notices = changed_objects(view.base, after), unjudged_charts(view.base, after)
    part = ProposedPart(environment.name, view.base, after, objects, notices=notices)
    part = with_unplanned(part, environment.namespaces)
    going = tuple(one for one in part.objects if not is_kept(part, one))
    part = replace(judged_part(app, ground, replace(part, objects=going), view), objects=part.objects)
    return replace(part, notices=(*part.notices, *_live_notices(part, environment, view.api)))


def _live_notices(part: ProposedPart, environment: Environment, api: ApiOnce) -> Iterator[Notice]:
    """What is live otherwise than Git says, of the objects that change; or why that is not known."""
    for one in part.objects:
        kind, namespace = _KINDS.get(one.identity.kind), one.identity.namespace
        if one.before is None or kind is None or (namespace is None and kind.namespaced):
            continue
        try:
            live = api.get(kind, namespace, one.identity.name)
        except GitOpsError as error:
            text = f"what is live in {environment.name}, so no drift and nothing that depends on it: {error}"
            yield Notice("live-unavailable", text)
            return
        if live is not None:
            yield from drift_notices(one, live)
        else:
            yield Notice("not-live", f"{one.identity} is in Git and not live, so nothing is known of what runs")
