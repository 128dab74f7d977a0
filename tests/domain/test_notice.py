from __future__ import annotations

from gitops_mcp.domain.notice import Notice


def test_a_warning_is_one_line_without_secrets_as_an_error_is() -> None:
    said = "bad.yaml: line 4:\nthe alias *AKIAIOSFODNN7EXAMPLE has no anchor, https://bot:hunter2@example.com/x is none"
    assert Notice("unreadable", said).message == (
        "bad.yaml: line 4: the alias *<redacted> has no anchor, https://<redacted>@example.com/x is none"
    )


def test_a_warning_names_what_is_public() -> None:
    said = "pod orders-db-7d9f8b6c5d-x2x9z, commit 3f2a8c1e9b4d, password_source='existing:app', passwords.provider"
    assert Notice("x", said).message == said
