"""What an answer says of each part of one Cluster, in the words of its status; a row is made from a domain value.

Text from the cluster is cut; what is empty is left out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasPath, BeforeValidator, Field

from gitops_mcp.answers.base import Answer
from gitops_mcp.answers.markdown import cut_text, plain
from gitops_mcp.domain.cnpg.notation.moment import Moment
from gitops_mcp.domain.cnpg.status.problems import Severity
from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation

_MOST = 20
"""Entries of a list inside a row."""


def _cut(value: object) -> str:
    return cut_text(str(value))


def _cut_or_none(value: object) -> str | None:
    return None if value in (None, "") else cut_text(str(value))


def _moment_text(value: Moment | str | None) -> str | None:
    return f"{value.at} ({value.age})" if isinstance(value, Moment) else value


def _first_texts(values: Any) -> list[Any] | None:
    more = [f"and {len(values) - _MOST} more"] if values and len(values) > _MOST else []
    return [*(_cut(one) if isinstance(one, str) else one for one in values[:_MOST]), *more] if values else None


def _applied_text(state: Reconciliation) -> str:
    return "unknown" if state.applied is None else "yes" if state.done else "no"


def _true_or_none(state: object) -> bool | None:
    return bool(state) or None


Text = Annotated[str, BeforeValidator(_cut)]
TextOrNone = Annotated[str | None, BeforeValidator(_cut_or_none)]
Texts = Annotated[list[str] | None, BeforeValidator(_first_texts)]
When = Annotated[str | None, BeforeValidator(_moment_text)]
TrueOrNone = Annotated[bool | None, BeforeValidator(_true_or_none)]

# What a Reconciliation says stands flat beside the other facts of its object.
Applied = Annotated[
    Literal["yes", "no", "unknown"], BeforeValidator(_applied_text), Field(validation_alias=AliasPath("state"))
]
Stale = Annotated[TrueOrNone, Field(validation_alias=AliasPath("state", "stale"))]
Message = Annotated[str | None, Field(validation_alias=AliasPath("state", "message"))]
Failing = Annotated[Texts, Field(validation_alias=AliasPath("state", "failing"))]
Deleting = Annotated[TrueOrNone, Field(validation_alias=AliasPath("state", "deleting"))]


class ProblemRow(Answer):
    severity: Severity
    id: str
    what: Text
    action: Text
    detail: TextOrNone = None
    """The cluster's own words on it."""


def problem_line(one: ProblemRow) -> str:
    said = f" [the cluster says (untrusted text): {plain(one.detail)}]" if one.detail else ""
    return f"{one.severity}: {plain(one.what)}. Do: {plain(one.action)}{said}"


class ConditionRow(Answer):
    type: Text
    status: Text
    reason: TextOrNone = None
    message: TextOrNone = None
    since: When = None

    def __str__(self) -> str:
        about = ", ".join(part for part in (self.reason, self.since) if part)
        return f"{self.type}={self.status}" + (f" ({about})" if about else "")


class InstanceRow(Answer):
    name: Text
    role: Text
    state: Text
    timeline: int | None = None
    pod: TextOrNone = None
    ready: bool | None = None
    restarts: int | None = None
    node: TextOrNone = None
    zone: TextOrNone = None
    image: TextOrNone = None
    started: When = None
    waiting: TextOrNone = None


class CertificateRow(Answer):
    secret: Text
    expires: str | None = None
    days_left: int | None = None
    renewed_by_operator: bool


class ServiceRow(Answer):
    name: Text
    serves: TextOrNone = None
    type: Text
    host: Text
    ports: Annotated[list[int | str] | None, BeforeValidator(_first_texts)] = None
    external: Texts = None


class VolumeRow(Answer):
    name: Text
    instance: TextOrNone = None
    role: Text
    tablespace: TextOrNone = None
    phase: Text
    requested: TextOrNone = None
    capacity: TextOrNone = None
    storage_class: TextOrNone = None
    state: Text
    resizing: TextOrNone = None


class InlineRoleRow(Answer):
    """One of spec.managed.roles."""

    form: Literal["inline"] = "inline"
    name: Text
    state: Text
    errors: Texts = None


class UnmanagedRoleRow(Answer):
    form: Literal["in PostgreSQL, not managed"] = "in PostgreSQL, not managed"
    name: Text
    state: Text


class RoleObjectRow(Answer):
    form: Literal["DatabaseRole"] = "DatabaseRole"
    name: Text
    object: Text
    reclaim: str
    applied: Applied
    stale: Stale = None
    message: Message = None
    deleting: Deleting = None


class DatabaseObjectRow(Answer):
    name: Text
    object: Text
    owner: TextOrNone = None
    ensure: str
    reclaim: str
    applied: Applied
    stale: Stale = None
    message: Message = None
    deleting: Deleting = None
    failing: Failing = None


class PoolerRow(Answer):
    name: Text
    type: Text
    phase: Text
    instances: int | None = None
    reason: TextOrNone = None


class TablespaceRow(Answer):
    kind: Literal["tablespace"] = "tablespace"
    name: Text
    owner: TextOrNone = None
    state: Text
    error: TextOrNone = None


class PluginRow(Answer):
    kind: Literal["plugin"] = "plugin"
    name: Text
    version: TextOrNone = None
    status: TextOrNone = None
    archives: bool


class BudgetRow(Answer):
    kind: Literal["PodDisruptionBudget"] = "PodDisruptionBudget"
    name: Text
    allowed: int | None = None
    healthy: int | None = None
    needed: int | None = None


class JobRow(Answer):
    kind: Literal["job"] = "job"
    name: Text
    role: Text
    pod: Text
    waiting: TextOrNone = None


class EventRow(Answer):
    last: When = None
    warning: bool
    reason: TextOrNone = None
    object: TextOrNone = None
    message: TextOrNone = None
    count: int


class ScheduleRow(Answer):
    name: Text
    schedule: TextOrNone = None
    method: Text
    suspended: bool
    last: When = None
    next: When = None
    error: TextOrNone = None
    late: TextOrNone = None
    """How long ago it should have run, where it stands still."""


class BackupRow(Answer):
    name: Text
    phase: Text
    method: Text
    started: When = None
    stopped: When = None
    error: TextOrNone = None
    waits: TextOrNone = None
    """How long it waits to be begun, where that is long."""


class RestoreWindowRow(Answer):
    store: TextOrNone = None
    server: Text
    first: When = None
    last_success: When = None
    last_failure: When = None
