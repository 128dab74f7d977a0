from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import N, O, R, assert_impact, made


def scheduled(**spec: Any) -> Object:
    return made("ScheduledBackup", {"schedule": "0 0 2 * * *", **spec})


def store(configuration: Object | None = None, **spec: Any) -> Object:
    return made("ObjectStore", {"configuration": {"destinationPath": "s3://b/a", **(configuration or {})}, **spec})


BACKUP = made("Backup", {"cluster": {"name": "orders"}})


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(None, scheduled(), N, "by the schedule 0 0 2 * * *", id="a schedule"),
        pytest.param(None, scheduled(immediate=True), N, "the first one at once", id="one that begins at once"),
        pytest.param(scheduled(), None, N, "Backup objects and what is in object storage stays", id="a schedule goes"),
        pytest.param(
            scheduled(backupOwnerReference="self"), None, N, "its Backup objects go with it", id="with what it owns"
        ),
        pytest.param(scheduled(), scheduled(suspend=True), N, "until it is false again", id="suspended"),
        pytest.param(scheduled(), scheduled(target="primary"), N, "from the next backup on", id="another target"),
        pytest.param(None, BACKUP, N, "one backup is made", id="a backup"),
        pytest.param(BACKUP, None, N, "in object storage stays", id="a backup goes"),
        pytest.param(None, store(), N, "nothing uses it until", id="a store"),
        pytest.param(store(), None, O, "WAL fills their volumes", id="a store goes"),
        pytest.param(
            store(),
            store(instanceSidecarConfiguration={"resources": {}, "env": [{"name": "A"}]}),
            R,
            "which are recreated",
            id="the sidecar",
        ),
        pytest.param(
            store(), store({"endpointCA": {"name": "ca", "key": "k"}}), R, "spec.configuration.endpointCA", id="a CA"
        ),
        pytest.param(store(), store({"wal": {"maxParallel": 4}}), N, "go by it from now on", id="how WAL is stored"),
        pytest.param(store(), store(retentionPolicy="7d"), N, "that are older are deleted", id="retention"),
    ],
)
def test_the_impact_of_a_change_to_backups(
    before: Object | None, after: Object | None, level: Level, says: str
) -> None:
    assert_impact(before, after, level, says)
