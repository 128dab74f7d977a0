"""What an assistant may be given to work with: this server, kubectl and git in a shell, a server for any Kubernetes."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.scene import Scene
from evals.tools import Server

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Arm:
    name: str
    about: str
    """What an agent is told of it."""
    servers: Callable[[Scene], Sequence[Server]]
    limits: str = ""
    """What of its sandbox this machine cannot hold."""


def this_server() -> Arm:
    """gitops-mcp as its users have it, over stdio on the sandbox's checkout."""

    def servers(scene: Scene) -> list[Server]:
        told = json.loads(scene.world.mcp.read_text())["mcpServers"]["gitops-mcp"]
        return [Server([told["command"], *told["args"]], {**scene.environment, **told["env"]})]

    return Arm("gitops-mcp", "Your tools are those of gitops-mcp.", servers)


def shell() -> Arm:
    """A shell in the checkout, with git and kubectl."""
    holds = can_hold_network()
    return Arm(
        "kubectl + git",
        "Your tool is a shell in that checkout, with git and kubectl for the cluster.",
        lambda scene: [_shell(scene, holds=holds, kubectl=True)],
        "" if holds else NOT_HELD,
    )


def generic(command: str) -> Arm:
    """Any MCP server for Kubernetes, started by this command, and a shell with git alone beside it."""
    holds = can_hold_network()

    def servers(scene: Scene) -> list[Server]:
        environment = {**scene.environment, "KUBECONFIG": str(scene.world.kubeconfig)}
        return [Server(shlex.split(command), environment), _shell(scene, holds=holds, kubectl=False)]

    about = "Your tools are those of an MCP server for the Kubernetes cluster, and a shell in that checkout, for git."
    return Arm(f"{command} + git", about, servers, "" if holds else NOT_HELD)


NOT_HELD = "the shell can reach the network: this system lets nobody make a network namespace of their own (unshare)"


def can_hold_network() -> bool:
    """Whether a shell can be left with the loopback alone."""
    if shutil.which("unshare") is None:
        return False
    return (
        subprocess.run(["unshare", "--map-root-user", "--net", "true"], capture_output=True, check=False).returncode
        == 0
    )


def _shell(scene: Scene, *, holds: bool, kubectl: bool) -> Server:
    ports = [scene.world.url.rpartition(":")[2]]
    if scene.world.forge:
        ports.append(scene.world.forge.server.url.rpartition(":")[2])
    command = [sys.executable, "-m", "evals.shell", str(scene.checkout)]
    if holds:
        command += ["--sockets", str(scene.folder), *(f"--port={port}" for port in ports)]
    environment = {**scene.environment, "PYTHONPATH": str(ROOT)}
    if kubectl:
        environment["KUBECONFIG"] = str(scene.world.kubeconfig)
    return Server(command, environment)
