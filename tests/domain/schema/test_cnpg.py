"""Rules of CloudNativePG's own CRDs: each with an object that it accepts and one it refuses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp import crds
from gitops_mcp.crds import packaged_crd, packaged_crds
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema import Schema, compile_schema
from gitops_mcp.domain.schema.rule import compile_rule

FOLDER = os.environ.get("GITOPS_MCP_TEST_CRDS")

CLUSTER = {"cluster": {"name": "orders"}}
STORAGE = {"instances": 3, "storage": {"size": "1Gi"}}
ROLE = {**CLUSTER, "name": "app"}
DATABASE = {**CLUSTER, "name": "app", "owner": "app"}
PUBLICATION = {**CLUSTER, "name": "p", "dbname": "app", "target": {"allTables": True}}
SUBSCRIPTION = {**CLUSTER, "name": "s", "dbname": "app", "publicationName": "p", "externalClusterName": "old"}
POOLER = {**CLUSTER, "pgbouncer": {}}
CATALOG = {"kind": "ImageCatalog", "apiGroup": "postgresql.cnpg.io", "name": "c"}
KEY = {"kind": "ImageCatalog", "apiGroup": "postgresql.cnpg.io", "name": "c", "key": "pgbouncer"}
SCHEDULE = {**CLUSTER, "schedule": "0 0 2 * * *"}


def crd(plural: str) -> tuple[str, Object]:
    made = object_store() if plural == "objectstores" else packaged_crd(plural)
    return made["spec"]["names"]["kind"], made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def object_store() -> Object:
    if not FOLDER:
        pytest.skip("GITOPS_MCP_TEST_CRDS names no folder of CRDs")
    made: Object = yaml.safe_load((Path(FOLDER) / "barmancloud.cnpg.io_objectstores.yaml").read_text())
    return made


def schema(plural: str) -> Schema:
    return compile_schema(crd(plural)[1], key=plural)


def rules(part: Any) -> Iterator[str]:
    """Those of a CRD, or of a part of it."""
    if isinstance(part, dict):
        yield from (one["rule"].strip() for one in part.get("x-kubernetes-validations", ()))
    for below in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from rules(below)


def given(plural: str, spec: Object) -> Object:
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": crd(plural)[0], "metadata": {"name": "x"}, "spec": spec}


def told(plural: str, spec: Object, before: Object | None = None) -> list[tuple[str, str, str]]:
    verdict = schema(plural).verdict(given(plural, spec), before=given(plural, before) if before else None)
    assert verdict.unchecked == ()
    return [(fault.field, fault.rule, fault.message) for fault in verdict.faults]


def synchronous(**more: Any) -> Object:
    return {**STORAGE, "postgresql": {"synchronous": {"method": "any", "number": 1, **more}}}


def initdb(**more: Any) -> Object:
    return {**STORAGE, "bootstrap": {"initdb": more}}


def objects(*items: Object) -> Object:
    return {**PUBLICATION, "target": {"objects": list(items)}}


def wrapper(**usage: Any) -> Object:
    return {**DATABASE, "fdws": [{"name": "f", "usage": [usage]}]}


def pgbouncer(**more: Any) -> Object:
    return {**CLUSTER, "pgbouncer": more}


RULES = [
    pytest.param(
        "clusters",
        {**STORAGE, "imageName": "example/postgresql:18"},
        {**STORAGE, "imageName": "example/postgresql:18", "imageCatalogRef": {**CATALOG, "major": 18}},
        "spec",
        "imageName and imageCatalogRef are mutually exclusive",
        id="Cluster: image or catalog",
    ),
    pytest.param(
        "clusters",
        {**STORAGE, "imageCatalogRef": {**CATALOG, "major": 18}},
        {**STORAGE, "imageCatalogRef": {**CATALOG, "kind": "Catalog", "major": 18}},
        "spec.imageCatalogRef",
        "Only image catalogs are supported",
        id="Cluster: kind of catalog",
    ),
    pytest.param(
        "clusters",
        initdb(localeProvider="icu", icuLocale="en", icuRules="&a < b"),
        initdb(localeProvider="libc", icuLocale="en"),
        "spec.bootstrap.initdb",
        "icuLocale is only available when localeProvider is set to `icu`",
        id="Cluster: icuLocale",
    ),
    pytest.param(
        "clusters",
        initdb(localeProvider="builtin", builtinLocale="C.UTF-8"),
        initdb(localeProvider="icu", builtinLocale="C.UTF-8"),
        "spec.bootstrap.initdb",
        "builtinLocale is only available when localeProvider is set to `builtin`",
        id="Cluster: builtinLocale",
    ),
    pytest.param(
        "clusters",
        synchronous(),
        synchronous(number=0),
        "spec.postgresql.synchronous.number",
        "The number of synchronous replicas should be greater than zero",
        id="Cluster: number of synchronous replicas",
    ),
    pytest.param(
        "clusters",
        synchronous(dataDurability="preferred", standbyNamesPre=[]),
        synchronous(dataDurability="preferred", standbyNamesPre=["a"]),
        "spec.postgresql.synchronous",
        "dataDurability set to 'preferred' requires empty 'standbyNamesPre' and empty 'standbyNamesPost'",
        id="Cluster: preferred durability",
    ),
    pytest.param(
        "databaseroles",
        {**ROLE, "passwordSecret": {"name": "s"}},
        {**ROLE, "passwordSecret": {"name": "s"}, "disablePassword": True},
        "spec",
        "passwordSecret and disablePassword are mutually exclusive",
        id="DatabaseRole: password or none",
    ),
    pytest.param(
        "databaseroles",
        {**ROLE, "name": "postgres1"},
        {**ROLE, "name": "postgres"},
        "spec",
        "the role name postgres is reserved",
        id="DatabaseRole: postgres",
    ),
    pytest.param(
        "databaseroles",
        {**ROLE, "name": "pgx"},
        {**ROLE, "name": "pg_x"},
        "spec",
        "role names starting with pg_ are reserved by PostgreSQL",
        id="DatabaseRole: pg_",
    ),
    pytest.param(
        "databaseroles",
        {**ROLE, "name": "cnpg"},
        {**ROLE, "name": "cnpg_x"},
        "spec",
        "role names starting with cnpg_ are reserved by the operator",
        id="DatabaseRole: cnpg_",
    ),
    pytest.param(
        "databaseroles",
        {**ROLE, "name": "é"},
        {**ROLE, "name": ""},
        "spec",
        "role name must not be empty",
        id="DatabaseRole: empty name",
    ),
    pytest.param(
        "databaseroles",
        {**ROLE, "ensure": "present"},
        {**ROLE, "ensure": "absent"},
        "spec",
        "ensure: absent is not supported for DatabaseRole; delete the resource with databaseRoleReclaimPolicy: delete instead",
        id="DatabaseRole: absent",
    ),
    pytest.param(
        "databaseroles",
        {**ROLE, "clientCertificate": {}, "login": True},
        {**ROLE, "clientCertificate": {}, "login": False},
        "spec",
        "clientCertificate requires the role to have login enabled",
        id="DatabaseRole: certificate, enabled by default",
    ),
    pytest.param(
        "databases",
        {**DATABASE, "localeProvider": "icu", "icuRules": "&a < b"},
        {**DATABASE, "localeProvider": "libc", "icuRules": "&a < b"},
        "spec",
        "icuRules is only available when localeProvider is set to `icu`",
        id="Database: icuRules",
    ),
    pytest.param(
        "databases",
        {**DATABASE, "name": "template2"},
        {**DATABASE, "name": "template0"},
        "spec.name",
        "the name template0 is reserved",
        id="Database: template0",
    ),
    pytest.param(
        "databases",
        wrapper(name="app"),
        wrapper(name=""),
        "spec.fdws[0].usage[0].name",
        "name is required",
        id="Database: usage of a wrapper",
    ),
    pytest.param(
        "publications",
        objects({"table": {"name": "t", "columns": ["a"]}}),
        objects({"table": {"name": "t"}, "tablesInSchema": "s"}),
        "spec.target.objects[0]",
        "tablesInSchema and table are mutually exclusive",
        id="Publication: table or schema",
    ),
    pytest.param(
        "publications",
        objects({"table": {"name": "t"}}, {"tablesInSchema": "s"}),
        objects({"table": {"name": "t", "columns": ["a"]}}, {"tablesInSchema": "s"}),
        "spec.target.objects",
        "specifying a column list when the publication also publishes tablesInSchema is not supported",
        id="Publication: columns beside a schema",
    ),
    pytest.param(
        "publications",
        PUBLICATION,
        {**PUBLICATION, "target": {"allTables": True, "objects": [{"tablesInSchema": "s"}]}},
        "spec.target",
        "allTables and objects are mutually exclusive",
        id="Publication: all or some",
    ),
    pytest.param(
        "poolers",
        pgbouncer(image="example/pgbouncer:1"),
        pgbouncer(image="example/pgbouncer:1", imageCatalogRef=KEY),
        "spec.pgbouncer",
        "image and imageCatalogRef are mutually exclusive",
        id="Pooler: image or catalog",
    ),
    pytest.param(
        "poolers",
        pgbouncer(imageCatalogRef=KEY),
        pgbouncer(imageCatalogRef={**KEY, "apiGroup": "example.com"}),
        "spec.pgbouncer.imageCatalogRef",
        "apiGroup must be postgresql.cnpg.io",
        id="Pooler: group of the catalog",
    ),
    pytest.param(
        "imagecatalogs",
        {"images": [{"major": 17, "image": "a"}, {"major": 18, "image": "a"}]},
        {"images": [{"major": 18, "image": "a"}, {"major": 18, "image": "b"}]},
        "spec.images",
        "Images must have unique major versions",
        id="ImageCatalog: majors",
    ),
    pytest.param(
        "objectstores",
        {"configuration": {"destinationPath": "s3://b"}},
        {"configuration": {"destinationPath": "s3://b", "serverName": "x"}},
        "spec.configuration.serverName",
        "use the 'serverName' plugin parameter in the Cluster resource",
        id="ObjectStore: serverName",
    ),
    pytest.param(
        "objectstores",
        {
            "configuration": {"destinationPath": "s3://b"},
            "instanceSidecarConfiguration": {"additionalContainerArgs": ["--x"]},
        },
        {
            "configuration": {"destinationPath": "s3://b"},
            "instanceSidecarConfiguration": {"additionalContainerArgs": ["--log-level=debug"]},
        },
        "spec.instanceSidecarConfiguration.additionalContainerArgs",
        "do not set --log-level in additionalContainerArgs; use spec.instanceSidecarConfiguration.logLevel",
        id="ObjectStore: log level",
    ),
]


@pytest.mark.parametrize(("plural", "good", "bad", "field", "message"), RULES)
def test_a_rule_accepts_and_refuses(plural: str, good: Object, bad: Object, field: str, message: str) -> None:
    assert told(plural, good) == []
    assert told(plural, bad) == [(field, "cel", message)]


IMMUTABLE = [
    pytest.param("databaseroles", ROLE, {"name": "other"}, "spec", "name is immutable", id="name of a DatabaseRole"),
    pytest.param(
        "databaseroles",
        ROLE,
        {"cluster": {"name": "other"}},
        "spec.cluster",
        "cluster reference is immutable after creation",
        id="cluster of a DatabaseRole",
    ),
    pytest.param("databases", DATABASE, {"name": "other"}, "spec.name", "name is immutable", id="name of a Database"),
    pytest.param(
        "databases",
        {**DATABASE, "encoding": "UTF8"},
        {"encoding": "LATIN1"},
        "spec.encoding",
        "encoding is immutable",
        id="encoding",
    ),
    pytest.param(
        "databases",
        {**DATABASE, "template": "template0"},
        {"template": "template1"},
        "spec.template",
        "template is immutable",
        id="template",
    ),
    pytest.param(
        "backups",
        {**CLUSTER, "method": "volumeSnapshot"},
        {"method": "plugin"},
        "spec",
        "BackupSpec is immutable once set",
        id="Backup",
    ),
    pytest.param(
        "backups", CLUSTER, {"target": "primary"}, "spec", "BackupSpec is immutable once set", id="a Backup's new field"
    ),
    pytest.param(
        "scheduledbackups",
        SCHEDULE,
        {"cluster": {"name": "other"}},
        "spec.cluster",
        "cluster reference is immutable after creation",
        id="ScheduledBackup",
    ),
    pytest.param(
        "poolers",
        {**POOLER, "serviceAccountName": "a"},
        {"serviceAccountName": "b"},
        "spec.serviceAccountName",
        "serviceAccountName is immutable",
        id="Pooler",
    ),
    pytest.param(
        "clusters",
        {**STORAGE, "serviceAccountName": "a"},
        {"serviceAccountName": "b"},
        "spec.serviceAccountName",
        "serviceAccountName is immutable",
        id="Cluster",
    ),
    pytest.param("publications", PUBLICATION, {"dbname": "b"}, "spec.dbname", "dbname is immutable", id="Publication"),
    pytest.param("subscriptions", SUBSCRIPTION, {"name": "b"}, "spec.name", "name is immutable", id="Subscription"),
]


@pytest.mark.parametrize(("plural", "spec", "change", "field", "message"), IMMUTABLE)
def test_what_is_immutable_may_be_created_and_kept_and_not_changed(
    plural: str, spec: Object, change: Object, field: str, message: str
) -> None:
    changed = {**spec, **change}
    assert told(plural, changed) == []
    assert told(plural, spec, before=spec) == []
    assert told(plural, changed, before=spec) == [(field, "cel", message)]


def test_a_default_written_out_is_no_change_of_an_immutable_backup() -> None:
    assert told("backups", {**CLUSTER, "method": "barmanObjectStore"}, before=CLUSTER) == []


STRUCTURE = [
    pytest.param(
        {"storge": {}}, "spec.storge", "unknown field", "is not a field of spec; did you mean storage?", id="unknown"
    ),
    pytest.param(
        {"primaryUpdateMethod": "failover"},
        "spec.primaryUpdateMethod",
        "enum",
        '"failover" is not one of: switchover, restart',
        id="enum",
    ),
    pytest.param(
        {"instances": "3"},
        "spec.instances",
        "type",
        "must be an integer, found a string; write it without quotes",
        id="quoted",
    ),
    pytest.param({"instances": 0}, "spec.instances", "bounds", "must be at least 1, found 0", id="minimum"),
    pytest.param(
        {"managed": {"roles": [{"login": True}]}},
        "spec.managed.roles[0].name",
        "required",
        "is required",
        id="required",
    ),
    pytest.param(
        {"postgresql": {"parameters": {"max_connections": 300}}},
        "spec.postgresql.parameters.max_connections",
        "type",
        "must be a string, found an integer; write it in quotes",
        id="a number among the parameters",
    ),
    pytest.param(
        {"managed": {"roles": [{"name": "a", "validUntil": "2030-01-01"}]}},
        "spec.managed.roles[0].validUntil",
        "format",
        "must be a time such as 2030-01-31T00:00:00Z",
        id="time",
    ),
    pytest.param(
        {"postgresql": {"extensions": [{"name": "a", "image": {"reference": "b"}}] * 2}},
        "spec.postgresql.extensions[1]",
        "duplicate",
        'name "a" is there already at spec.postgresql.extensions[0]',
        id="duplicate",
    ),
    pytest.param(
        {"resources": {"limits": {"memory": "4 GB"}}}, "spec.resources.limits.memory", "pattern", None, id="quantity"
    ),
]


@pytest.mark.parametrize(("change", "field", "rule", "message"), STRUCTURE)
def test_the_structure_of_a_cluster_is_checked(change: Object, field: str, rule: str, message: str | None) -> None:
    assert told("clusters", STORAGE) == []
    (fault,) = told("clusters", {**STORAGE, **change})
    assert fault[:2] == (field, rule)
    assert message in {None, fault[2]}


def test_every_rule_of_every_crd_can_be_read() -> None:
    made = [schema(one["spec"]["names"]["plural"]) for one in packaged_crds()]
    assert len(made) == 11
    assert [
        (one, trouble) for each in packaged_crds() for one in rules(each) if (trouble := compile_rule(one).trouble)
    ] == []
    assert sum(one.has_cel for one in made) == 10


@pytest.mark.skipif(not FOLDER, reason="GITOPS_MCP_TEST_CRDS names no folder of CRDs")
def test_what_is_packaged_are_the_published_crds_without_descriptions() -> None:
    assert FOLDER
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    published = [
        yaml.load(path.read_text(), Loader=loader)  # noqa: S506 - either is safe
        for path in sorted(Path(FOLDER).glob("postgresql.cnpg.io_*.yaml"))
    ]
    packaged = {one["metadata"]["name"]: one for one in packaged_crds()}
    assert packaged.keys() == {one["metadata"]["name"] for one in published}
    for one in map(without_descriptions, published):
        mine = packaged[one["metadata"]["name"]]
        # The folder may hold a build after the release, which has more fields and rules in Cluster.
        assert mine == one or (one["spec"]["names"]["kind"] == "Cluster" and field_names(mine) < field_names(one))


def field_names(value: Any, path: str = "") -> set[str]:
    """Every place of a schema that a field stands at."""
    if isinstance(value, list):
        return {name for part in value for name in field_names(part, path)}
    if not isinstance(value, dict):
        return set()
    below = {name for key, part in value.items() for name in field_names(part, f"{path}.{key}")}
    return below | {f"{path}.{key}" for key in value.get("properties", ())}


def without_descriptions(value: Any, *, names: bool = False) -> Any:
    """`names`: the keys are the names of fields, of which one may be called so."""
    if isinstance(value, dict):
        return {
            key: without_descriptions(part, names=key == "properties" and not names)
            for key, part in value.items()
            if names or key != "description"
        }
    return [without_descriptions(item) for item in value] if isinstance(value, list) else value


def test_what_is_packaged_is_small_and_the_same_for_everybody_who_packs_it() -> None:
    for place in files(crds.__name__).iterdir():
        if place.name.endswith(".gz"):
            packed = place.read_bytes()
            assert len(packed) < 8_000
            assert packed[3:8] == bytes(5), "no name and no time of packing"
    assert "Apache License" in (files(crds.__name__) / "NOTICE").read_text()
