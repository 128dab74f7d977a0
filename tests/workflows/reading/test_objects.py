"""What may stand in a field, and one object from Git to live."""

from __future__ import annotations

import pytest

from gitops_mcp.answers.objects import ObjectDetail
from gitops_mcp.errors import InvalidRequest, NotFound
from gitops_mcp.workflows.reading.field_explanation import explain_fields
from gitops_mcp.workflows.reading.object_detail import read_object
from tests.fakes.api import Answer, status
from tests.workflows.conftest import GROUP, Api, Team, cluster, listed, live

SPEC = "{instances: 3, storage: {size: 1Gi}, bootstrap: {initdb: {database: app, postInitSQL: [ALTER ROLE x PASSWORD 'hunter2']}}}"
PATCH = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec:\n  instances: 5\n"
OVERLAY = "namespace: shop\nresources: [../base]\npatches: [{path: more.yaml}]\n"


def shown(team: Team, name: str = "db", kind: str = "Cluster", namespace: str | None = None) -> ObjectDetail:
    return read_object(team.app(), kind, name, namespace=namespace, environment=None)


def test_an_object_is_told_field_by_field_with_its_place_and_author(team: Team, api: Api) -> None:
    team.commit(
        {
            "base/db.yaml": cluster(namespace=None, spec=SPEC),
            "base/kustomization.yaml": "resources: [db.yaml]\n",
            "prod/kustomization.yaml": OVERLAY,
            "prod/more.yaml": PATCH,
        }
    )
    api.clusters("shop", listed(live(instances=3)), named="db")
    found = shown(team)
    told = {one.field: (one.value, one.place, one.by) for one in found.fields}
    assert told["spec.instances"] == (5, "prod/more.yaml:5", "merge patch")
    assert told["spec.storage.size"] == ("1Gi", "base/db.yaml:4", "document")
    assert (found.declared, found.live, found.differs) == (
        "base/db.yaml:1",
        "available",
        ["spec.instances", "spec.storage"],
    )
    assert found.built
    assert "instances: 5" in found.built.body
    assert found.object
    assert "phase: Cluster in healthy state" in found.object.body
    assert "hunter2" not in found.markdown() + str(found.structured())


def test_an_object_that_only_one_side_has_is_told_of_that_side(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.clusters("shop", listed(), named="db")
    found = shown(team)
    assert (found.live, found.object, found.declared) == ("absent", None, "db.yaml:1")
    api.clusters(None, listed(live("other")), named="other")
    found = shown(team, "other")
    assert (found.live, found.built, found.declared, found.namespace) == ("available", None, None, "shop")


def test_what_neither_side_has_is_not_found_with_near_names(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("orders")})
    api.clusters(None, listed(), named="order")
    with pytest.raises(NotFound, match=r"'order'.*orders"):
        shown(team, "order")


def test_where_the_api_does_not_answer_git_does(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.clusters("shop", status(503, "ServiceUnavailable", "not now"), named="db")
    found = shown(team)
    assert (found.live, found.declared) == ("unavailable", "db.yaml:1")
    assert [one.id for one in found.warnings] == ["live-unavailable"]


def test_a_name_in_several_namespaces_has_to_be_told_apart(team: Team, api: Api) -> None:
    team.commit({"a.yaml": "kind: List\n"})
    api.clusters(None, listed(live(), live(namespace="billing")), named="db")
    with pytest.raises(InvalidRequest, match=r"namespace: .* in several: billing, shop; name one"):
        shown(team)


def test_a_field_is_explained_by_the_packaged_crd_where_the_api_cannot_say(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.answers["/openapi/v3"] = status(503, "ServiceUnavailable", "not now")
    found = explain_fields(team.app(), "Cluster", "spec.storage.size", environment=None)
    assert (found.path, found.type, found.schema_of) == (
        "spec.storage.size",
        "string",
        "the packaged CRD (CloudNativePG 1.30.0)",
    )
    assert found.immutable == "only up: the operator refuses a smaller size"
    assert [one.level for one in found.impact] == ["none"]
    assert [one.id for one in found.warnings] == ["schema-unavailable"]
    roles = explain_fields(team.app(), "Cluster", "spec.managed.roles", environment=None)
    assert roles.items_by == ["name"]
    assert {"name": "ensure", "type": "string", "default": "present"} in [one.structured() for one in roles.fields]
    assert explain_fields(team.app(), "Cluster", None, environment=None).path == "spec"


def test_the_api_servers_own_schema_comes_first(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    named = {"group": "postgresql.cnpg.io", "version": "v1", "kind": "Database"}
    schema = {
        "type": "object",
        "x-kubernetes-group-version-kind": [named],
        "properties": {
            "spec": {
                "type": "object",
                "x-kubernetes-validations": [{"rule": "self == oldSelf"}],
                "properties": {"colour": {"type": "string", "enum": ["red"], "description": "Its colour"}},
            }
        },
    }
    api.answers["/openapi/v3"] = Answer(
        200, {"paths": {GROUP.removeprefix("/"): {"serverRelativeURL": "/openapi/v3" + GROUP}}}
    )
    api.answers["/openapi/v3" + GROUP] = Answer(200, {"components": {"schemas": {"x": schema}}})
    found = explain_fields(team.app(), "Database", "spec.colour", environment=None)
    assert (found.schema_of, found.enum, found.description) == ("the API server", ["red"], "Its colour")
    assert found.immutable == "the schema refuses another value once it is set"


def test_a_field_of_an_object_store_is_explained_without_the_api(team: Team) -> None:
    team.commit({"db.yaml": cluster()})
    field = explain_fields(team.app(), "ObjectStore", "spec.retentionPolicy", environment=None)
    assert (field.schema_of, field.type) == ("the packaged CRD (plugin Barman Cloud 0.14.0)", "string")
