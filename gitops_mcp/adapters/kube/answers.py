"""What the API server answered -> our errors, each with what was asked, what was found and what would work.

A body may hold secrets: of a Status only reason, message and causes are used, and those are cut. The tables of
HTTP codes and Status reasons are those of a real server (apimachinery `metav1.StatusReason`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotFound, NotInstalled, Refused, Unavailable

_USER = re.compile(r'User "([^"]{1,200})"')


class Expired(InvalidRequest):
    """410: the list's snapshot is gone from the server."""


@dataclass(frozen=True)
class Asked:
    """One request, for messages."""

    verb: str
    resource: Resource
    namespace: str | None
    name: str | None = None
    where: str = ""
    """`context 'prod-admin'` or `in-cluster`."""

    @property
    def kind(self) -> str:
        """`clusters.postgresql.cnpg.io`, as RBAC messages and CRDs spell it."""
        return f"{self.resource.plural}.{self.resource.group}" if self.resource.group else self.resource.plural

    @property
    def place(self) -> str:
        if not self.resource.namespaced:
            return "cluster-wide"
        return f"in namespace {self.namespace!r}" if self.namespace else "in all namespaces"

    def __str__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return f"{self.verb} {self.kind}{name} {self.place} ({self.where})"


def loaded(body: bytes, content_type: str, *, asked: Asked) -> Object:
    """The body of a good answer. What is no JSON object comes from something else than an API server."""
    try:
        value: Any = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Unavailable(
            f"{asked}: the answer is no Kubernetes object but {_cut(content_type, 60) or 'of no type'}: a proxy or "
            f"login page may stand in between; check the server in kubeconfig"
        )
    return value


def failure(status: int, headers: Mapping[str, str], body: bytes, *, asked: Asked, log_in: str) -> GitOpsError:
    """The error for an answer that is not 2xx. `log_in` says what to do about refused credentials."""
    said = _status(body)
    match status:
        case 401:
            return Unavailable(
                f"{asked}: 401, the credentials were refused as expired or invalid: {log_in}, then repeat the request"
            )
        case 403:
            return _forbidden(_message(said), asked=asked)
        case 404:
            return _missing(said, body, asked=asked)
        case _ if 400 <= status < 500 and status != 429:
            return _rejected(status, said, asked=asked)
        case _:
            return _unable(status, _wait(headers), _message(said), asked=asked)


def _rejected(status: int, said: Object, *, asked: Asked) -> GitOpsError:
    """The server understood, and says that the request, or what it found, is not as it must be."""
    message = _message(said) or "no reason given"
    match status:
        case 409 if at(said, "reason") == "AlreadyExists":
            return Refused(f"{asked}: 409, it exists already ({message}): use another name, or change the existing one")
        case 409:
            return Unavailable(f"{asked}: 409, the object has changed since it was read ({message}): read it again")
        case 410:
            return Expired(
                f"{asked}: 410, the cursor has expired; lists are kept for minutes: start again without cursor"
            )
        case 422:
            return InvalidRequest(f"{asked}: 422, refused as invalid: {_causes(said) or message}")
        case _:
            reason = _cut(at(said, "reason") or "refused", 60)
            return InvalidRequest(f"{asked}: {status} {reason}: {message}")


def _unable(status: int, wait: str, message: str, *, asked: Asked) -> Unavailable:
    """Not now, or not here."""
    if status == 429:
        return Unavailable(f"{asked}: 429, the API server asks to slow down: try again {wait or 'in a few seconds'}")
    if status < 500:
        return Unavailable(
            f"{asked}: {status}, a redirect, which is not followed: check the server in kubeconfig; a login page or a "
            f"proxy may stand in between"
        )
    return Unavailable(
        f"{asked}: {status}, the API server or something before it has a fault{f' ({message})' if message else ''}: "
        f"try again {wait or 'in a moment'}; if it lasts, check `kubectl get --raw /readyz`"
    )


def _forbidden(message: str, *, asked: Asked) -> Forbidden:
    """The rule that is missing, ready to be pasted into a Role; who it is for is in the server's message."""
    found = _USER.search(message)
    who = f"User {found.group(1)!r}" if found else "this user"
    rule = f'- {{apiGroups: ["{asked.resource.group}"], resources: [{asked.resource.plural}], verbs: [{asked.verb}]}}'
    kind = (
        f"a Role of namespace {asked.namespace!r}" if asked.resource.namespaced and asked.namespace else "a ClusterRole"
    )
    return Forbidden(
        f"{asked}: 403, {who} may not. Missing rule: `{rule}`: an administrator adds it to {kind} that is bound to "
        f"that user (rbac/ has the least rights this server needs)"
    )


def _missing(said: Object, body: bytes, *, asked: Asked) -> GitOpsError:
    """404 of an object has a Status that names it; of a kind that is not served it is plain text or names nothing."""
    named = at(said, "details", "name")
    if named and at(said, "details", "kind") == "namespaces" and asked.resource.plural != "namespaces":
        return NotFound(f"{asked}: there is no namespace {_cut(str(named), 63)!r}: create it, or name another")
    if named and asked.name:
        full = f"{asked.namespace}/{asked.name}" if asked.namespace else asked.name
        return NotFound(f"no {asked.resource.kind} {full} ({asked.where})")
    if said or body.startswith(b"404 page not found"):
        if asked.resource.group:
            return NotInstalled(
                f"{asked}: the API server does not serve {asked.resource.api_version} {asked.resource.kind}: the CRD "
                f"{asked.kind} is not installed there, or not in version {asked.resource.version}"
            )
        return NotInstalled(f"{asked}: the API server does not serve {asked.resource.kind}")
    return Unavailable(f"{asked}: 404, but not as a Kubernetes API says it: check the server in kubeconfig")


def _causes(said: Object) -> str:
    causes = at(said, "details", "causes") or []
    shown = [
        f"{_cut(str(at(cause, 'field') or '?'), 120)}: {_cut(str(at(cause, 'message') or ''), 200)}"
        for cause in causes[:5]
    ]
    more = f" and {len(causes) - 5} more" if len(causes) > 5 else ""
    return "; ".join(shown) + more


def _status(body: bytes) -> Object:
    """The Status in a body, or nothing: what else a body holds is not for showing."""
    try:
        value: Any = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) and value.get("kind") == "Status" else {}


def _message(said: Object) -> str:
    return _cut(at(said, "message") or "")


def _wait(headers: Mapping[str, str]) -> str:
    value = headers.get("Retry-After", "")
    return f"in {int(value)} s" if value.isdecimal() and len(value) < 6 else ""


def _cut(text: str, limit: int = 300) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
    return line if len(line) <= limit else line[:limit] + "…"
