"""A whole world to try the server in: API, operator, controllers of Secrets, remote, checkout and engine.

All of it is on 127.0.0.1. The operator, the controllers and the engine work on the Store itself, so that
requests.jsonl is what clients asked, and nothing else.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import GitOpsError, InvalidRequest, Unavailable
from gitops_mcp.sandbox.api import SandboxApi, Store, kubeconfig_text
from gitops_mcp.sandbox.cnpg import RELEASE
from gitops_mcp.sandbox.cnpg.exporter import Exporter
from gitops_mcp.sandbox.cnpg.postgres import Postgres
from gitops_mcp.sandbox.controller import Controller
from gitops_mcp.sandbox.engines.argocd import POLL, ArgoCd
from gitops_mcp.sandbox.engines.flux import Flux
from gitops_mcp.sandbox.engines.layout import ARGOCD, FLUX, EngineName, lay_out_apps
from gitops_mcp.sandbox.engines.promoter import Promoter
from gitops_mcp.sandbox.external_secrets import ExternalSecretsOperator
from gitops_mcp.sandbox.forge_remote import ForgeRemote, serve_remote
from gitops_mcp.sandbox.forges.values import ForgeName
from gitops_mcp.sandbox.operator import STEP, Operator, operator_pod
from gitops_mcp.sandbox.remote import SandboxRemote
from gitops_mcp.sandbox.sealed_secrets import NAMESPACE as SEALED_NAMESPACE
from gitops_mcp.sandbox.sealed_secrets import SERVICE, SealedSecretsController

_READY_SECONDS = 30


@dataclass(frozen=True)
class World:
    directory: Path
    store: Store
    api: SandboxApi
    url: str
    operator: Operator | None = None
    """None where the API is alone."""
    engine: Controller | None = None
    """None where the API is alone."""
    forge: ForgeRemote | None = None
    """None where the remote is a folder."""

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def requests(self) -> Path:
        return self.directory / "requests.jsonl"

    @property
    def remote(self) -> Path:
        return self.directory / "remote.git"

    @property
    def checkout(self) -> Path:
        return self.directory / "checkout"

    @property
    def mcp(self) -> Path:
        return self.directory / "mcp.json"

    def inside(self, namespace: str, name: str) -> Postgres | None:
        """What there is in a Cluster's PostgreSQL; None before its primary is up, or where the API is alone."""
        return self.operator.postgres(namespace, name) if self.operator else None

    def asked(self) -> list[Object]:
        """What clients have asked the API so far."""
        return [json.loads(line) for line in self.requests.read_text().splitlines()]


@contextmanager
def start_sandbox(
    directory: Path,
    *,
    api_only: bool = False,
    crds: Path | None = None,
    rules: Iterable[Object] | None = None,
    step: float = STEP,
    poll: float = POLL,
    age_key: Path | None = None,
    engine: EngineName = "argocd",
    forge: ForgeName | None = None,
    api_token: bool = True,
) -> Iterator[World]:
    """The world, once what Git declares has been applied; the files stay when it ends.

    `crds` is a folder of CRDs to serve in the place of the packaged ones and of small schemas, `rules` are the RBAC
    manifests that say what clients may do; None: everything. `age_key` is the file of the age key that the engine
    decrypts files of sops with; without one it cannot. `engine` is one Application for all, an Application for each
    app below a root, Flux as it is after a bootstrap, or one Application whose source is hydrated, with a promoter.
    With a `forge` the remote is on one, where the server has a token for its API unless told otherwise.
    """
    root = directory.resolve()
    if api_only and (forge or engine != "argocd"):
        raise InvalidRequest(
            "--api-only: the API alone has no engine, and no remote to be on a forge: "
            "leave out --engine and --forge, or --api-only"
        )
    if engine == "hydrator" and not forge:
        raise InvalidRequest("--engine hydrator: what is hydrated is promoted by pull requests: name a --forge")
    _take_folder(root)
    with ExitStack() as stack:
        store = Store(crds=crds, operator=None if api_only else RELEASE)
        sealed, operator = SealedSecretsController(store), Operator(store, step=step)
        backends = {} if api_only else {(SEALED_NAMESPACE, SERVICE): sealed.answer}
        api = SandboxApi(
            store,
            token=None,
            requests_log=root / "requests.jsonl",
            rules=rules,
            backends=backends,
            pods=Exporter(store, operator.postgres).pages,
        )
        world = World(root, store, api, api.start(), None if api_only else operator)
        stack.callback(api.stop)
        world.kubeconfig.write_text(kubeconfig_text(world.url, None))
        world.kubeconfig.chmod(0o600)
        if not api_only:
            store.create(kinds.STORAGE_CLASS, {"metadata": {"name": "standard"}, "allowVolumeExpansion": True})
            store.create(kinds.NAMESPACE, {"metadata": {"name": operator_pod()["metadata"]["namespace"]}})
            store.create(kinds.POD, operator_pod())
            remote = SandboxRemote.create(world.remote)
            if forge:
                served = stack.enter_context(serve_remote(remote, forge, api_token=api_token))
                world, remote = replace(world, forge=served), served.remote
                served.write_tokens(root)
            lay_out_apps(remote, engine)
            remote.checkout(world.checkout)
            if world.forge:
                world.forge.connect(world.checkout)
            world.mcp.write_text(_client_configuration(world))
            controllers: list[Controller] = [operator, sealed, ExternalSecretsOperator(store)]
            if engine == "flux":
                applying: Controller = Flux(store, remote, poll=poll, age_key=age_key)
            else:
                hydrates, heals = engine == "hydrator", engine != "argocd"
                applying = ArgoCd(store, remote, poll=poll, age_key=age_key, self_heal=heals, hydrates=hydrates)
            controllers.append(applying)
            world = replace(world, engine=applying)
            if engine == "hydrator" and world.forge:
                controllers.append(Promoter(store, remote, world.forge.server.forge, poll=poll))
            for controller in controllers:
                controller.start()
                stack.callback(controller.stop)
            _wait_for_the_first_sync(store)
        yield world


