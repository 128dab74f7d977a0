"""Writes: what meets what is there already, and what happens only to the object that was meant."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.kinds import SECRET
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import NotFound, Raced, Refused
from tests.adapters.kube.contract.server import LEDGER, Reply, Server

APPLY, PATCH, MERGE = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")


def replacing(field: str, value: object) -> Object:
    return {"op": "replace", "path": f"/spec/{field}", "value": value}


def having(path: str, value: object) -> Object:
    return {"op": "test", "path": path, "value": value}


def written_status(server: Server, name: str = "main") -> None:
    """What an operator does after each step."""
    reply = server.ask("PATCH", f"{server.path(name)}/status", {"status": {"phase": "balanced"}}, media_type=MERGE)
    assert reply.status == 200, reply.body


def test_a_create_that_meets_an_object_of_its_name_changes_nothing(server: Server) -> None:
    made = server.kube.create(LEDGER, server.ledger(owner="alice")).object
    for dry_run in (True, False):
        with pytest.raises(Refused, match=r'409, .*ledgers\.contract\.example\.com "main" already exists'):
            server.kube.create(LEDGER, server.ledger(owner="bob"), dry_run=dry_run)
    reply = server.ask("POST", server.path(), server.ledger(owner="bob"))
    assert (reply.status, reply.body["reason"]) == (409, "AlreadyExists")
    assert reply.body["details"] == {"name": "main", "group": "contract.example.com", "kind": "ledgers"}
    assert server.kube.get(LEDGER, server.namespace, "main") == made


def test_a_create_beside_one_that_is_being_deleted_says_so(server: Server) -> None:
    held = server.ledger()
    held["metadata"]["finalizers"] = ["contract.example.com/held"]
    server.kube.create(LEDGER, held)
    deleted = server.ask("DELETE", server.path("main"))
    assert (deleted.status, "deletionTimestamp" in deleted.body["metadata"]) == (200, True)
    reply = server.ask("POST", server.path(), server.ledger())
    assert (reply.status, reply.body["reason"]) == (409, "AlreadyExists")
    assert reply.body["message"] == ('object is being deleted: ledgers.contract.example.com "main" already exists')
    released = {"metadata": {"finalizers": None}}
    server.kube.merge(LEDGER, server.namespace, "main", released)
    with pytest.raises(NotFound):
        server.kube.get(LEDGER, server.namespace, "main")


def test_a_namespace_must_be_there_and_not_on_its_way_out(server: Server) -> None:
    lost = server.ledger()
    lost["metadata"]["namespace"] = "no-such-namespace"
    with pytest.raises(NotFound, match="there is no namespace 'no-such-namespace'"):
        server.kube.create(LEDGER, lost)
    held = server.ledger()
    held["metadata"]["finalizers"] = ["contract.example.com/held"]
    server.kube.create(LEDGER, held)
    server.ask("DELETE", f"/api/v1/namespaces/{server.namespace}")
    reply = server.ask("POST", server.path(), server.ledger("late"))
    assert (reply.status, reply.body["reason"]) == (403, "Forbidden")
    assert reply.body["message"] == (
        f'ledgers.contract.example.com "late" is forbidden: unable to create new content in namespace '
        f"{server.namespace} because it is being terminated"
    )
    assert reply.causes == [("NamespaceTerminating", "metadata.namespace")]
    server.kube.merge(LEDGER, server.namespace, "main", {"metadata": {"finalizers": None}})


def test_an_apply_says_by_its_code_whether_it_created(server: Server) -> None:
    path, body = server.path("main"), server.ledger(owner="alice")
    codes = [
        server.ask("PATCH", path, body, media_type=APPLY, fieldManager="one", **more).status
        for more in ({"dryRun": "All"}, {}, {"dryRun": "All"}, {})
    ]
    assert codes == [201, 201, 200, 200]


def test_an_apply_takes_no_field_from_another_manager_and_removes_what_it_no_longer_says(server: Server) -> None:
    def applied(manager: str, **spec: Any) -> Reply:
        return server.ask("PATCH", server.path("main"), server.ledger(**spec), media_type=APPLY, fieldManager=manager)

    applied("engine", owner="alice", most=9)
    reply = applied("other", most=7)
    assert (reply.status, reply.body["reason"]) == (409, "Conflict")
    assert reply.causes == [("FieldManagerConflict", ".spec.most")]
    assert reply.body["message"] == 'Apply failed with 1 conflict: conflict with "engine": .spec.most'
    applied("other", mode="open")
    left = applied("engine", owner="alice")
    assert left.body["spec"] == {"owner": "alice", "mode": "open", "pages": 3}


def test_what_one_manager_created_by_post_is_its_own_in_an_apply(server: Server) -> None:
    server.kube.create(LEDGER, server.ledger(owner="alice"))
    reply = server.ask("PATCH", server.path("main"), server.ledger(owner="bob"), media_type=APPLY, fieldManager="other")
    assert reply.body["message"] == (
        'Apply failed with 1 conflict: conflict with "gitops-mcp" using contract.example.com/v1: .spec.owner'
    )


def test_a_patch_happens_where_all_its_tests_hold_or_not_at_all(server: Server) -> None:
    made = server.kube.create(LEDGER, server.ledger(owner="alice", most=5)).object
    uid = having("/metadata/uid", made["metadata"]["uid"])
    change = [uid, having("/spec/most", 5), replacing("most", 7)]
    assert server.kube.patch(LEDGER, server.namespace, "main", change).object["spec"]["most"] == 7
    with pytest.raises(Raced, match="422, the patch does not fit the object as it is now"):
        server.kube.patch(LEDGER, server.namespace, "main", change)
    for operations in (
        [{"op": "remove", "path": "/spec/note"}],
        [replacing("none/such", 1)],
        [replacing("most", 8), having("/spec/owner", "bob")],
    ):
        reply = server.ask("PATCH", server.path("main"), operations, media_type=PATCH)
        assert (reply.status, reply.body["reason"]) == (422, "Invalid")
        assert reply.body["message"] == "the server rejected our request due to an error in our request"
    assert server.kube.get(LEDGER, server.namespace, "main")["spec"]["most"] == 7


def test_a_patch_that_makes_the_object_invalid_says_what_and_not_that_it_raced(server: Server) -> None:
    server.kube.create(LEDGER, server.ledger())
    reply = server.ask("PATCH", server.path("main"), [replacing("pages", 0)], media_type=PATCH)
    assert (reply.status, reply.body["reason"]) == (422, "Invalid")
    assert ("FieldValueInvalid", "spec.pages") in reply.causes


def test_an_outdated_object_replaces_nothing(server: Server) -> None:
    old = server.kube.create(LEDGER, server.ledger(owner="alice")).object
    assert server.ask("PUT", server.path("main"), {**old, "spec": {"owner": "bob"}}).status == 200
    assert server.ask("PUT", server.path("main"), {**old, "spec": {"owner": "carol"}}).status == 409
    unversioned = {**old, "metadata": {"name": "main", "namespace": server.namespace}}
    reply = server.ask("PUT", server.path("main"), unversioned)
    assert (reply.status, reply.causes) == (422, [("FieldValueInvalid", "metadata.resourceVersion")])
    assert server.kube.get(LEDGER, server.namespace, "main")["spec"]["owner"] == "bob"


@pytest.mark.parametrize(
    ("condition", "error", "said"),
    [("resourceVersion", Raced, "has changed since it was read"), ("uid", Refused, "the object that was read is gone")],
)
def test_a_merge_applies_to_the_version_and_the_object_that_it_names(
    server: Server, condition: str, error: type[Exception], said: str
) -> None:
    first = server.kube.create(LEDGER, server.ledger()).object["metadata"]
    server.kube.delete(LEDGER, server.namespace, "main")
    second = server.kube.create(LEDGER, server.ledger()).object["metadata"]
    change = {"metadata": {condition: first[condition]}, "spec": {"owner": "bob"}}
    with pytest.raises(error, match=said):
        server.kube.merge(LEDGER, server.namespace, "main", change)
    change["metadata"] = {condition: second[condition]}
    assert server.kube.merge(LEDGER, server.namespace, "main", change).object["spec"]["owner"] == "bob"


def test_a_deletion_takes_the_object_and_the_version_that_were_meant(server: Server) -> None:
    first = server.kube.create(LEDGER, server.ledger()).object["metadata"]
    server.kube.delete(LEDGER, server.namespace, "main", uid=first["uid"], version=first["resourceVersion"])
    second = server.kube.create(LEDGER, server.ledger()).object["metadata"]
    with pytest.raises(Refused, match="the object that was read is gone"):
        server.kube.delete(LEDGER, server.namespace, "main", uid=first["uid"])
    written_status(server)
    for dry_run in (True, False):
        with pytest.raises(Raced, match="409, the object has changed since it was read"):
            server.kube.delete(
                LEDGER, server.namespace, "main",
                uid=second["uid"], version=second["resourceVersion"], dry_run=dry_run,
            )  # fmt: skip
    conditions = {"preconditions": {"uid": second["uid"], "resourceVersion": second["resourceVersion"]}}
    reply = server.ask("DELETE", server.path("main"), conditions)
    now = server.kube.get(LEDGER, server.namespace, "main")["metadata"]["resourceVersion"]
    assert (reply.status, reply.body["reason"]) == (409, "Conflict")
    assert reply.body["message"] == (
        'Operation cannot be fulfilled on Ledger.contract.example.com "main": the ResourceVersion in the precondition '
        f"({second['resourceVersion']}) does not match the ResourceVersion in record ({now}). The object might have been "
        "modified"
    )
    assert server.kube.delete(LEDGER, server.namespace, "main", version=now).object["status"] == "Success"


def test_no_dry_run_changes_anything(server: Server) -> None:
    made = server.kube.create(LEDGER, server.ledger(owner="alice")).object
    assert server.kube.create(LEDGER, server.ledger("second"), dry_run=True).object["spec"] == {"pages": 3}
    grown = server.kube.patch(LEDGER, server.namespace, "main", [replacing("pages", 5)], dry_run=True)
    assert grown.object["spec"]["pages"] == 5
    server.kube.merge(LEDGER, server.namespace, "main", {"spec": {"owner": "bob"}}, dry_run=True)
    server.kube.delete(LEDGER, server.namespace, "main", dry_run=True)
    assert server.kube.every(LEDGER, server.namespace) == (made,)


def test_a_dry_run_is_refused_as_the_write_would_be(server: Server) -> None:
    reply = server.ask("POST", server.path(), server.ledger(pages=0), dryRun="All")
    assert (reply.status, reply.causes) == (422, [("FieldValueInvalid", "spec.pages")])


def test_a_status_that_is_written_in_between_spares_what_was_judged(server: Server) -> None:
    """Between the plan that a person agreed to and the patch: what counts is the object and the values that it had."""
    planned = server.kube.create(LEDGER, server.ledger(owner="alice", most=5)).object
    tests = [having("/metadata/uid", planned["metadata"]["uid"]), having("/spec/most", 5)]
    written_status(server)
    changed = server.kube.patch(LEDGER, server.namespace, "main", [*tests, replacing("most", 7)]).object
    assert (changed["spec"]["most"], changed["status"]["phase"]) == (7, "balanced")
    assert changed["metadata"]["generation"] == planned["metadata"]["generation"] + 1


def test_another_object_of_the_same_name_is_not_the_one_that_was_judged(server: Server) -> None:
    planned = server.kube.create(LEDGER, server.ledger(most=5)).object
    server.kube.delete(LEDGER, server.namespace, "main")
    server.kube.create(LEDGER, server.ledger(most=5))
    tests = [having("/metadata/uid", planned["metadata"]["uid"]), having("/spec/most", 5)]
    with pytest.raises(Raced, match="does not fit the object as it is now"):
        server.kube.patch(LEDGER, server.namespace, "main", [*tests, replacing("most", 7)])


def test_status_counts_in_the_version_and_not_in_the_generation(server: Server) -> None:
    before = server.kube.create(LEDGER, server.ledger()).object["metadata"]
    written_status(server)
    after = server.kube.get(LEDGER, server.namespace, "main")["metadata"]
    assert after["generation"] == before["generation"] == 1
    assert after["resourceVersion"] != before["resourceVersion"]
    server.kube.merge(LEDGER, server.namespace, "main", {"metadata": {"labels": {"team": "bank"}}})
    assert server.kube.get(LEDGER, server.namespace, "main")["metadata"]["generation"] == 1


def test_a_secret_is_written_and_known_by_its_metadata_alone(server: Server) -> None:
    metadata = {"name": "clerk", "namespace": server.namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": "hunter2"}}
    server.kube.create(SECRET, secret)
    found = server.kube.metadata(SECRET, server.namespace, "clerk")
    assert set(found) == {"apiVersion", "kind", "metadata"}
    with pytest.raises(Refused, match="409, it exists already") as raised:
        server.kube.create(SECRET, secret)
    assert "hunter2" not in str(raised.value)
    server.kube.delete(SECRET, server.namespace, "clerk", uid=found["metadata"]["uid"])
    with pytest.raises(NotFound, match="no Secret"):
        server.kube.metadata(SECRET, server.namespace, "clerk")
