"""What a validating webhook answers, as the API server passes it on."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import GitOpsError
from tests.adapters.kube.contract.server import LEDGER, Server

MERGE = "application/merge-patch+json"
WORDS = "ledgers of this team are closed"
DENIED = 'admission webhook "books.contract.example.com" denied the request'


def denying(status: Object | None) -> Object:
    return {"allowed": False, **({"status": status} if status else {})}


@pytest.mark.parametrize(
    ("status", "code", "reason", "message"),
    [
        pytest.param({"code": 403, "message": WORDS, "reason": "Forbidden"}, 403, "Forbidden", f"{DENIED}: {WORDS}", id="403"),
        pytest.param({"code": 422, "message": WORDS}, 422, None, f"{DENIED}: {WORDS}", id="422 without causes"),
        pytest.param({"code": 409, "message": WORDS, "reason": "Conflict"}, 409, "Conflict", f"{DENIED}: {WORDS}", id="409"),
        pytest.param({"code": 200, "message": WORDS}, 400, None, f"{DENIED}: {WORDS}", id="a code that is none of a refusal"),
        pytest.param({"message": WORDS}, 400, None, f"{DENIED}: {WORDS}", id="no code"),
        pytest.param({"reason": "TeamClosed"}, 400, "TeamClosed", f"{DENIED}: TeamClosed", id="a reason alone"),
        pytest.param(None, 400, None, f"{DENIED} without explanation", id="nothing"),
    ],
)  # fmt: skip
def test_a_denial_comes_with_the_webhooks_own_code_and_words(
    server: Server, status: Object | None, code: int, reason: str | None, message: str
) -> None:
    server.kube.create(LEDGER, server.ledger())
    with server.webhook(lambda _: denying(status)):
        for reply in (
            server.ask("POST", server.path(), server.ledger("second")),
            server.ask("PATCH", server.path("main"), {"spec": {"owner": "bob"}}, media_type=MERGE),
            server.ask("PATCH", server.path("main"), {"spec": {"owner": "bob"}}, media_type=MERGE, dryRun="All"),
            server.ask("DELETE", server.path("main")),
        ):
            assert (reply.status, reply.body.get("reason"), reply.body["message"]) == (code, reason, message)
    assert server.kube.get(LEDGER, server.namespace, "main")["spec"] == {"pages": 3}


def test_causes_and_details_of_a_denial_come_as_the_webhook_gave_them(server: Server) -> None:
    causes = [{"reason": "FieldValueInvalid", "message": "Invalid value: 9: too many", "field": "spec.pages"}]
    status = {"code": 422, "reason": "Invalid", "message": WORDS, "details": {"name": "main", "causes": causes}}
    with server.webhook(lambda _: denying(status)):
        reply = server.ask("POST", server.path(), server.ledger())
    assert (reply.status, reply.causes) == (422, [("FieldValueInvalid", "spec.pages")])


@pytest.mark.parametrize("code", [400, 403, 409, 422])
def test_the_adapter_tells_a_denial_in_the_webhooks_words(server: Server, code: int) -> None:
    server.kube.create(LEDGER, server.ledger())
    with server.webhook(lambda _: denying({"code": code, "message": WORDS})):
        with pytest.raises(GitOpsError) as created:
            server.kube.create(LEDGER, server.ledger("second"))
        with pytest.raises(GitOpsError) as deleted:
            server.kube.delete(LEDGER, server.namespace, "main")
    assert WORDS in str(created.value)
    assert WORDS in str(deleted.value)


def test_warnings_come_with_what_is_done_and_with_what_is_refused(server: Server) -> None:
    said = ['mind the "gap"', "and mind the date"]
    with server.webhook(lambda request: {"allowed": request["name"] != "second", "warnings": said}):
        made = server.kube.create(LEDGER, server.ledger(), dry_run=True)
        refused = server.ask("POST", server.path(), server.ledger("second"))
    assert made.warnings == tuple(said)
    assert refused.status == 400
    assert refused.warnings == ['299 - "mind the \\"gap\\""', '299 - "and mind the date"']


def test_a_webhook_is_asked_after_the_schema_and_before_the_name_is_looked_for(server: Server) -> None:
    server.kube.create(LEDGER, server.ledger())
    seen: list[str] = []

    def judge(request: Object) -> Object:
        seen.append(request["name"])
        return denying({"code": 403, "message": WORDS})

    with server.webhook(judge):
        seen.clear()
        invalid = server.ask("POST", server.path(), server.ledger("second", pages=0))
        taken = server.ask("POST", server.path(), server.ledger())
    assert (invalid.status, taken.status, seen) == (422, 403, ["main"])


def test_a_webhook_sees_the_old_object_the_new_one_and_whether_it_is_for_real(server: Server) -> None:
    made = server.kube.create(LEDGER, server.ledger(owner="alice")).object
    seen: list[Object] = []

    def judge(request: Object) -> Object:
        seen.append(request)
        return {"allowed": True}

    with server.webhook(judge):
        seen.clear()
        server.kube.merge(LEDGER, server.namespace, "main", {"spec": {"owner": "bob"}}, dry_run=True)
        server.kube.delete(LEDGER, server.namespace, "main")
    update, deletion = seen
    assert (update["operation"], update["dryRun"], update["name"]) == ("UPDATE", True, "main")
    assert (update["oldObject"]["spec"]["owner"], update["object"]["spec"]["owner"]) == ("alice", "bob")
    assert update["object"]["metadata"]["generation"] == 2
    assert (deletion["operation"], deletion["dryRun"], deletion["object"]) == ("DELETE", False, None)
    assert deletion["oldObject"]["metadata"]["uid"] == made["metadata"]["uid"]


def test_a_webhook_that_cannot_be_called_fails_the_write_by_its_name(server: Server) -> None:
    def down(_: Object) -> Object:
        raise ConnectionRefusedError(111, "connection refused")

    with server.webhook(down):
        reply = server.ask("POST", server.path(), server.ledger())
    assert (reply.status, reply.body["reason"]) == (500, "InternalError")
    failed = 'Internal error occurred: failed calling webhook "books.contract.example.com": failed to call webhook: '
    assert reply.body["message"].startswith(failed)
    assert server.ask("GET", server.path("main")).status == 404
