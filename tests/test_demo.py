"""The demo as a stranger runs it, and what its screen does with a terminal and with a pipe."""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gitops_mcp.demo.screen import Screen

DEADLINE = 120
ROOT = Path(__file__).parents[1]


def demo(*options: str) -> list[str]:
    """Not `-m`, which would want the package installed or PYTHONPATH set: the environment here holds PATH and HOME."""
    run = f"from gitops_mcp.cli import main; sys.exit(main({['demo', *options]!r}))"
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {run}"]


DEMO = demo()
LANDMARKS = (
    "1/9  List",
    "calls      list_postgres_clusters()",
    "server   │ 2 of 2 clusters shown in prod",
    "live     │ billing/invoices-db: 2 of 2 instances ready",
    "2/9  Create, as a dry run",
    "dry_run=true)",
    "│ +kind: Cluster",
    "ok         the remote has no new branch",
    "3/9  Create: one commit on a branch of its own, and its pull request",
    "**Committed**",
    "│ pull request #1 (open): http://127.0.0.1:",
    "created as bot, by the token of GH_ENTERPRISE_TOKEN",
    "git      │ $ git show --stat gitops-mcp/create-shop-sessions-db",
    "ok         gitops-mcp/create-shop-sessions-db is exactly one commit ahead of main",
    "forge    │ #1 Create Cluster shop/sessions-db",
    "ok         GitHub has the pull request that was told: http://127.0.0.1:",
    "ok         the API has no sessions-db: nothing was applied",
    "4/9  Review: what a person reads",
    "is **in_review**: pull request #1 is open",
    "│ - Ask a person (not bot, who opened it) to review it",
    "forge    │ <!-- gitops-mcp:begin",
    "│ > **No restart, no outage, no loss of data.**",
    "│ > `Sessions move out of orders-db`",
    "│ ```mermaid",
    "Argo CD Application argocd/gitops applies it by itself",
    "│ ### How to undo it",
    "ok         the pull request says why, in the words of the request",
    "ok         its state is: in_review, and not merged",
    "ok         the server's diff is git's, line by line",
    "5/9  Merge: a person decides, Argo CD applies",
    "reviewer │ approves and merges pull request #1 at GitHub",
    "state      healthy after",
    "│ shop/sessions-db: 3 of 3 instances ready",
    "6/9  Scale",
    "│ -  instances: 3 # on three nodes, where there are as many",
    "│ +  instances: 4 # on three nodes, where there are as many",
    "state      healthy after",
    "│ shop/orders-db: 4 of 4 instances ready",
    "7/9  Role: a password that nobody sees",
    "│ Secret shop/sessions-db-analysts-password (kubernetes.io/basic-auth): ",
    "ok         the operator has made the role",
    "ok         its password is in no object of the repository",
    "8/9  Delete without confirmation: refused",
    "refused  │ Refused: ",
    "ok         no branch has moved and none was made",
    "9/9  Discard",
    "**Discarded**",
    "│ pull request #4 (closed): http://127.0.0.1:",
    "ok         its pull request #4 is closed",
    "ok         the three that were merged are healthy",
    "What held over all of it",
    "ok         the base main moved 3 times, each time by a merge at the forge",
    "byte for byte",
    "no write",
    "ok         of Secrets it asked at most whether there is one, never for its values",
    "With a repository of your own",
    '"mcpServers"',
    "All of it held, in ",
)
BY_OPTIONS = (
    "Flux and GitLab with the Git remote are stand-ins",
    "The server has no token for the API of GitLab",
    "3/9  Create",
    "created as whoever pushes, by options of the push",
    "ok         GitLab has the pull request that was told:",
    "4/9  Review",
    "is **pushed**",
    "│ ```mermaid",
    "applies it by itself",
    "ok         its state is: pushed, which is all that Git tells",
    "5/9  Merge: a person decides, Flux applies",
    "reviewer │ approves and merges pull request #1 at GitLab",
    "state      merged after",
    "state      healthy after",
    "│ Flux Kustomization billing: Ready ",
    "ok         the three that were merged are healthy",
    "All of it held, in ",
)


