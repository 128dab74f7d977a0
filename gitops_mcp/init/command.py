"""What `gitops-mcp init` does: a new repository, or a proposal for one that has manifests already."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gitops_mcp.adapters.git.new_repository import Folder
from gitops_mcp.errors import GitOpsError, InvalidRequest


def run_init(given: argparse.Namespace) -> int:
    """Exit code 0: done, or nothing to do; 1: not possible or not wanted; 2: a wrong option."""
    path: Path = given.dir or Path.cwd()
    try:
        if path.exists() and not path.is_dir():
            raise InvalidRequest(f"DIR: {path} is a file: name a folder")
        folder = Folder.look(path) if path.exists() else None
        if folder and folder.has_manifests():
            from gitops_mcp.init.existing import propose

            return propose(folder, given)
        from gitops_mcp.init.new import make_new

        make_new(path, folder, given)
    except GitOpsError as error:
        sys.stderr.write(f"gitops-mcp init: {error}\n")
        return 2 if isinstance(error, InvalidRequest) else 1
    return 0
