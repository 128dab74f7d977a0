"""The failures of an API server, word for word: clients read the reason, people read the message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gitops_mcp.domain.objects import Object, Resource


@dataclass(frozen=True)
class Cause:
    """One field that is wrong, as it is listed in `details.causes` of a 422."""

    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"

    @property
    def body(self) -> Object:
        return {"reason": self.reason, "message": self.message, "field": self.field}


@dataclass(eq=False)
class ApiError(Exception):
    """What the API answers instead of an object; `body` is the Status that goes over the wire."""

    code: int
    reason: str
    message: str
    details: Object = field(default_factory=dict)
    metadata: Object = field(default_factory=dict)
    """Empty but for an expired list, which says here how to go on."""

    def __str__(self) -> str:
        return f"{self.code} {self.reason}: {self.message}"

    @property
    def body(self) -> Object:
        details = {key: value for key, value in self.details.items() if value}
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            **({"reason": self.reason} if self.reason else {}),
            **({"details": details} if details else {}),
            "code": self.code,
        }


def qualified_name(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def _details(resource: Resource, name: str) -> Object:
    return {"name": name, "group": resource.group, "kind": resource.plural}


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def not_authorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def not_found(resource: Resource, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{qualified_name(resource)} "{name}" not found', _details(resource, name))


def not_served() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def not_allowed() -> ApiError:
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def already_exists(resource: Resource, there: Object) -> ApiError:
    name = there["name"]
    going = "object is being deleted: " if "deletionTimestamp" in there else ""
    message = f'{going}{qualified_name(resource)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str = "") -> ApiError:
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {qualified_name(resource)} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def forbidden(resource: Resource, name: str, why: str, causes: Sequence[Cause] = ()) -> ApiError:
    subject = f'{qualified_name(resource)} "{name}"' if name else qualified_name(resource)
    details = {**_details(resource, name), "causes": [cause.body for cause in causes]}
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", details)


def invalid(resource: Resource, name: str, causes: Iterable[Cause]) -> ApiError:
    listed = list(causes)
    what = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    why = ", ".join(str(cause) for cause in listed)
    message = f'{what} "{name}" is invalid: {why if len(listed) == 1 else f"[{why}]"}'
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": [cause.body for cause in listed]}
    return ApiError(422, "Invalid", message, details)


def denied(webhook: str, said: Object) -> ApiError:
    """With the webhook's own code, where it gives one of a refusal (apiserver, webhook/errors)."""
    why = said.get("message") or said.get("reason")
    message = f'admission webhook "{webhook}" denied the request' + (f": {why}" if why else " without explanation")
    return ApiError(max(said.get("code") or 0, 400), said.get("reason") or "", message, said.get("details") or {})


def unsupported_media_type(accepted: Iterable[str]) -> ApiError:
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return ApiError(415, "UnsupportedMediaType", message)


def expired_error(message: str, *, go_on: str = "") -> ApiError:
    return ApiError(410, "Expired", message, metadata={"continue": go_on} if go_on else {})
