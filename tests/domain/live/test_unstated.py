from __future__ import annotations

import json
from typing import Any

import pytest

from gitops_mcp.crds import packaged_schema
from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.kinds import CLUSTER, CNPG_KINDS
from gitops_mcp.domain.live.unstated import all_drift, unstated_fields, written_part
from gitops_mcp.domain.objects import Object, dotted_path

RESOURCES = {one.kind: one for one in CNPG_KINDS}
GIT: Object = {
    "instances": 3,
    "storage": {"size": "10Gi"},
    "postgresql": {"parameters": {"work_mem": "8MB"}, "extensions": [{"name": "pgvector"}]},
    "managed": {"roles": [{"name": "a", "login": True}]},
    "plugins": [{"name": "backups.example.com"}],
}


def fill(given: Object) -> Object:
    schema = packaged_schema(RESOURCES[given["kind"]])
    return schema.fill(fill_webhook_defaults(schema.fill(given)))


def cluster(spec: Object, **metadata: Any) -> Object:
    about = {"name": "orders", "namespace": "shop", **metadata}
    return {"apiVersion": CLUSTER.api_version, "kind": "Cluster", "metadata": about, "spec": spec}


def entry(manager: str, fields: Object, *, time: str = "2026-03-01T10:00:00Z", subresource: str = "") -> Object:
    made = {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields}
    return made | ({"subresource": subresource} if subresource else {})


def owned(value: Any) -> Object:
    """A set of fields as an API server records it: lists without keys are one value."""
    return {f"f:{key}": owned(part) for key, part in value.items()} if isinstance(value, dict) else {}


def live(patch: Object, manager: str = "k9s", fields: Object | None = None, **metadata: Any) -> Object:
    """As it is after the operator's webhook, and after somebody has set `patch`."""
    made = fill(cluster(_merged(GIT, patch), **metadata))
    made["metadata"]["managedFields"] = [
        entry("argocd-controller", {"f:spec": owned(GIT)}),
        entry("manager", {"f:status": {"f:phase": {}}}, subresource="status"),
        entry(manager, fields if fields is not None else {"f:spec": owned(patch)}),
    ]
    return made


def _merged(value: Any, patch: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(patch, dict):
        return patch
    return {**value, **{key: _merged(value.get(key), part) for key, part in patch.items()}}


def found(desired: Object, seen: Object) -> dict[str, Any]:
    return {dotted_path(one.path): one.live for one in unstated_fields(desired, seen, fill)}


@pytest.mark.parametrize(
    ("patch", "fields"),
    [
        pytest.param({"logLevel": "debug"}, {"spec.logLevel": "debug"}, id="another value than the webhook's"),
        pytest.param({"enablePDB": False}, {"spec.enablePDB": False}, id="another value than the CRD's"),
        pytest.param({"logLevel": "info", "enablePDB": True}, {}, id="what would be filled in anyway"),
        pytest.param(
            {"backup": {"retentionPolicy": "30d", "target": "prefer-standby"}},
            {"spec.backup.retentionPolicy": "30d"},
            id="a default that came with what somebody has set",
        ),
        pytest.param(
            {"postgresql": {"parameters": {"max_wal_size": "2GB", "wal_keep_size": "512MB"}}},
            {"spec.postgresql.parameters.max_wal_size": "2GB"},
            id="a parameter beside one of the operator's",
        ),
        pytest.param(
            {"affinity": {"nodeSelector": {"kubernetes.io/arch": "amd64"}, "podAntiAffinityType": "preferred"}},
            {"spec.affinity.nodeSelector.kubernetes.io/arch": "amd64"},
            id="a key with a dot",
        ),
        pytest.param(
            {"managed": {"roles": [{"name": "a", "login": True, "superuser": True, "inherit": True}]}},
            {"spec.managed.roles[0].superuser": True},
            id="a field in an item of a list that Git states",
        ),
        pytest.param(
            {"plugins": [{"name": "new.example.com"}, {"name": "backups.example.com", "enabled": False}]},
            {"spec.plugins[1]": {"name": "new.example.com", "enabled": True, "isWALArchiver": False},
             "spec.plugins[0].enabled": False},
            id="an item before the one that Git states, and a field in that",
        ),
        pytest.param(
            {"resources": {"requests": {"memory": "1Gi"}}},
            {"spec.resources.requests.memory": "1Gi"},
            id="a section of its own",
        ),
        pytest.param({"bootstrap": {"initdb": {"owner": "other"}}}, {}, id="what is read at creation only"),
        pytest.param({"storage": {"resizeInUseVolumes": True}}, {}, id="a default inside a section"),
    ],
)  # fmt: skip
def test_a_field_that_git_does_not_state_counts_where_somebody_has_set_it(patch: Object, fields: Object) -> None:
    assert found(cluster(GIT), live(patch)) == fields


@pytest.mark.parametrize("manager", ["argocd-controller", "kustomize-controller", "helm-controller", "manager"])
def test_what_engines_and_the_operator_have_set_is_no_drift(manager: str) -> None:
    assert found(cluster(GIT), live({"logLevel": "debug"}, manager)) == {}


def test_an_item_of_a_list_with_keys_counts_as_one_value() -> None:
    patch = {"postgresql": {"extensions": [{"name": "postgis"}, {"name": "pgvector", "ld_library_path": ["a"]}]}}
    fields: Object = {
        "f:spec": {
            "f:postgresql": {
                "f:extensions": {
                    'k:{"name":"postgis"}': {".": {}, "f:name": {}},
                    'k:{"name":"pgvector"}': {"f:ld_library_path": {}},
                    "k:no json": {},
                }
            }
        }
    }
    assert found(cluster(GIT), live(patch, fields=fields)) == {
        "spec.postgresql.extensions[1]": {"name": "postgis"},
        "spec.postgresql.extensions[0].ld_library_path": ["a"],
    }


def test_marks_of_tools_are_no_drift_and_orders_to_engines_are() -> None:
    marks = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "argocd.argoproj.io/tracking-id": "orders:postgresql.cnpg.io/Cluster:shop/orders",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
        "cnpg.io/hibernation": "on",
    }
    fields = {"f:metadata": {"f:annotations": {".": {}, **owned(marks)}, "f:finalizers": {}}}
    assert found(cluster(GIT), live({}, fields=fields, annotations=marks, finalizers=["a"])) == {
        "metadata.annotations.kustomize.toolkit.fluxcd.io/prune": "disabled",
        "metadata.annotations.cnpg.io/hibernation": "on",
    }


