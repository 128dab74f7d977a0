from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.status.health import judge_health
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def cluster(*, spec: Object | None = None, status: Object | None = None, **metadata: Any) -> Object:
    made = cnpg.healthy_cluster()
    made["spec"].update(spec or {})
    made["status"].update(status or {})
    made["metadata"].update(metadata)
    return made


def of(kind: str, **status: Any) -> Object:
    return {"kind": kind, "metadata": {"generation": 2}, "status": status}


@pytest.mark.parametrize(
    ("live", "well", "why"),
    [
        pytest.param(cluster(), True, "3 of 3 instances are ready", id="healthy"),
        pytest.param(cluster(spec={"instances": 5}), False, "3 of 5 instances are ready, 3 exist", id="not scaled yet"),
        pytest.param(
            cluster(spec={"instances": 3}, status={"instanceNames": ["a"] * 4}),
            False,
            "3 of 3 .* 4 exist",
            id="too many",
        ),
        pytest.param(cluster(spec={"imageName": "pg:19"}), False, "still runs registry", id="image not rolled out"),
        pytest.param(cluster(status={"resizingPVC": ["a"]}), False, "being resized", id="resizing"),
        pytest.param(cluster(status={"phase": "Setting up primary"}), False, "'Setting up primary'", id="progressing"),
        pytest.param(cluster(status={"phase": "Invalid cluster definition"}), None, "correct in Git", id="blocked"),
        pytest.param(cluster(status={"phase": None}), False, "'no phase yet'", id="unseen"),
        pytest.param(
            cluster(annotations={"cnpg.io/fencedInstances": '["ledger-1"]'}), None, "fenced: ledger-1", id="fenced"
        ),
        pytest.param(
            cluster(annotations={"cnpg.io/hibernation": "on"}, status={"readyInstances": 0}),
            True,
            "hibernated",
            id="asleep",
        ),
        pytest.param(
            cluster(annotations={"cnpg.io/hibernation": "on"}), False, "being hibernated", id="falling asleep"
        ),
        pytest.param(cluster(deletionTimestamp="x"), False, "being deleted", id="deleted"),
        pytest.param(of("Database", applied=True, observedGeneration=2), True, "it is applied", id="applied"),
        pytest.param(of("Database", applied=True, observedGeneration=1), False, "not applied yet", id="behind"),
        pytest.param(of("DatabaseRole", applied=False, message="no"), None, "cannot be applied: no", id="refused"),
        pytest.param(
            of("DatabaseRole", applied=False, message='secrets "db-app" not found')
            | {"spec": {"passwordSecret": {"name": "db-app"}}},
            False,
            "waits for Secret db-app",
            id="its Secret is being made",
        ),
        pytest.param(of("DatabaseRole", message="waiting for"), False, "waiting for", id="not known"),
        pytest.param(of("Pooler", phase="active"), True, "'active'", id="pooler"),
        pytest.param(of("Backup", phase="running"), False, "'running'", id="backup goes on"),
        pytest.param(of("Backup", phase="failed", error="disk"), None, "'failed': disk", id="backup failed"),
        pytest.param(of("ScheduledBackup", error="bad"), None, "the schedule fails: bad", id="schedule"),
        pytest.param(of("ScheduledBackup"), True, "it is there", id="good schedule"),
        pytest.param(of("ImageCatalog"), True, "it is there", id="other kinds"),
    ],
)
def test_each_kind_is_healthy_in_its_own_way(live: Object, well: bool | None, why: str) -> None:
    assert judge_health(live, now=NOW)[0] is well
    assert re.search(why, judge_health(live, now=NOW)[1])
