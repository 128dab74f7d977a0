"""An environment with direct delivery as a test needs it: an API, a repository, a server, and a person who is asked.

`Wires` stands between the server and the API, to cut a connection at the write where a test wants it cut.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import anyio
import yaml
from anyio.from_thread import start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client import ClientRequestContext
from mcp.client.stdio import stdio_client
from mcp.types import ElicitRequestParams, ElicitResult

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import ApiError, kubeconfig_text
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.e2e import preloaded
from tests.e2e.team import DEADLINE, ROOT, Assistant, Files, Team

Mode = Literal["auto", "legacy"]
Reply = Callable[[str], ElicitResult]
"""What the person answers to a question."""

CONFIGURATION = "environments: {dev: {path: clusters/dev, delivery: direct}}\n"


def says(*, agree: bool) -> ElicitResult:
    return ElicitResult(action="accept", content={"agree": agree})


YES, NO = says(agree=True), says(agree=False)


@dataclass
class Person:
    """Who sits at the client: keeps what was asked, and answers as the test wants."""

    reply: Reply = field(default=lambda _: YES)
    asked: list[str] = field(default_factory=list)

    async def answer(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - the client's Protocol
        params: ElicitRequestParams,
    ) -> ElicitResult:
        self.asked.append(params.message)
        return await anyio.to_thread.run_sync(self.reply, params.message)


@contextmanager
def client(
    team: Team,
    *flags: str,
    config: Path,
    person: Person | None = None,
    mode: Mode = "auto",
    env: Mapping[str, str] | None = None,
) -> Iterator[Assistant]:
    """A server on the team's checkout until the block ends; without a person nobody can be asked."""
    program, *arguments = preloaded.command("--repo", str(team.checkout), *flags)
    parameters = StdioServerParameters(
        command=program,
        args=arguments,
        env={**team.environment, "KUBECONFIG": str(config), **(env or {})},
        cwd=team.folder,
    )
    fault: Exception | None = None
    with (
        team.log.open("a") as errors,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_client(parameters, errors, person, mode)) as made,
    ):
        try:
            yield Assistant(portal, made)
        except Exception as error:  # noqa: BLE001 - raised below: the client's task groups would wrap it
            fault = error
    if fault:
        raise fault


@asynccontextmanager
async def _client(
    parameters: StdioServerParameters, errors: Any, person: Person | None, mode: Mode
) -> AsyncIterator[Client]:
    transport = stdio_client(parameters, errlog=errors)
    async with Client(transport, mode=mode, elicitation_callback=person.answer if person else None) as made:
        yield made


@dataclass(frozen=True)
class Dev:
    world: World
    team: Team
    ask: Assistant
    person: Person
    wires: Wires
    """Between the server and the API."""

    def applied(self, tool: str, **arguments: Any) -> dict[str, Any]:
        done = self.ask.answer(tool, **arguments)
        assert done["outcome"] == "applied", done
        assert done["delivery"] == "direct"
        return done

    def live(self, resource: Resource, name: str, *, namespace: str = "dev") -> Object | None:
        try:
            return self.world.store.get(resource, namespace, name)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def cluster(self, name: str = "db") -> Object:
        found = self.live(kinds.CLUSTER, name)
        assert found is not None
        return found

    def put(self, resource: Resource, name: str, /, *, manager: str = "", **spec: Any) -> Object:
        """An object that somebody else made, by another tool than this server."""
        manifest = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": name, "namespace": "dev"},
            "spec": spec,
        }
        if not manager:
            return self.world.store.create(resource, manifest)
        query = f"fieldManager={manager}"
        return sent(self.world.url, "POST", f"{path(resource)}?{query}", manifest)

    def set(self, resource: Resource, name: str, change: Object, *, manager: str = "kubectl-edit") -> Object:
        """What somebody else changes of an object."""
        query = f"fieldManager={manager}"
        return sent(self.world.url, "PATCH", f"{path(resource)}/{name}?{query}", change, "application/merge-patch+json")

    def writes(self) -> list[Object]:
        """What clients were answered to writes with effect so far; reviews of one's own rights are none."""
        return [one for one in self.world.asked() if _writes(one["method"], one["path"], one["query"])]

    def tried(self) -> list[tuple[str, str]]:
        """Verb and name of every write that was a dry run so far."""
        return [(one["verb"], one["name"]) for one in self.world.asked() if one["query"].get("dryRun") == "All"]

    def refused(self, tool: str, **arguments: Any) -> str:
        """The text of an error after which nothing has been written, and the remote is as it was."""
        before = len(self.writes()), self.team.branches()
        told = self.ask.refusal(tool, **arguments)
        assert (len(self.writes()), self.team.branches()) == before, told
        return told


def path(resource: Resource, namespace: str = "dev") -> str:
    return f"/apis/{resource.api_version}/namespaces/{namespace}/{resource.plural}"


