"""What update_postgres_cluster plans: which lines change, what that does, and what has to be agreed to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate
from gitops_mcp.domain.plans.clusters.cluster_update import plan_cluster_update
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.errors import Refused

NOW = datetime(2026, 11, 1, 12, 30, 5, tzinfo=UTC)
STAMP = "2026-11-01T12:30:05Z"
REF = ClusterRef("shop", "db")
IMAGES = "registry.example.com/postgresql"
HEAD = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shop
"""
SPEC = """\
spec:
  instances: 3
  imageName: registry.example.com/team/pg:17.6-202509151215-standard-bookworm # pinned
  storage:
    size: 10Gi # a day of WAL fits
    storageClass: fast
  postgresql:
    parameters:
      max_connections: "100"
      work_mem: 4MB
  resources:
    requests:
      memory: 1Gi
"""
CLUSTER = HEAD + SPEC
BARE = HEAD + "spec:\n  instances: 3\n  storage: {size: 10Gi}\n"
CATALOGUED = HEAD + (
    "spec:\n  imageCatalogRef:\n    apiGroup: postgresql.cnpg.io\n    kind: ImageCatalog\n    name: pg\n    major: 17\n"
    "  storage: {size: 10Gi}\n"
)
CATALOG = """\
apiVersion: postgresql.cnpg.io/v1
kind: ImageCatalog
metadata: {name: pg, namespace: shop}
spec:
  images:
    - {major: 17, image: "registry.example.com/pg:17.6"}
    - {major: 18, image: "registry.example.com/pg:18.4"}
"""


def planned(text: str = CLUSTER, *, live: Object | None = None, beside: str | None = None, **asked: Any) -> Plan:
    files = {"db.yaml": text, **({"beside.yaml": beside} if beside else {})}
    desired = build_desired(files, commit="0" * 40, folder="")
    declared = desired.cluster("db", None, environment="prod")
    return plan_cluster_update(
        declared, desired, REF, ClusterUpdate(**asked), images=IMAGES, live=live, operator=None, now=NOW
    )


def lines(plan: Plan) -> list[str]:
    """The lines of the diff that come or go."""
    return [one for one in plan.diff.splitlines() if one[:1] in "+-" and one[:3] not in {"---", "+++"}]


def ids(plan: Plan) -> list[str]:
    return [one.id for one in plan.warnings]


def annotated(*entries: str) -> str:
    return HEAD + "  annotations:\n" + "".join(f"    {one}\n" for one in entries) + SPEC


