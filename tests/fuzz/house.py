"""A team's repository and an API of any objects, with every tool that reads and every plan called over them.

The objects are recorded ones of each kind that is read. A test replaces them, and sees what each call answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gitops_mcp.answers.base import Answer as ToolAnswer
from gitops_mcp.app import App
from gitops_mcp.caller import Nobody
from gitops_mcp.config import Flags
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.errors import GitOpsError
from gitops_mcp.tools.registry import Tool
from tests.calls import Subject, every_dry_run, every_read
from tests.conftest import examples
from tests.fakes.api import Answer, ReplayingApi
from tests.fakes.engine_objects import engine_objects
from tests.fakes.recorded import recorded, recorded_list, recorded_names
from tests.workflows.conftest import Team

CONFIGURATION = """\
environments:
  prod: {path: prod, engine: {type: argocd}}
  flux: {path: flux, engine: {type: flux}}
  dev: {path: dev, delivery: direct}
"""
KINDS = {
    one.plural: one
    for one in (
        *kinds.CNPG_KINDS,
        *(kinds.OBJECT_STORE, kinds.POD, kinds.PVC, kinds.SERVICE, kinds.EVENT, kinds.PDB, kinds.SECRET),
        *(kinds.EXTERNAL_SECRET, kinds.SEALED_SECRET, kinds.APP_PROJECT, kinds.APPLICATION, kinds.KUSTOMIZATION),
        *kinds.FLUX_SOURCES,
    )
}
OF_CNPG = ("database", "databaserole", "backup", "scheduledbackup", "pooler", "publication", "subscription")
SECRET_MAKERS: dict[Resource, tuple[Object, Object]] = {
    kinds.EXTERNAL_SECRET: (
        {"target": {"name": "cashier-password"}, "secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"}},
        {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "could not get secret data"},
    ),
    kinds.SEALED_SECRET: (
        {"encryptedData": {"password": "AgA"}, "template": {"metadata": {"name": "ledger-app"}}},
        {"type": "Synced", "status": "False", "reason": "UnsealError", "message": "no key could decrypt secret"},
    ),
}


def seeds(most: int) -> list[Any]:
    """The first is tried always, the others where everything runs."""
    return [pytest.param(one, marks=pytest.mark.thorough) if one else one for one in range(examples(most))]


def recorded_objects() -> list[Object]:
    """One or a few of each kind that is read: Cluster `ledger` in namespace `bank` and all that belongs to it."""
    found = [recorded("cluster-managed-roles"), recorded("pod"), recorded("claim")]
    found += [_event(one, number) for number, one in enumerate(recorded_list("events")[:6])]
    found += [recorded(name) for kind in OF_CNPG for name in recorded_names(kind)[-3:] if "backups" not in name]
    for resource, (spec, condition) in SECRET_MAKERS.items():
        name = str(at(spec, "target", "name") or at(spec, "template", "metadata", "name"))
        found.append(_made(resource, name, spec, {"conditions": [condition], "observedGeneration": 1}))
    ports = {"type": "ClusterIP", "clusterIP": "10.0.0.7", "ports": [{"name": "postgres", "port": 5432}]}
    found.append(_made(kinds.SERVICE, "ledger-rw", {**ports, "selector": {"cnpg.io/instanceRole": "primary"}}, {}))
    found.append(_made(kinds.PDB, "ledger", {"minAvailable": 1}, {"disruptionsAllowed": 1, "currentHealthy": 2}))
    window = {"firstRecoverabilityPoint": "2026-11-29T20:00:00Z", "lastFailedBackupTime": "2026-11-29T21:00:00Z"}
    found.append(
        _made(kinds.OBJECT_STORE, "archive", {"configuration": {}}, {"serverRecoveryWindow": {"ledger": window}})
    )
    return found


def engine_states() -> dict[str, list[Object]]:
    """The recorded states of Argo CD's and Flux's objects, each saying that it applies the Cluster."""
    found = {}
    for engine, whom in (("argocd", ("apps", "argocd")), ("flux", ("apps", "flux-system"))):
        for state, objects in engine_objects(engine).items():  # type: ignore[arg-type] # its two names
            last = objects[-1]
            last["metadata"] |= {"name": whom[0], "namespace": whom[1]}
            found[f"{engine}/{state}"] = objects
    return found


def _event(one: Object, number: int) -> Object:
    about = {"name": f"event-{number}", "namespace": "bank"}
    return {"apiVersion": "v1", **one, "kind": "Event", "metadata": {**one.get("metadata", {}), **about}}


def _made(resource: Resource, name: str, spec: Object, status: Object) -> Object:
    about = {"name": name, "namespace": "bank", "generation": 1, "labels": {"cnpg.io/cluster": "ledger"}}
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": about,
        "spec": spec,
        "status": status,
    }


class ObjectsApi(ReplayingApi):
    """Answers reads with what it was given, by kind, namespace and name; of a write it says what was there before."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: list[Object] = []

    def answer(self, path: str) -> Answer:
        parts = urlsplit(path)
        steps = [unquote(one) for one in parts.path.split("/") if one]
        query = parse_qs(parts.query)
        if len(steps) in {2, 3} and steps[0] == "apis":
            return self._served(steps)
        steps = steps[2:] if steps[0] == "api" else steps[3:]
        namespace, steps = (steps[1], steps[2:]) if steps[:1] == ["namespaces"] else (None, steps)
        resource = KINDS.get(steps[0]) if steps else None
        if resource is None or len(steps) > 2:
            return Answer(404, b"404 page not found\n")
        name = steps[1] if len(steps) == 2 else None
        fields = query.get("fieldSelector", [""])[0]
        if fields.startswith("metadata.name="):
            found = self._found(resource, namespace, fields.partition("=")[2])
            return Answer(200, {"kind": "List", "metadata": {}, "items": found})
        found = self._found(resource, namespace, name)
        if name is None:
            return Answer(200, {"kind": "List", "metadata": {}, "items": found})
        return Answer(200, found[0]) if found else Answer(404, _absent(resource, name))

    def _found(self, resource: Resource, namespace: str | None, name: str | None) -> list[Object]:
        return [
            one
            for one in self.objects
            if one["kind"] == resource.kind
            and namespace in {None, one["metadata"].get("namespace")}
            and name in {None, one["metadata"]["name"]}
        ]

    def _served(self, steps: list[str]) -> Answer:
        group = [one for one in KINDS.values() if one.group == steps[1]]
        if len(steps) == 2:
            return Answer(200, {"kind": "APIGroup", "versions": [{"version": one.version} for one in group[:1]]})
        served = [{"name": one.plural, "kind": one.kind} for one in group if one.version == steps[2]]
        return Answer(200, {"kind": "APIResourceList", "resources": served})


