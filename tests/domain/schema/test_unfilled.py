"""Variables that stand in a value as yet."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.schema.unfilled import is_unfilled, unfilled_paths


@pytest.mark.parametrize(
    ("value", "unfilled"),
    [
        pytest.param("${SIZE}", True, id="a variable"),
        pytest.param("10${UNIT:=Gi}", True, id="with a default, within a text"),
        pytest.param("${ SIZE }", True, id="with blanks"),
        pytest.param("$${SIZE}", False, id="how the text itself is kept"),
        pytest.param("$${SIZE} ${SIZE}", True, id="both"),
        pytest.param("${podselector:web}", False, id="a placeholder of CNPG"),
        pytest.param("${image_root}/lib", False, id="another one"),
        pytest.param("${image_rootfs}", True, id="a name that only begins like it"),
        pytest.param("${1}", False, id="no name"),
        pytest.param("$SIZE", False, id="no braces"),
        pytest.param("ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:int]", True, id="what sops has encrypted"),
        pytest.param(5, False, id="a number"),
        pytest.param(None, False, id="nothing"),
    ],
)
def test_a_variable_is_told_from_what_looks_like_one(value: Any, *, unfilled: bool) -> None:
    assert is_unfilled(value) is unfilled


def test_the_places_of_variables_are_found_in_maps_and_lists() -> None:
    value = {"a": "${A}", "b": [{"c": "x${C}"}, "plain", 5, None], "${KEY}": "plain"}
    assert list(unfilled_paths(value)) == [("a",), ("b", 0, "c")]
    assert list(unfilled_paths("${A}")) == [()]
    assert list(unfilled_paths("plain")) == []
