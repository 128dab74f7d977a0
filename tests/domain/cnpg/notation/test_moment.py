from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.notation.moment import Moment, days_left, format_age, format_rfc3339, moment, parse_time

NOW = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("2026-08-01T04:12:55.120394Z", "2026-08-01T04:12:55Z", id="RFC 3339 with microseconds"),
        pytest.param("2026-08-01T04:12:55.120394123Z", "2026-08-01T04:12:55Z", id="with nanoseconds"),
        pytest.param("2026-08-01T06:12:55+02:00", "2026-08-01T04:12:55Z", id="in another zone"),
        pytest.param("2026-10-20 09:09:03 +0000 UTC", "2026-10-20T09:09:03Z", id="as Go prints it"),
        pytest.param("2026-10-20 09:09:03.5 +0200 CEST", "2026-10-20T07:09:03Z", id="as Go prints it elsewhere"),
    ],
)
def test_times_of_cnpg_are_understood(text: str, at: str) -> None:
    found = parse_time(text)
    assert found is not None
    assert format_rfc3339(found) == at


@pytest.mark.parametrize("text", ["", "soon", None, 5, "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00"])
def test_what_is_no_time_is_none(text: object) -> None:
    assert parse_time(text) is None
    assert moment(text, now=NOW) is None


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=0), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2), "2d"),
        (timedelta(days=900), "900d"),
        (timedelta(hours=-3), "in 3h"),
    ],
)
def test_ages_have_one_unit(ago: timedelta, shown: str) -> None:
    assert format_age(NOW - ago, NOW) == shown


def test_days_left_are_whole_days() -> None:
    assert days_left(NOW + timedelta(days=7, hours=-1), NOW) == 6
    assert days_left(NOW - timedelta(hours=1), NOW) == -1


@settings(deadline=None)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the zone is added
def test_what_is_written_is_read_back(value: datetime) -> None:
    assert moment(value.isoformat(), now=value) == Moment(format_rfc3339(value), "0s")
