"""The namespace of a new Cluster: whether anything makes it, and whether it is one of this environment's at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gitops_mcp.domain.editing.placing.kustomization_list import add_to_kustomization
from gitops_mcp.domain.editing.placing.new_document import line_ending
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.names import suggest
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.domain.yaml.render import render_manifest

KIND = "kind: Namespace"
_CREATES = "CreateNamespace=true"


@dataclass(frozen=True)
class NamespaceDocument:
    path: str
    name: str
    labels: Object
    beside: int
    """How many Namespaces its file holds."""


def namespace_documents(texts: Mapping[str, str]) -> tuple[NamespaceDocument, ...]:
    return tuple(one for path in sorted(texts) for one in _in_file(path, texts[path]))


def _in_file(path: str, text: str) -> Iterator[NamespaceDocument]:
    values = [one.value for one in read_documents(text)]
    values += [item for one in values if at(one, "kind") == "List" for item in list_at(one, "items")]
    found = [one for one in values if at(one, "kind") == "Namespace" and isinstance(at(one, "metadata", "name"), str)]
    for one in found:
        yield NamespaceDocument(path, one["metadata"]["name"], mapping_at(one, "metadata", "labels"), len(found))


def has_namespace(desired: Desired, namespace: str) -> bool:
    """Whether the environment has something there."""
    return any(one.identity.namespace == namespace for one in desired.declarations)


def with_namespace(
    plan: Plan, desired: Desired, known: tuple[NamespaceDocument, ...], others: Iterable[str], *, live: bool | None
) -> Plan:
    """The plan of a Cluster in a namespace that is new to the environment, with its Namespace where it can be written.

    `known`: the Namespaces of the environment. `others`: environments whose namespace it is. `live`: whether there is
    such a live Namespace, None where nobody could say.
    """
    namespace = str(plan.target.namespace)
    steps = EditSequence(desired)
    steps.take(plan.files)
    placed = next((one for one in steps.desired.declarations if one.identity == plan.target), None)
    by = placed.applied if placed is not None else None
    known = tuple(one for one in known if desired.only is None or one.name in desired.only)
    spaces = {one.identity.namespace or "" for one in desired.shown} | {one.name for one in known}
    belongs = f"namespace {namespace} is one of {', '.join(others)}, and no manifest of this environment has it"
    new = belongs if others else f"no manifest of this environment has namespace {namespace}"
    nowhere = ", and no live Namespace has that name" if live is False else ""
    told = f"{new}{nowhere} ({suggest(namespace, spaces - {''})})"
    if live:
        return replace(plan, caution=f"{told}; it is there already") if others else plan
    if by is not None and _CREATES in by.sync_options and by.default_namespace == namespace:
        return replace(plan, caution=f"{told}; {by} makes it ({_CREATES})")
    place = _place_beside(steps.desired, known, namespace)
    if place is None:
        told += "; nothing here makes it: unless it is there, nothing is applied until somebody has made it"
        return replace(plan, caution=told)
    draft = DraftFiles(steps.desired.texts)
    manifest = _manifest(namespace, known)
    if place.appended:
        draft.append(place.path, manifest)
    else:
        draft.create(place.path, render_manifest(manifest, eol=line_ending(desired)))
    notices = add_to_kustomization(draft, steps.desired, place)
    steps.take(draft.changes)
    plan = replace(plan, files=steps.changes, caution=f"{told}; it is made with this change, at {place.path}")
    return plan.warned(one for one in notices if one not in plan.warnings)


def _place_beside(desired: Desired, known: tuple[NamespaceDocument, ...], namespace: str) -> FilePlace | None:
    """As the Namespaces of those that have something here are kept."""
    spaces = {one.identity.namespace for one in desired.declarations}
    for one in (one for one in known if one.name in spaces and one.name != namespace):
        if one.beside > 1 and one.path in desired.texts:
            return FilePlace(one.path, appended=True)
        path = re.sub(rf"(?<![A-Za-z0-9]){re.escape(one.name)}(?![A-Za-z0-9])", namespace, one.path)
        if path not in {one.path, *desired.texts}:
            return FilePlace(path)
    return None


def _manifest(namespace: str, known: tuple[NamespaceDocument, ...]) -> Object:
    """With the labels that all the others have."""
    first = known[0].labels if len(known) > 1 else {}
    labels = {key: text for key, text in first.items() if all(one.labels.get(key) == text for one in known)}
    metadata = {"name": namespace, **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
