"""What is written to an API server, one verb a method, beside all that is read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.adapters.kube.answers import warnings_in
from gitops_mcp.adapters.kube.asked import ApiRequest
from gitops_mcp.adapters.kube.bodies import check_parts, load_object
from gitops_mcp.adapters.kube.reader import KubeReader, without_extras
from gitops_mcp.adapters.kube.wire import JSON, HttpRequest
from gitops_mcp.domain.objects import FIELD_MANAGER, Object, Resource

_OPERATIONS = "application/json-patch+json"
_MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class WriteAnswer:
    object: Object
    """As it is now, or would be after a dry run; a Status where a deletion left nothing. Of a Secret no values."""
    warnings: tuple[str, ...]
    """The server's own words, for people; deprecations, and what a policy only warns of."""


class Kube(KubeReader):
    """The same, and its writes.

    One that meets a field which the server does not know is refused, not shortened (fieldValidation).
    """

    def create(self, resource: Resource, manifest: Object, *, dry_run: bool = False) -> WriteAnswer:
        """Where its metadata says; Refused when there is one of that name."""
        metadata = manifest["metadata"]
        namespace = metadata["namespace"] if resource.namespaced else None
        name = metadata["name"]
        asked = ApiRequest("create", resource, namespace, name, self.description, writes=not dry_run)
        return self._written(asked, "POST", manifest)

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        operations: Sequence[Object],
        *,
        dry_run: bool = False,
    ) -> WriteAnswer:
        """JSON Patch: all operations or none; Raced where one fails, as `test` does when the object has changed."""
        asked = ApiRequest("patch", resource, namespace, name, self.description, writes=not dry_run)
        return self._written(asked, "PATCH", list(operations), content_type=_OPERATIONS)

    def merge(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        change: Object,
        *,
        dry_run: bool = False,
        subresource: str = "",
    ) -> WriteAnswer:
        """JSON Merge Patch; Raced or Refused where it names a resourceVersion or uid that is another by now."""
        where, writes = self.description, not dry_run
        asked = ApiRequest("patch", resource, namespace, name, where, writes=writes, subresource=subresource)
        return self._written(asked, "PATCH", change, content_type=_MERGE)

    def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        uid: str | None = None,
        version: str | None = None,
        dry_run: bool = False,
    ) -> WriteAnswer:
        """Begin to delete it, what it owns after it, as kubectl does; only if it is still that one, unchanged."""
        asked = ApiRequest("delete", resource, namespace, name, self.description, writes=not dry_run)
        conditions = {key: value for key, value in {"uid": uid, "resourceVersion": version}.items() if value}
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        options |= {"preconditions": conditions} if conditions else {}
        options |= {"dryRun": ["All"]} if dry_run else {}
        # The query says it again for a proxy that drops the body of a DELETE; the server reads it only then.
        query = {"propagationPolicy": "Background", "dryRun": "All" if dry_run else None}
        return self._done(asked, HttpRequest("DELETE", query=query, body=options))

    def _written(
        self,
        asked: ApiRequest,
        method: Literal["POST", "PATCH"],
        body: Object | list[Object],
        *,
        content_type: str = JSON,
    ) -> WriteAnswer:
        dry_run = None if asked.writes else "All"
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "dryRun": dry_run}
        return self._done(asked, HttpRequest(method, query=query, body=body, content_type=content_type))

    def _done(self, asked: ApiRequest, request: HttpRequest) -> WriteAnswer:
        answer = self._wire.ask(asked, request)
        made = load_object(answer.body, answer.content_type, asked=asked)
        check_parts(made, asked=asked)
        return WriteAnswer(without_extras(made, asked), warnings_in(answer.headers, asked=asked))
