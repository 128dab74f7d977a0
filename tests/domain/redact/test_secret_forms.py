"""Of what teams keep in Git, secrets are not shown in a diff, and all else is."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.diff import unified_diff
from gitops_mcp.domain.redact import MASK
from tests.domain.redact.secret_forms import PUBLIC_FORMS, RANDOM, SECRET_FORMS


@pytest.mark.parametrize("name", SECRET_FORMS)
def test_a_secret_is_not_shown_in_any_form(name: str) -> None:
    form, secret = SECRET_FORMS[name]
    text = form.format(s=secret)
    assert secret in text
    shown = unified_diff("a.yaml", None, text)
    assert secret not in shown, shown
    assert MASK in shown
    assert shown.count("\n") == text.count("\n") + 3


@pytest.mark.parametrize("name", PUBLIC_FORMS)
def test_what_is_public_is_shown(name: str) -> None:
    text = PUBLIC_FORMS[name]
    assert unified_diff("a.yaml", None, text).split("\n")[3:-1] == [f"+{line}" for line in text.split("\n")[:-1]]


def test_there_are_enough_of_both() -> None:
    assert len(SECRET_FORMS) >= 60
    assert len(PUBLIC_FORMS) >= 30


def test_a_file_named_like_a_secret_is_not_named() -> None:
    shown = unified_diff(f"teams/{RANDOM}/ghp_{'a1B2' * 9}.yaml", "a: 1\n", "a: 2\n")
    assert shown.startswith(f"--- a/teams/{MASK}/{MASK}.yaml\n+++ b/teams/{MASK}/{MASK}.yaml\n")
