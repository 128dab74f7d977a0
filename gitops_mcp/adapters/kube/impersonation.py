"""Whom requests are made as: whom a kubeconfig user acts as (`as`, `as-groups`, ...), or a caller -> headers.

They go out with every request, reads, writes and reviews alike, so that what the login itself may do is never done in
its name. https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.access.identity import Identity, is_of_kubernetes, is_plain_name
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Refused, Unavailable

_IN_NO_HEADER_NAME = re.compile(rb"[^!#$&'*+.^_`|~0-9A-Za-z-]")


def impersonation_headers(name: str, user: Object) -> tuple[tuple[str, str], ...]:
    """Names and values, one pair a header; a group or a value of `as-user-extra` has one each.

    Raises Unavailable for what kubectl refuses: groups, uid or extra without a user, and what is no text.
    """
    found = tuple(_headers_said(name, user))
    if found and found[0][0] != "Impersonate-User":
        raise Unavailable(
            f"kubeconfig: user {quote(name)} has as-groups, as-uid or as-user-extra but no `as`: name the user to "
            f"impersonate, or take them out"
        )
    return found


def caller_headers(caller: Identity) -> tuple[tuple[str, str], ...]:
    """The same of who is signed in. Raises Refused for what would be more than that person."""
    names = [caller.name, *sorted(caller.groups)]
    if bad := next(filter(is_of_kubernetes, names), None):
        raise Refused(f"cannot impersonate {quote(bad)}: names and groups that begin with system: are Kubernetes' own")
    if (bad := next((name for name in names if not is_plain_name(name)), None)) is not None:
        raise Refused(
            f"cannot impersonate {quote(bad)}: in a header it would be another name; expected 1 to 256 "
            f"characters that can be seen, on one line, with no blank around them"
        )
    user, *groups = (name.encode().decode("latin-1") for name in names)
    return (("Impersonate-User", user), *(("Impersonate-Group", group) for group in groups))


def _headers_said(name: str, user: Object) -> Iterator[tuple[str, str]]:
    if user.get("as"):
        yield "Impersonate-User", _header_value(user["as"], name, "as")
    if user.get("as-uid"):
        yield "Impersonate-Uid", _header_value(user["as-uid"], name, "as-uid")
    for group in _list_of_texts(user.get("as-groups"), name, "as-groups"):
        yield "Impersonate-Group", group
    extra = user.get("as-user-extra") or {}
    if not isinstance(extra, dict):
        raise _unusable(name, "as-user-extra", "{scopes: [view]}")
    for key, values in extra.items():
        field = f"as-user-extra.{key}"
        header = "Impersonate-Extra-" + _IN_NO_HEADER_NAME.sub(_escaped, str(key).lower().encode()).decode()
        yield from ((header, value) for value in _list_of_texts(values, name, field))


def _escaped(byte: re.Match[bytes]) -> bytes:
    return b"%%%02X" % byte[0][0]


def _list_of_texts(values: Any, name: str, field: str) -> list[str]:
    if values is not None and not isinstance(values, list):
        raise _unusable(name, field, "[developers]")
    return [_header_value(value, name, field) for value in values or ()]


def _header_value(value: Any, name: str, field: str) -> str:
    """As UTF-8 on the wire, which Go sends and reads, where http.client would write Latin-1."""
    if not isinstance(value, str) or not value.isprintable():
        raise _unusable(name, field, "developers")
    return value.encode().decode("latin-1")


def _unusable(name: str, field: str, example: str) -> Unavailable:
    return Unavailable(
        f"kubeconfig: {quote(field)} of user {quote(name)} is not as kubectl reads it; such as `{example}`: repair it"
    )
