"""What the commits of a change did to the objects of each environment, and to files as they are called today."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.plans.undo.undo import Done
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.workflows.spans import Span
from gitops_mcp.workflows.writing.carried_on.steps import net_changes


@dataclass(frozen=True)
class DoneByCommits:
    app: App
    ground: Ground
    span: Span
    _known: dict[tuple[str, str, str], Done] = field(default_factory=dict)

    def environments(self, old: str, new: str) -> tuple[str, ...]:
        """Those whose objects the commits change, else one whose files; any, where they change none."""
        environments = self.ground.settings.environments
        if touched := tuple(name for name, one in environments.items() if self._there(one, old, new).changes):
            return touched
        paths = self.ground.repository.changed_files(old, new)
        own = [name for name, one in environments.items() if any(path.startswith(f"{one.path}/") for path in paths)]
        return (next(iter(own or environments)),)

    def of_whole(self, environment: Environment) -> Done:
        """With its files as they are called today, where they were renamed since."""
        done = self.of(environment, str(self.span.start), self.span.tip)
        base, paths = self.ground.base.commit, [one.path for one in done.files if one.after is not None]
        if len(self.ground.repository.files.entries(base, paths)) == len(paths):
            return done
        renamed = self.ground.repository.path_history.renamed_since(self.span.tip, base)
        return replace(done, files=tuple(replace(one, path=renamed.get(one.path, one.path)) for one in done.files))

    def of(self, environment: Environment, old: str, new: str) -> Done:
        """What the commits did, with the folder of the environment as it was called then."""
        found = self._there(environment, old, new)
        others = [one for one in self.ground.settings.environments.values() if one.name != environment.name]
        return replace(
            found, elsewhere=frozenset(each.identity for one in others for each in self._there(one, old, new).changes)
        )

    def _there(self, environment: Environment, old: str, new: str) -> Done:
        key = (environment.name, old, new)
        if key not in self._known:
            self._known[key] = self._anew(environment, old, new)
        return self._known[key]

    def _anew(self, environment: Environment, old: str, new: str) -> Done:
        start = self.ground.repository.merge_base(self.ground.base.commit, old) or old
        then = self.app.earlier_ground(self.ground, start).settings.environments.get(environment.name, environment)
        before, after = (self.app.desired(self.ground, then.path, commit) for commit in (old, new))
        files = net_changes(self.ground, old, new)
        return Done.between(self.span.name, before, after, _moved_files(files, then.path, environment.path))


def _moved_files(files: tuple[FileChange, ...], then: str, now: str) -> tuple[FileChange, ...]:
    if then == now or not then:
        return files
    return tuple(
        replace(one, path=f"{now}{one.path.removeprefix(then)}".lstrip("/")) if one.path.startswith(f"{then}/") else one
        for one in files
    )
