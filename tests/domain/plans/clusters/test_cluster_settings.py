"""What may be changed in a running Cluster, and the fields that it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object, Path
from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate, Setting, asked_settings
from gitops_mcp.domain.yaml.edits import Edit, Remove, Set
from gitops_mcp.errors import InvalidRequest

NOW = datetime(2026, 11, 1, 12, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "verb"),
    [
        ({"storage_size": "20Gi", "wal_storage_size": "5Gi"}, "update-storage"),
        ({"image": "pg:17.7"}, "update-image"),
        ({"postgres_version": "17.7"}, "update-image"),
        ({"maintenance_window": {"in_progress": True}}, "update-maintenance"),
        ({"storage_size": "20Gi", "restart": True}, "update"),
    ],
)
def test_each_topic_has_a_change_of_its_own(asked: dict[str, Any], verb: str) -> None:
    assert ClusterUpdate(**asked).verb == verb


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param({}, "name at least one argument to update; there are: storage_size, wal_storage_size, ", id="nothing"),
        pytest.param({"parameters": {}, "restart": False}, "name at least one argument to update", id="nothing in it"),
        pytest.param({"image": "pg:17.7", "postgres_version": "17"}, "image: it and postgres_version name", id="both"),
        pytest.param({"storage_size": "10GB"}, "storage_size: '10GB' is not a size", id="size"),
        pytest.param({"wal_storage_size": "-1Gi"}, "wal_storage_size: '-1Gi' is not more than zero", id="WAL size"),
        pytest.param({"postgres_version": "latest"}, "postgres_version: 'latest' moves", id="latest"),
        pytest.param({"image": "pg"}, "image: it is not the full reference", id="no tag"),
        pytest.param({"image": "pg:latest"}, "image: it is not the full reference", id="image latest"),
        pytest.param({"image": "user:hunter2@host/pg:17.7"}, "image: it is not the full reference", id="credentials"),
        pytest.param({"parameters": {"archive_command": "true"}}, "archive_command may not be set: a backup", id="fixed"),
        pytest.param({"parameters": {"max connections": "1"}}, "is not the name of a parameter", id="no parameter"),
        pytest.param({"resources": {"requests": {"gpu": "1"}}}, "resources.requests: PostgreSQL's pods have no resource 'gpu'; there are: cpu, ", id="no resource"),
        pytest.param({"resources": {"limits": {"memory": "4GB"}}}, "resources.limits.memory: '4GB' is not an amount", id="no amount"),
        pytest.param({"resources": {"limits": {"cpu": "0"}}}, "resources.limits.cpu: '0' is not an amount", id="none of it"),
    ],
)  # fmt: skip
def test_what_no_cluster_could_have_is_refused_with_what_would_work(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        ClusterUpdate(**asked)
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_huge_pages_are_a_resource() -> None:
    asked = ClusterUpdate(resources={"limits": {"hugepages-2Mi": "1Gi"}})
    assert replace(asked, restart=True).named == ("resources", "restart")


@pytest.mark.parametrize(
    ("setting", "edit", "line"),
    [
        pytest.param(
            Setting("storage_size", ("spec", "storage", "size"), "20Gi"),
            Set(("spec", "storage", "size"), "20Gi"),
            "spec.storage.size: 10Gi -> 20Gi",
            id="another value",
        ),
        pytest.param(
            Setting("parameters", ("spec", "postgresql", "parameters", "work_mem"), None),
            Remove(("spec", "postgresql", "parameters", "work_mem")),
            "spec.postgresql.parameters.work_mem: 10Gi -> removed",
            id="none: it goes",
        ),
        pytest.param(
            Setting("restart", ("metadata", "annotations", "a.b/c"), "now"),
            Set(("metadata", "annotations", "a.b/c"), "now"),
            "metadata.annotations a.b/c: 10Gi -> now",
            id="an annotation, whose name has dots of its own",
        ),
        pytest.param(
            Setting("maintenance_window", ("spec", "nodeMaintenanceWindow", "reusePVC"), value=False),
            Set(("spec", "nodeMaintenanceWindow", "reusePVC"), value=False),
            "spec.nodeMaintenanceWindow.reusePVC: 10Gi -> false",
            id="as YAML writes it",
        ),
        pytest.param(
            Setting("parameters", ("spec", "postgresql", "parameters", "x.password"), "hunter2"),
            Set(("spec", "postgresql", "parameters", "x.password"), "hunter2"),
            "spec.postgresql.parameters.x.password: <redacted>",
            id="a secret is not shown",
        ),
    ],
)
def test_a_setting_is_one_edit_and_one_line_for_a_reviewer(setting: Setting, edit: Edit, line: str) -> None:
    assert (setting.edit, setting.line("10Gi")) == (edit, line)


def test_what_was_not_there_is_unset() -> None:
    assert Setting("storage_size", ("spec", "storage", "size"), "20Gi").line(None) == "spec.storage.size: unset -> 20Gi"


HIBERNATED: Object = {"metadata": {"annotations": {"cnpg.io/hibernation": "on"}}}


@pytest.mark.parametrize(
    ("cluster", "asked", "settings"),
    [
        pytest.param(HIBERNATED, {"hibernation": "off"}, [("hibernation", ("metadata", "annotations", "cnpg.io/hibernation"), "off")], id="what is hibernated is woken"),
        pytest.param({"spec": {"storage": {"pvcTemplate": {"storageClassName": "slow"}}}}, {"wal_storage_size": "1Gi"}, [("wal_storage_size", ("spec", "walStorage", "size"), "1Gi"), ("wal_storage_size", ("spec", "walStorage", "storageClass"), "slow")], id="a new volume is of the class of a template"),
        pytest.param({"spec": {"nodeMaintenanceWindow": {"reusePVC": False}}}, {"maintenance_window": {"reuse_pvc": True}}, [("maintenance_window", ("spec", "nodeMaintenanceWindow", "reusePVC"), True)], id="a default over what is said"),
        pytest.param({}, {"restart": True, "image": "r/pg:17.7"}, [("image", ("spec", "imageName"), "r/pg:17.7"), ("restart", ("metadata", "annotations", "kubectl.kubernetes.io/restartedAt"), "2026-11-01T12:30:05Z")], id="an image is told by its argument"),
    ],
)  # fmt: skip
def test_what_was_asked_for_means_fields_of_the_object(
    cluster: Object, asked: dict[str, Any], settings: list[tuple[str, Path, object]]
) -> None:
    image = [(("spec", "imageName"), asked["image"])] if "image" in asked else []
    found = asked_settings(cluster, ClusterUpdate(**asked), image=image, live=None, now=NOW)
    assert found == tuple(Setting(*one) for one in settings)
