"""What has to hold over all steps: the base, the person's own work, and what the API was asked."""

from __future__ import annotations

from typing import Any

from gitops_mcp.demo.stage import Stage
from gitops_mcp.sandbox.remote import BASE

_QUESTIONS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
"""POST is how one asks what one may do oneself."""


def check_outcome(stage: Stage) -> None:
    own = stage.git("rev-list", "--first-parent", f"{stage.first}..{BASE}")
    stage.expect(
        own == stage.merged[::-1],
        f"the base {BASE} moved {len(own)} times, each time by a merge at the forge",
        found=own,
    )
    moved = stage.moved()
    stage.expect(
        not moved,
        "the server worked from a checkout with somebody's own branch, a staged edit, an unstaged edit "
        f"and a new file; byte for byte it is what it was: HEAD, index, configuration, {stage.watched} files in all",
        found=moved,
    )
    asked = stage.requests()
    writes = [one for one in asked if one["method"] != "GET" and one["resource"] not in _QUESTIONS]
    stage.expect(
        asked and not writes,
        f"over {stage.calls} tool calls the API got {len(asked)} requests: {_count_methods(asked)}; no write",
        found=writes,
    )
    secrets = [one for one in asked if one["resource"] == "secrets" and not one["metadataOnly"]]
    stage.expect(not secrets, "of Secrets it asked at most whether there is one, never for its values", found=secrets)


def _count_methods(asked: list[dict[str, Any]]) -> str:
    reads = sum(one["method"] == "GET" for one in asked)
    questions = len(asked) - reads
    return f"{reads} GET" + (f", {questions} that ask what it may do" if questions else "")