class Place:
    """An empty working directory, an empty home, and a folder for temporary files."""

    def __init__(self, path: Path) -> None:
        self.work, self.home, self.temporary = path / "work", path / "home", path / "temporary"
        for folder in (self.work, self.home, self.temporary):
            folder.mkdir()

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.temporary), **more}

    def start(
        self, env: Mapping[str, str] | None = None, command: Sequence[str] = tuple(DEMO)
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.work,
            env=env or self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def assert_nothing_is_left(self) -> None:
        assert list(self.work.iterdir()) == []
        assert list(self.home.iterdir()) == []
        assert list(self.temporary.iterdir()) == []
        assert_no_process_names(str(self.temporary))


def assert_told(told: str, landmarks: Sequence[str]) -> None:
    """In this order."""
    reached = 0
    for landmark in landmarks:
        found = told.find(landmark, reached)
        assert found >= 0, f"{landmark!r} is missing in: {told[reached:]}"
        reached = found + len(landmark)


def assert_no_process_names(folder: str) -> None:
    """The server and every git of the demo name the demo's folder on their command line."""
    ps = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True)
    assert "pytest" in ps.stdout
    assert [line for line in ps.stdout.splitlines() if folder in line] == []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.thorough
def test_in_a_pipe_it_tells_the_whole_story_in_plain_text_and_leaves_nothing(place: Place) -> None:
    environment = place.environment()
    del environment["TMPDIR"]
    started = time.monotonic()
    with place.start(environment) as child:
        told, complaints = child.communicate(timeout=DEADLINE)
    assert (child.returncode, complaints) == (0, ""), told[-3000:]
    assert time.monotonic() - started < 60
    assert "\x1b" not in told
    assert "\r" not in told
    assert_told(told, LANDMARKS)
    named = re.search(r"Its files are in (\S+) until it ends", told)
    assert named is not None
    assert not Path(named[1]).exists()
    assert_no_process_names(named[1])
    place.assert_nothing_is_left()


@pytest.mark.thorough
def test_the_other_story_has_flux_apply_and_gitlab_open_what_the_push_asks_for(place: Place) -> None:
    with place.start(command=demo("--engine", "flux", "--forge", "gitlab")) as child:
        told, complaints = child.communicate(timeout=DEADLINE)
    assert (child.returncode, complaints) == (0, ""), told[-3000:]
    assert_told(told, BY_OPTIONS)
    place.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("number", "seen"),
    [
        pytest.param(signal.SIGHUP, "Its files are in", id="while the stand-ins start"),
        pytest.param(signal.SIGTERM, "1/9", id="while a call is in flight", marks=pytest.mark.thorough),
        pytest.param(signal.SIGINT, "reviewer", id="while it waits for the engine", marks=pytest.mark.thorough),
    ],
)
@pytest.mark.thorough
def test_a_signal_ends_it_and_leaves_nothing(place: Place, number: signal.Signals, seen: str) -> None:
    with place.start() as child:
        assert child.stdout is not None
        assert child.stderr is not None
        while seen not in (line := child.stdout.readline()):
            assert line, child.stderr.read()
        child.send_signal(number)
        _, complaints = child.communicate(timeout=DEADLINE)
    assert (child.returncode, complaints) == (128 + number, "Stopped. What it had started is gone again.\n")
    place.assert_nothing_is_left()


@pytest.mark.thorough
def test_what_does_not_go_as_told_ends_it_with_1_and_says_what(place: Place) -> None:
    """A git that refuses to push the branch of a change: no commit, so no story."""
    real = shutil.which("git")
    (place.work.parent / "bin").mkdir()
    wrapper = place.work.parent / "bin/git"
    wrapper.write_text(
        f'#!/bin/sh\nfor one in "$@"; do case "$one" in *:refs/heads/gitops-mcp/*) echo "no pushing today" >&2; exit 1;; esac; done\nexec {real} "$@"\n'
    )
    wrapper.chmod(0o755)
    path = f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"
    with place.start(place.environment(PATH=path)) as child:
        told, complaints = child.communicate(timeout=DEADLINE)
    assert child.returncode == 1
    assert complaints.startswith("The demo failed: the server refused what it should do: Unavailable: ")
    assert "no pushing today" in complaints
    assert "2/9" in told
    assert "4/9" not in told
    assert "All of it held" not in told
    place.assert_nothing_is_left()


