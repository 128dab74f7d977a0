from __future__ import annotations

import pytest

from gitops_mcp.domain.kinds import CLUSTER, DATABASE, PASSWORD
from gitops_mcp.domain.live.operations import ApiOperation
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import NotFound, Unavailable
from gitops_mcp.sandbox.api import ApiError
from gitops_mcp.workflows.writing.api_writes import carry_out, try_operations
from tests.workflows.writing.conftest import Direct


def manifest(name: str) -> Object:
    return {
        "apiVersion": CLUSTER.api_version,
        "kind": CLUSTER.kind,
        "metadata": {"name": name, "namespace": "dev"},
        "spec": {"instances": 1, "storage": {"size": "1Gi"}},
    }


def creation(name: str) -> ApiOperation:
    return ApiOperation("create", CLUSTER, "dev", name, body=manifest(name))


def deletion(found: Object) -> ApiOperation:
    meta = found["metadata"]
    return ApiOperation("delete", CLUSTER, "dev", meta["name"], uid=meta["uid"], version=meta["resourceVersion"])


def scaling(found: Object, instances: int) -> ApiOperation:
    meta = found["metadata"]
    body = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": meta["resourceVersion"]},
        {"op": "replace", "path": "/spec/instances", "value": instances},
    ]
    return ApiOperation("patch", CLUSTER, "dev", meta["name"], body=body, fields=(("spec", "instances"),))


def test_what_is_tried_has_no_effect(direct: Direct) -> None:
    assert try_operations(direct.kube(), [creation("db")]) == ("server-side dry run",)
    with pytest.raises(ApiError):
        direct.world.store.get(CLUSTER, "dev", "db")


def test_where_nothing_is_to_be_done_nothing_was_validated(direct: Direct) -> None:
    assert try_operations(direct.kube(), []) == ()


def test_operations_are_told_as_they_were_done(direct: Direct) -> None:
    one, other = (direct.put(CLUSTER, name, instances=1, storage={"size": "1Gi"}) for name in ("one", "other"))
    done = carry_out(direct.kube(), [creation("db"), scaling(one, 2), deletion(other)])
    assert [text.partition(", now at ")[0] for text in done] == [
        "create Cluster dev/db",
        "change spec.instances of Cluster dev/one",
        "delete Cluster dev/other",
    ]
    assert direct.world.store.get(CLUSTER, "dev", "one")["spec"]["instances"] == 2


def test_the_first_that_fails_is_told_as_it_is(direct: Direct) -> None:
    lost = ApiOperation("delete", DATABASE, "dev", "nowhere")
    with pytest.raises(NotFound) as error:
        carry_out(direct.kube(), [lost, creation("db")])
    assert not str(error.value).startswith("Done")


def test_what_fails_half_way_is_told_with_what_was_done_and_what_was_not_tried(direct: Direct) -> None:
    found = direct.put(CLUSTER, "one", instances=1, storage={"size": "1Gi"})
    direct.world.store.replace(CLUSTER, {**found, "spec": {**found["spec"], "instances": 3}})
    with pytest.raises(Unavailable) as error:
        carry_out(direct.kube(), [creation("db"), scaling(found, 2), creation("last")])
    told = str(error.value)
    assert told.startswith("Done: create Cluster dev/db, now at resourceVersion ")
    assert "Failed: change spec.instances of Cluster dev/one, because " in told
    assert "Not tried: create Cluster dev/last. Repeat the request for what is left" in told


def test_what_is_left_of_a_secret_that_nothing_needs_is_told_as_a_command(direct: Direct) -> None:
    left = ApiOperation("delete", PASSWORD, "dev", "db-ada-password")
    with pytest.raises(NotFound, match=r"to remove it: kubectl -n dev delete passwords\.generators.* db-ada-password"):
        carry_out(direct.kube(), [creation("db"), left])
