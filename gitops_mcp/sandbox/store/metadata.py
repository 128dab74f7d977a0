"""metadata as the API server keeps it: which fields it knows, which names are legal, what it fills in."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store.errors import ApiError, Cause, bad_request, invalid
from gitops_mcp.sandbox.store.resources import NAMESPACE

_GO_TYPES = {
    **dict.fromkeys(("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"), "string"),
    **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), "string"),
    **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), "int64"),
    **dict.fromkeys(("labels", "annotations"), "map[string]string"),
    "finalizers": "[]string",
    "ownerReferences": "[]v1.OwnerReference",
    "managedFields": "[]v1.ManagedFieldsEntry",
}
"""The fields of ObjectMeta, and what its decoder calls what they hold."""
_JSON_TYPES: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    dict: "object",
    list: "array",
}
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_WORD = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PATH_SEGMENT = re.compile(r"(?!\.\.?$)[^/%]+")
_ANNOTATIONS = 256 * 1024
OF_THE_SERVER = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "resourceVersion",
    "managedFields",
    "selfLink",
)
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of a generated name: none that make words (apimachinery, rand.String)."""

_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_LABEL_1035_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)


_WORD_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def drop_unknown(metadata: Object) -> list[str]:
    """Remove, in place, what is no field of ObjectMeta; their paths are answered."""
    gone = [key for key in metadata if key not in _GO_TYPES]
    for key in gone:
        del metadata[key]
    return [f"metadata.{key}" for key in gone]


def decode(resource: Resource, metadata: Any, *, custom: bool) -> None:
    """What a typed decoder refuses is a 400, not a 422; a null among texts becomes, in place, an empty one."""
    if not isinstance(metadata, dict):
        raise _not_decoded(resource, metadata, "value" if custom else f"struct field {resource.kind}.metadata")
    for field, wanted in _GO_TYPES.items():
        place = f"struct field ObjectMeta.{'' if custom else 'metadata.'}{field}"
        given = metadata.get(field)
        if given is None:
            continue
        if _JSON_TYPES[type(given)] != _json_type(wanted):
            raise _not_decoded(resource, given, place, wanted)
        if not wanted.endswith("string") or wanted == "string":
            continue
        for key, value in given.items() if isinstance(given, dict) else enumerate(given):
            if value is None:
                given[key] = ""
            elif not isinstance(value, str):
                raise _not_decoded(resource, value, place, "string")


def _json_type(go_type: str) -> str:
    return {"s": "string", "i": "number", "m": "object", "[": "array"}[go_type[0]]


def _not_decoded(resource: Resource, value: Any, place: str, wanted: str = "v1.ObjectMeta") -> ApiError:
    why = f"json: cannot unmarshal {_JSON_TYPES[type(value)]} into Go {place} of type {wanted}"
    return bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}')


def choose_name(resource: Resource, metadata: Object) -> str:
    """The object's name; a generated one where only a prefix is given."""
    name: str = metadata.get("name") or ""
    if name:
        return name
    prefix: str = metadata.get("generateName") or ""
    if not prefix:
        missing = Cause("metadata.name", "FieldValueRequired", "Required value: name or generateName is required")
        raise invalid(resource, "", [missing])
    return prefix[:58] + "".join(secrets.choice(_SUFFIX) for _ in range(5))


def new_metadata(metadata: Object, *, generation: bool) -> Object:
    """A new object's metadata: what only the server may say is the server's."""
    given = {key: value for key, value in metadata.items() if key not in OF_THE_SERVER and value}
    counted: Object = {"generation": 1} if generation else {}
    return {**given, "uid": str(uuid.uuid4()), "creationTimestamp": now(), **counted}


def keep_server_fields(old: Object, new: Object) -> Object:
    """A changed object's metadata: what only the server may say stays as it was."""
    changed = {key: value for key, value in new.items() if key not in OF_THE_SERVER and value}
    return {**changed, **{key: old[key] for key in (*OF_THE_SERVER, "name", "namespace") if key in old}}


def faults(resource: Resource, metadata: Object) -> Iterator[Cause]:
    name = metadata["name"]
    legal, rule, limit = _name_rule(resource)
    if len(name) > limit:
        yield _invalid("name", name, f"must be no more than {limit} bytes")
    elif not legal.fullmatch(name):
        yield _invalid("name", name, rule)
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    for key, value in labels.items():
        yield from (_invalid("labels", key, why) for why in _key_faults(key))
        if len(value) > 63:
            yield _invalid("labels", value, "must be no more than 63 bytes")
        elif value and not _WORD.fullmatch(value):
            yield _invalid("labels", value, _VALUE_RULE)
    for key in annotations:
        yield from (_invalid("annotations", key, why) for why in _key_faults(key.lower()))
    if sum(len(f"{key}{value}".encode()) for key, value in annotations.items()) > _ANNOTATIONS:
        why = f"Too long: may not be more than {_ANNOTATIONS} bytes"
        yield Cause("metadata.annotations", "FieldValueTooLong", why)
    for finalizer in metadata.get("finalizers") or ():
        yield from (_invalid("finalizers", finalizer, why) for why in _key_faults(finalizer))


def _invalid(field: str, value: str, why: str) -> Cause:
    return Cause(f"metadata.{field}", "FieldValueInvalid", f"Invalid value: {json.dumps(value)}: {why}")


def _key_faults(key: str) -> Iterator[str]:
    *prefixes, name = key.split("/")
    if len(prefixes) > 1:
        end = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        yield f"a valid label key {_WORD_RULE} {end}"
        return
    for prefix in prefixes:
        if not prefix:
            yield "prefix part must be non-empty"
        elif len(prefix) > 253:
            yield "prefix part must be no more than 253 bytes"
        elif not _SUBDOMAIN.fullmatch(prefix):
            yield f"prefix part {_SUBDOMAIN_RULE}"
    if not name:
        yield "name part must be non-empty"
    elif len(name) > 63:
        yield "name part must be no more than 63 bytes"
    if not _WORD.fullmatch(name):
        yield f"name part {_WORD_RULE}"


def _name_rule(resource: Resource) -> tuple[re.Pattern[str], str, int]:
    if resource == NAMESPACE:
        return _LABEL, _LABEL_RULE, 63
    if resource == kinds.SERVICE:
        return _LABEL_1035, _LABEL_1035_RULE, 63
    if resource.group == "rbac.authorization.k8s.io":
        return _PATH_SEGMENT, "may not contain '/' or '%'", 253
    return _SUBDOMAIN, _SUBDOMAIN_RULE, 253
