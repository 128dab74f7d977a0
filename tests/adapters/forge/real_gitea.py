"""A real Gitea or Forgejo in the stand-in's place, for the tests of the contract: see the README beside this file."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from gitops_mcp.sandbox.forges import Rules
from tests.fakes.forges import PushingCheckout

ADDRESS = os.environ.get("GITOPS_MCP_TEST_FORGE", "")
"""`http://admin:password@127.0.0.1:3000`; empty: there is none."""
REPOSITORY = "/repos/platform/fleet"
_WAYS = {"merge": "merge", "squash": "squash", "rebase": "rebase", "fast-forward": "fast-forward-only"}
_EVENTS = {"APPROVED": "APPROVED", "CHANGES_REQUESTED": "REQUEST_CHANGES", "COMMENTED": "COMMENT"}
_PASSWORD = "people-of-a-test"


@dataclass
class RealPull:
    number: int
    head: str


@dataclass
class _Lags:
    create: int = 0


@dataclass
class _Labels:
    """Made on the forge when they are set."""

    forge: RealForge

    def __setitem__(self, name: str, _: int) -> None:
        self.forge.asked("POST", f"{REPOSITORY}/labels", {"name": name, "color": "#00aabb"})


@dataclass
class _Protected:
    forge: RealForge

    def __setitem__(self, branch: str, rules: Rules) -> None:
        body = {"rule_name": branch, "required_approvals": rules.approvals, "enable_push": True}
        body |= {"enable_status_check": bool(rules.checks), "status_check_contexts": list(rules.checks)}
        self.forge.asked("POST", f"{REPOSITORY}/branch_protections", body)


@dataclass
class _Repository:
    labels: _Labels
    rules: _Protected


class RealForge:
    """What tests ask of the stand-in, of a forge that is there; each makes the repository anew."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.url = f"{parts.scheme}://{parts.hostname}:{parts.port}"
        self._admin = (parts.username or "", parts.password or "")
        self._client = httpx2.Client(base_url=f"{self.url}/api/v1", trust_env=False, timeout=60)
        self.repository = _Repository(_Labels(self), _Protected(self))
        self.lags = _Lags()
        for login in ("owner", "bot", "reviewer", "reader", "stranger", "contributor"):
            self._person(login)
        self._start()

    def asked(self, method: str, path: str, body: Any = None, *, by: str = "owner", may: tuple[int, ...] = ()) -> Any:
        login = self._admin if by == "admin" else (by, _PASSWORD)
        answer = self._client.request(method, path, json=body, auth=login)
        assert answer.status_code < 300 or answer.status_code in may, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content and answer.status_code < 300 else None

    def _person(self, login: str) -> None:
        body = {
            "username": login,
            "email": f"{login}@localhost.example",
            "password": _PASSWORD,
            "must_change_password": False,
        }
        self.asked("POST", "/admin/users", body, by="admin", may=(422,))

    def _start(self) -> None:
        for name in ("platform", "contributor"):
            self.asked("DELETE", f"/repos/{name}/fleet", by="admin", may=(404,))
        self.asked("POST", "/admin/users/owner/orgs", {"username": "platform"}, by="admin", may=(422,))
        made = {"name": "fleet", "auto_init": True, "default_branch": "main", "private": True}
        self.asked("POST", "/orgs/platform/repos", made)
        for login, right in (("bot", "write"), ("reviewer", "write"), ("reader", "read"), ("contributor", "read")):
            self.asked("PUT", f"{REPOSITORY}/collaborators/{login}", {"permission": right})

    def close_client(self) -> None:
        self._client.close()

    def new_id(self) -> int:
        return time.monotonic_ns()

    def token(self, login: str = "bot", *, scopes: frozenset[str] | None = None, expired: bool = False) -> str:
        body = {"name": f"t{time.monotonic_ns()}", "scopes": sorted(scopes) if scopes else ["all"]}
        made = self.asked("POST", f"/users/{login}/tokens", body, by=login)
        if expired:
            self.asked("DELETE", f"/users/{login}/tokens/{made['id']}", by=login)
        return str(made["sha1"])

    def observe(self) -> None:
        """It does so by itself."""

    def fork(self, owner: str, _: Path) -> Fork:
        self.asked("POST", f"{REPOSITORY}/forks", {}, by=owner)
        self.asked("PUT", f"/repos/{owner}/fleet/collaborators/bot", {"permission": "write"}, by=owner)
        return Fork(owner, self.git_url(owner, "fleet"))

    def git_url(self, owner: str, name: str) -> str:
        login = "owner" if owner == "platform" else owner
        return f"{self.url.replace('://', f'://{login}:{_PASSWORD}@')}/{owner}/{name}.git"

    def open_pull(
        self, branch: str, *, by: str = "bot", title: str = "Change", body: str | None = None, base: str = "main",
        source: Fork | None = None, draft: bool = False,
    ) -> RealPull:  # fmt: skip
        assert not draft or title.startswith("WIP:")
        head = f"{source.owner}:{branch}" if source else branch
        made = self.asked(
            "POST", f"{REPOSITORY}/pulls", {"head": head, "base": base, "title": title, "body": body or ""}, by=by
        )
        self._computed(made["number"])
        return RealPull(made["number"], made["head"]["sha"])

    def _computed(self, number: int) -> None:
        """Whether it can be merged is computed in the background."""
        for _ in range(40):
            if self.asked("GET", f"{REPOSITORY}/pulls/{number}")["mergeable"]:
                return
            time.sleep(0.05)

    def _patched(self, pull: RealPull, body: Any) -> None:
        self.asked("PATCH", f"{REPOSITORY}/pulls/{pull.number}", body)

    def close(self, pull: RealPull) -> None:
        self._patched(pull, {"state": "closed"})

    def reopen(self, pull: RealPull) -> None:
        self._patched(pull, {"state": "open"})

    def edit(self, pull: RealPull, **wanted: Any) -> None:
        self._patched(pull, wanted)

    def merge(self, pull: RealPull, way: str, *, delete: bool | None = None) -> None:
        self._computed(pull.number)
        body = {"Do": _WAYS[way], "delete_branch_after_merge": bool(delete)}
        for _ in range(40):
            answer = self._client.post(f"{REPOSITORY}/pulls/{pull.number}/merge", json=body, auth=("owner", _PASSWORD))
            if answer.status_code == 200:
                return
            time.sleep(0.1)
        raise AssertionError(f"#{pull.number} cannot be merged")

    def review(self, pull: RealPull, verdict: str, *, by: str = "reviewer", body: str = "Seen.") -> None:
        self.asked(
            "POST", f"{REPOSITORY}/pulls/{pull.number}/reviews", {"event": _EVENTS[verdict], "body": body}, by=by
        )

    def approve(self, pull: RealPull, *, by: str = "reviewer") -> None:
        self.review(pull, "APPROVED", by=by)

    def check(self, pull: RealPull, state: str, name: str = "ci", *, url: str = "") -> None:
        head = self.asked("GET", f"{REPOSITORY}/pulls/{pull.number}")["head"]["sha"]
        self.asked("POST", f"{REPOSITORY}/statuses/{head}", {"state": state, "context": name, "target_url": url})

    def delete_branch(self, branch: str) -> None:
        self.asked("DELETE", f"{REPOSITORY}/branches/{branch}")
        for _ in range(40):
            # It closes them a moment later.
            if not any(one["head"]["label"] == branch for one in self.asked("GET", f"{REPOSITORY}/pulls?state=open")):
                return
            time.sleep(0.1)

    def rename(self, full_name: str) -> None:
        self.asked("PATCH", REPOSITORY, {"name": full_name.partition("/")[2]})


@dataclass(frozen=True)
class Fork:
    owner: str
    path: str


@dataclass(frozen=True)
class RealServer:
    """Nobody counts on a real one, and nothing can be made to fail."""

    @contextmanager
    def counted(self) -> Iterator[list[Any]]:
        if ADDRESS:
            pytest.skip("a real forge counts no requests")
        yield []

    def fail(self, *_: Any, **__: Any) -> None:
        pytest.skip("a real forge does not fail when it is asked to")


@dataclass(frozen=True)
class RealServed(PushingCheckout):
    folder: Path
    forge: RealForge
    server: RealServer = field(default_factory=RealServer)

    @classmethod
    def start(cls, folder: Path) -> RealServed:
        forge = RealForge(ADDRESS)
        subprocess.run(
            ["git", "clone", "--quiet", forge.git_url("platform", "fleet"), str(folder / "checkout")], check=True
        )
        return cls(folder, forge)

    @property
    def url(self) -> str:
        return self.forge.url

    def pull(self, branch: str = "change", **options: Any) -> RealPull:
        self.commit(branch, file=f"{branch.replace('/', '-')}.txt")
        return self.forge.open_pull(branch, **options)
