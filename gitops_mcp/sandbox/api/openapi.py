"""OpenAPI v3: an index, and for each group and version a document with the schemas of its custom kinds.

Of built-in kinds there are no schemas; of all there is said that a patch takes fieldValidation, which kubectl looks
for before it sends one. CEL rules are left out unless told otherwise, as they are on many servers.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from typing import Any

from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api.reviews import REVIEWS
from gitops_mcp.sandbox.store.resources import Served

_RULES = "x-kubernetes-validations"
_METADATA = {"type": "object", "description": "Standard object's metadata."}


class OpenApi:
    """What is served does not change while the API runs, so each document is made once."""

    def __init__(self, served: Iterable[Served], *, rules: bool) -> None:
        self._served = tuple(served)
        self._rules = rules
        self._hash = secrets.token_hex(16).upper()
        self._documents: dict[str, bytes] = {}

    def answer(self, path: str) -> bytes | None:
        """By the path below /openapi/v3; None where there is nothing."""
        resources = [*(one.resource for one in self._served), *REVIEWS]
        paths = sorted({_openapi_path(one) for one in resources})
        if not path:
            urls = {one: {"serverRelativeURL": f"/openapi/v3/{one}?hash={self._hash}"} for one in paths}
            return json.dumps({"paths": urls}).encode()
        if path not in paths:
            return None
        if path not in self._documents:
            inside = [one for one in resources if _openapi_path(one) == path]
            self._documents[path] = json.dumps(self._document(path, inside)).encode()
        return self._documents[path]

    def _document(self, path: str, resources: list[Resource]) -> Object:
        components = {
            _component_name(one.resource): self._schema(one)
            for one in self._served
            if one.schema is not None and _openapi_path(one.resource) == path
        }
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"},
            "paths": _operations(path, resources),
            "components": {"schemas": components},
        }

    def _schema(self, served: Served) -> Object:
        known = served.schema or {}
        schema: Object = known if self._rules else _without_rules(known)
        named = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": _METADATA}
        return {
            **schema,
            "properties": {**schema.get("properties", {}), **named},
            "x-kubernetes-group-version-kind": [_group_version_kind(served.resource)],
        }


def _openapi_path(resource: Resource) -> str:
    return f"{'apis' if resource.group else 'api'}/{resource.api_version}"


def _component_name(resource: Resource) -> str:
    """`io.cnpg.postgresql.v1.Cluster`."""
    return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])


def _group_version_kind(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _without_rules(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_rules(part) for key, part in value.items() if key != _RULES}
    return [_without_rules(item) for item in value] if isinstance(value, list) else value


def _operations(path: str, resources: list[Resource]) -> Object:
    query = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("dryRun", "fieldValidation")]
    paths = {}
    for one in resources:
        place = f"namespaces/{{namespace}}/{one.plural}" if one.namespaced else one.plural
        patch = {
            "parameters": query,
            "responses": {},
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": _group_version_kind(one),
        }
        paths[f"/{path}/{place}/{{name}}"] = {"patch": patch}
    return paths
