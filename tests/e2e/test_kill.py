"""`kill -9` at seeded instants of writes and deletions, alone, with all its children, or with the remote's side too.

There are 60 of them, and twenty times as many in `make fuzz`.

Afterwards the branch is what it was or what the request makes of it, and nothing between; the user's checkout is
untouched; git finds nothing broken on either side. The next server's first request leaves nothing of the dead one's:
no lock of ours or git's, no folder, no temporary file. Loose files `tmp_obj_*` in `objects/` are git's own and swept
by its gc, as are a killed receive-pack's `objects/tmp_objdir-*` and lock files on the remote: they are not ours to
judge there, so where the remote's side was killed as well its owner removes the locks, as git tells them to.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.git.conftest import CLUSTER, Snapshot, git, snapshot, write
from tests.conftest import examples
from tests.e2e.instants import Ended, Instants, Victims
from tests.e2e.team import Team
from tests.e2e.wire import Wire

ORDERS = "clusters/prod/shop/orders.yaml"
SCALED = CLUSTER.replace("instances: 3", "instances: 4").encode()
CHANGE = "more-orders"
BRANCH = f"gitops-mcp/{CHANGE}"
GOING, COMING = "gitops-mcp/going", "gitops-mcp/coming"
SCALE: dict[str, Any] = {
    "tool": "scale_postgres_cluster",
    "name": "orders",
    "instances": 4,
    "change": CHANGE,
    "reason": "more load",
}
DISCARD: dict[str, Any] = {"tool": "discard_change", "change": CHANGE, "confirm_deletion": True}


@dataclass(frozen=True)
class Kill:
    at: str
    victims: Victims
    later: float = 0
    """Seconds after that instant; 0 is at it, with the world standing still."""
    discard: bool = False

    def __str__(self) -> str:
        what = "discard" if self.discard else "write"
        return f"{self.victims} killed in a {what} at {self.at!r}" + (f" + {self.later:.4f} s" if self.later else "")


@dataclass
class Stage:
    """A checkout in the middle of its user's work, and the servers that come and go in it."""

    team: Team
    instants: Instants
    local: bool
    """Without a remote: changes are local branches."""
    temporary: Path
    users: tuple[Snapshot, dict[str, bytes]]
    """All that was theirs when the curtain rose."""
    waiting: list[Wire] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The repository that holds the branch."""
        return self.team.checkout if self.local else self.team.remote

    @property
    def moves(self) -> str:
        """What git is asked for to move the branch."""
        return "update-ref" if self.local else "push"

    def server(self) -> Wire:
        """The next one; the one after it starts meanwhile."""
        env = self.instants.environment(self.team.environment) | {"TMPDIR": str(self.temporary)}
        while len(self.waiting) < 2:
            self.waiting.append(Wire(self.team.checkout, env=env, log=self.team.log))
        return self.waiting.pop(0)

    def tip(self) -> str | None:
        return git(self.home, "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}") or None

    def without_branch(self) -> None:
        if self.tip():
            git(self.home, "update-ref", "-d", f"refs/heads/{BRANCH}")

    def others_move(self) -> None:
        """The base gets a commit, another's change goes and one comes: the request's fetch has refs to write."""
        if not self.local:
            self._remote_has(COMING, gone=GOING)
            tree = git(self.team.remote, "rev-parse", "main^{tree}")
            new = git(self.team.remote, "commit-tree", "-p", "main", "-m", "Move", tree)
            git(self.team.remote, "update-ref", "refs/heads/main", new)

    def others_settle(self) -> None:
        """So that they can move again."""
        if not self.local:
            self._remote_has(GOING, gone=COMING)

    def _remote_has(self, branch: str, *, gone: str) -> None:
        git(self.team.remote, "update-ref", f"refs/heads/{branch}", "main")
        git(self.team.remote, "update-ref", "-d", f"refs/heads/{gone}")

    def check_users(self) -> None:
        assert _users(self.team.checkout) == self.users

    def check_whole(self) -> None:
        for repository in (self.team.checkout, self.team.remote):
            git(repository, "fsck", "--strict", "--no-dangling")

    def check_branch(self) -> None:
        """It holds the one commit that was asked for, on the base, and nothing else."""
        tip = self.tip()
        assert tip is not None
        assert git(self.home, "rev-list", f"main..{tip}") == tip
        assert git(self.home, "diff", "--name-status", "main", tip) == f"M\t{ORDERS}"
        assert git(self.home, "cat-file", "blob", f"{tip}:{ORDERS}").encode() + b"\n" == SCALED
        message = git(self.home, "log", "-1", "--format=%B", tip)
        assert message.startswith("Scale ")
        assert "more load" in message
        assert f"Gitops-Mcp-Change: {CHANGE}" in message.splitlines()

    def check_nothing_left(self) -> None:
        assert not (self.team.checkout / ".git/gitops-mcp").exists()
        assert not (self.team.checkout / ".git/worktrees").exists()
        assert not (self.team.checkout / ".git/packed-refs.new").exists()
        assert list((self.team.checkout / ".git").rglob("*.lock")) == []
        assert list(self.team.remote.rglob("*.lock")) == []
        assert list(self.temporary.iterdir()) == []


@contextmanager
def stage(tmp_path: Path, *, local: bool) -> Iterator[Stage]:
    team = Team.of(tmp_path / "team", {ORDERS: CLUSTER, "README.md": "# GitOps\n"})
    checkout = team.checkout
    if local:
        git(checkout, "remote", "remove", "origin")
    else:
        git(checkout, "remote", "set-url", "origin", f"ssh://far{team.remote}")
    write(checkout / "README.md", "# Put away\n")
    git(checkout, "stash", "--quiet")
    write(checkout / "README.md", "# Staged\n")
    git(checkout, "add", "README.md")
    write(checkout / ORDERS, CLUSTER + "# not finished\n")
    write(checkout / "notes.txt", "mine\n")
    git(checkout, "pack-refs", "--all")
    instants = Instants(tmp_path / "instants", config=team.folder / "home/gitconfig")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    made = Stage(team, instants, local, temporary, _users(checkout))
    try:
        yield made
    finally:
        for server in made.waiting:
            server.end()


@pytest.mark.parametrize(
    ("local", "writes", "discards"),
    [
        pytest.param(False, examples(34), examples(8), id="pushed"),
        pytest.param(True, examples(12), examples(6), id="local"),
    ],
)
@pytest.mark.thorough
def test_killed_at_any_instant_a_request_is_done_or_not_done(
    local: bool, writes: int, discards: int, tmp_path: Path
) -> None:
    lot = random.Random("gitops-mcp")  # noqa: S311 - a seed is what makes it the same lot each time
    with stage(tmp_path, local=local) as here:
        kills = [*_drawn(here, lot, writes, discard=False), *_drawn(here, lot, discards, discard=True)]
        lot.shuffle(kills)
        server = here.server()
        within = 0
        for kill in kills:
            try:
                ended = _kill(here, server, kill)
                server = here.server()
                _check_next(here, server, discard=kill.discard)
            except Exception as error:
                error.add_note(str(kill))
                raise
            within += not kill.discard and ended.was_in("commit-tree", here.moves)
        server.end()
        here.check_whole()

    assert len(kills) == writes + discards
    assert within >= writes / 3


def _drawn(here: Stage, lot: random.Random, number: int, *, discard: bool) -> list[Kill]:
    """Half of them between the commit and the end of its way to the branch, a fourth before it, a fourth anywhere.

    Wherever git holds a lock on this side it is killed with the server at least once. A fourth of the others come some
    milliseconds after the instant that was drawn, wherever git is then.
    """
    after_commit, after_none = (_instants(here, discard=discard, committed=committed) for committed in (True, False))
    instants = [instant for instant in dict.fromkeys(after_commit) if instant in after_none]
    start = instants.index(f"begin {'commit-tree' if not discard else here.moves} 1")
    end = instants.index(f"end {here.moves} 1")
    parts = (instants[:start], instants[start:end], instants, instants[start:end])
    drawn = [Kill(at, "tree", 0, discard) for at in instants if at.startswith("near reference-transaction prepared")]
    for count in range(number - len(drawn)):
        victims: Victims = ("server", "tree", "server", "tree", "machine")[count % 5]
        later = lot.uniform(0.0005, 0.03) if count % 16 >= 12 else 0
        drawn.append(Kill(lot.choice(parts[count % 4]), victims, later, discard))
    return drawn


def _instants(here: Stage, *, discard: bool, committed: bool) -> tuple[str, ...]:
    """Those of a request to a server that has itself committed the change before, or found it committed."""
    server = here.server()
    if committed:
        here.without_branch()
    elif not here.tip():
        server.answer(**SCALE)
        server.end()
        server = here.server()
    _settled(here, server, discard=discard)
    found = here.instants.of(server, **(DISCARD if discard else SCALE))
    server.end()
    return found


def _settled(here: Stage, server: Wire, *, discard: bool) -> None:
    """A server that has done something, a change to discard or none in the way, and others who have moved."""
    here.others_settle()
    server.answer("list_changes")
    server.answer(**SCALE)
    if not discard:
        here.without_branch()
    # A ref that goes is then taken out of packed-refs as well, as after a clone.
    git(here.team.checkout, "pack-refs", "--all")
    here.others_move()


def _kill(here: Stage, server: Wire, kill: Kill) -> Ended:
    """Kills the server in the middle, and looks at what is there once the last of its children has ended."""
    _settled(here, server, discard=kill.discard)
    old = here.tip()
    request = DISCARD if kill.discard else SCALE
    ended = here.instants.killed(server, at=kill.at, victims=kill.victims, later=kill.later, **request)
    server.end()

    here.check_users()
    here.check_whole()
    is_done = here.tip() != old
    if is_done and kill.discard:
        assert here.tip() is None
    elif is_done:
        here.check_branch()
    if not ended.began(here.moves):
        assert not is_done
    if ended.had_ended(here.moves) or (ended.began(here.moves) and kill.victims == "server"):
        assert is_done
    if kill.victims == "machine":
        for lock in here.team.remote.rglob("*.lock"):
            lock.unlink()
    for lock in (here.team.checkout / ".git").rglob("*.lock"):
        os.utime(lock, (0, 0))  # as if the next server came later: for a fresh one it would wait a second
    return ended


def test_a_git_process_that_a_dead_server_had_just_started_runs_no_more(tmp_path: Path) -> None:
    with stage(tmp_path, local=True) as here:
        server = here.server()
        _settled(here, server, discard=False)
        here.instants.killed(server, at="begin config 1", victims="machine", **SCALE)
        server.end()
        late = [str(here.instants.folder / "bin/git"), "--version"]
        assert subprocess.run(late, env=dict(server.env), capture_output=True, check=False).returncode == 137
        following = {**server.env, "INSTANTS_SERVER": "another"}
        assert subprocess.run(late, env=following, capture_output=True, check=True).stdout.startswith(b"git version")


def _check_next(here: Stage, server: Wire, *, discard: bool) -> None:
    """A new server's first request finds nothing in its way, and its next ones do what the dead one was asked for."""
    old = here.tip()
    listed = server.answer("list_changes")
    here.check_nothing_left()
    assert (CHANGE in [change["change"] for change in listed["items"]]) == (old is not None)
    if discard:
        result = server.call(**DISCARD)
        assert bool(result.get("isError")) == (old is None), result
        assert here.tip() is None
        old = None
    done = server.answer(**SCALE)
    assert done["outcome"] == ("unchanged" if old else "committed")
    assert old in {None, here.tip()}
    here.check_branch()
    here.check_nothing_left()
    here.check_users()


def _users(checkout: Path) -> tuple[Snapshot, dict[str, bytes]]:
    seen = snapshot(checkout)
    branches = "\n".join(line for line in seen.branches.splitlines() if not line.endswith(f"/{BRANCH}"))
    return replace(seen, branches=branches), _git_folder(checkout)


def _git_folder(checkout: Path) -> dict[str, bytes]:
    """Every file in it but objects, packed refs, remote-tracking ones, those of changes, and locks."""
    folder = checkout / ".git"
    passed: tuple[str, ...] = (
        "objects/",
        "refs/remotes/",
        "refs/heads/gitops-mcp",
        "logs/refs/remotes/",
        "logs/refs/heads/gitops-mcp",
    )
    passed += ("gitops-mcp/", "gitops-mcp-seen.json", "packed-refs")
    names = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in names.items()
        if not name.startswith(passed) and not name.endswith(".lock")
    }
