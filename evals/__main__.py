"""Runs tasks with an agent, and reports what came of it.

python -m evals list
python -m evals run --arm gitops-mcp --anthropic MODEL --out results/one
python -m evals run --arm shell --command 'claude -p --mcp-config {mcp} --strict-mcp-config' --out results/two
python -m evals report results/one results/two
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from evals.arms import ROOT, Arm, generic, shell, this_server
from evals.commands import agent_of_command
from evals.models import anthropic, openai
from evals.models.agent import agent_of
from evals.report import Report, markdown, read_reports, row_of, write_report
from evals.run import Result, run_task
from evals.task import Category, Task
from evals.tasks import TASKS
from evals.transcript import Transcript
from evals.work import Agent, Unusable


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    given = _parser().parse_args(words)
    given.words = words
    try:
        return int(given.do(given))
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evals", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("list", help="the tasks, a line each")
    listing.set_defaults(do=_list)
    run = commands.add_parser("run", help="work on tasks, and write report.json, report.md and the transcripts")
    run.set_defaults(do=_run)
    run.add_argument(
        "--arm", choices=["gitops-mcp", "shell", "generic"], required=True, help="what the agent works with"
    )
    run.add_argument("--server", metavar="COMMAND", help="of the arm `generic`: what starts that server over stdio")
    agent = run.add_mutually_exclusive_group(required=True)
    agent.add_argument("--anthropic", metavar="MODEL", help="by the Messages API; the key is in ANTHROPIC_API_KEY")
    agent.add_argument("--openai", metavar="MODEL", help="by chat completions; the key is in OPENAI_API_KEY")
    agent.add_argument("--command", metavar="COMMAND", help="by a command line, where {mcp} is its configuration")
    run.add_argument("--url", help="of the endpoint, where it is another one")
    run.add_argument("--only", action="append", default=[], metavar="ID|CATEGORY", help="can be given more than once")
    run.add_argument("--times", type=int, default=1, help="how often each task is worked on")
    run.add_argument("--out", type=Path, required=True, help="a new folder")
    report = commands.add_parser("report", help="several runs side by side, as markdown")
    report.set_defaults(do=_report)
    report.add_argument("folder", type=Path, nargs="+")
    return parser


def _list(_: argparse.Namespace) -> int:
    for task in TASKS:
        print(f"{task.id:32} {task.category:10} {task.request.partition('. ')[0].rstrip('.')}.")
    return 0


def _report(given: argparse.Namespace) -> int:
    try:
        print(markdown(read_reports(given.folder)), end="")
    except (OSError, ValueError, KeyError) as error:
        raise Unusable(f"{error}: name folders that `run` has written") from error
    return 0


def _run(given: argparse.Namespace) -> int:
    tasks, arm, (name, agent) = _tasks(given.only), _arm(given), _agent(given)
    if given.out.exists() and any(given.out.iterdir()):
        raise Unusable(f"--out: {given.out} is not empty: name a new folder")
    given.out.mkdir(parents=True, exist_ok=True)
    report: Report = {"rows": [], "about": [_about(given.words, arm, name)]}
    for task in tasks:
        for number in range(given.times):
            result = _work_on(task, arm, agent)
            result.transcript.write(given.out / f"{task.id}-{number + 1}.jsonl")
            report["rows"].append(row_of(result, arm.name, name))
            # After each, so that what was paid for is not lost.
            write_report(report, given.out)
            print(f"{task.id:32} {_verdict(result)}", flush=True)
    print(f"\n{given.out / 'report.md'}")
    return 1 if any(row["broken"] is not None for row in report["rows"]) else 0


def _work_on(task: Task, arm: Arm, agent: Agent) -> Result:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-evals-") as made:
        try:
            return run_task(task, arm, agent, Path(made) / "run")
        except Exception as error:  # noqa: BLE001 - one that breaks must not take the others with it; it is reported
            traceback.print_exc()
            return Result(task, [], Transcript(), 0, f"{type(error).__name__}: {error}")


def _verdict(result: Result) -> str:
    if result.broken is not None:
        return f"no verdict: {result.broken}"
    return "passed" if result.passed else "; ".join(f"{fault.check}: {fault.text}" for fault in result.faults)


def _tasks(only: Sequence[str]) -> list[Task]:
    known = {task.id for task in TASKS} | set(get_args(Category))
    if unknown := sorted(set(only) - known):
        raise Unusable(f"--only: there is no task {unknown[0]!r}: `python -m evals list` names them")
    return [task for task in TASKS if not only or task.id in only or task.category in only]


def _arm(given: argparse.Namespace) -> Arm:
    if (given.arm == "generic") != bool(given.server):
        raise Unusable("--server: the arm `generic` needs it, and no other has it")
    return generic(given.server) if given.server else {"gitops-mcp": this_server, "shell": shell}[given.arm]()


def _agent(given: argparse.Namespace) -> tuple[str, Agent]:
    if given.command:
        return shlex.split(given.command)[0], agent_of_command(given.command)
    if given.anthropic:
        named = anthropic.Anthropic(given.anthropic, _key("ANTHROPIC_API_KEY"), given.url or anthropic.URL)
        return named.name, agent_of(named)
    other = openai.OpenAi(given.openai, _key("OPENAI_API_KEY"), given.url or openai.URL)
    return other.name, agent_of(other)


def _key(name: str) -> str:
    if not (key := os.environ.get(name)):
        raise Unusable(f"{name}: not set; an endpoint that asks for none takes any value")
    return key


def _about(words: Sequence[str], arm: Arm, agent: str) -> dict[str, str]:
    commit = _printed("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
    return {
        "command": shlex.join(["python", "-m", "evals", *words]),
        "arm": arm.name,
        "agent": agent,
        "begun": datetime.now(UTC).isoformat(timespec="seconds"),
        "gitops-mcp": f"{importlib.metadata.version('gitops-mcp')} at {commit}",
        "python": platform.python_version(),
        "git": _printed("git", "version"),
        "kubectl": _printed("kubectl", "version", "--client").replace("\n", ", "),
        "not held": arm.limits,
    }


def _printed(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return "not found"


if __name__ == "__main__":
    sys.exit(main())
