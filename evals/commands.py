"""A command line that speaks MCP as an agent: it starts the servers itself, each behind a tee that keeps its calls."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.arms import ROOT
from evals.transcript import Transcript
from evals.work import Agent, Unusable, Work

MINUTES = 20
CONFIGURATION = "{mcp}"
"""What stands in a command for the file with the servers, as Claude Code and most others read it."""


def agent_of_command(command: str, *, minutes: float = MINUTES) -> Agent:
    """The command gets instructions and request on standard input, and its last message is what it prints.

    Where it prints one JSON object, `result` is the message, and `usage` has its tokens. It runs with the environment
    of whoever starts it, since it has to sign in; the servers have their own.
    """
    words = shlex.split(command)
    if not any(CONFIGURATION in word for word in words):
        raise Unusable(f"--command: {CONFIGURATION} has to stand for the file that names the servers")

    def work(given: Work) -> None:
        place = given.folder / "agent"
        place.mkdir()
        configuration = place / "mcp.json"
        configuration.write_text(json.dumps({"mcpServers": dict(_servers(given, place))}))
        printed = _run([word.replace(CONFIGURATION, str(configuration)) for word in words], given, place, minutes)
        for event in sorted(_events(place), key=lambda one: one.time):
            event.add_to(given.transcript)
        _read_output(printed, given.transcript)

    return work


def _servers(given: Work, place: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, server in enumerate(given.servers):
        tee = [sys.executable, "-m", "evals.tee", str(place / f"{number}.jsonl"), *server.command]
        path = os.pathsep.join(filter(None, (str(ROOT), server.environment.get("PYTHONPATH"))))
        yield (
            f"server-{number}",
            {"command": tee[0], "args": tee[1:], "env": {**server.environment, "PYTHONPATH": path}},
        )


def _run(words: list[str], given: Work, place: Path, minutes: float) -> str:
    with (given.folder / "agent.stderr").open("w") as errors:
        try:
            child = subprocess.Popen(
                words,
                cwd=place,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            raise Unusable(f"--command: {words[0]} cannot be started: {error.strerror}") from error
        try:
            printed, _ = child.communicate(f"{given.told}\n{given.request}\n", timeout=minutes * 60)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            printed, _ = child.communicate()
            return printed
    if child.returncode:
        said = (given.folder / "agent.stderr").read_text()[-300:].strip()
        raise Unusable(f"--command: {words[0]} ended with exit code {child.returncode}: {said}")
    return printed


def _read_output(printed: str, transcript: Transcript) -> None:
    with suppress(ValueError):
        told = json.loads(printed)
        if isinstance(told, dict) and isinstance(told.get("result"), str):
            usage = told.get("usage") or {}
            transcript.input_tokens = sum(value for name, value in usage.items() if name.endswith("input_tokens"))
            transcript.output_tokens = usage.get("output_tokens") or 0
            printed = told["result"]
    transcript.add("said", printed.strip())


@dataclass(frozen=True)
class _Heard:
    time: float
    message: dict[str, Any]
    is_call: bool

    def add_to(self, transcript: Transcript) -> None:
        if self.is_call:
            asked = self.message["params"]
            transcript.add("call", asked["name"], arguments=asked.get("arguments") or {})
        else:
            result = self.message.get("result") or {}
            text = "\n".join(str(one.get("text", "")) for one in result.get("content") or ())
            failed = bool(result.get("isError") or self.message.get("error"))
            transcript.add("answer", text or json.dumps(self.message.get("error") or result), is_error=failed)


def _events(place: Path) -> Iterator[_Heard]:
    """The calls that went through the tees, and their answers."""
    for log in sorted(place.glob("*.jsonl")):
        asked = set()
        for line in log.read_text().splitlines():
            heard = json.loads(line)
            message = heard["message"]
            if message.get("method") == "tools/call":
                asked.add(message.get("id"))
                yield _Heard(heard["time"], message, is_call=True)
            elif heard["from"] == "server" and "method" not in message and message.get("id") in asked:
                yield _Heard(heard["time"], message, is_call=False)
