"""What lines of a log tell of a fault, and what to do."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.logs.line import LogLine
from gitops_mcp.domain.cnpg.logs.signs import SIGNS, Sign
from gitops_mcp.domain.cnpg.notation.moment import format_age, format_rfc3339
from gitops_mcp.domain.cnpg.status.problems.problem import Problem, Severity
from gitops_mcp.domain.names import pluralize, quote

_MOST_LOGINS = 8
_COMPILED = tuple((one, re.compile(one.pattern)) for one in SIGNS)
_OVER = {one.id: re.compile(one.over) for one in SIGNS if one.over}
_ORDER: dict[Severity, int] = {"critical": 0, "warning": 1, "info": 2}


def log_findings(lines: Sequence[LogLine], *, now: datetime) -> list[Problem]:
    """The worst first. `lines` of each pod in the order in which they were written."""
    seen: dict[str, list[LogLine]] = defaultdict(list)
    ended: set[str] = set()
    for one in lines:
        for sign, pattern in _COMPILED:
            if sign.id in seen and sign.id in _OVER and _OVER[sign.id].match(one.raw):
                ended.add(sign.id)
            elif pattern.match(one.raw) and (sign.id != "archiving-failing" or one.level != "info"):
                seen[sign.id].append(one)
                ended.discard(sign.id)
    found = [
        _problem(sign, seen[sign.id], is_over=sign.id in ended, now=now)
        for sign in SIGNS
        if sign.what and len(seen.get(sign.id, ())) >= sign.least and not any(one in seen for one in sign.unless)
    ]
    found += _login_findings(lines, now=now)
    return sorted(found, key=lambda one: _ORDER[one.severity])


def _problem(sign: Sign, lines: list[LogLine], *, is_over: bool, now: datetime) -> Problem:
    severity: Severity = "info" if is_over else sign.severity
    over = "; it was over at the end of what was read" if is_over else ""
    newest = lines[-1]
    before = next((one for one in reversed(lines) if one.code != newest.code), newest)
    detail = excerpt("; ".join(dict.fromkeys(filter(None, (before.text, newest.text, newest.detail)))))
    return Problem(severity, sign.id, f"{sign.what}{over} ({_when_and_where(lines, now)})", sign.action, detail)


def _when_and_where(lines: Sequence[LogLine], now: datetime) -> str:
    pods = ", ".join(dict.fromkeys(one.pod for one in lines))
    times = [one.time for one in lines if one.time]
    last = f", the last {format_rfc3339(times[-1])}, {format_age(times[-1], now)} ago" if times else ""
    return f"{pods}: {pluralize(len(lines), 'line')}{last}"


_PASSWORD = "correct the Secret that the client reads (get_connection_info names it)"  # noqa: S105 - an advice
_REASONS: tuple[tuple[str, str, str, str], ...] = (
    ("28P01", r"Role .* does not exist", "there is no such role", "correct the user name, or create_postgres_role"),
    ("28P01", r"has an expired password", "its password has expired", "update_postgres_role with a later valid_until"),
    ("28P01", r"has no password assigned", "it has no password", "update_postgres_role with rotate_password=true"),
    ("28P01", r"", "the password is wrong", _PASSWORD),
    (
        "28000",
        r"no pg_hba.conf entry",
        "pg_hba has no rule for it",
        "see spec.postgresql.pg_hba, and whether it uses TLS",
    ),
    ("28000", r"not permitted to log in", "it may not log in", "update_postgres_role with login=true"),
    (
        "28000",
        r"valid client certificate",
        "it needs a client certificate",
        "log in as another role, or by certificate",
    ),
    ("28000", r"", "it is not let in", "see spec.postgresql.pg_hba"),
    (
        "3D000",
        r"",
        "the database does not exist",
        "correct its name; list_postgres_databases has those that are declared",
    ),
    ("42501", r"permission denied for database", "it may not connect to the database", "grant it CONNECT"),
)


def _login_findings(lines: Iterable[LogLine], *, now: datetime) -> Iterator[Problem]:
    """By role and reason, the most frequent first: why it was stands in the detail, which the client never sees."""
    found: dict[tuple[str, str, str], list[LogLine]] = defaultdict(list)
    for one in lines:
        if (
            one.word == "FATAL"
            and one.raw.startswith("postgres FATAL ")
            and one.code in {"28P01", "28000", "3D000", "42501"}
        ):
            said = f"{one.raw} {one.detail or ''}"
            reason = next((row for row in _REASONS if row[0] == one.code and re.search(row[1], said)), None)
            if reason:
                found[one.user or "", reason[2], reason[3]].append(one)
    for (user, why, action), same in sorted(found.items(), key=lambda one: -len(one[1]))[:_MOST_LOGINS]:
        clients = excerpt(", ".join(dict.fromkeys(one.client for one in same if one.client)), limit=80) or "a client"
        what = f"logins as {quote(excerpt(user, limit=80) or '')} fail: {why} (from {clients}; "
        what += f"{_when_and_where(same, now)})"
        yield Problem("warning", "login-failing", what, action, same[-1].text)
    if len(found) > _MOST_LOGINS:
        what = f"and {len(found) - _MOST_LOGINS} more roles or reasons for which logins fail"
        yield Problem("warning", "login-failing", what, "see them with level=error")
