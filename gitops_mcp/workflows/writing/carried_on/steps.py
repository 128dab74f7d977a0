"""The commits of a change as they are planned again: each with its requests, and with what it is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.adapters.git.contents.files import FolderEntry
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import Ground
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.names import one_line, quote
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.plans.asked import request_lines
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused, Unavailable
from gitops_mcp.workflows.spans import Span
from gitops_mcp.workflows.view import file_changes


@dataclass(frozen=True)
class Step:
    """A commit with the one that its tree is compared with: its parent, or the base that a refresh took."""

    commit: Commit
    parent: str
    lines: tuple[str, ...]
    near: tuple[Commit, ...]
    """All commits of the change: a refresh takes their requests over, and not what they say they have made."""

    def __str__(self) -> str:
        one = self.commit
        author, subject = (quote(one_line(redact_text(text))) for text in (one.author, one.subject))
        return f"{one.id[:12]} by {cut_text(author, 100)} {cut_text(subject, 100)}"


def steps_of(ground: Ground, span: Span) -> tuple[Step, ...]:
    """The commits of a change, oldest first; what a refresh has taken over stands in its commit alone.

    Raises Refused for a change without commits.
    """
    repository, known = ground.repository, {one.id: one for one in span.commits}
    if span.state == "empty" or span.tip not in known:
        raise Refused(f"change {span.name!r} holds no commit that is known here, so there is nothing to carry on")
    found: list[Step] = []
    commit = known.get(span.tip)
    while commit is not None:
        check_commits(ground, span.name, *commit.parents)
        if (refreshed := refresh_step(ground, span, commit)) is not None:
            found.append(refreshed)
            break
        parents = commit.parents
        is_merge = len(parents) == 2 and repository.is_ancestor(parents[1], ground.base.commit)
        if not (is_merge and repository.merged_tree(parents[1], parents[0]) == repository.tree(commit.id)):
            lines = request_lines(commit.body) if len(parents) == 1 else ()
            found.append(Step(commit, next(iter(parents), ""), lines, span.commits))
        commit = known.get(next(iter(parents), ""))
    return tuple(reversed(found))


def refresh_step(ground: Ground, span: Span, commit: Commit) -> Step | None:
    """A commit that says it has brought the change up to the base, against the base that it took."""
    lines, parents = request_lines(commit.body), commit.parents
    if not lines or len(parents) != 2 or not ground.repository.is_ancestor(parents[1], ground.base.commit):
        return None
    return Step(commit, parents[1], lines, span.commits)


def check_commits(ground: Ground, change: str, *commits: str | None) -> None:
    """Raises Unavailable where one is not here."""
    if not commits or not all(one is not None and ground.repository.has(one) for one in commits):
        raise Unavailable(
            f"the commits of change {change!r} are not all here, so what it did cannot be determined: if this is a "
            f"shallow "
            f"clone, run git fetch --unshallow"
        )


def source_of(span: Span) -> str:
    """A change as the one that comes of it names it, for a reviewer."""
    if span.pull is None:
        return f"change {span.name} (commit {span.tip[:12]})"
    did = {"open": "proposes", "closed": "proposed", "merged": "brought"}[span.pull.state]
    return f"change {span.name}, which pull request #{span.pull.number} {did}"


def check_has_branch(ground: Ground, span: Span) -> None:
    """Raises Refused for an open one that no commit can be added to."""
    if ground.repository.change(ground.git, ground.base, span.name) is None:
        where = f" at {span.pull.url}" if span.pull else ""
        raise Refused(f"change {span.name!r} is {span.state} ({span.why}): a person restores its branch{where} first")


def net_changes(ground: Ground, old: str, new: str) -> tuple[FileChange, ...]:
    return file_changes(ground, old, new, ground.repository.changed_files(old, new))


def check_comes_back(ground: Ground, change: str, old: str, new: str) -> None:
    """Raises Refused where a file that differs is not plain UTF-8 text, which alone can be written as it was."""
    paths = ground.repository.changed_files(old, new)
    for commit, when in ((old, "before"), (new, "after")):
        for file in ground.repository.read_many(commit, paths).values():
            kind = FolderEntry(file.mode, file.blob).kind
            try:
                file.data.decode()
            except UnicodeDecodeError:
                kind = "not UTF-8 text"
            if kind != "a file":
                raise Refused(
                    f"change {change!r} cannot be taken back: {one_line(file.path)} is {kind} {when} it, and only "
                    f"plain files of UTF-8 text can be written as they were; nothing was changed. Take it back with "
                    f"git revert, on a branch of your own"
                )


def names_of_new_documents(files: Iterable[FileChange]) -> frozenset[str]:
    return frozenset(
        str(at(document.value, "metadata", "name"))
        for one in files
        if one.before is None
        for document in read_documents(one.after or "")
    )
