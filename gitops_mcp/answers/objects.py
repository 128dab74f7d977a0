"""What the tools answer that read one object of any kind, and what its kind may hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer
from gitops_mcp.answers.cluster_status import Scalar
from gitops_mcp.answers.markdown import bullets, code_block, inline_code, plain, section, table, warning_blocks
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.redact import UNTRUSTED


class FieldRow(Answer):
    """A field below the one that is explained."""

    name: str
    type: str
    required: bool | None = None
    default: str | None = None


class FieldImpactRow(Answer):
    when: str
    level: str
    reasons: list[str]


class FieldExplanation(LongAnswer):
    """What may stand in a field, and what a change of it does."""

    environment: str
    kind: str
    path: str
    schema_of: str
    """Whose schema says it."""
    type: str
    default: str | None = None
    required: bool | None = None
    enum: list[str] = Field(default_factory=list)
    items_by: list[str] = Field(default_factory=list)
    """What names an item of a list."""
    rules: list[str] = Field(default_factory=list)
    immutable: str | None = None
    description: str | None = None
    impact: list[FieldImpactRow] = Field(default_factory=list)
    fields: list[FieldRow] = Field(default_factory=list)
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        says = f"{plain(self.type)}, as {plain(self.schema_of)} says"
        yield f"**{inline_code(self.path or 'object')}** of {self.kind}: {says}"
        yield from warning_blocks(self.warnings)
        facts = [f"default: {inline_code(self.default)}"] if self.default is not None else []
        facts += ["required"] if self.required else []
        facts += [f"one of {', '.join(map(inline_code, self.enum))}"] if self.enum else []
        facts += [f"items are named by {', '.join(self.items_by)}"] if self.items_by else []
        facts += [f"cannot change: {plain(self.immutable)}"] if self.immutable else []
        yield bullets([*facts, *map(plain, self.rules)])
        yield from section(f"Description ({UNTRUSTED})", *(plain(one) for one in [self.description] if one))
        told = (f"{plain(one.when)}: {one.level}: {plain('; '.join(one.reasons))}" for one in self.impact)
        yield from section("What a change does", bullets(told))
        rows = ((one.name, one.type, "yes" if one.required else "", one.default or "") for one in self.fields)
        yield from section("Fields", table(("field", "type", "required", "default"), rows) if self.fields else "")
        if left := self.omitted.get("fields"):
            yield f"and {left} more fields"


class DeclaredField(Answer):
    """A field as Git says it, and where its last word stands."""

    field: str
    value: Scalar
    place: str
    by: str

    def line(self) -> str:
        value = json.dumps(self.value, ensure_ascii=False)
        return f"{plain(self.field)}: {plain(value)} at {inline_code(self.place)} ({self.by})"


class Manifest(Answer):
    """An object as YAML, without what is secret."""

    body: str
    omitted_lines: int | None = None

    def block(self) -> str:
        more = f"\n\n… {self.omitted_lines} more lines" if self.omitted_lines else ""
        return f"{code_block(self.body, 'yaml')}{more}"


class ObjectDetail(LongAnswer):
    """One object: what Git declares field by field, what is built of it, and what is live."""

    environment: str
    kind: str
    namespace: str | None = None
    name: str
    declared: str | None = None
    """File and line; left out: Git does not declare it."""
    commit: str | None = None
    """Of the base."""
    applied_by: str | None = None
    live: str
    """`available`, `absent`, or `unavailable`."""
    differs: list[str] = Field(default_factory=list)
    """Fields that Git says and live has otherwise."""
    fields: list[DeclaredField] = Field(default_factory=list)
    built: Manifest | None = None
    object: Manifest | None = None
    """The live one."""
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        where = f"declared at {inline_code(self.declared)}" if self.declared else "Git does not declare it"
        by = f", applied by {plain(self.applied_by)}" if self.applied_by else ""
        yield f"**{self.kind} {name}** in {self.environment}: {where}{by}; live {self.live}"
        yield from warning_blocks(self.warnings, self.omitted.get("warnings", 0))
        told = ["live is as Git says"] if self.declared and self.live == "available" and not self.differs else []
        yield bullets(
            [*told, *(f"differs from live: {plain(one)}" for one in self.differs)], self.omitted.get("differs", 0)
        )
        yield from section("As declared", bullets((one.line() for one in self.fields), self.omitted.get("fields", 0)))
        if self.built:
            yield from section("As built", self.built.block())
        if self.object:
            yield from section(f"As live ({UNTRUSTED})", self.object.block())


def text_of(value: Any) -> str:
    """A default, or one of several choices, as it would stand in a manifest."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
