"""What comes of an object on its way into the API; the recorded verdicts are held to it too, beside this."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Finding, Seen
from gitops_mcp.domain.rules.admission import admit, object_stages
from gitops_mcp.domain.rules.table import OURS
from tests.domain.rules.examples import cluster, database, made, synchronous
from tests.domain.rules.recorded.rows import schema_of

STANDS = "every change of this object is refused until it is mended, so that this one does not arrive"
CATALOG = {"apiGroup": "postgresql.cnpg.io", "kind": "ImageCatalog", "name": "team", "major": 18}


def bare(**spec: Any) -> Object:
    return cluster(imageName=None, **spec)


def found(value: Object, before: Object | None = None, live: Object | None = None) -> list[Finding]:
    return list(admit(Seen(value, before, live), schema_of(value)).findings)


def told(value: Object, before: Object | None = None, live: Object | None = None) -> dict[str, str]:
    return {one.field: one.message for one in found(value, before, live) if one.severity == "error"}


def kept(value: Object, before: Object | None = None, operator: Release | None = None) -> Object:
    spec: Object = object_stages(Seen(value, before, operator=operator), value, schema_of(value)).kept["spec"]
    return spec


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(synchronous(standbyNamesPre=["x"]), id="durability is filled in before CEL asks for it"),
        pytest.param(synchronous(dataDurability=""), id="a blank durability"),
        pytest.param(cluster(logLevel="", backup={"target": ""}), id="a blank level and target"),
        pytest.param(cluster(bootstrap={"initdb": {"database": "orders"}}), id="a database without an owner"),
        pytest.param(cluster(bootstrap={"initdb": {"owner": "orders"}}), id="an owner without a database"),
        pytest.param(cluster(postgresql={"parameters": {"archive_mode": "off"}}), id="archive_mode"),
    ],
)
def test_what_the_webhook_fills_in_is_there_when_the_rules_look(value: Object) -> None:
    assert told(value) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spec.resources", cluster(resources="")),
        ("spec.replicationSlots.highAvailability", cluster(replicationSlots={"highAvailability": ""})),
        ("spec.replicationSlots.synchronizeReplicas", cluster(replicationSlots={"synchronizeReplicas": ""})),
        ("spec.monitoring.customQueriesConfigMap", cluster(monitoring={"customQueriesConfigMap": ""})),
        ("spec.probes.liveness.isolationCheck", cluster(probes={"liveness": {"isolationCheck": ""}})),
    ],
)
def test_a_blank_text_is_filled_in_only_where_a_text_belongs(field: str, value: Object) -> None:
    assert [*told(value)] == [field]


CLAIM = {"accessModes": ["ReadWriteOnce"]}


@pytest.mark.parametrize(
    "value",
    [
        cluster(imageName=None, imageCatalogRef=CATALOG, postgresql={"extensions": [{"name": "vec", "image": None}]}),
        cluster(storage={"size": "1Gi", "pvcTemplate": {"resources": None}}),
        cluster(
            ephemeralVolumeSource={"volumeClaimTemplate": {"metadata": None, "spec": {**CLAIM, "resources": None}}}
        ),
        cluster(
            managed={
                "services": {
                    "additional": [
                        {"selectorType": "rw", "serviceTemplate": {"metadata": {"name": "orders-lb"}, "spec": None}}
                    ]
                }
            }
        ),
    ],
    ids=["an extension's image", "a claim's resources", "a volume", "a service"],
)
def test_a_null_for_which_the_webhook_writes_an_empty_mapping_is_accepted(value: Object) -> None:
    assert told(value) == {}


def test_a_reference_without_a_group_comes_back_with_null_and_is_refused() -> None:
    snapshots = {"volumeSnapshots": {"storage": {"kind": "PersistentVolumeClaim", "name": "a"}}}
    said = told(cluster(bootstrap={"recovery": snapshots}))
    assert said == {
        "spec.bootstrap.recovery.volumeSnapshots.storage.apiGroup": "must be stated: the operator's webhook writes null "
        "where it is left out, which its own CRD refuses, such as snapshot.storage.k8s.io, or '' for a "
        "PersistentVolumeClaim"
    }


def test_projected_volumes_without_sources_come_back_with_null() -> None:
    assert [*told(cluster(projectedVolumeTemplate={}))] == ["spec.projectedVolumeTemplate.sources"]


def test_nothing_is_written_back_where_nothing_was_filled_in() -> None:
    before = cluster()
    assert told({**before, "spec": {**before["spec"], "projectedVolumeTemplate": {}}}, before) == {}


def test_an_explicit_null_is_told_as_what_server_side_apply_refuses() -> None:
    said = told(cluster(managed={"roles": None}))
    assert list(said) == ["spec.managed.roles"]
    assert "server-side apply" in said["spec.managed.roles"]


def test_a_null_that_a_default_takes_the_place_of_is_none() -> None:
    assert told(cluster(enablePDB=None, startDelay=None)) == {}


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (cluster(resources={"requests": {"memory": " 1Gi"}}), "spec.resources.requests.memory"),
        (cluster(resources={"requests": {"cpu": 1.5}}), "spec.resources.requests.cpu"),
        (cluster(env=[{"value": "a"}]), "spec.env[0].name"),
        (cluster(postgresql={"pg_ident": [None]}), "spec.postgresql.pg_ident[0]"),
    ],
)
def test_what_only_the_webhooks_types_make_good_is_refused_as_ours(value: Object, field: str) -> None:
    (one,) = (one for one in found(value) if one.severity == "error")
    assert (one.field, one.ours) == (field, True)
    assert OURS in one.message


def test_on_a_change_the_same_is_the_servers() -> None:
    (one,) = (one for one in found(cluster(env=[{"value": "a"}]), cluster()) if one.severity == "error")
    assert (one.field, one.ours, one.message) == ("spec.env[0].name", False, "is required")


def test_a_catalog_beside_the_image_that_the_webhook_had_filled_in_is_refused() -> None:
    said = told(bare(imageCatalogRef=CATALOG), bare())
    assert list(said) == ["spec"]
    assert told(bare(imageCatalogRef=CATALOG), cluster()) == {}  # an image that was stated goes


def test_which_major_runs_is_not_guessed_where_git_named_none() -> None:
    found_without_api = found(cluster(), bare())
    assert [(one.rule, one.severity) for one in found_without_api] == [("major-change", "warning")]
    assert "goes from PostgreSQL 18 to 17" in told(cluster(), bare(), bare())["spec.imageName"]


def test_an_identifier_that_is_left_out_becomes_the_default_and_may_not() -> None:
    assert [*told(cluster(), cluster(postgresUID=1000))] == ["spec.postgresUID"]
    assert told(cluster(), cluster(postgresUID=26)) == {}


def test_the_default_major_counts_where_none_is_stated() -> None:
    slots = {"highAvailability": {"synchronizeLogicalDecoding": True}}
    assert [*told(bare(replicationSlots=slots))] == [
        "spec.postgresql.parameters.hot_standby_feedback",
        "spec.postgresql.parameters.sync_replication_slots",
    ]


def test_a_standing_fault_of_the_webhook_stands_in_the_way_of_every_change() -> None:
    before = cluster(postgresql={"parameters": {"port": "5433"}})
    (one,) = found({**before, "spec": {**before["spec"], "instances": 5}}, before)
    assert (one.field, one.severity, one.stands_in_the_way) == ("spec.postgresql.parameters.port", "warning", True)
    assert STANDS in one.message


def test_a_standing_fault_of_the_schema_passes_unless_something_around_it_changes() -> None:
    before = cluster(backup={"retentionPolicy": "1y"})
    other = {**before, "spec": {**before["spec"], "instances": 5}}
    (one,) = (one for one in found(other, before) if one.rule == "schema")
    assert (one.severity, one.stands_in_the_way) == ("warning", False)
    assert one.message.endswith("(it was so before this change)")


def test_a_value_of_another_type_stands_in_the_way_since_the_api_holds_none() -> None:
    before = cluster(instances="3")
    (one,) = (
        one
        for one in found({**before, "spec": {**before["spec"], "logLevel": "debug"}}, before)
        if one.rule == "schema"
    )
    assert (one.field, one.severity, one.stands_in_the_way) == ("spec.instances", "warning", True)
    assert STANDS in one.message


def test_a_standing_fault_of_a_cel_rule_over_what_changes_stands_in_the_way() -> None:
    before = cluster(imageCatalogRef=CATALOG)
    (one,) = (one for one in found({**before, "spec": {**before["spec"], "instances": 5}}, before) if one.rule == "cel")
    assert (one.field, one.severity, one.stands_in_the_way) == ("spec", "warning", True)


def test_where_the_webhook_is_switched_off_its_rules_are_ours() -> None:
    value = cluster({"cnpg.io/validation": "disabled"}, instances=1, primaryUpdateStrategy="supervised")
    (one,) = (one for one in found(value) if one.rule == "supervised")
    assert (one.severity, one.ours) == ("error", True)


@pytest.mark.parametrize("operator", [None, (1, 30, 0)])
def test_where_the_webhook_is_switched_off_only_the_operators_own_releases_count(operator: Release | None) -> None:
    value = cluster({"cnpg.io/validation": "disabled"}, instances=3)
    rules = {one.rule for one in admit(Seen(value, operator=operator), schema_of(value)).findings}
    assert rules == {"dangerous-annotations"}


def test_what_the_api_holds_stays_where_git_says_nothing_of_it() -> None:
    live = cluster(stopDelay=30)
    live["status"] = {"phase": "x"}
    before = cluster()
    merged = object_stages(Seen(before, before, live), cluster(instances=5), schema_of(before)).kept
    assert (merged["spec"]["stopDelay"], merged["spec"]["instances"], merged["status"]) == (30, 5, {"phase": "x"})


def test_what_only_the_api_has_and_the_schema_does_not_know_is_nobodys_fault() -> None:
    live = cluster(brandNew=True)
    live["status"] = {"brandNew": True, "instances": "three"}
    assert found(cluster(instances=5), cluster(), live) == []
    assert told(cluster(brandNew=True), cluster(), live) == {}
    assert [*told(cluster(brandNew=True), cluster())] == ["spec.brandNew"]


@pytest.mark.parametrize("status", [None, {}, {"x": 1}])
def test_a_status_of_a_kind_that_has_none_is_no_field_of_it(status: Object | None) -> None:
    catalog = made("ImageCatalog", "team", {"images": [{"major": 17, "image": "example/postgresql:17.4"}]})
    stated = {**catalog, "status": status}
    assert told(catalog) == {}
    assert told(stated) == {"status": "is not a field of this kind"}
    (standing,) = found(stated, stated)
    assert (standing.field, standing.severity, standing.stands_in_the_way) == ("status", "warning", True)
    assert told({**cluster(), "status": None}) == {}


def test_items_with_keys_are_merged_and_other_lists_are_replaced() -> None:
    before = cluster(postgresql={"extensions": [{"name": "a"}, {"name": "b"}], "pg_hba": ["a", "b"]})
    live = cluster(postgresql={"extensions": [{"name": n} for n in "abc"], "pg_hba": ["a", "b"]})
    after = cluster(postgresql={"extensions": [{"name": "b"}], "pg_hba": ["b"]})
    merged = object_stages(Seen(after, before, live), after, schema_of(after)).kept["spec"]["postgresql"]
    assert ([one["name"] for one in merged["extensions"]], merged["pg_hba"]) == (["b", "c"], ["b"])


def test_defaults_are_those_of_the_operators_release() -> None:
    assert kept(bare(), operator=(1, 26, 0))["imageName"] == "ghcr.io/cloudnative-pg/postgresql:17.5"
    assert kept(bare(), operator=(1, 26, 3))["imageName"].endswith(":18.1-system-trixie")
    assert "probes" not in kept(bare(), operator=(1, 26, 3))
    assert kept(bare(), operator=(1, 27, 0))["probes"]["liveness"]["isolationCheck"]["enabled"] is True


def test_a_database_is_not_filled_in() -> None:
    value = database()
    assert object_stages(Seen(value), value, schema_of(value)).kept["spec"] == {
        **value["spec"],
        "databaseReclaimPolicy": "retain",
        "ensure": "present",
    }