@pytest.mark.parametrize(
    ("asked", "changed", "body", "level"),
    [
        pytest.param(
            {"storage_size": "20Gi"},
            ["-    size: 10Gi # a day of WAL fits", "+    size: 20Gi # a day of WAL fits"],
            ["spec.storage.size: 10Gi -> 20Gi"],
            Level.NONE,
            id="resize",
        ),
        pytest.param(
            {"wal_storage_size": "5Gi"},
            ["+  walStorage:", "+    size: 5Gi", "+    storageClass: fast"],
            ["spec.walStorage.size: unset -> 5Gi", "spec.walStorage.storageClass: unset -> fast"],
            Level.ROLLING_RESTART,
            id="a first volume for WAL is of the class of the data",
        ),
        pytest.param(
            {"parameters": {"work_mem": "8MB"}},
            ["-      work_mem: 4MB", "+      work_mem: 8MB"],
            ["spec.postgresql.parameters.work_mem: 4MB -> 8MB"],
            Level.RELOAD,
            id="a parameter that is reloaded",
        ),
        pytest.param(
            {"parameters": {"Max_Connections": "200"}},
            ['-      max_connections: "100"', '+      max_connections: "200"'],
            ["spec.postgresql.parameters.max_connections: 100 -> 200"],
            Level.ROLLING_RESTART,
            id="a parameter that restarts, in another spelling",
        ),
        pytest.param(
            {"parameters": {"jit": "off", "work_mem": None}},
            ["-      work_mem: 4MB", '+      jit: "off"'],
            ["spec.postgresql.parameters.jit: unset -> off", "spec.postgresql.parameters.work_mem: 4MB -> removed"],
            Level.RELOAD,
            id="one comes and one goes",
        ),
        pytest.param(
            {"parameters": {"max_connections": None, "work_mem": None}},
            ["-  postgresql:", "-    parameters:", '-      max_connections: "100"', "-      work_mem: 4MB"],
            [
                "spec.postgresql.parameters.max_connections: 100 -> removed",
                "spec.postgresql.parameters.work_mem: 4MB -> removed",
            ],
            Level.ROLLING_RESTART,
            id="the last parameters leave nothing empty behind",
        ),
        pytest.param(
            {"resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "2Gi"}}},
            ["+      cpu: 500m", "+    limits:", "+      memory: 2Gi"],
            ["spec.resources.requests.cpu: unset -> 500m", "spec.resources.limits.memory: unset -> 2Gi"],
            Level.ROLLING_RESTART,
            id="resources beside those that stay",
        ),
        pytest.param(
            {"resources": {"requests": {"memory": None}}},
            ["-  resources:", "-    requests:", "-      memory: 1Gi"],
            ["spec.resources.requests.memory: 1Gi -> removed"],
            Level.ROLLING_RESTART,
            id="the last resource",
        ),
        pytest.param(
            {"restart": True},
            ["+  annotations:", f'+    kubectl.kubernetes.io/restartedAt: "{STAMP}"'],
            [f"metadata.annotations kubectl.kubernetes.io/restartedAt: unset -> {STAMP}"],
            Level.ROLLING_RESTART,
            id="restart",
        ),
        pytest.param(
            {"reload": True},
            ["+  annotations:", f'+    cnpg.io/reloadedAt: "{STAMP}"'],
            [f"metadata.annotations cnpg.io/reloadedAt: unset -> {STAMP}"],
            Level.RELOAD,
            id="reload",
        ),
        pytest.param(
            {"hibernation": "on"},
            ["+  annotations:", '+    cnpg.io/hibernation: "on"'],
            ["metadata.annotations cnpg.io/hibernation: unset -> on"],
            Level.OUTAGE,
            id="hibernation",
        ),
        pytest.param(
            {"maintenance_window": {"in_progress": True, "reuse_pvc": False}},
            ["+  nodeMaintenanceWindow:", "+    inProgress: true", "+    reusePVC: false"],
            [
                "spec.nodeMaintenanceWindow.inProgress: unset -> true",
                "spec.nodeMaintenanceWindow.reusePVC: unset -> false",
            ],
            Level.NONE,
            id="maintenance window",
        ),
    ],
)
def test_only_the_lines_that_are_needed_change(
    asked: dict[str, Any], changed: list[str], body: list[str], level: Level
) -> None:
    plan = planned(**asked)
    assert sorted(lines(plan)) == sorted(changed)
    assert (list(plan.body), plan.impact.level) == (body, level)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param(CLUSTER, {"storage_size": "10240Mi"}, id="a size in another unit"),
        pytest.param(CLUSTER, {"resources": {"requests": {"memory": "1024Mi"}}}, id="memory in another unit"),
        pytest.param(CLUSTER, {"parameters": {"work_mem": "4MB", "jit": None}}, id="parameters"),
        pytest.param(CLUSTER, {"postgres_version": "17.6-202509151215-standard-bookworm"}, id="a tag"),
        pytest.param(CLUSTER, {"hibernation": "off"}, id="off where nothing is said"),
        pytest.param(annotated('cnpg.io/hibernation: "on"'), {"hibernation": "on"}, id="on where it is on"),
        pytest.param(annotated(f'cnpg.io/reloadedAt: "{STAMP}"'), {"reload": True}, id="the same second"),
        pytest.param(CLUSTER, {"maintenance_window": {"in_progress": False, "reuse_pvc": True}}, id="defaults"),
        pytest.param(CATALOGUED, {"postgres_version": "17"}, id="the major of a catalog"),
    ],
)
def test_what_is_so_already_is_unchanged(text: str, asked: dict[str, Any]) -> None:
    plan = planned(text, beside=CATALOG, **asked)
    assert plan.unchanged == f"db.yaml:1 says so already: {next(iter(asked))}"
    assert plan.files == ()


