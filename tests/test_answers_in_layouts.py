"""The tools over every layout of tests/layouts, through the server: what a caller sees of them stays as it is.

The API knows the kinds and holds no cluster, so that answers tell what Git says. Each layout is asked the same row of
requests about its first cluster, as dry runs, and then the requests of its `case.yaml`, each as a change of its own.
A tool that edits in a way that no other has gets a row here; one that places a document as others do needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml

from gitops_mcp.config import Flags
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.charts import marks_of_layout
from tests.e2e.conftest import git
from tests.recording import Arguments, Recording, compared, recording

LAYOUTS = Path(__file__).parent / "layouts"
FOLDERS = sorted(path.parent for path in LAYOUTS.glob("*/case.yaml"))
Case = Mapping[str, Any]


@dataclass(frozen=True)
class Layout:
    folder: Path

    @cached_property
    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = yaml.safe_load((self.folder / "case.yaml").read_text())
        return said

    @property
    def cases(self) -> list[Case]:
        cases: list[Case] = self.said["requests"]
        return cases

    @cached_property
    def environments(self) -> dict[str, dict[str, Any]]:
        """The environments of the cases, each with its engine; by the name that `environment_of` gives."""
        return {
            self.environment_of(case): {
                "path": case["environment"]["path"],
                "engine": {"type": case["environment"].get("engine", "none")},
            }
            for case in self.cases
        }

    def environment_of(self, case: Case) -> str:
        """Its name; with the engine where the cases have another one for the same name."""
        environment = case["environment"]
        name, engine = environment["name"], environment.get("engine")
        namesakes = {one["environment"].get("engine") for one in self.cases if one["environment"]["name"] == name}
        return name if len(namesakes) == 1 else f"{name}-{engine or 'unsaid'}"

    @cached_property
    def clusters(self) -> list[Arguments]:
        """What the cases are about, but for what they create: `name`, `namespace` and `environment`."""
        found: dict[str, Arguments] = {}
        for case in self.cases:
            if case["tool"] != "create" and case["arguments"].get("kind", "Cluster") == "Cluster":
                one = self.cluster_of(case)
                found[str(one)] = one
        return list(found.values())

    def cluster_of(self, case: Case) -> Arguments:
        given = {key: case["arguments"][key] for key in ("name", "namespace") if key in case["arguments"]}
        return {**given, "environment": self.environment_of(case)}

    @property
    def first(self) -> Arguments:
        return self.clusters[0]

    @property
    def role(self) -> str:
        """One that a case names, else one that most clusters have."""
        return next((case["arguments"]["role"] for case in self.cases if "role" in case["arguments"]), "app")


def of(cluster: Arguments, **more: Any) -> dict[str, Any]:
    """The arguments of a tool that calls the cluster `cluster_name`."""
    rest = {key: value for key, value in cluster.items() if key != "name"}
    return {"cluster_name": cluster["name"], **rest, **more}


READING: dict[str, Callable[[Layout], list[Arguments]]] = {
    "list_postgres_clusters": lambda layout: [
        {"environment": name, "detail_level": "detailed"} for name in layout.environments
    ],
    "get_cluster_status": lambda layout: [
        *({**cluster, "detail_level": "detailed"} for cluster in layout.clusters),
        {"name": "nowhere", "environment": layout.first["environment"]},
    ],
    "list_postgres_roles": lambda layout: [of(cluster) for cluster in layout.clusters],
    "list_postgres_databases": lambda layout: [of(cluster) for cluster in layout.clusters],
    "list_changes": lambda _: [{}],
}
WRITING: dict[str, Callable[[Layout], list[Arguments]]] = {
    "create_postgres_cluster": lambda layout: [
        {**layout.first, "name": "added", "postgres_version": "17.6-standard-trixie"}
    ],
    "scale_postgres_cluster": lambda layout: [{**layout.first, "instances": 1}],
    "update_postgres_cluster": lambda layout: [
        {
            **layout.first,
            "storage_size": "900Gi",
            "parameters": {"work_mem": "8MB"},
            "resources": {"requests": {"memory": "2Gi"}},
        }
    ],
    "delete_postgres_cluster": lambda layout: [{**cluster, "confirm_deletion": True} for cluster in layout.clusters],
    "create_postgres_role": lambda layout: [
        of(layout.first, role_name="added_role", password_source="none", connection_limit=3)
    ],
    "update_postgres_role": lambda layout: [of(layout.first, role_name=layout.role, connection_limit=7)],
    "delete_postgres_role": lambda layout: [of(layout.first, role_name=layout.role, confirm_deletion=True)],
    "migrate_postgres_roles": lambda layout: [of(layout.first)],
    "create_postgres_database": lambda layout: [
        of(layout.first, database_name="added_database", owner="app", extensions=["pg_trgm"], schemas=["sales"])
    ],
    "delete_postgres_database": lambda layout: [of(layout.first, database_name="reporting", confirm_deletion=True)],
}
LAST: dict[str, Callable[[Layout, str], list[Arguments]]] = {
    "list_changes": lambda _, __: [{}],
    "get_change": lambda _, change: [{"change": change, "detail_level": "detailed"}, {"change": "nothing"}],
    "discard_change": lambda _, change: [
        {"change": change},
        {"change": change, "confirm_deletion": True, "dry_run": True},
        {"change": change, "confirm_deletion": True},
    ],
}
"""With the change that the last case made."""

REQUESTS: dict[str, Callable[[Case], tuple[str, dict[str, Any]] | None]] = {
    "create": lambda case: ("create_postgres_cluster", dict(case["arguments"])),
    "scale": lambda case: ("scale_postgres_cluster", {**case["arguments"], "confirm_deletion": True}),
    "delete": lambda case: ("delete_postgres_cluster", {**case["arguments"], "confirm_deletion": True}),
    "set": lambda case: setting(case["arguments"]),
    "create-role": lambda case: ("create_postgres_role", role(case, password_source="existing:{secret}")),
    "update-role": lambda case: ("update_postgres_role", role(case)),
    "delete-role": lambda case: (
        "delete_postgres_role",
        {**role(case), "drop": case["arguments"]["drop"], "confirm_deletion": True},
    ),
    "migrate-roles": lambda case: ("migrate_postgres_roles", of(case["arguments"])),
    "create-database": lambda case: (
        "create_postgres_database",
        {
            **of({key: case["arguments"][key] for key in ("name", "namespace")}),
            "database_name": case["arguments"]["database"],
            "owner": case["arguments"]["owner"],
            "extensions": case["arguments"].get("extensions"),
        },
    ),
}


def role(case: Case, **more: str) -> dict[str, Any]:
    given = case["arguments"]
    named = {key: value.format(**given) for key, value in more.items()}
    cluster = {key: given[key] for key in ("name", "namespace") if key in given}
    return {**of(cluster), "role_name": given["role"], **given.get("attributes", {}), **named}


def setting(arguments: Arguments) -> tuple[str, dict[str, Any]] | None:
    """The update that changes the field, where a tool does."""
    path, value = arguments["path"], arguments["value"]
    cluster = {key: arguments[key] for key in ("name", "namespace")}
    match path:
        case ["spec", "storage", "size"]:
            return "update_postgres_cluster", {**cluster, "storage_size": value}
        case ["spec", "imageName"]:
            return "update_postgres_cluster", {**cluster, "image": value}
        case ["spec", "postgresql", "parameters", name]:
            return "update_postgres_cluster", {**cluster, "parameters": {name: value}}
        case ["spec", "managed", "roles", _, "connectionLimit"]:
            return "update_postgres_role", of(cluster, role_name="app", connection_limit=value)
    return None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An API that is asked and answers that nothing is there."""
    with start_sandbox(tmp_path_factory.mktemp("api") / "world", api_only=True) as made:
        yield made


