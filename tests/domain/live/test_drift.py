from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.live.drift import FieldDrift, drift
from gitops_mcp.domain.objects import Object


def cluster(**spec: Any) -> Object:
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "orders"}, "spec": spec}


@pytest.mark.parametrize(
    ("desired", "live"),
    [
        pytest.param({"storage": {"size": "5G"}}, {"storage": {"size": "5000000000"}}, id="sizes"),
        pytest.param(
            {"resources": {"requests": {"cpu": 1, "memory": "1Gi"}}},
            {"resources": {"requests": {"cpu": "1000m", "memory": "1024Mi"}}},
            id="resources",
        ),
        pytest.param(
            {"tablespaces": [{"name": "hot", "storage": {"size": "1Gi"}}]},
            {"tablespaces": [{"name": "hot", "storage": {"size": "1024Mi"}, "owner": {"name": "app"}}]},
            id="a size inside a list, and a default beside it",
        ),
        pytest.param(
            {"postgresql": {"parameters": {"max_connections": 200}}},
            {"postgresql": {"parameters": {"max_connections": "200", "wal_level": "logical"}}},
            id="a number that is live as a string, among defaults",
        ),
        pytest.param(
            {"managed": {"roles": [{"name": "app", "login": True}]}},
            {
                "managed": {
                    "roles": [
                        {"name": "app", "login": True, "connectionLimit": -1, "inherit": True, "ensure": "present"}
                    ]
                }
            },
            id="defaults inside an atomic list",
        ),
        pytest.param({"postgresql": {"pg_hba": []}, "backup": None}, {"postgresql": {}}, id="what the API drops"),
        pytest.param({"bootstrap": {"recovery": {"source": "old"}}}, {"bootstrap": {"initdb": {}}}, id="bootstrap"),
        pytest.param(
            {"monitoring": {"customQueriesConfigMap": [{"name": "mine", "key": "q"}]}},
            {"monitoring": {"customQueriesConfigMap": [{"name": "default", "key": "q"}, {"name": "mine", "key": "q"}]}},
            id="a list that the webhook prepends to",
        ),
        pytest.param(
            {"postgresql": {"extensions": [{"name": "b"}]}},
            {"postgresql": {"extensions": [{"name": "a"}, {"name": "b", "image": {}}]}},
            id="a list with a merge key",
        ),
        pytest.param(
            {"managed": {"roles": [{"name": "a", "validUntil": "2027-01-01T01:00:00+01:00"}]}},
            {"managed": {"roles": [{"name": "a", "validUntil": "2027-01-01T00:00:00Z"}]}},
            id="one instant written twice",
        ),
        pytest.param(
            {"replica": {"minApplyDelay": "4h"}, "monitoring": {"metricsQueriesTTL": "90s"}},
            {"replica": {"minApplyDelay": "4h0m0s"}, "monitoring": {"metricsQueriesTTL": "1m30s"}},
            id="durations as Go spells them",
        ),
        pytest.param(
            {"imageName": "", "logLevel": "", "backup": {"target": ""}, "affinity": {"podAntiAffinityType": ""}},
            {
                "imageName": "example/postgresql:18.1",
                "logLevel": "info",
                "backup": {"target": "prefer-standby"},
                "affinity": {"podAntiAffinityType": "preferred"},
            },
            id="what is stated blank and filled in",
        ),
        pytest.param(
            {"postgresql": {"parameters": {"archive_mode": "off"}}},
            {"postgresql": {"parameters": {"archive_mode": "on"}}},
            id="archive_mode, which the operator sets",
        ),
        pytest.param({"storage": {"size": " 1Gi"}}, {"storage": {"size": "1Gi"}}, id="a size with a blank before it"),
        pytest.param(
            {"a": True, "b": 1.0, "c": ""}, {"a": "true", "b": "1"}, id="scalars that the API quotes or drops"
        ),
    ],
)
def test_what_means_the_same_is_no_difference(desired: Object, live: Object) -> None:
    assert drift(cluster(**desired), cluster(**live)) == ()


