from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import ApiError
from gitops_mcp.sandbox.store.selectors import by_fields, by_labels

LABELLED = {"plain": {}, "a": {"app": "a"}, "b": {"app": "b", "tier": "gold"}, "empty": {"app": ""}}


def _value(labels: dict[str, str]) -> Object:
    return {"metadata": {"name": "x", "labels": labels}} if labels else {"metadata": {"name": "x"}}


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        pytest.param(None, {"plain", "a", "b", "empty"}, id="none at all"),
        pytest.param(" ", {"plain", "a", "b", "empty"}, id="blank"),
        pytest.param("app=a", {"a"}, id="equals"),
        pytest.param("app==a", {"a"}, id="equals, written twice"),
        pytest.param("app!=a", {"plain", "b", "empty"}, id="differs, or is not there"),
        pytest.param("app", {"a", "b", "empty"}, id="is there"),
        pytest.param("!app", {"plain"}, id="is not there"),
        pytest.param("app in (a, b)", {"a", "b"}, id="one of"),
        pytest.param("app notin (a,b)", {"plain", "empty"}, id="none of, or not there"),
        pytest.param("app,tier=gold", {"b"}, id="all parts hold"),
        pytest.param("app=", {"empty"}, id="an empty value"),
        pytest.param("app in (a,)", {"a", "empty"}, id="an empty value in a set"),
    ],
)
def test_labels_select(selector: str | None, names: set[str]) -> None:
    wanted = by_labels(selector)
    assert {name for name, labels in LABELLED.items() if wanted(_value(labels))} == names


def test_a_label_key_may_have_a_prefix() -> None:
    assert by_labels("cnpg.io/cluster=orders")(_value({"cnpg.io/cluster": "orders"}))


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        pytest.param("a=b=c", "found '=', expected: ',' or 'end of string'", id="two operators"),
        pytest.param("a in b", "unable to parse requirement: found 'b' expected: '('", id="a set without parentheses"),
        pytest.param("a in (b", "found 'end of string', expected: ',' or ')'", id="a set that does not end"),
        pytest.param("a is b", "found 'is', expected: in, notin, =, ==, !=, gt, lt", id="no operator"),
        pytest.param("-a=b", "found '-a', expected: !, identifier", id="no key"),
        pytest.param("a=b_", 'values: Invalid value: "b_"', id="no value"),
        pytest.param("a,,b", "found ',', expected: !, identifier", id="nothing between commas"),
    ],
)
def test_what_is_no_label_selector_is_a_bad_request(selector: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        by_labels(selector)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")
    assert message in caught.value.message


POD = {"metadata": {"name": "p", "namespace": "shop"}, "spec": {}, "status": {"phase": "Running"}}
FIELDS = frozenset({"metadata.name", "metadata.namespace", "status.phase", "spec.nodeName"})


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        pytest.param("metadata.name=p", True, id="name"),
        pytest.param("metadata.name=q", False, id="another name"),
        pytest.param("status.phase!=Failed", True, id="differs"),
        pytest.param("metadata.name==p,status.phase=Running", True, id="all parts hold"),
        pytest.param("metadata.name=p,status.phase=Failed", False, id="one part does not"),
        pytest.param("spec.nodeName=", True, id="absent is empty"),
        pytest.param("", True, id="nothing asked"),
    ],
)
def test_fields_select(selector: str, selected: bool) -> None:
    assert by_fields(selector, FIELDS)(POD) is selected


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        pytest.param("spec.instances=3", "field label not supported: spec.instances", id="a field that is not indexed"),
        pytest.param("name", "invalid selector: 'name'; can't understand 'name'", id="no operator"),
    ],
)
def test_what_is_no_field_selector_is_a_bad_request(selector: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        by_fields(selector, FIELDS)
    assert (caught.value.code, caught.value.message) == (400, message)
