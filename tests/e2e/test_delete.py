"""Deleting a cluster: what the answer says will happen is what happens, for every protection an object can carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import Assistant, Team, assistant, until

SECRET = Resource("", "v1", "secrets", "Secret")
HEALTHY = "Cluster in healthy state"
LAB = "clusters/prod/lab"
ARGO = "argocd.argoproj.io/sync-options"
FLUX = "kustomize.toolkit.fluxcd.io/prune"


def manifests(name: str, metadata: str = "") -> str:
    return f"""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: {name}
  namespace: lab
{metadata}spec:
  instances: 2
  storage:
    size: 1Gi
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: {name}-shop
  namespace: lab
spec:
  cluster:
    name: {name}
  name: shop
  owner: app
"""


FREE = manifests("free")
CONFIRM = manifests("confirm", f"  annotations:\n    {ARGO}: Prune=confirm,Delete=confirm\n")
KEPT = {"kept": manifests("kept", f"  annotations:\n    {ARGO}: Prune=false\n")}
PROTECTED = {
    "argo": (
        manifests("argo", f"  annotations:\n    # never by accident\n    {ARGO}: Prune=false\n"),
        manifests("argo"),
        f"`{ARGO}: Prune=false`",
    ),
    "flux": (
        manifests("flux", f"  annotations:\n    team: shop\n    {FLUX}: disabled\n"),
        manifests("flux", "  annotations:\n    team: shop\n"),
        f"`{FLUX}: disabled`",
    ),
    "label": (
        manifests("label", f"  labels:\n    {FLUX}: Disabled\n    team: shop\n"),
        manifests("label", "  labels:\n    team: shop\n"),
        f"`{FLUX}: Disabled`",
    ),
    "both": (
        manifests("both", f'  annotations:\n    {ARGO}: "Delete=false,Prune=false"\n    {FLUX}: disabled\n'),
        manifests("both", f'  annotations:\n    {ARGO}: "Delete=false"\n'),
        f"`{ARGO}: Prune=false` and `{FLUX}: disabled`",
    ),
}
"""The file with its protection, the file without, and how the answer names it."""
ORPHAN = manifests("orphan").replace(
    "  name: orphan-shop\n", f"  name: orphan-shop\n  annotations:\n    {ARGO}: Prune=false\n"
)
ALL = {
    "confirm": CONFIRM,
    "free": FREE,
    **KEPT,
    "orphan": ORPHAN,
    **{name: files[0] for name, files in PROTECTED.items()},
}


@dataclass(frozen=True)
class Lab:
    world: World
    team: Team
    ask: Assistant

    def delete(self, name: str, **more: Any) -> dict[str, Any]:
        return self.ask.answer("delete_postgres_cluster", name=name, namespace="lab", **more)

    def live(self, name: str) -> Object | None:
        return next(
            (one for one in self.world.store.list(kinds.CLUSTER, "lab") if one["metadata"]["name"] == name), None
        )

    def state(self, change: str) -> str:
        state = self.ask.answer("get_change", change=change)["state"]
        assert isinstance(state, str)
        return state

    def kept_of(self, name: str) -> set[str]:
        """Pods, volumes, services, secrets, databases and backups in the namespace that are named after a cluster."""
        return {
            f"{resource.kind} {one['metadata']['name']}"
            for resource in (kinds.POD, kinds.PVC, kinds.SERVICE, kinds.DATABASE, kinds.BACKUP, SECRET)
            for one in self.world.store.list(resource, "lab")
            if one["metadata"]["name"].startswith(f"{name}-")
        }


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    place = tmp_path_factory.mktemp("delete")
    with start_sandbox(place / "world", step=0.02, poll=0.02) as world:
        team = Team.on(place / "team", world.remote)
        team.commit(
            {
                "clusters/prod/kustomization.yaml": "resources:\n  - billing\n  - lab\n  - shop\n",
                f"{LAB}/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: lab\n",
                f"{LAB}/kustomization.yaml": listing(*ALL),
                **{f"{LAB}/{name}.yaml": text for name, text in ALL.items()},
            }
        )
        here = Lab(world, team, None)  # type: ignore[arg-type] # the server starts once there is something to see
        for name in ALL:
            until(world, lambda name=name: at(here.live(name), "status", "phase") == HEALTHY)  # type: ignore[misc] # mypy cannot type a default
            world.store.create(kinds.BACKUP, backup(name))
            world.store.create(SECRET, secret(name))
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            yield Lab(world, team, ask)


def listing(*names: str) -> str:
    return "resources:\n  - namespace.yaml\n" + "".join(f"  - {name}.yaml\n" for name in names)


def backup(name: str) -> Object:
    return {
        "apiVersion": kinds.BACKUP.api_version,
        "kind": "Backup",
        "metadata": {"name": f"{name}-by-hand", "namespace": "lab"},
        "spec": {"cluster": {"name": name}},
    }


def secret(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"{name}-by-hand", "namespace": "lab"}}


LEFT = "Backup {0}-by-hand", "Secret {0}-by-hand"
WHAT_GOES = (
    "pods, PVCs with all data, services and the generated secrets {0}-app, -superuser, -ca, -server, -replication go"
)


def gone(lab: Lab, name: str) -> bool:
    return lab.live(name) is None and lab.kept_of(name) == {one.format(name) for one in LEFT}


def check_removal(lab: Lab, name: str, done: dict[str, Any]) -> None:
    """The answer, and the one commit, that remove a cluster with its database."""
    assert done["outcome"] == "committed"
    assert done["summary"].startswith(f"Delete Cluster lab/{name}. Mind: there is no backup")
    assert done["impact"] == {
        "level": "data_loss",
        "reasons": [f"deleting Cluster lab/{name} deletes its pods and PVCs with all data"],
    }
    assert {one["path"]: one["action"] for one in done["files"]} == {
        f"{LAB}/{name}.yaml": "deleted",
        f"{LAB}/kustomization.yaml": "modified",
    }
    assert any(WHAT_GOES.format(name) in step for step in done["next"])
    assert any(
        "Backups in object storage, VolumeSnapshots and secrets that people made stay" in step for step in done["next"]
    )
    body = lab.team.git(lab.team.remote, "log", "-1", "--format=%B", done["commit"])
    assert f"- Cluster lab/{name}, {LAB}/{name}.yaml:1\n- Database lab/{name}-shop, {LAB}/{name}.yaml:" in body
    assert lab.team.commits(done["base_commit"], done["commit"]) == [done["commit"]]


def test_without_a_protection_everything_goes_as_told(lab: Lab) -> None:
    before = lab.kept_of("free")
    assert {"Pod free-1", "PersistentVolumeClaim free-2", "Service free-rw", "Secret free-app"} <= before
    done = lab.delete("free", confirm_deletion=True)
    check_removal(lab, "free", done)
    assert not any("confirmed" in step for step in done["next"])
    assert lab.live("free")
    lab.team.merge(done["branch"])
    until(lab.world, lambda: gone(lab, "free"))
    assert lab.state(done["change"]) == "healthy"
    told = lab.ask.refusal("delete_postgres_cluster", name="free", namespace="lab", confirm_deletion=True)
    assert told.startswith("NotFound: Git declares no Cluster 'free' in prod, namespace lab; there are: ")


def test_with_prune_confirm_it_stays_until_a_person_has_confirmed(lab: Lab) -> None:
    done = lab.delete("confirm", confirm_deletion=True)
    check_removal(lab, "confirm", done)
    assert (
        "Argo CD prunes Cluster lab/confirm only after a person has confirmed it there "
        f"(`{ARGO}: Prune=confirm`)" in done["next"]
    )
    merged = lab.team.merge(done["branch"])
    waiting = until(lab.world, lambda: operation(lab, merged, "Running"))
    assert waiting == "waiting for pruning confirmation of postgresql.cnpg.io/Cluster/confirm"
    assert lab.live("confirm")
    assert "Pod confirm-1" in lab.kept_of("confirm")
    assert lab.state(done["change"]) == "merged"

    def approved(application: Object) -> Object:
        annotations = {"argocd.argoproj.io/deletion-approved": datetime.now(UTC).isoformat()}
        return {**application, "metadata": {**application["metadata"], "annotations": annotations}}

    lab.world.store.change(kinds.APPLICATION, "argocd", "gitops", approved)
    until(lab.world, lambda: gone(lab, "confirm"))
    assert lab.state(done["change"]) == "healthy"


def operation(lab: Lab, revision: str, phase: str) -> str | None:
    """The message of the engine's operation, once it is in that phase for that commit."""
    state = at(lab.world.store.get(kinds.APPLICATION, "argocd", "gitops"), "status", "operationState")
    found = (at(state, "phase"), at(state, "syncResult", "revision")) == (phase, revision)
    return str(at(state, "message")) if found else None


