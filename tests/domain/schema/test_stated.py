from __future__ import annotations

import pytest

from gitops_mcp.crds import packaged_crd, schema_in_crd
from gitops_mcp.domain.kinds import BY_KIND
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema.stated import StatedField, find_stated, type_text
from gitops_mcp.errors import InvalidRequest


def schema_of(kind: str) -> Object:
    return schema_in_crd(packaged_crd(BY_KIND[kind].plural), "v1") or {}


def field(kind: str, path: str) -> StatedField:
    return find_stated(schema_of(kind), path)


@pytest.mark.parametrize(
    ("kind", "path", "told", "of_type"),
    [
        ("Cluster", "spec.instances", "spec.instances", "integer"),
        ("Cluster", "spec.plugins", "spec.plugins", "list of object"),
        ("Cluster", "spec.plugins[name=x].enabled", "spec.plugins[].enabled", "boolean"),
        ("Cluster", "spec.plugins.enabled", "spec.plugins[].enabled", "boolean"),
        ("Cluster", "spec.postgresql.parameters", "spec.postgresql.parameters", "map of string"),
        ("Cluster", "spec.postgresql.parameters[pg_stat_statements.max]", None, "string"),
        (
            "Cluster",
            "spec.postgresql.parameters.pg_stat_statements.max",
            "spec.postgresql.parameters[pg_stat_statements.max]",
            "string",
        ),
        ("Cluster", "spec.resources.limits[memory]", "spec.resources.limits[memory]", "integer or string"),
        ("Cluster", 'metadata.annotations["cnpg.io/reload"]', "metadata.annotations[cnpg.io/reload]", "string"),
        ("Database", "spec.extensions[name=vector].version", "spec.extensions[].version", "string"),
    ],
)
def test_a_field_is_found_by_its_path(kind: str, path: str, told: str | None, of_type: str) -> None:
    found = field(kind, path)
    assert (found.path, type_text(found.schema)) == (told or path, of_type)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("spec.instancs", "'instancs' is not a field of spec; there are: instances,"),
        ("spec.storage.size.x", "spec.storage.size is of type string, and nothing is below it"),
        ("spec..a", "is not a path at character 5: use one such as spec.storage.size"),
        ("instances", "'instances' is not a field of the object; there are: status, apiVersion,"),
    ],
)
def test_what_is_no_field_is_refused_with_near_names(path: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        field("Cluster", path)
    assert said in str(raised.value)


def test_rules_are_the_fields_own_bounds_and_what_rules_say_of_it() -> None:
    assert field("Cluster", "spec.instances").rules == ("at least 1",)
    assert field("Cluster", "spec.imageName").rules == ("imageName and imageCatalogRef are mutually exclusive",)
    assert field("Cluster", "spec.backup.retentionPolicy").rules == ("matches ^[1-9][0-9]*[dwm]$",)
    assert field("DatabaseRole", "spec.login").rules == ("clientCertificate requires the role to have login enabled",)


@pytest.mark.parametrize(
    ("kind", "path", "is_immutable"),
    [
        ("Database", "spec.locale", True),
        ("Database", "spec.owner", False),
        ("DatabaseRole", "spec.name", True),
        ("DatabaseRole", "spec.login", False),
        ("Backup", "spec.method", True),
        ("Pooler", "spec.cluster.name", True),
        ("Cluster", "spec.serviceAccountName", True),
        ("Cluster", "spec.instances", False),
    ],
)
def test_what_a_rule_holds_to_its_old_value_is_immutable(kind: str, path: str, is_immutable: bool) -> None:
    assert field(kind, path).is_immutable is is_immutable


def test_a_list_tells_what_names_its_items_and_an_object_what_it_holds() -> None:
    assert field("Cluster", "spec.podSelectorRefs").item_keys == ("name",)
    assert field("Cluster", "spec.managed.roles").item_keys == ("name",)
    assert field("ImageCatalog", "spec.images").item_keys == ("major",)
    assert field("Cluster", "spec.postgresql.pg_hba").item_keys == ()
    assert {"enabled", "isWALArchiver", "name", "parameters"} == set(field("Cluster", "spec.plugins").below())
    assert field("Cluster", "spec.plugins").required_below == ["name"]
