"""What engine objects say of what the base declares now, where live it is otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitops_mcp.app import Ground
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.live.engine_states.standing import Question, Standing
from gitops_mcp.domain.objects import Identity, Object, Path
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.engines import Engines, SeenEngine, tip_made


@dataclass
class StandingAtBase:
    ground: Ground
    engines: Engines
    known: Iterable[EngineObject]
    """Those that the repository declares."""
    _holds: dict[tuple[str, str | None], bool] = field(default_factory=dict)

    def of(
        self,
        engine: SeenEngine,
        whom: Identity,
        declared: Declaration | None,
        live: Object | None,
        fields: tuple[Path, ...] = (),
    ) -> tuple[Question, Standing]:
        """`declared`: None where the base declares it no more."""
        base = self.ground.base
        path = declared.path if declared else None
        asked = Question(
            whom,
            lambda commit: self._holds_as_now(commit, path),
            base.commit,
            self.engines.remotes,
            base.branch,
            fields,
            declared.object if declared else None,
            live,
            datetime.now(UTC),
            declared.applied if declared else None,
            path or "",
            lambda: tip_made(self.ground),
        )
        place = declared.applied.place.path if declared and declared.applied and engine.object is None else None
        above = self.engines.above(engine, place, self.known) if place else ()
        return asked, self.engines.standing(engine, asked, above)

    def _holds_as_now(self, commit: str, path: str | None) -> bool:
        """Whether the file says there what it says now; of what has none any more, whether it is a commit of ours."""
        key = (commit, path)
        if key not in self._holds:
            self._holds[key] = self._is_as_now(commit, path)
        return self._holds[key]

    def _is_as_now(self, commit: str, path: str | None) -> bool:
        repository, base = self.ground.repository, self.ground.base.commit
        if commit == base:
            return True
        try:
            known = repository.is_ancestor(commit, base)
            return known and (path is None or path not in repository.changed_files(commit, base))
        except GitOpsError:  # a commit that is not here
            return False
