"""The changes of a Database as plans: create, and the step of deleting that is due.

Each takes what Git declares and what the API said, and gives the edits; none looks at anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.editing.placing.new_document import put_document
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, candidate_places, find_siblings
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import DATABASE
from gitops_mcp.domain.names import ClusterRef, UnplacedCluster, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles, bootstrap_database, bootstrap_owner, declared_roles
from gitops_mcp.domain.plans.roles.role import make_new_object
from gitops_mcp.domain.plans.roles.role_attributes import VALIDATED, quote_sql_name
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest, NotFound, Refused

POLICY = "databaseReclaimPolicy"
NO_RESTART = "databases are made and dropped while the cluster runs; nothing restarts"


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
            **_list_field("extensions", self.extensions),
            **_list_field("schemas", self.schemas),
        }


def _list_field(key: str, names: Sequence[str]) -> Object:
    return {key: [{"name": name, "ensure": "present"} for name in names]} if names else {}


def declared_databases(desired: Desired, ref: ClusterRef | UnplacedCluster) -> tuple[Declaration, ...]:
    return desired.of_cluster(DATABASE.kind, ref)


def sql_name_of(one: Declaration) -> str:
    return str(at(one.object, "spec", "name"))


def find_database(desired: Desired, ref: ClusterRef, name: str) -> Declaration | None:
    """Raises Refused where several documents declare it."""
    found = [one for one in declared_databases(desired, ref) if sql_name_of(one) == name]
    if len(found) > 1:
        places = " and ".join(one.place for one in found)
        raise Refused(
            f"database {name!r} of Cluster {ref} is declared twice: {places}. The operator takes one of them and "
            f"reports the other as failing, so neither is edited: remove one of them by hand first"
        )
    return found[0] if found else None


def require_database(desired: Desired, cluster: Declaration, ref: ClusterRef, name: str) -> Declaration:
    found = find_database(desired, ref, name)
    if found is not None:
        return found
    known = [sql_name_of(one) for one in declared_databases(desired, ref)]
    if bootstrap_database(cluster.object) == name:
        raise Refused(
            f"database {name!r} of Cluster {ref} was made by bootstrap, and no Database object describes it, so there "
            f"is nothing to remove from {desired.origin.name}. It goes with its Cluster, or by hand with DROP DATABASE"
        )
    raise NotFound(f"{desired.origin.declares} no database {name!r} for Cluster {ref}; {suggest(name, known)}")


def check_new_database(
    desired: Desired, cluster: Declaration, ref: ClusterRef, new: NewDatabase, live: Iterable[Object] | None
) -> Plan | None:
    """A plan where Git says exactly this already. Raises where the database exists otherwise."""
    known = find_database(desired, ref, new.name)
    if known is not None:
        known.check_stays()
        wanted, said = _with_defaults(new.spec(ref.name)), _with_defaults(known.object["spec"])
        if is_same(wanted, said):
            return Plan(
                f"Create database {quote_sql_name(new.name)} of Cluster {ref}",
                known.identity,
                unchanged=f"{known.place} declares exactly this database already",
                validated_by=VALIDATED,
            )
        differing = sorted(key for key in {*wanted, *said} if not is_same(wanted.get(key), said.get(key)))
        raise InvalidRequest(
            f"database_name: {new.name!r} of Cluster {ref} is declared already, at {known.place}{known.written}, with "
            f"another {', '.join(differing)}: it is not made twice. Choose another name, or edit that "
            f"{desired.origin.document}"
        )
    rival = next((one for one in live or () if is_database(one, ref, new.name)), None)
    if rival is not None:
        raise Refused(
            f"database_name: the live Database {ref.namespace}/{rival['metadata']['name']} manages {new.name!r} of "
            f"Cluster {ref} already, and Git does not declare it: a second one would fail as already managed. Put that "
            f"object into Git first"
        )
    if bootstrap_database(cluster.object) == new.name:
        _check_adoption(cluster, ref, new)
    return None


def _with_defaults(spec: Object) -> Object:
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


def plan_new_database(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    new: NewDatabase,
    *,
    object_name: str,
    places: Iterable[FilePlace],
    live: LiveRoles | None,
) -> Plan:
    """The Database in Git, at the first of `places` that is this Cluster's own. Raises Refused where none is."""
    manifest = {
        "apiVersion": DATABASE.api_version,
        "kind": DATABASE.kind,
        "metadata": {"name": object_name, "namespace": ref.namespace},
        "spec": new.spec(ref.name),
    }
    new_object = make_new_object(ref, object_name, kind=DATABASE.kind)
    put = put_document(
        desired, cluster, new_object, manifest, places, defaults={"spec": {"ensure": "present", POLICY: "retain"}}
    )
    adopts = bootstrap_database(cluster.object) == new.name
    what = "Describe" if adopts else "Create"
    return Plan(
        f"{what} database {quote_sql_name(new.name)} of Cluster {ref}",
        Identity(DATABASE.kind, ref.namespace, object_name),
        files=put.changes,
        impact=Impact(Level.NONE, (NO_RESTART,)),
        warnings=(
            *put.notices,
            *owner_warnings(desired, cluster, ref, new.owner, live),
            *_policy_warnings(new, desired, adopts=adopts),
            *applier_notices(cluster, desired),
        ),
        body=(
            *(("The database exists already: bootstrap made it for the application",) if adopts else ()),
            f"- owner: {quote_sql_name(new.owner)}",
            f"- reclaim policy: {new.reclaim_policy}",
            *((f"- extensions: {', '.join(map(quote_sql_name, new.extensions))}",) if new.extensions else ()),
            *((f"- schemas: {', '.join(map(quote_sql_name, new.schemas))}",) if new.schemas else ()),
            *applier_lines(cluster),
        ),
        next=(
            once_applied(desired, ref, f"the operator makes database {quote(new.name)}: see list_postgres_databases"),
        ),
        validated_by=VALIDATED,
    )


def database_places(
    desired: Desired, cluster: Declaration, ref: ClusterRef, object_name: str, layout: str
) -> tuple[FilePlace, ...]:
    known = find_siblings(desired, DATABASE.kind)
    return candidate_places(desired, cluster, make_new_object(ref, object_name, kind=DATABASE.kind), layout, known)


def owner_warnings(
    desired: Desired, cluster: Declaration, ref: ClusterRef, owner: str, live: LiveRoles | None
) -> Iterator[Notice]:
    roles = declared_roles(desired, cluster, ref)
    known = {one.name for one in roles if not one.is_absent} | {
        bootstrap_owner(cluster.object) or "postgres",
        "postgres",
    }
    if owner in known or (live is not None and live.exists(ref, owner)):
        return
    together = desired.origin.while_waiting(" in the same change")
    unseen = "" if live is not None else " (which roles are live could not be read)"
    yield Notice(
        "owner-missing",
        f"owner: no role {quote(owner)} is declared or was seen live{unseen}; the operator retries until there is "
        f"one. Add it with create_postgres_role{together}, or mend the name; {suggest(owner, known)}",
    )


def _policy_warnings(new: NewDatabase, desired: Desired, *, adopts: bool) -> Iterator[Notice]:
    if new.reclaim_policy == "delete":
        what = "the application's database" if adopts else "the database"
        with_it = f"when its {desired.origin.manifest} goes"
        yield Notice("drops-with-manifest", f"reclaim_policy delete: {what} is dropped with all data {with_it}")


def is_database(one: Object, ref: ClusterRef, name: str) -> bool:
    return bool(at(one, "spec", "name") == name and at(one, "spec", "cluster", "name") == ref.name)
