"""What a caller sees of the server, written down: answers, errors, commits, and what the Kubernetes API was asked.

It stands on the server's outside only: tools by name, their arguments, what comes back, what Git and the API have of
it. So it holds whatever becomes of the inside. A golden file is one sequence of calls; what differs from run to run
has a name in angle brackets there.
"""

from __future__ import annotations

import difflib
import http.client
import json
import os
import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
import yaml
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.types import CallToolResult, TextContent

from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.sandbox.run import World
from gitops_mcp.server import build_server
from tests.e2e.conftest import DEADLINE, git

GOLDEN = Path(__file__).parent / "golden" / "answers"

Arguments = Mapping[str, Any]
Answer = dict[str, Any]

_QUIET = 0.25
"""Seconds: several steps of the operator and looks of the engine, as the tests have them."""
_RULE = "-" * 100
_TIME = re.compile(r"\b20[2-8]\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?")
_UID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_PORT = re.compile(r"\b(127\.0\.0\.1|localhost):\d+")
_HEX = re.compile(r"\b[0-9a-f]{7,40}\b")
_AGE = re.compile(
    r"((?:\bage|created|since): '?|\bcreated |<time> \(|=no archive \(|\(\w+, )(?:in )?\d+[smhd]\b|\b\d+ seconds(?= old)"
)
_EVENT = re.compile(r"^- last \S+ \(\w+\), ")
_HASH = re.compile(r"\bhash=[0-9A-F]{32}\b")
_DIFFERS = ((_UID, "<uid>"), (_TIME, "<time>"), (_AGE, r"\1<age>"), (_PORT, r"\1:<port>"), (_HASH, "hash=<hash>"))


@dataclass
class Recording:
    """One server that is asked, with all that came of it so far."""

    portal: BlockingPortal
    client: Client
    world: World
    place: Path
    """Everything of this recording lies below it."""
    repositories: tuple[Path, ...]
    """Those that hold commits; the changes are in the first."""
    names: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    """What else differs from run to run, and what stands in its place."""
    _parts: list[str] = field(default_factory=list)
    _requests: int = 0

    def heading(self, title: str) -> None:
        """Something that is no call happens here."""
        self._parts.append(f"{'=' * 100}\n{title}\n")

    def ask(self, tool: str, **arguments: Any) -> Answer | None:
        """Calls the tool and writes down what came of it: the structured answer, None where it is an error."""
        self._skip_requests()
        result = self._call(tool, arguments)
        asked = json.dumps(arguments, ensure_ascii=False)
        self._parts.append(f"{'=' * 100}\n{tool} {asked}\n")
        text = _text(result)
        structure: Answer | None = result.structured_content
        if structure is not None:
            text, structure = _in_order(text, structure)
        self._section("error" if result.is_error else "text", text)
        if structure is not None:
            self._section("structure", _yaml(_shortened(structure, text)))
        self._section("requests", "\n".join(self._asked()))
        if structure and structure.get("commit"):
            self._section("commit", self._commit(structure["commit"]))
        return structure

    def look(self, tool: str, **arguments: Any) -> Answer:
        """The structured answer, of which nothing is written down: for waiting."""
        result = self._call(tool, arguments)
        assert result.structured_content is not None, _text(result)
        return dict(result.structured_content)

    def text(self) -> str:
        """The whole recording, with the same bytes each time."""
        self.heading("the branches in the end")
        branches = git(self.repositories[0], "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads")
        self._parts.append(f"{branches}\n")
        text = "".join(self._parts).replace("\r", "␍")  # which neither git nor an editor would leave as it is
        text = _with_commits_named(text, self._commits())
        text = text.replace(str(self.place.resolve()), "<place>").replace(str(self.place), "<place>")
        for pattern, name in [*_DIFFERS, *self.names]:
            text = pattern.sub(name, text)
        return text

    def _call(self, tool: str, arguments: Arguments) -> CallToolResult:
        async def call() -> CallToolResult:
            with anyio.fail_after(DEADLINE):
                return await self.client.call_tool(tool, dict(arguments))

        return self.portal.call(call)

    def _section(self, title: str, text: str) -> None:
        if text:
            self._parts.append(f"{_RULE[: -len(title) - 1]} {title}\n{text.rstrip()}\n")

    def _skip_requests(self) -> None:
        self._requests = self.world.requests.stat().st_size

    def _asked(self) -> list[str]:
        """In the order of the alphabet: some are sent side by side."""
        with self.world.requests.open("rb") as log:
            log.seek(self._requests)
            return sorted(_request(json.loads(line)) for line in log)

    def _commit(self, commit: str) -> str:
        """Its message and its files; the diff is in the answer."""
        form = "--format=%an <%ae>, parents: %P%n%n%B"
        return git(self.repositories[0], "show", "--name-status", "--no-renames", form, commit)

    def _commits(self) -> list[str]:
        """Every commit that there is, or was on a branch that is gone."""
        found: list[str] = []
        for repository in self.repositories:
            listed = git(repository, "cat-file", "--batch-all-objects", "--batch-check", "--unordered")
            found += [line.split(" ")[0] for line in listed.splitlines() if " commit " in line]
        return found


