"""The whole story: what is told before it, its steps, what held over all of it, and what comes next."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from gitops_mcp.demo.cast import Cast
from gitops_mcp.demo.opening import open_stage
from gitops_mcp.demo.outcome import check_outcome
from gitops_mcp.demo.screen import Screen
from gitops_mcp.demo.stage import Stage
from gitops_mcp.demo.steps import STEPS

_TITLE = "gitops-mcp demo: an assistant works on PostgreSQL clusters, and a person has the last word."
_INTRODUCTION = (
    "The MCP server is the real one, started as an MCP client starts it. The Kubernetes API, the CloudNativePG "
    "operator, {engine} and {forge} with the Git remote are stand-ins on 127.0.0.1 that run no PostgreSQL. No model "
    "takes part: the calls are those that an assistant would make. What is marked git, live, forge and ok was looked "
    "up beside the server, not told by it."
)
_BY_OPTIONS = (
    "The server has no token for the API of {forge}: what it pushes with may push and nothing more. Pull requests are "
    "opened by options of the push, and what becomes of one is seen in Git alone."
)


def tell_story(screen: Screen, folder: Path, cast: Cast) -> None:
    """The whole story, with what it needs in a folder; raises DemoFailed where it does not go as told."""
    names = {"engine": cast.engine, "forge": cast.forge}
    told = (_INTRODUCTION,) if cast.api_token else (_INTRODUCTION, _BY_OPTIONS)
    screen.paragraphs(_TITLE, *(one.format(**names) for one in told), f"Its files are in {folder} until it ends.")
    screen.status(f"starting the stand-ins: API, operator, {cast.engine}, {cast.forge}")
    with open_stage(screen, folder, cast) as ready:
        ready.introduce()
        for number, (title, step) in enumerate(STEPS, 1):
            screen.title(f"{number}/{len(STEPS)}", title.format(**names))
            step(ready)
        screen.title("", "What held over all of it")
        check_outcome(ready)
        _show_next_steps(ready)
        screen.status("stopping the server and the stand-ins")


def _show_next_steps(stage: Stage) -> None:
    command, *arguments = _own_command()
    stage.screen.title("", "With a repository of your own")
    stage.screen.paragraphs("Put this into .mcp.json at its root (Claude Code; docs/clients.md has other clients):")
    stage.screen.plain(json.dumps({"mcpServers": {"gitops": {"command": command, "args": arguments}}}, indent=2))
    stage.screen.paragraphs(
        "With --read-only among its args it only looks. To try these stand-ins with an assistant of your own, start "
        f"`{' '.join(_own_command())} sandbox --dir ./sandbox`: it prints the configuration for it."
    )


def _own_command() -> list[str]:
    """How this program is started on this machine."""
    if shutil.which("gitops-mcp"):
        return ["gitops-mcp"]
    beside = Path(sys.executable).with_name("gitops-mcp")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "gitops_mcp"]
