"""What the packaged CRDs judge beside the rules, as they say it in every supported version of the operator."""

from __future__ import annotations

import pytest

from gitops_mcp.crds import VERSION, packaged_schema
from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.rules import Seen, findings
from gitops_mcp.domain.rules.operator import FIELDS
from gitops_mcp.domain.schema.node import SchemaNode
from tests.domain.rules.collected import ACCEPTED as ACCEPTED_BY_RULES
from tests.domain.rules.examples import (
    IMAGE,
    STORE,
    backup,
    catalog,
    cluster,
    database,
    initdb,
    inline,
    listed,
    pooler,
    publication,
    role,
    scheduled,
    synchronous,
)

ACCEPTED = [
    pytest.param(Seen(cluster(instances=1)), id="one instance"),
    pytest.param(Seen(cluster(instances=None)), id="instances left out"),
    pytest.param(
        Seen(cluster(resources={"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": 2}})),
        id="quantities as texts and numbers",
    ),
    pytest.param(Seen(cluster(backup={"retentionPolicy": "30d", **STORE})), id="a retention policy"),
    pytest.param(
        Seen(cluster(serviceAccountName="db"), cluster(serviceAccountName="db")), id="a service account that stays"
    ),
    pytest.param(Seen(cluster(serviceAccountName="db"), cluster()), id="a service account that is added"),
    pytest.param(Seen(listed()), id="a catalog"),
    pytest.param(Seen(cluster()), id="an image"),
    pytest.param(
        Seen(cluster(podSelectorRefs=[{"name": one, "selector": {"matchLabels": {"a": "b"}}} for one in ("a", "b")])),
        id="two selectors of pods",
    ),
    pytest.param(Seen(synchronous()), id="synchronous replication"),
    pytest.param(Seen(synchronous(dataDurability="preferred")), id="synchronous replication that is preferred"),
    pytest.param(Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": "_own_"}})), id="a prefix of slots"),
    pytest.param(Seen(initdb(localeProvider="icu", icuLocale="de")), id="ICU with its locale"),
    pytest.param(Seen(role(validUntil="2027-01-31T00:00:00Z")), id="a role that expires"),
    pytest.param(Seen(role(ensure="present")), id="a role that is present"),
    pytest.param(Seen(role(name="Re port", disablePassword=True)), id="a role without a password"),
    pytest.param(Seen(role(clientCertificate={}, login=True)), id="a role with a certificate"),
    pytest.param(Seen(role(clientCertificate={"enabled": False})), id="a certificate that is off, without login"),
    pytest.param(Seen(role(login=True), role()), id="a login that is added"),
    pytest.param(Seen(database(owner="new"), database()), id="another owner of a database"),
    pytest.param(Seen(database(encoding="UTF8"), database()), id="an encoding that is added"),
    pytest.param(
        Seen(database(localeProvider="builtin", builtinLocale="C.UTF-8")), id="the builtin provider with its locale"
    ),
    pytest.param(
        Seen(publication(parameters={"publish": "insert"}), publication()), id="another publish of a publication"
    ),
    pytest.param(Seen(publication(target={"objects": [{"tablesInSchema": "public"}]})), id="a schema in a publication"),
    pytest.param(Seen(pooler(image="example/pgbouncer:1.25.1")), id="an image of PgBouncer"),
    pytest.param(Seen(backup(), backup()), id="a Backup that stays"),
    pytest.param(Seen(catalog(16, 17, 18)), id="three majors in a catalog"),
    pytest.param(
        Seen(catalog(17, componentImages=[{"key": "pgbouncer", "image": "example/p:1"}])), id="a component's image"
    ),
    pytest.param(Seen(cluster(logLevel="debug", backup={"target": "primary"})), id="a log level and a backup's target"),
    pytest.param(Seen(database(schemas=[{"name": "a", "ensure": "absent"}])), id="a schema that is dropped"),
    pytest.param(Seen(pooler(spec={"type": "ro"})), id="a Pooler for reading"),
]

