"""What the API server answered -> our errors, each with what was asked, what was found and what would work.

A body may hold secrets, and a webhook writes what it likes: of a Status only reason, message and causes are used, as
words of others; of one about a Secret not even its messages, since they may quote the value that was refused. The
tables of HTTP codes and Status reasons are those of a real server (apimachinery `metav1.StatusReason`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gitops_mcp.adapters.kube.asked import ApiRequest
from gitops_mcp.adapters.kube.denials import admission_error
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.redact import untrusted, words_of_others
from gitops_mcp.errors import (
    Forbidden,
    GitOpsError,
    InvalidRequest,
    NotFound,
    NotInstalled,
    Raced,
    Refused,
    Unavailable,
)

UNKNOWN = "it is not known whether the write was done: read the object before you repeat the request"

_USER = re.compile(r'User "([^"]{1,200})"')
_CANNOT = re.compile(r"\bcannot (create|delete|get|list|patch|update) (?:resource|path)\b")
_WARNING = re.compile(r'\b\d{3} \S{1,100} "((?:[^"\\]|\\.)*)"')
_CHANGING = frozenset({"create", "patch", "update", "delete"})
_PATCH_FAILED = "the server rejected our request due to an error in our request"
"""All that is said where an operation of a JSON Patch fails, `test` too, but not which (handlers/patch.go)."""
_SHOWN = 5
"""Causes of a refusal; what is more is counted."""
_WARNINGS = 20
"""The server cuts what it sends of them at 4 KiB."""


class CursorExpired(InvalidRequest):
    """410: the list's snapshot is gone from the server."""


class OutcomeUnknown(Unavailable):
    """A write was sent, and no answer said what became of it."""


def warnings_in(headers: Mapping[str, str], *, asked: ApiRequest) -> tuple[str, ...]:
    """What the server and webhooks warn of in a good answer (RFC 7234, 5.5); of a Secret nothing, as for messages."""
    found = [] if asked.secret else _WARNING.findall(headers.get("Warning") or "")
    said = tuple(dict.fromkeys(words_of_others(_as_utf8(re.sub(r"\\(.)", r"\1", text))) for text in found))
    left = len(said) - _WARNINGS
    return (*said[:_WARNINGS], f"and {left} more warnings") if left > 0 else said


def _as_utf8(text: str) -> str:
    """A header is read as Latin-1, and the server writes UTF-8 there."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def error_for(status: int, headers: Mapping[str, str], body: bytes, *, asked: ApiRequest, log_in: str) -> GitOpsError:
    """The error for an answer that is not 2xx. `log_in` says what to do about refused credentials."""
    said = parse_status(body)
    told = _shown_message(said, asked=asked, most=600)
    denied = admission_error(status, _message(said), told, has_causes=bool(_causes(said)), asked=asked)
    if denied is None and status == 401:
        return Unavailable(
            f"{asked}: 401, the credentials were refused as expired or invalid: {log_in}, then repeat the request"
        )
    return denied or _error_by_code(status, headers, body, said, asked=asked)


def _error_by_code(
    status: int, headers: Mapping[str, str], body: bytes, said: Object, *, asked: ApiRequest
) -> GitOpsError:
    match status:
        case 403:
            return _forbidden_error(said, asked=asked)
        case 404:
            return _not_found_error(said, body, asked=asked)
        case 409:
            return _conflict_error(said, asked=asked)
        case _ if 400 <= status < 500 and status != 429:
            return _rejection_error(status, said, asked=asked)
        case _:
            wait = f"in {seconds} s" if (seconds := retry_after(headers)) else ""
            return _unavailable_error(status, wait, _shown_message(said, asked=asked), asked=asked)


def _conflict_error(said: Object, *, asked: ApiRequest) -> GitOpsError:
    """What is there is not what the request took for granted: by another writer's hand, or by its name alone."""
    words = _message(said)
    shown = _shown_message(said, asked=asked) or "no reason given"
    if at(said, "reason") == "AlreadyExists" and "being deleted" in words:
        return Unavailable(
            f"{asked}: 409, an object of that name is still being deleted ({shown}): wait until it is gone"
        )
    if at(said, "reason") == "AlreadyExists":
        return Refused(f"{asked}: 409, it exists already ({shown}): use another name, or change the existing one")
    if "UID in precondition" in words or "UID in the precondition" in words:
        return _gone_error(asked)
    return Raced(f"{asked}: 409, the object has changed since it was read ({shown}): read it again")


def _gone_error(asked: ApiRequest) -> Refused:
    return Refused(
        f"{asked}: the object that was read is gone, and if there is one of that name now it is another: look at it "
        f"before you repeat the request"
    )


def _rejection_error(status: int, said: Object, *, asked: ApiRequest) -> GitOpsError:
    """The server understood, and says that the request is not as it must be."""
    message = _shown_message(said, asked=asked) or "no reason given"
    causes = _join_causes(said, asked=asked)
    match status:
        case 410:
            return CursorExpired(
                f"{asked}: 410, the cursor has expired; lists are kept for minutes: start again without cursor"
            )
        case 422 if any(at(one, "field") == "metadata.uid" for one in _causes(said)):
            return _gone_error(asked)
        case 422 if asked.verb == "patch" and not causes and _message(said) == _PATCH_FAILED:
            return Raced(f"{asked}: 422, the patch does not fit the object as it is now: it has changed, read it again")
        case 422:
            return InvalidRequest(f"{asked}: 422, refused as invalid: {causes or message}")
        case _:
            reason = _one_line(at(said, "reason") or "refused", 60)
            return InvalidRequest(f"{asked}: {status} {reason}: {message}")


