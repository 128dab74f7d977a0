"""What a request is about, before it is planned: the name of its change, and the objects and fields that it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from gitops_mcp.domain.names import ClusterRef, slug
from gitops_mcp.domain.objects import Identity, Path, at
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.yaml.values import is_same

if TYPE_CHECKING:
    from gitops_mcp.domain.plans.roles.declared_roles import DeclaredRole


class SubjectPart(Protocol):
    """One thing that a request means: an object, a role, a database, or a field of one."""

    def read(self, desired: Desired) -> Any:
        """What a state says of it; None where it says nothing."""

    def is_in(self, desired: Desired) -> bool:
        """Whether a state declares the object, role or database."""


@dataclass(frozen=True)
class ObjectPart:
    identity: Identity
    path: Path = ()
    """The field; `()` means the whole object."""

    def read(self, desired: Desired) -> Any:
        found = (one.object for one in desired.declarations if one.identity == self.identity)
        return at(next(found, None), *self.path)

    def is_in(self, desired: Desired) -> bool:
        return any(one.identity == self.identity for one in desired.declarations)


@dataclass(frozen=True)
class RolePart:
    """A role by its name in PostgreSQL, whichever form declares it."""

    cluster: ClusterRef
    name: str
    key: str | None = None
    """The field of its spec; None means all of it, its form too."""

    def read(self, desired: Desired) -> Any:
        found = self._roles(desired)
        return [at(one.spec, self.key) if self.key else [one.form, one.spec] for one in found] or None

    def is_in(self, desired: Desired) -> bool:
        return bool(self._roles(desired))

    def _roles(self, desired: Desired) -> list[DeclaredRole]:
        from gitops_mcp.domain.plans.roles.declared_roles import declared_roles

        return [
            role
            for one in desired.named("Cluster", self.cluster.name)
            if one.identity.namespace in {self.cluster.namespace, None}
            for role in declared_roles(desired, one, self.cluster)
            if role.name == self.name
        ]


@dataclass(frozen=True)
class DatabasePart:
    """A database by its name in PostgreSQL."""

    cluster: ClusterRef
    name: str

    def read(self, desired: Desired) -> Any:
        from gitops_mcp.domain.plans.databases.database import declared_databases, sql_name_of

        found = declared_databases(desired, self.cluster)
        return [one.object for one in found if sql_name_of(one) == self.name] or None

    def is_in(self, desired: Desired) -> bool:
        return self.read(desired) is not None


@dataclass(frozen=True)
class FilePart:
    """A file whose text is made anew as a whole, or where what is sealed in it is."""

    path: str

    def read(self, desired: Desired) -> Any:
        return desired.texts.get(self.path)

    def is_in(self, desired: Desired) -> bool:
        return self.path in desired.texts


@dataclass(frozen=True)
class Subject:
    verb: str
    """The words that name a change when the caller does not: `scale` in `scale-shop-orders-db`."""
    target: Identity
    parts: tuple[SubjectPart, ...]
    removes: bool = False
    """The request is to take its parts away."""
    called: str = ""
    """What its change is called, where that follows from the name of another one."""

    @property
    def files(self) -> tuple[str, ...]:
        """Whose texts the states to compare have to know."""
        return tuple(part.path for part in self.parts if isinstance(part, FilePart))

    def change_name(self, environment: str | None) -> str:
        """The name of a change from its request without its values.

        Verb, environment, namespace and object, as one legal label. To scale Cluster `orders-db` of namespace `shop` to
        5, or to 7, is `scale-shop-orders-db`; with several environments `scale-prod-shop-orders-db`. To create role
        `My Role` there is `create-role-shop-orders-db-my-role`: the target is the DatabaseRole, called
        `orders-db-my-role`. Whether the name is taken is not asked here: the delivery adds `-2`, `-3` where it is.
        """
        if self.called:
            return slug(self.called)
        words = (self.verb, environment, self.target.namespace, self.target.name)
        return slug("-".join(word for word in words if word))

    def is_among(self, before: Desired, after: Desired) -> bool:
        """Whether all of it is among what differs between two states: added, edited or removed.

        The states are those of the open change with the request's name: where it left the base, and at its tip. The
        change `scale-shop-orders-db` has set `spec.instances` to 5. "Scale to 7" is about that field, which differs, so
        it is put into that change. Had somebody given another request this name, one that grows the storage, the field
        would be the same in both states, and "scale to 7" would get `scale-shop-orders-db-2`.
        """
        return bool(self.parts) and all(not is_same(one.read(before), one.read(after)) for one in self.parts)

    def clash_with(self, before: Desired, after: Desired) -> str | None:
        """What another change, of these two states, does to what this one is to take away: also beside its fields."""
        if not self.removes or all(is_same(one.read(before), one.read(after)) for one in self.parts):
            return None
        if any(one.is_in(before) and not one.is_in(after) for one in self.parts):
            return f"takes {self.target} away too: discard one of the two"
        return (
            f"changes {self.target}, which this would remove: agree with its reviewers which of the two is wanted, "
            f"and discard the other"
        )

    def is_removed(self, before: Desired, after: Desired) -> bool:
        """Whether taking it away is done already in the second state."""
        return self.removes and all(part.is_in(before) and not part.is_in(after) for part in self.parts)
