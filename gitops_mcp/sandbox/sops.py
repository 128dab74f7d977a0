"""Decrypts what sops has encrypted for an age key, as an engine's plugin does: file by file, MAC and all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import GitOpsError

_TIMEOUT = 30
_SAID = 300


class Undecryptable(GitOpsError):
    """sops was asked and refused."""


def is_encrypted(value: Object | None) -> bool:
    return at(value, "sops", "mac") is not None


def decrypt_with_sops(text: bytes, key: Path) -> bytes:
    """The YAML in clear text, which is written nowhere: it goes from pipe to pipe."""
    command = [_find_sops(), "decrypt", "--input-type=yaml", "--output-type=yaml", "/dev/stdin"]
    environment = {"PATH": os.environ.get("PATH", ""), "SOPS_AGE_KEY_FILE": str(key.resolve()), "LC_ALL": "C"}
    try:
        ran = subprocess.run(
            command, input=text, env=environment, cwd="/", capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Undecryptable(f"sops could not be run: {type(error).__name__}") from None
    if ran.returncode:
        said = " ".join(ran.stderr.decode(errors="replace").split())
        raise Undecryptable(f"sops ended with {ran.returncode}: {said[:_SAID]}")
    return ran.stdout


def _find_sops() -> str:
    """The one on PATH, else the one that was installed beside this Python."""
    found = shutil.which("sops") or shutil.which("sops", path=str(Path(sys.executable).parent))
    if found is None:
        raise Undecryptable("sops was not found: install it on PATH (https://github.com/getsops/sops)")
    return found