def test_whoever_made_the_object_has_not_set_its_defaults() -> None:
    old = {"imageName": "ghcr.io/cloudnative-pg/postgresql:17.5", "logLevel": "trace"}
    made = live(old)
    everything = {"f:spec": {".": {}, **owned(made["spec"])}}
    assert found(cluster(GIT), live(old, "kubectl-create", everything)) == {"spec.logLevel": "trace"}
    assert found(cluster(GIT), live(old, "kubectl-edit")) == {
        "spec.imageName": "ghcr.io/cloudnative-pg/postgresql:17.5",
        "spec.logLevel": "trace",
    }


def test_what_git_states_comes_first() -> None:
    told = [str(one) for one in all_drift(cluster(GIT), live({"instances": 5, "logLevel": "debug"}), fill)]
    assert told == ["spec.instances: desired 3, live 5", "spec.logLevel: desired None, live 'debug'"]


@pytest.mark.parametrize(
    "fields", [None, [], {"f:spec": None}, {"f:spec": {"f:logLevel": []}}, {"x": {}, "k:{}": {}}, {"f:spec": {"f:gone": {}}}]
)  # fmt: skip
def test_a_set_of_fields_of_another_shape_owns_nothing_more(fields: Any) -> None:
    seen = live({})
    seen["metadata"]["managedFields"] = [entry("k9s", fields), "x", {"manager": 5}]
    assert found(cluster(GIT), seen) == {}


def test_of_a_live_object_only_what_somebody_must_have_written_is_taken() -> None:
    seen = live({"logLevel": "debug"}, labels={"team": "orders", "kustomize.toolkit.fluxcd.io/name": "apps"})
    written = written_part({**seen, "status": {"phase": "x"}}, fill)
    assert written["metadata"] == {"name": "orders", "namespace": "shop", "labels": {"team": "orders"}}
    assert json.dumps(written["spec"], sort_keys=True) == json.dumps(
        {
            **GIT,
            "imageName": "ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie",
            "logLevel": "debug",
            "managed": {"roles": [{"name": "a", "login": True, "connectionLimit": -1, "ensure": "present", "inherit": True}]},
            "plugins": [{"name": "backups.example.com", "enabled": True, "isWALArchiver": False}],
        },
        sort_keys=True,
    )  # fmt: skip


def test_what_has_to_be_there_stays_though_all_of_it_is_a_default() -> None:
    spec = {"cluster": {"name": "orders"}, "instances": 1, "type": "rw", "pgbouncer": {"poolMode": "session"}}
    pooler = {"apiVersion": CLUSTER.api_version, "kind": "Pooler", "metadata": {"name": "p", "namespace": "shop"}}
    assert written_part(fill({**pooler, "spec": spec}), fill)["spec"] == {
        "cluster": {"name": "orders"},
        "instances": 1,
        "pgbouncer": {"poolMode": "session"},
    }