def serve_sandbox(
    directory: Path, *, api_only: bool, engine: EngineName = "argocd", forge: ForgeName | None = None
) -> int:
    """Run until the end of input, SIGTERM or SIGINT; the exit code."""
    crds = os.environ.get("GITOPS_MCP_TEST_CRDS")
    end = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        end.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        folder = Path(crds) if crds else None
        with start_sandbox(directory, api_only=api_only, crds=folder, engine=engine, forge=forge) as world:
            threading.Thread(target=_read_to_the_end, args=(end,), name="stdin", daemon=True).start()
            others = f", its operator, Git remote and {'Flux' if engine == 'flux' else 'Argo CD'}"
            _say(f"a stand-in for a Kubernetes cluster{'' if api_only else others}.")
            _say(f"It answers at {world.url} to this machine only, and runs no PostgreSQL. Files: {world.directory}")
            if world.forge:
                _say(f"A stand-in for {forge} is at {world.forge.server.url}; tokens to merge with: forge.json")
            _say("It stops at the end of input or with Ctrl-C.")
            ready = str(world.kubeconfig) if api_only else world.mcp.read_text()
            sys.stdout.write(f"{ready.rstrip()}\n")
            sys.stdout.flush()
            end.wait()
    except GitOpsError as error:
        _say(f"{error.title}: {error}")
        return 2 if isinstance(error, InvalidRequest) else 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _take_folder(directory: Path) -> None:
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InvalidRequest(f"--dir: {directory} exists and is not an empty folder: name a new one")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(f"--dir: {directory} cannot be made: {error.strerror}") from error


def _client_configuration(world: World) -> str:
    environment = {"KUBECONFIG": str(world.kubeconfig)} | (world.forge.environment if world.forge else {})
    try:
        importlib.metadata.version("gitops-mcp")
    except importlib.metadata.PackageNotFoundError:
        # A source checkout that nobody has installed: the client starts the server from another folder.
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    server = {
        "command": sys.executable,
        "args": ["-m", "gitops_mcp", "--repo", str(world.checkout)],
        "env": environment,
    }
    return f"{json.dumps({'mcpServers': {'gitops-mcp': server}}, indent=2)}\n"


def _wait_for_the_first_sync(store: Store) -> None:
    """Until every object of the engine, and each that one of them brings, has applied what it is for."""
    end = time.monotonic() + _READY_SECONDS
    seen = 0
    while not (objects := _engine_objects(store)) or not all(map(_has_applied, objects)):
        if time.monotonic() > end:
            status = {one["metadata"]["name"]: one.get("status") for one in objects}
            raise Unavailable(f"the engine has not applied the template within {_READY_SECONDS} s; it says: {status}")
        seen = store.changed(seen, 1)


def _engine_objects(store: Store) -> tuple[Object, ...]:
    return (*store.list(kinds.APPLICATION, ARGOCD), *store.list(kinds.KUSTOMIZATION, FLUX))


def _has_applied(one: Object) -> bool:
    """An app that a root brings is there when the root says so, and counts from then on."""
    done = at(one, "status", "operationState", "phase") == "Succeeded"
    return done or at(one, "status", "lastAppliedRevision") is not None


def _read_to_the_end(end: threading.Event) -> None:
    # Not through sys.stdin: its lock, held by a thread that still reads, would abort the interpreter's exit.
    try:
        while os.read(0, 4096):
            continue
    except OSError:
        pass
    end.set()


def _say(text: str) -> None:
    sys.stderr.write(f"gitops-mcp sandbox: {text}\n")
