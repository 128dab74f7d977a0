"""What merging makes of a pull request in git, and in whose words.

The messages decide whether the trailers of a change are found on the base: each forge has its own, which whoever merges
may replace.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from gitops_mcp.sandbox.forges.values import ForgeName, Pull, User
from gitops_mcp.sandbox.remote import git

Way = Literal["merge", "squash", "rebase", "rebase-merge", "fast-forward"]

PULLS = {"github": "refs/pull", "gitea": "refs/pull", "gitlab": "refs/merge-requests"}


class MergeRefused(Exception):
    """`why` is `closed`, `head`, `draft`, `conflict`, `no commits`, or what the rules of the base still ask for."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def head_ref(forge: ForgeName, number: int) -> str:
    return f"{PULLS[forge]}/{number}/head"


def is_mergeable(pull: Pull, forge: ForgeName) -> bool:
    """Whether the contents merge; nothing is written."""
    arguments = ("merge-tree", "--write-tree", "--name-only", "--no-messages", pull.base, head_ref(forge, pull.number))
    # The tree alone where it merges, with the names of the files below it where these conflict.
    return len(git(*arguments, cwd=pull.target.path, check=False).splitlines()) == 1


def merge(pull: Pull, forge: ForgeName, way: Way, *, by: User, message: str | None) -> tuple[str, str | None]:
    """Moves the base; the commit that the forge names afterwards, and the squashed one."""
    with _checkout(pull, forge) as tree:
        before = git("rev-parse", "HEAD", cwd=tree).decode()
        if forge == "gitlab" and way == "squash" and git("rev-list", "--count", "HEAD..the-head", cwd=tree) == b"1":
            # It squashes no single commit.
            way = "fast-forward" if pull.target.settings.merge_method == "ff" else "merge"
        squashed = _merge(tree, pull, forge, way, by, message)
        after = git("rev-parse", "HEAD", cwd=tree).decode()
        git("fetch", "--quiet", str(tree), "HEAD", cwd=pull.target.path)
        git("update-ref", f"refs/heads/{pull.base}", after, before, cwd=pull.target.path)
    return after, squashed


def update_branch(pull: Pull, forge: ForgeName, *, by: User, rebases: bool) -> None:
    """Brings the head up to its base, as the button in the page does: by a merge, or made anew on top of it."""
    person = ("-c", f"user.name={by.login}", "-c", f"user.email={by.email}")
    with _checkout(pull, forge) as tree:
        git("checkout", "--quiet", "the-head", cwd=tree)
        message = f"Merge branch '{pull.base}' into {pull.branch}"
        how = ("rebase",) if rebases else ("merge", "--no-ff", f"--message={message}")
        git(*person, *how, "--quiet", pull.base, cwd=tree)
        git("fetch", "--quiet", str(tree), f"+HEAD:refs/heads/{pull.branch}", cwd=pull.source.path)


@contextmanager
def _checkout(pull: Pull, forge: ForgeName) -> Iterator[Path]:
    """Of the base, with the head as a branch of its own."""
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-") as work:
        tree = Path(work) / "tree"
        place = (str(pull.target.path), str(tree))
        git("clone", "--quiet", "--template=", "--shared", f"--branch={pull.base}", *place)
        git("fetch", "--quiet", "origin", f"{head_ref(forge, pull.number)}:refs/heads/the-head", cwd=tree)
        yield tree


def _merge(tree: Path, pull: Pull, forge: ForgeName, way: Way, by: User, message: str | None) -> str | None:
    """The squashed commit."""
    person = ("-c", f"user.name={by.login}", "-c", f"user.email={by.email}")
    own = f"{pull.base}..the-head"
    above = ("merge", "--quiet", "--no-ff", f"--message={message or _merge_message(pull, forge)}")
    match way:
        case "merge":
            git(*person, *above, "the-head", cwd=tree)
        case "squash":
            text = message or squash_message(tree, pull, forge, own)
            author = f"--author={pull.user.login} <{pull.user.email}>"
            git(*person, "merge", "--quiet", "--squash", "the-head", cwd=tree)
            git(*person, "commit", "--quiet", "--allow-empty", author, f"--message={text}", cwd=tree)
            squashed = git("rev-parse", "HEAD", cwd=tree).decode()
            if forge == "gitlab" and pull.target.settings.merge_method != "ff":
                git("checkout", "--quiet", "-B", "squashed", cwd=tree)
                git("checkout", "--quiet", "-B", pull.base, f"origin/{pull.base}", cwd=tree)
                git(*person, *above[:-1], f"--message={_merge_message(pull, forge)}", "squashed", cwd=tree)
            return squashed
        case "rebase":
            git(*person, "cherry-pick", "--keep-redundant-commits", own, cwd=tree)
        case "rebase-merge":
            git("checkout", "--quiet", "-b", "rebased", cwd=tree)
            git(*person, "cherry-pick", "--keep-redundant-commits", own, cwd=tree)
            git("checkout", "--quiet", pull.base, cwd=tree)
            git(*person, *above, "rebased", cwd=tree)
        case "fast-forward":
            git("merge", "--quiet", "--ff-only", "the-head", cwd=tree)
    return None


def _merge_message(pull: Pull, forge: ForgeName) -> str:
    match forge:
        case "github":
            return f"Merge pull request #{pull.number} from {pull.source.owner}/{pull.branch}\n\n{pull.title}"
        case "gitlab":
            see = f"See merge request {pull.target.full_name}!{pull.number}"
            return f"Merge branch '{pull.branch}' into '{pull.base}'\n\n{pull.title}\n\n{see}"
        case "gitea":
            return f"Merge pull request '{pull.title}' (#{pull.number}) from {pull.branch} into {pull.base}"


def squash_message(tree: Path, pull: Pull, forge: ForgeName, own: str) -> str:
    """GitLab's is the title alone; Gitea's adds who wrote; GitHub's keeps the trailers of a single commit only."""
    title = pull.title if forge == "gitlab" else f"{pull.title} (#{pull.number})"
    messages = [
        text.strip() for text in git("log", "--reverse", "--format=%B%x00", own, cwd=tree).decode().split("\0")[:-1]
    ]
    authors = git("log", "--reverse", "--format=Co-authored-by: %an <%ae>", own, cwd=tree).decode().splitlines()
    match forge:
        case "gitlab":
            return title
        case "gitea":
            return "\n\n".join((title, "\n".join(dict.fromkeys(authors))))
        case "github":
            body = "\n\n".join(f"* {text}" for text in messages)
            if len(messages) == 1:
                subject, _, body = messages[0].partition("\n")
                title = f"{subject} (#{pull.number})"
            others = [one for one in dict.fromkeys(authors) if f"<{pull.user.email}>" not in one]
            with_others = ("---------", "\n".join(others)) if others and len(messages) > 1 else ()
            return "\n\n".join(part for part in (title, body.strip(), *with_others) if part)
