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
from gitops_mcp.sandbox.engines.argocd import NAME, POLL, ArgoCd
from gitops_mcp.sandbox.engines.by_hand import applied_by_hand, engine_of
from gitops_mcp.sandbox.engines.flux import Flux
from gitops_mcp.sandbox.engines.layout import ARGOCD, EngineName, application, lay_out_apps
from gitops_mcp.sandbox.engines.promoter import Promoter
from gitops_mcp.sandbox.external_secrets import ExternalSecretsOperator
from gitops_mcp.sandbox.forge_remote import ForgeRemote, serve_remote
from gitops_mcp.sandbox.forges.values import ForgeName
from gitops_mcp.sandbox.operator import STEP, Operator, operator_pod
from gitops_mcp.sandbox.own_repository import OwnRepository
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
    unapplied: str | None = None
    """What of the user's own repository has not been applied."""

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
    engine: EngineName | None = None,
    forge: ForgeName | None = None,
    api_token: bool = True,
    repo: Path | None = None,
) -> Iterator[World]:
    """The world, once what Git declares has been applied; the files stay when it ends.

    `crds` is a folder of CRDs to serve in the place of the packaged ones and of small schemas, `rules` are the RBAC
    manifests that say what clients may do; None: everything. `age_key` is the file of the age key that the engine
    decrypts files of sops with; without one it cannot. `engine` is one Application for all, an Application for each
    app below a root, Flux as it is after a bootstrap, or one Application whose source is hydrated, with a promoter.
    With a `forge` the remote is on one, where the server has a token for its API unless told otherwise. `repo` is a
    repository to start from in the place of the template: it says which engine, and there is always a forge.
    """
    root = directory.resolve()
    _check_options(api_only=api_only, engine=engine, forge=forge, repo=repo)
    own = OwnRepository.look(repo) if repo else None
    _take_folder(root)
    with ExitStack() as stack:
        store = Store(crds=crds, operator=None if api_only else RELEASE, others=own.kinds() if own else ())
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
        contexts = own.contexts() if own else ()
        world.kubeconfig.write_text(kubeconfig_text(world.url, None, others=contexts))
        world.kubeconfig.chmod(0o600)
        if not api_only:
            store.create(kinds.STORAGE_CLASS, {"metadata": {"name": "standard"}, "allowVolumeExpansion": True})
            store.create(kinds.NAMESPACE, {"metadata": {"name": operator_pod()["metadata"]["namespace"]}})
            store.create(kinds.POD, operator_pod())
            remote = own.push_to(world.remote) if own else SandboxRemote.create(world.remote)
            forge = forge or (own.forge() if own else None)
            if forge:
                served = stack.enter_context(serve_remote(remote, forge, api_token=api_token, own=own))
                world, remote = replace(world, forge=served), served.remote
                served.write_tokens(root)
            if not own:
                lay_out_apps(remote, engine or "argocd")
            remote.checkout(world.checkout)
            if world.forge:
                world.forge.connect(world.checkout)
            world.mcp.write_text(_client_configuration(world))
            controllers: list[Controller] = [operator, sealed, ExternalSecretsOperator(store)]
            applied = _applied_by_hand(store, remote, own) if own else ()
            applying = _engine(store, remote, engine, applied=applied, poll=poll, age_key=age_key)
            controllers.append(applying)
            world = replace(world, engine=applying)
            if engine == "hydrator" and world.forge:
                controllers.append(Promoter(store, remote, world.forge.server.forge, poll=poll))
            for controller in controllers:
                controller.start()
                stack.callback(controller.stop)
            world = replace(world, unapplied=_wait_for_the_first_sync(store))
            if world.unapplied and not own:
                raise Unavailable(world.unapplied)
        yield world


def _engine(
    store: Store,
    remote: SandboxRemote,
    name: EngineName | None,
    *,
    applied: tuple[Object, ...],
    poll: float,
    age_key: Path | None,
) -> Controller:
    if (engine_of(applied) or name) == "flux":
        return Flux(store, remote, poll=poll, age_key=age_key, applied=applied)
    hydrates, heals = name == "hydrator", name not in {None, "argocd"}
    return ArgoCd(store, remote, poll=poll, age_key=age_key, self_heal=heals, hydrates=hydrates, applied=applied)