REFUSED = [
    pytest.param(Seen(cluster(instances=0)), "spec.instances", "must be at least 1, found 0", id="no instances"),
    pytest.param(
        Seen(cluster(instances="3")),
        "spec.instances",
        "must be an integer, found a string; write it without quotes",
        id="instances in quotes",
    ),
    pytest.param(
        Seen(cluster(resources={"limits": {"memory": "1GB"}})),
        "spec.resources.limits.memory",
        "must match ^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE",
        id="GB in resources",
    ),
    *(
        pytest.param(
            Seen(cluster(backup={"retentionPolicy": text, **STORE})),
            "spec.backup.retentionPolicy",
            "must match ^[1-9]",
            id=f"a retention policy of {text}",
        )
        for text in ("30", "0d", "30y")
    ),
    pytest.param(
        Seen(cluster(serviceAccountName="b"), cluster(serviceAccountName="a")),
        "spec.serviceAccountName",
        "serviceAccountName is immutable",
        id="another service account of a Cluster",
    ),
    pytest.param(
        Seen(pooler(spec={"serviceAccountName": "b"}), pooler(spec={"serviceAccountName": "a"})),
        "spec.serviceAccountName",
        "serviceAccountName is immutable",
        id="another service account of a Pooler",
    ),
    pytest.param(
        Seen({**listed(), "spec": {**listed()["spec"], "imageName": IMAGE + ":17"}}),
        "spec",
        "imageName and imageCatalogRef are mutually exclusive",
        id="an image and a catalog",
    ),
    pytest.param(
        Seen(listed(kind="Catalog")),
        "spec.imageCatalogRef",
        "Only image catalogs are supported",
        id="a catalog of no such kind",
    ),
    pytest.param(
        Seen(listed(apiGroup="cnpg.io")),
        "spec.imageCatalogRef",
        "Only image catalogs are supported",
        id="a catalog of another API group",
    ),
    pytest.param(
        Seen(listed("17")),
        "spec.imageCatalogRef.major",
        "must be an integer, found a string; write it without quotes",
        id="a major in quotes",
    ),
    pytest.param(
        Seen(cluster(podSelectorRefs=[{"name": "a", "selector": {"matchLabels": {"a": "b"}}}] * 2)),
        "spec.podSelectorRefs[1]",
        'name "a" is there already at spec.podSelectorRefs[0]',
        id="a selector of pods twice",
    ),
    pytest.param(
        Seen(synchronous(number=0)),
        "spec.postgresql.synchronous.number",
        "The number of synchronous replicas should be greater than ze",
        id="no synchronous replicas",
    ),
    pytest.param(
        Seen(synchronous(dataDurability="preferred", standbyNamesPre=["a"])),
        "spec.postgresql.synchronous",
        "dataDurability set to 'preferred' requires empty 'standbyNam",
        id="preferred with named standbys",
    ),
    pytest.param(
        Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": "Own-"}})),
        "spec.replicationSlots.highAvailability.slotPrefix",
        "must match ^[0-9a-z_]*$",
        id="a prefix of slots with a capital letter",
    ),
    pytest.param(
        Seen(initdb(icuLocale="de", localeProvider="libc")),
        "spec.bootstrap.initdb",
        "icuLocale is only available when localeProvider is set to `i",
        id="an ICU locale with libc",
    ),
    pytest.param(
        Seen(initdb(builtinLocale="C")),
        "spec.bootstrap.initdb",
        "builtinLocale is only available when localeProvider is set t",
        id="a builtin locale without its provider",
    ),
    pytest.param(
        Seen(role(validUntil="2027-01-31")),
        "spec.validUntil",
        "must be a time such as 2030-01-31T00:00:00Z",
        id="a day for a time",
    ),
    pytest.param(
        Seen(role(ensure="absent")),
        "spec",
        "ensure: absent is not supported for DatabaseRole; delete the",
        id="a DatabaseRole that is absent",
    ),
    pytest.param(
        Seen(role(clientCertificate={})),
        "spec",
        "clientCertificate requires the role to have login enabled (t",
        id="a certificate without login",
    ),
    pytest.param(Seen(role(name="b"), role()), "spec", "name is immutable", id="another name of a role"),
    pytest.param(
        Seen(role(cluster={"name": "b"}), role()),
        "spec.cluster",
        "cluster reference is immutable after creation",
        id="another Cluster of a role",
    ),
    *(
        pytest.param(
            Seen(database(**{name: "b"}), database(**{name: "a"})),
            f"spec.{name}",
            f"{name} is immutable",
            id=f"another {name} of a database",
        )
        for name in ("name", "template", "encoding", "locale", "localeCollate", "localeCType", "collationVersion")
    ),
    *(
        pytest.param(Seen(database(name=name)), "spec.name", f"the name {name} is reserved", id=f"the database {name}")
        for name in ("postgres", "template0", "template1")
    ),
    *(
        pytest.param(Seen(role(name=name)), "spec", says, id=f"the role {name or 'without a name'}")
        for name, says in (
            ("postgres", "the role name postgres is reserved"),
            ("streaming_replica", "the role name streaming_replica is reserved"),
            ("pg_x", "role names starting with pg_ are reserved"),
            ("cnpg_x", "role names starting with cnpg_ are reserved"),
            ("", "role name must not be empty"),
        )
    ),
    pytest.param(
        Seen(role(passwordSecret={"name": "a"}, disablePassword=True)),
        "spec",
        "passwordSecret and disablePassword are mutually exclusive",
        id="a password that is disabled",
    ),
    pytest.param(
        Seen(pooler(parameters={"verbose": 1})),
        "spec.pgbouncer.parameters.verbose",
        "must be a string, found an integer; write it in quotes",
        id="a parameter of PgBouncer without quotes",
    ),
    pytest.param(
        Seen(database(icuLocale="de", localeProvider="libc")),
        "spec",
        "icuLocale is only available when localeProvider is set to `i",
        id="an ICU locale of a database with libc",
    ),
    pytest.param(
        Seen(database(builtinLocale="C", localeProvider="icu")),
        "spec",
        "builtinLocale is only available when localeProvider is set t",
        id="a builtin locale of a database with icu",
    ),
    pytest.param(
        Seen(publication(name="b"), publication()), "spec.name", "name is immutable", id="another name of a publication"
    ),
    pytest.param(
        Seen(publication(dbname="b"), publication()),
        "spec.dbname",
        "dbname is immutable",
        id="another database of a publication",
    ),
    pytest.param(
        Seen(publication(target={})),
        "spec.target",
        "allTables and objects are mutually exclusive",
        id="a publication of nothing",
    ),
    pytest.param(
        Seen(publication(target={"objects": [{"tablesInSchema": "a", "table": {"name": "t"}}]})),
        "spec.target.objects[0]",
        "tablesInSchema and table are mutually exclusive",
        id="a schema and a table in one",
    ),
    pytest.param(
        Seen(
            pooler(
                image="x:1",
                imageCatalogRef={
                    "apiGroup": "postgresql.cnpg.io",
                    "kind": "ImageCatalog",
                    "name": "t",
                    "key": "pgbouncer",
                },
            )
        ),
        "spec.pgbouncer",
        "image and imageCatalogRef are mutually exclusive",
        id="an image of PgBouncer and a catalog",
    ),
    pytest.param(
        Seen(backup(target="primary"), backup()), "spec", "BackupSpec is immutable once set", id="a Backup that changes"
    ),
    pytest.param(Seen(catalog()), "spec.images", "must have at least 1 items, found 0", id="an empty catalog"),
    pytest.param(Seen(catalog(*range(10, 19))), "spec.images", "must have at most 8 items, found 9", id="nine majors"),
    pytest.param(Seen(catalog(17, 17)), "spec.images", "Images must have unique major versions", id="a major twice"),
    pytest.param(
        Seen(catalog(9)), "spec.images[0].major", "must be at least 10, found 9", id="a major that is too old"
    ),
    pytest.param(
        Seen(catalog(17, componentImages=[{"key": "a", "image": "x:1"}] * 2)),
        "spec.componentImages",
        "Component image keys must be unique",
        id="a component twice",
    ),
    pytest.param(
        Seen(catalog(17, componentImages=[{"key": f"a{one}", "image": "x:1"} for one in range(33)])),
        "spec.componentImages",
        "must have at most 32 items, found 33",
        id="33 components",
    ),
    pytest.param(
        Seen(cluster(logLevel="verbose")),
        "spec.logLevel",
        '"verbose" is not one of: error, warning, info, debug, trace',
        id="a log level that does not exist",
    ),
    pytest.param(
        Seen(inline({"name": "a", "ensure": "gone"})),
        "spec.managed.roles[0].ensure",
        '"gone" is not one of: present, absent',
        id="an ensure that does not exist",
    ),
    pytest.param(
        Seen(database(fdws=[{"name": "a", "usage": [{"name": "u", "type": "all"}]}])),
        "spec.fdws[0].usage[0].type",
        '"all" is not one of: grant, revoke',
        id="a usage that does not exist",
    ),
    pytest.param(
        Seen(pooler(poolMode="statement")),
        "spec.pgbouncer.poolMode",
        '"statement" is not one of: session, transaction',
        id="a pool mode that does not exist",
    ),
    pytest.param(
        Seen(scheduled(backupOwnerReference="me")),
        "spec.backupOwnerReference",
        '"me" is not one of: none, self, cluster',
        id="an owner reference that does not exist",
    ),
    pytest.param(
        Seen(cluster(managed={"services": {"disabledDefaultServices": ["any"]}})),
        "spec.managed.services.disabledDefaultServices[0]",
        '"any" is not one of: rw, r, ro',
        id="a Service that does not exist",
    ),
]


