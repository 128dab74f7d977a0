"""One difference between Git and live as a row: who set it, which open changes meet it, what becomes of it, what to do.

Made only for those that are shown: each asks what its engine object says of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitops_mcp.answers.drift import DifferenceRow
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.notation.moment import format_age, format_rfc3339
from gitops_mcp.domain.editing.field import where_field_stands
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.live.drift import is_one_value
from gitops_mcp.domain.live.engine_states.fate import (
    Fate,
    fate_of_stated,
    fate_of_undeclared,
    fate_of_unstated,
    still_applies,
    way_to_take_away,
)
from gitops_mcp.domain.live.managers import deletion_of, hands_on
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Path, at, text_at
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.differences import Difference
from gitops_mcp.workflows.engines import Engines, SeenEngine
from gitops_mcp.workflows.reading.cluster_in_git import shown_value
from gitops_mcp.workflows.reading.members import open_changes
from gitops_mcp.workflows.reading.standing_at_base import StandingAtBase

_PENDING = 5


@dataclass(frozen=True)
class _Pending:
    """What an open change does to what differs."""

    change: str
    does: str
    ends: bool = False
    """With it Git says what is live."""


@dataclass
class DriftRows:
    app: App
    ground: Ground
    environment: Environment
    desired: Desired
    engines: Engines
    standing: StandingAtBase
    own: list[Difference] = field(default_factory=list)
    """Without what comes from other repositories."""
    notices: list[Notice] = field(default_factory=list)
    _changes: list[tuple[str, tuple[ObjectChange, ...]]] | None = None

    @classmethod
    def of(
        cls, apis: ApisOnce, ground: Ground, environment: Environment, desired: Desired, found: list[Difference]
    ) -> DriftRows:
        engines = Engines.of(apis.at_engine(environment), environment, ground)
        engines.expect(one.declared for one in found)
        made = cls(apis.app, ground, environment, desired, engines, StandingAtBase(ground, engines, desired.engines))
        passed: dict[str, int] = {}
        for one in found:
            why = made._why_not_ours(one) if one.side == "orphan" else None
            if why is None:
                made.own.append(one)
            else:
                passed[why] = passed.get(why, 0) + 1
        made.notices += [
            Notice("not-compared", f"not compared: {pluralize(count, 'live object')} {why}")
            for why, count in passed.items()
        ]
        return made

    def _why_not_ours(self, one: Difference) -> str | None:
        """Of what an engine has applied: why it is none that Git does not declare any more."""
        by = self._engine(one)
        if by is None:
            return None
        if not self.engines.is_of_repository(by, self.desired.engines):
            return f"of another repository, applied by {by.name}"
        if by.object and still_applies(by.object, by.name.resource, one.whom, one.live, self.ground.base.commit):
            return f"that {by.name} applies, though what makes it was not found here"
        return None

    def row(self, one: Difference) -> DifferenceRow:
        engine = self._engine(one)
        fate, pending = self._fate(one, engine), list(self._pending(one))
        hands = hands_on(one.live, one.drift.path if one.drift else ()) if one.live else ()
        hand = hands[0] if hands and not (one.drift and one.drift.live is None) else None
        time = hand.time if hand else None
        return DifferenceRow(
            kind=one.whom.kind,
            namespace=one.whom.namespace,
            name=one.whom.name,
            side=one.side,
            field=cut_text(one.field) if one.field else None,
            git=shown_value(one.drift.path, one.drift.desired) if one.drift else None,
            live=shown_value(one.drift.path, one.drift.live) if one.drift else None,
            set_by=str(hand) if hand else None,
            set_at=format_rfc3339(time) if time else None,
            age=format_age(time, datetime.now(UTC)) if time else None,
            declared=self._place(one),
            engine=cut_text(str(engine)) if engine else None,
            pending=[f"{each.change} {each.does}" for each in pending[:_PENDING]],
            outcome=fate.outcome,
            why=cut_text(fate.why, 600),
            next=cut_text(self._next(one, fate, pending), 600),
        )

    def _engine(self, one: Difference) -> SeenEngine | None:
        return None if one.side == "only_live" else self.engines.applying(one.whom, one.declared, one.live)

    def _place(self, one: Difference) -> str | None:
        if one.declared is None:
            return None
        stated = one.drift is not None and one.drift.stated
        return (
            where_field_stands(self.desired, one.declared, one.drift.path)
            if stated and one.drift
            else one.declared.place
        )

    def _fate(self, one: Difference, engine: SeenEngine | None) -> Fate:
        found = self._fate_without_engine(one, engine)
        if found is not None or engine is None:
            return found or Fate("unknown", "what applies it is not known")
        path = one.drift.path if one.drift else ()
        whole = _whole_list(path) if one.side == "not_stated" else None
        fields = (whole or path,) if path else ()
        asked, said = self.standing.of(engine, one.whom, one.declared, one.live, fields)
        kind = engine.name.resource
        if engine.object is None:
            return Fate("stays", said.why, said.next)
        if one.side == "orphan":
            return fate_of_undeclared(engine.object, kind, said, asked)
        if one.side == "not_stated" and whole is None:
            return fate_of_unstated(engine.object, kind, said, asked, hands_on(one.live, path))
        return fate_of_stated(engine.object, kind, said, then="put_back" if one.live else "created")

    def _fate_without_engine(self, one: Difference, engine: SeenEngine | None) -> Fate | None:
        """Where no engine has a say, or it is not known which one has."""
        if self.environment.engine_type == "none":
            return Fate("stays", "no engine applies this environment (engine.type is none)")
        if one.declared is None and (going := deletion_of(one.live)):
            return Fate("deleted", f"it is in deletion {going}")
        if one.side == "only_live":
            return Fate("stays", "no engine has applied it, so none takes it away")
        if engine is None and self.engines.unread:
            return Fate("unknown", f"what applies it could not be read: {self.engines.unread[0].message}")
        return Fate("stays", "no engine object was found that applies it") if engine is None else None

    def _pending(self, one: Difference) -> Iterator[_Pending]:
        """What open changes do to the same."""
        for name, changed in self._open():
            for change in changed:
                if change.identity != one.whom:
                    continue
                if change.before is None or change.after is None:
                    ends = one.side in {"only_live", "orphan", "only_in_git"}
                    what = "adds the object" if change.before is None else "removes the object"
                    yield _Pending(name, what, ends=ends)
                elif one.drift is None:
                    yield _Pending(name, "changes the object")
                elif any(_overlap(path, one.drift.path) for path in change.fields):
                    value = at(change.after, *one.drift.path)
                    shown = shown_value(one.drift.path, value)
                    does = "takes it out of Git" if value is None else f"makes it {shown}"
                    yield _Pending(name, does, ends=is_same(value, one.drift.live))

    def _open(self) -> list[tuple[str, tuple[ObjectChange, ...]]]:
        if self._changes is None:
            base = self.app.desired(self.ground, self.environment.path, self.ground.base.commit)
            found = open_changes(self.app, self.ground, self.environment, base)
            self._changes = [(one.name, changed_objects(one.before, one.after)) for one in found]
        return self._changes

    def _next(self, one: Difference, fate: Fate, pending: Iterable[_Pending]) -> str:
        if self.environment.delivery == "direct":
            return "this environment is changed in the API; a person changes Git where anything is still made from it"
        adopt = self._adoption(one)
        if (ending := next((each.change for each in pending if each.ends), None)) is not None:
            return f"have change {ending} merged, with which Git says what is live, or discard it"
        if fate.outcome not in {"stays", "unknown"}:
            return f"wait, and it is as Git says; to keep what is live, have this merged before: {adopt}"
        back = fate.step
        if one.side == "not_stated" and one.drift is not None:
            back = back or way_to_take_away(one.whom, one.drift.path)
        elif one.declared is None:
            back = back or "a person deletes it"
        return f"{adopt} to keep what is live" + (f"; to have it as Git says: {back}" if back else "")

    def _adoption(self, one: Difference) -> str:
        """The call that makes Git say what is live."""
        cluster = one.whom.name if one.whom.kind == CLUSTER.kind else self._cluster_of(one)
        parts = [f"cluster_name={cluster}", *([f"namespace={one.whom.namespace}"] if one.whom.namespace else [])]
        if len(self.ground.settings.environments) > 1:
            parts.append(f"environment={self.environment.name}")
        if one.whom.kind != CLUSTER.kind:
            parts += [f"kind={one.whom.kind}", f"object={one.whom.name}"]
        if one.field:
            parts.append(f"fields={json.dumps([one.field], ensure_ascii=False)}")
        return f"adopt_live {' '.join(parts)}"

    def _cluster_of(self, one: Difference) -> str:
        said = text_at(one.declared.object if one.declared else one.live, "spec", "cluster", "name")
        near = (each.identity.name for each in self.desired.clusters if each.identity.namespace == one.whom.namespace)
        return said or next(near, None) or next((each.identity.name for each in self.desired.clusters), "NAME")


def _whole_list(path: Path) -> Path | None:
    """The list that an item is a part of, where appliers replace it as a whole."""
    lists = (path[:index] for index, step in enumerate(path) if isinstance(step, int))
    return next((one for one in lists if is_one_value(one)), None)


def _overlap(one: Path, other: Path) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]
