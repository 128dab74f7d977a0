"""Edits of a text that stands inside of another one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gitops_mcp.domain.editing.nested_text import edit_nested, nested_value, render_like, shift_edit
from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class Place:
    base: Path
    inner: int | None
    path: str = "k.yaml"
    document: int = 0


PATCH: Path = ("patches", 0, "patch")
BLOCK = "patches:\n  - patch: |\n      kind: Cluster\n      spec:\n        instances: 3 # small\n"
QUOTED = 'patches:\n  - patch: "kind: Cluster\\nspec: {instances: 3}"\n'


@pytest.mark.parametrize(
    ("text", "place", "after"),
    [
        pytest.param(BLOCK, Place(PATCH, 0), BLOCK.replace("3 #", "5 #"), id="in a block, its comment stays"),
        pytest.param(QUOTED, Place(PATCH, 0), QUOTED.replace("3", "5"), id="in quotes, without a newline at the end"),
        pytest.param("a:\n  spec:\n    instances: 3\n", Place(("a",), None), "a:\n  spec:\n    instances: 5\n", id="in place"),
        pytest.param("v: |\n  kind: A\n  ---\n  spec: {instances: 3}\n", Place(("v",), 1), "v: |\n  kind: A\n  ---\n  spec: {instances: 5}\n", id="in a later document of a string"),
    ],
)  # fmt: skip
def test_a_value_is_changed_where_its_text_stands(text: str, place: Place, after: str) -> None:
    draft = DraftFiles({"k.yaml": text})
    edit_nested(draft, place, Set(("spec", "instances"), 5))
    assert [one.after for one in draft.changes] == [after]


def test_what_is_no_text_is_not_edited_as_one() -> None:
    draft = DraftFiles({"k.yaml": "patches: [{patch: {a: 1}}]\n"})
    with pytest.raises(Refused, match=r"^k\.yaml: the text of a patch or of values is not text$"):
        edit_nested(draft, Place(PATCH, 0), Set(("a",), 2))
    assert nested_value(draft, Place(PATCH, 0)) is None


def test_the_value_of_a_text_and_the_text_itself_are_told() -> None:
    draft = DraftFiles({"k.yaml": QUOTED})
    assert nested_value(draft, Place(PATCH, 0)) == {"kind": "Cluster", "spec": {"instances": 3}}
    assert nested_value(draft, Place(PATCH, 0), whole=True) == "kind: Cluster\nspec: {instances: 3}"


@pytest.mark.parametrize(
    ("like", "made"),
    [
        pytest.param("a:\n    b:\n        - c\n", "spec:\n    list:\n        - x: 1\n", id="four spaces, lists indented"),
        pytest.param("a:\r\n  b:\r\n  - c\r\n", "spec:\r\n  list:\r\n  - x: 1\r\n", id="lists at their key, with carriage returns"),
        pytest.param("", "spec:\n  list:\n    - x: 1\n", id="nothing to go by"),
    ],
)  # fmt: skip
def test_a_new_manifest_is_written_as_its_neighbour_is(like: str, made: str) -> None:
    assert render_like({"spec": {"list": [{"x": 1}]}}, like) == made


@pytest.mark.parametrize(
    ("edit", "shifted"),
    [
        pytest.param(Set(("a",), 1), Set(("items", 2, "a"), 1), id="set"),
        pytest.param(Insert(("a",), 0, 1), Insert(("items", 2, "a"), 0, 1), id="insert"),
        pytest.param(Remove(("a",)), Remove(("items", 2, "a")), id="remove"),
    ],
)
def test_an_edit_of_an_object_is_one_of_its_document(edit: Edit, shifted: Edit) -> None:
    assert shift_edit(("items", 2), edit) == shifted
