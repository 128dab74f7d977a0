"""What may stand in a field of a kind, from the schema in use, and what a change of it does."""

from __future__ import annotations

from gitops_mcp.answers.base import shorten_to_fit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.objects import FieldExplanation, FieldImpactRow, FieldRow, text_of
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.held_fields import why_held
from gitops_mcp.domain.impact.samples import field_impacts
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import list_at
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.schema.stated import StatedField, find_stated, type_text
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.differences import KINDS
from gitops_mcp.workflows.kind_schemas import stated_schema

_LONGEST = 500
_SPEC = 2
"""Steps of a path below `spec` alone: a change of all of it is no one change."""


def explain_fields(app: App, kind: str, path: str | None, *, environment: str | None) -> FieldExplanation:
    asked = path or "spec"
    if len(asked) > _LONGEST:
        raise InvalidRequest(f"path: at most {_LONGEST} characters, such as spec.storage.size")
    settings, _ = app.settings(fetch=False)
    chosen = app.environment(settings, environment, reading=True)
    stated = stated_schema(ApisOnce(app, settings).at_environment(chosen), KINDS[kind])
    field = find_stated(stated.schema, asked)
    schema = field.schema
    known = field_impacts(kind, field) if len(field.steps) >= _SPEC and field.steps[0] != "status" else ()
    answer = FieldExplanation(
        environment=chosen.name,
        kind=kind,
        path=field.path,
        schema_of=stated.name,
        type=type_text(schema),
        default=text_of(schema["default"]) if "default" in schema else None,
        required=field.is_required or None,
        enum=[text_of(one) for one in list_at(schema, "enum")],
        items_by=list(field.item_keys),
        rules=[cut_text(one) for one in field.rules],
        immutable=_why_immutable(kind, field),
        description=cut_text(redact_text(str(schema["description"])), 900) if schema.get("description") else None,
        impact=[
            FieldImpactRow(
                when=one.when, level=one.impact.level.label, reasons=[cut_text(each) for each in one.impact.reasons]
            )
            for one in known
        ],
        fields=_rows(field),
        warnings=[stated.unread] if isinstance(stated.unread, Notice) else [],
    )
    return shorten_to_fit(answer, "fields", "impact")


def _why_immutable(kind: str, field: StatedField) -> str | None:
    if field.is_immutable:
        return "the schema refuses another value once it is set"
    if field.steps[:1] == ("status",):
        return "the operator writes it"
    return why_held(kind, field.steps)


def _rows(field: StatedField) -> list[FieldRow]:
    required = field.required_below
    return [
        FieldRow(
            name=name,
            type=type_text(schema),
            required=name in required or None,
            default=text_of(schema["default"]) if "default" in schema else None,
        )
        for name, schema in field.below().items()
    ]
