"""What a schema asks of one scalar, or of the size of a collection."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.regexp import Unreadable
from gitops_mcp.domain.schema.checks import decode_base64, is_number, parse_rfc3339, pattern_check, schema_checks

TIME = "be a time such as 2030-01-31T00:00:00Z"
CASES = [
    pytest.param({"format": "date-time"}, "2030-01-31T10:00:00.5+02:00", "2030-02-31T10:00:00Z", "format", TIME, id="a day that is not"),
    pytest.param({"format": "date-time"}, "2030-01-31t10:00:00z", "2030-01-31", "format", TIME, id="a day is not a time"),
    pytest.param({"format": "byte"}, "YQ==", "YQ", "format", "be base64", id="base64"),
    pytest.param({"format": "int32"}, 2147483647, 2147483648, "bounds", "be from -2147483648 to 2147483647 (int32)", id="int32"),
    pytest.param({"format": "int64"}, -(2**63), 2**63, "bounds", "be from -9223372036854775808 to 9223372036854775807 (int64)", id="int64"),
    pytest.param({"minimum": 0}, 0, -1, "bounds", "be at least 0", id="a minimum of nothing"),
    pytest.param({"maximum": 9}, 9, 10, "bounds", "be at most 9", id="maximum"),
    pytest.param({"minimum": 1, "exclusiveMinimum": True}, 2, 1, "bounds", "be more than 1", id="above"),
    pytest.param({"maximum": 9, "exclusiveMaximum": True}, 8, 9, "bounds", "be less than 9", id="under"),
    pytest.param({"multipleOf": 8}, 16, 12, "bounds", "be a multiple of 8", id="multiple"),
    pytest.param({"minLength": 1}, "é", "", "bounds", "have at least 1 characters", id="short"),
    pytest.param({"maxLength": 2}, "éé", "abc", "bounds", "have at most 2 characters", id="long"),
    pytest.param({"maxItems": 1}, [1], [1, 2], "bounds", "have at most 1 items", id="many items"),
    pytest.param({"minProperties": 1}, {"a": 1}, {}, "bounds", "have at least 1 keys", id="few keys"),
    pytest.param({"maxProperties": 1}, {"a": "b"}, {"a": "b", "c": "d"}, "bounds", "have at most 1 keys", id="many keys"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "good", "bad", "rule", "wanted"), CASES)
def test_a_check_holds_for_one_value_and_not_for_another(
    schema: Object, good: Any, bad: Any, rule: str, wanted: str
) -> None:
    (check,) = schema_checks(schema)
    assert (check.rule, check.wanted) == (rule, wanted)
    assert (check.holds(good), check.holds(bad)) == (True, False)


@pytest.mark.parametrize(("schema", "good", "bad", "rule", "wanted"), CASES)
def test_a_check_holds_for_every_other_kind_of_value(
    schema: Object, good: Any, bad: Any, rule: str, wanted: str
) -> None:
    (check,) = schema_checks(schema)
    values: list[Any] = [None, True, -5, "", [], {}]
    others = [one for one in values if type(one) is not type(bad)]
    assert len(others) == 5
    assert all(check.holds(one) for one in others)


def test_a_schema_has_a_check_for_each_word_that_asks_for_something() -> None:
    asked = {"type": "string", "minLength": 1, "maxLength": 9, "format": "date-time", "description": "x"}
    assert [check.wanted for check in schema_checks(asked)] == [
        "have at least 1 characters",
        "have at most 9 characters",
        TIME,
    ]
    assert list(schema_checks({"format": "password"})) == []


def test_a_pattern_is_for_strings_and_found_anywhere_in_them() -> None:
    check = pattern_check(r"[$]\$$")
    assert (check.rule, check.wanted) == ("pattern", r"match [$]\$$")
    assert [check.holds(value) for value in ("a$$", "$", "$$\n", 5, None)] == [True, False, False, True, True]


def test_a_pattern_that_cannot_be_read_is_no_check() -> None:
    with pytest.raises(Unreadable):
        pattern_check("(?=a)")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2030-01-31T10:00:00Z", datetime(2030, 1, 31, 10, tzinfo=UTC), id="of UTC"),
        pytest.param("2030-01-31t12:30:00.5+02:30", datetime(2030, 1, 31, 10, 0, 0, 500000, tzinfo=UTC), id="of a zone"),
        pytest.param("2030-01-31T10:00:00", None, id="of no zone"),
        pytest.param("2030-01-31 10:00:00Z", None, id="a blank between"),
        pytest.param("20300131T100000Z", None, id="what only Python takes"),
        pytest.param("2030-01-31T24:01:00Z", None, id="an hour that is not"),
        pytest.param("٢030-01-31T10:00:00Z", None, id="another script's digits"),
    ],
)  # fmt: skip
def test_a_time_is_read_as_rfc_3339_writes_it(text: str, moment: datetime | None) -> None:
    assert parse_rfc3339(text) == moment


@pytest.mark.parametrize(
    ("text", "given"),
    [("aGk=", b"hi"), ("", b""), ("aGk", None), ("aG k=", None), ("é", None)],
    ids=["bytes", "none", "no padding", "a blank", "beyond ASCII"],
)
def test_base64_is_read_strictly(text: str, given: bytes | None) -> None:
    assert decode_base64(text) == given


def test_true_is_no_number() -> None:
    assert [is_number(value) for value in (1, 1.5, True, "1", None)] == [True, True, False, False, False]
