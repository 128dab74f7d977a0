"""Objects with values of the wrong types in any place: every tool that reads and every plan answers all the same."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp import tools
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.objects import Path as Place
from gitops_mcp.errors import GitOpsError
from tests.fakes.recorded import recorded, recorded_names
from tests.fuzz.house import OF_CNPG, House, engine_states, files, open_house, recorded_objects, seeds

JUNK: tuple[Any, ...] = (
    *(None, [], {}, "", "x", "y" * 3000, "2026-13-99T99:99:99Z", 0, -1, 4, True, 10**40, 1e308),
    *([None], [[]], ["a", 7, {}], {"a": None}, {"name": 4}, [{"name": {"name": []}}], [{"type": [], "status": {}}]),
)
_KEPT: set[Place] = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}
"""What the API itself guarantees."""
SEEDS = seeds(8)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with open_house(tmp_path, monkeypatch.setenv) as made:
        yield made


def mutate(found: Object, dice: random.Random, *, at_most: int) -> None:
    places = [one for one in _places(found) if one not in _KEPT]
    for place in dice.sample(places, min(len(places), dice.randrange(at_most + 1))):
        parent: Any = at(found, *place[:-1])
        step: Any = place[-1]
        if isinstance(parent, dict) and dice.random() < 0.2:
            parent.pop(step, None)
        elif isinstance(parent, dict) or (isinstance(parent, list) and isinstance(step, int) and step < len(parent)):
            parent[step] = copy.deepcopy(dice.choice(JUNK))


def _places(value: Any, place: Place = ()) -> Iterator[Place]:
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*place, key)
        yield from _places(part, (*place, key))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.thorough
def test_no_live_object_keeps_a_tool_from_answering(house: House, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be had again by its seed
    states = engine_states()
    by_engine = [[name for name in states if name.startswith(engine)] for engine in ("argocd", "flux")]
    found = recorded_objects() + [one for names in by_engine for one in states[dice.choice(names)]]
    for one in found:
        mutate(one, dice, at_most=4)
    house.api.objects = found
    for environment in ("prod", "flux", "dev"):
        for tool, arguments in (*house.reads(environment), *house.plans(environment)):
            house.answer(tool, arguments)  # which raises what is no error of ours


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.thorough
def test_no_manifest_keeps_a_tool_from_answering(house: House, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - to be had again by its seed
    made: dict[str, str | None] = {}
    for folder in ("prod", "flux"):
        beside = [{**recorded("cluster-catalog"), "metadata": {"name": "sibling", "namespace": "bank"}}]
        beside += [recorded(name) for kind in OF_CNPG for name in recorded_names(kind)[-2:] if name != "backups"]
        for number, one in enumerate([recorded("cluster-managed-roles"), *beside]):
            mutate(one, dice, at_most=3)
            made[f"{folder}/{'ledger' if number == 0 else f'object-{number}'}.yaml"] = yaml.safe_dump(one)
        listing: Object = {"resources": [path.split("/")[1] for path in made if path.startswith(f"{folder}/")]}
        if dice.random() < 0.3:
            listing[dice.choice(["resources", "patches", "images", "labels"])] = dice.choice(JUNK)
        made[f"{folder}/kustomization.yaml"] = yaml.safe_dump(listing)
    house.team.commit(made)
    for environment in ("prod", "flux"):
        for tool, arguments in (*house.reads(environment), *house.plans(environment)):
            house.answer(tool, arguments)  # which raises what is no error of ours


def call(house: House, named: str, /, **arguments: Any) -> str:
    tool = next(one for one in tools.ALL if one.name == named)
    found = house.answer(tool, {"environment": "prod", "namespace": "bank", **arguments})
    assert not isinstance(found, GitOpsError), found
    return found.markdown()


@pytest.mark.parametrize("plugins", ["4", "'x'", "[4]", "[[]]", "{a: 1}", "[{name: 4}]", "[{parameters: 4}]"])
@pytest.mark.few(2)
def test_what_a_sibling_says_wrongly_is_no_matter_for_a_new_cluster(house: House, plugins: str) -> None:
    sibling = files("prod")["prod/ledger.yaml"].replace("name: ledger", "name: sibling")
    house.team.commit({"prod/sibling.yaml": sibling.replace("spec: {", f"spec: {{plugins: {plugins}, ")})
    for environment in ("prod", "flux"):
        assert "Create Cluster bank/added" in call(
            house, "create_postgres_cluster", cluster_name="added", environment=environment, dry_run=True
        )


@pytest.mark.parametrize(
    ("kind", "place", "value", "told"),
    [
        ("Cluster", ("status", "phase"), 4, "Cluster ledger: unreadable, so passed over: status.phase, found 4"),
        ("Cluster", ("status", "conditions"), "x", "status.conditions, found a text"),
        ("Cluster", ("spec", "managed", "roles"), {"a": 1}, "spec.managed.roles, found a mapping"),
        (
            "Cluster",
            ("spec", "plugins"),
            [4, {"name": []}],
            "spec.plugins[0], found 4; spec.plugins[1].name, found a l",
        ),
        ("Database", ("status", "message"), [1], "status.message, found a list"),
        ("DatabaseRole", ("spec", "inRoles"), True, "spec.inRoles, found true"),
        ("ExternalSecret", ("status", "conditions"), 4, "status.conditions, found 4"),
    ],
)
@pytest.mark.few(2)
def test_a_field_of_another_type_is_told_and_the_rest_still_answers(
    house: House, kind: str, place: Place, value: object, told: str
) -> None:
    for one in house.api.objects:
        if one["kind"] == kind:
            part: Any = one
            for step in place[:-1]:
                part = part[step]
            part[place[-1]] = value
    answer = call(house, "get_cluster_status", cluster_name="ledger")
    assert told in answer
    assert "ledger-1" in answer


def test_who_lists_or_changes_is_told_of_a_field_of_another_type_too(house: House) -> None:
    for one in house.api.objects:
        if one["kind"] == "Cluster":
            one["status"]["instances"] = "many"
    told = "Cluster ledger: unreadable, so passed over: status.instances, found a text"
    assert told in call(house, "list_postgres_clusters")
    assert told in call(house, "list_postgres_roles", cluster_name="ledger")
    assert told in call(house, "list_postgres_databases", cluster_name="ledger")
    assert told in call(house, "scale_postgres_cluster", cluster_name="ledger", instances=2, dry_run=True)
    assert told in call(
        house, "scale_postgres_cluster", cluster_name="ledger", instances=2, dry_run=True, environment="dev"
    )
