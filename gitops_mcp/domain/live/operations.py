"""A plan as requests to the API: what is created, changed in place or deleted, each bound to what was judged.

An edit is a JSON Patch of the changed places alone: a server-side apply of one field would drop the others that this
server set before. A creation is a POST, which overwrites nothing.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from gitops_mcp.domain.kinds import BY_KIND, EXTERNAL_SECRET, OBJECT_STORE, PASSWORD, SEALED_SECRET
from gitops_mcp.domain.live.judged import changed_parts, judged_parts, writes_so_far
from gitops_mcp.domain.live.patch_steps import LAST_APPLIED, is_still_as_tested, json_patch_steps, with_version
from gitops_mcp.domain.objects import Identity, Object, Path, Resource, at, dotted_path, mapping_at
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set, edits_between
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused

_OTHERS: Mapping[str, Resource] = {one.kind: one for one in (EXTERNAL_SECRET, PASSWORD, SEALED_SECRET, OBJECT_STORE)}
"""Kinds that are not CNPG's: what makes the Secret of a password, and where backups go."""
_RESOURCES: Mapping[str, Resource] = {**BY_KIND, **_OTHERS}
_ORDER = (
    "Password",
    "ExternalSecret",
    "SealedSecret",
    "ObjectStore",
    "ImageCatalog",
    "Cluster",
    "DatabaseRole",
    "Database",
)
"""What others need comes first; what is not named comes last, and goes first."""


@dataclass(frozen=True)
class ApiOperation:
    how: Literal["create", "patch", "delete"]
    resource: Resource
    namespace: str | None
    name: str
    body: Any = None
    """The manifest, or the operations of a JSON Patch."""
    uid: str | None = None
    version: str | None = None
    """resourceVersion of the last look."""
    fields: tuple[Path, ...] = ()
    """What a patch changes."""
    seen: Object | None = None
    """The live object as it was judged."""

    @property
    def identity(self) -> Identity:
        return Identity(self.resource.kind, self.namespace, self.name)

    @property
    def label(self) -> str:
        return str(self.identity)

    def __str__(self) -> str:
        match self.how:
            case "create":
                return f"create {self.label}"
            case "delete":
                return f"delete {self.label}"
            case "patch":
                return f"change {', '.join(map(dotted_path, self.fields))} of {self.label}"

    @property
    def kubectl(self) -> str:
        """What a person would run instead."""
        space = f" -n {shlex.quote(self.namespace)}" if self.namespace else ""
        name = f"{self.resource.plural}.{self.resource.group} {shlex.quote(self.name)}"
        if self.how == "delete":
            return f"kubectl{space} delete {name}"
        if self.how == "create":
            return f"kubectl{space} create -f - <<'EOF'\n{json.dumps(self.body)}\nEOF"
        plain = [one for one in self.body if one["op"] != "test"]
        return f"kubectl{space} patch {name} --type=json -p {shlex.quote(json.dumps(plain))}"

    @property
    def judged(self) -> dict[str, Any]:
        """By name each part of what it is done to. What is set is not among them: it may be the time of asking."""
        if self.seen is None:
            return {}
        parts = judged_parts(self.seen) | {"the writes": writes_so_far(self.seen)}
        return {f"{key} of {self.label}": value for key, value in parts.items()}

    def changes_since(self, live: Object) -> tuple[str, ...]:
        """What of it is otherwise than it was judged, by name."""
        return changed_parts(self.seen, live) if self.seen else ()

    def at_last_look(self, live: Object) -> ApiOperation | None:
        """The same, bound to an object as it is by now; None: what it depends on has changed."""
        if self.how == "patch" and not is_still_as_tested(self.body, live):
            return None
        if self.how == "delete" and self.changes_since(live):
            return None
        version = at(live, "metadata", "resourceVersion")
        body = with_version(self.body, version) if self.how == "patch" else self.body
        return replace(self, version=version, body=body)