def _check_options(*, api_only: bool, engine: EngineName | None, forge: ForgeName | None, repo: Path | None) -> None:
    if api_only and (forge or engine not in {None, "argocd"}):
        raise InvalidRequest(
            "--api-only: the API alone has no engine, and no remote to be on a forge: "
            "leave out --engine and --forge, or --api-only"
        )
    if api_only and repo:
        raise InvalidRequest("--api-only: the API alone has no remote: leave out --repo, or --api-only")
    if repo and engine:
        raise InvalidRequest("--engine: the repository of --repo says which engine applies it: leave out --engine")
    if engine == "hydrator" and not forge:
        raise InvalidRequest("--engine hydrator: what is hydrated is promoted by pull requests: name a --forge")


def _applied_by_hand(store: Store, remote: SandboxRemote, own: OwnRepository) -> tuple[Object, ...]:
    """The engine objects of Git; without any an Application for each environment of the configuration."""

    def is_namespaced(declared: Object) -> bool:
        resource = store.resource_for(declared["apiVersion"], declared["kind"])
        return resource is None or resource.namespaced

    if found := applied_by_hand(remote.files(remote.tip() or ""), is_namespaced):
        return found
    folders = {name: str(one.get("path") or ".") for name, one in own.environments().items()} or {NAME: "."}
    return tuple(application(remote, name, path) for name, path in folders.items())


def serve_sandbox(
    directory: Path,
    *,
    api_only: bool,
    engine: EngineName | None = None,
    forge: ForgeName | None = None,
    repo: Path | None = None,
) -> int:
    """Run until the end of input, SIGTERM or SIGINT; the exit code."""
    crds = os.environ.get("GITOPS_MCP_TEST_CRDS")
    end = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        end.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        folder = Path(crds) if crds else None
        with start_sandbox(directory, api_only=api_only, crds=folder, engine=engine, forge=forge, repo=repo) as world:
            threading.Thread(target=_read_to_the_end, args=(end,), name="stdin", daemon=True).start()
            applies = "Flux" if isinstance(world.engine, Flux) else "Argo CD"
            others = f", its operator, Git remote and {applies}"
            _say(f"a stand-in for a Kubernetes cluster{'' if api_only else others}.")
            _say(f"It answers at {world.url} to this machine only, and runs no PostgreSQL. Files: {world.directory}")
            if world.forge:
                forge_name, address = world.forge.server.forge.name, world.forge.server.url
                _say(f"A stand-in for {forge_name} is at {address}; tokens to merge with: forge.json")
            if repo:
                _say(_about_repository(OwnRepository.look(repo), world))
            if world.unapplied:
                _say(world.unapplied)
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


def _about_repository(own: OwnRepository, world: World) -> str:
    left = f", without {own.uncommitted} files that are not committed," if own.uncommitted else ""
    return (
        f"Its remote starts from {own.path}, {own.branch} at {own.commit[:8]}{left} and one commit that names the "
        f"stand-ins. Nothing is written there: the server works in {world.checkout}."
    )


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


def _wait_for_the_first_sync(store: Store) -> str | None:
    """None once every object of the engine, and each that one of them brings, has applied its part; else why not."""
    end = time.monotonic() + _READY_SECONDS
    seen = 0
    while not (objects := _engine_objects(store)) or not all(map(_has_applied, objects)):
        if time.monotonic() > end:
            late = [
                f"{one['kind']} {one['metadata']['name']}: {_words(one)}" for one in objects if not _has_applied(one)
            ]
            told = "; ".join(late) or "there is no object of an engine"
            return f"the engine has not applied everything within {_READY_SECONDS} s: {told}"
        seen = store.changed(seen, 1)
    return None


def _engine_objects(store: Store) -> tuple[Object, ...]:
    return (*store.list(kinds.APPLICATION, ARGOCD), *store.list(kinds.KUSTOMIZATION))


def _words(one: Object) -> str:
    """The engine's own, of what holds it up."""
    conditions = [each for each in at(one, "status", "conditions") or () if each.get("status") != "True"]
    conditions += [each for each in at(one, "status", "conditions") or () if each["type"].endswith("Error")]
    said = [str(each.get("message")) for each in conditions] or [str(at(one, "status", "operationState", "message"))]
    return said[0].strip()


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
