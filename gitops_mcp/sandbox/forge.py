"""What a forge adds to the remote: pull requests, the ways to merge them, and refusals in its words.

As Gitea does both. Words that it says before git runs, over HTTP or ssh, come through a hook here: git prints both as
`remote:` lines.
"""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gitops_mcp.sandbox.remote import BASE, SandboxRemote, git

Way = Literal["merge", "squash", "squash with trailers", "rebase", "rebase-merge", "fast-forward"]
Refusal = Literal["protected", "no right", "archived", "not found", "quota", "size", "hook"]

_WORDS: dict[str, str] = {
    "protected": "error: Not allowed to push to protected branch ${ref#refs/heads/}",
    "no right": "error: User permission denied for writing.",
    "archived": "error: This repository is archived.",
    "quota": "error: Quota exceeded",
}
_HOOK = "#!/bin/sh\nwhile read -r old new ref; do\n{words}done >&2\nexit 1\n"


@dataclass(frozen=True)
class SandboxForge:
    remote: SandboxRemote

    def open_request(self, branch: str) -> int:
        """The number of a new pull request; its head stays when the branch goes."""
        known = git("for-each-ref", "--format=%(refname)", "refs/pull", cwd=self.remote.path).split()
        number = 1 + len(known)
        git("update-ref", f"refs/pull/{number}/head", f"refs/heads/{branch}", cwd=self.remote.path)
        return number

    def merge(self, branch: str, way: Way, *, title: str = "Change", delete: bool = True) -> int:
        """Opens and merges a pull request; the number of it."""
        number = self.open_request(branch)
        with tempfile.TemporaryDirectory(prefix="gitops-mcp-") as work:
            tree = Path(work) / "tree"
            self.remote.checkout(tree)
            _merge(
                tree,
                branch,
                way,
                f"{title} (#{number})",
                f"Merge pull request '{title}' (#{number}) from {branch} into {BASE}",
            )
            git("push", "--quiet", "origin", f"HEAD:{BASE}", cwd=tree)
        if delete:
            git("update-ref", "-d", f"refs/heads/{branch}", cwd=self.remote.path)
        return number

    def refuse(self, why: Refusal, words: str = "") -> None:
        """From now on pushes are refused; `words` are a hook's own."""
        if why == "not found":
            self.remote.path.rename(self.remote.path.with_suffix(".gone"))
        elif why == "size":
            git("config", "receive.maxInputSize", "1", cwd=self.remote.path)
        else:
            line = f'"{_WORDS[why]}"' if why in _WORDS else shlex.quote(f"error: {words}")
            said = "".join(f"  echo {part}\n" for part in ('"error:"', line, '"error:"'))
            hook = self.remote.path / "hooks/pre-receive"
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(_HOOK.format(words=said))
            hook.chmod(0o755)


def _merge(tree: Path, branch: str, way: Way, squashed: str, merged: str) -> None:
    source = f"origin/{branch}"
    own = f"{BASE}..{source}"
    match way:
        case "merge":
            git("merge", "--quiet", "--no-ff", f"--message={merged}", source, cwd=tree)
        case "squash" | "squash with trailers":
            authors = git("log", "--format=Co-authored-by: %an <%ae>", own, cwd=tree).decode().splitlines()
            body = git("log", "--reverse", "--format=* %B", own, cwd=tree).decode() if way != "squash" else ""
            git("merge", "--quiet", "--squash", source, cwd=tree)
            message = "\n\n".join(part for part in (squashed, body, "\n".join(dict.fromkeys(authors))) if part)
            git("commit", "--quiet", f"--message={message}", cwd=tree)
        case "rebase":
            git("cherry-pick", "--keep-redundant-commits", own, cwd=tree)
        case "rebase-merge":
            git("checkout", "--quiet", "-b", "rebased", cwd=tree)
            git("cherry-pick", "--keep-redundant-commits", own, cwd=tree)
            git("checkout", "--quiet", BASE, cwd=tree)
            git("merge", "--quiet", "--no-ff", f"--message={merged}", "rebased", cwd=tree)
        case "fast-forward":
            git("merge", "--quiet", "--ff-only", source, cwd=tree)