def api_operations(
    changes: Iterable[ObjectChange], files: Iterable[FileChange], live: Mapping[Identity, Object]
) -> tuple[ApiOperation, ...]:
    """In the order in which they can be made. `live`: the objects as they were read, whole.

    What is new and there already, as a request has left it that failed half way, is not made again.
    """
    objects = {one.identity: one for one in (*_other_document_changes(files), *changes)}
    made = [
        _operation_for_change(one, live.get(one.identity))
        for one in objects.values()
        if one.before is not None or not _says_all_of(live.get(one.identity), one.after)
    ]
    return tuple(sorted(made, key=_sort_key))


def manifest_of_live(live: Object) -> Object:
    """A live object as a manifest would say it: without what the server and controllers keep there."""
    metadata = live["metadata"]
    kept: Object = {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
    for part in ("labels", "annotations"):
        values = {key: value for key, value in mapping_at(metadata, part).items() if key != LAST_APPLIED}
        kept |= {part: values} if values else {}
    return {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": kept, "spec": mapping_at(live, "spec")}


def _says_all_of(live: Any, wanted: Any) -> bool:
    """Whether a value has all that is wanted; defaults that were filled in do not matter."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(_says_all_of(live.get(key), value) for key, value in wanted.items())
    return is_same(live, wanted)


def _operation_for_change(change: ObjectChange, live: Object | None) -> ApiOperation:
    identity, resource = change.identity, _RESOURCES[change.identity.kind]
    said = str(at(change.after or change.before, "apiVersion"))
    resource = replace(resource, version=said.partition("/")[2] or resource.version)
    place = (resource, identity.namespace, identity.name)
    if change.after is not None and change.before is None:
        return ApiOperation("create", *place, body={**change.after, "apiVersion": resource.api_version})
    if live is None:
        raise Refused(f"{identity} is not live any more: look again before it is changed")
    uid, version = live["metadata"].get("uid"), live["metadata"].get("resourceVersion")
    if change.after is None:
        return ApiOperation("delete", *place, uid=uid, version=version, seen=live)
    edits = tuple(edits_between(change.before or {}, change.after, ()))
    steps = json_patch_steps(live, edits)
    return ApiOperation("patch", *place, body=steps, uid=uid, version=version, fields=_changed_paths(edits), seen=live)


def _changed_paths(edits: Iterable[Edit]) -> tuple[Path, ...]:
    """The places that change; of a list that gains or loses items the list."""
    return tuple(dict.fromkeys(edit.path if isinstance(edit, Insert) else _path_or_list(edit) for edit in edits))


def _path_or_list(edit: Set | Remove) -> Path:
    return edit.path[:-1] if isinstance(edit, Remove) and isinstance(edit.path[-1], int) else edit.path


def _other_document_changes(files: Iterable[FileChange]) -> Iterator[ObjectChange]:
    """Documents of kinds that are not CNPG's."""
    before: dict[Identity, Object] = {}
    after: dict[Identity, Object] = {}
    for change in files:
        for found, text in ((before, change.before), (after, change.after)):
            for one in parse_documents(text or ""):
                if at(one.value, "kind") in _OTHERS:
                    metadata = one.value["metadata"]
                    identity = Identity(one.value["kind"], metadata.get("namespace"), metadata["name"])
                    found[identity] = one.value
    for identity in dict.fromkeys([*before, *after]):
        if not is_same(before.get(identity), after.get(identity)):
            yield ObjectChange(identity, before.get(identity), after.get(identity), ())


def _sort_key(operation: ApiOperation) -> tuple[int, int]:
    """Creations, then changes, then deletions: an entry goes once the object that takes its place is there.

    Creations have what others need first, the other two have it last.
    """
    kind = operation.resource.kind
    rank = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    match operation.how:
        case "create":
            return 0, rank
        case "patch":
            return 1, -rank
        case "delete":
            return 2, -rank
