"""A request as the API server understands it: which verb, on which resource, with which options."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store.checks.admission import Validation, WriteOptions
from gitops_mcp.sandbox.store.errors import ApiError, Cause, bad_request, invalid, not_allowed, unsupported_media_type

_MANAGER_LENGTH = 128
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate"]

_ON_ONE: dict[str, Verb] = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "POST": "create"}
_ON_ALL: dict[str, Verb] = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}


@dataclass(frozen=True)
class Route:
    """What a path below /api or /apis addresses (apimachinery, RequestInfo)."""

    verb: Verb
    group: str
    version: str
    plural: str
    namespace: str | None = None
    name: str | None = None
    subresource: str | None = None
    tail: str = ""
    """What follows the subresource: the path that a proxy hands on."""

    @property
    def resource(self) -> str:
        """As rules and reviews name it: `pods/log`."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


def parse_route(method: str, path: str, query: Mapping[str, str]) -> Route | None:
    """None for a path that addresses no resource, such as /version."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = None
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in {"status", "finalize"}:
            rest = rest[2:]
    plural, name, subresource = [*rest[:3], None, None][:3]
    verb = (_ON_ONE if name else _ON_ALL).get(method)
    if verb is None:
        raise not_allowed()
    if verb in {"get", "list"} and query.get("watch") in {"1", "true", "True"}:
        verb = "watch"
    if verb in {"list", "watch", "deletecollection"} and not name:
        name = _selected_name(query)
    return Route(verb, group, version, plural or "", namespace, name or None, subresource or None, "/".join(rest[3:]))


def is_metadata_only(accept: str) -> bool:
    """Whether what the client likes best is metadata alone."""
    best = {part.strip() for part in accept.partition(",")[0].split(";")}
    return best >= {"application/json", "as=PartialObjectMetadata", "g=meta.k8s.io", "v=v1"}


def _selected_name(query: Mapping[str, str]) -> str | None:
    """The one name a field selector leaves: rules with resourceNames apply to it."""
    key, _, name = query.get("fieldSelector", "").partition("=")
    return name if key == "metadata.name" and name and not set(name) & set("=,") else None


@dataclass(frozen=True)
class Call:
    route: Route
    query: Mapping[str, str]
    content_type: str = ""
    body: bytes = b""
    accept: str = ""
    user_agent: str = ""
    warnings: list[str] = field(default_factory=list)

    def check_media_type(self) -> None:
        """Only JSON is read; kubectl sends built-in kinds as protobuf."""
        if self.content_type not in {"", "*/*", "application/json"}:
            raise unsupported_media_type(["application/json"])

    def number(self, key: str) -> int | None:
        text = self.query.get(key)
        if not text:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error

    def flag(self, key: str) -> bool:
        return self.query.get(key) in {"1", "true", "True"}

    def write(self) -> WriteOptions:
        options = self.query.get("dryRun") or ""
        if options not in {"", "All"}:
            raise self.bad_option("dryRun", "FieldValueNotSupported", _supported([options], ("All",)))
        validation = self.query.get("fieldValidation") or "Warn"
        if validation not in _VALIDATIONS:
            raise self.bad_option("fieldValidation", "FieldValueNotSupported", _supported(validation, _VALIDATIONS))
        return WriteOptions(
            dry_run=options == "All",
            validation=cast("Validation", validation),
            warnings=self.warnings,
            patched=self.route.verb == "patch",
            manager=self._manager(),
        )

    def bad_option(self, name: str, reason: str, why: str) -> ApiError:
        """What is wrong with the query of a write."""
        kind = f"{self.route.verb.capitalize()}Options"
        return invalid(Resource("meta.k8s.io", "v1", "", kind), "", [Cause(name, reason, why)])

    @property
    def wants_metadata_only(self) -> bool:
        return is_metadata_only(self.accept)

    def _manager(self) -> str:
        """Who writes: as it says, else by the name of its program."""
        named = self.query.get("fieldManager") or ""
        if len(named) > _MANAGER_LENGTH:
            why = f"Too long: may not be more than {_MANAGER_LENGTH} bytes"
            raise self.bad_option("fieldManager", "FieldValueTooLong", why)
        if not named.isprintable():
            why = f"Invalid value: {json.dumps(named)}: should only contain printable characters"
            raise self.bad_option("fieldManager", "FieldValueInvalid", why)
        return named or self.user_agent.partition("/")[0] or "unknown"

    def json(self) -> Any:
        try:
            return json.loads(self.body, parse_constant=_no_number)
        except ValueError as error:
            raise bad_request("the body of the request could not be decoded: invalid JSON") from error

    def yaml(self) -> Object:
        """What is applied is YAML, which JSON is, too."""
        import yaml

        try:
            value = yaml.safe_load(self.body)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise bad_request("error decoding YAML") from error
        if not isinstance(value, dict):
            raise bad_request("the body of the request must be an object")
        return value

    def object(self) -> Object:
        value = self.json()
        if not isinstance(value, dict):
            raise bad_request("the body of the request must be an object")
        return value


def _supported(value: object, choices: Iterable[str]) -> str:
    listed = ", ".join(json.dumps(one) for one in choices)
    return f"Unsupported value: {json.dumps(value)}: supported values: {listed}"


def _no_number(constant: str) -> None:
    raise ValueError(constant)
