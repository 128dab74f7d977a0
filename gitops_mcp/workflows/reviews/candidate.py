"""What is reviewed: which commit, against which base.

What counts is what merging would make of the base: the base as it is, and a trial merge of the two. Where that takes
a person, it is the branch by itself, from where it left the base. Configuration and rules are those of the base.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gitops_mcp.adapters.forge.place import NoForge
from gitops_mcp.app import App, Ground
from gitops_mcp.config import FILE, Flags, resolve_settings
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.pull_requests import PullRequest
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused, Unavailable
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.view import read_texts

_DEEPEN = (
    "git fetch --unshallow brings the rest (GitHub: fetch-depth: 0 of actions/checkout; GitLab: the variable GIT_DEPTH "
    'set to "0")'
)


_NO_REF = re.compile(r"[ :?*\[\\]|[@^]\{")


@dataclass(frozen=True)
class Candidate:
    ground: Ground
    """Its base is what the candidate is compared with."""
    name: str
    """As it was asked for."""
    head: str
    merged: str
    """The commit that is judged."""
    notices: tuple[Notice, ...] = ()
    pull: PullRequest | None = None

    @property
    def told(self) -> str:
        """What was compared with what."""
        how = "" if self.merged == self.head else ", merged into it"
        base = self.ground.base
        return f"Compared {self.head[:12]}{how} with {base.branch} at {base.commit[:12]}."


def named_candidate(app: App, base: str | None, head: str, environ: Mapping[str, str]) -> Candidate:
    """Of commits that are here: no remote is asked. `base` left out: as the pipeline says, else the usual one."""
    branch, revisions = (base, (base,)) if base else _pipeline_base(environ)
    if not revisions:
        try:
            ground = app.ground(fetch=False)
        except GitOpsError as error:
            raise error.with_text(f"{error}; or name what to compare with: gitops-mcp review BASE {head}") from error
    else:
        commit, full = _find(app, revisions)
        local = full.removeprefix("refs/heads/")
        named = local if local != full else "/".join(full.split("/")[3:]) if full.startswith("refs/remotes/") else ""
        ground = app.ground_at(commit, named or (None if base else branch))
    tip, _ = _find(app, (head,))
    return _against(ground, head, tip)


def _pipeline_base(environ: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
    """The branch that a pull request is for, and revisions at which its commit may be here.

    The branch of a fork may have the same name, and so may the fork's own copy of the base, whose configuration binds
    nobody: in a fork's pipeline on GitLab `origin` is the fork.
    """
    if branch := environ.get("GITHUB_BASE_REF"):
        merge = environ.get("GITHUB_REF", "").startswith("refs/pull/") and environ.get("GITHUB_SHA")
        return branch, (f"refs/remotes/origin/{branch}", *([f"{merge}^1"] if merge else []))
    if branch := environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"):
        is_fork = environ.get("CI_MERGE_REQUEST_PROJECT_ID") != environ.get("CI_PROJECT_ID")
        parted = environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")
        return branch, (*([] if is_fork else [f"refs/remotes/origin/{branch}"]), *([parted] if parted else []))
    return None, ()


def _find(app: App, revisions: tuple[str, ...]) -> tuple[str, str]:
    """The commit of the first that is here, and the ref that it names."""
    repository = app.repository()
    for one in revisions:
        _check_revision(one)
        for name in (one, f"refs/remotes/origin/{one}"):
            if commit := repository.resolve(name):
                return commit, repository.full_name(name)
    more = f"; this is a shallow clone: {_DEEPEN}" if repository.is_shallow else ""
    known, _, branch = revisions[0].partition("refs/remotes/origin/")
    how = f" origin +refs/heads/{branch}:refs/remotes/origin/{branch}" if branch and not known else ""
    raise NotFound(
        f"no commit {' or '.join(map(quote, revisions))} in {repository.root}: name a branch, tag or commit that is "
        f"here, or bring it with git fetch{how}{more}"
    )


def _check_revision(name: str) -> None:
    """What no ref has in its name leads to reflogs, messages or trees, for which git ends where there are none."""
    is_odd = not name or name.startswith("-") or not name.isprintable() or len(name) > 300
    if is_odd or _NO_REF.search(name):
        raise InvalidRequest(f"{quote(name)} is not a branch, tag or commit: use one such as main, v1.2 or HEAD")


def asked_candidate(app: App, ref: str | None, pull_request: int | None) -> Candidate:
    """Of the remote as it is now."""
    if pull_request is not None and ref is None:
        return _of_pull(app, app.ground(fetch=True), pull_request)
    if ref is None or pull_request is not None:
        raise InvalidRequest("name one of the two: ref (a branch, tag or commit) or pull_request (its number)")
    _check_revision(ref)
    ground = app.ground(fetch=True)
    repository, base = ground.repository, ground.base
    tip = None if base.fault else repository.bring(ground.git, base, f"refs/heads/{ref}", f"refs/tags/{ref}")
    tip = tip or repository.resolve(ref, f"refs/remotes/{base.remote}/{ref}")
    if tip is None:
        raise NotFound(
            f"ref: neither {base.remote or 'a remote'} nor this repository has {quote(ref)}: name a branch, tag or "
            f"commit; one of a fork is reached by pull_request"
        )
    return _against(ground, ref, tip)


def _of_pull(app: App, ground: Ground, number: int) -> Candidate:
    """By the forge, which knows its base and page; else by the refs that the remote shows of it."""
    forge = app.forge(ground)
    pull = None if isinstance(forge, NoForge) else forge.pull(number)
    refs = (f"refs/pull/{number}/head", f"refs/merge-requests/{number}/head")
    tip = ground.repository.bring(ground.git, ground.base, *refs)
    if tip is None and pull and pull.head:
        tip = ground.repository.resolve(pull.head)
    if tip is None:
        why = f" ({forge.why})" if isinstance(forge, NoForge) else ""
        raise NotFound(
            f"pull_request: {ground.base.remote or 'this repository'} shows no pull request #{number}: its number in "
            f"the repository that this is a checkout of is needed, or name its branch as ref{why}"
        )
    found = _against(ground, f"pull request #{number}", tip)
    if ground.reach is not None and ground.repository.history.is_ancestor(tip, ground.base.commit):
        return found  # nothing is left that would tell whose it was
    found = replace(found, pull=pull)
    if pull is None or pull.base == ground.base.branch:
        return found
    text = f"it is for {pull.base}, and was compared with {ground.base.branch}, which this server proposes against"
    return replace(found, notices=(*found.notices, Notice("another-base", text)))


def _against(ground: Ground, name: str, tip: str) -> Candidate:
    repository, base = ground.repository, ground.base
    start = repository.merge_base(base.commit, tip)
    if start is None and repository.is_shallow:
        raise Unavailable(f"where {name} left {base.branch} is not in this shallow clone: {_DEEPEN}")
    if start is None:
        raise InvalidRequest(
            f"{name} and {base.branch} have no commit in common, so there is nothing to compare: name the base that "
            f"it was made from"
        )
    merged = repository.merged_commit(base.commit, tip)
    if ground.reach is not None and not ground.reach.holds(start, tip):
        raise Refused(f"{name} touches objects that lie outside of what you may see, so nothing of it is judged here")
    notices = tuple(base_warnings(ground))
    if merged is None:
        files = repository.conflicts(base.commit, tip)
        more = f" and {len(files) - 5} more" if len(files) > 5 else ""
        text = (
            f"it conflicts with {base.branch} in {', '.join(files[:5])}{more}, so it was judged from where it left it"
        )
        ground, merged = replace(ground, base=replace(base, commit=start)), tip
        notices = (*notices, Notice("conflicts", text))
    return Candidate(ground, name, tip, merged, notices)


def configuration_notices(candidate: Candidate, paths: tuple[str, ...]) -> tuple[list[Notice], list[Notice]]:
    """Faults and warnings of a candidate that changes the configuration: it is read, and nothing of it is used."""
    if FILE not in paths:
        return [], []
    text = read_texts(candidate.ground, candidate.merged, (FILE,)).get(FILE)
    told = Notice("configuration-changed", f"{FILE} is changed too: nothing of that was used for this review")
    try:
        resolve_settings(text, Flags())
    except InvalidRequest as error:
        return [Notice("configuration-invalid", f"{FILE} would not be accepted once merged: {error}")], [told]
    return [], [told]