def _absent(resource: Resource, name: str) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": f'{resource.plural} "{name}" not found',
        "reason": "NotFound",
        "details": {"name": name, "kind": resource.plural},
        "code": 404,
    }


@dataclass(frozen=True)
class House:
    team: Team
    api: ObjectsApi
    app: App

    def subject(self, environment: str) -> Subject:
        return Subject("ledger", "app", "clerk", "books", "clerk-password", "grown", "bank", environment)

    def reads(self, environment: str = "prod") -> Iterator[tuple[Tool, dict[str, Any]]]:
        yield from every_read(self.subject(environment))

    def plans(self, environment: str = "prod") -> Iterator[tuple[Tool, dict[str, Any]]]:
        yield from every_dry_run(self.subject(environment))

    def answer(self, tool: Tool, arguments: dict[str, Any]) -> ToolAnswer | GitOpsError:
        """What the tool answers, or the error that it tells; any other exception is a crash, and is raised."""
        try:
            with self.app.called(Nobody()) as called:
                found: ToolAnswer = tool.function(called, **arguments)
        except GitOpsError as error:
            return error
        found.markdown()
        found.structured()
        return found


ROLE = """\
apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata: {name: ledger-clerk, namespace: bank}
spec: {cluster: {name: ledger}, name: clerk, login: true, passwordSecret: {name: clerk-password}}
"""
DATABASE = """\
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: ledger-books, namespace: bank}
spec: {cluster: {name: ledger}, name: books, owner: app}
"""
SPEC = "{instances: 3, storage: {size: 1Gi}, bootstrap: {initdb: {database: app, owner: app}}}"


def cluster_text(name: str, spec: str = SPEC) -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}, namespace: bank}}\nspec: {spec}\n"
    )


def files(folder: str) -> dict[str, str]:
    return {
        f"{folder}/ledger.yaml": cluster_text("ledger"),
        f"{folder}/role.yaml": ROLE,
        f"{folder}/database.yaml": DATABASE,
    }


@contextmanager
def open_house(place: Path, setenv: Callable[[str, str], None], more: dict[str, str] | None = None) -> Iterator[House]:
    """A repository with three environments, one open change and one merged one, and the API."""
    team = Team(place / "repository")
    team.root.mkdir(parents=True)
    team.git("init", "--quiet")
    found = {".gitops-mcp.yaml": CONFIGURATION, **(more or {})}
    for folder in ("prod", "flux", "dev"):
        found |= files(folder)
    team.commit(found)
    for change, merged in (("merged", True), ("grown", False)):
        team.git("checkout", "--quiet", "-b", f"gitops-mcp/{change}")
        number = 4 if merged else 5
        team.commit(
            {f"{one}/ledger.yaml": cluster_text("ledger", SPEC.replace("3", str(number))) for one in ("prod", "flux")}
        )
        team.git("checkout", "--quiet", "main")
        if merged:
            team.merge("gitops-mcp/merged")
    with ObjectsApi().running() as api:
        assert isinstance(api, ObjectsApi)
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "kind-dev",
            "clusters": [{"name": "here", "cluster": {"server": api.url}}],
            "users": [{"name": "alice", "user": {"token": "t"}}],
            "contexts": [{"name": "kind-dev", "context": {"cluster": "here", "user": "alice", "namespace": "bank"}}],
        }
        (place / "kubeconfig").write_text(json.dumps(config))
        setenv("KUBECONFIG", str(place / "kubeconfig"))
        api.objects = recorded_objects()
        yield House(team, api, App.open(Flags(repo=team.root)))
