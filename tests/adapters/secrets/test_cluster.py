from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.secrets.cluster import ClusterSecrets
from gitops_mcp.domain.kinds import SECRET
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.errors import NotFound, Raced, Refused
from tests.adapters.secrets.conftest import WANTED
from tests.adapters.secrets.openers import Cluster

NAME = (WANTED.namespace, WANTED.name)
Meanwhile = Callable[[], object]


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Cluster]:
    """Empty for the next test."""
    yield cluster
    if cluster.has(WANTED):
        cluster.kube.delete(SECRET, *NAME)


def put(api: Cluster, *, change: str = "add-my-role", owner: str = "a1") -> str:
    return ClusterSecrets(api.kube).put(WANTED, change=change, owner=owner)


def foreign(**metadata: Object) -> Object:
    """A Secret that somebody else made."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": "shop", "name": WANTED.name, **metadata},
        "stringData": {"password": "theirs"},
    }


def test_put_creates_the_secret_and_says_for_which_change_and_attempt(api: Cluster) -> None:
    uid = put(api)
    secret = api.opened(WANTED)
    assert secret["metadata"]["uid"] == uid
    assert secret["metadata"]["labels"] == {
        "cnpg.io/reload": "true",
        "app.kubernetes.io/managed-by": "gitops-mcp",
        "gitops-mcp/change": "add-my-role",
    }
    assert secret["metadata"]["annotations"] == {"gitops-mcp/change": "add-my-role", "gitops-mcp/request": "a1"}


def test_put_never_writes_over_what_is_there(api: Cluster) -> None:
    put(api)
    before = api.opened(WANTED)
    with pytest.raises(Refused, match=r"create secrets 'orders-my-role' in namespace 'shop'.*409, it exists already"):
        put(api, owner="a2")
    assert api.opened(WANTED) == before


def test_a_change_whose_name_no_label_can_hold_still_owns_its_secret(api: Cluster) -> None:
    put(api, change="x--")
    metadata = api.kube.metadata(SECRET, *NAME)["metadata"]
    assert metadata["labels"]["gitops-mcp/change"] == "x"
    with pytest.raises(Refused, match=r"its gitops-mcp/change is 'x--', not 'x'"):
        ClusterSecrets(api.kube).remove(*NAME, change="x")
    assert ClusterSecrets(api.kube).remove(*NAME, change="x--")


@pytest.mark.parametrize("by", ["change", "uid", "owner"])
def test_remove_deletes_what_was_made_for_the_change(api: Cluster, by: str) -> None:
    uid = put(api)
    named = {"uid": {"uid": uid}, "owner": {"owner": "a1"}, "change": {}}[by]
    assert ClusterSecrets(api.kube).remove(*NAME, change="add-my-role", **named)
    assert not api.has(WANTED)
    assert not ClusterSecrets(api.kube).remove(*NAME, change="add-my-role", **named)


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"change": "other"}, "its gitops-mcp/change is 'add-my-role', not 'other'"),
        ({"change": "add-my-role", "owner": "a2"}, "its gitops-mcp/request is 'a1', not 'a2'"),
        ({"change": "add-my-role", "uid": "0-0"}, "its uid is .*, not '0-0'"),
    ],
)
def test_remove_leaves_what_another_change_or_attempt_made(api: Cluster, asked: dict[str, str], fault: str) -> None:
    put(api)
    before = api.opened(WANTED)
    with pytest.raises(Refused, match=f"shop/orders-my-role is not the one that was asked for: {fault}"):
        ClusterSecrets(api.kube).remove(*NAME, **asked)
    assert api.opened(WANTED) == before


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({}, id="without labels"),
        pytest.param({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, id="another manager's"),
        pytest.param({"labels": {"app.kubernetes.io/managed-by": "gitops-mcp"}}, id="the label alone"),
        pytest.param(
            {"annotations": {"gitops-mcp/change": "add-my-role", "gitops-mcp/request": "a1"}}, id="annotations alone"
        ),
    ],
)
def test_what_this_server_did_not_make_is_neither_removed_nor_rotated(api: Cluster, metadata: Object) -> None:
    api.kube.create(SECRET, foreign(**metadata))
    before = api.opened(WANTED)
    with pytest.raises(Refused, match="shop/orders-my-role was not made by this server"):
        ClusterSecrets(api.kube).remove(*NAME, change="add-my-role")
    with pytest.raises(Refused, match="shop/orders-my-role was not made by this server"):
        ClusterSecrets(api.kube).rotate(WANTED)
    assert api.opened(WANTED) == before


def test_rotate_changes_the_password_and_nothing_else(api: Cluster) -> None:
    put(api)
    before = api.opened(WANTED)
    ClusterSecrets(api.kube).rotate(WANTED)
    after = api.opened(WANTED)
    old, new = before["stringData"].pop("password"), after["stringData"].pop("password")
    assert len(new) == 40
    assert old != new
    assert after["stringData"] == before["stringData"] == {"username": "my_role"}
    assert after["type"] == before["type"] == "kubernetes.io/basic-auth"
    assert [after["metadata"][key] for key in ("uid", "labels", "annotations")] == [
        before["metadata"][key] for key in ("uid", "labels", "annotations")
    ]


def test_rotate_of_a_secret_that_is_not_there_is_not_found(api: Cluster) -> None:
    with pytest.raises(NotFound, match="no Secret shop/orders-my-role"):
        ClusterSecrets(api.kube).rotate(WANTED)
    assert not api.has(WANTED)


class Overtaken(Kube):
    """Between the look at a Secret and what follows, somebody else is faster."""

    def __init__(self, api: Cluster, meanwhile: Meanwhile) -> None:
        self._wire = api.kube._wire
        self._meanwhile = meanwhile

    def metadata(self, resource: Resource, namespace: str | None, name: str) -> Object:
        found = super().metadata(resource, namespace, name)
        self._meanwhile()
        return found


def test_a_secret_that_was_made_anew_meanwhile_is_not_removed(api: Cluster) -> None:
    uid = put(api)

    def made_anew() -> None:
        api.kube.delete(SECRET, *NAME)
        api.kube.create(SECRET, foreign())

    with pytest.raises(Refused, match="the object that was read is gone"):
        ClusterSecrets(Overtaken(api, made_anew)).remove(*NAME, change="add-my-role", uid=uid)
    assert api.opened(WANTED)["stringData"] == {"password": "theirs"}


def test_a_secret_that_is_gone_meanwhile_was_not_removed_by_this_call(api: Cluster) -> None:
    put(api)
    overtaken = Overtaken(api, lambda: api.kube.delete(SECRET, *NAME))
    assert not ClusterSecrets(overtaken).remove(*NAME, change="add-my-role")


def test_a_secret_that_was_changed_meanwhile_is_neither_removed_nor_rotated(api: Cluster) -> None:
    put(api)
    theirs: Object = {"stringData": {"password": "theirs"}}
    overtaken = ClusterSecrets(Overtaken(api, lambda: api.kube.merge(SECRET, *NAME, theirs)))
    with pytest.raises(Raced, match="has changed since it was read"):
        overtaken.rotate(WANTED)
    theirs["metadata"] = {"labels": {"app.kubernetes.io/managed-by": "Helm"}}
    with pytest.raises(Raced, match="has changed since it was read"):
        overtaken.remove(*NAME, change="add-my-role")
    assert api.opened(WANTED)["stringData"] == {"username": "my_role", "password": "theirs"}