def sent(url: str, method: str, where: str, body: Object, media_type: str = "application/json") -> Object:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        connection.request(method, where, json.dumps(body), {"Content-Type": media_type})
        response = connection.getresponse()
        answer: Object = json.loads(response.read())
        assert response.status < 300, answer
        return answer
    finally:
        connection.close()


def _writes(method: str, where: str, query: Mapping[str, str]) -> bool:
    return method not in {"GET", "HEAD"} and "selfsubject" not in where and query.get("dryRun") != "All"


def crds() -> Path | None:
    """The folder of full CRDs, where the tests have one."""
    found = os.environ.get("GITOPS_MCP_TEST_CRDS")
    return Path(found) if found else None


@contextmanager
def dev(
    place: Path,
    *flags: str,
    files: Files | None = None,
    person: Person | None = None,
    rules: Iterable[Object] | None = None,
    whole: bool = False,
    mode: Mode = "auto",
) -> Iterator[Dev]:
    """A namespace `dev` and a server for it. `whole`: with operator and engine, else the API is alone.

    `files` stand at the base beside the configuration; one of the same name takes its place.
    """
    with (
        ExitStack() as stack,
        start_sandbox(place / "world", api_only=not whole, crds=crds(), rules=rules, step=0.02, poll=0.02) as world,
    ):
        world.store.create(NAMESPACE, {"metadata": {"name": "dev"}})
        wires = stack.enter_context(Wires(world.url).running())
        config = place / "kubeconfig"
        config.write_text(kubeconfig_text(wires.url, None, namespace="dev"))
        given = {".gitops-mcp.yaml": CONFIGURATION, **(files or {})}
        if whole:
            team = Team.on(place / "team", world.remote)
            team.commit(given)
        else:
            team = Team.of(place / "team", given)
        person = person or Person()
        with client(team, *flags, config=config, person=person, mode=mode) as ask:
            yield Dev(world, team, ask, person, wires)


def rbac(*names: str) -> list[Object]:
    """The roles of the files in `rbac/`."""
    return [role for name in names for role in yaml.safe_load_all((ROOT / "rbac" / f"{name}.yaml").read_text())]


Cut = Literal["before", "after"]
"""The connection goes before the API has the request, or when it has done it and has not answered yet."""


class Wires:
    """Hands requests on to an API, until the write that is to be disturbed; dry runs are no writes."""

    def __init__(self, url: str) -> None:
        self._api = urlsplit(url)
        self._lock = threading.Lock()
        self._number = 0
        self._at = 0
        self._how: Cut | Callable[[], object] | Object = "before"
        self.url = ""
        self.warnings: tuple[str, ...] = ()
        """Headers that come with the answer to every write, dry runs too."""

    def cut(self, number: int, how: Cut) -> None:
        """The `number`th write from now on is lost."""
        self._number, self._at, self._how = 0, number, how

    def meanwhile(self, number: int, do: Callable[[], object]) -> None:
        """Something happens in the cluster just before the `number`th write from now on arrives there."""
        self._number, self._at, self._how = 0, number, do

    def during_dry_run(self, do: Callable[[], object]) -> None:
        """Something happens just before the next dry run arrives."""
        self._number, self._at, self._how = 0, -1, do

    def refuse(self, number: int, status: Object) -> None:
        """The `number`th write from now on is answered with this Status and never arrives."""
        self._number, self._at, self._how = 0, number, status

    def _disturbs(self, method: str, where: str) -> bool:
        if "dryRun=All" in where and self._at == -1:
            self._at = 0
            return True
        if not _writes(method, where, {"dryRun": "All"} if "dryRun=All" in where else {}):
            return False
        with self._lock:
            self._number += 1
            return self._number == self._at

    def _answer(self, method: str, where: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._api.hostname or "", self._api.port, timeout=DEADLINE)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in {"host", "accept-encoding"}}
            connection.request(method, where, body or None, kept)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    @contextmanager
    def running(self) -> Iterator[Self]:
        wires = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: the second would wait 40 ms for the client's acknowledgement

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                disturbs = wires._disturbs(self.command, self.path)
                if disturbs and wires._how == "before":
                    self._hang_up()
                    return
                if disturbs and isinstance(wires._how, dict):
                    self._send(wires._how["code"], json.dumps(wires._how).encode())
                    return
                if disturbs and callable(wires._how):
                    wires._how()
                status, answer = wires._answer(self.command, self.path, dict(self.headers), body)
                if disturbs and wires._how == "after":
                    self._hang_up()
                    return
                self._send(status, answer)

            def _send(self, status: int, answer: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                for text in wires.warnings if self.command != "GET" else ():
                    self.send_header("Warning", text)
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server finds them by these names

            def _hang_up(self) -> None:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_: object) -> None:
                """Nothing: stderr is the test's."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
