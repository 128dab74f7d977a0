"""What the API of another release does not know: kinds that it does not serve, fields that its CRDs do not have.

An unknown field is refused, by server-side apply and by strict validation alike, and not dropped: an engine that
applies it stands still. Where the API's own schema was read it speaks for itself, and these rules are not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from gitops_mcp.domain.cnpg.releases import MAIN_ONLY, Release, Releases, release_text
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, Path, at, list_at, mapping_at
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen, Severity

OF_SCHEMAS = ("operator-kind", "operator-field", "operator-value")
"""The rules that a schema of the API itself makes needless."""

KINDS: Mapping[str, Releases] = {
    "Database": Releases(((1, 25, 0),)),
    "Publication": Releases(((1, 25, 0),)),
    "Subscription": Releases(((1, 25, 0),)),
    "DatabaseRole": Releases(((1, 30, 0),)),
}
"""The releases that have a kind; all others are older than any supported operator."""

_1_25_1 = Releases(((1, 25, 1),))
_1_26 = Releases(((1, 26, 0),))
_1_27 = Releases(((1, 27, 0),))
_1_28 = Releases(((1, 28, 0),))
_1_29 = Releases(((1, 29, 0),))
_1_30 = Releases(((1, 30, 0),))
_1_25_3 = Releases(((1, 25, 3), (1, 26, 1), (1, 27, 0)))
_1_25_4 = Releases(((1, 25, 4), (1, 26, 2), (1, 27, 1), (1, 28, 0)))
_1_27_3 = Releases(((1, 27, 3), (1, 28, 1), (1, 29, 0)))
_1_28_3 = Releases(((1, 28, 3), (1, 29, 1), (1, 30, 0)))
_1_27_4 = Releases(((1, 27, 4), (1, 28, 2), (1, 29, 0)))
_1_28_4 = Releases(((1, 28, 4), (1, 29, 2), (1, 30, 0)))

_CATALOG = {"spec.images[].extensions": _1_27_4, "spec.componentImages": _1_28_4}
_POD = "spec.template.spec"

FIELDS: Mapping[str, Mapping[str, Releases]] = {
    "Cluster": {
        "spec.plugins[].isWALArchiver": _1_25_1,
        "spec.externalClusters[].plugin.isWALArchiver": _1_25_1,
        "spec.env[].valueFrom.fileKeyRef": _1_25_4,
        "spec.projectedVolumeTemplate.sources[].podCertificate": _1_25_4,
        "spec.projectedVolumeTemplate.sources[].podCertificate.userAnnotations": _1_27_3,
        "spec.probes.startup.type": _1_26,
        "spec.probes.startup.maximumLag": _1_26,
        "spec.probes.readiness.type": _1_26,
        "spec.probes.readiness.maximumLag": _1_26,
        "spec.probes.liveness.isolationCheck": _1_27,
        "spec.replicationSlots.highAvailability.synchronizeLogicalDecoding": _1_27,
        "spec.postgresql.extensions": _1_27,
        "spec.postgresql.extensions[].bin_path": _1_27_4,
        "spec.postgresql.extensions[].env": _1_27_4,
        "spec.backup.barmanObjectStore.azureCredentials.useDefaultAzureCredentials": _1_27_3,
        "spec.externalClusters[].barmanObjectStore.azureCredentials.useDefaultAzureCredentials": _1_27_3,
        "spec.postgresql.synchronous.failoverQuorum": _1_28,
        "spec.monitoring.metricsQueriesTTL": _1_28,
        "spec.podSecurityContext": _1_28,
        "spec.securityContext": _1_28,
        "spec.bootstrap.initdb.import.pgRestorePredataOptions": _1_28,
        "spec.bootstrap.initdb.import.pgRestoreDataOptions": _1_28,
        "spec.bootstrap.initdb.import.pgRestorePostdataOptions": _1_28,
        "spec.podSelectorRefs": _1_29,
        "spec.serviceAccountName": _1_29,
        "spec.primaryLease": _1_30,
        "spec.postgresql.synchronous.podFailureDomainKeys": MAIN_ONLY,
        "spec.postgresql.synchronous.nodeFailureDomainKeys": MAIN_ONLY,
        "spec.backup.barmanObjectStore.data.restoreAdditionalCommandArgs": MAIN_ONLY,
        "spec.externalClusters[].barmanObjectStore.data.restoreAdditionalCommandArgs": MAIN_ONLY,
    },
    "Database": {"spec.extensions": _1_26, "spec.schemas": _1_26, "spec.fdws": _1_28, "spec.servers": _1_28},
    "Pooler": {
        "spec.serviceAccountName": _1_29,
        "spec.monitoring.tls": _1_30,
        "spec.pgbouncer.clientTLSSecret": _1_28,
        "spec.pgbouncer.clientCASecret": _1_28,
        "spec.pgbouncer.serverTLSSecret": _1_28,
        "spec.pgbouncer.serverCASecret": _1_28,
        "spec.pgbouncer.image": _1_30,
        "spec.pgbouncer.imageCatalogRef": _1_30,
        f"{_POD}.hostnameOverride": _1_25_4,
        f"{_POD}.volumes[].projected.sources[].podCertificate": _1_25_4,
        f"{_POD}.volumes[].projected.sources[].podCertificate.userAnnotations": _1_27_3,
        f"{_POD}.workloadRef": Releases(_1_27_3.since, until=_1_28_3.since),
        f"{_POD}.schedulingGroup": _1_28_3,
        **{
            f"{_POD}.{kind}[].{field}": releases
            for kind in ("containers", "initContainers", "ephemeralContainers")
            for field, releases in (
                ("env[].valueFrom.fileKeyRef", _1_25_4),
                ("restartPolicyRules", _1_25_4),
                ("lifecycle.stopSignal", _1_25_3),
            )
        },
    },
    "ImageCatalog": _CATALOG,
    "ClusterImageCatalog": _CATALOG,
}
"""The releases whose CRD has a field; `[]` stands for each item of a list."""


@dataclass(frozen=True)
class _Value:
    """A value that some releases do not take, in a field that they all have."""

    field: str
    pattern: re.Pattern[str]
    taken: Releases


_RELABELED = re.compile(r"(?![A-Za-z_][A-Za-z0-9_]*$).*")
_MONITORED = tuple(
    _Value(f"spec.monitoring.{name}[].sourceLabels[]", _RELABELED, Releases(((1, 25, 4), (1, 26, 2), (1, 27, 1))))
    for name in ("podMonitorRelabelings", "podMonitorMetricRelabelings")
)
VALUES: Mapping[str, tuple[_Value, ...]] = {
    "Cluster": (
        *_MONITORED,
        *(
            one
            for place in ("spec.backup", "spec.externalClusters[]")
            for one in (
                _Value(
                    f"{place}.barmanObjectStore.wal.compression", re.compile("lz4|xz|zstd"), Releases(((1, 25, 2),))
                ),
                _Value(f"{place}.barmanObjectStore.data.compression", re.compile("lz4"), _1_28_4),
            )
        ),
        _Value("spec.postgresql.extensions[].name", re.compile(".*_.*"), _1_27_3),
    ),
    "Pooler": (*_MONITORED, _Value("spec.type", re.compile("r"), _1_25_1)),
}


def _operator_kind(seen: Seen) -> Iterator[Fault]:
    kind = str(at(seen.stated, "kind"))
    served = KINDS[kind]
    yield Fault(
        ("kind",),
        f"{kind} came with operator {_releases_text(served.since)}, and the API of {_which(seen.operator)} serves "
        f"none, so nothing can apply it: upgrade the operator first",
        holds=Releases(until=served.since),
    )


def _operator_field(seen: Seen) -> Iterator[Fault]:
    effect = "refuses the whole object for it (field not declared in schema): leave it out"
    for field, had in FIELDS[str(at(seen.stated, "kind"))].items():
        for path in _places(seen.stated, field):
            if had == MAIN_ONLY:
                # An operator that nobody knows may be newer than all that are known here.
                weight: Severity = "error" if seen.operator else "warning"
                yield Fault(path, f"is in no release of the operator yet, and the API {effect}", weight, _before(had))
                continue
            yield Fault(
                path,
                f"came with operator {_releases_text(had.since)}, and the API of {_which(seen.operator)} {effect}, or "
                f"upgrade the operator first",
                holds=_before(had),
            )
            if had.until:
                gone = f"is gone since operator {_releases_text(had.until)}, whose API {effect}"
                yield Fault(path, gone, holds=Releases(had.until))


def _operator_value(seen: Seen) -> Iterator[Fault]:
    for one in VALUES[str(at(seen.stated, "kind"))]:
        for path in _places(seen.stated, one.field):
            found = at(seen.stated, *path)
            if isinstance(found, str) and one.pattern.fullmatch(found):
                yield Fault(
                    path,
                    f"{quote(found)} came with operator {_releases_text(one.taken.since)}, and the API of "
                    f"{_which(seen.operator)} refuses it: upgrade the operator first, or take another value",
                    holds=_before(one.taken),
                )


def _before(had: Releases) -> Releases:
    """The releases that do not have yet what these have."""
    return Releases(until=had.since)


def _places(value: Object, field: str) -> Iterator[Path]:
    """Where a field is stated, null included."""
    found: list[tuple[Path, object]] = [((), value)]
    for name, is_list in _steps(field):
        found = [((*path, name), part[name]) for path, one in found if name in (part := mapping_at(one))]
        if not found:
            return
        if is_list:
            found = [((*path, index), item) for path, one in found for index, item in enumerate(list_at(one))]
    yield from (path for path, _ in found)


@cache
def _steps(field: str) -> tuple[tuple[str, bool], ...]:
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in field.split("."))


def _which(operator: Release | None) -> str:
    return "an older one" if operator is None else f"this one, {release_text(operator)},"


def _releases_text(releases: tuple[Release, ...]) -> str:
    return ", ".join(map(release_text, releases))


RULES = (
    Rule("operator-kind", tuple(KINDS), "older API", _operator_kind, reads_variables=True),
    Rule("operator-field", tuple(FIELDS), "older API", _operator_field, reads_variables=True),
    Rule("operator-value", tuple(VALUES), "older API", _operator_value),
)
