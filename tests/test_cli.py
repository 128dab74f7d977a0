"""What the command line says to a person who types it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_mcp.cli import main
from gitops_mcp.config import OPTIONS

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "gitops_mcp"]
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}


def test_help_names_every_command_option_and_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert {"serve", "demo", "sandbox", "review", "tools", "schema"} <= set(shown.split())
    assert all(option.flag in shown and f"[{option.variable}]" in shown for option in OPTIONS)


@pytest.mark.parametrize("command", ["serve", "demo", "sandbox"])
def test_the_help_of_a_command_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    usage, description = capsys.readouterr().out.split("\n\n")[:2]
    assert usage.startswith(f"usage: gitops-mcp {command}")
    assert description.startswith(("Serve ", "Start "))


def test_on_a_terminal_serve_says_what_it_waits_for(tmp_path: Path) -> None:
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        COMMAND, env=ENVIRONMENT, cwd=tmp_path, stdin=inside, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdout
        assert server.stderr
        try:
            assert b"waits for an MCP client" in server.stderr.readline()
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.stdout.read() == b""
    os.close(inside)
    os.close(terminal)


def test_a_reader_that_has_enough_ends_what_is_printed_without_a_traceback(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    try:
        ended = subprocess.run(
            [*COMMAND, "schema"], env=ENVIRONMENT, cwd=tmp_path, stdout=writes, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writes)
    assert (ended.returncode, ended.stderr) == (1, b"")
