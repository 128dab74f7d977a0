"""The sandbox's API beside the recorded answers of a real one: every verdict and every stored object, over its socket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import SandboxApi, Store, WriteOptions
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.domain.rules.recorded.rows import MAIN, Row, stored, verdicts
from tests.domain.rules.recorded.test_stored import DEFAULT_IMAGE
from tests.sandbox.conftest import TOKEN, Answer, Http

KINDS: dict[str, Resource] = {one.kind: one for one in CNPG_KINDS}
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
DRY = "dryRun=All&fieldManager=flux&fieldValidation=Strict"


OTHERWISE = {
    "w059": "a quantity that is none: the webhook that reads it says so first, here the schema",
    "w237": "of another apiVersion a real server first says which fields it does not know there",
    "w372": "a null that the webhook reads as a blank: the server says no more once it has refused that",
    "w248": "the webhook refuses the annotation of which its defaulting makes an invalid field first",
}
"""Rows that are refused in other words than the server's first."""


@pytest.fixture(scope="module")
def recorded() -> Iterator[tuple[Store, Http]]:
    store = Store(operator=MAIN)
    names = {one["metadata"].get("namespace", "lab") for one in sent_objects()}
    for name in names:
        store.create(NAMESPACE, {"metadata": {"name": name}})
    api = SandboxApi(store, token=TOKEN)
    yield store, Http(api.start())
    api.stop()


def sent_objects() -> Iterator[Object]:
    for row in verdicts():
        yield row.new
    for sent, _ in stored():
        yield sent


def path_of(value: Object) -> str:
    resource = KINDS[value["kind"]]
    place = f"namespaces/{value['metadata'].get('namespace', 'lab')}/" if resource.namespaced else ""
    return f"/apis/postgresql.cnpg.io/v1/{place}{resource.plural}"


def named(value: Object) -> str:
    return f"{path_of(value)}/{value['metadata']['name']}"


def created(http_: Http, value: Object, *, how: str) -> Answer:
    if how == "apply":
        return http_("PATCH", f"{named(value)}?{DRY}", value, media_type=APPLY)
    return http_("POST", f"{path_of(value)}?{DRY}", value)


WARNINGS = (
    ("Native support for Barman Cloud", "in-tree Barman is deprecated"),
    ("Schedule parameter may not have", "a schedule has 6 fields"),
    ("This cluster has no synchronous", "spec.postgresql.synchronous: is not there"),
    ("`shared_buffers` value", "spec.postgresql.parameters.shared_buffers: "),
    ("validation webhook is disabled", "validation is disabled by an annotation"),
)
"""How a recorded warning begins, and what ours says of the same."""


def kinds_of(texts: Iterable[str]) -> set[str]:
    """Which of them; one that is none of them stays as it is."""
    return {next((kind for kind, ours in WARNINGS if kind in text or ours in text), text) for text in texts}


def warnings_of(answer: Answer) -> set[str]:
    return kinds_of(text.encode("latin-1").decode() for text in answer.headers.get_all("Warning") or ())


CREATIONS = [pytest.param(row, id=row.id) for row in verdicts() if row.old is None]
PAIRS = [pytest.param(row, id=row.id) for row in verdicts() if row.old is not None]


@pytest.mark.parametrize("row", CREATIONS)
@pytest.mark.few(75)
def test_a_creation_is_taken_or_refused_as_it_was(recorded: tuple[Store, Http], row: Row) -> None:
    answer = created(recorded[1], row.new, how=row.how)
    assert (answer.status == 201) == row.accepted, (row.message, answer.body.get("message"))
    assert row.id in OTHERWISE or warnings_of(answer) == kinds_of(row.warnings)
    if row.message and row.id not in OTHERWISE:
        assert answer.body["message"].startswith(head_of(row.message)), row.message
        assert answer.status == code_of(row.message)


def head_of(message: str) -> str:
    """Who refuses, and which object; the words on a field are the rules' own."""
    who, denied, rest = message.partition(" denied the request: ")
    return who + denied if denied else rest or message.partition(" is invalid: ")[0]


def code_of(message: str) -> int:
    """What cannot be decoded, by the server or by a defaulting webhook, is a bad request; most else is invalid."""
    if message.startswith("Operation cannot be fulfilled"):
        return 409
    starts = ('admission webhook "m', "metadata.managedFields must be nil")
    return 400 if "cannot be handled as" in message or message.startswith(starts) else 422


@pytest.mark.parametrize("row", PAIRS)
@pytest.mark.few(25)
def test_a_change_is_taken_or_refused_as_it_was_by_apply_patch_and_replace(
    recorded: tuple[Store, Http], row: Row
) -> None:
    store, http_ = recorded
    assert row.old
    resource = KINDS[row.kind]
    old = {key: part for key, part in row.old.items() if key != "status"}
    live = store.create(resource, old, WriteOptions(checked=False))
    place = live["metadata"].get("namespace"), live["metadata"]["name"]
    try:
        store.apply(resource, old, how=WriteOptions(manager="flux", checked=False))
        if "status" in row.old:
            live = store.merge(resource, *place, {"status": row.old["status"]}, subresource="status")
        answers = {
            "apply": http_("PATCH", f"{named(row.new)}?{DRY}", row.new, media_type=APPLY),
            "patch": http_("PATCH", f"{named(row.new)}?{DRY}", three_way(old, row.new, live), media_type=MERGE),
            "replace": http_("PUT", f"{named(row.new)}?{DRY}", versioned(row.new, store.get(resource, *place))),
        }
    finally:
        store.delete(resource, *place)
    assert {how: answer.status == 200 for how, answer in answers.items()} == {
        how: row.modes.get(how, row.accepted) if row.modes else row.accepted for how in answers
    }, (row.message, [answer.body.get("message") for answer in answers.values()])
    assert warnings_of(answers["apply"]) == kinds_of(row.warnings)


def three_way(old: Any, new: Any, live: Any) -> Any:
    """The merge patch of `kubectl apply`: what is new or changed, and null for what was declared and is no more."""
    made: Object = {key: None for key in old if key not in new}
    for key, part in new.items():
        below = live.get(key) if isinstance(live, dict) else None
        if isinstance(part, dict):
            made[key] = three_way(old.get(key) if isinstance(old.get(key), dict) else {}, part, below)
        elif part != below:
            made[key] = part
    return made


def versioned(value: Object, live: Object) -> Object:
    return {**value, "metadata": {**value["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [pytest.param(sent, kept, id=f"{sent['kind']} {sent['metadata']['name']}") for sent, kept in stored()],
)
def test_what_is_stored_is_what_was_stored(recorded: tuple[Store, Http], sent: Object, kept: Object) -> None:
    answer = created(recorded[1], sent, how="create")
    assert answer.status == 201, answer.body
    spec = answer.body["spec"]
    if spec.get("imageName") != sent["spec"].get("imageName"):
        spec["imageName"] = DEFAULT_IMAGE
    assert spec == kept["spec"]
    for field in ("labels", "annotations", "finalizers"):
        assert answer.body["metadata"].get(field) == kept["metadata"].get(field)
