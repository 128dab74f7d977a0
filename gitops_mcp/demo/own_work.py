"""What a person has in the checkout and has not committed, and whether it is still what it was, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gitops_mcp.sandbox.remote import git

_UNCOMMITTED = "# A thought of mine that I have not committed.\n"
_MOVES = ("objects", "packed-refs", "FETCH_HEAD", "refs/remotes", "logs/refs/remotes", "gitops-mcp-seen.json")
"""What a fetch moves inside .git, and what the server keeps there for the next one: all else there is the person's."""


def begin_own_work(checkout: Path, apps: str) -> None:
    """Somebody is in the middle of something: on a branch, with an edit that is staged, one that is not, a new file."""
    git("switch", "--quiet", "--create", "my-own-work", cwd=checkout)
    _append_note(checkout / "README.md")
    git("add", "README.md", cwd=checkout)
    _append_note(checkout / apps / "shop/orders-db/cluster.yaml")
    (checkout / "notes.txt").write_text(_UNCOMMITTED)


def _append_note(path: Path) -> None:
    path.write_text(path.read_text() + _UNCOMMITTED)


def file_digests(checkout: Path) -> dict[str, str]:
    """Every file below the checkout with a digest, .git included but for what a fetch moves."""
    git_folder = checkout / ".git"
    return {
        str(path.relative_to(checkout)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in checkout.rglob("*")
        if path.is_file() and not any(path.is_relative_to(git_folder / name) for name in _MOVES)
    }
