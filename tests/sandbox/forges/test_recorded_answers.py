"""The stand-ins answer in the shape in which the real ones were recorded, and refuse in their words.

The recordings lie beside the checkout; where they do not, these are skipped. A recording is cut to what matters, with
persons and repositories inside as their names, so everything in it has to be in ours, and not the other way round.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitops_mcp.sandbox.forges import Rules
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.fakes.forges import ForgeServers, ServedForge

FOLDER = os.environ.get("GITOPS_MCP_TEST_FORGE_RESPONSES")
pytestmark = pytest.mark.skipif(not FOLDER, reason="GITOPS_MCP_TEST_FORGE_RESPONSES names no recordings")

NAMES = ("login", "username", "full_name", "path_with_namespace", "name", "slug")
PARTLY = {("gitea", "repo-full"), ("gitlab", "project"), ("gitea", "auth"), ("github", "rate-limit")}
"""Of these, many fields are about pages and counters that nobody asks the stand-ins for."""
H, R = "/repos/platform/fleet", "/repos/platform/fleet/pulls"
M = "/projects/platform%2Ffleet/merge_requests"
NEW = {"head": "new", "base": "main", "title": "New"}
ALL = "owner"

ROWS: list[tuple[ForgeName, str, str, str, str, Any, str]] = [
    ("github", "create", "create in the same repository", "POST", R, NEW, "bot"),
    ("github", "create", "an open one exists", "POST", R, {**NEW, "head": "open"}, "bot"),
    ("github", "create", "head does not exist", "POST", R, {**NEW, "head": "never"}, "bot"),
    ("github", "create", "base does not exist", "POST", R, {**NEW, "base": "never"}, "bot"),
    ("github", "create", "fine-grained token without", "POST", R, NEW, "fine-grained contents=write"),
    ("github", "pr-full", "one pull request", "GET", f"{R}/1", None, "bot"),
    ("github", "find", "filter by head", "GET", f"{R}?state=open&head=platform%3Aopen", None, "bot"),
    ("github", "find", "pull requests of a commit", "GET", f"{H}/commits/{{head}}/pulls", None, "bot"),
    ("github", "states", "close", "PATCH", f"{R}/2", {"state": "closed"}, "bot"),
    ("github", "states", "seconds after its merge", "GET", f"{R}/3", None, "bot"),
    ("github", "states", "is it merged? no", "GET", f"{R}/1/merge", None, "bot"),
    ("github", "states", "is it merged? yes", "GET", f"{R}/3/merge", None, "bot"),
    ("github", "states", "merge commit", "PUT", f"{R}/4/merge", {}, "bot"),
    ("github", "states", "change the base to a branch", "PATCH", f"{R}/1", {"base": "non-existing"}, "bot"),
    ("github", "states", "edit the base of a closed one", "PATCH", f"{R}/3", {"base": "old"}, "bot"),
    ("github", "states", "the branch is gone", "GET", f"{H}/branches/never", None, "bot"),
    ("github", "labels", "labels the repository does not have", "POST", f"{H}/issues/1/labels", {"labels": ["Foo"]}, "bot"),
    ("github", "labels", "remove one that is not set", "DELETE", f"{H}/issues/1/labels/never", None, "bot"),
    ("github", "comments", "a new comment", "POST", f"{H}/issues/1/comments", {"body": "x"}, "bot"),
    ("github", "comments", "new comment over", "POST", f"{H}/issues/1/comments", {"body": "x" * 65_537}, "bot"),
    ("github", "reviews", "ask a person", "POST", f"{R}/1/requested_reviewers", {"reviewers": ["owner"]}, "bot"),
    ("github", "reviews", "who is asked", "GET", f"{R}/1/requested_reviewers", None, "bot"),
    ("github", "reviews", "reviews, oldest first", "GET", f"{R}/1/reviews", None, "bot"),
    ("github", "reviews", "somebody or a team", "POST", f"{R}/1/requested_reviewers", {"reviewers": ["nobody"]}, "bot"),
    ("github", "reviews", "the author himself", "POST", f"{R}/1/requested_reviewers", {"reviewers": ["bot"]}, "bot"),
    ("github", "checks", "a status: failure", "POST", f"{H}/statuses/{{head}}", {"state": "failure", "context": "x"}, "bot"),
    ("github", "checks", "all statuses of the commit", "GET", f"{H}/commits/{{head}}/statuses", None, "bot"),
    ("github", "checks", "combined: newest of each", "GET", f"{H}/commits/{{head}}/status", None, "bot"),
    ("github", "checks", "combined without any status", "GET", f"{H}/commits/main/status", None, "bot"),
    ("github", "checks", "check runs, first page", "GET", f"{H}/commits/{{head}}/check-runs", None, "bot"),
    ("github", "protection", "rules that hold for a branch", "GET", f"{H}/rules/branches/main", None, "bot"),
    ("github", "protection", "classic protection of a branch", "GET", f"{H}/branches/old/protection", None, ALL),
    ("github", "protection", "a branch as a reader", "GET", f"{H}/branches/main", None, "reader"),
    ("github", "repo", "repository with merge settings", "GET", H, None, "bot"),
    ("github", "errors", "the same later", "GET", "/repos/platform/never", None, "bot"),
    ("github", "redirect", "old name, GET", "GET", "/repos/platform/old", None, "bot"),
    ("github", "redirect", "old name, PATCH", "PATCH", "/repos/platform/old", {}, "bot"),
    ("github", "rate-limit", "limits; asking costs nothing", "GET", "/rate_limit", None, "bot"),
    ("gitlab", "create", "create in one project", "POST", M, {"source_branch": "new", "target_branch": "main", "title": "New"}, "bot"),
    ("gitlab", "create", "an open one exists", "POST", M, {"source_branch": "open", "target_branch": "main", "title": "x"}, "bot"),
    ("gitlab", "create", "19.0 and later", "POST", M, {"source_branch": "never", "target_branch": "main", "title": "x"}, "bot"),
    ("gitlab", "create", "target branch empty", "POST", M, {"source_branch": "new", "target_branch": "x", "title": "x"}, "bot"),
    ("gitlab", "find", "list without page", "GET", f"{M}?state=all&order_by=updated_at&sort=desc", None, "bot"),
    ("gitlab", "find", "view=simple", "GET", f"{M}?view=simple", None, "bot"),
    ("gitlab", "states", "open, 2024", "GET", f"{M}/1", None, "bot"),
    ("gitlab", "states", "merged (PUT merge)", "PUT", f"{M}/4/merge", {}, "bot"),
    ("gitlab", "edit", "title edited", "PUT", f"{M}/1", {"title": "x"}, "bot"),
    ("gitlab", "labels", "labels set by PUT", "PUT", f"{M}/1", {"labels": "a,b"}, "bot"),
    ("gitlab", "approvals", "approvals, Free tier", "GET", f"{M}/1/approvals", None, "bot"),
    ("gitlab", "approvals", "approvals of one that", "GET", f"{M}/99/approvals", None, "bot"),
    ("gitlab", "comments", "notes, oldest first", "GET", f"{M}/1/notes?sort=asc", None, "bot"),
    ("gitlab", "checks", "statuses of a commit", "GET", "/projects/platform%2Ffleet/repository/commits/{head}/statuses", None, "bot"),
    ("gitlab", "project", "project by path", "GET", "/projects/platform%2Ffleet", None, "bot"),
    ("gitlab", "project", "version", "GET", "/version", None, "bot"),
    ("gitlab", "project", "no such project", "GET", "/projects/a%2Fb", None, "bot"),
    ("gitlab", "auth", "wrong token", "GET", "/user", None, "wrong"),
    ("gitlab", "auth", "expired token", "GET", "/user", None, "expired"),
    ("gitlab", "errors", "no such merge request", "GET", f"{M}/100000000000000000000", None, "bot"),
    ("gitlab", "errors", "no such branch", "GET", "/projects/platform%2Ffleet/repository/branches/never", None, "bot"),
    ("gitea", "pr-create", "label ids that do not exist", "POST", R, {**NEW, "labels": [9999]}, "bot"),
    ("gitea", "pr-create", "labels by name", "POST", R, {**NEW, "labels": ["database"]}, "bot"),
    ("gitea", "pr-create", "no access", "POST", R, NEW, "stranger"),
    ("gitea", "pr-create", "bad token", "POST", R, NEW, "wrong"),
    ("gitea", "pr-states", "open", "GET", f"{R}/1", None, "bot"),
    ("gitea", "pr-states", "merged by merge", "GET", f"{R}/3", None, "bot"),
    ("gitea", "pr-list", "default page", "GET", R, None, "bot"),
    ("gitea", "pr-edit", "state of a merged one", "PATCH", f"{R}/3", {"state": "open"}, "bot"),
    ("gitea", "pr-edit", "a state that does not exist", "PATCH", f"{R}/1", {"state": "merged"}, "bot"),
    ("gitea", "repo-full", "a repository, as one with write", "GET", H, None, "bot"),
    ("gitea", "repo", "GET of a renamed repository", "GET", "/repos/platform/old", None, "bot"),
    ("gitea", "branches", "protected branch: the rule's approvals and checks, as bot", "GET", f"{H}/branches/main", None, "bot"),
    ("gitea", "branches", "missing", "GET", f"{H}/branches/never", None, "bot"),
    ("gitea", "delete-branch", "the default branch", "DELETE", f"{H}/branches/main", None, ALL),
    ("gitea", "delete-branch", "missing", "DELETE", f"{H}/branches/never", None, "bot"),
    ("gitea", "delete-branch", "as a reader", "DELETE", f"{H}/branches/open", None, "reader"),
    ("gitea", "reviews", "ask an unknown one", "POST", f"{R}/1/requested_reviewers", {"reviewers": ["nobody-such"]}, "bot"),
    ("gitea", "reviews", "ask the author", "POST", f"{R}/1/requested_reviewers", {"reviewers": ["bot"]}, "bot"),
    ("gitea", "reviews", "the author approves", "POST", f"{R}/1/reviews", {"event": "APPROVED"}, "bot"),
    ("gitea", "reviews", "request changes", "POST", f"{R}/4/reviews", {"event": "REQUEST_CHANGES"}, "reviewer"),
    ("gitea", "reviews", "list: every review", "GET", f"{R}/1/reviews", None, "bot"),
    ("gitea", "reviews", "of a missing number", "GET", f"{R}/999/reviews", None, "bot"),
    ("gitea", "statuses", "none", "GET", f"{H}/commits/main/status", None, "bot"),
    ("gitea", "statuses", "combined: the last of each", "GET", f"{H}/commits/{{head}}/status", None, "bot"),
    ("gitea", "statuses", "set pending", "POST", f"{H}/statuses/{{head}}", {"state": "pending", "context": "x"}, "bot"),
    ("gitea", "statuses", "as a reader", "POST", f"{H}/statuses/{{head}}", {"state": "success", "context": "x"}, "reader"),
    ("gitea", "merge", "by one who may not", "POST", f"{R}/1/merge", {"Do": "merge"}, "reader"),
    ("gitea", "merge", "again", "POST", f"{R}/3/merge", {"Do": "merge"}, ALL),
    ("gitea", "merge", "a style that does not exist", "POST", f"{R}/1/merge", {"Do": "octopus"}, ALL),
    ("gitea", "comments", "with write:issue", "POST", f"{H}/issues/1/comments", {"body": "x"}, "bot"),
    ("gitea", "comments", "with write:repository only", "POST", f"{H}/issues/1/comments", {"body": "x"}, "bot write:repository"),
    ("gitea", "labels", "added by name", "POST", f"{H}/issues/1/labels", {"labels": ["database"]}, "bot"),
    ("gitea", "auth", "who am I with read:user", "GET", "/user", None, "bot"),
    ("gitea", "auth", "token wrong", "GET", H, None, "wrong"),
    ("gitea", "auth", "no token", "GET", H, None, ""),
    ("gitea", "server", "limits of the API", "GET", "/settings/api", None, "bot"),
]  # fmt: skip


@pytest.fixture(scope="module")
def forges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ServedForge]]:
    servers = ForgeServers(tmp_path_factory.mktemp("forges"))
    names: tuple[ForgeName, ...] = ("github", "gitlab", "gitea")
    yield {name: _furnish(servers(name)) for name in names}
    servers.stop()


def _furnish(served: ServedForge) -> ServedForge:
    """Open, to be closed, merged, to be merged; a branch without one, and rules that all of it meets."""
    forge = served.forge
    forge.repository.old_names.add("platform/old")
    forge.repository.labels["database"] = 7
    one = served.pull("open", body="Why.")
    served.pull("shut")
    forge.merge(served.pull("merged"), "merge")
    served.pull("ready")
    served.commit("new", file="new.txt")
    served.git("push", "--quiet", "origin", "HEAD:refs/heads/old")
    forge.comment(one, "Words.")
    one.assignees.append(forge.user("owner"))
    forge.approve(one)
    forge.check(one, "failure", "example")
    forge.check(one, "success", "build", is_run=True)
    forge.lags.mergeable = 0
    forge.repository.rules["main"] = Rules(approvals=0 if forge.name == "gitlab" else 1)
    forge.approve(forge.repository.pulls[4])
    return served


def recorded_exchange(name: str, file: str, what: str) -> Any:
    rows = json.loads((Path(FOLDER or "") / name / f"{file}.json").read_text())
    return next(row for row in rows if row["what"].startswith(what) and "response" in row)


@pytest.mark.parametrize(
    ("name", "file", "what", "method", "path", "body", "who"),
    ROWS,
    ids=[f"{row[0]} {row[1]}: {row[2]}" for row in ROWS],
)
def test_an_answer_has_the_recorded_shape(
    forges: dict[str, ServedForge], name: str, file: str, what: str, method: str, path: str, body: Any, who: str
) -> None:
    served, real = forges[name], recorded_exchange(name, file, what)["response"]
    asked = path.replace("{head}", served.forge.repository.pulls[1].head)
    ours = httpx2.request(method, f"{served.api}{asked}", json=body, headers=_credentials(served, who))
    assert ours.status_code == real["status"], ours.text
    if isinstance(real["body"], (dict, list)):
        found = differences(real["body"], ours.json())
        # Of a merge request from a fork only.
        found = [one for one in found if "allow_collaboration" not in one and "allow_maintainer_to_push" not in one]
        assert [one for one in found if (name, file) not in PARTLY or not one.endswith(": missing")] == []
        if real["status"] >= 400 and name != "github":
            assert _words(ours.json()) == _words(real["body"])


def _credentials(served: ServedForge, who: str) -> dict[str, str]:
    login, _, scope = who.partition(" ")
    if not login:
        return {}
    if login == "wrong":
        return {"Authorization": "Bearer 0000"}
    scopes = frozenset({scope}) if scope else None
    if login == "fine-grained":
        return {"Authorization": f"Bearer {served.forge.token(kind='fine-grained', scopes=scopes)}"}
    expired = login == "expired"
    return {
        "Authorization": f"Bearer {served.forge.token('bot' if expired else login, scopes=scopes, expired=expired)}"
    }


def _words(body: Any) -> str:
    """The message, whatever numbers and names stand in it."""
    return re.sub(r"\d+", "0", json.dumps(body.get("message", body.get("error")))).replace(
        "platform/gitops", "platform/fleet"
    )


def differences(real: Any, ours: Any, at: str = "") -> list[str]:
    """What is in a recording and not in ours, or of another type."""
    if isinstance(real, dict):
        if not isinstance(ours, dict):
            return [f"{at}: no object"]
        found = [f"{at}.{key}: missing" for key in real if key not in ours]
        return found + [
            line for key in real if key in ours for line in differences(real[key], ours[key], f"{at}.{key}")
        ]
    if isinstance(real, list):
        if not isinstance(ours, list):
            return [f"{at}: no list"]
        return differences(real[0], ours[0], f"{at}[0]") if real and ours else []
    if real is None or ours is None:
        return []
    is_cut = isinstance(ours, dict) and any(name in ours for name in NAMES) and isinstance(real, str)
    is_counted = isinstance(ours, list) and isinstance(real, int)
    return [] if is_cut or is_counted or type(real) is type(ours) else [f"{at}: {ours!r} is no {type(real).__name__}"]


@pytest.mark.parametrize(
    ("name", "path", "lacks"),
    [
        ("github", f"{R}?state=all", "mergeable mergeable_state rebaseable merged commits changed_files comments"),
        ("gitlab", f"{M}?state=all", "head_pipeline diff_refs changes_count merge_error"),
        ("gitea", R, "changed_files"),
    ],
)
def test_a_row_of_a_list_lacks_what_the_recorded_one_lacks(
    forges: dict[str, ServedForge], name: str, path: str, lacks: str
) -> None:
    served = forges[name]
    rows = httpx2.get(f"{served.api}{path}", headers=_credentials(served, "bot")).json()
    assert len(rows) >= 4
    assert [sorted(set(lacks.split()) & row.keys()) for row in rows] == [[] for _ in rows]
