"""What get_connection_info answers: how a client reaches a Cluster, and where a person finds the password.

No Secret is read, not even its metadata: which there is and which keys it has follows from what is declared.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote as percent

from gitops_mcp.answers.base import rows_of, shorten_to_fit
from gitops_mcp.answers.cluster_parts import ProblemRow
from gitops_mcp.answers.observed.connection import AuthorityRow, ConnectionInfo, EndpointRow, SecretRow
from gitops_mcp.app import App
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.connection.endpoints import Endpoint, endpoints
from gitops_mcp.domain.cnpg.connection.login import OPERATOR_KEYS, Login, application, login_of
from gitops_mcp.domain.cnpg.notation.sql import checked_sql_name
from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL
from gitops_mcp.domain.cnpg.status.problems import Problem
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.kinds import DATABASE, POOLER, SERVICE
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, Resource, at, list_at, text_at, texts_at
from gitops_mcp.domain.plans.databases.database import declared_databases, sql_name_of
from gitops_mcp.domain.plans.roles.declared_roles import ROLES, declared_roles
from gitops_mcp.domain.redact import OutsideText
from gitops_mcp.errors import GitOpsError, NotInstalled
from gitops_mcp.workflows.reading.members import ClusterReading, read_cluster


def connection_info(
    app: App, cluster: str, *, database: str | None, role: str | None, namespace: str | None, environment: str | None
) -> ConnectionInfo:
    for field, name in (("database", database), ("role", role)):
        if name is not None:
            checked_sql_name(name, field=field)
    seen = read_cluster(app, cluster, namespace=namespace, environment=environment)
    source: Object = seen.cluster or (seen.declared.object if seen.declared else {})
    space = seen.ref.namespace or "NAMESPACE"
    login = login_of(source, role, dict(_roles(seen)), _unmanaged(seen), now=datetime.now(UTC))
    made = application(source)
    name = database or (made[0] if made else None)
    known = dict.fromkeys([*([made[0]] if made else []), *_databases(seen)])
    found = endpoints(source, space, _listed(seen, SERVICE, labelled=True), _poolers(seen))
    problems = [
        *_hindrances(seen, login, made[1] if made else None),
        *_database_problems(name, known, whole=seen.whole),
    ]
    answer = ConnectionInfo(
        environment=seen.environment.name,
        namespace=seen.ref.namespace,
        cluster=cluster,
        live="available" if seen.cluster else "unavailable" if seen.live is None else "absent",
        database=name,
        user=login.user,
        endpoints=[_with_uri(one, login, name) for one in found],
        secret=_secret(seen.environment, space, login),
        client_certificate=login.certificate,
        client_certificate_commands=[*_certificate_commands(seen.environment, space, login)],
        authority=_authority(seen.environment, space, source),
        works_from=_works_from(space, login, name, made[0] if made else None),
        problems=rows_of(ProblemRow, problems),
        warnings=[*seen.warnings, *seen.api.unreadable],
    )
    return shorten_to_fit(answer, "endpoints", "problems", "warnings")


def _roles(seen: ClusterReading) -> Iterator[tuple[str, tuple[Object, str]]]:
    """What Git declares, and over that what is live, which is what works now."""
    if seen.desired and seen.declared:
        for one in declared_roles(seen.desired, seen.declared, seen.ref):
            yield one.name, (one.spec, one.declared.identity.name if one.index is None else "")
    for found in (seen.live.objects if seen.live else None) or ():
        if at(found, "spec", "cluster", "name") == seen.ref.name and (name := text_at(found, "spec", "name")):
            yield name, (found["spec"], str(at(found, "metadata", "name")))
    for entry in list_at(seen.cluster, *ROLES):
        if name := text_at(entry, "name"):
            yield name, (entry, "")


def _unmanaged(seen: ClusterReading) -> tuple[str, ...]:
    return tuple(texts_at(seen.cluster, "status", "managedRolesStatus", "byStatus", "not-managed"))


def _databases(seen: ClusterReading) -> Iterator[str]:
    if seen.desired:
        yield from map(sql_name_of, declared_databases(seen.desired, seen.ref))
    for one in _listed(seen, DATABASE) or ():
        if at(one, "spec", "cluster", "name") == seen.ref.name and at(one, "spec", "ensure") != "absent":
            yield str(at(one, "spec", "name"))


def _listed(seen: ClusterReading, resource: Resource, *, labelled: bool = False) -> tuple[Object, ...] | None:
    """None where there is no live Cluster, or where they could not be read."""
    if seen.cluster is None or seen.ref.namespace is None:
        return None
    try:
        labels = f"{CLUSTER_LABEL}={seen.ref.name}" if labelled else None
        return seen.api.every(resource, seen.ref.namespace, labels=labels)
    except NotInstalled:
        return ()
    except GitOpsError as error:
        seen.warn("unreadable", f"{resource.plural} are taken from what is declared: {error}")
        return None


def _poolers(seen: ClusterReading) -> tuple[Object, ...]:
    live = _listed(seen, POOLER)
    if live is not None:
        return live
    declared = seen.desired.declarations if seen.desired else ()
    spaces = {seen.ref.namespace, None}
    return tuple(
        one.object for one in declared if one.identity.kind == POOLER.kind and one.identity.namespace in spaces
    )


def _hindrances(seen: ClusterReading, login: Login, owner: str | None) -> Iterator[Problem]:
    name = seen.ref.name
    if seen.cluster is None:
        if seen.live is not None:
            yield Problem("warning", "not-live", "this Cluster is not live: nothing answers", "see get_cluster_status")
    else:
        state = Summary(seen.cluster, datetime.now(UTC))
        if state.phase_class in {"hibernated", "deleting"} or state.ready == 0:
            what = f"no instance answers: {state.phase_class}, {state.phase.name or 'no phase reported'}"
            yield Problem("critical", "no-instance", what, f"see get_cluster_status of {name}")
        if login.user and seen.live and (said := seen.live.errors(login.user)):
            what = f"the operator cannot make role {quote(login.user)} as it is declared"
            yield Problem("warning", "role-failing", what, "see list_postgres_roles", "; ".join(map(str, said)))
        if rules := texts_at(seen.cluster, "spec", "postgresql", "pg_hba"):
            what = f"spec.postgresql.pg_hba has {len(rules)} of its own, which are asked before the default rules"
            yield Problem(
                "info", "own-pg-hba", what, "if a login is refused, see get_postgres_logs, which names the rule"
            )
    for what, action in login.hindrances:
        yield Problem("info" if login.user in {None, owner} else "warning", "login", what, action)


def _database_problems(name: str | None, known: Iterable[str], *, whole: bool) -> Iterator[Problem]:
    names = [*known, "postgres"]
    if name is not None and name not in names:
        unread = "" if whole else ", and not all could be read"
        what = f"no object describes a database {quote(name)}{unread}; {suggest(name, names)}"
        yield Problem("warning", "database-unknown", what, "one that was made in SQL is not known here: check its name")


def _with_uri(one: Endpoint, login: Login, database: str | None) -> EndpointRow:
    """Without a URI where a name is prose: nobody could tell that others wrote a part of it."""
    user = login.user
    if isinstance(user, OutsideText) or isinstance(database, OutsideText):
        return EndpointRow.model_validate({**vars(one), "external": list(one.external)})
    who = f"{percent(user, safe='')}@" if user else ""
    path = f"/{percent(database, safe='')}" if database else "/"
    uri = f"postgresql://{who}{one.host}:{one.port}{path}?sslmode={one.sslmode}&sslrootcert=ca.crt"
    if login.certificate and login.secret is None and one.kind != "pooler":  # which asks for a password itself
        uri += "&sslcert=tls.crt&sslkey=tls.key"
    return EndpointRow.model_validate({**vars(one), "external": list(one.external), "uri": uri})


def _secret(environment: Environment, space: str, login: Login) -> SecretRow | None:
    one = login.secret
    if one is None:
        return None
    return SecretRow(
        name=one.name,
        keys=list(one.keys),
        made_by=one.made_by,
        command=_read_command(environment, space, one.name, one.password_key),
    )


def _certificate_commands(environment: Environment, space: str, login: Login) -> Iterator[str]:
    for key in ("tls.crt", "tls.key") if login.certificate else ():
        escaped = key.replace(".", r"\.")
        yield f"{_read_command(environment, space, login.certificate or '', escaped)} > {key}"


def _authority(environment: Environment, space: str, cluster: Object) -> AuthorityRow:
    named = text_at(cluster, "spec", "certificates", "serverCASecret")
    secret = named or f"{at(cluster, 'metadata', 'name')}-ca"
    return AuthorityRow(
        secret=secret, key="ca.crt", command=_read_command(environment, space, secret, r"ca\.crt") + " > ca.crt"
    )


def _read_command(environment: Environment, space: str, secret: str, key: str) -> str:
    context = f" --context {shlex.quote(environment.context)}" if environment.context else ""
    whom = f"-n {shlex.quote(space)} get secret {shlex.quote(secret)}"
    return f"kubectl{context} {whom} -o jsonpath='{{.data.{key}}}' | base64 -d"


def _works_from(space: str, login: Login, database: str | None, made: str | None) -> str:
    told = (
        f"The bare name of a Service resolves in namespace {space} alone, `NAME.{space}.svc` in the whole Kubernetes "
        f"cluster; a pod elsewhere cannot use the Secret: copy it there."
    )
    if login.secret and login.secret.keys == OPERATOR_KEYS:
        other = f", and name database {made}, not {database}" if database != made and made else ""
        told += (
            f" What the Secret says of host and uri leads to -rw{other}; `host` and `pgpass` have the bare name, `uri` "
            f"and `jdbc-uri` the one with the namespace, and none sets sslmode."
        )
    return told