def test_a_size_that_a_template_says_is_changed_there() -> None:
    text = BARE.replace(
        "{size: 10Gi}", "{pvcTemplate: {storageClassName: slow, resources: {requests: {storage: 10Gi}}}}"
    )
    plan = planned(text, storage_size="20Gi")
    assert plan.body == ("spec.storage.pvcTemplate.resources.requests.storage: 10Gi -> 20Gi",)
    assert [one.replace("20Gi", "10Gi")[1:] for one in lines(plan)] == [text.splitlines()[-1]] * 2


@pytest.mark.parametrize(
    ("asked", "image"),
    [
        pytest.param({"postgres_version": "17.7-standard-bookworm"}, "registry.example.com/team/pg:17.7-standard-bookworm", id="its own repository"),
        pytest.param({"postgres_version": "18"}, "registry.example.com/team/pg:18-standard-bookworm", id="a major of the same flavour"),
        pytest.param({"image": "other.example.com:5000/pg:17.7"}, "other.example.com:5000/pg:17.7", id="another repository"),
        pytest.param({"image": f"pg:17.7@sha256:{'0' * 64}"}, f"pg:17.7@sha256:{'0' * 64}", id="a digest"),
    ],
)  # fmt: skip
def test_another_image_is_one_line_that_keeps_its_comment(asked: dict[str, Any], image: str) -> None:
    assert lines(planned(**asked))[1] == f"+  imageName: {image} # pinned"


def test_a_major_takes_the_tag_that_others_have_pinned() -> None:
    other = CLUSTER.replace("name: db", "name: other").replace("17.6-202509151215", "18.4")
    assert "18.4-standard-bookworm" in lines(planned(beside=other, postgres_version="18"))[1]
    foreign = other.replace("team/pg", "others/pg")
    plan = planned(beside=foreign, postgres_version="18")
    assert "team/pg:18-standard-bookworm" in lines(plan)[1]
    assert "moving-tag" in ids(plan)


def test_the_major_it_has_asks_for_the_tag_of_a_minor() -> None:
    plan = planned(postgres_version="17")
    assert (plan.files, ids(plan)) == ((), ["same-major"])


def test_a_catalog_is_asked_for_another_major() -> None:
    plan = planned(CATALOGUED, beside=CATALOG, postgres_version="18")
    assert lines(plan) == ["-    major: 17", "+    major: 18"]
    assert plan.impact.level is Level.OUTAGE
    assert "catalog-not-checked" not in ids(plan)
    assert "catalog-not-checked" in ids(planned(CATALOGUED, postgres_version="18"))


@pytest.mark.parametrize("asked", [{"image": "pg:17.7"}, {"postgres_version": "17.7"}], ids=["image", "tag"])
def test_a_catalog_excludes_an_image_of_its_own(asked: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=rf"^{next(iter(asked))}: .* ImageCatalog pg, major 17, .* postgres_version"):
        planned(CATALOGUED, beside=CATALOG, **asked)


def test_a_tag_that_cannot_be_understood_is_not_guessed_from() -> None:
    with pytest.raises(Refused, match=r"from the present one, 17-3\.5: name the full tag"):
        planned(CLUSTER.replace("17.6-202509151215-standard-bookworm", "17-3.5"), postgres_version="18")


RUNNING: Object = {
    "kind": "Cluster",
    "spec": {"instances": 3, "imageName": "pg:17.6", "storage": {"size": "10Gi", "storageClass": "fast"}},
    "status": {"pgDataImageInfo": {"majorVersion": 17}},
}


@pytest.mark.parametrize(
    ("text", "live", "asked", "said"),
    [
        pytest.param(CLUSTER, None, {"hibernation": "on"}, "hibernation stops every pod", id="hibernation"),
        pytest.param(
            CLUSTER,
            {"status": {"phase": "Failing over"}},
            {"hibernation": "on"},
            "hibernation stops every pod once the cluster is healthy (its phase is 'Failing over' now)",
            id="hibernation that has to wait",
        ),
        pytest.param(CLUSTER, None, {"postgres_version": "18.4"}, "PostgreSQL 17 -> 18 is a major upgrade", id="major"),
        pytest.param(BARE, RUNNING, {"postgres_version": "18.4"}, "PostgreSQL 17 -> 18", id="major that only runs"),
        pytest.param(BARE, None, {"postgres_version": "18.4"}, "may be a major upgrade", id="major that nobody says"),
    ],
)
def test_what_stops_the_database_needs_a_word(text: str, live: Object | None, asked: dict[str, Any], said: str) -> None:
    plan = planned(text, live=live, **asked)
    assert plan.impact.level is Level.OUTAGE
    assert said in str(plan.stops)
    assert plan.destroys is None
    assert "outage" in ids(plan)


