"""Secrets in diffs: each form of the table, at another place and with other secrets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.diff import unified_diff
from tests.domain.redact.secret_forms import SECRET_FORMS, WORD

_AROUND = ("", "a: 1\n---\n", "# a comment\n\n", "---\nkind: ConfigMap\nmetadata: {name: x}\n---\n")


@given(
    name=st.sampled_from(sorted(SECRET_FORMS)),
    before=st.sampled_from(_AROUND),
    crlf=st.booleans(),
    number=st.integers(0, 10**6),
)
def test_no_form_shows_its_secret_wherever_it_stands(name: str, before: str, crlf: bool, number: int) -> None:
    form, secret = SECRET_FORMS[name]
    secret = f"{WORD}-{number}" if secret == WORD else secret
    text = before + form.format(s=secret)
    text = text.replace("\n", "\r\n") if crlf else text
    assert secret not in unified_diff("a.yaml", None, text)
    assert secret not in unified_diff("a.yaml", text, f"b: 2\n{text}")
