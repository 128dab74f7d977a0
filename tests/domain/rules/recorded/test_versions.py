"""The same questions asked of operators 1.25.4 to 1.30.0, with their own CRDs and webhooks, and of one that nobody knows.

`versions.jsonl` has what those releases answer otherwise than `verdicts.jsonl` says, `version-rules.jsonl` objects that
were made for rules that some release has and another has not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.crds import VERSION
from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.cnpg.postgres.images import POSTGRES_IMAGES
from gitops_mcp.domain.cnpg.releases import SUPPORTED, Release, release_text
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.rules import Seen
from gitops_mcp.domain.rules.admission import admit
from tests.domain.rules.recorded.rows import Row, schema_of, stored, verdicts

ASKED: tuple[Release, ...] = ((1, 25, 4), (1, 26, 3), (1, 27, 4), (1, 28, 4), (1, 29, 2), (1, 30, 0))
SUPPORTED_HERE = tuple(one for one in ASKED if one in SUPPORTED)
DOUBTS = ("which one runs here is not known", "in no release of the operator yet")


@cache
def rows_of(release: Release) -> dict[str, Row]:
    """Each row as a release answered it; without those that it could not be asked, as it has not stored the old one."""
    made = {}
    otherwise = {one["id"]: one for one in _lines("versions.jsonl") if "id" in one}
    for row in verdicts():
        answer = otherwise.get(row.id, {}).get(f"{release[0]}.{release[1]}", {"accepted": row.accepted})
        made[row.id] = (row, answer)
    for line in _lines("version-rules.jsonl"):
        row = Row(line["id"], line["kind"], line["new"], line["old"], accepted=True, message=None)
        made[row.id] = (row, line["verdicts"][release_text(release)])
    return {
        key: replace(row, accepted=answer["accepted"], message=answer.get("message", row.message))
        for key, (row, answer) in made.items()
        if answer["accepted"] is not None
    }


def _lines(name: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, (Path(__file__).parent / name).read_text().splitlines())


def found_in(row: Row, operator: Release | None) -> tuple[list[str], list[str]]:
    """What is told of a row: as a refusal by the server, and as a warning that it may refuse or does so since long."""
    before = None if row.old is None else {key: part for key, part in row.old.items() if key != "status"}
    found = admit(Seen(row.new, before, row.old, operator), schema_of(row.new)).findings
    doubtful = () if operator is None or operator[:2] == VERSION[:2] else ("schema", "cel")
    errors = [one for one in found if one.severity == "error" and not one.ours]
    told = [one for one in found if one.stands_in_the_way or any(text in one.message for text in DOUBTS)]
    refusals = [one for one in errors if one.rule not in doubtful]
    return [f"{one.rule} {one}" for one in refusals], [str(one) for one in (*told, *errors) if one not in refusals]


def fault_for(row: Row, operator: Release) -> str | None:
    refusals, told = found_in(row, operator)
    if row.standing or not row.accepted:
        return None if refusals or told else f"accepts what is refused: {row.message}"
    return f"refuses what is taken: {refusals[0]}" if refusals else None


def fault_for_nobody(rows: list[Row]) -> str | None:
    """Of the same row as each supported release answers it."""
    refusals, told = found_in(rows[0], None)
    refused = [one for one in rows if one.standing or not one.accepted]
    if refused:
        return None if refusals or told else f"is silent on what some release refuses: {refused[0].message}"
    return f"refuses what every release takes: {refusals[0]}" if refusals else None


@pytest.mark.parametrize("release", ASKED, ids=release_text)
@pytest.mark.few(2)
def test_each_row_is_judged_as_its_release_did(release: Release) -> None:
    faults = {row.id: fault_for(row, release) for row in rows_of(release).values()}
    assert {key: text for key, text in faults.items() if text} == {}


def test_of_an_unknown_operator_nothing_is_silent_that_a_release_refuses_and_nothing_refused_that_all_take() -> None:
    rows = [rows_of(release) for release in SUPPORTED_HERE]
    same = {key: [one[key] for one in rows if key in one] for key in dict.fromkeys(key for one in rows for key in one)}
    faults = {key: fault_for_nobody(answers) for key, answers in same.items()}
    assert {key: text for key, text in faults.items() if text} == {}


def stored_by(release: Release) -> Iterator[tuple[Object, Object, str | None]]:
    """What was sent, what the release then held, and why it held nothing."""
    otherwise = {(one["kind"], one["stored"]): one for one in _lines("versions.jsonl") if "stored" in one}
    for sent, kept in stored():
        line = otherwise.get((sent["kind"], sent["metadata"]["name"]), {})
        answer = line.get(f"{release[0]}.{release[1]}", {})
        held = deepcopy(kept)
        for path, value in {**answer.get("otherwise", {}), **answer.get("more", {})}.items():
            put(held, path.split("/"), value)
        for path in answer.get("absent", ()):
            remove(held, path.split("/"))
        yield sent, held, answer.get("refused")


def put(place: Any, steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    place[steps[-1]] = value


def remove(place: Any, steps: list[str]) -> None:
    """With the mappings that are empty then."""
    first, *rest = steps
    key = int(first) if isinstance(place, list) else first
    if rest:
        remove(place[key], rest)
    if not rest or place[key] == {}:
        del place[key]


@pytest.mark.parametrize("release", ASKED, ids=release_text)
def test_defaults_are_those_of_the_release(release: Release) -> None:
    for sent, held, refused in stored_by(release):
        if refused:
            assert (
                fault_for(
                    Row(sent["metadata"]["name"], sent["kind"], sent, None, accepted=False, message=refused), release
                )
                is None
            )
            continue
        filled = fill_webhook_defaults(schema_of(sent).fill(sent), operator=release)
        if (image := at(filled, "spec", "imageName")) != at(sent, "spec", "imageName"):
            filled["spec"]["imageName"] = image.replace(POSTGRES_IMAGES, "registry.example/operator-default/postgresql")
        made = schema_of(sent).fill(filled)
        assert (drift(made, held), drift(held, made), drift(sent, held)) == ((), (), ()), sent