@pytest.fixture
def asked(
    request: pytest.FixtureRequest, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Recording]:
    """A server on a checkout of the layout; its remote is a folder, whatever address it goes by."""
    layout: Layout = request.param
    monkeypatch.setenv("KUBECONFIG", str(world.kubeconfig))
    checkout, remote = tmp_path / "checkout", tmp_path / "remote.git"
    copytree(layout.folder / "before", checkout)
    configuration = {"environments": layout.environments}
    (checkout / ".gitops-mcp.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))
    git(tmp_path, "init", "--quiet", "--template=", str(checkout))
    git(checkout, "-c", "core.autocrlf=false", "add", "--all", "--force")
    git(checkout, "commit", "--quiet", "--message=Start")
    repositories = [checkout]
    for url in layout.said.get("remotes", ()):
        git(tmp_path, "clone", "--quiet", "--bare", "--template=", str(checkout), str(remote))
        with (checkout / ".git/config").open("a") as config:
            config.write(f'[remote "origin"]\n\turl = {url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n')
            config.write(f'[url "{remote}"]\n\tinsteadOf = {url}\n')
        repositories.insert(0, remote)
    with recording(world, tmp_path, Flags(repo=checkout), *repositories) as made:
        yield made


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("layout", "asked"),
    [pytest.param(one, one, id=one.folder.name, marks=marks_of_layout(one.folder)) for one in map(Layout, FOLDERS)],
    indirect=["asked"],
)
def test_a_caller_sees_of_a_layout_what_was_seen_before(layout: Layout, asked: Recording) -> None:
    for tool, reads in READING.items():
        for arguments in reads(layout):
            asked.ask(tool, **arguments)
    for tool, writes in WRITING.items():
        for arguments in writes(layout):
            asked.ask(tool, **arguments, dry_run=True)
    last = "nothing-was-made"
    for case in layout.cases:
        request = REQUESTS[case["tool"]](case)
        if request is None:
            continue
        tool, arguments = request
        environment = layout.environment_of(case)
        done = asked.ask(tool, **arguments, environment=environment, change=case["id"], reason="It is needed.")
        last = case["id"] if done and done.get("commit") else last
    for tool, ends in LAST.items():
        for arguments in ends(layout, last):
            asked.ask(tool, **arguments)
    compared(asked.text(), f"layouts/{layout.folder.name}")