@pytest.mark.parametrize(
    ("text", "live", "asked"),
    [
        pytest.param(CLUSTER, None, {"restart": True}, id="a restart"),
        pytest.param(CLUSTER, None, {"postgres_version": "17.7-standard-bookworm"}, id="a minor"),
        pytest.param(BARE, RUNNING, {"postgres_version": "17.7"}, id="a minor of what only runs"),
        pytest.param(annotated('cnpg.io/hibernation: "on"'), None, {"hibernation": "off"}, id="the end of hibernation"),
        pytest.param(CLUSTER.replace("17.6-", "18.4-"), RUNNING, {"restart": True}, id="beside an upgrade that is due"),
        pytest.param(CLUSTER.replace("17.6-", "18.4-"), RUNNING, {"image": "pg:17.6"}, id="back from a failed upgrade"),
    ],
)
def test_what_does_not_stop_it_needs_none(text: str, live: Object | None, asked: dict[str, Any]) -> None:
    plan = planned(text, live=live, **asked)
    assert (plan.destroys, plan.stops) == (None, None)
    assert plan.files


def test_hibernation_by_hand_is_ended_from_git() -> None:
    live = {**RUNNING, "metadata": {"annotations": {"cnpg.io/hibernation": "on"}}}
    plan = planned(live=live, hibernation="off")
    assert lines(plan) == ["+  annotations:", '+    cnpg.io/hibernation: "off"']


def test_what_runs_otherwise_is_told() -> None:
    live = {**RUNNING, "spec": {**RUNNING["spec"], "storage": {"size": "15Gi", "storageClass": "fast"}}}
    plan = planned(live=live, storage_size="20Gi")
    [told] = [one.message for one in plan.warnings if one.id == "live-differs"]
    assert told == "spec.storage.size is 15Gi live where Git says 10Gi"
    assert "live-differs" in ids(planned(live=live, storage_size="10Gi"))
    assert "live-differs" not in ids(planned(live=live, restart=True))


def test_a_full_disk_is_told_of_where_a_volume_is_to_grow() -> None:
    plan = planned(live={**RUNNING, "status": {"phase": "Not enough disk space"}}, storage_size="20Gi")
    (message,) = [one.message for one in plan.warnings if one.id == "disk-full"]
    assert "kubectl patch" in message


def test_what_of_several_settings_is_so_already_is_said() -> None:
    plan = planned(storage_size="10Gi", parameters={"work_mem": "64MB"})
    assert [one.message for one in plan.warnings if one.id == "already-so"] == [
        "db.yaml:1 says so already: spec.storage.size"
    ]


@pytest.mark.parametrize(
    ("reuse", "said"), [(True, "waits for that node"), (False, "recreated elsewhere")], ids=["reused", "recreated"]
)
def test_a_maintenance_window_says_what_a_drained_node_means(reuse: bool, said: str) -> None:
    [notice] = planned(maintenance_window={"in_progress": True, "reuse_pvc": reuse}).warnings
    assert (notice.id, said in notice.message) == ("maintenance-window", True)


@pytest.mark.parametrize(
    ("text", "asked", "field"),
    [
        pytest.param(CLUSTER.replace("10Gi #", "${SIZE} #"), {"storage_size": "20Gi"}, "spec.storage.size", id="size"),
        pytest.param(CLUSTER.replace("4MB", "${MEM}"), {"parameters": {"work_mem": None}}, "work_mem", id="removed"),
    ],
)
def test_a_variable_that_nobody_fills_in_is_not_overwritten(text: str, asked: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused, match=rf"{field} of .* is '\$\{{\w+}}': it is filled in by something else"):
        planned(text, **asked)


def test_a_secret_that_stood_in_a_parameter_is_not_repeated() -> None:
    text = CLUSTER.replace("work_mem: 4MB", "custom.password: hunter2")
    plan = planned(text, parameters={"custom.password": None})
    assert "hunter2" not in "\n".join(plan.body)
