"""One line of an instance's log.

PostgreSQL's severity is in `record.error_severity`: `level` is the instance manager's, and `info` for a PANIC, too. A
key may stand twice in a line, of which the first is the part that speaks. What is no JSON is a line all the same.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from gitops_mcp.domain.cnpg.logs.shown import shown_detail, shown_message
from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.objects import Object, at, text_at

Level = Literal["info", "warning", "error"]
RANK: dict[Level, int] = {"info": 0, "warning": 1, "error": 2}
_OF_WORD: dict[str, Level] = {
    **dict.fromkeys(("ERROR", "FATAL", "PANIC", "CRITICAL", "error", "fatal", "dpanic", "panic"), "error"),
    **dict.fromkeys(("WARNING", "warning", "warn"), "warning"),
}
_HARMLESS = frozenset({"LOG", "INFO", "NOTICE", "DEBUG", "DEBUG1", "info", "debug", "trace"})
_LONGEST = 4_000
"""Characters of a text that are looked at: a line may have a million."""
_BARMAN = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ \[\d+\] (\w+): ")
_ROUTINE = re.compile(
    r"postgres\S* FATAL 57P0[123]: |postgres FATAL XX000: archive command was terminated by signal"
    r"|postgres WARNING 01000: archive_mode enabled, yet archiving is not configured"
    r"|barman-cloud-wal-restore \w+ : WAL file \S+ for server \S+ does not exist"
    r"|wal-archive error : .*switchover in progress"
    r"|instance-manager error : error received after stop sequence was engaged"
)
"""What an instance says when it starts or stops, and every standby when it has read all there is."""
_OWN = {"cnpg-instance-manager": "/operator", "cnpg_metrics_exporter": "/exporter"}


@dataclass(frozen=True)
class LogLine:
    pod: str
    time: datetime | None
    word: str
    """Its severity as it is written: `FATAL`, `error`."""
    level: Level
    raw: str
    """`postgres FATAL 53300: …`, as it was written, for recognizing what it tells; it is never shown."""
    message: str = field(repr=False)
    note: str = field(default="", repr=False)
    """PostgreSQL's detail. Both as they were written."""
    code: str = ""
    """PostgreSQL's."""
    user: str | None = None
    database: str | None = None
    client: str | None = None
    """Its address, without the port."""

    @cached_property
    def text(self) -> str:
        """The message as it may be shown: without statements' values and secrets, cut."""
        return shown_message(self.message, self.code)

    @cached_property
    def detail(self) -> str | None:
        return shown_detail(self.note, self.code)


def read_line(line: str, *, pod: str) -> LogLine:
    try:
        found = json.loads(line, object_pairs_hook=_first_of_each) if line.startswith("{") else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        word = "panic" if line.startswith(("panic:", "fatal error:")) else "info"
        return _line(pod, None, word, ("", "", line[:_LONGEST]))
    time, record = parse_time(found.get("ts")), found.get("record")
    if isinstance(record, dict):
        return _of_record(pod, time, str(found.get("logger") or "postgres"), record)
    message, error = str(found.get("msg") or ""), text_at(found, "error") or text_at(found, "err")
    logger, word = str(found.get("logger") or "-"), str(found.get("level") or "info")
    if barman := _BARMAN.match(message):
        message, word = message[barman.end() :], barman[1]
    told = f"{message}: {error}" if error else message
    return _line(pod, time, word, (logger, "", told[:_LONGEST]))


def _first_of_each(pairs: list[tuple[str, Any]]) -> Object:
    return dict(reversed(pairs))


def _of_record(pod: str, time: datetime | None, logger: str, record: Object) -> LogLine:
    word, code = (
        str(record.get("error_severity") or record.get("level") or "LOG"),
        str(record.get("sql_state_code") or "")[:5],
    )
    message = str(record.get("message") or record.get("msg") or "")
    if audit := record.get("audit"):
        about = (at(audit, "class"), at(audit, "command"), at(audit, "object_name"))
        message = " ".join(["audit:", *(str(one) for one in about if one)])
    own = _OWN.get(str(record.get("application_name"))) or _OWN.get(str(record.get("user_name"))) or ""
    return _line(
        pod,
        time,
        word,
        (f"{logger}{own}", code, message[:_LONGEST]),
        detail=text_at(record, "detail"),
        user=text_at(record, "user_name"),
        database=text_at(record, "database_name"),
        client=(text_at(record, "connection_from") or "").rpartition(":")[0] or text_at(record, "connection_from"),
    )


def _level(word: str, code: str) -> Level:
    """By the word; lc_messages may say it in another language, and the code is the same in all."""
    if word in _OF_WORD or word in _HARMLESS or not code:
        return _OF_WORD.get(word, "info")
    return {"00": "info", "01": "warning", "02": "info"}.get(code[:2], "error")  # type: ignore[return-value] # of a table


def _line(
    pod: str,
    time: datetime | None,
    word: str,
    said: tuple[str, str, str],
    *,
    detail: str | None = None,
    user: str | None = None,
    database: str | None = None,
    client: str | None = None,
) -> LogLine:
    logger, code, message = said
    raw = f"{logger} {word} {code}: {message}" if code else f"{logger} {word} : {message}"
    return LogLine(
        pod=pod,
        time=time,
        word=word[:12],
        level="info" if _ROUTINE.match(raw) else _level(word, code),
        raw=raw,
        message=message,
        note=(detail or "")[:_LONGEST],
        code=code,
        user=user,
        database=database,
        client=client,
    )
