"""How a path names a field, as people and models write it, and what is told of one that names none."""

from __future__ import annotations

import pytest

from gitops_mcp.crds import packaged_schema
from gitops_mcp.domain.kinds import CLUSTER, IMAGE_CATALOG, POOLER
from gitops_mcp.domain.objects import Object, Path, Resource
from gitops_mcp.domain.plans.generic.field_path import read_path
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.errors import InvalidRequest, Refused

OBJECT: Object = {
    "metadata": {"annotations": {"cnpg.io/hibernation": "off"}},
    "spec": {
        "plugins": [{"name": "a"}, {"name": "barman-cloud.cloudnative-pg.io"}],
        "images": [{"major": 17}, {"major": 18}],
        "managed": {"roles": [{"name": "twice"}, {"name": "twice"}]},
        "template": {"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 1}, {"containerPort": 2}]}]}},
    },
}


@pytest.mark.parametrize(
    ("resource", "text", "said", "place"),
    [
        (CLUSTER, "spec.storage.size", "spec.storage.size", ("spec", "storage", "size")),
        (
            CLUSTER,
            "spec.postgresql.parameters[auto_explain.x]",
            "spec.postgresql.parameters[auto_explain.x]",
            ("spec", "postgresql", "parameters", "auto_explain.x"),
        ),
        (
            CLUSTER,
            "spec.postgresql.parameters.auto_explain.x",
            "spec.postgresql.parameters[auto_explain.x]",
            ("spec", "postgresql", "parameters", "auto_explain.x"),
        ),
        (
            CLUSTER,
            "metadata.annotations.cnpg.io/hibernation",
            "metadata.annotations[cnpg.io/hibernation]",
            ("metadata", "annotations", "cnpg.io/hibernation"),
        ),
        (
            CLUSTER,
            "metadata.annotations['cnpg.io/hibernation']",
            "metadata.annotations[cnpg.io/hibernation]",
            ("metadata", "annotations", "cnpg.io/hibernation"),
        ),
        (
            CLUSTER,
            "spec.plugins[name=barman-cloud.cloudnative-pg.io].enabled",
            "spec.plugins[name=barman-cloud.cloudnative-pg.io].enabled",
            ("spec", "plugins", 1, "enabled"),
        ),
        (CLUSTER, 'spec.plugins[name="a"].enabled', "spec.plugins[name=a].enabled", ("spec", "plugins", 0, "enabled")),
        (CLUSTER, "spec.plugins[a].enabled", "spec.plugins[name=a].enabled", ("spec", "plugins", 0, "enabled")),
        (IMAGE_CATALOG, "spec.images[18].image", "spec.images[major=18].image", ("spec", "images", 1, "image")),
        (
            POOLER,
            "spec.template.spec.containers[c].ports[containerPort=2,protocol=TCP].name",
            "spec.template.spec.containers[name=c].ports[containerPort=2,protocol=TCP].name",
            ("spec", "template", "spec", "containers", 0, "ports", 1, "name"),
        ),
    ],
)
def test_a_path_is_read_by_the_schema_and_found_in_the_object(
    resource: Resource, text: str, said: str, place: Path
) -> None:
    found = read_path(packaged_schema(resource).root, text, argument="set")
    assert (str(found), found.place_in(OBJECT)) == (said, place)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("spec.plugins", None),
        ("spec.pluginz", "'pluginz' is not a field of spec; there are: plugins"),
        ("spec.plugins.enabled", "is a list: its items are named by name, as spec.plugins[name=...]"),
        ("spec.plugins[enabled=true]", "names no item: its items are named by name"),
        ("spec.plugins[]", "names no item"),
        ("spec.plugins[0]", "names no item: its items are named by name, as spec.plugins[name=...]"),
        ("spec.plugins[*].enabled", "names no item: its items are named by name"),
        ("spec.instances.x", "is of type integer, and there is no 'x' below it"),
        ("spec.storage[size]", "write the one below it after a dot; there are: size"),
        ("spec.topologySpreadConstraints[x].maxSkew", "its items have no key, so set it whole"),
        ("spec.postgresql.parameters[]", "names no key"),
        ("spec..instances", "is not a path of a field at character 5"),
        ("spec.instances]", "is not a path of a field at character 15"),
        ("spec", "begins with neither"),
        ("spec.", "is not a path of a field"),
        ("", "begins with neither"),
        ("metadata.finalizers", "begins with neither"),
        ("metadata.annotationsx", "'annotationsx' is not a field of metadata"),
        ("kind", "begins with neither"),
        ("spec." + "a" * 500, "a path has at most 500 characters"),
    ],
)
def test_what_is_no_path_of_a_field_is_told_with_what_would_be(text: str, told: str | None) -> None:
    root = packaged_schema(CLUSTER).root
    if told is None:
        assert str(read_path(root, text, argument="set")) == text
        return
    with pytest.raises(InvalidRequest) as raised:
        read_path(root, text, argument="set")
    assert told in str(raised.value)


def test_what_is_reported_is_refused() -> None:
    for text in ("status", "status.phase", "status[phase]"):
        with pytest.raises(Refused, match="status is what the operator reports"):
            read_path(packaged_schema(CLUSTER).root, text, argument="set")


def test_items_that_a_key_does_not_tell_apart_are_refused() -> None:
    found = read_path(packaged_schema(CLUSTER).root, "spec.managed.roles[twice].login", argument="set")
    with pytest.raises(InvalidRequest, match=r"spec\.managed\.roles has 2 items \[name=twice\]: set the whole list"):
        found.place_in(OBJECT)
    missing = read_path(packaged_schema(CLUSTER).root, "spec.plugins[name=b].enabled", argument="set")
    with pytest.raises(InvalidRequest, match=r"spec\.plugins has no item '\[name=b\]'; there are: a, barman-cloud"):
        missing.place_in(OBJECT)


def test_where_no_schema_is_known_every_word_is_taken() -> None:
    found = read_path(SchemaNode(), "spec.configuration.wal[name=x].y[key]", argument="set")
    assert str(found) == "spec.configuration.wal[name=x].y.key"
    assert found.place_or_none({"spec": {"configuration": {"wal": [{"name": "x"}]}}}) == (
        *("spec", "configuration", "wal", 0, "y", "key"),
    )
