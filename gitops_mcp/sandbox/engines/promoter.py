"""A small GitOps Promoter: a pull request from `<branch>-next` to `<branch>` for all that is hydrated there.

Titles and texts are as the real one writes them. It merges none (`autoMerge: false`), but for the first of a branch
that holds nothing yet, so that there is a world to begin with.
"""

from __future__ import annotations

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.controller import Controller
from gitops_mcp.sandbox.engines.hydrator import dry_sha, staged_branch
from gitops_mcp.sandbox.engines.layout import ARGOCD
from gitops_mcp.sandbox.forges import SandboxForge
from gitops_mcp.sandbox.remote import SandboxRemote, git

PROMOTER = "gitops-promoter"


class Promoter(Controller):
    def __init__(self, store: Store, remote: SandboxRemote, forge: SandboxForge, *, poll: float) -> None:
        super().__init__(store)
        self._remote, self._forge, self._poll = remote, forge, poll
        self._seen: dict[str, tuple[str | None, str | None]] = {}

    def reconcile(self) -> float:
        for one in self.store.list(kinds.APPLICATION, ARGOCD):
            hydrator = at(one, "spec", "sourceHydrator")
            if at(hydrator, "hydrateTo") and at(one, "status", "sourceHydrator", "lastSuccessfulOperation"):
                self._promote(hydrator)
        return self._poll

    def _promote(self, hydrator: Object) -> None:
        goal, staged = str(hydrator["syncSource"]["targetBranch"]), staged_branch(hydrator)
        tips = self._tip(staged), self._tip(goal)
        if self._seen.get(staged) == tips:
            return
        self._seen[staged] = tips
        proposed, active = dry_sha(self._remote, staged), dry_sha(self._remote, goal)
        if active is None:
            git("update-ref", f"refs/heads/{goal}", f"refs/heads/{staged}", cwd=self._remote.path)
        elif proposed and proposed != active:
            self._propose(staged, goal, title=f"Promote ({proposed[:5]}) to `{goal}`", active=active, proposed=proposed)

    def _propose(self, staged: str, goal: str, *, title: str, active: str, proposed: str) -> None:
        body = f"This PR is promoting the environment branch `{goal}` from dry sha {active} to {proposed}."
        with self._forge.lock:
            self._forge.observe()
            found = self._forge.find_open(self._forge.repository, staged, goal)
            if found:
                self._forge.edit(found, title=title, body=body)
            else:
                self._forge.open_pull(staged, base=goal, title=title, body=body, by=PROMOTER)

    def _tip(self, branch: str) -> str | None:
        found = git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", cwd=self._remote.path, check=False)
        return found.decode() or None
