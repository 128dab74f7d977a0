from __future__ import annotations

import time

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.domain.kinds import CLUSTER, DATABASE, PASSWORD
from gitops_mcp.domain.live.operations import ApiOperation, api_operations, manifest_of_live
from gitops_mcp.domain.objects import Identity, Object, Resource
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.errors import Forbidden, NotFound, Raced, Refused, Unavailable
from gitops_mcp.sandbox.api import ApiError
from gitops_mcp.workflows.writing.delivery.direct.api_writes import carry_out, try_operations
from tests.fakes.api import Answer, status
from tests.workflows.conftest import Api
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


def operation(found: Object, after: Object | None) -> ApiOperation:
    identity = Identity(found["kind"], "dev", found["metadata"]["name"])
    (made,) = api_operations([ObjectChange(identity, manifest_of_live(found), after, ())], (), {identity: found})
    return made


def deletion(found: Object) -> ApiOperation:
    return operation(found, None)


def scaling(found: Object, instances: int) -> ApiOperation:
    manifest = manifest_of_live(found)
    return operation(found, {**manifest, "spec": {**manifest["spec"], "instances": instances}})


def status_written(direct: Direct, resource: Resource, name: str, phase: str = "busy") -> None:
    direct.world.store.merge(resource, "dev", name, {"status": {"phase": phase}}, subresource="status")


def live_or_none(direct: Direct, resource: Resource, name: str) -> Object | None:
    return next((one for one in direct.world.store.list(resource, "dev") if one["metadata"]["name"] == name), None)


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
    direct.world.api.deny("delete", PASSWORD.group, PASSWORD.plural)
    with pytest.raises(Forbidden, match=r"to remove it: kubectl -n dev delete passwords\.generators.* db-ada-password"):
        carry_out(direct.kube(), [creation("db"), left])


def test_what_is_gone_by_the_time_that_it_is_due_is_done(direct: Direct) -> None:
    done = carry_out(direct.kube(), [creation("db"), ApiOperation("delete", PASSWORD, "dev", "db-ada-password")])
    assert done[1] == "delete Password dev/db-ada-password, which was gone already"


def test_a_creation_overwrites_nothing_and_says_by_whose_hand_there_is_one(direct: Direct) -> None:
    kube = direct.kube()
    carry_out(kube, [creation("db")])
    other = creation("db")
    for tried in (lambda: try_operations(kube, [other]), lambda: carry_out(kube, [other])):
        with pytest.raises(
            Refused, match=r"409, it exists already .*Cluster dev/db was written by gitops-mcp at 20"
        ) as told:
            tried()
        assert "nothing of it was changed" in str(told.value)


def test_a_creation_that_met_another_one_at_the_quota_is_tried_again(api: Api) -> None:
    words = 'Operation cannot be fulfilled on resourcequotas "few": the object has been modified'
    api.answers["*"] = [status(409, "Conflict", words), Answer(201, manifest("db"))]
    assert carry_out(Kube(context=None, timeout=5), [creation("db")]) == ["create Cluster dev/db"]
    assert len(api.requests) == 2


def test_a_status_that_is_written_after_the_look_stops_no_deletion(direct: Direct) -> None:
    found = direct.put(CLUSTER, "db", instances=1, storage={"size": "1Gi"})
    status_written(direct, CLUSTER, "db")
    assert carry_out(direct.kube(), [deletion(found)]) == ["delete Cluster dev/db"]


def test_a_write_that_meets_others_again_and_again_is_sent_less_and_less_often(api: Api) -> None:
    words = 'Operation cannot be fulfilled on clusters "db": the object has been modified'
    met = [status(409, "Conflict", words)] * 5
    api.answers["*"] = [*met, Answer(201, manifest("db"))]
    begun = time.monotonic()
    carry_out(Kube(context=None, timeout=5), [creation("db")])
    assert time.monotonic() - begun > 0.02 + 0.04 + 0.08 + 0.16 + 0.32
    assert len(api.requests) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}},
        {"metadata": {"labels": {"keep": "me"}}},
        {"spec": {"instances": 3}},
    ],
)
def test_what_is_judged_otherwise_after_the_look_is_not_deleted(direct: Direct, change: Object) -> None:
    found = direct.put(CLUSTER, "db", instances=1, storage={"size": "1Gi"})
    direct.world.store.merge(CLUSTER, "dev", "db", change)
    with pytest.raises(Raced, match="Cluster dev/db has changed since this was planned: "):
        carry_out(direct.kube(), [deletion(found)])
    assert live_or_none(direct, CLUSTER, "db") is not None


def test_a_cluster_goes_first_so_that_nothing_is_lost_where_it_stays(direct: Direct) -> None:
    cluster = direct.put(CLUSTER, "db", instances=1, storage={"size": "1Gi"})
    database = direct.put(
        DATABASE, "db-shop", cluster={"name": "db"}, name="shop", owner="app", databaseReclaimPolicy="delete"
    )
    todo = [deletion(database), deletion(cluster)]
    direct.world.api.deny("delete", CLUSTER.group, CLUSTER.plural)
    with pytest.raises(Forbidden):
        carry_out(direct.kube(), todo)
    assert live_or_none(direct, DATABASE, "db-shop") is not None


def test_a_label_is_added_whatever_is_written_beside_it_meanwhile(direct: Direct) -> None:
    found = direct.put(CLUSTER, "db", instances=1, storage={"size": "1Gi"})
    manifest = manifest_of_live(found)
    todo = [operation(found, {**manifest, "metadata": {**manifest["metadata"], "annotations": {"cnpg.io/x": "on"}}})]
    status_written(direct, CLUSTER, "db")
    carry_out(direct.kube(), todo)
    direct.world.store.merge(CLUSTER, "dev", "db", {"metadata": {"annotations": {"cnpg.io/x": None, "theirs": "1"}}})
    with pytest.raises(Raced, match="other annotations"):
        carry_out(direct.kube(), todo)
    found = direct.world.store.get(CLUSTER, "dev", "db")
    manifest = manifest_of_live(found)
    both = {"theirs": "1", "cnpg.io/x": "on"}
    todo = [operation(found, {**manifest, "metadata": {**manifest["metadata"], "annotations": both}})]
    direct.world.store.merge(CLUSTER, "dev", "db", {"metadata": {"annotations": {"more": "2"}}})
    carry_out(direct.kube(), todo)
    assert direct.world.store.get(CLUSTER, "dev", "db")["metadata"]["annotations"] == {**both, "more": "2"}
