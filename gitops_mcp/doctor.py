"""`gitops-mcp doctor`: what check_setup answers, for a person at a terminal, and an exit code for a script."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_mcp.answers.setup import SetupReport

_COLOURS = {"ok": "\x1b[32m", "warn": "\x1b[33m", "fail": "\x1b[31m"}
_PLAIN = "\x1b[0m"


def run_doctor(given: argparse.Namespace, environ: Mapping[str, str]) -> tuple[str, int]:
    """What is printed, and the exit code. 0: nothing failed, 1: something did, 2: a wrong option or variable."""
    from gitops_mcp.app import App
    from gitops_mcp.caller import Nobody
    from gitops_mcp.config import read_flags
    from gitops_mcp.errors import InvalidRequest
    from gitops_mcp.workflows.setup.report import check_setup

    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    try:
        opened = App.open(read_flags(vars(given), environ))
    except InvalidRequest as error:
        print(f"gitops-mcp doctor: {error}", file=sys.stderr)
        return "", 2
    with opened.called(Nobody()) as app:
        report = check_setup(app)
    in_colours = sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    text = json.dumps(report.structured(), indent=2) if given.json else report_text(report, in_colours=in_colours)
    return f"{text}\n", int(report.fail > 0)


def report_text(report: SetupReport, *, in_colours: bool) -> str:
    """A line a check, with what mends it below, and the count last."""
    lines = []
    for row in report.items:
        word = f"{row.state:<4}"
        word = f"{_COLOURS[row.state]}{word}{_PLAIN}" if in_colours else word
        lines.append(f"{word}  {row.subject}, {row.title}: {row.found}")
        lines += [f"      mend: {row.mend}"] if row.mend else []
    return "\n".join([*lines, report.count])
