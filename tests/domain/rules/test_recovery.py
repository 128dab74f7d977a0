from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    NEWEST,
    OTHER,
    STORE,
    Accepted,
    Refused,
    cluster,
    findings_against,
    findings_at_field,
)

SNAPSHOT: Object = {"name": "s", "kind": "VolumeSnapshot", "apiGroup": "snapshot.storage.k8s.io"}


def recovery(**given: Any) -> Object:
    return cluster(bootstrap={"recovery": given}, externalClusters=[{**OTHER, **STORE}])


def target(**given: Any) -> Object:
    return recovery(source="old", recoveryTarget={"backupID": "20260821T020001", **given})


ACCEPTED = [
    pytest.param(Accepted("recovery", Seen(recovery(source="old"))), id="a recovery from a source"),
    pytest.param(Accepted("recovery", Seen(recovery(backup={"name": "orders-now"}))), id="a recovery from a backup"),
    pytest.param(
        Accepted(
            "recovery-target",
            Seen(recovery(source="old", recoveryTarget={"targetTime": "2026-08-21 02:03:12+00", "targetTLI": "2"})),
        ),
        id="a time and a timeline",
    ),
    pytest.param(
        Accepted(
            "recovery-target",
            Seen(recovery(source="old", recoveryTarget={"targetImmediate": True, "backupID": "20260821T020001"})),
        ),
        id="at once, from a named backup",
    ),
    pytest.param(
        Accepted("recovery-target", Seen(recovery(source="old", recoveryTarget={"targetLSN": "0/42000158"}))),
        id="an LSN",
    ),
    *(
        pytest.param(Accepted("recovery-target", Seen(target(targetTime=time))), id=f"the time {time}")
        for time in (
            "2026-06-09",
            "2026-06-09 11:12:13",
            "2026-06-09 11:12:13.5+02:30",
            "2026-06-09 11:12:13Z",
            "2026-06-09T11:12:13",
            "2026-06-09T11:12:13.25+02:00",
        )
    ),
    pytest.param(
        Accepted("recovery-target-names", Seen(target(targetName="before the import"), operator=NEWEST)), id="a name"
    ),
    pytest.param(
        Accepted("recovery-target-names", Seen(target(targetXID="4294967296"), operator=(1, 27, 4))),
        id="a transaction that an older operator does not look at",
    ),
    pytest.param(
        Accepted("recovery-snapshots", Seen(recovery(volumeSnapshots={"storage": SNAPSHOT}))), id="a VolumeSnapshot"
    ),
    pytest.param(
        Accepted(
            "recovery-snapshots",
            Seen(recovery(volumeSnapshots={"storage": {"name": "a", "kind": "PersistentVolumeClaim", "apiGroup": ""}})),
        ),
        id="a claim",
    ),
    pytest.param(
        Accepted(
            "recovery",
            Seen(cluster(bootstrap={"recovery": {"source": "old"}}, externalClusters=[OTHER]), operator=(1, 28, 2)),
        ),
        id="a source with parameters alone",
    ),
]

