"""A team's repository as a test needs it, and an assistant that works in it through a server of its own.

The fixtures here may outlive one test, so nothing depends on the environment of the test process: git and the servers
get a home of the team's own.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import ApiError
from gitops_mcp.sandbox.cnpg.postgres import Postgres
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.calls import Subject
from tests.conftest import IDENTITY
from tests.e2e import preloaded

ROOT = Path(__file__).parents[2]
DEADLINE = 60
T = TypeVar("T")

Files = Mapping[str, str | bytes | None]
"""Contents by path; None: the file goes."""


@dataclass(frozen=True)
class Team:
    """A bare remote, the clone of an author who commits to `main`, and the checkout that the server is started for."""

    folder: Path

    @property
    def remote(self) -> Path:
        return self.folder / "remote.git"

    @property
    def author(self) -> Path:
        return self.folder / "author"

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def log(self) -> Path:
        """What servers have written to standard error."""
        return self.folder / "stderr"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "GIT_CONFIG_GLOBAL": str(self.folder / "home/gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_OPTIONAL_LOCKS": "0",
        }

    @classmethod
    def of(cls, folder: Path, files: Files) -> Team:
        """A new one, with these files as its first commit."""
        return cls._made(folder, files, None)

    @classmethod
    def on(cls, folder: Path, remote: Path) -> Team:
        """Around a remote that exists."""
        return cls._made(folder, None, remote)

    @classmethod
    def _made(cls, folder: Path, files: Files | None, remote: Path | None) -> Team:
        made = cls(folder)
        (folder / "home").mkdir(parents=True)
        (folder / "home/gitconfig").write_text(IDENTITY)
        if remote is None:
            made.git(folder, "init", "--quiet", "--bare", str(made.remote))
        else:
            made.remote.symlink_to(remote)
        made.git(folder, "clone", "--quiet", str(made.remote), str(made.author))
        if files is not None:
            made.commit(files, message="Start")
        made.git(folder, "clone", "--quiet", str(made.remote), str(made.checkout))
        return made

    def git(self, where: Path, *arguments: str, check: bool = True) -> str:
        """What git printed, without its last newline."""
        return self._run(where, *arguments, check=check).decode().removesuffix("\n")

    def commit(self, files: Files, *, message: str = "A change of the author's", branch: str = "main") -> str:
        """What another person pushes; the commit's id. Without files it is an empty one."""
        if self.branches():
            self.git(self.author, "fetch", "--quiet", "--prune", "origin")
            start = f"origin/{branch}" if branch in self.branches() else "origin/main"
            self.git(self.author, "checkout", "--quiet", "--force", "-B", branch, start)
        for path, content in files.items():
            place = self.author / path
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git(self.author, "add", "--all")
        self.git(self.author, "commit", "--quiet", "--allow-empty", "--message", message)
        self.git(self.author, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return self.git(self.author, "rev-parse", "HEAD")

    def merge(self, branch: str, *, squash: bool = False) -> str:
        """What the reviewer does; the commit's id."""
        self.git(self.author, "fetch", "--quiet", "--prune", "origin")
        self.git(self.author, "checkout", "--quiet", "--force", "-B", "main", "origin/main")
        if squash:
            self.git(self.author, "merge", "--quiet", "--squash", f"origin/{branch}")
            self.git(self.author, "commit", "--quiet", "--message", f"Merged {branch}")
        else:
            self.git(self.author, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
        self.git(self.author, "push", "--quiet", "origin", "main")
        return self.git(self.author, "rev-parse", "HEAD")

    def branches(self) -> dict[str, str]:
        """Every ref of the remote below refs/heads, with its commit."""
        lines = self.git(self.remote, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)").splitlines()
        return dict(line.split(" ") for line in lines)

    def file(self, commit: str, path: str) -> bytes | None:
        """A file's bytes as they are stored on the remote."""
        if not self.git(self.remote, "ls-tree", "--name-only", commit, "--", path):
            return None
        return self._run(self.remote, "cat-file", "blob", f"{commit}:{path}")

    def changed(self, old: str, new: str) -> list[str]:
        """`added removed path` for every file that two commits of the remote do not share."""
        lines = self.git(self.remote, "diff", "--numstat", "--no-renames", old, new).splitlines()
        return [line.replace("\t", " ") for line in lines]

    def commits(self, old: str, new: str) -> list[str]:
        return self.git(self.remote, "rev-list", f"{old}..{new}").splitlines()

    def objects(self, repository: Path) -> bytes:
        """Every object that a repository holds, commits, trees and files, whether or not a branch has it."""
        return self._run(repository, "cat-file", "--batch-all-objects", "--batch", "--unordered")

    def _run(self, where: Path, *arguments: str, check: bool = True) -> bytes:
        ran = subprocess.run(
            ["git", *arguments],
            cwd=where,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert not check or ran.returncode == 0, f"git {' '.join(arguments)}: {ran.stderr.decode()}"
        return ran.stdout


Look = dict[str, tuple[bytes, int, int]]
"""Bytes, time and inode of files by path."""

_NOT_THE_USERS = (
    ".git/objects/",
    ".git/refs/remotes/",
    ".git/logs/refs/remotes/",
    ".git/packed-refs",
    ".git/gitops-mcp/",
    ".git/gitops-mcp-seen.json",
)


def look(checkout: Path) -> Look:
    """All that is the user's: the working files, and of `.git` all but objects, the remote's refs, our lock and what we have seen."""
    found = {}
    for path in checkout.rglob("*"):
        name = path.relative_to(checkout).as_posix()
        if path.is_file() and not name.startswith(_NOT_THE_USERS):
            about = path.lstat()
            found[name] = path.read_bytes(), about.st_mtime_ns, about.st_ino
    return found


@dataclass(frozen=True)
class Assistant:
    """The client of one server, for tests that are plain functions."""

    portal: BlockingPortal
    client: Client

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        result: CallToolResult = self.portal.call(self._call, tool, arguments)
        return result

    def answer(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of an answer that is no error."""
        result = self.call(tool, **arguments)
        assert not result.is_error, text(result)
        structure: dict[str, Any] | None = result.structured_content
        assert structure is not None
        return structure

    def refusal(self, tool: str, **arguments: Any) -> str:
        """The text of an answer that is an error."""
        result = self.call(tool, **arguments)
        assert result.is_error, text(result)
        assert result.structured_content is None
        return text(result)

    async def _call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        with anyio.fail_after(DEADLINE):
            return await self.client.call_tool(tool, arguments)


def text(result: CallToolResult) -> str:
    """The one text block of an answer."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


@contextmanager
def assistant(
    team: Team,
    *flags: str,
    kubeconfig: Path | None = None,
    repo: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Assistant]:
    """A server on the team's checkout until the block ends; started in `cwd` instead it finds its repository itself."""
    given = () if cwd else ("--repo", str(repo or team.checkout))
    program, *arguments = preloaded.command(*given, *flags)
    parameters = StdioServerParameters(
        command=program,
        args=arguments,
        env={**team.environment, "KUBECONFIG": str(kubeconfig or team.folder / "no-kubeconfig"), **(env or {})},
        cwd=cwd or team.folder,
    )
    fault: Exception | None = None
    with (
        team.log.open("a") as errors,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_client(parameters, errors)) as client,
    ):
        try:
            yield Assistant(portal, client)
        except Exception as error:  # noqa: BLE001 - raised below: the client's task groups would wrap it
            fault = error
    if fault:
        raise fault


@asynccontextmanager
async def _client(parameters: StdioServerParameters, errors: Any) -> AsyncIterator[Client]:
    async with Client(stdio_client(parameters, errlog=errors)) as client:
        yield client


def until(world: World, holds: Callable[[], T | None]) -> T:
    """What `holds` gives once it is true; looked at again whenever something in the cluster has changed."""
    end = time.monotonic() + DEADLINE
    version = 0
    while not (found := holds()):
        assert time.monotonic() < end, "it never came about"
        version = world.store.changed(version, 0.2)
    return found


CLERK = """
  managed:
    roles:
      - name: clerk # writes invoices
        ensure: present
        login: true
        disablePassword: true
        connectionLimit: 5
        inherit: true
"""
"""At the end of a Cluster's manifest: a role of its own."""


def orders(team: Team, answer: Callable[..., dict[str, Any]]) -> Subject:
    """What the calls of every tool are about in a sandbox: its orders-db, with a role, and a change that is open."""
    path = "clusters/prod/shop/orders-db/cluster.yaml"
    text = team.file("main", path)
    assert text is not None
    team.commit({path: text + CLERK.encode()}, message="Declare a role in the Cluster")
    change = answer("scale_postgres_cluster", name="orders-db", instances=5)["change"]
    return Subject(
        "orders-db",
        namespace="shop",
        owner="orders_app",
        role="clerk",
        database="reporting",
        secret="orders-db-app",
        change=change,
    )


@dataclass(frozen=True)
class Shop:
    """The sandbox with the clusters of `repo_template`, its assistant, and the reviewer who merges what it proposes."""

    world: World
    team: Team
    ask: Assistant

    def proposed(self, tool: str, **arguments: Any) -> dict[str, Any]:
        done = self.ask.answer(tool, **arguments)
        assert done["outcome"] == "committed", done
        return done

    def applied(self, tool: str, *, state: str = "healthy", **arguments: Any) -> dict[str, Any]:
        """What was proposed, once it is merged and as far as that."""
        done = self.proposed(tool, **arguments)
        self.merged(done, state=state)
        return done

    def merged(self, done: Mapping[str, Any], *, state: str = "healthy") -> dict[str, Any]:
        """The change of an answer as get_change shows it once it is merged and in that state."""
        self.team.merge(done["branch"])

        def arrived() -> dict[str, Any] | None:
            seen = self.ask.answer("get_change", change=done["change"])
            return seen if seen["state"] == state else None

        return until(self.world, arrived)

    def roles(self, cluster: str = "orders-db") -> dict[str, dict[str, Any]]:
        """The rows of list_postgres_roles by the name in PostgreSQL."""
        rows = self.ask.answer("list_postgres_roles", cluster_name=cluster)["items"]
        return {row["name"]: row for row in rows}

    def databases(self, cluster: str = "orders-db") -> dict[str, dict[str, Any]]:
        rows = self.ask.answer("list_postgres_databases", cluster_name=cluster)["items"]
        return {row["name"]: row for row in rows}

    def live(self, resource: Resource, name: str, *, namespace: str = "shop") -> Object | None:
        try:
            return self.world.store.get(resource, namespace, name)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def password(self, secret: str, *, role: str, namespace: str = "shop") -> str:
        """The password of a live Secret that the operator can use for a role."""
        found = until(self.world, lambda: self.live(kinds.SECRET, secret, namespace=namespace))
        assert found["type"] == "kubernetes.io/basic-auth"
        assert found["metadata"]["labels"]["cnpg.io/reload"] == "true"
        data = {key: base64.b64decode(value).decode() for key, value in found["data"].items()}
        assert data.keys() == {"username", "password"}
        assert data["username"] == role
        assert re.fullmatch(r"[A-Za-z0-9]{32,}", data["password"]), "not 32 letters and digits or more"
        return data["password"]

    def postgres(self, cluster: str = "orders-db", *, namespace: str = "shop") -> Postgres:
        found = self.world.inside(namespace, cluster)
        assert found is not None
        return found

    def refused(self, tool: str, **arguments: Any) -> str:
        """The text of an error after which everything is as it was: branches, Secrets, and what the API was asked."""
        before = self._state()
        told = self.ask.refusal(tool, **arguments)
        assert self._state() == before
        return told

    def _state(self) -> tuple[dict[str, str], set[str], int]:
        secrets = {one["metadata"]["uid"] for one in self.world.store.list(kinds.SECRET)}
        return self.team.branches(), secrets, len(self.written())

    def written(self) -> list[tuple[str, str]]:
        """What clients wrote to the API so far, where it let them: method and resource."""
        return [
            (one["method"], one["resource"])
            for one in self.world.asked()
            if one["method"] not in {"GET", "HEAD"}
            and one["status"] < 300
            and one["resource"] != "selfsubjectaccessreviews"
        ]


def ids(answer: Mapping[str, Any]) -> set[str]:
    """Of its warnings."""
    return {one["id"] for one in answer["warnings"]}


def configuration(passwords: str = "", *, protected: bool = False) -> str:
    """`.gitops-mcp.yaml` for the clusters of `repo_template`; `passwords` is the text of that key."""
    more = f"passwords: {passwords}\n" if passwords else ""
    return f"environments: {{prod: {{path: clusters/prod, protected: {str(protected).lower()}}}}}\n{more}"


@contextmanager
def world_of(place: Path, *, age_key: Path | None = None) -> Iterator[World]:
    """A sandbox that is as quick as it can be."""
    crds = os.environ.get("GITOPS_MCP_TEST_CRDS")
    with start_sandbox(place, crds=Path(crds) if crds else None, step=0.02, poll=0.02, age_key=age_key) as world:
        yield world


@contextmanager
def shop(
    place: Path, files: Files, *flags: str, age_key: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Shop]:
    """`files` are committed to the base before the server is started."""
    with world_of(place / "world", age_key=age_key) as world:
        team = Team.on(place / "team", world.remote)
        if files:
            team.commit(files)
        with assistant(team, *flags, kubeconfig=world.kubeconfig, env=env) as ask:
            yield Shop(world, team, ask)