def _unavailable_error(status: int, wait: str, message: str, *, asked: ApiRequest) -> Unavailable:
    """Not now, or not here."""
    if status == 429:
        return Unavailable(f"{asked}: 429, the API server asks to slow down: try again {wait or 'in a few seconds'}")
    if status < 500:
        return Unavailable(
            f"{asked}: {status}, a redirect, which is not followed: check the server in kubeconfig; a login page or a "
            f"proxy may stand in between"
        )
    what = f"{asked}: {status}, the API server or something before it has a fault{f' ({message})' if message else ''}: "
    lasting = "if it lasts, check `kubectl get --raw /readyz`"
    if status == 504 and asked.verb in _CHANGING:
        lasting += " and the webhooks of that kind, which may be what does not answer"
    if asked.writes:
        return OutcomeUnknown(f"{what}{UNKNOWN}; {lasting}")
    return Unavailable(f"{what}try again {wait or 'in a moment'}; {lasting}")


def _forbidden_error(said: Object, *, asked: ApiRequest) -> GitOpsError:
    """The rule that is missing, ready to be pasted into a Role; who it is for is in the server's message."""
    words = _message(said)
    denied = _CANNOT.search(words)
    if asked.verb in _CHANGING and not denied and _why_forbidden(words):
        return Refused(
            f"{asked}: 403, a quota, policy or webhook of the cluster refuses it "
            f"({_shown_message(said, asked=asked)}): change the request, or ask whoever keeps that rule"
        )
    found = _USER.search(words)
    who = f"User {found.group(1)!r}" if found else "this user"
    kind = (
        f"a Role of namespace {asked.namespace!r}" if asked.resource.namespaced and asked.namespace else "a ClusterRole"
    )
    return Forbidden(
        f"{asked}: 403, {who} may not do that. Missing rule: `{asked.rule(denied and denied.group(1))}`: an "
        f"administrator adds "
        f"it to {kind} that is bound to that user (rbac/ has the least rights this server needs)"
    )


def _why_forbidden(words: str) -> str:
    """Why something is forbidden; RBAC may give none."""
    before, forbidden, reason = words.partition(" is forbidden:")
    return reason.strip() if forbidden else before.strip()


def _not_found_error(said: Object, body: bytes, *, asked: ApiRequest) -> GitOpsError:
    """404 of an object has a Status that names it; of a kind that is not served it is plain text or names nothing."""
    named = at(said, "details", "name")
    if named and at(said, "details", "kind") == "namespaces" and asked.resource.plural != "namespaces":
        return NotFound(f"{asked}: there is no namespace {_one_line(str(named), 63)!r}: create it, or name another")
    if named and asked.name:
        full = f"{asked.namespace}/{asked.name}" if asked.namespace else asked.name
        return NotFound(f"no {asked.resource.kind} {full} ({asked.where})")
    if asked.proxied is not None and not said:
        return NotFound(f"{asked}: the service itself answers 404: check that it is the right one")
    if said or body.startswith(b"404 page not found"):
        if asked.resource.group:
            return NotInstalled(
                f"{asked}: the API server does not serve {asked.resource.api_version} {asked.resource.kind}: the CRD "
                f"{asked.kind} is not installed there, or not in version {asked.resource.version}"
            )
        return NotInstalled(f"{asked}: the API server does not serve {asked.resource.kind}")
    return Unavailable(f"{asked}: 404, but not in the form of a Kubernetes API: check the server in kubeconfig")


def _join_causes(said: Object, *, asked: ApiRequest) -> str:
    """Field and rule; of a Secret the field and the rule's name, since a rule's text may quote the value."""
    causes = _causes(said)
    word = "reason" if asked.secret else "message"
    shown = [
        f"{_one_line(str(at(cause, 'field') or '?'), 120)}: {_one_line(_without_quote(cause, word), 200)}"
        for cause in causes[:_SHOWN]
    ]
    more = f" and {len(causes) - _SHOWN} more" if len(causes) > _SHOWN else ""
    return untrusted("; ".join(shown) + more)


def _causes(said: Object) -> list[Object]:
    found = at(said, "details", "causes")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _message(said: Object) -> str:
    return str(at(said, "message") or "")


def _without_quote(cause: Object, word: str) -> str:
    """Of a patch that leaves an unknown field in it the server quotes the whole object first."""
    text = str(at(cause, word) or "")
    return re.sub(r'^Invalid value: ".*": (?=strict decoding error: )', "", text, flags=re.DOTALL)


def parse_status(body: bytes) -> Object:
    """The Status in a body, or nothing: what else a body holds is not for showing."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and value.get("kind") == "Status" else {}


def _shown_message(said: Object, *, asked: ApiRequest, most: int = 300) -> str:
    if asked.secret and asked.verb in _CHANGING:
        return "the server's words are not repeated, since they may quote the Secret"
    return untrusted(_message(said), most=most)


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds to wait, where the server says so in seconds."""
    value = headers.get("Retry-After", "")
    return max(int(value), 1) if value.isdecimal() and len(value) < 6 else None


def _one_line(text: str, limit: int = 300) -> str:
    return words_of_others(str(text), most=limit)
