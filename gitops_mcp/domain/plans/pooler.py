"""A Pooler as a plan: PgBouncer before a Cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.cnpg.cluster_spec import instance_count
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.kinds import POOLER
from gitops_mcp.domain.names import ClusterRef, UnplacedCluster, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.backups.setup import Places, PlannedSteps
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.rules.pooler import PARAMETERS
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest, Refused

Type = Literal["rw", "ro", "r"]
PoolMode = Literal["session", "transaction"]
_DEFAULTS: Object = {"instances": 1, "type": "rw", "pgbouncer": {"poolMode": "session", "paused": False}}
_SERVED = {"rw": "the primary", "ro": "the replicas", "r": "all instances"}


@dataclass(frozen=True)
class NewPooler:
    name: str
    type: Type
    instances: int
    pool_mode: PoolMode
    parameters: Mapping[str, str]

    def spec(self, cluster: str) -> Object:
        parameters = {"parameters": dict(self.parameters)} if self.parameters else {}
        pgbouncer = {"poolMode": self.pool_mode, **parameters}
        return {"cluster": {"name": cluster}, "instances": self.instances, "type": self.type, "pgbouncer": pgbouncer}


def pooler_name(cluster: str, type_: str) -> str:
    """Its Deployment and its Service are called so, too; `<cluster>-rw` is the Cluster's own Service."""
    return f"{cluster}-pooler-{type_}"


def checked_pooler_parameters(given: Mapping[str, object]) -> dict[str, str]:
    """Settings of pgbouncer.ini that the operator lets pass."""
    for key, value in given.items():
        if key not in PARAMETERS:
            raise InvalidRequest(
                f"parameters: the operator does not let {quote(key)} be set; {suggest(key, PARAMETERS)}"
            )
        if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
            raise InvalidRequest(
                f"parameters: the value of {key} must be a string of one line, such as {{{key!r}: '20'}}"
            )
        if redact_text(value) != value:
            raise InvalidRequest(f"parameters: the value of {key} looks as if it held a password, which Git would keep")
    return {key: str(value) for key, value in given.items()}


def declared_poolers(desired: Desired, ref: ClusterRef | UnplacedCluster) -> dict[str, Declaration]:
    return {one.identity.name: one for one in desired.of_cluster(POOLER.kind, ref)}


def plan_new_pooler(
    desired: Desired, cluster: Declaration, ref: ClusterRef, new: NewPooler, *, live: Object | None, places: Places
) -> Plan:
    """`live`: a Pooler of that name in the API. Raises where the name is taken."""
    target = Identity(POOLER.kind, ref.namespace, new.name)
    known = next(
        (one for one in desired.named(POOLER.kind, new.name) if one.identity.namespace in {ref.namespace, None}), None
    )
    if known is not None:
        return _known_plan(known, ref, new, target)
    if live is not None:
        raise Refused(
            f"pooler_name: a live Pooler {ref.namespace}/{new.name} is there already, and {desired.origin.name} does "
            f"not declare it: adopt_live kind=Pooler object={new.name} takes it over, or choose another name"
        )
    planned = PlannedSteps(EditSequence(desired), cluster, ref, places)
    planned.put(
        {
            "apiVersion": POOLER.api_version,
            "kind": POOLER.kind,
            "metadata": {"name": new.name, "namespace": ref.namespace},
            "spec": new.spec(ref.name),
        }
    )
    told = once_applied(
        desired,
        ref,
        f"clients connect to host {new.name} (of another namespace {new.name}.{ref.namespace}), port 5432, with the "
        f"user, password and database that they have: list_postgres_poolers shows it as active",
    )
    return Plan(
        f"Create Pooler {ref.namespace}/{new.name} before Cluster {ref}",
        target,
        files=planned.steps.changes,
        warnings=(*planned.notices, *_notices(cluster.object, new), *applier_notices(cluster, desired)),
        body=(
            f"- {new.instances} x PgBouncer, type {new.type} ({_SERVED[new.type]}), pool mode {new.pool_mode}",
            *(f"- {key} = {value}" for key, value in new.parameters.items()),
            *applier_lines(cluster),
        ),
        next=(told,),
        validated_by=("built-in rules",),
    )


def _known_plan(known: Declaration, ref: ClusterRef, new: NewPooler, target: Identity) -> Plan:
    known.check_stays()
    wanted, full = (
        {**_DEFAULTS, **spec, "pgbouncer": {**_DEFAULTS["pgbouncer"], **(spec.get("pgbouncer") or {})}}
        for spec in (new.spec(ref.name), known.object["spec"])
    )
    if is_same(wanted, full):
        subject = f"Create Pooler {target.namespace}/{new.name} before Cluster {ref}"
        return Plan(subject, target, unchanged=f"{known.place} declares exactly this Pooler already")
    differing = sorted(key for key in {*wanted, *full} if not is_same(wanted.get(key), full.get(key)))
    raise InvalidRequest(
        f"pooler_name: Pooler {new.name} is declared already, at {known.place}{known.written}, with another "
        f"{', '.join(differing)}: change it with update_postgres_object kind=Pooler, or choose another name"
    )


def _notices(cluster: Object, new: NewPooler) -> Iterator[Notice]:
    if new.pool_mode == "transaction":
        yield Notice(
            "transaction-pooling",
            "pool mode transaction gives a connection to another client after each transaction: SET, LISTEN, temporary "
            "tables and session locks do not last; prepared statements need max_prepared_statements above 0",
        )
    if new.type == "ro" and (instance_count(cluster) or 1) == 1:
        yield Notice("no-replica", "type ro serves replicas alone, and this Cluster has one instance: nobody is served")
