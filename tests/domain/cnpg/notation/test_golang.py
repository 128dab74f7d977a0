from __future__ import annotations

from fractions import Fraction

import pytest

from gitops_mcp.domain.cnpg.notation.golang import is_rfc3339, parse_boolean, parse_duration, parse_integer, parse_json


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4h", 14400),
        ("4h0m0s", 14400),
        ("1m30s", 90),
        ("1.5h", 5400),
        (".5s", Fraction(1, 2)),
        ("1.s", 1),
        ("-90s", -90),
        ("+1ms", Fraction(1, 1000)),
        ("1us", Fraction(1, 10**6)),
        ("1µs", Fraction(1, 10**6)),
        ("0", 0),
        ("-0", 0),
        ("0h0m0s", 0),
        ("0.0s", 0),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, seconds: Fraction) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "1d", "x", "1m0", "5", " 1s", "1s ", "1 s", "s", ".s", "+", "\u0664s", "1e3s", "9999999h"]
)
def test_what_go_takes_for_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(("text", "number"), [("5", 5), ("+5", 5), ("-7", -7), ("007", 7), (str(2**63 - 1), 2**63 - 1)])
def test_an_integer_is_read_as_go_reads_it(text: str, number: int) -> None:
    assert parse_integer(text) == number


@pytest.mark.parametrize("text", ["", " 5", "5 ", "+-5", "\u0664", "1_000", "5.0", "1e3", str(2**63), "9" * 5000])
def test_what_go_takes_for_no_integer_is_none(text: str) -> None:
    assert parse_integer(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("T", True), ("0", False), ("False", False), ("yes", None), ("", None)]
)
def test_a_boolean_is_one_of_twelve_words(text: str, value: bool | None) -> None:
    assert parse_boolean(text) is value


@pytest.mark.parametrize(
    ("text", "needs_zone", "is_time"),
    [
        ("2026-06-09T11:12:13Z", True, True),
        ("2026-06-09T1:12:13.25+02:00", True, True),
        ("2026-06-09T11:12:13,5-24:00", True, True),
        ("0000-02-29T11:12:13Z", True, True),
        ("2026-06-09T11:12:13", False, True),
        ("2026-06-09T11:12:13", True, False),
        ("2026-06-09t11:12:13Z", True, False),
        ("2026-06-09T11:12:13z", True, False),
        ("2026-06-09T11:12:13+25:00", True, False),
        ("2026-06-09T11:12:13+0200", True, False),
        ("2026-06-31T11:12:13Z", True, False),
        ("2026-06-09T24:00:00Z", True, False),
    ],
)
def test_a_time_is_one_of_rfc3339_as_go_reads_it(text: str, needs_zone: bool, is_time: bool) -> None:
    assert is_rfc3339(text, needs_zone=needs_zone) is is_time


@pytest.mark.parametrize("text", ["", "{", "NaN", "[" * 100_000, "{'a': 1}"])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)
