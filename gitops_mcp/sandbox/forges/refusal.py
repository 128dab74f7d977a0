"""Refusals of pushes, in the words of a real Gitea.

What it says before git runs, over HTTP or ssh, comes through a hook here: git prints both as `remote:` lines.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Literal

from gitops_mcp.sandbox.remote import git

Refusal = Literal["protected", "no right", "archived", "not found", "quota", "size", "hook"]

_WORDS: dict[str, str] = {
    "protected": "error: Not allowed to push to protected branch ${ref#refs/heads/}",
    "no right": "error: User permission denied for writing.",
    "archived": "error: This repository is archived.",
    "quota": "error: Quota exceeded",
}
_HOOK = "#!/bin/sh\nwhile read -r old new ref; do\n{words}done >&2\nexit 1\n"


def refuse_pushes(path: Path, why: Refusal, words: str = "") -> None:
    """From now on; `words` are a hook's own."""
    if why == "not found":
        path.rename(path.with_suffix(".gone"))
    elif why == "size":
        git("config", "receive.maxInputSize", "1", cwd=path)
    else:
        line = f'"{_WORDS[why]}"' if why in _WORDS else shlex.quote(f"error: {words}")
        said = "".join(f"  echo {part}\n" for part in ('"error:"', line, '"error:"'))
        hook = path / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(_HOOK.format(words=said))
        hook.chmod(0o755)
