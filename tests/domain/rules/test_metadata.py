from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import Accepted, Refused, cluster, database, findings_against, findings_at_field, role


def described(**metadata: Any) -> Object:
    made = database()
    return {**made, "metadata": {**made["metadata"], **metadata}}


def owned(**owner: Any) -> Object:
    return described(ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1", **owner}])


ACCEPTED = [
    pytest.param(Accepted("metadata", Seen(described(name="shop.orders-1", generation=2))), id="a dotted name"),
    pytest.param(Accepted("metadata", Seen(described(generation=3.0))), id="a whole number with a point"),
    pytest.param(
        Accepted("metadata", Seen(described(uid="1"), live=described(uid="1", generation=2))), id="the uid that it has"
    ),
    pytest.param(
        Accepted("metadata", Seen(described(deletionTimestamp="2030-01-31T00:00:00Z"))), id="a deletion that is dropped"
    ),
    pytest.param(Accepted("metadata", Seen(described(name="a" * 253))), id="a name as long as may be"),
    pytest.param(Accepted("metadata", Seen(described(name=None, generateName="orders-"))), id="a name that is made"),
    pytest.param(Accepted("metadata", Seen(cluster())), id="a Cluster"),
    pytest.param(Accepted("metadata", Seen(described(labels=None, name="${NAME}"))), id="a name by a variable"),
    pytest.param(
        Accepted("labels", Seen(described(labels={"app.kubernetes.io/part-of": "shop", "a_b.c": "", "d": None}))),
        id="keys with a domain and without, and no value",
    ),
    pytest.param(
        Accepted("labels", Seen(described(annotations={"Example.com/a": "x y\nz", "team": "a" * 70}))),
        id="annotations, whose values are free and whose domain may have capitals",
    ),
    pytest.param(
        Accepted("labels", Seen(described(labels={"${KEY}": "a", "team": "${TEAM}"}))), id="variables in both places"
    ),
    pytest.param(Accepted("finalizers", Seen(described(finalizers=["cnpg.io/deleteDatabase"]))), id="a finalizer"),
    pytest.param(Accepted("metadata", Seen(described(resourceVersion="0"))), id="a resourceVersion that says nothing"),
    pytest.param(Accepted("owners", Seen(owned(controller=True, blockOwnerDeletion=None))), id="an owner"),
]

REFUSED = [
    *(
        pytest.param(Refused("metadata", Seen(described(name=name)), "metadata.name", says), id=f"name {name}"[:40])
        for name, says in (
            ("My_DB", "'My_DB' is not a name of an object.*such as 'my-db'"),
            ("gate.", "not a name of an object"),
            ("a" * 254, "at most 253"),
            ("a..b", "not a name of an object"),
            ("", "is needed"),
            (7, "must be a text, in quotes"),
        )
    ),
    *(
        pytest.param(Refused("metadata", Seen(value), field, says), id=f"{field}: {value['metadata']}"[-60:])
        for field, value, says in (
            ("metadata.generateName", described(name=None, generateName="-a"), "cannot begin a name"),
            ("metadata.namespace", described(namespace="shop.a"), "is not a namespace.*such as 'shop-a'"),
            ("metadata.label", described(label={"a": "b"}), "is not a field of metadata; there are: labels"),
            ("metadata.labels", described(labels=["a"]), "must be a mapping of texts"),
            ("metadata.finalizers", described(finalizers="x"), "must be a list"),
            ("metadata.generation", described(generation=True), "must be a whole number"),
            ("metadata.generation", described(generation=3.5), "must be a whole number"),
            ("metadata.generation", described(generation=2**63), "must be a whole number of 64 bits"),
            ("metadata.resourceVersion", described(resourceVersion="5"), "the API's own"),
            ("metadata.creationTimestamp", described(creationTimestamp="now"), "must be a time such as 2030"),
            ("apiVersion", {**database(), "apiVersion": "postgresql.cnpg.io/v1beta1"}, "postgresql.cnpg.io/v1$"),
            ("metadata", {**database(), "metadata": []}, "must be a mapping with at least a name"),
        )
    ),
    *(
        pytest.param(Refused("labels", Seen(described(labels=labels)), field, says), id=f"label {labels}"[:40])
        for labels, field, says in (
            ({"team": 5}, "metadata.labels.team", "must be a text, found int: write it in quotes, as '5'"),
            ({"on": True}, "metadata.labels.on", "as 'true'"),
            ({"team": "a b"}, "metadata.labels.team", "'a b' is not a value of a label"),
            ({"team": "-x"}, "metadata.labels.team", "not a value of a label"),
            ({"team": "a" * 64}, "metadata.labels.team", "not a value of a label"),
            ({"team": {"a": "b"}}, "metadata.labels.team", "must be a text"),
            ({"a/b/c": "x"}, "metadata.labels.a/b/c", "'a/b/c' is not a key.*such as app.kubernetes.io/part-of"),
            ({"-team": "x"}, "metadata.labels.-team", "is not a key"),
            ({"Example.com/a": "x"}, "metadata.labels.Example.com/a", "is not a key"),
            ({"/a": "x"}, "metadata.labels./a", "is not a key"),
            ({"a" * 64: "x"}, "metadata.labels." + "a" * 64, "is not a key"),
        )
    ),
    pytest.param(
        Refused(
            "labels",
            Seen({**role(), "metadata": {"name": "a", "annotations": {"a": 1.5}}}),
            "metadata.annotations.a",
            "as '1.5'",
        ),
        id="a number as an annotation",
    ),
    pytest.param(
        Refused("labels", Seen(described(annotations={"a": "x" * 2**18})), "metadata.annotations", "256 KiB"),
        id="annotations without end",
    ),
    *(
        pytest.param(Refused("finalizers", Seen(described(finalizers=value)), field, says), id=f"finalizers {value}")
        for value, field, says in (
            ([5], "metadata.finalizers[0]", "int is not a finalizer"),
            (["a b"], "metadata.finalizers[0]", "'a b' is not a finalizer"),
            (["orphan", "foregroundDeletion"], "metadata.finalizers", "exclude each other"),
        )
    ),
    pytest.param(
        Refused("finalizers", Seen(described(managedFields=[])), "metadata.managedFields", "server's own"),
        id="managed fields",
    ),
    *(
        pytest.param(Refused("metadata", seen, f"metadata.{key}", "the API's own, and not this: leave it out"), id=name)
        for name, key, seen in (
            ("a uid for what is new", "uid", Seen(described(uid="1"))),
            ("another uid", "uid", Seen(described(uid="1"), live=described(uid="2"))),
            ("a deletion", "deletionTimestamp", Seen(described(deletionTimestamp="2030-01-31T00:00:00Z"), described())),
        )
    ),
    *(
        pytest.param(Refused("owners", Seen(owned(**given)), f"metadata.ownerReferences[0].{name}", says), id=name)
        for name, given, says in (
            ("uid", {"uid": ""}, "is needed"),
            ("kind", {"kind": 5}, "must be a text"),
            ("controller", {"controller": "true"}, "must be true or false"),
            ("names", {"names": "x"}, "not a field of an owner; there are: name"),
        )
    ),
    pytest.param(
        Refused("owners", Seen(described(ownerReferences=[None])), "metadata.ownerReferences[0]", "found nothing"),
        id="an owner that is null",
    ),
    pytest.param(
        Refused("owners", Seen(owned(kind="Event")), "metadata.ownerReferences[0]", "may own nothing"),
        id="an Event as an owner",
    ),
    pytest.param(
        Refused(
            "owners",
            Seen(owned(apiVersion="a/b/c")),
            "metadata.ownerReferences[0].apiVersion",
            "'a/b/c' is not a group and version, such as apps/v1",
        ),
        id="an apiVersion of three parts",
    ),
    pytest.param(
        Refused(
            "owners",
            Seen(described(ownerReferences=[*owned(controller=True)["metadata"]["ownerReferences"]] * 2)),
            "metadata.ownerReferences",
            "only one owner",
        ),
        id="two that control",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_metadata_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_bad_metadata_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    found = findings_at_field(example)
    assert [one.severity for one in found] == [example.severity] * len(found)
    assert any(re.search(example.says, one.message) for one in found)
