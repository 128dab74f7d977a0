"""What an instance of CloudNativePG writes to its log when it starts, as of operator 1.30 and PostgreSQL 18."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any


def first_words(instance: str, role: str) -> Iterator[str]:
    """Nothing that is a fault, though some of it looks like one."""
    yield _line(instance, "Starting CloudNativePG Instance Manager", logger="instance-manager", version="1.30.0")
    yield _record(instance, "LOG", "00000", "starting PostgreSQL 18.1 on x86_64-pc-linux-gnu", "postmaster")
    yield _record(instance, "LOG", "00000", 'listening on IPv4 address "0.0.0.0", port 5432', "postmaster")
    yield _record(instance, "FATAL", "57P03", "the database system is starting up", "client backend")
    yield _line(instance, "DB not available, will retry", logger="instance-manager")
    if role != "primary":
        yield _line(
            instance,
            "2026-01-01 00:00:00,000 [77] ERROR: WAL file 00000002.history for server sandbox does not exist",
            logger="barman-cloud-wal-restore",
            pipe="stderr",
        )
        streams = "started streaming WAL from primary at 0/3000000 on timeline 1"
        yield _record(instance, "LOG", "00000", streams, "walreceiver")
    ready = "database system is ready to accept " + ("connections" if role == "primary" else "read-only connections")
    yield _record(instance, "LOG", "00000", ready, "postmaster")


def _record(instance: str, severity: str, code: str, message: str, backend: str) -> str:
    record = {
        "log_time": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC",
        "process_id": "31",
        "session_id": "00000000.1f",
        "error_severity": severity,
        "sql_state_code": code,
        "message": message,
        "backend_type": backend,
        "query_id": "0",
    }
    return _line(instance, "record", logger="postgres", record=record)


def _line(instance: str, message: str, **more: Any) -> str:
    """PostgreSQL's severity is never in `level`."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
    return json.dumps(
        {"level": "info", "ts": now, "msg": message, **more, "logging_pod": instance}, separators=(",", ":")
    )
