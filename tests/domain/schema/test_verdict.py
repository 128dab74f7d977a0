"""What a validation answers."""

from __future__ import annotations

from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.schema.verdict import SchemaFault, sort_faults


def fault(*path: str | int, message: str = "no") -> SchemaFault:
    return SchemaFault(path, message, "type")


def test_a_fault_is_told_with_its_field_and_one_of_the_whole_object_without() -> None:
    assert str(fault("spec", "roles", 0, "name")) == "spec.roles[0].name: no"
    assert fault("spec", "roles", 0, "name").field == "spec.roles[0].name"
    assert str(fault()) == "no"


def test_faults_come_in_the_order_of_their_fields_and_indexes_count_as_numbers() -> None:
    paths: list[Path] = [("spec", "b", 10), ("spec", "b", 9, "x"), ("spec", "b", 9), ("spec", "a"), ()]
    assert [one.path for one in sort_faults([fault(*path) for path in paths])] == paths[::-1]


def test_faults_of_one_field_come_in_one_order_and_none_twice() -> None:
    one, other = fault("a", message="one"), fault("a", message="other")
    assert sort_faults([other, one, other]) == (one, other)
