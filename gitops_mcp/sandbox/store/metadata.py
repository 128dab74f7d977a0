"""metadata as the API server keeps it: which fields it knows, which names are legal, what it fills in."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store.errors import Cause, bad_request, invalid
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.sandbox.store.selectors import label_key, label_value

_KNOWN = {
    *("name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences"),
    *("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
    *("managedFields", "selfLink"),
}
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PATH_SEGMENT = re.compile(r"(?!\.\.?$)[^/%]+")
_OF_THE_SERVER = (
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


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def drop_unknown(metadata: Object) -> list[str]:
    """Remove, in place, what is no field of ObjectMeta; their paths are answered."""
    gone = [key for key in metadata if key not in _KNOWN]
    for key in gone:
        del metadata[key]
    return [f"metadata.{key}" for key in gone]


def check_shape(metadata: Any) -> None:
    """What a typed decoder would refuse: it is a 400, not a 422."""
    if not isinstance(metadata, dict):
        raise bad_request("json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    for field in ("labels", "annotations"):
        values = metadata.get(field)
        if values is not None and not (isinstance(values, dict) and all(isinstance(v, str) for v in values.values())):
            raise bad_request(f"json: cannot unmarshal into Go struct field ObjectMeta.metadata.{field} of type string")
    for field in ("name", "namespace", "generateName"):
        if not isinstance(metadata.get(field, ""), str):
            raise bad_request(f"json: cannot unmarshal into Go struct field ObjectMeta.metadata.{field} of type string")


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
    given = {key: value for key, value in metadata.items() if key not in _OF_THE_SERVER and value}
    counted: Object = {"generation": 1} if generation else {}
    return {**given, "uid": str(uuid.uuid4()), "creationTimestamp": now(), **counted}


def keep_server_fields(old: Object, new: Object) -> Object:
    """A changed object's metadata: what only the server may say stays as it was."""
    changed = {key: value for key, value in new.items() if key not in _OF_THE_SERVER and value}
    return {**changed, **{key: old[key] for key in (*_OF_THE_SERVER, "name", "namespace") if key in old}}


def faults(resource: Resource, metadata: Object) -> Iterator[Cause]:
    name = metadata["name"]
    legal, rule, limit = _name_rule(resource)
    if len(name) > limit:
        yield Cause(
            "metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": must be no more than {limit} bytes'
        )
    elif not legal.fullmatch(name):
        yield Cause("metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {rule}')
    for key, value in (metadata.get("labels") or {}).items():
        if not label_key(key):
            yield Cause("metadata.labels", "FieldValueInvalid", f'Invalid value: "{key}": name part must be valid')
        if not label_value(value):
            yield Cause(
                "metadata.labels",
                "FieldValueInvalid",
                f'Invalid value: "{value}": a valid label must be an empty string or consist of alphanumeric '
                "characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            )


def _name_rule(resource: Resource) -> tuple[re.Pattern[str], str, int]:
    if resource == NAMESPACE:
        return _LABEL, _LABEL_RULE, 63
    if resource == kinds.SERVICE:
        return _LABEL_1035, _LABEL_1035_RULE, 63
    if resource.group == "rbac.authorization.k8s.io":
        return _PATH_SEGMENT, "may not contain '/' or '%'", 253
    return _SUBDOMAIN, _SUBDOMAIN_RULE, 253
