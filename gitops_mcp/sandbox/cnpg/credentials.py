"""The password Secret of a role, checked as the instance manager checks it: its keys and its user, not its type."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.postgres import SqlPassword

Secrets = Mapping[str, Object]
"""The Secrets of a namespace by their names."""


class Unusable(Exception):
    """Why the Secret gives no password; the message holds no value but the user name."""


def secret_of(spec: Object) -> str | None:
    name: str | None = at(spec, "passwordSecret", "name")
    return name


def version_of(name: str | None, secrets: Secrets) -> str | None:
    version: str | None = at(secrets.get(name or ""), "metadata", "resourceVersion")
    return version


def wanted_password(spec: Object, secrets: Secrets, *, now: SqlPassword | None) -> SqlPassword | None:
    """The password that a role configuration asks for; without a word about it the role keeps the one it has `now`."""
    name = secret_of(spec)
    if name is None:
        return None if spec.get("disablePassword") else now
    if spec.get("disablePassword"):
        raise Unusable(f"cannot reconcile: password both provided and disabled: {name}")
    found = secrets.get(name)
    if found is None:
        raise Unusable(f'failed to get password secret {name}: secrets "{name}" not found')
    data = found.get("data") or {}
    for key in ("username", "password"):
        if key not in data:
            raise Unusable(f"{key} key doesn't exist inside the secret")
    user = base64.b64decode(data["username"]).decode(errors="replace")
    if user.strip() != spec["name"].strip():
        raise Unusable(f"wrong username '{user}' in secret, expected '{spec['name']}'")
    return SqlPassword(found["metadata"]["resourceVersion"])
