"""The stand-in for Flux beside what a real one left: put into the same situation it reports the same shape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import Files, Team, until
from tests.fakes.engine_shapes import differences, recorded_shapes, shape_of

FLUX = "flux-system"
APP = "apps/shop/kustomization.yaml"
ORDERS = "apps/shop/orders-db/cluster.yaml"
LEFT = {"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}}}


@dataclass
class Fleet:
    """Flux after a bootstrap. What a test sets of `shop` or of the source stays, as the root leaves the two alone."""

    world: World
    team: Team
    server: str
    """An address that answers 401, 404 or 503 as its first folder says."""

    def of(self, resource: Resource, name: str) -> Object:
        return self.world.store.get(resource, FLUX, name)

    def set(self, resource: Resource, name: str, **spec: Any) -> None:
        self.world.store.merge(resource, FLUX, name, {"spec": spec})

    def app(self, **spec: Any) -> None:
        self.set(kinds.KUSTOMIZATION, "shop", **spec)

    def source(self, **spec: Any) -> None:
        self.set(kinds.GIT_REPOSITORY, FLUX, **spec)

    def text(self, path: str) -> str:
        found = self.team.file("main", path)
        assert found is not None
        return found.decode()

    def commit(self, files: Files) -> None:
        self.team.commit(files)

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.text(path)
        assert old in text
        self.commit({path: text.replace(old, new)})

    def rest(self) -> None:
        """Until the app and the source have done all there is."""

        def rests() -> bool:
            tip, app = self.team.branches()["main"], self.of(kinds.KUSTOMIZATION, "shop")
            (ready,) = (one for one in at(app, "status", "conditions") or [] if one["type"] == "Ready")
            return bool(ready["status"] == "True" and at(app, "status", "lastAppliedRevision") == f"main@sha1:{tip}")

        until(self.world, rests)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    place: Path = tmp_path_factory.mktemp("flux")

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path.split("/")[1]))
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: stderr is the test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with start_sandbox(place / "world", step=0.02, poll=0.02, engine="flux") as world:
        world.store.merge(kinds.KUSTOMIZATION, FLUX, "shop", LEFT)
        world.store.merge(kinds.GIT_REPOSITORY, FLUX, FLUX, LEFT)
        yield Fleet(world, Team.on(place / "team", world.remote), f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


Step = Callable[[Fleet], None]


def nothing(_: Fleet) -> None:
    """As it is."""


def listing(name: str, text: str | None) -> Step:
    """A commit that lists one more file, and the file, where there is one."""

    def step(fleet: Fleet) -> None:
        listed = fleet.text(APP).replace("resources:\n", f"resources:\n  - {name}\n")
        fleet.commit({APP: listed, **({f"apps/shop/{name}": text} if text else {})})

    return step


def unlisted(*names: str) -> Step:
    def step(fleet: Fleet) -> None:
        kept = [line for line in fleet.text(APP).splitlines() if line.removeprefix("  - ") not in names]
        fleet.commit({APP: "\n".join(kept) + "\n"})

    return step


def at_url(url: str) -> Step:
    return lambda fleet: fleet.source(url=f"{fleet.server}/{url}" if url[0].isdigit() else url)


def home(fleet: Fleet) -> None:
    fleet.source(url=str(fleet.world.remote), ref={"branch": "main"}, suspend=None, secretRef=None, provider=None)


def config_map(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\n"


UNREADY = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: unready, namespace: shop}
spec: {interval: 1m, prune: true, path: ./nowhere, sourceRef: {kind: GitRepository, name: none}}
"""


def unhealthy(timeout: str) -> Step:
    def step(fleet: Fleet) -> None:
        fleet.app(wait=True, timeout=timeout)
        fleet.rest()
        listing("unready.yaml", UNREADY)(fleet)

    return step


def health_again(fleet: Fleet) -> None:
    unlisted("unready.yaml")(fleet)
    fleet.rest()
    fleet.app(wait=None, timeout=None)


def pruned(fleet: Fleet) -> None:
    listing("more.yaml", config_map("more"))(fleet)
    fleet.rest()
    unlisted("more.yaml")(fleet)
    fleet.rest()


def dependent(fleet: Fleet) -> None:
    fleet.app(path="./nowhere")
    later = {"dependsOn": [{"name": "shop"}], "interval": "1m", "path": "./apps/shop", "prune": False}
    spec = {**later, "sourceRef": {"kind": "GitRepository", "name": FLUX}}
    made = {"apiVersion": kinds.KUSTOMIZATION.api_version, "kind": "Kustomization", "spec": spec}
    fleet.world.store.create(kinds.KUSTOMIZATION, {**made, "metadata": {"name": "later", "namespace": FLUX}})


def independent(fleet: Fleet) -> None:
    fleet.world.store.delete(kinds.KUSTOMIZATION, FLUX, "later")
    fleet.app(path="./apps/shop")


