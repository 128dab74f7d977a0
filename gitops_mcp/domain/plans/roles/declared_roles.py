"""The roles of a Cluster as Git declares them, in both forms, and what the API shows of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.cnpg.role import RoleAttributes
from gitops_mcp.domain.editing.field import where_field_stands
from gitops_mcp.domain.kinds import DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef, UnplacedCluster, suggest
from gitops_mcp.domain.objects import Identity, Object, Path, at, list_at, mapping_at, strings_in, texts_at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import NotFound, Refused

Form = Literal["inline", "DatabaseRole"]

ROLES: Path = ("spec", "managed", "roles")


@dataclass(frozen=True)
class DeclaredRole:
    name: str
    """In PostgreSQL."""
    form: Form
    declared: Declaration
    """The DatabaseRole, or the Cluster that has it in its list."""
    place: str
    """File and line."""
    index: int | None = None
    """Of an inline one."""

    @property
    def spec(self) -> Object:
        found = at(self.declared.object, *self.path)
        return found if isinstance(found, dict) else {}

    @property
    def path(self) -> Path:
        """Where its attributes stand in the object that declares it."""
        return ("spec",) if self.index is None else (*ROLES, self.index)

    @property
    def attributes(self) -> RoleAttributes:
        return RoleAttributes.of(self.spec)

    @property
    def secret(self) -> str | None:
        found = at(self.spec, "passwordSecret", "name")
        return found if isinstance(found, str) else None

    @property
    def is_absent(self) -> bool:
        return bool(at(self.spec, "ensure") == "absent")

    @property
    def label(self) -> str:
        return f"role {self.name!r} ({self.form}, {self.place})"


@dataclass(frozen=True)
class LiveRoles:
    """What the API says, where it could be asked."""

    cluster: Object | None
    """None: there is no such live Cluster."""
    objects: tuple[Object, ...] | None
    """DatabaseRoles of the namespace; None: the kind is not served there."""

    def named(self, ref: ClusterRef | UnplacedCluster, name: str) -> Object | None:
        """The live DatabaseRole that says this name in PostgreSQL."""
        return next(
            (
                one
                for one in self.objects or ()
                if at(one, "spec", "name") == name and at(one, "spec", "cluster", "name") == ref.name
            ),
            None,
        )

    def inline(self, name: str) -> Object | None:
        listed = at(self.cluster, *ROLES)
        return next((one for one in listed if at(one, "name") == name), None) if isinstance(listed, list) else None

    def state(self, name: str) -> str | None:
        """`reconciled`, `pending-reconciliation`, `not-managed` or `reserved`, as the operator reports it."""
        by_status = mapping_at(self.cluster, "status", "managedRolesStatus", "byStatus")
        return next((str(state) for state in by_status if name in list_at(by_status, state)), None)

    def errors(self, name: str) -> tuple[str, ...]:
        return tuple(texts_at(self.cluster, "status", "managedRolesStatus", "cannotReconcile", name))

    def exists(self, ref: ClusterRef, name: str) -> bool:
        """Whether PostgreSQL has a role of this name, as far as the API shows it."""
        return self.state(name) is not None or self.named(ref, name) is not None or self.inline(name) is not None


def declared_roles(
    desired: Desired, cluster: Declaration, ref: ClusterRef | UnplacedCluster
) -> tuple[DeclaredRole, ...]:
    return (*_inline_roles(desired, cluster), *_object_roles(desired, ref))


def find_role(desired: Desired, cluster: Declaration, ref: ClusterRef, name: str) -> DeclaredRole | None:
    """The one place that declares a role; None where none does. Raises Refused where several do."""
    found = [one for one in declared_roles(desired, cluster, ref) if one.name == name]
    if len(found) > 1:
        places = " and ".join(f"{one.form} at {one.place}" for one in found)
        raise Refused(
            f"role {name!r} of Cluster {ref} is declared twice: {places}. The operator takes one of them and reports "
            f"the other as failing, so neither is edited: remove one of them by hand first"
        )
    return found[0] if found else None


def require_role(desired: Desired, cluster: Declaration, ref: ClusterRef, name: str) -> DeclaredRole:
    """Raises NotFound with near names."""
    found = find_role(desired, cluster, ref, name)
    if found is None:
        known = [one.name for one in declared_roles(desired, cluster, ref)]
        raise NotFound(f"{desired.origin.declares} no role {name!r} for Cluster {ref}; {suggest(name, known)}")
    return found


def target_of_role(role: DeclaredRole, ref: ClusterRef) -> Identity:
    """What the change is named after."""
    name = role.declared.identity.name if role.index is None else f"{ref.name}-{role.name}"
    return Identity(DATABASE_ROLE.kind if role.index is None else "Cluster", ref.namespace, name)


def objects_naming_secret(
    desired: Desired, namespace: str, secret: str, *, but: DeclaredRole | None = None
) -> tuple[str, ...]:
    """What else in the namespace names a Secret, wherever it does, each with its place."""
    users = []
    for one in desired.declarations:
        if one.identity.namespace not in {namespace, None}:
            continue
        value: Object = one.object
        if but is not None and one.identity == but.declared.identity:
            value = _without_role(value, but)
        if secret in strings_in(value):
            users.append(f"{one.identity} ({one.place})")
    return tuple(users)


def _without_role(value: Object, role: DeclaredRole) -> Object:
    """The object that declares a role, without that role."""
    if role.index is None:
        return {}
    listed = [entry for index, entry in enumerate(list_at(value, *ROLES)) if index != role.index]
    return {**value, "spec": {**value["spec"], "managed": {**value["spec"]["managed"], "roles": listed}}}


def bootstrap_owner(cluster: Object) -> str | None:
    """The role that bootstrap makes for the application; the operator keeps its password in a Secret of its own."""
    method = _bootstrap_method(cluster)
    if method is None:
        return None
    owner = at(method, "owner") or at(method, "database") or "app"
    return str(owner)


def bootstrap_database(cluster: Object) -> str | None:
    method = _bootstrap_method(cluster)
    return None if method is None else str(at(method, "database") or "app")


def bootstrap_secret(cluster: Object, ref: ClusterRef) -> str:
    """The Secret of the application's owner: one that was named, else the operator's own (`<cluster>-app`)."""
    return str(at(_bootstrap_method(cluster), "secret", "name") or f"{ref.name}-app")


def _bootstrap_method(cluster: Object) -> Object | None:
    """Initdb is what the operator takes where nothing is said; a restored cluster has what its source had."""
    bootstrap = at(cluster, "spec", "bootstrap")
    methods = bootstrap if isinstance(bootstrap, dict) else {}
    for name in ("recovery", "pg_basebackup"):
        if name in methods:
            found = methods[name]
            return found if isinstance(found, dict) and (found.get("owner") or found.get("database")) else None
    found = methods.get("initdb")
    if isinstance(found, dict):
        return None if at(found, "import", "type") == "monolith" else found
    return {}


def _inline_roles(desired: Desired, cluster: Declaration) -> Iterator[DeclaredRole]:
    listed = at(cluster.object, *ROLES)
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        name = at(entry, "name")
        if isinstance(name, str):
            place = where_field_stands(desired, cluster, (*ROLES, index))
            yield DeclaredRole(name, "inline", cluster, place, index)


def _object_roles(desired: Desired, ref: ClusterRef | UnplacedCluster) -> Iterator[DeclaredRole]:
    for one in desired.declarations:
        if one.identity.kind != "DatabaseRole" or at(one.object, "spec", "cluster", "name") != ref.name:
            continue
        name = at(one.object, "spec", "name")
        if isinstance(name, str) and one.identity.namespace in {ref.namespace, None}:
            yield DeclaredRole(name, "DatabaseRole", one, one.place)