@pytest.mark.parametrize("name", PROTECTED)
@pytest.mark.few(1)
def test_a_protection_goes_first_and_the_cluster_with_the_next_change(lab: Lab, name: str) -> None:
    _, without, named = PROTECTED[name]
    path = f"{LAB}/{name}.yaml"
    told = lab.ask.refusal("delete_postgres_cluster", name=name, namespace="lab")
    assert f"This call would propose: Remove the protection of Cluster lab/{name} against pruning" in told
    first = lab.delete(name, confirm_deletion=True)
    protection = f"Remove the protection of Cluster lab/{name} against pruning"
    assert first["summary"].startswith(f"{protection}. Mind: there is no backup")
    assert first["impact"]["level"] == "none"
    assert first["next"][1].startswith(f"Step 1 of 2: removes {named}. The engine keeps the database as long as")
    assert "data" not in " ".join(first["impact"]["reasons"])
    assert lab.team.file(first["commit"], path) == without.encode()
    assert [one["path"] for one in first["files"]] == [path]

    again = lab.delete(name, confirm_deletion=True)
    assert (again["outcome"], again["change"]) == ("unchanged", first["change"])
    assert again["summary"] == (
        f"in open change {first['change']!r} (1 commit, by Test User): step 1 of 2 is in branch "
        f"{first['branch']} but not applied yet: the "
        f"live Cluster still carries {named}, so that its removal would delete nothing"
    )

    lab.team.merge(first["branch"])
    until(lab.world, lambda: lab.state(first["change"]) == "healthy")
    assert lab.live(name)
    second = lab.delete(name, confirm_deletion=True)
    assert second["change"] == f"{first['change']}-2"
    check_removal(lab, name, second)
    lab.team.merge(second["branch"])
    until(lab.world, lambda: gone(lab, name))
    assert lab.state(second["change"]) == "healthy"


