"""Why a token is not taken, in words that hold nothing of it."""

from __future__ import annotations

from gitops_mcp.errors import GitOpsError


class BadToken(GitOpsError):
    """Another one may do."""

    title = "BadToken"


class NoKeys(GitOpsError):
    """The issuer's keys cannot be had, so no token of it can be checked."""

    title = "NoKeys"
