"""A Cluster's own words: its name, its number of instances, what its pods get."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_spec import instance_count
from gitops_mcp.domain.cnpg.notation.golang import parse_duration
from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.names import check_cluster_name, quote, suggest
from gitops_mcp.domain.objects import Object, Path, as_int, at, list_at, mapping_at
from gitops_mcp.domain.rules.extensions import is_reserved_variable
from gitops_mcp.domain.rules.reading import as_text, entries
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen
from gitops_mcp.errors import InvalidRequest

_POSTGRES = 26
"""The CRD's default of postgresUID and postgresGID."""
_LEASE = {"leaseDurationSeconds": 15, "renewDeadlineSeconds": 10, "retryPeriodSeconds": 2}
_DURATIONS: tuple[Path, ...] = (("spec", "monitoring", "metricsQueriesTTL"), ("spec", "replica", "minApplyDelay"))
_CHOICES = {
    ("spec", "affinity", "podAntiAffinityType"): ("preferred", "required"),
    ("spec", "imagePullPolicy"): ("Always", "Never", "IfNotPresent"),
}

MONITORS_DEPRECATED = Releases(((1, 25, 4), (1, 26, 2), (1, 27, 1)))
_BARMAN_GOES = (
    ("1.31.0", Releases(((1, 28, 4), (1, 29, 2), (1, 30, 0)))),
    ("1.30.0", Releases(((1, 27, 4), (1, 28, 2), (1, 29, 0)))),
    ("1.29.0", Releases(((1, 26, 2), (1, 27, 1), (1, 28, 0)))),
    ("1.28.0", Releases(((1, 26, 0),))),
)
"""The release that takes it away, as the webhook of those says; the newest first."""


def _cluster_name(seen: Seen) -> Iterator[Fault]:
    try:
        check_cluster_name(as_text(at(seen.object, "metadata", "name")))
    except InvalidRequest as error:
        yield Fault(("metadata", "name"), str(error).removeprefix("name: "))


def _supervision(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, "spec", "primaryUpdateStrategy") == "supervised" and instance_count(seen.object) == 1:
        yield Fault(
            ("spec", "primaryUpdateStrategy"),
            "'supervised' is refused with a single instance, where nobody could switch over: 'unsupervised', or at "
            "least 2 instances",
        )


def _env_names(seen: Seen) -> Iterator[Fault]:
    for path, item in entries(seen.object, "spec", "env"):
        name = as_text(item.get("name"))
        if is_reserved_variable(name):
            yield Fault(
                (*path, "name"),
                f"{quote(name)} is the operator's own (PG…, CNPG_…, POD_NAME, NAMESPACE, CLUSTER_NAME): name it "
                f"otherwise, or set it in spec.postgresql.parameters",
                holds=Releases(((1, 26, 0),)) if name.upper().startswith("CNPG_") else None,
            )


def _choices(seen: Seen) -> Iterator[Fault]:
    for path, allowed in _CHOICES.items():
        value = at(seen.object, *path)
        if value not in (None, "", *allowed):
            yield Fault(path, f"{quote(str(value))} does not exist; {suggest(str(value), allowed)}")


def _ephemeral(seen: Seen) -> Iterator[Fault]:
    spec = at(seen.object, "spec")
    temporary = at(spec, "ephemeralVolumesSizeLimit", "temporaryData")
    if at(spec, "ephemeralVolumeSource") is not None and temporary is not None:
        yield Fault(
            ("spec", "ephemeralVolumeSource"), "excludes ephemeralVolumesSizeLimit.temporaryData: keep one of them"
        )


def _certificates(seen: Seen) -> Iterator[Fault]:
    place = ("spec", "certificates")
    given = mapping_at(seen.object, *place)
    if given.get("serverTLSSecret") and not given.get("serverCASecret"):
        yield Fault((*place, "serverCASecret"), "is needed beside serverTLSSecret: the Secret of the CA that signed it")
    if given.get("serverTLSSecret") and list_at(given.get("serverAltDNSNames")):
        yield Fault(
            (*place, "serverAltDNSNames"),
            "counts only for certificates that the operator makes: leave it out beside serverTLSSecret",
        )
    if given.get("replicationTLSSecret") and not given.get("clientCASecret"):
        yield Fault((*place, "clientCASecret"), "is needed beside replicationTLSSecret: the Secret of the client CA")


def _superuser(seen: Seen) -> Iterator[Fault]:
    secret = at(seen.object, "spec", "superuserSecret")
    if isinstance(secret, dict) and not secret.get("name"):
        yield Fault(("spec", "superuserSecret", "name"), "is empty: name a Secret, or leave superuserSecret out")


def _ldap(seen: Seen) -> Iterator[Fault]:
    place = ("spec", "postgresql", "ldap")
    ldap = at(seen.object, *place)
    if isinstance(ldap, dict) and not ldap.get("server"):
        yield Fault((*place, "server"), "is needed: the host of the LDAP server")
    if at(ldap, "bindAsAuth") is not None and at(ldap, "bindSearchAuth") is not None:
        yield Fault((*place, "bindAsAuth"), "excludes bindSearchAuth: keep one way of binding")


def _plugins(seen: Seen) -> Iterator[Fault]:
    archivers = [
        (path, item)
        for path, item in entries(seen.object, "spec", "plugins")
        if item.get("enabled") is not False and item.get("isWALArchiver") is True
    ]
    for path, _ in archivers[1:]:
        yield Fault(
            (*path, "isWALArchiver"), f"{archivers[0][1].get('name')} archives WAL already: at most one plugin may"
        )
    if archivers and at(seen.object, "spec", "backup", "barmanObjectStore") is not None:
        yield Fault(
            (*archivers[0][0], "isWALArchiver"),
            "excludes spec.backup.barmanObjectStore, which archives WAL too: remove that section",
        )