def test_what_belongs_to_the_cluster_and_is_protected_itself_stays_as_told(lab: Lab) -> None:
    done = lab.delete("orphan", confirm_deletion=True)
    check_removal(lab, "orphan", done)
    assert done["warnings"] == [
        {
            "id": "protected-dependent",
            "message": f"Database lab/orphan-shop (`{ARGO}: Prune=false`) stays in the cluster as an orphan: it is protected "
            f"against pruning",
        }
    ]
    merged = lab.team.merge(done["branch"])
    until(lab.world, lambda: operation(lab, merged, "Succeeded"))
    until(lab.world, lambda: lab.live("orphan") is None)
    assert lab.kept_of("orphan") == {*(one.format("orphan") for one in LEFT), "Database orphan-shop"}


@pytest.mark.parametrize("name", KEPT)
def test_a_protected_cluster_whose_manifest_someone_removes_stays(lab: Lab, name: str) -> None:
    path = f"{LAB}/kustomization.yaml"
    tip = lab.team.branches()["main"]
    listed = lab.team.file(tip, path)
    assert listed is not None
    merged = lab.team.commit({f"{LAB}/{name}.yaml": None, path: listed.decode().replace(f"  - {name}.yaml\n", "")})
    until(lab.world, lambda: operation(lab, merged, "Succeeded"))
    assert lab.live(name)
    assert f"Pod {name}-1" in lab.kept_of(name)
    status = lab.ask.answer("get_cluster_status", name=name)
    assert "not-in-git" in {one["id"] for one in status["problems"]}
    told = lab.ask.refusal("delete_postgres_cluster", name=name, confirm_deletion=True)
    assert told.startswith(f"NotFound: Git declares no Cluster '{name}' in prod; there are")


def test_a_cluster_that_this_server_made_carries_the_protection_of_the_engine_in_use(lab: Lab) -> None:
    made = lab.ask.answer("create_postgres_cluster", name="new", namespace="lab", instances=1, storage_size="1Gi")
    [path] = [one["path"] for one in made["files"] if one["action"] == "added"]
    text = lab.team.file(made["commit"], path)
    assert text is not None
    assert f"  annotations:\n    {ARGO}: Prune=confirm,Delete=confirm\nspec:\n" in text.decode()
    told = lab.ask.refusal("delete_postgres_cluster", name="new", namespace="lab", confirm_deletion=True)
    assert told.startswith("NotFound: Git declares no Cluster 'new' in prod, namespace lab; there are")
    assert told.endswith("; the open change 'create-lab-new' declares it: repeat this with change='create-lab-new'")