REFUSED = [
    pytest.param(
        Refused("recovery", Seen(recovery(source="odl")), "spec.bootstrap.recovery.source", "'odl'; there are: old"),
        id="a source that is not there",
    ),
    pytest.param(
        Refused(
            "recovery",
            Seen(recovery(source="old", backup={"name": "a"})),
            "spec.bootstrap.recovery.backup",
            "excludes source",
        ),
        id="a source and a backup",
    ),
    pytest.param(
        Refused(
            "recovery-snapshots",
            Seen(recovery(backup={"name": "a"}, volumeSnapshots={"storage": SNAPSHOT})),
            "spec.bootstrap.recovery.backup",
            "excludes volumeSnapshots",
        ),
        id="a backup and snapshots",
    ),
    pytest.param(
        Refused(
            "recovery-snapshots",
            Seen(recovery(volumeSnapshots=dict.fromkeys(("storage", "walStorage"), SNAPSHOT))),
            "spec.bootstrap.recovery.volumeSnapshots.walStorage",
            "needs spec.walStorage",
        ),
        id="a snapshot for a volume that is not there",
    ),
    *(
        pytest.param(
            Refused(
                "recovery-target",
                Seen(recovery(source="old", recoveryTarget=target)),
                f"spec.bootstrap.recovery.recoveryTarget.{field}",
                says,
            ),
            id=f"a target: {what}",
        )
        for what, target, field, says in (
            (
                "two targets",
                {"targetTime": "2026-08-21T02:03:12Z", "targetLSN": "0/1"},
                "targetTime",
                "excludes targetLSN",
            ),
            ("a name without a backup", {"targetName": "before"}, "backupID", "is needed with targetName"),
            ("a timeline 0", {"targetTLI": "0"}, "targetTLI", "'latest' or a number"),
            ("a timeline in other digits", {"targetTLI": "\u0662"}, "targetTLI", "number from 1$"),
            ("a timeline of 20 digits", {"targetTLI": "1" * 20}, "targetTLI", "number from 1$"),
            ("a timeline with a sign", {"targetTLI": "+1"}, "targetTLI", "the API would take it"),
            ("an LSN of nine digits", {"targetLSN": "0/123456789"}, "targetLSN", "the API would take it"),
            ("an LSN of 17 digits", {"targetLSN": "0/1" + "0" * 16}, "targetLSN", "such as '0/42000158'$"),
            ("a zone without its colon", {"targetTime": "2026-06-09T11:12:13+0200"}, "targetTime", "not a time"),
            ("a zone after a blank", {"targetTime": "2026-06-09 11:12:13 +02"}, "targetTime", "not a time"),
            ("the hour 25", {"targetTime": "2026-06-09T25:12:13Z"}, "targetTime", "not a time"),
            ("the 31st of June", {"targetTime": "2026-06-31T11:12:13Z"}, "targetTime", "not a time"),
            ("an LSN without its slash", {"targetLSN": "42000158"}, "targetLSN", "such as '0/42000158'"),
            ("a day in words", {"targetTime": "yesterday"}, "targetTime", "not a time"),
        )
    ),
    *(
        pytest.param(
            Refused(
                "recovery-target-names",
                Seen(target(**given), operator=NEWEST),
                f"spec.bootstrap.recovery.recoveryTarget.{next(iter(given))}",
                says,
            ),
            id=f"a target: {what}",
        )
        for what, given, says in (
            ("a name of 64 bytes", {"targetName": "x" * 64}, "at most 63 bytes$"),
            ("a name of two lines", {"targetName": "a\nb"}, "one line"),
            ("a name with a no-break space", {"targetName": "a\xa0b"}, "the API would take it"),
            ("a transaction of 33 bits", {"targetXID": str(2**32)}, "below 2"),
            ("a transaction of 40 digits", {"targetXID": "1" * 40}, "below 2"),
            ("a negative transaction", {"targetXID": "-1"}, "below 2"),
        )
    ),
    pytest.param(
        Refused(
            "recovery-target-names",
            Seen(target(targetXID="x")),
            "spec.bootstrap.recovery.recoveryTarget.targetXID",
            "since 1.28.3, 1.29.1, 1.30.0",
            "warning",
        ),
        id="a transaction, of an unknown operator",
    ),
    *(
        pytest.param(
            Refused(
                "recovery-snapshots",
                Seen(recovery(volumeSnapshots={"storage": {"name": "a", **volume}})),
                "spec.bootstrap.recovery.volumeSnapshots.storage",
                "not a volume to restore from",
            ),
            id=f"a volume {volume}",
        )
        for volume in (
            {"kind": "ConfigMap", "apiGroup": ""},
            {"kind": "VolumeSnapshot", "apiGroup": "snapshots.example"},
            {"kind": "VolumeSnapshot"},
            {"kind": "PersistentVolumeClaim", "apiGroup": "snapshot.storage.k8s.io"},
        )
    ),
    pytest.param(
        Refused(
            "recovery",
            Seen(cluster(bootstrap={"recovery": {"source": "old"}}, externalClusters=[OTHER]), operator=(1, 28, 1)),
            "spec.bootstrap.recovery.source",
            "barmanObjectStore or plugin",
        ),
        id="a source with parameters alone, of an older operator",
    ),
    pytest.param(
        Refused(
            "recovery-snapshots",
            Seen(recovery(volumeSnapshots={"storage": SNAPSHOT}, recoveryTarget={"backupID": "b"})),
            "spec.bootstrap.recovery.recoveryTarget.backupID",
            "excludes volumeSnapshots",
        ),
        id="a backup and snapshots of a target",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_recovery_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_recovery_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