def _retention_unused(seen: Seen) -> Iterator[Fault]:
    backup = at(seen.object, "spec", "backup")
    if at(backup, "retentionPolicy") and at(backup, "barmanObjectStore") is None:
        yield Fault(
            ("spec", "backup", "retentionPolicy"),
            "is read only with barmanObjectStore: set spec.retentionPolicy of the plugin's ObjectStore",
            "warning",
        )


def _service_account(seen: Seen) -> Iterator[Fault]:
    spec = at(seen.object, "spec")
    if at(spec, "serviceAccountName") and at(spec, "serviceAccountTemplate") is not None:
        yield Fault(
            ("spec", "serviceAccountName"), "names an account that exists, so serviceAccountTemplate must be left out"
        )


def _primary_lease(seen: Seen) -> Iterator[Fault]:
    place = ("spec", "primaryLease")
    given = at(seen.object, *place)
    if not isinstance(given, dict):
        return
    duration, renew, retry = (as_int(given.get(name), default=value) for name, value in _LEASE.items())
    if duration is not None and renew is not None and duration <= renew:
        yield Fault(
            (*place, "leaseDurationSeconds"),
            f"{duration} must be more than renewDeadlineSeconds ({renew}): at least {renew + 1}",
        )
    if renew is not None and retry is not None and 5 * renew <= 6 * retry:
        yield Fault(
            (*place, "renewDeadlineSeconds"),
            f"{renew} must be more than 1.2 times retryPeriodSeconds ({retry}): at least {6 * retry // 5 + 1}",
        )


def _unix_identifiers(seen: Seen) -> Iterator[Fault]:
    for name in ("postgresUID", "postgresGID"):
        new, old = (_identifier(one, name) for one in (seen.object, seen.old))
        if seen.old is not None and new != old:
            yield Fault(("spec", name), f"owns the files and cannot change: keep {old}")


def _identifier(cluster: Object | None, name: str) -> object:
    stated = at(cluster, "spec", name)
    return _POSTGRES if stated is None else stated


def _deprecated_fields(seen: Seen) -> Iterator[Fault]:
    spec = at(seen.object, "spec")
    if at(spec, "nodeMaintenanceWindow") is not None:
        yield Fault(("spec", "nodeMaintenanceWindow"), "spec.enablePDB is the better way to let nodes drain", "warning")
    yield from _in_tree_barman(seen)
    for name in ("enablePodMonitor", "podMonitorMetricRelabelings", "podMonitorRelabelings"):
        if at(spec, "monitoring", name):
            text = "is deprecated: write a PodMonitor of your own"
            yield Fault(("spec", "monitoring", name), text, "warning", holds=MONITORS_DEPRECATED)


def _in_tree_barman(seen: Seen) -> Iterator[Fault]:
    """Its end was put off three times, so it is told as the running release tells it."""
    goes = next((one for one, says in _BARMAN_GOES if seen.operator is None or says.hold(seen.operator)), None)
    if goes is None:
        return
    text = f"in-tree Barman is deprecated and goes with operator {goes}: use the plugin barman-cloud.cloudnative-pg.io"
    places = [path for path, _ in entries(seen.object, "spec", "externalClusters")]
    for path in (("spec", "backup"), *places):
        if at(seen.object, *path, "barmanObjectStore"):
            yield Fault((*path, "barmanObjectStore"), text, "warning")


def _durations(seen: Seen) -> Iterator[Fault]:
    """The webhook reads them before all else."""
    for path in _DURATIONS:
        stated = at(seen.object, *path)
        if not isinstance(stated, str):
            continue
        length = parse_duration(stated)
        if length is None:
            text = f"{quote(stated)} is not a duration: numbers with h, m, s or ms, such as '1h30m'; there are no days"
            yield Fault(path, text)
        elif length == 0 and path[1] == "monitoring":
            yield Fault(path, "0 runs every query on each scrape: write a time such as '30s'", "warning")


_ONE = ("Cluster",)

RULES = (
    Rule("cluster-name", _ONE, "webhook validateName", _cluster_name),
    Rule("supervised", _ONE, "webhook validatePrimaryUpdateStrategy", _supervision),
    Rule("env", _ONE, "webhook validateEnv", _env_names),
    Rule("webhook-choices", _ONE, "webhook validateAntiAffinity", _choices),
    Rule("ephemeral-volumes", _ONE, "webhook validateEphemeralVolumeSource", _ephemeral),
    Rule("certificates", _ONE, "webhook validateCerts", _certificates),
    Rule("superuser-secret", _ONE, "webhook validateSuperuserSecret", _superuser),
    Rule("ldap", _ONE, "webhook validateLDAP", _ldap),
    Rule("wal-archivers", _ONE, "webhook validatePluginConfiguration", _plugins),
    Rule("retention-unused", _ONE, "webhook warning", _retention_unused, holds=Releases(((1, 26, 0),))),
    Rule("service-account", _ONE, "webhook", _service_account),
    Rule("primary-lease", _ONE, "webhook", _primary_lease),
    Rule("unix-identifiers", _ONE, "webhook validateUnixPermissionIdentifierChange", _unix_identifiers, compares=True),
    Rule("durations", _ONE, "defaulting webhook", _durations),
    Rule("deprecated", _ONE, "webhook warning", _deprecated_fields),
)