@pytest.mark.parametrize(
    ("desired", "live", "differences"),
    [
        pytest.param(
            {"replica": {"minApplyDelay": "4h"}},
            {"replica": {"minApplyDelay": "5h0m0s"}},
            ["spec.replica.minApplyDelay: desired '4h', live '5h0m0s'"],
            id="another duration",
        ),
        pytest.param(
            {"description": ""},
            {"description": "books"},
            ["spec.description: desired '', live 'books'"],
            id="a blank that nobody fills in",
        ),
        pytest.param(
            {"schedule": "4h"}, {"schedule": "4h0m0s"}, ["spec.schedule: desired '4h', live '4h0m0s'"], id="no duration"
        ),
        pytest.param({"instances": 3}, {"instances": 2}, ["spec.instances: desired 3, live 2"], id="a number"),
        pytest.param({"imageName": "a"}, {}, ["spec.imageName: desired 'a', live None"], id="a field that is not live"),
        pytest.param(
            {"postgresql": {"parameters": {"shared_buffers": "1GB"}}},
            {"postgresql": {"parameters": {"shared_buffers": "1024MB"}}},
            ["spec.postgresql.parameters.shared_buffers: desired '1GB', live '1024MB'"],
            id="a size of PostgreSQL is not a quantity of Kubernetes",
        ),
        pytest.param(
            {"storage": {"size": "10Gi"}},
            {"storage": {"size": "10G"}},
            ["spec.storage.size: desired '10Gi', live '10G'"],
            id="binary and decimal units",
        ),
        pytest.param(
            {"managed": {"roles": [{"name": "a"}, {"name": "b", "login": True}]}},
            {"managed": {"roles": [{"name": "a"}, {"name": "b", "login": False}]}},
            ["spec.managed.roles[1].login: desired True, live False"],
            id="a field inside a list",
        ),
        pytest.param(
            {"managed": {"roles": [{"name": "a"}]}},
            {"managed": {"roles": [{"name": "a"}, {"name": "b"}]}},
            ["spec.managed.roles: desired [{'name': 'a'}], live [{'name': 'a'}, {'name': 'b'}]"],
            id="another item in an atomic list",
        ),
        pytest.param(
            {"plugins": [{"name": "x"}]},
            {"plugins": []},
            ["spec.plugins: desired [{'name': 'x'}], live []"],
            id="plugin",
        ),
        pytest.param({"enablePDB": True}, {"enablePDB": 1}, ["spec.enablePDB: desired True, live 1"], id="types"),
        pytest.param({"backup": {"a": 1}}, {"backup": "x"}, ["spec.backup: desired {'a': 1}, live 'x'"], id="shapes"),
        pytest.param(
            {"a": "2026-99-01T00:00:00Z"},
            {"a": "2026-98-01T00:00:00Z"},
            ["spec.a: desired '2026-99-01T00:00:00Z', live '2026-98-01T00:00:00Z'"],
            id="what only looks like times",
        ),
        pytest.param(
            {"podSelectorRefs": [{"name": []}]},
            {"podSelectorRefs": [{"name": "a"}]},
            ["spec.podSelectorRefs[0]: desired {'name': []}, live None"],
            id="a merge key that is not text",
        ),
        pytest.param({"env": [1]}, {"env": {}}, ["spec.env: desired [1], live {}"], id="a list that is none"),
    ],
)
def test_what_differs_is_told_with_its_place(desired: Object, live: Object, differences: list[str]) -> None:
    assert [str(one) for one in drift(cluster(**desired), cluster(**live))] == differences


def test_of_metadata_only_labels_and_annotations_that_desired_states_count() -> None:
    desired = cluster()
    desired["metadata"] = {"name": "orders", "labels": {"team": "shop"}, "annotations": {"a": "b"}}
    live = cluster()
    live["metadata"] = {"name": "orders", "uid": "1", "labels": {"team": "shop", "x": "y"}, "annotations": {"a": "c"}}
    assert drift(desired, live) == (FieldDrift(("metadata", "annotations", "a"), "b", "c"),)


def test_status_and_bootstrap_in_git_are_not_asked_for_but_other_kinds_may_have_a_bootstrap() -> None:
    assert drift({**cluster(), "status": {"phase": "x"}}, cluster()) == ()
    assert drift({"kind": "Other", "spec": {"bootstrap": 1}}, {"kind": "Other", "spec": {"bootstrap": 2}})


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
KEYS = st.sampled_from(["size", "storage", "resources", "requests", "cpu", "name", "spec", "plugins", "a", "b"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)
SPECS = st.dictionaries(KEYS, VALUES, max_size=4)


@settings(deadline=None)
@given(SPECS)
def test_an_object_does_not_differ_from_itself(spec: Object) -> None:
    assert drift(cluster(**spec), copy.deepcopy(cluster(**spec))) == ()


@settings(deadline=None)
@given(SPECS, SPECS)
def test_what_only_live_has_never_counts(spec: Object, more: Object) -> None:
    live = cluster(**{f"live-{key}": value for key, value in more.items()}, **copy.deepcopy(spec))
    assert drift(cluster(**spec), live) == ()


@settings(deadline=None)
@given(SPECS)
def test_a_field_that_is_changed_is_the_one_difference(spec: Object) -> None:
    assert drift(cluster(**spec, changed=1), cluster(**spec, changed=2)) == (FieldDrift(("spec", "changed"), 1, 2),)


@settings(deadline=None)
@given(
    st.integers(1, 9),
    st.sampled_from(["1Gi", "10G"]),
    st.dictionaries(st.sampled_from(["work_mem", "jit"]), st.text(max_size=3)),
)
def test_a_cluster_as_the_webhook_completes_it_does_not_differ(instances: int, size: str, parameters: Object) -> None:
    desired = cluster(instances=instances, storage={"size": size}, postgresql={"parameters": parameters})
    assert drift(desired, fill_webhook_defaults(desired)) == ()


def test_the_order_of_what_has_a_key_is_no_difference_and_an_item_is_known_by_it() -> None:
    def pooler(*containers: Object) -> Object:
        return {
            "kind": "Pooler",
            "metadata": {"name": "p"},
            "spec": {"template": {"spec": {"containers": [*containers]}}},
        }

    bouncer = {"name": "pgbouncer", "ports": [{"containerPort": 5432}, {"containerPort": 9127, "protocol": "TCP"}]}
    turned = {"name": "pgbouncer", "ports": [{"containerPort": port, "protocol": "TCP"} for port in (9127, 5432)]}
    helper: Object = {"name": "helper", "image": "a"}
    assert drift(pooler(bouncer, helper), pooler({"name": "injected"}, helper, turned)) == ()
    (found,) = drift(pooler(bouncer, helper), pooler({**helper, "image": "b"}, turned))
    assert str(found) == "spec.template.spec.containers[1].image: desired 'a', live 'b'"
