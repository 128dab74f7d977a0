"""Arguments as clients really send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitops_mcp import tools
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.tools.offer.inputs import argument_model, read_arguments
from gitops_mcp.tools.offer.schemas import input_schema
from gitops_mcp.tools.registry import Tool

NAMED = {tool.name: tool for tool in tools.ALL}
SCALE = {"name": "db", "instances": 3}
EVERY = pytest.mark.parametrize("tool", tools.ALL, ids=lambda tool: tool.name)
REQUIRED: dict[str, Any] = {"instances": 3, "kind": "Pooler", "spec": {"type": "rw"}}
"""Of those that are no text, or one of a few."""


def read(tool: str, **given: Any) -> dict[str, Any]:
    model = argument_model(NAMED[tool].function)
    return read_arguments(model, input_schema(model)["properties"], given)


def refused(tool: str, **given: Any) -> str:
    with pytest.raises(InvalidRequest) as error:
        read(tool, **given)
    return str(error.value)


@pytest.mark.parametrize("sent", [5, 5.0])
def test_a_whole_number_is_one_however_it_is_written(sent: float) -> None:
    found = read("scale_postgres_cluster", name="db", instances=sent)["instances"]
    assert (found, type(found)) == (5, int)
    assert read("list_changes", limit=sent)["limit"] == 5
    assert (
        read("create_postgres_role", cluster_name="db", role_name="r", connection_limit=-1.0)["connection_limit"] == -1
    )


CLUSTER_TOOLS = (
    "get_cluster_status",
    "create_postgres_cluster",
    "scale_postgres_cluster",
    "update_postgres_cluster",
    "delete_postgres_cluster",
)


@pytest.mark.parametrize("tool", CLUSTER_TOOLS)
def test_a_tool_of_clusters_takes_the_name_that_it_had_first(tool: str) -> None:
    more = {"instances": 3} if tool.startswith("scale") else {}
    assert read(tool, name="db", **more) == read(tool, cluster_name="db", **more)
    schema = input_schema(argument_model(NAMED[tool].function))
    assert "name" not in schema["properties"]
    assert "cluster_name" in schema["required"]
    assert refused(tool, **more) == "cluster_name: is required"
    assert refused(tool, name="db", cluster_name="other", **more) == (
        "there is no argument 'name'; did you mean cluster_name?"
    )


def test_no_other_tool_takes_a_cluster_by_another_name() -> None:
    assert "there is no argument 'name'" in refused("list_postgres_roles", name="db")
    assert "did you mean cluster_name?" in refused("list_postgres_databases", name="db")


@pytest.mark.parametrize("sent", [5.5, float("nan"), float("inf"), 1e300, True, "5", [5], None, ""])
def test_what_is_no_whole_number_is_refused_with_its_bounds(sent: Any) -> None:
    assert "instances: " in refused("scale_postgres_cluster", name="db", instances=sent)


@EVERY
@pytest.mark.parametrize("sent", ["", None])
def test_what_means_nothing_counts_as_left_out(tool: Tool, sent: str | None) -> None:
    """As converters send it that make every argument required."""
    model = argument_model(tool.function)
    schema = input_schema(model)
    needed = {name: REQUIRED.get(name, "db") for name in schema.get("required", ())}
    optional = schema["properties"].keys() - needed.keys() - {"comment"}
    full = {**needed, **dict.fromkeys(optional, sent)}
    assert read_arguments(model, schema["properties"], full) == read_arguments(model, schema["properties"], needed)


def test_what_is_nested_without_end_is_refused_in_few_words() -> None:
    deep: Any = 1
    for _ in range(20_000):
        deep = [deep]
    told = refused("update_postgres_object", kind="Cluster", name="db", set={"spec.env": deep})
    assert told.startswith("set.spec.env.list.0")
    assert len(told) < 400


def test_an_empty_comment_takes_the_comment_away() -> None:
    assert read("update_postgres_role", cluster_name="db", role_name="r", comment="")["comment"] == ""
    assert read("update_postgres_role", cluster_name="db", role_name="r", comment=None)["comment"] is None


def test_an_empty_list_of_fields_to_adopt_is_refused_with_what_would_work() -> None:
    for nothing in ("[]", list[str]()):
        assert refused("adopt_live", cluster_name="db", fields=nothing) == (
            "fields: list should have at least 1 item after validation, not 0 "
            '(As get_drift names them, such as ["spec.instances"]; left out: all)'
        )


def test_what_is_needed_cannot_be_empty() -> None:
    assert "name: " in refused("get_cluster_status", name="")
    assert "name: " in refused("get_cluster_status", name=None)


def test_a_list_or_a_mapping_may_come_as_json_and_a_text_never_does() -> None:
    update = {"cluster_name": "db", "role_name": "r"}
    assert read("update_postgres_role", **update, in_roles='["a", "b"]')["in_roles"] == ["a", "b"]
    assert read("update_postgres_cluster", name="db", parameters='{"work_mem": null}')["parameters"] == {
        "work_mem": None
    }
    for text in ('["a"]', '{"a": 1}', "null", "5", "true"):
        assert read("update_postgres_role", **update, comment=text, reason=text)["reason"] == text
    assert "in_roles: " in refused("update_postgres_role", **update, in_roles="a, b")
    assert "in_roles: " in refused("update_postgres_role", **update, in_roles="[" * 100_000)


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("scale_postgres_cluster", "dryrun", "did you mean dry_run?"),
        ("scale_postgres_cluster", "dryRun", "did you mean dry_run?"),
        ("scale_postgres_cluster", "instance", "did you mean instances?"),
        ("scale_postgres_cluster", "replicas", "did you mean instances?"),
        ("scale_postgres_cluster", "cluster", "did you mean cluster_name?"),
        ("scale_postgres_cluster", "cluster-name", "did you mean cluster_name?"),
        ("scale_postgres_cluster", "confirm", "did you mean confirm_deletion?"),
        ("scale_postgres_cluster", "namespce", "did you mean namespace?"),
        ("list_postgres_roles", "name", "did you mean cluster_name?"),
        ("list_postgres_roles", "cluster", "did you mean cluster_name?"),
        ("create_postgres_role", "name", "there are: cluster_name, role_name,"),
        ("create_postgres_role", "user", "did you mean role_name?"),
        ("create_postgres_role", "password", "there are: cluster_name, role_name,"),
        ("create_postgres_cluster", "version", "did you mean postgres_version?"),
        ("create_postgres_cluster", "storage", "did you mean storage_size?"),
        ("create_postgres_cluster", "colour", "there are: cluster_name, instances,"),
        ("get_change", "name", "there are: change, detail_level"),
        ("list_postgres_clusters", "name", "there are: environment, namespace,"),
    ],
)
def test_an_argument_that_there_is_not_is_suggested_by_its_meaning_or_not_at_all(
    tool: str, given: str, said: str
) -> None:
    told = refused(tool, **{given: "x"})
    assert f"there is no argument '{given}'; {said}" in told


def test_a_rejected_value_is_not_repeated() -> None:
    for given in ({"state": "hunter2"}, {"limit": "hunter2"}, {"cursor": ["hunter2"]}, {"password": "hunter2"}):
        assert "hunter2" not in refused("list_changes", **given)
    assert "hunter2" not in refused("update_postgres_cluster", name="db", parameters=json.dumps(["hunter2"]))


def test_a_flood_of_arguments_is_counted() -> None:
    told = refused("list_changes", **{f"a{number}": 1 for number in range(50_000)})
    assert "there is no argument 'a0'" in told
    assert told.endswith("and 49980 more")
    assert len(told) < 4_000