def _faults(seen: Seen) -> list[tuple[str, str]]:
    resource = next(one for one in CNPG_KINDS if one.kind == seen.object["kind"])
    found = packaged_schema(resource).faults(seen.object, before=seen.before)
    return [(one.field, one.message) for one in found]


def test_the_crd_accepts_what_the_rules_accept() -> None:
    refused = []
    for name, example in ACCEPTED_BY_RULES:
        is_newer = example.seen.operator is not None and example.seen.operator > VERSION
        told = [message for _, message in _faults(example.seen)]
        refused += [f"{name}: {one}" for one in told if not (is_newer and "is not a field of" in one)]
    assert refused == []


FIELDS_OF_RELEASES = [
    pytest.param(kind, field, releases, id=f"{kind} {field}")
    for kind, fields in FIELDS.items()
    for field, releases in fields.items()
]


@pytest.mark.parametrize(("kind", "field", "releases"), FIELDS_OF_RELEASES)
def test_the_crd_has_the_fields_of_its_release_and_no_others(kind: str, field: str, releases: Releases) -> None:
    node: SchemaNode | None = packaged_schema(next(one for one in CNPG_KINDS if one.kind == kind)).root
    for step in field.split("."):
        node = node and node.below(step.removesuffix("[]"))
        node = node.items if node and step.endswith("[]") else node
    assert (node is not None) == releases.hold(VERSION)


@pytest.mark.parametrize("seen", ACCEPTED)
def test_what_is_left_to_the_crd_is_accepted_by_it_and_by_the_rules(seen: Seen) -> None:
    assert _faults(seen) == []
    assert [str(one) for one in findings(seen) if one.severity == "error"] == []


@pytest.mark.parametrize(("seen", "field", "says"), REFUSED)
def test_what_is_left_to_the_crd_is_refused_by_it_and_by_no_rule(seen: Seen, field: str, says: str) -> None:
    (message,) = [message for at, message in _faults(seen) if at == field]
    assert message.startswith(says)
    assert field not in [one.field for one in findings(seen) if one.severity == "error"]
