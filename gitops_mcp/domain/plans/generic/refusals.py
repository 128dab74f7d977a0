"""What no request puts into Git, whatever field it names: passwords, and what is the operator's or an engine's own."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Path, at, dotted_path
from gitops_mcp.domain.plans.generic.field_path import FieldPath, ItemKey
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.redact.keys import is_secret_value
from gitops_mcp.domain.rules.annotation import VALIDATION
from gitops_mcp.errors import InvalidRequest, Refused

_DEEPEST = 40
_FIRST = frozenset({"name", "cluster", "key", "major"})
"""What says which one it is stands first."""
_NO_SECRET = frozenset({"promotionToken"})
"""It names a state of the database, and opens nothing."""
_OPERATORS = (
    "operatorVersion instanceName instanceRole jobRole nodeSerial podRole pvcRole pvcStatus immediateBackup "
    "scheduled-backup"
)
_ENGINES = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    **{f"{part}.toolkit.fluxcd.io/{key}": "Flux" for part in ("kustomize", "helm") for key in ("name", "namespace")},
    "kubectl.kubernetes.io/last-applied-configuration": "kubectl",
}
_WRITTEN_BY = {**{f"cnpg.io/{name}": "the operator" for name in _OPERATORS.split()}, **_ENGINES}


def checked_json(value: Any, *, argument: str, depth: int = 0) -> Any:
    """What a caller gave, with 5.0 as 5, which some clients make of it, and the keys of mappings in one order.

    That is the order in which they come back when a commit is asked what it was. Raises InvalidRequest where it is
    nested too deep.
    """
    if depth > _DEEPEST:
        raise InvalidRequest(f"{argument}: it is nested deeper than any field of a kind is ({_DEEPEST} levels)")
    match value:
        case dict():
            ordered = sorted(value.items(), key=lambda one: (one[0] not in _FIRST, one[0]))
            return {key: checked_json(part, argument=argument, depth=depth + 1) for key, part in ordered}
        case list():
            return [checked_json(part, argument=argument, depth=depth + 1) for part in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def check_writable(path: FieldPath, value: Any, *, argument: str) -> None:
    """Raises Refused for a label or annotation that others write, or that switches the operator's checks off."""
    if path.steps[0] == "metadata":
        for key in path.steps[2:3] or (value if isinstance(value, dict) else ()):
            _check_key(str(key), argument)


def check_no_secret(value: Any, path: Path, *, argument: str, named: str = "") -> None:
    """Raises Refused where a value may be a password; it is not repeated. `named`: the `name` beside it."""
    if (found := _secret_place(value, path, named)) is not None:
        raise Refused(
            f"{argument}: the value at {dotted_path(found)} looks like a password or a token, and Git would keep it "
            f"for ever. Have it read from a Secret: name that in the field for it (passwordSecret, secretKeyRef, "
            f"s3Credentials and the like). The value was not kept"
        )


def name_beside(path: FieldPath) -> str:
    """`PGDATA` of `spec.env[name=PGDATA].value`."""
    before = path.steps[-2] if len(path.steps) > 1 else ""
    return dict(before.said).get("name", "") if isinstance(before, ItemKey) and path.steps[-1] == "value" else ""


def _check_key(key: str, argument: str) -> None:
    if key == VALIDATION:
        raise Refused(
            f"{argument}: {VALIDATION} switches the operator's checks off, so that it accepts what it then breaks on: "
            f"it is not written through this server (remove takes it away)"
        )
    if (by := _WRITTEN_BY.get(key)) is not None:
        raise Refused(f"{argument}: {quote(key)} is written by {by}, so it is not set in Git: leave it out")


def _secret_place(value: Any, path: Path, named: str) -> Path | None:
    match value:
        case dict():
            beside = str(at(value, "name") or "")
            parts = ((one, (*path, str(key)), beside if key == "value" else "") for key, one in value.items())
        case list():
            parts = ((one, (*path, index), "") for index, one in enumerate(value))
        case str():
            key = next((step for step in reversed(path) if isinstance(step, str)), "")
            if key in _NO_SECRET:
                return None
            is_one = is_secret_value(key, value) or (named and is_secret_value(named, value))
            return path if is_one or redact_text(value) != value else None
        case _:
            return None
    return next((found for one, place, name in parts if (found := _secret_place(one, place, name)) is not None), None)
