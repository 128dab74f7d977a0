"""Objects and changes that a real API server with the operator's webhooks was asked about, and what it answered.

Recorded with a build of the operator's main branch of August 2026. Names and values are ours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gitops_mcp.crds import packaged_schema
from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from gitops_mcp.domain.rules.admission import admit
from gitops_mcp.domain.rules.table import OURS
from gitops_mcp.domain.schema import Schema

_FOLDER = Path(__file__).parent
MAIN: Release = (1, 31, 0)
"""Later than every release: what main has is there."""
_KINDS = {one.kind: one for one in CNPG_KINDS}


@dataclass(frozen=True, eq=False)
class Row:
    id: str
    kind: str
    new: Object
    old: Object | None
    accepted: bool
    message: str | None
    warnings: tuple[str, ...] = ()
    stricter: bool = False
    standing: bool = False
    how: str = "update"
    impact: str | None = None
    modes: dict[str, bool] | None = None
    """Where apply, patch and replace differ."""

    @property
    def before(self) -> Object | None:
        """What Git declared; a status is the operator's."""
        return None if self.old is None else {key: part for key, part in self.old.items() if key != "status"}

    def __str__(self) -> str:
        return f"{self.id}: {self.message or 'accepted'}"


@cache
def verdicts() -> tuple[Row, ...]:
    return tuple(_row(json.loads(line)) for line in (_FOLDER / "verdicts.jsonl").read_text().splitlines())


@cache
def stored() -> tuple[tuple[Object, Object], ...]:
    """What was sent, and what the API then held."""
    lines = (_FOLDER / "stored.jsonl").read_text().splitlines()
    return tuple((one["sent"], one["stored"]) for one in map(json.loads, lines))


def _row(line: dict[str, Any]) -> Row:
    known = {key: value for key, value in line.items() if key in Row.__dataclass_fields__}
    return Row(**known | {"warnings": tuple(line["warnings"])})


@dataclass(frozen=True)
class Judged:
    refusals: tuple[str, ...] = ()
    """What the product says that the server refuses."""
    ours: tuple[str, ...] = ()
    """What it refuses though the server would not."""
    standing: tuple[str, ...] = ()
    """What stood there before, for which the webhook refuses every change."""


def schema_of(value: Object) -> Schema:
    return packaged_schema(_KINDS[value["kind"]])


def judge_row(row: Row, *, live: Object | None, operator: Release | None = MAIN) -> Judged:
    found = admit(Seen(row.new, row.before, live, operator), schema_of(row.new)).findings
    errors = [one for one in found if one.severity == "error"]
    return Judged(
        tuple(str(one) for one in errors if not one.ours),
        tuple(str(one) for one in errors if one.ours),
        tuple(str(one) for one in found if one.stands_in_the_way),
    )


def fault_of(row: Row, judged: Judged) -> str | None:
    """How a judgement differs from the server's; None where it does not."""
    silent = [one for one in judged.ours if OURS not in one]
    if silent:
        return f"does not say that it is ours: {silent[0]}"
    if row.standing:
        return None if judged.refusals or judged.standing else f"says nothing of what stood there: {row.message}"
    if not row.accepted:
        return None if judged.refusals else f"accepts what the server refuses: {row.message}"
    if judged.refusals:
        return f"{'blames the server' if row.stricter else 'refuses'}: {judged.refusals[0]}"
    if judged.ours and not row.stricter:
        return f"is stricter than it may be: {judged.ours[0]}"
    return f"lets what stood there block: {judged.standing[0]}" if judged.standing else None
