"""A scalar as kustomize reads and prints it, which is not quite YAML 1.1 nor 1.2."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize.scalar import is_date, needs_quotes, read_plain, read_scalar, whole_as_integer
from gitops_mcp.domain.yaml.tree import Node, Unparsable
from gitops_mcp.domain.yaml.values import is_same


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("yes", "yes", id="a word that was a boolean"),
        pytest.param("true", True, id="a boolean"),
        pytest.param("3", 3, id="a number"),
        pytest.param("3.0", 3, id="a whole number written as a fraction"),
        pytest.param("16.4", 16.4, id="a fraction"),
        pytest.param("2024-5-1", "2024-05-01T00:00:00Z", id="a date"),
        pytest.param("2024-05-01 10:00:00.50", "2024-05-01T10:00:00.5Z", id="a date with a time"),
        pytest.param("2024-05-01T10:00:00+00:00", "2024-05-01T10:00:00Z", id="a date with a zone"),
        pytest.param("2024-13-01", "2024-13-01", id="no month"),
        pytest.param("10Gi", "10Gi", id="a quantity"),
    ],
)
def test_what_stands_without_quotes_is_read_as_kustomize_reads_it(text: str, value: object) -> None:
    assert is_same(read_plain(text), value)


def test_a_tag_that_kustomize_drops_leaves_the_text() -> None:
    assert read_scalar(Node("scalar", 0, 0, 1, text="3", tag="!vault")) == "3"


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(Unparsable, match=r"^line 1: \.inf is not a number of JSON$"):
        read_scalar(Node("scalar", 0, 0, 1, text=".inf"))


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        pytest.param("on", True, id="a word that was a boolean"),
        pytest.param("y", True, id="a letter that was one"),
        pytest.param("12:30", True, id="a number of base sixty"),
        pytest.param("5", True, id="a number"),
        pytest.param("2024-05-01", True, id="a date"),
        pytest.param("a\nb", True, id="lines"),
        pytest.param("a: b", True, id="what would be a mapping"),
        pytest.param("plain", False, id="a text"),
    ],
)
def test_a_text_gets_quotes_where_it_would_be_read_as_something_else(text: str, *, quoted: bool) -> None:
    assert needs_quotes(text) is quoted


def test_what_else_is_told_of_a_scalar() -> None:
    assert (is_date("2024-05-01"), is_date("x")) == (True, False)
    assert is_same([whole_as_integer(one) for one in (2.0, 2.5, True, 1e300)], [2, 2.5, True, 1e300])
