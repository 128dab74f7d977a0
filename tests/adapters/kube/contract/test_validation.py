"""What the API server makes of an object before it stores it, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import InvalidRequest
from tests.adapters.kube.contract.server import LEDGER, Reply, Server

APPLY, PATCH, MERGE = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
INVALID = "FieldValueInvalid"
NOT_CHECKED = "<nil>"
UNJUDGED = {f"FieldValue{one}" for one in ("Required", "NotSupported", "TypeInvalid", "TooLong")}
NOT_CHECKED_CAUSE = (INVALID, NOT_CHECKED)
"""Where a wrong type or what is missing keeps the rules in CEL from being judged, the server says so, too."""


def create(server: Server, name: str = "main", **spec: Any) -> Reply:
    return server.ask("POST", server.path(), server.ledger(name, **spec))


def test_an_unknown_field_is_refused_warned_of_or_dropped_as_is_asked(server: Server) -> None:
    body = server.ledger(pagse=3, owner="alice")
    strict = server.ask("POST", server.path(), body, fieldValidation="Strict")
    assert (strict.status, strict.body["reason"]) == (400, "BadRequest")
    assert strict.body["message"] == (
        'Ledger in version "v1" cannot be handled as a Ledger: strict decoding error: unknown field "spec.pagse"'
    )
    warned = server.ask("POST", server.path(), body)
    assert (warned.status, warned.warnings) == (201, ['299 - "unknown field \\"spec.pagse\\""'])
    assert warned.body["spec"] == {"owner": "alice", "pages": 3}
    ignored = server.ask("POST", server.path(), server.ledger("second", pagse=3), fieldValidation="Ignore")
    assert (ignored.status, ignored.warnings) == (201, [])


def test_the_adapter_asks_for_strict_validation_in_each_write(server: Server) -> None:
    with pytest.raises(InvalidRequest, match=r'unknown field "spec\.pagse"'):
        server.kube.create(LEDGER, server.ledger(pagse=3))
    made = server.kube.create(LEDGER, server.ledger()).object
    with pytest.raises(InvalidRequest, match=r'422, .*strict decoding error: unknown field "spec\.pagse"') as patched:
        server.kube.patch(LEDGER, server.namespace, "main", [{"op": "add", "path": "/spec/pagse", "value": 3}])
    assert made["metadata"]["uid"] not in str(patched.value), "the server quotes the whole object there"
    with pytest.raises(InvalidRequest, match=r'unknown field "spec\.pagse"'):
        server.kube.merge(LEDGER, server.namespace, "main", {"spec": {"pagse": 3}})


def test_an_apply_refuses_an_unknown_field_whatever_is_asked(server: Server) -> None:
    for validation in ("Strict", "Warn", "Ignore"):
        reply = server.ask(
            "PATCH",
            server.path("main"),
            server.ledger(pagse=3),
            media_type=APPLY,
            fieldManager="engine",
            fieldValidation=validation,
        )
        assert reply.status == 500
        assert reply.body["message"] == (
            f"failed to create typed patch object ({server.namespace}/main; contract.example.com/v1, Kind=Ledger): "
            ".spec.pagse: field not declared in schema"
        )


@pytest.mark.parametrize(
    ("metadata", "code", "field"),
    [
        pytest.param({"name": "My_Ledger"}, 422, "metadata.name", id="capitals and an underscore"),
        pytest.param({"name": "a" * 254}, 422, "metadata.name", id="a long name"),
        pytest.param({"name": "main", "labels": {"team": "a b"}}, 422, "metadata.labels", id="a label with a blank"),
        pytest.param({"name": "main", "labels": {"a/b/c": "d"}}, 422, "metadata.labels", id="a label with two slashes"),
        pytest.param({"name": "main", "labels": {"team": "x" * 64}}, 422, "metadata.labels", id="a long label"),
        pytest.param({"name": "main", "annotations": {"a b": "c"}}, 422, "metadata.annotations", id="an annotation's key"),
        pytest.param({"name": "main", "annotations": {"a": "x" * 262_200}}, 422, "metadata.annotations", id="256 KiB"),
        pytest.param({"name": "main", "finalizers": ["held"]}, 201, "", id="a finalizer without a domain"),
        pytest.param({"name": "main", "finalizers": ["a b"]}, 422, "metadata.finalizers", id="a finalizer with a blank"),
        pytest.param({}, 422, "metadata.name", id="no name"),
        pytest.param({"name": "main", "labels": {"team": 5}}, 400, "", id="a label that is a number"),
        pytest.param({"name": "main", "labels": {"team": True}}, 400, "", id="a label that is a boolean"),
        pytest.param({"name": "main", "annotations": {"team": 5}}, 400, "", id="an annotation that is a number"),
        pytest.param({"name": "main", "labels": ["team"]}, 400, "", id="labels in a list"),
        pytest.param({"name": "main", "finalizers": "held"}, 400, "", id="finalizers as a text"),
        pytest.param({"name": 5}, 400, "", id="a name that is a number"),
        pytest.param({"name": "main", "labels": {"team": None}}, 201, "", id="a label that is null"),
        pytest.param({"name": "main", "labels": None}, 201, "", id="labels that are null"),
        pytest.param({"name": "main", "labels": {"example.com/team": ""}}, 201, "", id="a label without a value"),
    ],
)  # fmt: skip
def test_metadata_is_judged_of_every_kind(server: Server, metadata: Object, code: int, field: str) -> None:
    body = {**server.ledger(), "metadata": metadata}
    reply = server.ask("POST", server.path(), body, fieldValidation="Strict")
    assert reply.status == code, reply.body
    if code == 422:
        assert {place for _, place in reply.causes} - {NOT_CHECKED} == {field}


def test_a_misspelt_field_of_metadata_is_unknown(server: Server) -> None:
    body = server.ledger()
    body["metadata"]["label"] = {"team": "bank"}
    reply = server.ask("POST", server.path(), body, fieldValidation="Strict")
    assert (reply.status, reply.body["message"]) == (
        400,
        'Ledger in version "v1" cannot be handled as a Ledger: strict decoding error: unknown field "metadata.label"',
    )


@pytest.mark.parametrize(
    ("spec", "cause"),
    [
        pytest.param({"pages": "x"}, ("FieldValueTypeInvalid", "spec.pages"), id="type"),
        pytest.param({"pages": 0}, (INVALID, "spec.pages"), id="minimum"),
        pytest.param({"mode": "ajar"}, ("FieldValueNotSupported", "spec.mode"), id="enum"),
        pytest.param({"owner": "Alice"}, (INVALID, "spec.owner"), id="pattern"),
        pytest.param({"owner": "x" * 11}, ("FieldValueTooLong", "spec.owner"), id="length"),
        pytest.param({"until": "soon"}, ("FieldValueTypeInvalid", "spec.until"), id="format"),
        pytest.param({"tags": [1]}, ("FieldValueTypeInvalid", "spec.tags[0]"), id="an item's type"),
        pytest.param({"books": [{}]}, ("FieldValueRequired", "spec.books[0].name"), id="required"),
        pytest.param(
            {"books": [{"name": "a"}, {"name": "a"}]}, ("FieldValueDuplicate", "spec.books[1]"), id="duplicate"
        ),
        pytest.param({"pages": 5, "most": 4}, (INVALID, "spec"), id="CEL"),
        pytest.param({"most": 2}, (INVALID, "spec"), id="CEL with a default"),
    ],
)
def test_what_the_schema_refuses_is_named_by_field(server: Server, spec: Object, cause: tuple[str, str]) -> None:
    reply = create(server, **spec)
    assert (reply.status, reply.body["reason"]) == (422, "Invalid")
    assert reply.body["message"].startswith('Ledger.contract.example.com "main" is invalid: ')
    unjudged = {NOT_CHECKED_CAUSE} if cause[0] in UNJUDGED else set()
    assert set(reply.causes) == {cause} | unjudged


def test_the_words_of_a_rule_are_the_schemas_own(server: Server) -> None:
    reply = create(server, pages=5, most=4)
    assert "there are more pages than there may be" in reply.body["message"]


def test_defaults_are_filled_in_before_the_rules_look(server: Server) -> None:
    made = create(server, books=[{"name": "a"}], most=3)
    assert made.body["spec"] == {"pages": 3, "most": 3, "books": [{"name": "a", "closed": False}]}


def test_a_null_is_dropped_on_creation_kept_where_it_may_be_and_replaced_by_a_default(server: Server) -> None:
    made = create(server, owner=None, note=None, pages=None, tags=None)
    assert (made.status, made.body["spec"]) == (201, {"note": None, "pages": 3})


@pytest.mark.parametrize(
    ("spec", "cause"),
    [
        pytest.param({"owner": None}, ("FieldValueTypeInvalid", "spec.owner"), id="a text"),
        pytest.param({"tags": None}, ("FieldValueTypeInvalid", "spec.tags"), id="a list"),
        pytest.param({"tags": ["a", None]}, ("FieldValueTypeInvalid", "spec.tags[1]"), id="in a list"),
    ],
)
def test_an_apply_refuses_a_null_that_may_not_be(server: Server, spec: Object, cause: tuple[str, str]) -> None:
    for _ in range(2):
        reply = server.ask("PATCH", server.path("main"), server.ledger(**spec), media_type=APPLY, fieldManager="engine")
        assert (reply.status, reply.body["reason"]) == (422, "Invalid"), reply.body
        assert cause in reply.causes
        create(server)


def test_a_null_in_a_merge_patch_removes_and_in_a_json_patch_is_a_null(server: Server) -> None:
    create(server, owner="alice", note="n")
    merged = server.ask("PATCH", server.path("main"), {"spec": {"owner": None}}, media_type=MERGE)
    assert merged.body["spec"] == {"note": "n", "pages": 3}
    set_null = [{"op": "add", "path": "/spec/note", "value": None}]
    assert server.ask("PATCH", server.path("main"), set_null, media_type=PATCH).body["spec"]["note"] is None


def test_what_is_immutable_stays(server: Server) -> None:
    create(server, currency="EUR")
    reply = server.ask("PATCH", server.path("main"), {"spec": {"currency": "USD"}}, media_type=MERGE)
    assert (reply.status, reply.causes) == (422, [(INVALID, "spec.currency")])
    assert "currency is immutable" in reply.body["message"]


def planted(server: Server, **spec: Any) -> None:
    server.plant(server.ledger(**spec))


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"pages": 0}, id="a number"),
        pytest.param({"owner": "Alice"}, id="a text"),
        pytest.param({"mode": "ajar"}, id="a choice"),
        pytest.param({"tags": [1]}, id="an item"),
        pytest.param({"keeper": {"since": "1999"}}, id="what is required"),
        pytest.param({"pages": 9, "most": 4}, id="a rule over what is left alone"),
    ],
)
def test_an_old_fault_is_let_pass_where_the_value_is_left_alone(server: Server, spec: Object) -> None:
    """Ratcheting: what a looser CRD once let in does not stand in the way of everything else."""
    planted(server, **spec)
    reply = server.ask("PATCH", server.path("main"), {"metadata": {"labels": {"team": "bank"}}}, media_type=MERGE)
    assert reply.status == 200, reply.body


def test_an_old_fault_is_refused_where_its_value_changes_to_another_fault(server: Server) -> None:
    planted(server, pages=0, owner="Alice", keeper={"since": "1999"})
    other = server.ask("PATCH", server.path("main"), {"spec": {"pages": -1}}, media_type=MERGE)
    assert (other.status, other.causes) == (422, [(INVALID, "spec.pages")])
    nearby = {"spec": {"keeper": {"since": "2000"}}}
    assert server.ask("PATCH", server.path("main"), nearby, media_type=MERGE).causes == [
        ("FieldValueRequired", "spec.keeper.name"),
        NOT_CHECKED_CAUSE,
    ]
    mended = server.ask("PATCH", server.path("main"), {"spec": {"pages": 1}}, media_type=MERGE)
    assert mended.status == 200, mended.body


def test_an_item_with_an_old_fault_may_move_in_a_list_with_keys(server: Server) -> None:
    planted(server, books=[{"name": "a", "closed": "x"}])
    moved = {"spec": {"books": [{"name": "b"}, {"name": "a", "closed": "x"}]}}
    assert server.ask("PATCH", server.path("main"), moved, media_type=MERGE).status == 200


def test_a_rule_is_judged_again_where_the_value_that_it_stands_on_changed(server: Server) -> None:
    planted(server, pages=9, most=4)
    reply = server.ask("PATCH", server.path("main"), {"spec": {"note": "n"}}, media_type=MERGE)
    assert (reply.status, reply.causes) == (422, [(INVALID, "spec")])
