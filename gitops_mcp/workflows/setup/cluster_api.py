"""One environment's API: whether it answers, what it serves, who works there, what may be read, what is backed up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gitops_mcp.answers.setup import CheckRow
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.backups.archive import archive_of, recoverability
from gitops_mcp.domain.cnpg.backups.restorable import restorable
from gitops_mcp.domain.cnpg.releases import SUPPORTED, Release, release_text
from gitops_mcp.domain.cnpg.version import image_tag, parse_operator_version
from gitops_mcp.domain.kinds import BACKUP, CLUSTER, CNPG_KINDS, OBJECT_STORE, POD, SCHEDULED_BACKUP
from gitops_mcp.domain.names import ClusterRef, pluralize
from gitops_mcp.domain.objects import CNPG_GROUP, Object, at, list_at, text_at
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.running_operator import running_operator
from gitops_mcp.workflows.setup.checks import row
from gitops_mcp.workflows.setup.engine import engine_rows
from gitops_mcp.workflows.setup.rights import rights_rows

NEWEST = release_text(SUPPORTED[-1])
_INSTALL = (
    "kubectl apply --server-side -f https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/"
    f"release-{NEWEST.rpartition('.')[0]}/releases/cnpg-{NEWEST}.yaml"
)
_OPERATOR = "app.kubernetes.io/name=cloudnative-pg"
_NAMED = 8


def api_rows(
    app: App, apis: ApisOnce, environment: Environment, ground: Ground | None, desired: Desired | None
) -> Iterator[CheckRow]:
    """In the order in which one needs the other; where the API does not answer, that alone is told."""
    api = apis.at_environment(environment)
    served = api.served_kinds(CNPG_GROUP, CLUSTER.version)
    yield row("kubernetes", "API", "ok", f"{api.kube.description} answers")
    yield from rights_rows(app, api, apis.at_engine(environment), environment)
    if CLUSTER.kind not in served:
        yield row(
            "kubernetes", "CRDs", "fail", f"there are none of {CNPG_GROUP}: the operator is not installed", _INSTALL
        )
    else:
        lacking = [one.kind for one in CNPG_KINDS if one.kind not in served]
        count = pluralize(len(CNPG_KINDS) - len(lacking), "kind")
        told = f"; not {', '.join(lacking)}, which came with later releases" if lacking else ""
        yield row("kubernetes", "CRDs", "ok", f"{CNPG_GROUP}/{CLUSTER.version}, {count}{told}")
        yield _operator_row(api, environment)
    yield from engine_rows(apis, environment, ground, desired)
    if CLUSTER.kind in served:
        yield from _backup_rows(api, environment)


def _operator_row(api: ApiOnce, environment: Environment) -> CheckRow:
    """By its own pods where those may be listed, else by what it has written on instances."""
    try:
        pods: tuple[Object, ...] | None = api.every(POD, None, labels=_OPERATOR)
    except Forbidden:
        pods = None
    release: Release | None = None
    said_by = "its pod"
    for pod in pods or ():
        images = [text_at(one, "image") or "" for one in list_at(pod, "spec", "containers")]
        release = release or next(filter(None, (parse_operator_version(image_tag(one)) for one in images)), None)
    if not pods or release is None:
        found = running_operator(api, environment, None, None)
        release, said_by = found.release, found.said_by
    if pods == ():
        told = (
            f"no pod of it is there; {release_text(release)} is what {said_by} says"
            if release
            else "no pod of it is there"
        )
        return row("kubernetes", "operator", "fail", f"{told}: nothing acts on Clusters", _INSTALL)
    if release is None:
        mend = f"let the server list pods (rbac/read-only.yaml), or set environments.{environment.name}.operator"
        return row("kubernetes", "operator", "warn", "which release runs is not known", mend)
    if release < SUPPORTED[0]:
        least = release_text(SUPPORTED[0])
        return row(
            "kubernetes", "operator", "fail", f"{release_text(release)} ({said_by}) is older than {least}", _INSTALL
        )
    return row("kubernetes", "operator", "ok", f"{release_text(release)}, by {said_by}")


def _backup_rows(api: ApiOnce, environment: Environment) -> Iterator[CheckRow]:
    spaces = environment.namespaces or (None,)
    found: dict[str, list[Object]] = {}
    for kind in (CLUSTER, SCHEDULED_BACKUP, BACKUP, OBJECT_STORE):
        try:
            found[kind.kind] = [one for space in spaces for one in api.every(kind, space)]
        except NotInstalled:
            found[kind.kind] = []
        except GitOpsError as error:
            yield row("backups", "backups", "warn", f"not looked at: {error}", "see the rights above")
            return
    clusters = found[CLUSTER.kind]
    if not clusters:
        yield row("backups", "backups", "ok", "there is no Cluster yet")
        return
    schedules = {
        (at(one, "metadata", "namespace"), at(one, "spec", "cluster", "name"))
        for one in found[SCHEDULED_BACKUP.kind]
        if at(one, "spec", "suspend") is not True
    }
    bare = [one for one in clusters if archive_of(one) is None]
    unscheduled = [
        one for one in clusters if archive_of(one) and (_ref(one).namespace, _ref(one).name) not in schedules
    ]
    if bare:
        mend = (
            f"schedule_postgres_backups with {_arguments(bare[0], environment)}, destination_path=s3://BUCKET/ and "
            "credentials_secret=SECRET, merged"
        )
        yield row("backups", "archive", "warn", f"no archive of {_names(bare)}: nothing can be restored", mend)
    if unscheduled:
        mend = f"schedule_postgres_backups with {_arguments(unscheduled[0], environment)}, merged"
        yield row("backups", "schedules", "warn", f"no backup is scheduled of {_names(unscheduled)}", mend)
    yield from _restorable_rows(clusters, found, environment)


def _restorable_rows(
    clusters: list[Object], found: dict[str, list[Object]], environment: Environment
) -> Iterator[CheckRow]:
    now = datetime.now(UTC)
    firsts: list[tuple[str, str]] = []
    never: list[Object] = []
    for one in clusters:
        space = at(one, "metadata", "namespace")
        backups, stores = (
            [each for each in found[kind.kind] if at(each, "metadata", "namespace") == space]
            for kind in (BACKUP, OBJECT_STORE)
        )
        told = recoverability(restorable(_ref(one), one, backups, stores, now=now), one, backups, stores, now=now)
        if told.state == "yes" and told.first:
            firsts.append((told.first.at, str(_ref(one))))
        elif told.state == "no" and archive_of(one):
            never.append(one)
    if never:
        mend = (
            f"create_postgres_backup with {_arguments(never[0], environment)}, merged; where that does not help, "
            "list_postgres_backups says what is in the way"
        )
        yield row("backups", "restore", "warn", f"no backup is complete yet of {_names(never)}", mend)
    if firsts:
        oldest = min(firsts)
        count = f"{len(firsts)} of {pluralize(len(clusters), 'Cluster')}"
        yield row("backups", "restorable", "ok", f"{count}; the oldest point is {oldest[0]}, of {oldest[1]}")


def _ref(cluster: Object) -> ClusterRef:
    return ClusterRef(str(at(cluster, "metadata", "namespace")), str(at(cluster, "metadata", "name")))


def _arguments(cluster: Object, environment: Environment) -> str:
    return f"cluster_name={_ref(cluster).name}, namespace={_ref(cluster).namespace}, environment={environment.name}"


def _names(clusters: list[Object]) -> str:
    names = [str(_ref(one)) for one in clusters]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{pluralize(len(names), 'Cluster')} ({', '.join(names[:_NAMED])}{more})"
