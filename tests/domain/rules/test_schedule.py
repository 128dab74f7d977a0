from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import Accepted, Refused, findings_against, findings_at_field, scheduled

ACCEPTED = [
    pytest.param(Accepted("schedule", Seen(scheduled(schedule=text))), id=text)
    for text in (
        "0 0 2 * * *",
        "0 */15 1-5,8 ? JAN,jul MON-FRI",
        "@daily",
        "@every 6h",
        "@every 1h30m",
        "0 0 0 1 1 0/2",
    )
] + [
    pytest.param(Accepted("schedule-due", Seen(scheduled(schedule=text))), id=f"{text} is not often")
    for text in ("0 0 * * * *", "@hourly", "@every 1h", "0 0 2 29 2 *", "0 0 2 * * MON", "0 0,5 2 * * *")
]

REFUSED = [
    pytest.param(Refused("schedule", Seen(scheduled(schedule=text)), "spec.schedule", says), id=text or "none")
    for text, says in (
        ("0 2 * * *", "has five fields.*'0 0 2 \\* \\* \\*' is what crontab means.*the API would take it"),
        ("0 1 * * 0", "has five fields.*'0 0 1 \\* \\* 0' is what crontab means by it$"),
        ("30 2 * * 7", "has five fields.*'0 30 2 \\* \\* 0' is what crontab means"),
        ("30 2 * * 1-7", "has five fields.*'0 0 2 \\* \\* \\*' is every day at 02:00"),
        ("90 2 * * *", "has five fields.*'0 0 2 \\* \\* \\*' is every day at 02:00"),
        ("@dayly", "there are: @annually, @daily"),
        ("0 0 24 * * *", "'24' is not a valid hour, from 0 to 23"),
        ("0 0 2 * 13 *", "not a valid month"),
        ("0 0 2 * * 7", "not a valid day of week, from 0 to 6"),
        ("0 0 5-2 * * *", "not a valid hour"),
        ("0 */0 2 * * *", "not a valid minute"),
        ("0 0 2", "has 3 fields"),
        ("", "has 0 fields"),
        ("@every 1d", "'@every 6h'$"),
        ("@every 1us", "the API would take it"),
        ("0 +5 2 * * *", "not a valid minute.*the API would take it"),
        ("0 ,1 2 * * *", "not a valid minute.*the API would take it"),
        ("0 0 2 *-5 * *", "not a valid day of month.*the API would take it"),
        (
            "0 \u0665 2 * * *",
            "not a valid minute, from 0 to 59, '\\*' or '\\*/n'; '0 0 2 \\* \\* \\*' is every day at 02:00$",
        ),
    )
] + [
    pytest.param(Refused("schedule-due", Seen(scheduled(schedule=text)), "spec.schedule", says, "warning"), id=text)
    for text, says in (
        ("0 0 2 30 2 *", "'0 0 2 30 2 \\*' never comes, so no backup is made"),
        ("0 0 2 31 4,6 *", "never comes"),
        ("* * 2 * * *", "a backup is asked for every second: .*'0 0 2 \\* \\* \\*' is every day at 02:00"),
        ("0 */5 * * * *", "a backup is asked for every 5 minutes"),
        ("@every 30s", "a backup is asked for every 30 seconds"),
    )
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_schedule_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_schedule_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
