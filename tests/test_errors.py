"""Errors that are told again in more words."""

from __future__ import annotations

import pytest

from gitops_mcp.adapters.git.runner import GitFailed, Ran
from gitops_mcp.errors import GitOpsError, MayArrive, NotFound, RateLimited

AGAIN = "and the same request again does what is missing"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotFound("it is gone"), "db: it is gone. Look elsewhere"),
        (GitFailed("push", Ran(1, b"", "no space")), "db: git push failed (1): no space. Look elsewhere"),
        (MayArrive("it was sent"), f"db: it was sent, {AGAIN}. Look elsewhere"),
        (RateLimited("too many", 7), "db: too many. Look elsewhere"),
    ],
)
def test_an_error_in_more_words_is_the_same_error(error: GitOpsError, told: str) -> None:
    found = error.with_text(f"db: {error}. Look elsewhere")
    assert (type(found), str(found)) == (type(error), told)
    assert str(found.with_text(f"{found}!")) == f"{told}!"
    assert getattr(found, "seconds", None) == getattr(error, "seconds", None)
    assert getattr(found, "said", None) == getattr(error, "said", None)