@contextmanager
def recording(
    world: World,
    place: Path,
    flags: Flags,
    *repositories: Path,
    names: Iterable[tuple[str, str]] = (),
    person: ElicitationFnT | None = None,
) -> Iterator[Recording]:
    """A server in this process that is asked until the block ends; KUBECONFIG says already where its API is."""
    fault: BaseException | None = None
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_client(flags, person)) as client:
        try:
            patterns = [(re.compile(pattern), name) for pattern, name in names]
            yield Recording(portal, client, world, place, repositories, patterns)
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - raised below: task groups would wrap it
            fault = error
    if fault:
        raise fault


def compared(found: str, name: str) -> None:
    """Fails with the difference to the golden file. To accept it: GITOPS_MCP_TEST_GOLDEN=write, then read the diff."""
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    said = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if found != said:
        lines = difflib.unified_diff(said.splitlines(), found.splitlines(), str(golden.name), "now", lineterm="", n=4)
        pytest.fail("\n".join(["a caller sees something else than before:", *lines]), pytrace=False)


def api(world: World, method: str, path: str, body: Arguments | None = None) -> Answer:
    """What somebody else than the server asks the API; a PATCH is a merge patch."""
    media_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
    address = urlsplit(world.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=DEADLINE)
    try:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": media_type})
        response = connection.getresponse()
        answer: Answer = json.loads(response.read())
        assert response.status < 300, answer
        return answer
    finally:
        connection.close()


def at_rest(world: World, commit: str) -> None:
    """Waits until the engine has applied this commit of the base, the operator all of it, and nothing moves any more."""
    end = time.monotonic() + DEADLINE
    version = world.store.version
    while True:
        now = world.store.changed(version, _QUIET)
        if now == version and not _moving(world, commit):
            return
        assert time.monotonic() < end, _moving(world, commit)
        version = now


def _moving(world: World, commit: str) -> list[str]:
    """What is not yet as it will be."""
    status = api(world, "GET", "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/gitops").get("status", {})
    operation = status.get("operationState", {})
    synced, seen = (operation.get("syncResult", {}).get("revision"), status.get("sync", {}))
    # A commit that changes nothing which is applied starts no operation.
    is_there = commit == synced or (seen.get("revision"), seen.get("status")) == (commit, "Synced")
    found = [] if is_there and operation.get("phase") == "Succeeded" else [f"the engine: {operation}, {seen}"]
    if (healthy := status.get("health", {}).get("status")) != "Healthy":
        found.append(f"the engine sees: {healthy}")
    for plural in ("clusters", "databases", "databaseroles"):
        for one in api(world, "GET", f"/apis/postgresql.cnpg.io/v1/{plural}")["items"]:
            status = one.get("status", {})
            if plural == "clusters":
                done = status.get("phase") == "Cluster in healthy state"
                done = done and status.get("readyInstances") == one["spec"]["instances"]
            else:
                done = status.get("observedGeneration") == one["metadata"]["generation"]
            if not done or "deletionTimestamp" in one["metadata"]:
                found.append(f"{plural} {one['metadata']['name']}: {status}")
    return found


@asynccontextmanager
async def _client(flags: Flags, person: ElicitationFnT | None) -> AsyncIterator[Client]:
    async with Client(build_server(App.open(flags)), elicitation_callback=person) as client:
        yield client


def _text(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def _in_order(text: str, structure: Answer) -> tuple[str, Answer]:
    """With changes and events in the order of the alphabet.

    Theirs is that of seconds, many in the same.
    """
    lines = text.split("\n")  # a carriage return ends no line here
    if "base_commit" in structure and all("change" in one for one in structure.get("items", ({},))):
        structure = {**structure, "items": sorted(structure["items"], key=lambda one: str(one["change"]))}
        lines = _sorted(lines, [number for number, line in enumerate(lines) if line.startswith("| ")][1:])
    if events := structure.get("events"):
        structure = {**structure, "events": sorted(events, key=lambda one: str(one["message"]))}
        lines = _sorted(lines, [number for number, line in enumerate(lines) if _EVENT.match(line)])
    return "\n".join(lines), structure


def _sorted(lines: list[str], numbers: list[int]) -> list[str]:
    """The lines with those of these numbers sorted, whenever they have happened."""
    ordered = sorted((lines[number] for number in numbers), key=lambda line: _EVENT.sub("", line))
    changed = dict(zip(numbers, ordered, strict=True))
    return [changed.get(number, line) for number, line in enumerate(lines)]


def _request(one: Mapping[str, Any]) -> str:
    query = "&".join(f"{key}={value}" for key, value in sorted(one["query"].items()))
    return f"{one['method']} {one['path']}{'?' if query else ''}{query} {one['status']}"


def _shortened(structure: Mapping[str, Any], text: str) -> Answer:
    """Without a diff that the text shows as well, line for line."""
    diff = structure.get("diff")
    return {**structure, "diff": "(as in the text)"} if diff and diff.strip() in text else dict(structure)


class _Dumper(yaml.SafeDumper):
    """Text of several lines as a block."""


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _string)


def _yaml(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def _with_commits_named(text: str, commits: Iterable[str]) -> str:
    """Each commit as the number of its first appearance, also where only the beginning of its id stands."""
    by_beginning = {commit[:7]: commit for commit in commits}
    numbers: dict[str, int] = {}

    def named(found: re.Match[str]) -> str:
        commit = by_beginning.get(found[0][:7])
        if commit is None or not commit.startswith(found[0]):
            return found[0]
        number = numbers.setdefault(commit, len(numbers) + 1)
        return f"<commit {number}>" if len(found[0]) == 40 else f"<commit {number}, short>"

    return _HEX.sub(named, text)