def behind(fleet: Fleet) -> None:
    fleet.edit(ORDERS, "instances: 3", "instances: 2")


def suspended(resource: Resource, name: str) -> Step:
    def step(fleet: Fleet) -> None:
        fleet.set(resource, name, suspend=True)
        behind(fleet)

    return step


def resumed(fleet: Fleet) -> None:
    fleet.app(suspend=None)
    home(fleet)
    fleet.edit(ORDERS, "instances: 2", "instances: 3")


SITUATIONS: dict[str, tuple[Step, Step]] = {
    "ready": (nothing, nothing),
    "after-prune": (pruned, nothing),
    "build-failed-missing-file": (listing("missing.yaml", None), unlisted("missing.yaml")),
    "build-failed-bad-yaml": (listing("bad.yaml", "a: b\nc: d: e\n"), unlisted("bad.yaml")),
    "path-not-found": (lambda fleet: fleet.app(path="./nowhere"), lambda fleet: fleet.app(path="./apps/shop")),
    "source-absent": (
        lambda fleet: fleet.app(sourceRef={"name": "absent"}),
        lambda fleet: fleet.app(sourceRef={"name": FLUX}),
    ),
    "schema-refused": (
        lambda fleet: fleet.edit(ORDERS, "instances: 3", "instances: 0"),
        lambda fleet: fleet.edit(ORDERS, "instances: 0", "instances: 3"),
    ),
    "webhook-refused": (
        lambda fleet: fleet.edit(ORDERS, "size: 20Gi", "size: 2Gi"),
        lambda fleet: fleet.edit(ORDERS, "size: 2Gi", "size: 20Gi"),
    ),
    "kind-unknown": (
        listing("x.yaml", "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: x, namespace: shop}\n"),
        unlisted("x.yaml"),
    ),
    "dependency-not-ready": (dependent, independent),
    "suspended-kustomization": (suspended(kinds.KUSTOMIZATION, "shop"), resumed),
    "suspended-source": (suspended(kinds.GIT_REPOSITORY, FLUX), resumed),
    "source-auth-failed": (at_url("401/fleet.git"), home),
    "source-repository-gone": (at_url("404/fleet.git"), home),
    "source-server-down": (at_url("503/fleet.git"), home),
    "source-branch-missing": (lambda fleet: fleet.source(ref={"branch": "production"}), home),
    "source-secret-missing": (lambda fleet: fleet.source(secretRef={"name": "absent"}), home),
    "source-stalled": (lambda fleet: fleet.source(provider="github"), home),
    "health-check-passed": (lambda fleet: fleet.app(wait=True), lambda fleet: fleet.app(wait=None)),
    "progressing-health-check": (unhealthy("10m"), health_again),
    "health-check-failed": (unhealthy("1s"), health_again),
    "field-ignored": (
        lambda fleet: fleet.app(ignore=[{"target": {"kind": "Cluster"}, "paths": ["/spec/instances"]}]),
        lambda fleet: fleet.app(ignore=None),
    ),
}


@pytest.mark.parametrize(
    "situation", [pytest.param(one, marks=pytest.mark.thorough if at % 4 else ()) for at, one in enumerate(SITUATIONS)]
)
@pytest.mark.few(2)
def test_a_situation_is_reported_in_the_shape_of_the_recorded_objects(fleet: Fleet, situation: str) -> None:
    put, undo = SITUATIONS[situation]
    expected = recorded_shapes("flux")[situation]
    names = {"Kustomization": "later" if situation == "dependency-not-ready" else "shop", "GitRepository": FLUX}
    resources = {one.kind: one for one in (kinds.KUSTOMIZATION, kinds.GIT_REPOSITORY)}

    def seen() -> Object:
        return {kind: shape_of(fleet.of(resources[kind], names[kind])) for kind in expected}

    put(fleet)
    with suppress(AssertionError):
        until(fleet.world, lambda: seen() == expected)
    assert differences(seen(), expected) == []
    undo(fleet)
    fleet.rest()


def test_an_ignored_field_and_a_protected_object_stay_as_they_are_live(fleet: Fleet) -> None:
    fleet.app(ignore=[{"target": {"kind": "Cluster"}, "paths": ["/spec/instances"]}])
    fleet.edit(ORDERS, "instances: 3", "instances: 4")
    fleet.rest()
    live = fleet.world.store.get(kinds.CLUSTER, "shop", "orders-db")
    assert (live["spec"]["instances"], live["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"]) == (3, "shop")
    fleet.app(ignore=None)
    until(fleet.world, lambda: at(fleet.world.store.get(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 4)
    unlisted("orders-db/cluster.yaml")(fleet)
    fleet.rest()
    # It carries `prune: disabled`.
    assert fleet.world.store.get(kinds.CLUSTER, "shop", "orders-db")["spec"]["instances"] == 4
