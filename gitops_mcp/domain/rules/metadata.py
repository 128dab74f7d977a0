"""`metadata` of every kind, as the API server judges it before anything else: its types, names, labels, annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.cnpg.notation.golang import is_rfc3339
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.names import is_label_value, is_qualified_name, is_subdomain, quote, slug, suggest
from gitops_mcp.domain.objects import Object, Path, as_int, at, list_at, mapping_at
from gitops_mcp.domain.rules.reading import as_text, entries, has_unfilled
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE: Path = ("metadata",)
_TIME = "a time"
_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(
        ("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"), (str, "a text, in quotes")
    ),
    **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), (str, _TIME)),
    **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), (int, "a whole number of 64 bits")),
    **dict.fromkeys(("labels", "annotations"), (dict, "a mapping of texts")),
    **dict.fromkeys(("finalizers", "ownerReferences", "managedFields"), (list, "a list")),
}
_OWNER = {"apiVersion": str, "kind": str, "name": str, "uid": str, "controller": bool, "blockOwnerDeletion": bool}
_MOST_ANNOTATIONS = 256 * 1024
_VERSIONS = {one.kind: one.api_version for one in CNPG_KINDS}
_WORD = "at most 63 letters, digits, '-', '_' and '.', starting and ending with a letter or digit"
_KEY = f"{_WORD}, with a domain and '/' before it if you like, such as app.kubernetes.io/part-of"


def _identity(seen: Seen) -> Iterator[Fault]:
    wanted = _VERSIONS[str(at(seen.stated, "kind"))]
    if (stated := seen.stated.get("apiVersion")) != wanted:
        yield Fault(("apiVersion",), f"{_show(stated)} is served by no operator: {wanted}")
    metadata = seen.stated.get("metadata")
    if not isinstance(metadata, dict):
        yield Fault(_PLACE, "must be a mapping with at least a name")
        return
    for key, value in metadata.items():
        kind, wanted = _TYPES.get(key, (object, ""))
        if not wanted:
            yield Fault((*_PLACE, key), f"is not a field of metadata; {suggest(str(key), _TYPES)}")
        elif value is not None and not (_is_int64(value) if kind is int else isinstance(value, kind)):
            yield Fault((*_PLACE, key), f"must be {wanted}")
        elif wanted == _TIME and isinstance(value, str) and not is_rfc3339(value):
            yield Fault((*_PLACE, key), f"must be {wanted} such as 2030-01-31T00:00:00Z")
    if metadata.get("resourceVersion") not in (None, "", "0"):
        yield Fault(
            (*_PLACE, "resourceVersion"), "is the API's own: nothing is made with it, and no later change arrives"
        )
    for key in ("uid", "deletionTimestamp"):
        yield from _of_the_api(seen, key)
    yield from _names(seen.stated, metadata)


def _is_int64(value: Any) -> bool:
    whole = as_int(value)
    return whole is not None and -(2**63) <= whole < 2**63


def _of_the_api(seen: Seen, key: str) -> Iterator[Fault]:
    """Server-side apply makes nothing new with a uid, and no write changes one, nor begins a deletion."""
    stated, held = seen.stated["metadata"].get(key), seen.live if seen.live is not None else seen.stated_before
    is_dropped = key == "deletionTimestamp" and held is None
    if stated and not is_dropped and stated != at(held, *_PLACE, key):
        yield Fault((*_PLACE, key), "is the API's own, and not this: leave it out")


def _names(value: Object, metadata: Object) -> Iterator[Fault]:
    name, prefix, namespace = (as_text(metadata.get(key)) for key in ("name", "generateName", "namespace"))
    if not name and not prefix:
        yield Fault((*_PLACE, "name"), "is needed")
    # A Cluster's is judged by the operator, more narrowly.
    elif name and not is_subdomain(name) and value["kind"] != "Cluster":
        yield Fault(
            (*_PLACE, "name"),
            f"{quote(name)} is not a name of an object: at most 253 lower-case letters, digits, '-' and '.', starting "
            f"and "
            f"ending with a letter or digit, such as {slug(name)!r}",
        )
    elif not name and not is_subdomain(f"{prefix.removesuffix('-')}a"):
        yield Fault(
            (*_PLACE, "generateName"), f"{quote(prefix)} cannot begin a name: use lower-case letters, digits, '-', '.'"
        )
    if namespace and ("." in namespace or len(namespace) > 63 or not is_subdomain(namespace)):
        yield Fault(
            (*_PLACE, "namespace"),
            f"{quote(namespace)} is not a namespace: at most 63 lower-case letters, digits and '-', such as "
            f"{slug(namespace)!r}",
        )


def _labels(seen: Seen) -> Iterator[Fault]:
    for part in ("labels", "annotations"):
        stated = mapping_at(seen.stated, *_PLACE, part)
        for key, value in stated.items():
            field, name = (*_PLACE, part, key), str(key)
            if has_unfilled(name):
                continue
            # Of annotations capitals in the domain are passed over.
            if not is_qualified_name(name if part == "labels" else name.lower()):
                yield Fault(field, f"{quote(name)} is not a key: {_KEY}")
            if value is not None and not isinstance(value, str):
                yield Fault(field, f"must be a text, found {_show(value)}: write it in quotes, as '{_text(value)}'")
            elif part == "labels" and value is not None and not is_label_value(value):
                yield Fault(field, f"{quote(value)} is not a value of a label: nothing, or {_WORD}")
        if part == "annotations" and _size(stated) > _MOST_ANNOTATIONS:
            yield Fault((*_PLACE, part), "are more than 256 KiB together: keep the long ones elsewhere")


def _finalizers(seen: Seen) -> Iterator[Fault]:
    place = (*_PLACE, "finalizers")
    finalizers = list_at(seen.stated, *place)
    for index, name in enumerate(finalizers):
        if not isinstance(name, str) or not is_qualified_name(name):
            yield Fault((*place, index), f"{_show(name)} is not a finalizer: use one such as example.com/keep")
    if {"orphan", "foregroundDeletion"} <= {one for one in finalizers if isinstance(one, str)}:
        yield Fault(place, "'orphan' and 'foregroundDeletion' exclude each other: keep one of them")
    if at(seen.stated, *_PLACE, "managedFields") is not None:
        yield Fault((*_PLACE, "managedFields"), "are the API server's own, and server-side apply takes none: leave out")


def _owners(seen: Seen) -> Iterator[Fault]:
    place = (*_PLACE, "ownerReferences")
    for index, one in enumerate(list_at(seen.stated, *place)):
        if not isinstance(one, dict):
            yield Fault((*place, index), f"must be a mapping, found {_show(one)}")
    owners = list(entries(seen.stated, *place))
    for path, owner in owners:
        yield from _owner(path, owner)
    if len([None for _, owner in owners if owner.get("controller") is True]) > 1:
        yield Fault(place, "only one owner may be the controller")


def _owner(path: Path, owner: Object) -> Iterator[Fault]:
    for key, value in owner.items():
        if key not in _OWNER:
            yield Fault((*path, key), f"is not a field of an owner; {suggest(str(key), _OWNER)}")
        elif value is not None and not isinstance(value, _OWNER[key]):
            yield Fault((*path, key), f"must be {'true or false' if _OWNER[key] is bool else 'a text, in quotes'}")
    for key in ("apiVersion", "kind", "name", "uid"):
        if not owner.get(key):
            yield Fault((*path, key), "is needed: an owner is named by apiVersion, kind, name and uid")
    version = as_text(owner.get("apiVersion"))
    if version.count("/") > 1:
        yield Fault((*path, "apiVersion"), f"{quote(version)} is not a group and version, such as apps/v1")
    if (version, owner.get("kind")) == ("v1", "Event"):
        yield Fault(path, "an Event may own nothing: name another owner, or leave it out")


def _show(value: Any) -> str:
    return quote(value) if isinstance(value, str) else "nothing" if value is None else type(value).__name__


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else "…"


def _size(annotations: Object) -> int:
    texts = (text for key, value in annotations.items() for text in (str(key), as_text(value)))
    return sum(len(text.encode(errors="surrogatepass")) for text in texts)


_ALL = tuple(_VERSIONS)

RULES = (
    Rule("metadata", _ALL, "API server ValidateObjectMeta", _identity),
    Rule("labels", _ALL, "API server ValidateLabels, ValidateAnnotations", _labels),
    Rule("finalizers", _ALL, "API server ValidateFinalizers", _finalizers),
    Rule("owners", _ALL, "API server ValidateOwnerReferences", _owners),
)
