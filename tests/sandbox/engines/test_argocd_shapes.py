"""The stand-in for Argo CD beside what a real one left: put into the same situation it reports the same shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.engines.application_status import why_not_permitted
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.resources import CONFIG_MAP, NAMESPACE
from tests.e2e.team import Files, Team, until
from tests.fakes.engine_shapes import differences, recorded_shapes, shape_of

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
INSTANCES = {"group": "postgresql.cnpg.io", "kind": "Cluster", "jsonPointers": ["/spec/instances"]}


@dataclass
class Argo:
    """One Application `life` on the folder `life`: a Cluster and a ConfigMap in the namespace of that name."""

    world: World
    team: Team
    spec: Object = field(default_factory=dict)

    def application(self) -> Object:
        return self.world.store.get(kinds.APPLICATION, "argocd", "life")

    def commit(self, files: Files) -> str:
        return self.team.commit({f"life/{name}": text for name, text in files.items()})

    def change(self, patch: Object) -> None:
        self.world.store.merge(kinds.APPLICATION, "argocd", "life", patch)

    def begin(self, **spec: Any) -> None:
        """The Application as a situation finds it: `cluster` and `map` in Git, and nothing live of another one."""
        automated = {"automated": {"prune": True, "selfHeal": True}}
        source = {"repoURL": str(self.world.remote), "path": "life", "targetRevision": "main"}
        destination = {"namespace": "life", "server": "https://kubernetes.default.svc"}
        made = {"project": "default", "source": source, "destination": destination, "syncPolicy": automated}
        self.commit({"cluster.yaml": cluster(), "map.yaml": config_map("map")})
        self.world.store.create(
            kinds.APPLICATION,
            {
                "apiVersion": kinds.APPLICATION.api_version,
                "kind": "Application",
                "metadata": {
                    "name": "life",
                    "namespace": "argocd",
                    "finalizers": ["resources-finalizer.argocd.argoproj.io"],
                },
                "spec": {**made, **spec},
            },
        )
        if "automated" in (made | spec)["syncPolicy"] and at(spec, "syncPolicy", "automated", "enabled") is not False:
            self.synced()

    def synced(self) -> None:
        tip = self.team.branches()["main"]
        until(self.world, lambda: at(self.application(), "status", "history", -1, "revision") == tip)
        until(self.world, lambda: at(self.application(), "status", "sync", "status") == "Synced")

    def seen_at(self, commit: str, name: str = "life") -> None:
        """Until the engine has compared a commit: what it began before is over."""
        found = ("status", "sync", "revision")
        until(self.world, lambda: at(self.world.store.get(kinds.APPLICATION, "argocd", name), *found) == commit)

    def sync(self, **sync: Any) -> None:
        """What a person does with the button Sync."""
        self.change({"operation": {"initiatedBy": {"username": "ada"}, "retry": {}, "sync": sync}})
        until(self.world, lambda: at(self.application(), "status", "operationState", "operation", "sync") == sync)


def cluster(*, instances: int = 1, options: str = "") -> str:
    annotations = f"  annotations: {{{SYNC_OPTIONS}: '{options}'}}\n" if options else ""
    head = f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: orders\n{annotations}"
    return f"{head}spec:\n  instances: {instances}\n  storage: {{size: 1Gi}}\n"


def config_map(name: str, value: str = "a", *, options: str = "", namespace: str = "life") -> str:
    annotations = f", annotations: {{{SYNC_OPTIONS}: '{options}'}}" if options else ""
    metadata = f"{{name: {name}, namespace: {namespace}{annotations}}}"
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\ndata: {{key: {value}}}\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Argo]:
    place = tmp_path_factory.mktemp("argocd")
    with start_sandbox(place / "world", step=0.02, poll=0.02) as world:
        world.store.create(NAMESPACE, {"metadata": {"name": "life"}})
        project = {"apiVersion": kinds.APP_PROJECT.api_version, "kind": "AppProject"}
        window = {"kind": "deny", "schedule": "* * * * *", "duration": "24h", "applications": ["*"]}
        life = {"server": "https://kubernetes.default.svc", "namespace": "life"}
        for name, spec in {
            "closed": {"destinations": [life], "syncWindows": [window]},
            "narrow": {"destinations": [{**life, "namespace": "*-life"}]},
        }.items():
            metadata = {"name": name, "namespace": "argocd"}
            world.store.create(kinds.APP_PROJECT, {**project, "metadata": metadata, "spec": spec})
        yield Argo(world, Team.on(place / "team", world.remote))


@pytest.fixture
def argo(running: Argo) -> Iterator[Argo]:
    """Nothing is left of the situation before."""
    yield running
    store = running.world.store
    store.change(
        kinds.APPLICATION, "argocd", "life", lambda old: {**old, "metadata": {**old["metadata"], "finalizers": []}}
    )
    if any(one["metadata"]["name"] == "life" for one in store.list(kinds.APPLICATION)):
        store.delete(kinds.APPLICATION, "argocd", "life")
    tree = running.team.git(running.team.remote, "ls-tree", "-r", "--name-only", "main", "life/").splitlines()
    running.seen_at(running.team.commit(dict.fromkeys(tree)), "gitops")
    for resource in (kinds.CLUSTER, CONFIG_MAP):
        for one in store.list(resource, "life"):
            store.delete(resource, "life", one["metadata"]["name"])


Step = Callable[[Argo], None]


def waits_for_confirmation(argo: Argo) -> None:
    policy = {"automated": {"prune": True}, "syncOptions": ["Prune=confirm"]}
    argo.begin(syncPolicy=policy)
    argo.commit({"map.yaml": None})


def second_behind(argo: Argo) -> None:
    waits_for_confirmation(argo)
    until(argo.world, lambda: at(argo.application(), "status", "operationState", "phase") == "Running")
    tip = argo.commit({"cluster.yaml": cluster(instances=2)})
    argo.seen_at(tip)


def manual(argo: Argo) -> None:
    argo.begin(syncPolicy={})
    argo.sync(syncStrategy={"hook": {}})


def and_changed(step: Step) -> Step:
    """The situation, and a commit that differs."""

    def both(argo: Argo) -> None:
        step(argo)
        tip = argo.commit({"cluster.yaml": cluster(instances=2)})
        argo.seen_at(tip)

    return both


def disabled(argo: Argo) -> None:
    argo.begin(syncPolicy={"automated": {"enabled": False, "prune": True}})
    argo.sync(syncStrategy={"hook": {}})


def closed(argo: Argo) -> None:
    argo.begin()
    argo.change({"spec": {"project": "closed"}})


def kept(argo: Argo) -> None:
    argo.begin()
    argo.commit({"map.yaml": config_map("map", options="Prune=false")})
    argo.synced()
    argo.commit({"map.yaml": None})
    skipped = ("status", "operationState", "syncResult", "resources", 0, "status")
    until(argo.world, lambda: at(argo.application(), *skipped) == "PruneSkipped")


def not_pruned(argo: Argo) -> None:
    argo.begin(syncPolicy={"automated": {"selfHeal": True}})
    argo.commit({"map.yaml": None})
    until(argo.world, lambda: at(argo.application(), "status", "sync", "status") == "OutOfSync")


def edited_live(argo: Argo) -> None:
    argo.begin(syncPolicy={"automated": {"prune": True}})
    argo.world.store.merge(kinds.CLUSTER, "life", "orders", {"spec": {"instances": 2}})


def ignored(**policy: Any) -> Step:
    def step(argo: Argo) -> None:
        argo.begin(ignoreDifferences=[INSTANCES], syncPolicy={"automated": {"prune": True}, **policy})
        tip = argo.commit({"cluster.yaml": cluster(instances=2)})
        argo.seen_at(tip)
        assert argo.world.store.get(kinds.CLUSTER, "life", "orders")["spec"]["instances"] == 1

    return step


def broken(argo: Argo) -> None:
    argo.begin()
    argo.commit({"broken.yaml": "apiVersion: v1\nkind: A\nc: d: e\n"})


def retrying(name: str, text: str) -> Step:
    def step(argo: Argo) -> None:
        policy = {"automated": {"prune": True}, "retry": {"limit": 1000}}
        argo.begin(syncPolicy=policy)
        argo.commit({name: text})

    return step


def crd_missing(argo: Argo) -> None:
    """The first sync of all, which never ends."""
    retry = {"automated": {"prune": True}, "retry": {"limit": 1000}}
    argo.commit({"x.yaml": "apiVersion: barmancloud.cnpg.io/v2\nkind: Nothing\nmetadata: {name: x}\n"})
    argo.commit({"other.yaml": config_map("other", options="Delete=confirm")})
    argo.begin(syncPolicy={**retry, "automated": {"prune": True, "enabled": False}})
    argo.change({"spec": {"syncPolicy": {"automated": {"enabled": None}}}})


def rolled_back(argo: Argo) -> None:
    manual(argo)
    first = at(argo.application(), "status", "history", -1, "revision")
    argo.commit({"cluster.yaml": cluster(instances=2)})
    until(argo.world, lambda: at(argo.application(), "status", "sync", "status") == "OutOfSync")
    argo.sync(syncStrategy={"hook": {}})
    argo.sync(syncStrategy={"hook": {}}, revision=first)
    assert argo.world.store.get(kinds.CLUSTER, "life", "orders")["spec"]["instances"] == 1


def in_part(argo: Argo) -> None:
    manual(argo)
    argo.commit({"cluster.yaml": cluster(instances=2), "map.yaml": config_map("map", "b")})
    until(argo.world, lambda: at(argo.application(), "status", "sync", "status") == "OutOfSync")
    argo.sync(syncStrategy={"hook": {}}, resources=[{"kind": "ConfigMap", "name": "map", "namespace": "life"}])
    assert argo.world.store.get(kinds.CLUSTER, "life", "orders")["spec"]["instances"] == 1


def skipped(argo: Argo) -> None:
    argo.begin()
    argo.change({"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}})
    argo.commit({"cluster.yaml": cluster(instances=2)})


SITUATIONS: dict[str, Step] = {
    "synced-healthy": lambda argo: argo.begin(),
    "out-of-sync-manual": and_changed(manual),
    "out-of-sync-automated-disabled": and_changed(disabled),
    "never-synced-manual": lambda argo: argo.begin(syncPolicy={}),
    "window-closed": and_changed(closed),
    "prune-waits-for-confirmation": waits_for_confirmation,
    "second-change-behind-confirmation": second_behind,
    "prune-false-on-object": kept,
    "prune-needed": not_pruned,
    "live-edited-no-self-heal": edited_live,
    "ignored-field-in-comparison": ignored(),
    "ignored-field-respected": ignored(syncOptions=["RespectIgnoreDifferences=true"]),
    "comparison-error-bad-yaml": broken,
    "schema-refuses-retrying": retrying("other.yaml", cluster(instances=0).replace("name: orders", "name: other")),
    "namespace-missing-retrying": retrying(
        "other.yaml", config_map("other", namespace="newteam", options="Delete=confirm")
    ),
    "repo-template-crd-missing": crd_missing,
    "rolled-back-by-hand": rolled_back,
    "partial-sync": in_part,
    "skip-reconcile": skipped,
}


@pytest.mark.parametrize(
    "situation", [pytest.param(one, marks=pytest.mark.thorough if at % 4 else ()) for at, one in enumerate(SITUATIONS)]
)
@pytest.mark.few(2)
def test_a_situation_is_reported_in_the_shape_of_the_recorded_object(argo: Argo, situation: str) -> None:
    SITUATIONS[situation](argo)
    expected = recorded_shapes("argocd")[situation]
    with suppress(AssertionError):
        until(argo.world, lambda: shape_of(argo.application()) == expected)
    assert differences(shape_of(argo.application()), expected) == []


@pytest.mark.parametrize("namespace", ["life", None], ids=["another namespace", "none"])
def test_a_destination_that_the_project_does_not_allow_is_refused_in_the_words_of_argo_cd(
    argo: Argo, namespace: str | None
) -> None:
    destination = {"server": "https://kubernetes.default.svc", **({"namespace": namespace} if namespace else {})}
    argo.begin(project="narrow", destination=destination, syncPolicy={"automated": {"enabled": False}})
    until(argo.world, lambda: "status" in argo.application())
    status = argo.application()["status"]
    (condition,) = status["conditions"]
    assert condition["type"] == "InvalidSpecError"
    assert condition["message"] == (
        f"application destination server 'https://kubernetes.default.svc' and namespace '{namespace or ''}' do not match "
        "any of the allowed destinations in project 'narrow'"
    )
    assert (sorted(status), status["sync"]) == (["conditions", "health", "sync"], {"status": "Unknown"})
    argo.change({"spec": {"project": "default"}})
    until(argo.world, lambda: at(argo.application(), "status", "sync", "status") == "OutOfSync")
    assert "conditions" not in argo.application()["status"]


@pytest.mark.parametrize(
    ("rules", "destination", "is_allowed"),
    [
        ([("server", "https://kubernetes.default.svc", "*-dev")], ("https://kubernetes.default.svc", "shop-dev"), True),
        ([("server", "https://kubernetes.default.svc", "*-dev")], ("https://kubernetes.default.svc", ""), False),
        ([("server", "https://kubernetes.default.svc", "*")], ("https://kubernetes.default.svc", ""), True),
        ([("name", "in-cluster", "a")], ("https://kubernetes.default.svc", "a"), True),
        ([("server", "https://other.example.com", "a")], ("https://kubernetes.default.svc", "a"), False),
        ([("server", "*", "!kube-*"), ("server", "*", "*")], ("https://kubernetes.default.svc", "kube-system"), False),
        ([("server", "*", "!kube-*"), ("server", "*", "*")], ("https://kubernetes.default.svc", "shop"), True),
        ([], ("https://kubernetes.default.svc", "shop"), False),
    ],
)
def test_a_project_allows_destinations_as_argo_cd_reads_them(
    rules: list[tuple[str, str, str]], destination: tuple[str, str], is_allowed: bool
) -> None:
    written = [{key: value, "namespace": namespace} for key, value, namespace in rules]
    project = {"metadata": {"name": "narrow"}, "spec": {"destinations": written}}
    application = {"spec": {"destination": dict(zip(("server", "namespace"), destination, strict=True))}}
    assert (why_not_permitted(application, project) is None) == is_allowed


def test_what_is_deleted_with_its_application_waits_where_somebody_has_to_confirm(argo: Argo) -> None:
    argo.begin()
    argo.commit({"cluster.yaml": cluster(options="Delete=confirm")})
    argo.synced()
    argo.world.store.delete(kinds.APPLICATION, "argocd", "life")
    # A look at the remote later it is still there.
    tip = argo.commit({"map.yaml": config_map("map", "b")})
    until(
        argo.world,
        lambda: at(argo.world.store.get(kinds.APPLICATION, "argocd", "gitops"), "status", "sync", "revision") == tip,
    )
    assert argo.world.store.get(kinds.CLUSTER, "life", "orders")
    approved = {"argocd.argoproj.io/deletion-approved": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    argo.change({"metadata": {"annotations": approved}})
    until(argo.world, lambda: not argo.world.store.list(kinds.CLUSTER, "life"))
    until(argo.world, lambda: len(argo.world.store.list(kinds.APPLICATION)) == 1)
    argo.begin(syncPolicy={})


@pytest.mark.thorough
def test_a_sync_that_a_person_asks_for_while_the_engine_reports_is_not_lost(argo: Argo) -> None:
    argo.begin(syncPolicy={})
    for number in range(60):
        argo.sync(syncStrategy={"hook": {}}, syncOptions=[f"Number={number}"])
