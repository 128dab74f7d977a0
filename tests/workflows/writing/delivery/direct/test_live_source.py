from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_mcp.config import Environment
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.kinds import CLUSTER, DATABASE, DATABASE_ROLE, PASSWORD
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.passwords.secret_documents import MANAGED_BY, SERVER
from gitops_mcp.errors import InvalidRequest, NotFound
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.delivery.direct.live_source import (
    check_cluster_name_live,
    live_view,
    read_left_objects,
    read_live_objects,
)
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.workflows.writing.conftest import Direct


def request_for(name: str, namespace: str | None = "dev") -> WriteRequest:
    return WriteRequest("scale_postgres_cluster", None, cluster=name, namespace=namespace)


def environment_of(direct: Direct) -> Environment:
    app = direct.app()
    return app.environment(app.ground(fetch=False).settings, None)


def seen(direct: Direct, request: WriteRequest) -> View:
    environment, api = environment_of(direct), direct.look()
    live = read_live_objects(api, environment, request)
    return live_view(direct.app().ground(fetch=False), environment, api, live)


def test_the_cluster_is_read_with_what_belongs_to_it_and_nothing_of_another_one(direct: Direct) -> None:
    for name in ("db", "other"):
        direct.put(CLUSTER, name, instances=1)
        direct.put(DATABASE, f"{name}-shop", cluster={"name": name}, name="shop", owner="app")
    direct.put(DATABASE_ROLE, "db-ada", cluster={"name": "db"}, name="ada")
    found = read_live_objects(direct.look(), environment_of(direct), request_for("db"))
    assert [str(one) for one in found] == ["Cluster dev/db", "DatabaseRole dev/db-ada", "Database dev/db-shop"]
    assert all(one["metadata"]["managedFields"] for one in found.values())


def test_of_what_makes_secrets_only_this_servers_own_is_read(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=1)
    direct.put(PASSWORD, "theirs", length=40)
    ours = {"metadata": {"name": "ours", "namespace": "dev", "labels": {MANAGED_BY: SERVER}}, "spec": {"length": 40}}
    direct.world.store.create(PASSWORD, {"apiVersion": PASSWORD.api_version, "kind": PASSWORD.kind, **ours})
    found = read_live_objects(direct.look(), environment_of(direct), request_for("db"))
    assert [one.name for one in found if one.kind == PASSWORD.kind] == ["ours"]


def test_a_cluster_is_looked_for_where_the_environment_may_look(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=1)
    direct.put(CLUSTER, "db", namespace="other", instances=1)
    everywhere = environment_of(direct)
    for environment, namespaces in (
        (everywhere, ["dev", "other"]),
        (replace(everywhere, namespaces=("dev",)), ["dev"]),
    ):
        found = read_live_objects(direct.look(), environment, request_for("db", None))
        assert [one.namespace for one in found] == namespaces


def test_what_names_a_cluster_that_is_gone_is_found_wherever_it_may_be(direct: Direct) -> None:
    direct.put(DATABASE, "db-shop", cluster={"name": "db"}, name="shop", owner="app")
    direct.put(DATABASE, "db-shop", namespace="other", cluster={"name": "db"}, name="shop", owner="app")
    direct.put(DATABASE_ROLE, "another-ada", cluster={"name": "another"}, name="ada")
    everywhere = environment_of(direct)
    for environment, spaces in ((everywhere, ["dev", "other"]), (replace(everywhere, namespaces=("dev",)), ["dev"])):
        found = read_left_objects(direct.look(), environment, request_for("db", None))
        assert [(str(one.kind), one.namespace) for one in found] == [("Database", space) for space in spaces]


def test_a_declaration_of_what_is_live_says_by_whose_hand_it_is(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=1)
    declared = seen(direct, request_for("db")).desired.cluster("db", "dev", environment="dev")
    assert declared.written.startswith(", written by gitops-mcp at 20")


def test_of_a_name_in_several_namespaces_only_the_clusters_are_read(direct: Direct) -> None:
    for namespace in ("dev", "other"):
        direct.put(CLUSTER, "db", namespace=namespace, instances=1)
        direct.put(DATABASE, "db-shop", namespace=namespace, cluster={"name": "db"}, name="shop", owner="app")
    view = seen(direct, request_for("db", None))
    assert [path.rpartition("/")[2] for path, _ in direct.read()] == ["clusters"]
    with pytest.raises(InvalidRequest, match=r"in several: dev \(the live Cluster dev/db\), other \(.*; name one"):
        view.desired.cluster("db", None, environment="dev")


def test_a_live_object_is_a_declaration_that_says_where_it_stands(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=1)
    declared = seen(direct, request_for("db")).desired.cluster("db", "dev", environment="dev")
    assert (declared.place, declared.title) == ("the live Cluster dev/db", "the live Cluster dev/db")


def test_a_new_object_stands_by_itself(direct: Direct) -> None:
    view = seen(direct, request_for("db"))
    places = view.source.places(Identity("DatabaseRole", "dev", "db-ada"), [FilePlace("a.yaml"), FilePlace("b.yaml")])
    assert places == (FilePlace("the new DatabaseRole dev/db-ada", unlisted=True),)


def test_a_name_that_no_live_cluster_has_is_told_with_those_that_there_are(direct: Direct) -> None:
    direct.put(CLUSTER, "orders", instances=1)
    request = request_for("ordres")
    view = seen(direct, request)
    with pytest.raises(NotFound, match=r"^the API has no Cluster 'ordres' in dev, namespace dev; .*orders"):
        check_cluster_name_live(view, request)


def test_names_are_not_read_where_the_cluster_was_found(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=1)
    request = request_for("db")
    view = seen(direct, request)
    before = len(direct.read())
    check_cluster_name_live(view, request)
    assert len(direct.read()) == before
