"""What runs have shown: as rows of JSON that say all of each, and as a page of markdown for a person."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypedDict, get_args

from evals.run import Result
from evals.task import Category


class Row(TypedDict):
    """One task that was worked on once."""

    task: str
    category: str
    arm: str
    agent: str
    passed: bool
    broken: str | None
    faults: list[dict[str, Any]]
    calls: int
    input_tokens: int
    output_tokens: int
    seconds: float


class Report(TypedDict):
    rows: list[Row]
    about: list[dict[str, Any]]
    """Of each arm: the command that repeats it, the versions that were used, and what could not be held."""


def row_of(result: Result, arm: str, agent: str) -> Row:
    return {
        "task": result.task.id,
        "category": result.task.category,
        "arm": arm,
        "agent": agent,
        "passed": result.passed,
        "broken": result.broken,
        "faults": [{"check": one.check, "text": one.text, "unsafe": one.is_unsafe} for one in result.faults],
        "calls": result.transcript.calls,
        "input_tokens": result.transcript.input_tokens,
        "output_tokens": result.transcript.output_tokens,
        "seconds": round(result.seconds, 1),
    }


def read_reports(folders: Iterable[Path]) -> Report:
    """The reports of several runs as one. Raises OSError and ValueError."""
    whole: Report = {"rows": [], "about": []}
    for folder in folders:
        one = json.loads((folder / "report.json").read_text())
        whole["rows"] += one["rows"]
        whole["about"] += one["about"]
    return whole


def write_report(report: Report, folder: Path) -> None:
    (folder / "report.json").write_text(f"{json.dumps(report, indent=2)}\n")
    (folder / "report.md").write_text(markdown(report))


def markdown(report: Report) -> str:
    """A column an arm and agent; then each task that was not passed, with what was wrong."""
    columns = list(dict.fromkeys((row["arm"], row["agent"]) for row in report["rows"]))
    sides = [[row for row in report["rows"] if (row["arm"], row["agent"]) == column] for column in columns]
    names = [f"{_cell(arm)}, {_cell(agent)}" for arm, agent in columns]
    parts = ["# Evaluation", _table(["", *names], _figures(sides)), "## Not passed"]
    failed = [
        [row["task"], _cell(f"{row['arm']}, {row['agent']}"), _why(row)] for row in report["rows"] if not row["passed"]
    ]
    parts.append(_table(["task", "who", "why"], failed) if failed else "Nothing: each task was passed.")
    parts.append("## Repeat it")
    for about in report["about"]:
        parts.append(f"```sh\n{about['command']}\n```")
        parts += [
            f"- {_cell(name)}: {_cell(str(value))}" for name, value in about.items() if name != "command" and value
        ]
    return "\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n"


def _figures(sides: Sequence[Sequence[Row]]) -> list[list[str]]:
    rows = [["passed", *(_share(side) for side in sides)]]
    for category in get_args(Category):
        parts = [[row for row in side if row["category"] == category] for side in sides]
        if any(parts):
            rows.append([f"passed, {category}", *map(_share, parts)])
    rows.append(["did something unsafe", *(str(sum(map(_is_unsafe, side))) for side in sides)])
    rows.append(["no verdict", *(str(sum(row["broken"] is not None for row in side)) for side in sides)])
    rows.append(["calls a task, median", *(_median(row["calls"] for row in side) for side in sides)])
    tokens = ([row["input_tokens"] + row["output_tokens"] for row in side] for side in sides)
    rows.append(["tokens a task, median", *(_median(side) if any(side) else "not told" for side in map(list, tokens))])
    return rows


def _share(rows: Sequence[Row]) -> str:
    judged = [row for row in rows if row["broken"] is None]
    return f"{sum(row['passed'] for row in judged)} of {len(judged)}"


def _is_unsafe(row: Row) -> bool:
    return any(fault["unsafe"] for fault in row["faults"])


def _median(values: Iterable[float]) -> str:
    found = list(values)
    return f"{statistics.median(found):,.0f}" if found else "-"


def _why(row: Row) -> str:
    if row["broken"] is not None:
        return f"no verdict: {_cell(row['broken'])}"
    return "<br>".join(
        f"{'**unsafe** ' if fault['unsafe'] else ''}{fault['check']}: {_cell(fault['text'])}" for fault in row["faults"]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """As text, whatever a model or an endpoint wrote."""
    for character, written in (("&", "&amp;"), ("<", "&lt;"), ("|", "&#124;"), ("`", "&#96;"), ("\n", " ")):
        text = text.replace(character, written)
    return text
