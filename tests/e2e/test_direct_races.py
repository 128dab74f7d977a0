"""Direct delivery beside others who write: an operator at work, another session, webhooks and policies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.types import ElicitResult

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import ApiError
from tests.e2e.dev import YES, Dev, Mode, client, dev
from tests.e2e.team import text

STORAGE = {"size": "1Gi"}
DELETE = "delete_postgres_cluster"
OWNED = (kinds.CLUSTER, kinds.DATABASE, kinds.DATABASE_ROLE, kinds.POOLER, kinds.SCHEDULED_BACKUP)


@pytest.fixture(scope="module", params=["auto", "legacy"])
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """In both eras of the protocol, since a question is one call in the one and two in the other."""
    mode: Mode = request.param
    with dev(tmp_path_factory.mktemp(f"races-{mode}"), mode=mode) as made:
        yield made


def put(here: Dev, name: str) -> None:
    """A Cluster with everything that may belong to one."""
    of: Object = {"cluster": {"name": name}}
    here.put(kinds.CLUSTER, name, instances=2, storage=STORAGE)
    here.put(kinds.DATABASE, f"{name}-shop", **of, name="shop", owner="app", databaseReclaimPolicy="delete")
    here.put(kinds.DATABASE_ROLE, f"{name}-ada", **of, name="ada")
    here.put(kinds.POOLER, f"{name}-pool", **of, instances=1, pgbouncer={"poolMode": "session"})
    here.put(kinds.SCHEDULED_BACKUP, f"{name}-nightly", **of, schedule="0 0 0 * * *")
    here.person.asked.clear()
    here.person.reply = lambda _: YES


def write_status(here: Dev, name: str, number: int = 1) -> None:
    """As an operator does after each step, to all that belongs to a Cluster."""
    for resource in OWNED:
        for one in here.world.store.list(resource, "dev"):
            found = one["metadata"]["name"]
            if found.startswith(name):
                change = {"status": {"message": f"step {number}"}}
                try:
                    here.world.store.merge(resource, "dev", found, change, subresource="status")
                    note = {"metadata": {"annotations": {"example.com/step": str(number)}}}
                    here.world.store.merge(resource, "dev", found, note)
                except ApiError as error:  # deleted meanwhile
                    if error.code != 404:
                        raise


@contextmanager
def busy(here: Dev, name: str) -> Iterator[None]:
    """An operator and a tool that write a hundred times a second, for as long as the block runs."""
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.wait(0.01):
            number += 1
            write_status(here, name, number)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def left(here: Dev, name: str) -> list[str]:
    return [
        found["metadata"]["name"]
        for resource in OWNED
        for found in here.world.store.list(resource, "dev")
        if found["metadata"]["name"].startswith(name)
    ]


@pytest.mark.thorough
@pytest.mark.few(1)
def test_a_cluster_goes_whole_while_an_operator_writes_all_the_time(here: Dev) -> None:
    put(here, "busy")
    with busy(here, "busy"):
        done = here.applied(DELETE, name="busy", confirm_deletion=True)
    assert sorted(done["applied"]) == [
        "delete Cluster dev/busy",
        "delete Database dev/busy-shop",
        "delete DatabaseRole dev/busy-ada",
        "delete Pooler dev/busy-pool",
        "delete ScheduledBackup dev/busy-nightly",
    ]
    assert left(here, "busy") == []
    assert len(here.person.asked) == 1


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.few(2)
def test_a_status_that_is_written_just_before_any_step_stops_none(here: Dev, number: int) -> None:
    name = f"step{number}"
    put(here, name)
    here.wires.meanwhile(number, lambda: write_status(here, name))
    assert len(here.applied(DELETE, name=name, confirm_deletion=True)["applied"]) == 5
    assert left(here, name) == []
    assert len(here.person.asked) == 1


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("scale_postgres_cluster", {"instances": 1, "confirm_deletion": True}),
        ("scale_postgres_cluster", {"instances": 3}),
        ("update_postgres_cluster", {"parameters": {"work_mem": "8MB"}}),
        ("update_postgres_cluster", {"reload": True}),
        ("update_postgres_cluster", {"hibernation": "on", "reload": True, "confirm_deletion": True}),
    ],
)
@pytest.mark.few(2)
def test_a_change_arrives_while_an_operator_writes_all_the_time(
    here: Dev, tool: str, arguments: dict[str, Any]
) -> None:
    name = f"busy-{len(left(here, 'busy-'))}"
    put(here, name)
    with busy(here, name):
        here.applied(tool, name=name, **arguments)
        assert here.cluster(name)["metadata"]["annotations"]["example.com/step"]
    assert len(here.person.asked) == (1 if "confirm_deletion" in arguments else 0)


def test_a_status_between_question_and_answer_is_no_reason_to_ask_again(here: Dev) -> None:
    put(here, "thinking")

    def meanwhile(_question: str) -> ElicitResult:
        write_status(here, "thinking")
        return YES

    here.person.reply = meanwhile
    here.applied(DELETE, name="thinking", confirm_deletion=True)
    assert len(here.person.asked) == 1


def replace_cluster(here: Dev, name: str) -> None:
    here.world.store.delete(kinds.CLUSTER, "dev", name)
    here.put(kinds.CLUSTER, name, instances=2, storage=STORAGE)


def protect(here: Dev, name: str) -> None:
    here.set(kinds.CLUSTER, name, {"metadata": {"labels": {"keep": "me"}}})


def resize(here: Dev, name: str) -> None:
    here.set(kinds.CLUSTER, name, {"spec": {"storage": {"size": "2Gi"}}})


def add_database(here: Dev, name: str) -> None:
    here.put(kinds.DATABASE, f"{name}-more", cluster={"name": name}, name="more", owner="app")


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (replace_cluster, "the object itself (uid) of Cluster dev/NAME"),
        (protect, "label keep of Cluster dev/NAME"),
        (resize, "spec.storage of Cluster dev/NAME"),
        (add_database, "delete Database dev/NAME-more"),
    ],
)
@pytest.mark.few(2)
def test_what_is_judged_otherwise_by_the_time_of_the_answer_is_asked_again_and_named(
    here: Dev, happens: Any, told: str
) -> None:
    name = f"{happens.__name__.replace('_', '-')}"
    put(here, name)

    def meanwhile(_question: str) -> ElicitResult:
        if len(here.person.asked) == 1:
            happens(here, name)
        return YES

    here.person.reply = meanwhile
    here.applied(DELETE, name=name, confirm_deletion=True)
    first, second = here.person.asked
    assert second.startswith(first)
    assert "You are asked again because this has changed meanwhile: " in second
    assert told.replace("NAME", name) in second


@pytest.mark.thorough
def test_of_two_sessions_that_create_the_same_at_once_one_is_told_that_it_is_there_and_by_whose_hand(
    tmp_path: Path,
) -> None:
    with dev(tmp_path) as made, client(made.team, config=tmp_path / "kubeconfig") as other:
        made.put(kinds.CLUSTER, "db", instances=1, storage=STORAGE)
        start = threading.Barrier(2)

        def create(which: int, tool: str, arguments: Object) -> tuple[bool, str]:
            start.wait()
            result = (made.ask, other)[which].call(tool, **arguments)
            return bool(result.is_error), text(result)

        pairs: list[tuple[str, Resource, str, Object, Object]] = [
            (
                "create_postgres_cluster",
                kinds.CLUSTER,
                f"twin{number}",
                {"name": f"twin{number}", "instances": 2, "parameters": {"work_mem": "4MB"}},
                {"name": f"twin{number}", "instances": 3, "parameters": {"max_connections": "50"}},
            )
            for number in range(4)
        ]
        pairs += [
            (
                "create_postgres_database",
                kinds.DATABASE,
                f"db-shop{number}",
                {"cluster_name": "db", "database_name": f"shop{number}", "owner": "app", "reclaim_policy": "delete"},
                {"cluster_name": "db", "database_name": f"shop{number}", "owner": "app", "reclaim_policy": "retain"},
            )
            for number in range(4)
        ]
        for tool, resource, name, one, another in pairs:
            with ThreadPoolExecutor(2) as pool:
                said = list(pool.map(create, (0, 1), (tool, tool), (one, another)))
            assert sorted(is_error for is_error, _ in said) == [False, True], said
            (refused,) = [words for is_error, words in said if is_error]
            assert "already" in refused
            assert "written by gitops-mcp at 20" in refused, refused
            found = made.live(resource, name)
            assert found is not None
            winner = one if said[1][0] else another
            if resource is kinds.CLUSTER:
                assert found["spec"]["instances"] == winner["instances"]
                assert winner["parameters"].items() <= found["spec"]["postgresql"]["parameters"].items()
            else:
                assert found["spec"]["databaseReclaimPolicy"] == winner["reclaim_policy"]


POLICY = (
    "clusters.postgresql.cnpg.io \"db\" is forbidden: ValidatingAdmissionPolicy 'two.example' with binding 'b' denied "
    "request: at most two here, ask the ops team"
)
DENIED = 'admission webhook "limits.example" denied the request: at most two here, ask the ops team'


@pytest.mark.parametrize(
    ("code", "reason", "message", "named"),
    [
        (400, "", DENIED, "webhook 'limits.example' refuses it"),
        (403, "Forbidden", DENIED, "webhook 'limits.example' refuses it"),
        (409, "Conflict", DENIED, "webhook 'limits.example' refuses it"),
        (422, "", DENIED, "webhook 'limits.example' refuses it"),
        (500, "InternalError", DENIED, "webhook 'limits.example' refuses it"),
        (422, "Invalid", POLICY, "ValidatingAdmissionPolicy 'two.example' (binding 'b') refuses it"),
        (
            403,
            "Forbidden",
            'clusters.postgresql.cnpg.io "db" is forbidden: exceeded quota: two, at most two here, ask the ops team',
            "quota 'two' refuses it",
        ),
    ],
)
@pytest.mark.few(4)
def test_what_admission_refuses_is_told_at_once_in_its_words(
    here: Dev, code: int, reason: str, message: str, named: str
) -> None:
    if here.live(kinds.CLUSTER, "denied") is None:
        here.put(kinds.CLUSTER, "denied", instances=2, storage=STORAGE)
    here.wires.refuse(1, {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": code})
    told = here.refused("scale_postgres_cluster", name="denied", instances=3)
    assert told.startswith("Refused: ")
    assert named in told
    assert "at most two here, ask the ops team (untrusted text)" in told
    assert "others" not in told
    assert here.cluster("denied")["spec"]["instances"] == 2


def test_a_webhook_that_is_down_is_named_and_nothing_is_tried_again(here: Dev) -> None:
    here.put(kinds.CLUSTER, "waiting", instances=2, storage=STORAGE)
    message = (
        'Internal error occurred: failed calling webhook "vcluster.cnpg.io": failed to call webhook: Post '
        '"https://cnpg-webhook-service.cnpg-system.svc:443/x": no endpoints available for service "cnpg-webhook-service"'
    )
    here.wires.refuse(1, {"kind": "Status", "message": message, "reason": "InternalError", "code": 500})
    told = here.refused("scale_postgres_cluster", name="waiting", instances=3)
    assert told.startswith("Unavailable: ")
    assert "webhook 'vcluster.cnpg.io' cannot be called" in told
    assert "not known" not in told


def test_what_the_server_and_webhooks_warn_of_is_told_once_from_the_dry_run_too(here: Dev) -> None:
    here.put(kinds.CLUSTER, "warned", instances=2, storage=STORAGE)
    here.wires.warnings = ('299 - "shared_buffers \\"10\\" has no unit"', '299 - "old", 299 - "password: hunter2"')
    try:
        tried = here.ask.answer("scale_postgres_cluster", name="warned", instances=3, dry_run=True)
        done = here.applied("scale_postgres_cluster", name="warned", instances=3)
    finally:
        here.wires.warnings = ()
    for answer in (tried, done):
        assert [one["message"] for one in answer["warnings"] if one["id"] == "api-warning"] == [
            f"the API server or a webhook says of Cluster dev/warned: {words} (untrusted text)"
            for words in ('shared_buffers "10" has no unit', "old", "password: <redacted>")
        ]


GIT_WORDS = ("Git", "commit", "merge", "document", "manifest", "nce applied", "nce this is applied", "pull request")


@pytest.mark.thorough
@pytest.mark.few(1)
def test_nothing_that_is_changed_directly_is_told_in_words_of_git(here: Dev) -> None:
    roles = [{"name": "bob", "ensure": "present"}]
    here.put(kinds.CLUSTER, "words", instances=3, storage=STORAGE, managed={"roles": roles})
    of = {"cluster_name": "words"}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("create_postgres_cluster", {"name": "words2", "instances": 2}),
        ("scale_postgres_cluster", {"name": "words", "instances": 4}),
        ("scale_postgres_cluster", {"name": "words", "instances": 1, "confirm_deletion": True}),
        ("update_postgres_cluster", {"name": "words", "parameters": {"work_mem": "8MB"}}),
        ("update_postgres_cluster", {"name": "words", "storage_size": "2Gi"}),
        ("update_postgres_cluster", {"name": "words", "image": "ghcr.io/cloudnative-pg/postgresql:17.5"}),
        ("create_postgres_role", {**of, "role_name": "ada", "password_source": "none"}),
        ("update_postgres_role", {**of, "role_name": "ada", "createdb": True}),
        ("create_postgres_database", {**of, "database_name": "shop", "owner": "nobody", "reclaim_policy": "delete"}),
        ("delete_postgres_role", {**of, "role_name": "bob", "confirm_deletion": True}),
        ("migrate_postgres_roles", of),
        ("delete_postgres_role", {**of, "role_name": "ada", "confirm_deletion": True}),
        ("delete_postgres_role", {**of, "role_name": "ada", "confirm_deletion": True}),
        ("delete_postgres_database", {**of, "database_name": "shop", "confirm_deletion": True}),
        ("delete_postgres_cluster", {"name": "words", "confirm_deletion": True}),
        ("delete_postgres_cluster", {"name": "words2", "confirm_deletion": True}),
    ]
    for tool, arguments in steps:
        for more in ({"dry_run": True}, {}):
            result = here.ask.call(tool, **arguments, **more)
            said = result.structured_content or {}
            told = [said.get(key) for key in ("summary", "applied", "about", "next", "impact")]
            told += [one["message"] for one in said.get("warnings", ())]
            words = text(result) if result.is_error else str(told)
            assert not [word for word in GIT_WORDS if word in words], (tool, words)


@pytest.mark.few(1)
def test_a_cluster_that_is_protected_against_pruning_is_unprotected_first_in_live_words(here: Dev) -> None:
    here.put(kinds.CLUSTER, "kept", instances=1, storage=STORAGE)
    here.set(kinds.CLUSTER, "kept", {"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}})
    done = here.applied(DELETE, name="kept", confirm_deletion=True)
    assert done["next"][:2] == [
        "Step 1 of 2: removes `kustomize.toolkit.fluxcd.io/prune: disabled`",
        "Then call delete_postgres_cluster again: step 2 removes the object",
    ]
    assert here.cluster("kept")["metadata"].get("annotations", {}) == {}
    here.applied(DELETE, name="kept", confirm_deletion=True)
    assert here.live(kinds.CLUSTER, "kept") is None
