"""A Cluster's own words: its name, its number of instances, what its pods get."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_spec import instance_count
from gitops_mcp.domain.cnpg.quantity import quantity
from gitops_mcp.domain.names import check_cluster_name, quote, suggest
from gitops_mcp.domain.objects import as_int, at
from gitops_mcp.domain.rules.reading import as_list, as_mapping, as_text, entries
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen
from gitops_mcp.errors import InvalidRequest

_OWN_VARIABLES = frozenset({"POD_NAME", "NAMESPACE", "CLUSTER_NAME"})
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_LABEL = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_LEASE = {"leaseDurationSeconds": 15, "renewDeadlineSeconds": 10, "retryPeriodSeconds": 2}
_CHOICES = {
    ("spec", "affinity", "podAntiAffinityType"): ("preferred", "required"),
    ("spec", "imagePullPolicy"): ("Always", "Never", "IfNotPresent"),
}


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
        name = as_text(item.get("name")).upper()
        if name in _OWN_VARIABLES or name.startswith(("PG", "CNPG_")):
            yield Fault(
                (*path, "name"),
                f"{quote(name)} is the operator's own (PG…, CNPG_…, {', '.join(sorted(_OWN_VARIABLES))}): name it "
                f"otherwise, or set it in spec.postgresql.parameters",
            )


def _resource_limits(seen: Seen) -> Iterator[Fault]:
    resources = at(seen.object, "spec", "resources")
    for name in ("cpu", "memory", "ephemeral-storage"):
        request, limit = quantity(at(resources, "requests", name)), quantity(at(resources, "limits", name))
        if request and limit and request > limit:
            yield Fault(
                ("spec", "resources", "requests", name),
                f"{at(resources, 'requests', name)} is more than the limit {at(resources, 'limits', name)}: lower the "
                f"request, or raise spec.resources.limits.{name}",
            )


def _choices(seen: Seen) -> Iterator[Fault]:
    for path, allowed in _CHOICES.items():
        value = at(seen.object, *path)
        if value not in (None, "", *allowed):
            yield Fault(path, f"{quote(str(value))} does not exist; {suggest(str(value), allowed)}")


def _tolerations(seen: Seen) -> Iterator[Fault]:
    for path, item in entries(seen.object, "spec", "affinity", "tolerations"):
        operator = item.get("operator") or "Equal"
        if operator not in ("Equal", "Exists"):
            yield Fault((*path, "operator"), f"{quote(str(operator))} does not exist; there are: Equal, Exists")
        if not item.get("key") and operator != "Exists":
            yield Fault((*path, "operator"), "without a key it must be 'Exists', which tolerates every taint")
        if operator == "Exists" and item.get("value"):
            yield Fault((*path, "value"), "goes with operator 'Equal' only: leave it out")
        if operator == "Equal" and not (
            _LABEL.fullmatch(as_text(item.get("value"))) and len(str(item.get("value"))) < 64
        ):
            yield Fault((*path, "value"), "is no value of a label: at most 63 letters, digits, '-', '_' and '.'")
        effect = item.get("effect")
        if effect and effect not in _EFFECTS:
            yield Fault((*path, "effect"), f"{quote(str(effect))} does not exist; there are: {', '.join(_EFFECTS)}")
        if item.get("tolerationSeconds") is not None and effect != "NoExecute":
            yield Fault((*path, "effect"), "must be 'NoExecute' where tolerationSeconds is set")


def _ephemeral(seen: Seen) -> Iterator[Fault]:
    spec = at(seen.object, "spec")
    if at(spec, "ephemeralVolumeSource") and at(spec, "ephemeralVolumesSizeLimit", "temporaryData"):
        yield Fault(
            ("spec", "ephemeralVolumeSource"), "excludes ephemeralVolumesSizeLimit.temporaryData: keep one of them"
        )


def _certificates(seen: Seen) -> Iterator[Fault]:
    place = ("spec", "certificates")
    given = as_mapping(at(seen.object, *place))
    if given.get("serverTLSSecret") and not given.get("serverCASecret"):
        yield Fault((*place, "serverCASecret"), "is needed beside serverTLSSecret: the Secret of the CA that signed it")
    if given.get("serverTLSSecret") and as_list(given.get("serverAltDNSNames")):
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
    if at(ldap, "bindAsAuth") and at(ldap, "bindSearchAuth"):
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
    if archivers and at(seen.object, "spec", "backup", "barmanObjectStore"):
        yield Fault(
            (*archivers[0][0], "isWALArchiver"),
            "excludes spec.backup.barmanObjectStore, which archives WAL too: remove that section",
        )


def _retention_unused(seen: Seen) -> Iterator[Fault]:
    backup = at(seen.object, "spec", "backup")
    if at(backup, "retentionPolicy") and not at(backup, "barmanObjectStore"):
        yield Fault(
            ("spec", "backup", "retentionPolicy"),
            "is read only with barmanObjectStore: set spec.retentionPolicy of the plugin's ObjectStore",
            "warning",
        )


def _service_account(seen: Seen) -> Iterator[Fault]:
    spec = at(seen.object, "spec")
    if at(spec, "serviceAccountName") and at(spec, "serviceAccountTemplate"):
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
        new = at(seen.object, "spec", name)
        old = at(seen.old, "spec", name)
        if seen.old is not None and new is not None and new != (26 if old is None else old):
            yield Fault(("spec", name), f"owns the files and cannot change: keep {26 if old is None else old}")


def _deprecated_fields(seen: Seen) -> Iterator[Fault]:
    spec = at(seen.object, "spec")
    if at(spec, "nodeMaintenanceWindow"):
        yield Fault(("spec", "nodeMaintenanceWindow"), "spec.enablePDB is the better way to let nodes drain", "warning")
    barman = "in-tree Barman is deprecated and goes with operator 1.31: use the plugin barman-cloud.cloudnative-pg.io"
    if at(spec, "backup", "barmanObjectStore"):
        yield Fault(("spec", "backup", "barmanObjectStore"), barman, "warning")
    for path, item in entries(seen.object, "spec", "externalClusters"):
        if item.get("barmanObjectStore"):
            yield Fault((*path, "barmanObjectStore"), barman, "warning")
    for name in ("enablePodMonitor", "podMonitorMetricRelabelings", "podMonitorRelabelings"):
        if at(spec, "monitoring", name):
            yield Fault(("spec", "monitoring", name), "is deprecated: write a PodMonitor of your own", "warning")
    ttl = at(spec, "monitoring", "metricsQueriesTTL")
    if ttl is not None and re.fullmatch(r"0+[a-z]*", str(ttl)):
        yield Fault(
            ("spec", "monitoring", "metricsQueriesTTL"), "0 runs every query on each scrape: such as '30s'", "warning"
        )


_ONE = ("Cluster",)

RULES = (
    Rule("cluster-name", _ONE, "webhook validateName", _cluster_name),
    Rule("supervised", _ONE, "webhook validatePrimaryUpdateStrategy", _supervision),
    Rule("env", _ONE, "webhook validateEnv", _env_names),
    Rule("resources", _ONE, "webhook validateResources", _resource_limits),
    Rule("webhook-choices", _ONE, "webhook validateAntiAffinity", _choices),
    Rule("tolerations", _ONE, "webhook validateTolerations", _tolerations),
    Rule("ephemeral-volumes", _ONE, "webhook validateEphemeralVolumeSource", _ephemeral),
    Rule("certificates", _ONE, "webhook validateCerts", _certificates),
    Rule("superuser-secret", _ONE, "webhook validateSuperuserSecret", _superuser),
    Rule("ldap", _ONE, "webhook validateLDAP", _ldap),
    Rule("wal-archivers", _ONE, "webhook validatePluginConfiguration", _plugins),
    Rule("retention-unused", _ONE, "webhook warning", _retention_unused),
    Rule("service-account", _ONE, "webhook", _service_account),
    Rule("primary-lease", _ONE, "webhook", _primary_lease),
    Rule("unix-identifiers", _ONE, "webhook validateUnixPermissionIdentifierChange", _unix_identifiers, compares=True),
    Rule("deprecated", _ONE, "webhook warning", _deprecated_fields),
)