def test_without_git_it_says_what_to_install(place: Place) -> None:
    with place.start(place.environment(PATH=str(place.home))) as child:
        _, complaints = child.communicate(timeout=DEADLINE)
    assert child.returncode == 1
    assert complaints == "The demo failed: git was not found on PATH: install git 2.38 or newer\n"
    place.assert_nothing_is_left()


@pytest.mark.thorough
def test_a_reader_that_goes_away_ends_it_without_a_traceback(place: Place) -> None:
    with place.start() as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == ""
        assert child.wait(DEADLINE) == 1
    place.assert_nothing_is_left()


@pytest.mark.thorough
def test_on_a_terminal_it_says_what_it_waits_for_and_control_c_ends_it(place: Place) -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        DEMO,
        cwd=place.work,
        env=place.environment(TERM="xterm", NO_COLOR="1"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        # Its own terminal, as the one that Ctrl-C is typed at.
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # noqa: PLW1509 - the child has one thread yet
    )
    os.close(theirs)
    told = b""
    while b"waiting for the answer to list_postgres_clusters" not in told:
        told += os.read(ours, 4096)
    os.write(ours, b"\x03")
    while b"Stopped." not in told:
        told += os.read(ours, 4096)
    assert child.wait(DEADLINE) == 130
    os.close(ours)
    assert b"\rstarting the server" in told
    assert b"\x1b" not in told
    place.assert_nothing_is_left()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_are_colours_unless_somebody_minds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert (Screen.on(Terminal()).terminal, Screen.on(Terminal()).coloured) == (True, True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert (Screen.on(Terminal()).terminal, Screen.on(Terminal()).coloured) == (True, False)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert (Screen.on(Terminal()).terminal, Screen.on(Terminal()).coloured) == (False, False)
    monkeypatch.setenv("TERM", "xterm")
    assert (Screen.on(io.StringIO()).terminal, Screen.on(io.StringIO()).coloured) == (False, False)


def test_added_and_removed_lines_of_a_diff_have_their_colours() -> None:
    out = io.StringIO()
    Screen(out, 80, terminal=True, coloured=True).block("git", ["-- x", "--- a/f", "-old", "+new", " same"], diff=True)
    assert "\x1b[1m--- a/f\x1b[0m" in out.getvalue()
    assert "\x1b[31m-old\x1b[0m" in out.getvalue()
    assert "\x1b[32m+new\x1b[0m" in out.getvalue()
    out = io.StringIO()
    Screen(out, 80, terminal=True, coloured=True).block("server", ["- item", "```diff", "-old", "```", "- item"])
    assert out.getvalue().count("\x1b[31m") == 1


def test_a_status_is_written_over_by_what_comes_next() -> None:
    out = io.StringIO()
    screen = Screen(out, 40, terminal=True)
    screen.status("a longer thing to wait for")
    screen.status("short")
    screen.says("ok", "done")
    assert out.getvalue() == (
        "\ra longer thing to wait for …\rshort …                     \r       \r  ok         done\n"
    )


def test_on_a_terminal_lines_are_fitted_and_in_a_pipe_they_are_as_they_came() -> None:
    lines = ["| a table | " + "x" * 60, "- a sentence that goes on and on until it does not fit"]
    out = io.StringIO()
    Screen(out, 40, terminal=True).block("server", lines)
    assert out.getvalue().splitlines() == [
        "  server   │ | a table | xxxxxxxxxxxxxx…",
        "           │ - a sentence that goes on",
        "           │   and on until it does not",
        "           │   fit",
    ]
    out = io.StringIO()
    Screen(out, 40).block("server", lines)
    assert out.getvalue().splitlines() == [f"  server   │ {lines[0]}", f"           │ {lines[1]}"]


def test_what_is_cut_is_counted() -> None:
    out = io.StringIO()
    Screen(out, 80).block("server", ["one", "two", "three", "four"], most=2)
    assert out.getvalue().splitlines() == ["  server   │ one", "           │ two", "           │ … (2 more lines)"]
