"""One object of any kind: as Git declares it, field by field, as it is built of that, and as it is live."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.answers.base import shorten_to_fit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.objects import DeclaredField, Manifest, ObjectDetail
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.diff import shorten_diff
from gitops_mcp.domain.editing.field import where_field_stands
from gitops_mcp.domain.kinds import OBJECT_STORE
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.names import is_subdomain, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Path, Resource, at, dotted_path, leaves
from gitops_mcp.domain.redact import redact_value
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.object_stores import MARK, with_object_stores
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotFound, NotInstalled, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.differences import KINDS
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.reading.cluster_in_git import shown_value
from gitops_mcp.workflows.reading.engines import applied_by
from gitops_mcp.workflows.view import allowed_namespace, desired_here, read_texts

_FIELDS = 100
_MANIFEST = 6_000
"""Characters of an object as YAML."""
_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def read_object(app: App, kind: str, name: str, *, namespace: str | None, environment: str | None) -> ObjectDetail:
    if not is_subdomain(name):
        raise InvalidRequest(f"name: {quote(name)} is not a metadata.name: lower-case letters, digits, '-' and '.'")
    settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    resource, asked = KINDS[kind], allowed_namespace(chosen, namespace)
    apis = ApisOnce(app, settings)
    desired = _desired(app, ground, chosen, resource, apis.at_engine(chosen)) if ground else None
    declared, missing = _declared(desired, chosen, resource, name, asked)
    space = asked or (declared.identity.namespace if declared else None)
    live, unread = _live(apis.at_environment(chosen), chosen, resource, name, space)
    if declared is None and live is None:
        raise unread or missing or NotFound(f"name: there is no live {kind} {name!r} in {chosen.name}")
    allowed_namespace(chosen, at(live, "metadata", "namespace") or space)
    answer = ObjectDetail(
        environment=chosen.name,
        kind=kind,
        namespace=at(live, "metadata", "namespace") or space,
        name=name,
        declared=declared.place if declared else None,
        commit=ground.base.commit if ground else None,
        applied_by=cut_text(applied_by(declared.applied)) if declared and declared.applied else None,
        live="available" if live else "unavailable" if unread else "absent",
        differs=[cut_text(dotted_path(one.path)) for one in drift(declared.object, live)] if declared and live else [],
        fields=list(_fields(desired, declared)) if desired and declared else [],
        built=_manifest(declared.object, resource) if declared else None,
        object=_manifest(live, resource) if live else None,
        warnings=[
            *base_warnings(ground),
            *([Notice("live-unavailable", str(unread))] if unread else []),
            *(
                []
                if ground
                else [Notice("no-repository", "there is no repository here that would say what is declared")]
            ),
            *apis.unreadable,
        ],
    )
    more = sum(1 for _ in leaves(declared.object)) - _FIELDS if declared else 0
    answer = answer.model_copy(update={"omitted": {"fields": more}}) if more > 0 else answer
    return shorten_to_fit(answer, "fields", "differs", "warnings")


def _desired(app: App, ground: Ground, environment: Environment, resource: Resource, engine_api: ApiOnce) -> Desired:
    desired = desired_here(app, ground, environment, ground.base.commit, engine_api)
    if resource != OBJECT_STORE:
        return desired
    return with_object_stores(
        desired, read_texts(ground, ground.base.commit, ground.repository.naming(ground.base.commit, MARK))
    )


def _declared(
    desired: Desired | None, environment: Environment, resource: Resource, name: str, namespace: str | None
) -> tuple[Declaration | None, NotFound | None]:
    if desired is None:
        return None, None
    try:
        space = namespace if resource.namespaced else None
        return desired.one(resource.kind, name, space, environment=environment.name), None
    except NotFound as error:
        return None, error


def _live(
    api: ApiOnce, environment: Environment, resource: Resource, name: str, namespace: str | None
) -> tuple[Object | None, GitOpsError | None]:
    """The live object; None and why where the API could not be asked. Raises where several namespaces have the name."""
    if not resource.namespaced:
        spaces: list[str | None] = [None]
    else:
        spaces = [namespace] if namespace else [*(environment.namespaces or [None])]
    found: list[Object] = []
    unread: GitOpsError | None = None
    for space in spaces:
        try:
            there = api.every(resource, space, fields=f"metadata.name={name}")
            found += [one for one in there if at(one, "metadata", "name") == name]
        except (Forbidden, Unavailable, NotInstalled) as error:
            unread = unread or error
    if len(found) > 1:
        where = ", ".join(sorted(str(at(one, "metadata", "namespace")) for one in found))
        raise InvalidRequest(
            f"namespace: {environment.name} has a {resource.kind} {name!r} in several: {where}; name one"
        )
    return (found[0], None) if found else (None, unread)


def _fields(desired: Desired, declared: Declaration) -> Iterator[DeclaredField]:
    for path, value in list(leaves(declared.object))[:_FIELDS]:
        if path in _IDENTITY:
            continue
        yield DeclaredField(
            field=cut_text(dotted_path(path)),
            value=shown_value(path, value),
            place=where_field_stands(desired, declared, path),
            by=_author(declared, path),
        )


def _author(declared: Declaration, path: Path) -> str:
    """What says a field last, in the words of kustomize: document, patch, component ..."""
    if declared.release is not None:
        return "chart"
    if declared.made is not None:
        return "ApplicationSet"
    word = declared.produced.word(path) if declared.produced else None
    return declared.produced.layers[word.layer].kind if declared.produced and word else "document"


def _manifest(value: Object, resource: Resource) -> Manifest:
    """Without what is secret, and without what only tools read."""
    metadata = {key: part for key, part in value["metadata"].items() if key != "managedFields"}
    if isinstance(annotations := metadata.get("annotations"), dict):
        metadata["annotations"] = {key: part for key, part in annotations.items() if key != _LAST_APPLIED}
    shown = redact_value({**value, "apiVersion": resource.api_version, "metadata": metadata}, ())
    body, omitted = shorten_diff(render_manifest(_plain(shown)), _MANIFEST)
    return Manifest(body=body, omitted_lines=omitted or None)


def _plain(value: Any) -> Any:
    """Prose that others wrote says what it is; all other texts stay as they are."""
    match value:
        case dict():
            return {str(key): _plain(part) for key, part in value.items()}
        case list():
            return [_plain(part) for part in value]
        case str():
            return cut_text(value, 1_000)
        case _:
            return value
