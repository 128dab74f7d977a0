"""DatabaseRoles, as the instance manager of the primary applies them.

Once for each generation and each version of the password Secret: what somebody changes by hand stays changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gitops_mcp.domain.cnpg.cluster_spec import is_replica
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.credentials import Secrets, Unusable, secret_of, version_of, wanted_password
from gitops_mcp.sandbox.cnpg.postgres import RESERVED, Postgres, SqlAttributes, SqlError, SqlPassword
from gitops_mcp.sandbox.cnpg.reconciled import (
    WAITING,
    ReconcileOutcome,
    failed_status,
    is_going,
    is_seen,
    rival_conflict,
)
from gitops_mcp.sandbox.cnpg.roles import inline_roles

FINALIZER = "cnpg.io/deleteRole"
INLINE = "database role is already managed by the CNPG cluster"
_ABSENT = "ensure: absent is not supported for DatabaseRole; delete the resource with roleReclaimPolicy: delete instead"
_CHANGED = "PasswordSecretChange"


def database_role_outcome(
    role: Object, cluster: Object, postgres: Postgres, *, secrets: Secrets, others: Iterable[Object], now: datetime
) -> ReconcileOutcome:
    """`others` are the DatabaseRoles of the same Cluster, `secrets` those of its namespace."""
    role = _with_secret_version(role, secrets, now)
    if not is_going(role) and is_seen(role) and _is_current(role):
        return ReconcileOutcome(role.get("status"))
    if role["spec"]["name"] in {inline["name"] for inline in inline_roles(cluster)}:
        return ReconcileOutcome(failed_status(role, INLINE))
    if is_replica(cluster):
        return (
            ReconcileOutcome(None, held=False)
            if is_going(role)
            else ReconcileOutcome(failed_status(role, WAITING, applied=None))
        )
    if is_going(role):
        return _release_role(role, postgres)
    return ReconcileOutcome(_role_status(role, postgres, secrets, others), held=True)


def _with_secret_version(role: Object, secrets: Secrets, now: datetime) -> Object:
    """The role with the condition that says which version of its Secret there is."""
    name, version = secret_of(role["spec"]), version_of(secret_of(role["spec"]), secrets)
    before: Object = role.get("status") or {}
    known = [one for one in before.get("conditions") or () if one["type"] == _CHANGED]
    if name and (version is None or (known and known[0]["message"] == version)):
        return role
    others = [one for one in before.get("conditions") or () if one["type"] != _CHANGED]
    changed = {
        "type": _CHANGED,
        "status": "True",
        "reason": "ChangeDetected",
        "message": version,
        "lastTransitionTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    listed = [*others, changed] if name else others
    status = {key: value for key, value in before.items() if key != "conditions"}
    status |= {"conditions": listed} if listed else {}
    return {**role, "status": status} if status or "status" in role else role


def _is_current(role: Object) -> bool:
    """Whether the password is of the Secret's newest version."""
    if secret_of(role["spec"]) is None:
        return True
    noticed = [one["message"] for one in at(role, "status", "conditions") or () if one["type"] == _CHANGED]
    return bool([at(role, "status", "secretResourceVersion")] == noticed)


def _release_role(role: Object, postgres: Postgres) -> ReconcileOutcome:
    """Dropped where it says so; as long as PostgreSQL refuses that, the object stays."""
    name = role["spec"]["name"]
    if FINALIZER not in role["metadata"].get("finalizers", ()):
        return ReconcileOutcome(None)
    if role["spec"].get("databaseRoleReclaimPolicy") == "delete" and name in postgres.roles:
        try:
            postgres.drop_role(name)
        except SqlError as error:
            return ReconcileOutcome(failed_status(role, f"while deleting role {name} with role reconciler: {error}"))
    return ReconcileOutcome(None, held=False)


def _role_status(role: Object, postgres: Postgres, secrets: Secrets, others: Iterable[Object]) -> Object:
    spec = role["spec"]
    if why := _refusal(role, others) or _missing_secret(spec, secrets):
        return failed_status(role, why)
    try:
        taken = _apply_role(spec, postgres, secrets)
    except (SqlError, Unusable) as error:
        return failed_status(role, f"{_failed_step(error, spec, postgres)}: {error}")
    kept = {key: value for key, value in role.get("status", {}).items() if key in {"conditions", "clientCertificate"}}
    made = {"applied": True, "observedGeneration": role["metadata"]["generation"], **kept}
    return made | ({"secretResourceVersion": taken.version} if taken and secret_of(spec) else {})


def _refusal(role: Object, others: Iterable[Object]) -> str | None:
    name = role["spec"]["name"]
    if role["spec"].get("ensure") == "absent":
        return _ABSENT
    if conflict := rival_conflict(role, others):
        return conflict
    if name in RESERVED or name.startswith(("pg_", "cnpg_")):
        return f'role name "{name}" is reserved and cannot be managed via DatabaseRole'
    return None


def _missing_secret(spec: Object, secrets: Secrets) -> str | None:
    name = secret_of(spec)
    return f'secrets "{name}" not found' if name and name not in secrets else None


def _apply_role(spec: Object, postgres: Postgres, secrets: Secrets) -> SqlPassword | None:
    """A role that is there is taken over: what the object leaves out is reset."""
    name, found = spec["name"], postgres.roles.get(spec["name"])
    wanted = wanted_password(spec, secrets, now=found.password if found else None)
    groups = spec.get("inRoles") or ()
    if found is None:
        postgres.create_role(name, SqlAttributes.wanted(spec, before=None), groups, password=wanted)
    else:
        postgres.set_memberships(name, groups)
        postgres.alter_role(name, SqlAttributes.wanted(spec, before=found.attributes), password=wanted)
    postgres.comment_on_role(name, spec.get("comment", ""))
    return wanted


def _failed_step(error: Exception, spec: Object, postgres: Postgres) -> str:
    name = spec["name"]
    if isinstance(error, Unusable):
        return "while getting the role password"
    if name not in postgres.roles:
        return f"while creating role {name} with role reconciler"
    return f"while updating membership: while updating memberships for role {name} with role reconciler"
