"""Branches that a hydrator writes, as one look has them: where they stand, and from which dry commit."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass, field

from gitops_mcp.app import Ground
from gitops_mcp.domain.live.engine_states.standing import commit_of
from gitops_mcp.domain.objects import Object, text_at
from gitops_mcp.domain.repository.hydrated import METADATA
from gitops_mcp.errors import GitOpsError


@dataclass
class RenderedBranches:
    ground: Ground
    _tips: dict[str, str | None] = field(default_factory=dict)
    _dry: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def tip(self, branch: str) -> str | None:
        """Its last commit on the remote, brought along; None where the remote does not say it."""
        if branch not in self._tips:
            ground = self.ground
            self._tips[branch] = ground.repository.branch_tip(ground.git, ground.base, branch)
        return self._tips[branch]

    def dry_commit(self, application: Object | None, commit: str) -> str | None:
        """The commit that a rendered one was made from; None where that one says it of none, or is not here."""
        folder = text_at(application, "spec", "sourceHydrator", "syncSource", "path")
        if folder is None:
            return None
        key = commit, folder
        if key not in self._dry:
            self._dry[key] = self._read(*key)
        return self._dry[key]

    def _read(self, commit: str, folder: str) -> str | None:
        repository = self.ground.repository
        for path in dict.fromkeys((posixpath.normpath(posixpath.join(folder, METADATA)), METADATA)):
            try:
                found = repository.read(commit, path) if repository.has(commit) else None
                said = json.loads(found.data) if found else None
            except (GitOpsError, ValueError):
                continue
            if dry := commit_of(text_at(said, "drySha")):
                return dry
        return None
