"""The commits of a change, and where Git says it stands: on a branch, in the base, or nowhere any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.adapters.git.files import GitFile
from gitops_mcp.adapters.git.history import Commit
from gitops_mcp.adapters.git.refs import ChangeRef
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import Ground
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.names import suggest
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import NotFound

State = Literal["draft", "pushed", "merged", "applied", "healthy", "closed", "failed"]


@dataclass(frozen=True)
class Span:
    """The commits of a change: all that came after `start`, up to `tip`."""

    name: str
    branch: str
    start: str | None
    tip: str
    state: State
    why: str
    commits: tuple[Commit, ...]


def find_span(ground: Ground, name: str) -> Span:
    """A change by its branch, else by the commits on the base that name it, else one seen to be closed."""
    found = ground.repository.change(ground.git, ground.base, name)
    if found:
        return span_of(ground, found)
    branch = ground.git.prefix + name
    commits = ground.repository.commits_naming(ground.base.commit, name)
    if commits:
        start = commits[-1].parents[0] if commits[-1].parents else None
        why = f"commit {commits[0].id[:12]} on {ground.base.branch} names it; its branch is gone"
        return Span(name, branch, start, commits[0].id, "merged", why, commits)
    if branch in ground.base.closed:
        return closed_span(ground, branch, ground.base.closed[branch])
    raise unknown_change(ground, name)


def span_of(ground: Ground, found: ChangeRef) -> Span:
    repository, base = ground.repository, ground.base
    state: State
    if repository.is_ancestor(found.tip, base.commit):
        commits, start = _own_commits(repository.first_parents(found.tip), found.name)
        state, why = "merged", f"{base.branch} holds its last commit"
    else:
        commits, start = repository.commits(base.commit, found.tip), repository.merge_base(base.commit, found.tip)
        if start and not repository.changed_files(start, found.tip):
            state, why = "closed", "its commits cancel each other out, so nothing is left to merge"
        elif repository.merged_by_content(base.commit, found.tip):
            state, why = "merged", f"{base.branch} holds all that it changes (as after a squash merge)"
        elif base.pushes:
            state, why = "pushed", f"on {base.home}, not merged"
        else:
            state, why = "draft", "a local branch, not pushed"
    return Span(found.name, found.branch, start, found.tip, state, why, commits)


def closed_span(ground: Ground, branch: str, tip: str) -> Span:
    span = span_of(ground, ChangeRef(branch.removeprefix(ground.git.prefix), branch, tip, ""))
    if span.state in {"merged", "closed"}:
        return span
    return replace(span, state="closed", why="its branch was removed without being merged")


def _own_commits(commits: Sequence[Commit], name: str) -> tuple[tuple[Commit, ...], str | None]:
    """Of a merged branch's first parents those of the change, down to the first commit that names it."""
    last = max((index for index, one in enumerate(commits) if trailer_of(one, "Gitops-Mcp-Change") == name), default=0)
    oldest = commits[last]
    return tuple(commits[: last + 1]), oldest.parents[0] if oldest.parents else None


def files_of(ground: Ground, span: Span, paths: Sequence[str]) -> list[FileChange]:
    if span.start is None:
        return []
    old = ground.repository.read_many(span.start, paths)
    new = ground.repository.read_many(span.tip, paths)

    def text(files: dict[str, GitFile], path: str) -> str | None:
        return files[path].data.decode("utf-8", errors="replace") if path in files else None

    return [FileChange(path, text(old, path), text(new, path)) for path in paths]


def trailer_of(commit: Commit, key: str) -> str | None:
    return next((value for name, value in commit.trailers if name == key), None)


def impact_of(commits: Iterable[Commit]) -> Level:
    levels: dict[str, Level] = {level.label: level for level in Level}
    return max(
        (levels.get(trailer_of(one, "Gitops-Mcp-Impact") or "", Level.NONE) for one in commits), default=Level.NONE
    )


def impact_reasons(commits: Iterable[Commit]) -> list[str]:
    """The lines below `Impact:` in the messages of this server's own commits."""
    reasons = []
    for one in commits:
        if trailer_of(one, "Gitops-Mcp-Impact") is None:
            continue
        _, _, after = one.body.partition("Impact: ")
        reasons += [
            cut_text(redact_text(line[2:]), 200)
            for line in after.split("\n\n")[0].splitlines()
            if line.startswith("- ")
        ]
    return list(dict.fromkeys(reasons))[:20]


def unknown_change(ground: Ground, name: str) -> NotFound:
    known = [one.name for one in ground.repository.changes(ground.git, ground.base)]
    return NotFound(f"change: there is no change {name!r}; {suggest(name, known)}")
