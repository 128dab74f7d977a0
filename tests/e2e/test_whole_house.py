"""Every tool beside 300 Clusters in 30 namespaces, each as full as a real one: nothing is missing, nothing empty."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp.answers.base import TEXT_MAX
from gitops_mcp.domain import kinds
from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import Store, WriteOptions
from gitops_mcp.sandbox.operator import Operator
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.calls import Subject, every_dry_run, every_read
from tests.e2e.team import Assistant, Team, assistant, text

SPACES = [f"team-{number:02}" for number in range(30)]
NAMES = [f"db-{number}" for number in range(10)]
HERE, NAME = SPACES[17], NAMES[4]
"""The Cluster that the tools are asked about."""
EVERY = [f"{space}/{name}" for space in SPACES for name in NAMES]
AROUND = (kinds.POD, kinds.PVC, kinds.SERVICE, kinds.PDB, kinds.DATABASE, kinds.DATABASE_ROLE)
BY_TEAM, BY_OPERATOR = WriteOptions(manager="kubectl-client-side-apply"), WriteOptions(manager="manager")


def manifest(resource: Resource, name: str, namespace: str, /, **spec: object) -> Object:
    about = {"name": name, "namespace": namespace}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": about, "spec": spec}


def declared(name: str, namespace: str) -> Object:
    image = "registry.example.com/cloudnative-pg/postgresql:18.4-standard-trixie"
    parameters = {"barmanObjectName": "vault"}
    plugin = {"name": BARMAN_PLUGIN, "enabled": True, "isWALArchiver": True, "parameters": parameters}
    spec = {"instances": 3, "imageName": image, "storage": {"size": "10Gi"}, "plugins": [plugin]}
    return manifest(kinds.CLUSTER, name, namespace, **spec)


def members(cluster: str, namespace: str) -> list[Object]:
    of = {"cluster": {"name": cluster}}
    return [
        manifest(kinds.DATABASE, f"{cluster}-reporting", namespace, **of, name="reporting", owner="clerk"),
        manifest(kinds.DATABASE_ROLE, f"{cluster}-clerk", namespace, **of, name="clerk", login=True),
    ]


RESOURCES = {one.kind: one for one in (*kinds.CNPG_KINDS, *AROUND)}


def brought_up() -> list[Object]:
    """What an operator makes of one Cluster with a role and a database; the Cluster comes first."""
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": HERE}})
    for one in (declared(NAME, HERE), *members(NAME, HERE)):
        store.create(RESOURCES[one["kind"]], one)
    operator = Operator(store, step=0.01)
    operator.start()
    version = 0
    while not all(_is_up(one) for resource in (kinds.CLUSTER, *AROUND[-2:]) for one in store.list(resource)):
        version = store.changed(version, 10)
    operator.stop()
    return [one for resource in (kinds.CLUSTER, *AROUND) for one in store.list(resource, HERE)]


def _is_up(one: Object) -> bool:
    status = one.get("status", {})
    return bool(status.get("applied") or status.get("phase") == "Cluster in healthy state")


def put(store: Store, resource: Resource, one: Object) -> None:
    """The object with its status, each by the hand that writes it."""
    about = {
        key: one["metadata"][key] for key in ("name", "namespace", "labels", "annotations") if key in one["metadata"]
    }
    made = store.create(resource, {**{k: v for k, v in one.items() if k != "status"}, "metadata": about}, BY_TEAM)
    if "status" in one and made.get("status") != one["status"]:
        name, namespace = about["name"], about["namespace"]
        store.merge(resource, namespace, name, {"status": one["status"]}, subresource="status", how=BY_OPERATOR)


def fill(store: Store) -> None:
    pattern, *around = brought_up()
    for space in SPACES:
        store.create(NAMESPACE, {"metadata": {"name": space}})
        for name in NAMES:
            text_of_it = json.dumps(pattern).replace(NAME, name).replace(HERE, space)
            put(store, kinds.CLUSTER, json.loads(text_of_it))
    for one in around:
        put(store, RESOURCES[one["kind"]], one)
    for pod in store.list(kinds.POD, HERE):
        store.print_log(HERE, pod["metadata"]["name"], map(_log_line, range(3_000)))
    for number in range(250):
        store.create(kinds.EVENT, _event(number))
        put(store, kinds.BACKUP, _backup(number))


def _log_line(number: int) -> str:
    """Each says something else, of some length."""
    word = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    record = {"error_severity": "ERROR", "sql_state_code": "42P01", "message": f"no relation {word} {'in here ' * 40}"}
    return json.dumps({"level": "info", "logger": "postgres", "msg": "record", "record": record})


def _event(number: int) -> Object:
    return {
        **{key: value for key, value in manifest(kinds.EVENT, f"e-{number}", HERE).items() if key != "spec"},
        "involvedObject": {"kind": "Cluster", "name": NAME, "namespace": HERE},
        "reason": "Reconciled",
        "message": f"Pass {number} over the Cluster: {'what it has seen, ' * 20}",
        "type": "Warning",
        "count": 1,
        "firstTimestamp": "2026-11-30T00:00:00Z",
        "lastTimestamp": "2026-11-30T00:00:00Z",
    }


def _backup(number: int) -> Object:
    times = {"startedAt": "2026-11-29T00:00:00Z", "stoppedAt": "2026-11-29T00:10:00Z"}
    made = manifest(kinds.BACKUP, f"{NAME}-{number}", HERE, cluster={"name": NAME}, method="barmanObjectStore")
    return {**made, "status": {"phase": "completed", "backupId": f"2026{number}", "serverName": NAME, **times}}


@dataclass(frozen=True)
class House:
    world: World
    ask: Assistant
    subject: Subject
    place: Path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("house")
    with start_sandbox(place / "world", api_only=True) as world:
        fill(world.store)
        engine = {"type": "none"}
        configuration = {"environments": {"prod": {"path": "prod", "namespaces": SPACES, "engine": engine}}}
        files = {".gitops-mcp.yaml": yaml.safe_dump(configuration)}
        for space in SPACES:
            several = [declared(name, space) for name in NAMES]
            files[f"prod/{space}/clusters.yaml"] = yaml.safe_dump_all(several)
        files[f"prod/{HERE}/members.yaml"] = yaml.safe_dump_all(members(NAME, HERE))
        team = Team.of(place / "team", files)
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            change = ask.answer("scale_postgres_cluster", name=NAME, namespace=HERE, instances=5)["change"]
            subject = Subject(NAME, "clerk", "clerk", "reporting", f"{NAME}-app", change, namespace=HERE)
            yield House(world, ask, subject, place)


def pages(ask: Assistant, **arguments: Any) -> list[dict[str, Any]]:
    found = [ask.answer("list_postgres_clusters", **arguments)]
    while cursor := found[-1].get("cursor"):
        found.append(ask.answer("list_postgres_clusters", **arguments, cursor=cursor))
    return found


def test_the_clusters_are_as_large_as_real_ones(house: House) -> None:
    sizes = {len(json.dumps(one, separators=(",", ":"))) for one in house.world.store.list(kinds.CLUSTER)}
    assert len(house.world.store.list(kinds.CLUSTER)) == len(EVERY)
    assert 6_500 < min(sizes) <= max(sizes) < 9_000


@pytest.mark.parametrize(("level", "most"), [("concise", 50), ("detailed", 20)])
def test_pages_are_full_and_hold_every_cluster_once(house: House, level: str, most: int) -> None:
    found = pages(house.ask, limit=most, detail_level=level)
    assert [len(page["items"]) for page in found] == [most] * (len(EVERY) // most)
    assert [f"{row['namespace']}/{row['name']}" for page in found for row in page["items"]] == EVERY
    assert found[-1]["total"] == len(EVERY)
    seen = {(row["ready"], row["phase_class"]) for page in found for row in page["items"]}
    assert seen == {(3, "ok")}
    assert [page["warnings"] for page in found] == [[]] * len(found)


def test_without_namespaces_that_are_named_they_are_one_list(house: House) -> None:
    team = Team(house.place / "team")
    with assistant(team, kubeconfig=house.world.kubeconfig, cwd=house.place) as alone:
        found = pages(alone, limit=80)
    assert [len(page["items"]) for page in found] == [80, 80, 80, 60]
    assert {f"{row['namespace']}/{row['name']}" for page in found for row in page["items"]} == set(EVERY)
    assert [page["total"] for page in found] == [len(EVERY)] * 4


EMPTY_HERE = {
    "errors",
    "enum",
    "items_by",
    "impact",
    "rules",
    "differs",
    "findings",
    "unchecked",
    "conflicts",
    "tablespaces",
    "poolers",
    "others",
    "problems",
    "warnings",
    "engines",
    "not_read",
    "client_certificate_commands",
    "omitted",
    "pending",
    "promotions",
    "schedules",
    "windows",
}
"""What a Cluster or a change of this house has none of."""


@pytest.mark.thorough
def test_every_tool_that_reads_answers_in_full_and_within_bounds(house: House) -> None:
    for tool, said in every_read(house.subject):
        result = house.ask.call(tool.name, **said)
        assert not result.is_error, text(result)
        answer = result.structured_content
        assert answer is not None
        label = f"{tool.name} {said}"
        assert answer.get("warnings", []) == [], label
        assert len(json.dumps(answer, ensure_ascii=False)) <= TEXT_MAX, label
        assert len(text(result)) <= TEXT_MAX, label
        if said not in ({"state": "merged"}, {"state": "applied"}) and "only" not in said:
            empty = {key for key, value in answer.items() if value in ([], {}, "", None)}
            none = {"items"} if tool.name == "list_postgres_poolers" else set()
            assert empty <= EMPTY_HERE | none, label


def test_a_healthy_cluster_is_told_in_short_and_its_sections_where_they_are_asked_for(house: House) -> None:
    result = house.ask.call("get_cluster_status", **house.subject.on)
    short = result.structured_content
    assert short
    assert (short["healthy"], [one["id"] for one in short["problems"]]) == (True, [])
    assert len(text(result)) <= 1_500
    assert len(json.dumps(short, ensure_ascii=False)) <= 1_500
    assert short.keys().isdisjoint(
        {"conditions", "instances", "volumes", "roles", "databases", "certificates", "events"}
    )
    assert short["backups"]["line"].startswith("archiver ")
    assert short["git"]["declared"]
    some = house.ask.answer("get_cluster_status", **house.subject.on, sections=["instances", "storage"])
    assert len(some["instances"]) == 3
    assert len(some["volumes"]) == 3
    assert some.keys().isdisjoint({"roles", "git", "backups", "summary", "conditions"})


def test_what_is_told_of_one_cluster_is_all_that_is_there(house: House) -> None:
    status = house.ask.answer("get_cluster_status", **house.subject.on, detail_level="detailed")
    assert (status["live"], status["healthy"], status["summary"]["instances"]) == ("available", True, "3/3 ready")
    counted = {key: len(status[key]) + status["omitted"].get(key, 0) for key in ("instances", "volumes", "services")}
    assert counted == {"instances": 3, "volumes": 3, "services": 3}
    assert len(status["events"]) + status["omitted"]["events"] == 250
    assert status["backups"]["completed"] == 250
    [role] = [
        one for one in house.ask.answer("list_postgres_roles", **house.subject.on)["items"] if one["name"] == "clerk"
    ]
    assert (role["form"], role["state"]) == ("DatabaseRole", "reconciled")
    databases = house.ask.answer("list_postgres_databases", **house.subject.on)["items"]
    assert {one["name"]: one["state"] for one in databases} == {"app": "reconciled", "reporting": "reconciled"}


@pytest.mark.thorough
def test_a_dry_run_of_every_tool_that_writes_sees_what_is_live_and_reads_the_schema_once(house: House) -> None:
    before = len(house.world.asked())
    for tool, said in every_dry_run(house.subject):
        result = house.ask.call(tool.name, **said)
        assert not result.is_error, text(result)
        answer = result.structured_content
        assert answer is not None
        assert answer["outcome"] in {"dry_run", "unchanged"}, tool.name
        assert len(text(result)) <= TEXT_MAX
        unread = {"live-unavailable", "unreadable", "schema-unavailable", "not-installed"}
        assert {one["id"] for one in answer["warnings"]} & unread == set(), tool.name
    asked = Counter(one["path"] for one in house.world.asked()[before:])
    assert asked["/openapi/v3"] > 5
    assert asked["/openapi/v3/apis/postgresql.cnpg.io/v1"] <= 1
