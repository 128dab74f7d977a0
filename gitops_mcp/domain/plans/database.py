"""The changes of a Database as plans: create, and the step of deleting that is due.

Each takes what Git declares and what the API said, and gives the edits; none looks at anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.domain import belonging
from gitops_mcp.domain.applying import applied, notices
from gitops_mcp.domain.cnpg.protection import blocking, described
from gitops_mcp.domain.cnpg.reconciled import reconciled
from gitops_mcp.domain.dropping import Step, unread
from gitops_mcp.domain.kinds import DATABASE
from gitops_mcp.domain.names import ClusterRef, near, shown
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.place import changed
from gitops_mcp.domain.placement import Place
from gitops_mcp.domain.plan import Impact, Level, Notice, Plan
from gitops_mcp.domain.removal import remove_objects
from gitops_mcp.domain.repository import Declaration, Desired
from gitops_mcp.domain.role_changes import VALIDATED, line_of, newcomer
from gitops_mcp.domain.roles import LiveRoles, bootstrap_database, bootstrap_owner, declared_roles
from gitops_mcp.domain.yamltext import Set, same
from gitops_mcp.errors import InvalidRequest, NotFound, Refused

POLICY = "databaseReclaimPolicy"
_NO_RESTART = "databases are made and dropped while the cluster runs; nothing restarts"


@dataclass(frozen=True)
class NewDatabase:
    name: str
    owner: str
    reclaim_policy: Literal["retain", "delete"]
    extensions: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()

    def spec(self, cluster: str) -> Object:
        """No default of the CRD but `ensure`, in lists that an applier replaces whole."""
        return {
            "cluster": {"name": cluster},
            "name": self.name,
            "owner": self.owner,
            **({POLICY: self.reclaim_policy} if self.reclaim_policy != "retain" else {}),
            **_listed("extensions", self.extensions),
            **_listed("schemas", self.schemas),
        }


def _listed(key: str, names: Sequence[str]) -> Object:
    return {key: [{"name": name, "ensure": "present"} for name in names]} if names else {}


def declared_databases(desired: Desired, ref: ClusterRef) -> tuple[Declaration, ...]:
    return tuple(
        one
        for one in desired.declarations
        if one.identity.kind == DATABASE.kind
        and at(one.object, "spec", "cluster", "name") == ref.name
        and one.identity.namespace in {ref.namespace, None}
    )


def sql_name_of(one: Declaration) -> str:
    return str(at(one.object, "spec", "name"))


def found_database(desired: Desired, ref: ClusterRef, name: str) -> Declaration | None:
    """Raises Refused where several documents declare it."""
    found = [one for one in declared_databases(desired, ref) if sql_name_of(one) == name]
    if len(found) > 1:
        places = " and ".join(one.place for one in found)
        raise Refused(
            f"database {name!r} of Cluster {ref} is declared twice: {places}. The operator takes one of them and "
            f"reports the other as failing, so neither is edited: remove one of them by hand first"
        )
    return found[0] if found else None


def one_database(desired: Desired, cluster: Declaration, ref: ClusterRef, name: str) -> Declaration:
    found = found_database(desired, ref, name)
    if found is not None:
        return found
    known = [sql_name_of(one) for one in declared_databases(desired, ref)]
    if bootstrap_database(cluster.object) == name:
        raise Refused(
            f"database {name!r} of Cluster {ref} was made by bootstrap, and no Database object describes it, so there "
            f"is nothing to remove from Git: it goes with its Cluster, or by hand with DROP DATABASE"
        )
    raise NotFound(f"Git declares no database {name!r} for Cluster {ref}; {near(name, known)}")


def check_new(
    desired: Desired, cluster: Declaration, ref: ClusterRef, new: NewDatabase, live: Iterable[Object] | None
) -> Plan | None:
    """A plan where Git says exactly this already. Raises where the database exists otherwise."""
    known = found_database(desired, ref, new.name)
    if known is not None:
        wanted, said = _filled(new.spec(ref.name)), _filled(known.object["spec"])
        if same(wanted, said):
            return Plan(
                "create-database",
                f"Create database {line_of(new.name)} of Cluster {ref}",
                known.identity,
                unchanged=f"{known.place} declares exactly this database already",
                validated_by=VALIDATED,
            )
        differing = sorted(key for key in {*wanted, *said} if not same(wanted.get(key), said.get(key)))
        raise InvalidRequest(
            f"database_name: {new.name!r} of Cluster {ref} is declared already, at {known.place}, with another "
            f"{', '.join(differing)}: it is not made twice. Choose another name, or edit that document"
        )
    rival = next((one for one in live or () if _is(one, ref, new.name)), None)
    if rival is not None:
        raise Refused(
            f"database_name: the live Database {ref.namespace}/{rival['metadata']['name']} manages {new.name!r} of "
            f"Cluster {ref} already, and Git does not declare it: a second one would fail as already managed. Put that "
            f"object into Git first"
        )
    if bootstrap_database(cluster.object) == new.name:
        _check_adoption(cluster, ref, new)
    return None


def _filled(spec: Object) -> Object:
    """With the defaults of the CRD."""
    lists = {
        key: [{"ensure": "present", **one} if isinstance(one, dict) else one for one in spec[key]]
        for key in ("extensions", "schemas")
        if isinstance(spec.get(key), list) and spec[key]
    }
    rest = {key: value for key, value in spec.items() if value not in (None, [])}
    return {"ensure": "present", POLICY: "retain", **rest, **lists}


def _check_adoption(cluster: Declaration, ref: ClusterRef, new: NewDatabase) -> None:
    owner = bootstrap_owner(cluster.object)
    if not new.extensions and not new.schemas:
        raise InvalidRequest(
            f"database_name: {new.name!r} is the application's database, which bootstrap makes: it needs no Database "
            f"object. Name extensions or schemas to add some to it, or choose another name"
        )
    if new.owner != owner:
        raise InvalidRequest(
            f"owner: the application's database {new.name!r} of Cluster {ref} belongs to {owner!r}; with another owner "
            f"here it would be taken away from it. Say owner={owner!r}"
        )


def create(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    new: NewDatabase,
    *,
    object_name: str,
    layout: str,
    live: LiveRoles | None,
) -> Plan:
    manifest = {
        "apiVersion": DATABASE.api_version,
        "kind": DATABASE.kind,
        "metadata": {"name": object_name, "namespace": ref.namespace},
        "spec": new.spec(ref.name),
    }
    put = belonging.put(
        desired,
        cluster,
        newcomer(ref, object_name, kind=DATABASE.kind),
        manifest,
        places(desired, cluster, ref, object_name, layout),
    )
    adopts = bootstrap_database(cluster.object) == new.name
    what = "Describe" if adopts else "Create"
    return Plan(
        "create-database",
        f"{what} database {line_of(new.name)} of Cluster {ref}",
        Identity(DATABASE.kind, ref.namespace, object_name),
        files=put.changes,
        impact=Impact(Level.NONE, (_NO_RESTART,)),
        warnings=(
            *put.notices,
            *_owner_warnings(desired, cluster, ref, new, live),
            *_policy_warnings(new, adopts=adopts),
            *notices(cluster, desired),
        ),
        body=(
            *(("The database exists already: bootstrap made it for the application",) if adopts else ()),
            f"- owner: {line_of(new.owner)}",
            f"- reclaim policy: {new.reclaim_policy}",
            *((f"- extensions: {', '.join(map(line_of, new.extensions))}",) if new.extensions else ()),
            *((f"- schemas: {', '.join(map(line_of, new.schemas))}",) if new.schemas else ()),
            *applied(cluster),
        ),
        next=(f"Once applied, the operator makes database {shown(new.name)}: see list_postgres_databases",),
        validated_by=VALIDATED,
    )


def places(desired: Desired, cluster: Declaration, ref: ClusterRef, object_name: str, layout: str) -> tuple[Place, ...]:
    known = belonging.siblings(desired, DATABASE.kind)
    return belonging.places(desired, cluster, newcomer(ref, object_name, kind=DATABASE.kind), layout, known)


def _owner_warnings(
    desired: Desired, cluster: Declaration, ref: ClusterRef, new: NewDatabase, live: LiveRoles | None
) -> Iterator[Notice]:
    roles = declared_roles(desired, cluster, ref)
    known = {one.name for one in roles if not one.is_absent} | {
        bootstrap_owner(cluster.object) or "postgres",
        "postgres",
    }
    if new.owner in known or (live is not None and live.exists(ref, new.owner)):
        return
    unseen = "" if live is not None else " (which roles are live could not be read)"
    yield Notice(
        "owner-missing",
        f"owner: no role {shown(new.owner)} is declared or was seen live{unseen}; the operator retries until there is "
        f"one. Add it with create_postgres_role in the same change, or mend the name; {near(new.owner, known)}",
    )


def _policy_warnings(new: NewDatabase, *, adopts: bool) -> Iterator[Notice]:
    if new.reclaim_policy == "delete":
        what = "the application's database" if adopts else "the database"
        yield Notice(
            "drops-with-manifest", f"reclaim_policy delete: {what} is dropped with all data when its manifest goes"
        )


@dataclass(frozen=True)
class Deletion:
    declared: Declaration
    ref: ClusterRef
    drop: bool
    live: tuple[Object, ...] | None
    """Databases of the namespace; None: the API could not be asked."""
    merged: Object | None = None
    """What the base declares of it, which an engine may apply at any time."""
    is_direct: bool = False
    """The API object itself is deleted, so what keeps an engine from pruning keeps nothing."""

    @property
    def name(self) -> str:
        return sql_name_of(self.declared)

    @property
    def seen(self) -> Object | None:
        return next((one for one in self.live or () if _is(one, self.ref, self.name)), None)

    @property
    def is_nowhere(self) -> bool:
        """The API was asked, and has no such object."""
        return self.live is not None and self.seen is None

    @property
    def drops(self) -> bool:
        """Whether the database is dropped in the end.

        What asks for that counts wherever it stands: what Git says may be applied at any time, and until then what is
        live holds.
        """
        declared = None if self.is_nowhere else self.declared.object
        asked = any(_is_absent(one) or _is_reclaimed(one) for one in (self.seen, declared, self.merged))
        return asked or (self.drop and not self.is_nowhere)

    @property
    def drops_now(self) -> bool:
        """Whether it is dropped when its manifest goes, or soon before."""
        is_due = self.drops and not _is_absent(self.declared.object)
        return is_due and (_is_absent(self.seen) or self.stays is None)

    @property
    def stays(self) -> str | None:
        """What keeps the live object although Git says nothing of it any more."""
        if self.is_nowhere or self.is_direct:
            return None
        held = blocking(self.seen) or blocking(self.declared.object)
        by = self.declared.applied
        if held:
            return f"{described(held)} protects it against pruning"
        return f"{by} does not prune by itself" if by is not None and not by.prunes else None

    @property
    def step(self) -> Step:
        if self.is_nowhere:
            return Step("remove", "the only step: no live Database says this database, so just the manifest goes")
        if not self.drops:
            return Step("remove", "the only step: it goes from Git, and stays in PostgreSQL")
        if _is_absent(self.declared.object):
            return unread(is_merged=_is_absent(self.merged)) if self.live is None else self._dropped(self.seen or {})
        if self.drop:
            return Step("ask", "step 1 of 2: `ensure: absent`")
        return Step("remove", f"the only step: {self._asked_for}")

    @property
    def _asked_for(self) -> str:
        """What has it dropped although this call does not ask for that."""
        if _is_absent(self.seen):
            return "the live Database says `ensure: absent`, so it is dropped all the same"
        if _is_reclaimed(self.seen) or (self.live is None and _is_reclaimed(self.declared.object)):
            return "its reclaim policy is delete, so it is dropped all the same"
        said = "reclaim policy is delete" if _is_reclaimed(self.declared.object) else "manifest at the base asks for it"
        return f"its {said}, and once that is live it is dropped all the same"

    def _dropped(self, seen: Object) -> Step:
        state = reconciled(seen)
        if not _is_absent(seen):
            return Step("wait", "step 1 of 2 is in Git but not applied yet")
        if state.applied is False:
            said = state.message or "no reason given"
            return Step(
                "wait", f"step 1 of 2 is applied, but the database cannot be dropped. The operator says: {said}"
            )
        if not state.done:
            return Step("wait", "step 1 of 2 is applied, and the database is not dropped yet")
        return Step("remove", "step 2 of 2: the database is dropped, so its manifest goes")


def delete(desired: Desired, deletion: Deletion) -> Plan:
    """The step that is due; the answer says which it is and what happens to the database in PostgreSQL."""
    declared, step = deletion.declared, deletion.step
    name = shown(deletion.name)
    is_dropped = deletion.drops and not (step.due == "remove" and deletion.stays and not _is_absent(deletion.seen))
    plan = Plan(
        "delete-database",
        f"{'Drop' if is_dropped else 'Release'} database {line_of(deletion.name)} of Cluster {deletion.ref}",
        replace(declared.identity, namespace=deletion.ref.namespace),
        validated_by=VALIDATED,
        destroys=_lost(deletion),
    )
    match step.due:
        case "wait":
            again = "Wait until it is applied (list_postgres_databases shows it), then call this again"
            return replace(plan, destroys=None, unchanged=step.why, next=(again,))
        case "ask":
            return replace(
                plan,
                files=changed(desired, declared, Set(("spec", "ensure"), "absent")),
                body=(f"This is {step.why}", *applied(declared)),
                impact=_dropping(name),
                warnings=notices(declared, desired),
                next=(
                    f"Once this is applied, the operator drops database {name} with all data",
                    "Once that is done, call delete_postgres_database again: step 2 removes the manifest",
                ),
            )
        case "remove":
            return replace(
                plan,
                files=remove_objects(desired, declared),
                body=(f"This is {step.why}", *applied(declared)),
                impact=_dropping(name) if deletion.drops_now else Impact(Level.NONE, (_NO_RESTART,)),
                warnings=notices(declared, desired),
                next=(_fate(deletion),),
            )


def _lost(deletion: Deletion) -> str | None:
    if not deletion.drops:
        return None
    what, place = f"deleting database {shown(deletion.name)} of Cluster {deletion.ref}", deletion.declared.place
    if deletion.is_nowhere:
        return f"{what} may drop it with all data: no live Database says it, but the base asks for its drop"
    if deletion.step.due == "remove" and deletion.stays and not _is_absent(deletion.seen):
        return f"{what} would drop it with all data, but for this: {deletion.stays}"
    keep = "" if deletion.drop else f"; to keep it, first set {POLICY}: retain at {place}, and have that applied"
    if not deletion.drop and _is_absent(deletion.declared.object):
        keep = f"; to keep it, first take `ensure: absent` out at {place}, and have that applied"
    elif not deletion.drop and _is_absent(deletion.seen):
        keep = f"; its live Database says `ensure: absent`, which {place} does not"
    return f"{what} drops it with all data{keep}"


def _fate(deletion: Deletion) -> str:
    name, stays = shown(deletion.name), deletion.stays
    if _is_absent(deletion.seen) or (deletion.live is None and _is_absent(deletion.declared.object)):
        rest = f"; the live Database stays, since {stays}: a person has to delete it" if stays is not None else ""
        return f"The operator has dropped database {name}, or drops it before this is applied{rest}"
    if stays is not None:
        return f"The live Database stays, and so does database {name}, since {stays}: a person has to delete it"
    if deletion.is_nowhere:
        unless = ", unless the base, which asks for it, is applied before this" if deletion.drops else ""
        return f"Nothing is dropped{unless}: no live Database says {name}; what PostgreSQL has under that name stays"
    if deletion.drops:
        sure = deletion.live is None or _is_reclaimed(deletion.seen)
        unless = "" if sure else ", unless the live policy is still retain then"
        return f"Once this is applied, the operator drops database {name} with all data{unless}"
    return f"Database {name} stays in PostgreSQL with all data; nothing manages it any more"


def _dropping(name: str) -> Impact:
    return Impact(Level.DATA_LOSS, (f"database {name} is dropped with all data", _NO_RESTART))


def _is(one: Object, ref: ClusterRef, name: str) -> bool:
    return bool(at(one, "spec", "name") == name and at(one, "spec", "cluster", "name") == ref.name)


def _is_absent(one: Object | None) -> bool:
    return bool(at(one, "spec", "ensure") == "absent")


def _is_reclaimed(one: Object | None) -> bool:
    return bool(at(one, "spec", POLICY) == "delete")
