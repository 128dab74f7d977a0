"""A later call in which nothing moved, on a forge and with an engine: 100 open changes, and a long history.

The forge and the API are stand-ins in this process, so that their work is not counted; Git is the server's.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from changes import change_commit, merge_commit
from gitrepo import git, streamed, with_files
from measure import Cost, Ratio, median, timed
from modelling import DATABASES, FILES, files
from stdio import Server

from gitops_mcp.domain.kinds import APPLICATION, CLUSTER
from gitops_mcp.domain.objects import Resource
from gitops_mcp.sandbox.api import SandboxApi, kubeconfig_text
from gitops_mcp.sandbox.forges import ForgeServer, SandboxForge
from gitops_mcp.sandbox.remote import SandboxRemote
from gitops_mcp.sandbox.store.store import Store

OPEN, MERGED, CALLS, TIMES = 100, 1_000, 5, 3
_NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
_URL = "https://git.example.com/platform/fleet.git"
_WAITING = {number % DATABASES for number in (0, MERGED - 1)}
"""What the last merged change is about, with one or many."""


def measured() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder, _api(Path(folder)) as kubeconfig:
        cases = {"one": (1, 1), "many": (OPEN, 1), "old": (1, MERGED)}
        costs = {}
        for name, (opened, merged) in cases.items():
            with _served(Path(folder) / name, opened, merged, kubeconfig) as server:
                costs[name] = median([_again(server, opened + 1) for _ in range(TIMES)])
        label = f"{FILES:,} files, a forge and an engine: list_changes again,"
        many, old, one = costs["many"], costs["old"], costs["one"]
        yield Ratio(f"{label} {OPEN} open changes against one", many, one, 2.0, cpu_only=True)
        yield Ratio(f"{label} {MERGED:,} merged ones in history against one", old, one, 1.1, cpu_only=True)


def _again(server: Server, total: int) -> Cost:
    def call() -> None:
        for _ in range(CALLS):
            found = server.call("list_changes", limit=100)
            assert found["structuredContent"]["total"] == total, found

    return timed(call, pid=server.child.pid)


@contextmanager
def _served(folder: Path, opened: int, merged: int, kubeconfig: Path) -> Iterator[Server]:
    """A server that has listed them already; of the merged ones the last is not live yet."""
    remote = folder / "remote.git"
    checkout = streamed(folder, files())
    forge = ForgeServer(SandboxForge(SandboxRemote(remote), "github"))
    with ExitStack() as stack:
        configuration = f"forge: {{type: github, url: {forge.start()!r}, api: {forge.api!r}}}\n"
        stack.callback(forge.stop)
        with_files(checkout, {".gitops-mcp.yaml": configuration})
        _add_history(checkout, opened, merged)
        for number in range(opened):
            forge.forge.open_pull(f"gitops-mcp/change-{number}", title=f"Scale db-{number}")
        git(checkout, "config", f"url.{remote}.insteadOf", _URL)
        git(checkout, "remote", "set-url", "origin", _URL)
        nobodys = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "KUBECONFIG": str(kubeconfig)}
        command = [sys.executable, "-m", "gitops_mcp", "--repo", str(checkout)]
        server = stack.enter_context(Server(command, **nobodys, GITHUB_TOKEN=forge.forge.token()))
        server.initialize()
        _again(server, opened + 1)
        yield server


def _add_history(checkout: Path, opened: int, merged: int) -> None:
    """Merged changes whose branches are gone, and open ones that left the base behind them."""
    remote = checkout.parent / "remote.git"
    tip = git(checkout, "rev-parse", "origin/main")
    stream = [change_commit(tip, number, "old") for number in range(merged)]
    stream += [merge_commit(tip, number, first=number == 0, name="old") for number in range(merged)]
    git(remote, "fast-import", "--quiet", given="".join(stream).encode())
    there = git(remote, "for-each-ref", "--format=delete %(refname)", "refs/heads/gitops-mcp")
    git(remote, "update-ref", "--stdin", given=there.encode() + b"\n")
    tip = git(remote, "rev-parse", "main")
    stream = [change_commit(tip, number, instances=7) for number in range(opened)]
    git(remote, "fast-import", "--quiet", given="".join(stream).encode())


@contextmanager
def _api(folder: Path) -> Iterator[Path]:
    """All that the last changes merged is live and well, but for one Cluster; and an Application applies it."""
    store = Store()
    for name in ("argocd", *(f"team-{number:03}" for number in range(99))):
        _create(store, _NAMESPACE, name, None)
    source = {"repoURL": _URL, "path": "clusters/prod", "targetRevision": "main"}
    destination = {"server": "https://kubernetes.default.svc"}
    spec = {"project": "default", "source": source, "destination": destination, "syncPolicy": {"automated": {}}}
    _create(store, APPLICATION, "apps", "argocd", spec)
    for number in range(DATABASES):
        name, namespace = f"db-{number + 1000}", f"team-{number % 99:03}"
        instances = 3 if number in _WAITING else 5
        _create(store, CLUSTER, name, namespace, {"instances": instances, "storage": {"size": "1Gi"}})
        well = {"phase": "Cluster in healthy state", "instances": 5, "readyInstances": 5}
        store.merge(CLUSTER, namespace, name, {"status": well}, subresource="status")
    api = SandboxApi(store, token="bench")  # noqa: S106 - of a stand-in
    place = folder / "kubeconfig"
    place.write_text(kubeconfig_text(api.start(), "bench"))
    try:
        yield place
    finally:
        api.stop()


def _create(store: Store, kind: Resource, name: str, namespace: str | None, spec: object = None) -> None:
    place = {"name": name} | ({"namespace": namespace} if namespace else {})
    more = {} if spec is None else {"spec": spec}
    store.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": place, **more})
