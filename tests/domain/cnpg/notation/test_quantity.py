from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.notation.quantity import checked_storage_size, grown_size, memory_bytes, quantity
from gitops_mcp.errors import InvalidRequest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("5G", "5000000000", id="decimal suffix"),
        pytest.param("1", "1000m", id="thousandths"),
        pytest.param("0.5Gi", "512Mi", id="fraction of a binary unit"),
        pytest.param("5e3", "5k", id="exponent"),
        pytest.param("1E", "1000P", id="E alone is exa"),
        pytest.param("1.", "1", id="trailing point"),
        pytest.param(2, "2", id="a number that was not quoted"),
        pytest.param("1e-3", "1m", id="negative exponent"),
        pytest.param("-1Gi", "-1024Mi", id="negative"),
        pytest.param("Gi", "0", id="a unit alone is none of it"),
    ],
)
def test_quantities_that_mean_the_same_are_equal(one: object, other: object) -> None:
    assert quantity(one) == quantity(other) is not None


@pytest.mark.parametrize("text", ["ten", "10GB", "10gi", "10 Gi", "", "1e9999", "0x10", "1_000", True, None, [1]])
def test_what_is_no_quantity_is_none(text: object) -> None:
    assert quantity(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("512MB", 512 * 1024**2),
        ("1.5 GB", 1536 * 1024**2),
        ("64", 64 * 1024**2),
        ("-1", -(1024**2)),
        ("5B", 5),
        ("64kB", 65536),
        ("64KB", 65536),
        ("1PB", 1024**5),
        ("512MB ", None),
        (" 512 ", None),
        ("1.5", None),
        ("1.5B", None),
        ("B", None),
        ("", None),
        ("25%", None),
        ("\u0665MB", None),
        ("5mB", None),
        (512, None),
    ],
)
def test_a_size_of_postgresql_is_read_as_the_webhook_reads_it(text: object, value: int | None) -> None:
    assert memory_bytes(text) == value


@settings(deadline=None)
@given(st.integers(0, 10**12))
def test_each_binary_unit_is_1024_of_the_one_below(number: int) -> None:
    assert quantity(f"{number}Gi") == quantity(f"{number * 1024}Mi") == Fraction(number * 1024**3)


@pytest.mark.parametrize("text", ["10Gi", "1Mi", "500G", "1.5Ti", "5e9", "1048576"])
def test_a_size_that_a_volume_can_have_stays_as_written(text: str) -> None:
    assert checked_storage_size(text) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("ten", "'ten' is not a size: .*such as 10Gi", id="a word"),
        pytest.param("10GB", "'10GB' is not a size: .*without B; such as 10Gi", id="GB"),
        pytest.param("20 gib", "'20 gib' is not a size: .*such as 20Gi", id="spaces and case"),
        pytest.param("-1Gi", "'-1Gi' is not more than zero; such as 1Gi", id="negative"),
        pytest.param("0", "'0' is not more than zero; such as 10Gi", id="zero"),
        pytest.param("10", "'10' is less than 1Mi; without a unit .*such as 10Gi", id="no unit"),
        pytest.param("512m", "'512m' is less than 1Mi; .*m means thousandths; such as 512Mi", id="m is not M"),
        pytest.param("9000Pi", "is more than Kubernetes can count; such as 10Gi", id="too much"),
        pytest.param("\u0661Gi", "'\u0661Gi' is not a size: .*such as 10Gi", id="digits of another script"),
        pytest.param("", "'' is not a size", id="nothing"),
    ],
)
def test_another_size_is_refused_with_one_that_would_work(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^storage_size: .*{message}") as raised:
        checked_storage_size(text)
    example = str(raised.value).rpartition("such as ")[2]
    assert checked_storage_size(example) == example


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_size_or_refused_with_one_that_works(text: str) -> None:
    try:
        assert checked_storage_size(text) == text
    except InvalidRequest as error:
        checked_storage_size(str(error).rpartition("such as ")[2])


@pytest.mark.parametrize(
    ("size", "grown"),
    [("10Gi", "15Gi"), ("1Ti", "1536Gi"), ("5G", "7Gi"), ("1Gi", "1536Mi"), ("x", None), (None, None)],
)
def test_a_volume_that_fills_is_to_be_half_as_large_again(size: object, grown: str | None) -> None:
    assert grown_size(size) == grown
