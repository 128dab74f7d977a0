"""The sandbox, the server, the person who reviews, and what only looking for oneself can tell."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal
from mcp import Client

from gitops_mcp.demo.cast import Cast
from gitops_mcp.demo.own_work import file_digests
from gitops_mcp.demo.screen import Screen
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.forges.store import SandboxForge
from gitops_mcp.sandbox.forges.values import Pull
from gitops_mcp.sandbox.remote import BASE, git
from gitops_mcp.sandbox.run import World

_CALL_SECONDS = 60
_PATIENCE = 45
"""Seconds that a merged change may take until it is healthy."""


class DemoFailed(Exception):
    """An expectation of the demo did not hold."""


@dataclass(frozen=True)
class ToolAnswer:
    text: str
    refused: bool
    structured: dict[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        if self.refused:
            raise DemoFailed(f"the server refused what it should do: {self.text}")
        return self.structured


@dataclass
class Stage:
    screen: Screen
    cast: Cast
    world: World
    client: Client
    portal: BlockingPortal
    command: str
    started: float
    """Seconds until the server had answered the client's first request."""
    calls: int = field(default=0, init=False)
    said: list[str] = field(default_factory=list, init=False)
    """Every answer so far."""
    merged: list[str] = field(default_factory=list, init=False)
    """The commits that the reviewer's merges made on the base."""

    def __post_init__(self) -> None:
        self._untouched = file_digests(self.world.checkout)
        self.first = self.tip(BASE)

    def settle(self) -> None:
        """Waits until what the template declares is up."""
        end = time.monotonic() + _PATIENCE
        while not all("Cluster in healthy state" in one for one in self.clusters()):
            if time.monotonic() > end:
                raise DemoFailed(f"the template is not up after {_PATIENCE} s: {'; '.join(self.clusters())}")
            self.world.store.changed(self.world.store.version, 0.1)

    def introduce(self) -> None:
        tools = self.portal.call(self.client.list_tools).tools
        self.screen.says("starts", self.command)
        self.screen.says(
            "server",
            f"speaks MCP {self.client.protocol_version} after {self.started:.1f} s and offers {len(tools)} tools: "
            f"{', '.join(tool.name for tool in tools)}",
        )

    def ask(self, wish: str, tool: str, **arguments: Any) -> ToolAnswer:
        """What a person wants, the call that follows from it, and the server's answer, which the caller shows."""
        self.screen.says("person", wish)
        spoken = ", ".join(f"{name}={json.dumps(value)}" for name, value in arguments.items())
        self.screen.says("calls", f"{tool}({spoken})")
        self.screen.status(f"waiting for the answer to {tool}")
        return self.call(tool, **arguments)

    def secret(self, namespace: str, name: str) -> str:
        """What is live of a Secret, without its values."""
        found = self.world.store.get(kinds.SECRET, namespace, name)
        sizes = [f"{key} of {len(base64.b64decode(value))} characters" for key, value in found["data"].items()]
        return f"Secret {namespace}/{name} ({found['type']}): {', '.join(sizes)}"

    def tells_password(self, namespace: str, name: str) -> bool:
        """Whether a password is in any object of the remote, pull request or answer, as it is or encoded."""
        encoded = self.world.store.get(kinds.SECRET, namespace, name)["data"]["password"]
        everything = ("cat-file", "--batch-all-objects", "--batch", "--buffer")
        seen = [*self.git(*everything), *self.said, *(pull.body or "" for pull in self.forge.all_pulls())]
        return any(form in line for form in (encoded, base64.b64decode(encoded).decode()) for line in seen)

    def call(self, tool: str, **arguments: Any) -> ToolAnswer:
        self.calls += 1
        result = self.portal.call(lambda: self.client.call_tool(tool, arguments, read_timeout_seconds=_CALL_SECONDS))
        text = "\n".join(block.text for block in result.content if block.type == "text")
        self.said.append(text + json.dumps(result.structured_content))
        return ToolAnswer(text, bool(result.is_error), result.structured_content or {})

    def expect(self, holds: object, what: str, found: object = None) -> None:
        """Says that it is so, or ends the demo."""
        if not holds:
            raise DemoFailed(f"this did not hold: {what}" + (f" (found: {found})" if found is not None else ""))
        self.screen.says("ok", what)

    @property
    def forge(self) -> SandboxForge:
        assert self.world.forge is not None  # noqa: S101 - it is started with one
        return self.world.forge.server.forge

    def pull_of(self, branch: str) -> Pull:
        """The forge's own, that is open."""
        self.forge.observe()
        if (found := self.forge.find_open(self.forge.repository, branch)) is None:
            raise DemoFailed(f"{self.cast.forge} has no open pull request of {branch}")
        return found

    def merge(self, branch: str) -> None:
        """What the reviewer does at the forge."""
        before, pull = self.tip(BASE), self.pull_of(branch)
        self.screen.status(f"the reviewer reads pull request #{pull.number}")
        self.forge.approve(pull)
        self.forge.merge(pull, "merge", delete=True)
        self.screen.block(
            "reviewer",
            [
                f"approves and merges pull request #{pull.number} at {self.cast.forge}; its branch is deleted",
                f"$ git log --graph --oneline --boundary {before[:7]}..{BASE}",
                *self.git("log", "--graph", "--oneline", "--boundary", f"{before}..{BASE}"),
            ],
        )
        self.merged.append(self.tip(BASE))

    def until_healthy(self, change: str) -> ToolAnswer:
        """Asks get_change until the change is healthy: at once when the cluster has moved, else each second."""
        begun = time.monotonic()
        state = ""
        while True:
            version, asked = self.world.store.version, time.monotonic()
            answer = self.call("get_change", change=change)
            if (now := str(answer.content["state"])) in {"failed", "closed"}:
                raise DemoFailed(f"get_change of {change} answered: {answer.text}")
            if now != state:
                state = now
                self.screen.says("state", f"{state} after {asked - begun:.1f} s: {answer.content['why']}")
            if state == "healthy":
                return answer
            while self.world.store.version == version and time.monotonic() < asked + 1:
                self.world.store.changed(version, 0.1)
                self._waiting(change, state, begun)
            if time.monotonic() > begun + _PATIENCE:
                raise DemoFailed(f"{change} is not healthy after {_PATIENCE} s; get_change answered: {answer.text}")

    def _waiting(self, change: str, state: str, begun: float) -> None:
        on_its_way = [one for one in self.clusters() if "Cluster in healthy state" not in one]
        seen = on_its_way[0] if on_its_way else self.engine()
        self.screen.status(f"{time.monotonic() - begun:.1f} s: {change} is {state}; {seen}")

    def git(self, *arguments: str, cwd: Path | None = None) -> list[str]:
        """What the remote's own git says."""
        return git(*arguments, cwd=cwd or self.world.remote, strip=False).decode(errors="replace").splitlines()

    def show(self, *arguments: str, diff: bool = False) -> list[str]:
        """The same, shown with the command."""
        lines = self.git(*arguments)
        self.screen.block("git", [f"$ git {' '.join(arguments)}", *lines], diff=diff)
        return lines

    def tip(self, branch: str) -> str:
        return "".join(self.git("rev-parse", f"refs/heads/{branch}"))

    def refs(self) -> list[str]:
        """Every branch of the remote with its commit."""
        return self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads")

    def clusters(self) -> list[str]:
        """What the API holds, as it is there."""
        told = []
        for one in self.world.store.list(kinds.CLUSTER):
            status = one.get("status", {})
            told.append(
                f"{one['metadata']['namespace']}/{one['metadata']['name']}: {status.get('readyInstances', 0)} of "
                f"{one['spec']['instances']} instances ready, primary {status.get('currentPrimary', 'none')}, "
                f"{status.get('phase', 'no phase')}"
            )
        return told

    def engine(self) -> str:
        """What the engine's objects say of themselves."""
        told = [_argocd(one) for one in self.world.store.list(kinds.APPLICATION)]
        return "; ".join(told + [_flux(one) for one in self.world.store.list(kinds.KUSTOMIZATION)])

    def instances(self, namespace: str, name: str) -> int | None:
        """The instances that are ready; None where there is no such Cluster."""
        for one in self.world.store.list(kinds.CLUSTER):
            if (one["metadata"]["namespace"], one["metadata"]["name"]) == (namespace, name):
                return int(one.get("status", {}).get("readyInstances", 0))
        return None

    def moved(self) -> list[str]:
        """The files of the checkout that are no longer, byte for byte, what they were."""
        now = file_digests(self.world.checkout)
        return sorted(
            path for path in self._untouched.keys() | now.keys() if self._untouched.get(path) != now.get(path)
        )

    def requests(self) -> list[dict[str, Any]]:
        """What the server has asked the API: nobody else does, since the stand-ins work on its store."""
        return self.world.asked()

    @property
    def watched(self) -> int:
        return len(self._untouched)


def _argocd(application: Object) -> str:
    status = [at(application, "status", *path) for path in (("sync", "status"), ("health", "status"))]
    revision = at(application, "status", "sync", "revision")
    return f"Argo CD: {' and '.join(map(str, status))} at {str(revision)[:7]}"


def _flux(kustomization: Object) -> str:
    conditions = at(kustomization, "status", "conditions") or []
    ready = next((str(one["status"]) for one in conditions if one["type"] == "Ready"), "Unknown")
    revision = str(at(kustomization, "status", "lastAppliedRevision")).rpartition(":")[2]
    return f"Flux Kustomization {kustomization['metadata']['name']}: Ready {ready}, applied {revision[:7]}"
