from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    PLUGIN,
    STORE,
    Accepted,
    Refused,
    backup,
    cluster,
    findings_against,
    findings_at_field,
    made,
    scheduled,
)

DEADLINE = "cnpg.io/volumeSnapshotDeadline"
SNAPSHOT = {"volumeSnapshot": {"className": "fast"}}

ACCEPTED = [
    pytest.param(
        Accepted("backup-online", Seen(backup(method="volumeSnapshot", online=True))), id="an online snapshot"
    ),
    pytest.param(
        Accepted("backup-plugin", Seen(scheduled(method="plugin", pluginConfiguration={"name": "p"}))),
        id="a plugin that is named",
    ),
    pytest.param(
        Accepted("backup-deadline", Seen(scheduled({"cnpg.io/volumeSnapshotDeadline": "30"}, method="volumeSnapshot"))),
        id="a deadline in minutes",
    ),
    pytest.param(
        Accepted(
            "backup-configured",
            Seen(
                backup(method="plugin", pluginConfiguration={"name": PLUGIN["name"]}),
                neighbours=(cluster(plugins=[PLUGIN]),),
            ),
        ),
        id="a plugin that the Cluster enables",
    ),
    pytest.param(
        Accepted("backup-configured", Seen(backup(), neighbours=(cluster(backup=STORE),))),
        id="in-tree Barman that the Cluster has",
    ),
    pytest.param(Accepted("backup-configured", Seen(backup())), id="a Cluster that is not seen"),
    *(
        pytest.param(
            Accepted("backup-configured", Seen(made_backup, neighbours=(cluster(backup=SNAPSHOT, **more),))), id=name
        )
        for name, made_backup, more in (
            ("snapshots beside an archive", backup(method="volumeSnapshot"), {"plugins": [PLUGIN]}),
            ("an offline snapshot", backup(method="volumeSnapshot", online=False), {}),
            ("snapshots of a replica cluster", backup(method="volumeSnapshot"), {"replica": {"source": "old"}}),
        )
    ),
    pytest.param(
        Accepted(
            "backup-configured",
            Seen(backup(method="volumeSnapshot"), neighbours=(cluster(backup={"volumeSnapshot": {"online": False}}),)),
        ),
        id="a Cluster whose snapshots are taken offline",
    ),
]

REFUSED = [
    pytest.param(
        Refused("backup-online", Seen(backup(online=True)), "spec.online", "'volumeSnapshot' only"),
        id="online without snapshots",
    ),
    pytest.param(
        Refused(
            "backup-online",
            Seen(scheduled(method="barmanObjectStore", onlineConfiguration={"waitForArchive": True})),
            "spec.onlineConfiguration",
            "leave it out",
        ),
        id="settings of online without snapshots",
    ),
    pytest.param(
        Refused("backup-plugin", Seen(backup(method="plugin")), "spec.pluginConfiguration", "barman-cloud[^ ]*$"),
        id="a plugin without a name",
    ),
    pytest.param(
        Refused("backup-plugin", Seen(scheduled(method="plugin")), "spec.pluginConfiguration", "the API would take it"),
        id="a plugin without a name, of a schedule",
    ),
    pytest.param(
        Refused(
            "backup-deadline",
            Seen(scheduled({"cnpg.io/volumeSnapshotDeadline": "10m"})),
            "metadata.annotations.cnpg.io/volumeSnapshotDeadline",
            "such as '10' .*the API would take it",
        ),
        id="a deadline with a unit, of a schedule",
    ),
    *(
        pytest.param(
            Refused(
                "backup-deadline",
                Seen(made("Backup", "orders-now", {"cluster": {"name": "orders"}}, {DEADLINE: text})),
                f"metadata.annotations.{DEADLINE}",
                "such as '10'$",
            ),
            id=f"the deadline {text}",
        )
        for text in ("10m", "+-7", "\u0664", " 5", "123456789012345678901")
    ),
    pytest.param(
        Refused(
            "backup-configured",
            Seen(backup(), neighbours=(cluster(),)),
            "spec.method",
            "which is the default, needs",
            "warning",
        ),
        id="in-tree Barman that the Cluster lacks",
    ),
    pytest.param(
        Refused(
            "backup-configured",
            Seen(backup(method="volumeSnapshot"), neighbours=(cluster(),)),
            "spec.method",
            "volumeSnapshot of",
            "warning",
        ),
        id="snapshots that the Cluster lacks",
    ),
    pytest.param(
        Refused(
            "backup-configured",
            Seen(backup(method="plugin", pluginConfiguration={"name": "p"}), neighbours=(cluster(plugins=[PLUGIN]),)),
            "spec.pluginConfiguration.name",
            "enables no plugin 'p'; there are: barman-cloud",
            "warning",
        ),
        id="a plugin that the Cluster lacks",
    ),
    *(
        pytest.param(
            Refused(
                "backup-configured",
                Seen(one, neighbours=(cluster(backup=SNAPSHOT),)),
                "spec.method",
                "taken while PostgreSQL runs needs the WAL of that time, and nothing archives that of Cluster orders: "
                "it cannot be restored",
                "warning",
            ),
            id=f"{name} without an archive",
        )
        for name, one in (
            ("a snapshot", backup(method="volumeSnapshot")),
            ("scheduled snapshots", scheduled(method="volumeSnapshot")),
        )
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_backup_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_backup_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
