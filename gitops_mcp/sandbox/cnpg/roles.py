"""The roles of `spec.managed.roles`: brought to what the list says on every turn, and reported in the Cluster's status.

Two things are as the operator does them and easily surprise. A list that is empty is not looked at, so the report
stays as it last was. A role that a DatabaseRole made counts as not-managed, like every other that is not in the list.
It differs in one thing: here a Secret that cannot be used is reported for its role; the operator logs it, and leaves
every role of the list as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.credentials import Secrets, Unusable, wanted_password
from gitops_mcp.sandbox.cnpg.postgres import RESERVED, Postgres, SqlAttributes, SqlError


def inline_roles(cluster: Object) -> list[Object]:
    return at(cluster, "spec", "managed", "roles") or []


def managed_roles(cluster: Object, postgres: Postgres | None, secrets: Secrets) -> Object | None:
    """The new `status.managedRolesStatus`; without a PostgreSQL that is up, or without a list, what it was."""
    before: Object | None = at(cluster, "status", "managedRolesStatus")
    declared = [role for role in inline_roles(cluster) if role["name"] not in RESERVED]
    if postgres is None or not declared:
        return before
    turn = _RolesTurn(postgres, secrets)
    # What is to be dropped comes last, since another role's memberships may have to let go of it first.
    for role in sorted(declared, key=_is_absent):
        turn.bring(role)
    return _roles_report(declared, turn, before or {})


@dataclass
class _RolesTurn:
    postgres: Postgres
    secrets: Secrets
    faults: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def bring(self, role: Object) -> None:
        name, found = role["name"], self.postgres.roles.get(role["name"])
        if _is_absent(role):
            with self._attempt("DELETE", name):
                if found:
                    self.postgres.drop_role(name)
        elif found is None:
            with self._attempt("CREATE", name):
                wanted = wanted_password(role, self.secrets, now=None)
                self.postgres.create_role(
                    name, SqlAttributes.wanted(role, before=None), role.get("inRoles") or (), password=wanted
                )
                self.postgres.comment_on_role(name, role.get("comment", ""))
        else:
            self._update(role)

    def _update(self, role: Object) -> None:
        name, found = role["name"], self.postgres.roles[role["name"]]
        with self._attempt("UPDATE", name):
            attributes = SqlAttributes.wanted(role, before=found.attributes)
            wanted = wanted_password(role, self.secrets, now=found.password)
            if (attributes, wanted) != (found.attributes, found.password):
                self.postgres.alter_role(name, attributes, password=wanted)
        if found.comment != role.get("comment", ""):
            self.postgres.comment_on_role(name, role.get("comment", ""))
        with self._attempt("UPDATE_MEMBERSHIPS", name):
            self.postgres.set_memberships(name, role.get("inRoles") or ())

    @contextmanager
    def _attempt(self, action: str, role: str) -> Iterator[None]:
        try:
            yield
        except SqlError as error:
            # Of what depends on a role PostgreSQL tells in the detail, and the operator repeats only that.
            self.faults[role].append(f"could not perform {action} on role {role}: {error.detail or error.message}")
        except Unusable as error:
            self.faults[role].append(str(error))


def _roles_report(declared: list[Object], turn: _RolesTurn, before: Object) -> Object:
    names = {role["name"] for role in declared}
    present = turn.postgres.roles
    by_status = {
        "reconciled": sorted(names - turn.faults.keys()),
        "pending-reconciliation": sorted(turn.faults),
        "not-managed": sorted(present.keys() - names - set(RESERVED)),
        "reserved": list(RESERVED),
    }
    applied = {
        name: {"transactionID": present[name].transaction, **_secret_version(name, turn)}
        for name in sorted(names & present.keys() - turn.faults.keys())
    }
    made = {
        "byStatus": {state: members for state, members in by_status.items() if members},
        "cannotReconcile": {name: turn.faults[name] for name in sorted(turn.faults)},
        # What was once applied stays listed, also when the role has left the list or PostgreSQL.
        "passwordStatus": {**(before.get("passwordStatus") or {}), **applied},
    }
    return {key: value for key, value in made.items() if value}


def _secret_version(name: str, turn: _RolesTurn) -> Object:
    found = turn.postgres.roles[name].password
    return {"resourceVersion": found.version} if found and found.version.isdigit() else {}


def _is_absent(role: Object) -> bool:
    return bool(role.get("ensure") == "absent")
