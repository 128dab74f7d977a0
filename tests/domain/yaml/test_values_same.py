from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.redact import mark_outside
from gitops_mcp.domain.yaml.values import is_same


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), ("1", 1), (None, ""), ([1], [True]), ({"a": 1}, {"a": "1"})]
)
def test_what_is_equal_in_python_is_not_the_same_in_a_manifest(one: Any, other: Any) -> None:
    assert not is_same(one, other)


def test_a_text_is_the_same_whether_or_not_it_is_known_to_come_from_outside() -> None:
    text = "AgB" * 100
    live = mark_outside({"spec": {"encryptedData": {"password": text}}})
    assert str(live["spec"]["encryptedData"]["password"]) != text
    assert is_same(live, {"spec": {"encryptedData": {"password": text}}})
    assert is_same({"spec": {"encryptedData": {"password": text}}}, live)
    assert not is_same(live, {"spec": {"encryptedData": {"password": f"{text}="}}})
