"""When a project lets Argo CD sync: its windows, as they stand open or closed at a moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gitops_mcp.domain.cnpg.notation.cron import next_run
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.objects import Object, at, list_at, text_at, texts_at
from gitops_mcp.domain.redact import words_of_others

_UNITS = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class ClosedWindow:
    told: str
    lets_people: bool
    """Whether somebody may sync by hand all the same."""


def closed_window(application: Object, project: Object, now: datetime) -> ClosedWindow | None:
    """What keeps an Application from syncing by itself.

    A `deny` that is open forbids; so does it where there are `allow` windows and none of them is open.
    """
    windows = [one for one in list_at(project, "spec", "syncWindows") if _concerns(one, application)]
    denying = [one for one in windows if at(one, "kind") == "deny" and _is_open(one, now)]
    allowing = [one for one in windows if at(one, "kind") == "allow"]
    if denying:
        return ClosedWindow(_told(denying[0]), all(at(one, "manualSync") is True for one in denying))
    if allowing and not any(_is_open(one, now) for one in allowing):
        told = f"none that allows is open, such as {_told(allowing[0])}"
        return ClosedWindow(told, any(at(one, "manualSync") is True for one in allowing))
    return None


def _told(window: object) -> str:
    zone = f" {at(window, 'timeZone')}" if at(window, "timeZone") else ""
    return words_of_others(
        f"{at(window, 'kind')} {at(window, 'schedule')}{zone} for {at(window, 'duration')}", most=100
    )


def _concerns(window: object, application: Object) -> bool:
    destination = at(application, "spec", "destination")
    owns = (
        ("applications", (at(application, "metadata", "name"),)),
        ("namespaces", (at(destination, "namespace"),)),
        ("clusters", (at(destination, "name"), at(destination, "server"))),
    )
    hits = [any(_matches(one, values) for one in texts_at(window, key)) for key, values in owns if at(window, key)]
    return all(hits) if at(window, "andOperator") is True and hits else any(hits)


def _matches(pattern: str, values: tuple[object, ...]) -> bool:
    return any(isinstance(value, str) and glob(pattern, crosses=True).fullmatch(value) for value in values)


def _is_open(window: object, now: datetime) -> bool:
    length = timedelta(seconds=sum(_seconds(text_at(window, "duration") or "")))
    try:
        here = now.astimezone(ZoneInfo(text_at(window, "timeZone") or "UTC"))
    except (KeyError, ValueError, OSError):
        here = now
    began = next_run(f"0 {at(window, 'schedule')}", here - length)
    return began is not None and began <= here


def _seconds(duration: str) -> Iterator[float]:
    for number, unit in re.findall(r"([\d.]{1,12})([hms])", duration):
        yield float(number) * _UNITS[unit] if number.replace(".", "", 1).isdigit() else 0.0
