"""What became of a change: each way that it can go, with its branch there and gone, for each who may ask.

Asked are the server that saw it open, one that was started afterwards, and one on a checkout that was made afterwards.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.app import App
from gitops_mcp.errors import NotFound, Refused
from gitops_mcp.workflows.reading.changes.questions import change_detail, page_of_changes
from gitops_mcp.workflows.writing.discard import discard_branch
from tests.conftest import use_home
from tests.fakes.called_app import called_app
from tests.fakes.copied_clones import copy_clones
from tests.workflows.conftest import cluster

NAME = "size"
BRANCH = f"gitops-mcp/{NAME}"
FILE = "shop/db.yaml"
OTHER = "shop/other.yaml"


def sized(instances: int, disk: str = "1Gi") -> str:
    return cluster(spec=f"\n  instances: {instances}\n  logLevel: info\n  # kept apart\n  storage:\n    size: {disk}")


@dataclass(frozen=True)
class Forge:
    """A bare remote, and the clone of everybody but the server, who has `checkout`."""

    folder: Path
    clock: list[int]

    def git(self, *arguments: str, where: str = "author") -> str:
        self.clock[0] += 60
        when = f"@{self.clock[0]} +0000"
        env = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        if "cherry-pick" in arguments or "rebase" in arguments:
            del env["GIT_AUTHOR_DATE"]
        ran = subprocess.run(
            ["git", *arguments], cwd=self.folder / where, env=env, check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    @classmethod
    def of(cls, folder: Path) -> Forge:
        made = cls(folder, [1_800_000_000])
        (folder / "remote.git").mkdir(parents=True)
        made.git("init", "--quiet", "--bare", "--initial-branch=main", where="remote.git")
        made.git("clone", "--quiet", "remote.git", "author", where=".")
        made.git("checkout", "--quiet", "-b", "main")
        made.commit({FILE: sized(3), OTHER: cluster("other")}, "Start")
        made.push("main")
        made.git("clone", "--quiet", "remote.git", "checkout", where=".")
        return made

    @classmethod
    def first(cls, folder: Path, home: Path) -> Forge:
        """From which others are copied, so that it outlives a test and has a home of its own."""
        with pytest.MonkeyPatch.context() as monkeypatch:
            use_home(home, monkeypatch)
            return cls.of(folder)

    def copy(self, folder: Path) -> Forge:
        return Forge(copy_clones(self.folder, folder), list(self.clock))

    def commit(self, files: Mapping[str, str | None], message: str) -> str:
        for path, text in files.items():
            place = self.folder / "author" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                place.unlink()
            else:
                place.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def push(self, branch: str) -> None:
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")

    def propose(self, instances: int = 5, disk: str = "2Gi", *, request: int = 1) -> str:
        """A change of two commits, with a pull request where the forge shows them."""
        self.git("checkout", "--quiet", "--detach", "origin/main")
        self.commit({FILE: sized(instances)}, f"Scale\n\nGitops-Mcp-Change: {NAME}")
        tip = self.commit({FILE: sized(instances, disk)}, f"Grow\n\nGitops-Mcp-Change: {NAME}")
        self.push(BRANCH)
        self.git("push", "--quiet", "origin", f"HEAD:refs/pull/{request}/head")
        return tip

    def on_main(self) -> None:
        self.git("checkout", "--quiet", "-B", "main", "origin/main")

    def drop(self) -> None:
        self.git("push", "--quiet", "origin", f":refs/heads/{BRANCH}")

    def hide_requests(self) -> None:
        """As a remote does that knows no pull requests."""
        for ref in self.git("for-each-ref", "--format=%(refname)", "refs/pull", where="remote.git").splitlines():
            self.git("update-ref", "-d", ref, where="remote.git")

    def app(self, where: str = "checkout") -> App:
        return called_app(self.folder / where)

    def newcomer(self) -> App:
        self.git("clone", "--quiet", "remote.git", "newcomer", where=".")
        return self.app("newcomer")


def merge_commit(forge: Forge) -> None:
    forge.on_main()
    forge.git("merge", "--quiet", "--no-ff", "--message", "Merge pull request 1", f"origin/{BRANCH}")


def squash(forge: Forge) -> None:
    forge.on_main()
    forge.git("merge", "--quiet", "--squash", f"origin/{BRANCH}")
    forge.git("commit", "--quiet", "--message", "Scale and grow (#1)\n\nReviewed-on: here")


def squash_with_trailers(forge: Forge) -> None:
    forge.on_main()
    forge.git("merge", "--quiet", "--squash", f"origin/{BRANCH}")
    forge.git("commit", "--quiet", "--message", f"Scale (#1)\n\n* Scale\n\nGitops-Mcp-Change: {NAME}\n\n* Grow\n\nmore")


def rebase(forge: Forge) -> None:
    forge.on_main()
    forge.git("cherry-pick", f"origin/main..origin/{BRANCH}")


def rebase_and_merge(forge: Forge) -> None:
    forge.on_main()
    forge.git("checkout", "--quiet", "-b", "rebased")
    forge.git("cherry-pick", f"origin/main..origin/{BRANCH}")
    forge.git("checkout", "--quiet", "main")
    forge.git("merge", "--quiet", "--no-ff", "--message", "Merge", "rebased")


def fast_forward(forge: Forge) -> None:
    forge.git("checkout", "--quiet", "-B", "main", f"origin/{BRANCH}")


def by_hand(forge: Forge) -> None:
    forge.on_main()
    forge.commit({FILE: sized(5, "2Gi")}, "Scale and grow, by hand")


def squash_of_other_content(forge: Forge) -> None:
    forge.on_main()
    forge.commit({FILE: sized(5, "3Gi")}, f"Scale, and grow more\n\nGitops-Mcp-Change: {NAME}")


def unmerged(forge: Forge) -> None:
    forge.on_main()


def in_part(forge: Forge) -> None:
    forge.on_main()
    forge.git("cherry-pick", f"origin/{BRANCH}~1")


def set_back(forge: Forge) -> None:
    """The branch is moved to the base again."""
    forge.on_main()
    forge.push(BRANCH)


def reverted(forge: Forge) -> None:
    squash(forge)
    forge.git("revert", "--no-edit", "HEAD")


def superseded(forge: Forge) -> None:
    merge_commit(forge)
    forge.commit({FILE: sized(7, "9Gi")}, "Scale by hand")


def gone(forge: Forge) -> None:
    rebase(forge)
    forge.commit({FILE: None}, "Remove db\n\nGitops-Mcp-Change: delete-shop-db")


Way = Callable[[Forge], None]
MERGED = (
    merge_commit,
    squash,
    squash_with_trailers,
    rebase,
    rebase_and_merge,
    fast_forward,
    by_hand,
    squash_of_other_content,
)
STATES: dict[Way, tuple[str, str]] = {
    **dict.fromkeys(MERGED, ("merged", "merged")),
    unmerged: ("pushed", "closed"),
    in_part: ("pushed", "closed"),
    set_back: ("empty", "closed"),
    reverted: ("reverted", "reverted"),
    superseded: ("superseded", "superseded"),
    gone: ("superseded", "superseded"),
}
"""With the branch there, and without it."""

_THERE = pytest.mark.parametrize("is_there", [True, False], ids=["branch there", "branch gone"])
_GONE = pytest.mark.parametrize(
    "is_there",
    [pytest.param(True, id="branch there", marks=pytest.mark.thorough), pytest.param(False, id="branch gone")],
)


def named(*ways: Way, thorough: tuple[Way, ...] = ()) -> list[Any]:
    """Ways by their names; of the thorough ones others show the same."""
    plain = [pytest.param(way, id=way.__name__) for way in ways]
    return [*plain, *(pytest.param(way, id=way.__name__, marks=pytest.mark.thorough) for way in thorough)]


def told(app: App) -> tuple[str, str]:
    """The state of the change and why."""
    detail = change_detail(app, NAME, detailed=False)
    return detail.state, detail.why


def told_alike(app: App) -> tuple[str, str]:
    """The same, which get and list say alike."""
    detail = change_detail(app, NAME, detailed=False)
    [row] = [one for one in page_of_changes(app, state="all", limit=100, cursor=None).items if one.change == NAME]
    assert (row.state, row.why) == (detail.state, detail.why[:200] if len(detail.why) <= 200 else row.why)
    for filtered, states in {"open": {"pushed", "empty"}, "merged": {"merged", "reverted", "superseded"}}.items():
        rows = page_of_changes(app, state=filtered, limit=100, cursor=None).items
        assert (NAME in [one.change for one in rows]) == (detail.state in states)
    return detail.state, detail.why


@pytest.fixture(scope="module")
def first_forge(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    return Forge.first(tmp_path_factory.mktemp("first") / "forge", tmp_path_factory.mktemp("home"))


@pytest.fixture
def forge(tmp_path: Path, first_forge: Forge) -> Forge:
    return first_forge.copy(tmp_path / "forge")


@_THERE
@pytest.mark.parametrize("way", STATES, ids=lambda way: way.__name__)
def test_the_state_of_a_change_is_the_same_for_whoever_asks(forge: Forge, way: Way, is_there: bool) -> None:
    forge.propose()
    witness = forge.app()
    assert told_alike(witness)[0] == "pushed"
    forge.commit({OTHER: cluster("other", spec="{instances: 1}")}, "Not of this change") if way is by_hand else None
    way(forge)
    forge.push("main")
    if not is_there:
        forge.drop()
    state = STATES[way][0 if is_there else 1]
    for app in (witness, forge.app(), forge.newcomer()):
        found, why = told_alike(app)
        assert found == state, why
        if way is in_part:
            assert "in part: 1 of 2 commits is on main" in why


@_GONE
@pytest.mark.parametrize(
    "first",
    named(
        *(merge_commit, squash, rebase, fast_forward, unmerged, in_part),
        thorough=(squash_with_trailers, rebase_and_merge, by_hand, squash_of_other_content, reverted, superseded),
    ),
)
@pytest.mark.few(2)
def test_the_last_life_of_a_name_counts(forge: Forge, first: Way, is_there: bool) -> None:
    forge.propose()
    witness = forge.app()
    assert told(witness)[0] == "pushed"
    first(forge)
    forge.push("main")
    forge.drop()
    assert told(witness)[0] == STATES[first][1]
    second = forge.propose(4, "7Gi", request=2)
    assert told(witness)[0] == "pushed"
    if not is_there:
        forge.drop()
    for app in (witness, forge.app(), forge.newcomer()):
        assert told(app)[0] == ("pushed" if is_there else "closed")
        detail = change_detail(app, NAME, detailed=False)
        assert (detail.tip, len(detail.commits)) == (second, 2)


@pytest.mark.parametrize("first", [merge_commit, rebase, fast_forward, squash], ids=lambda way: way.__name__)
@pytest.mark.few(1)
def test_a_branch_that_is_set_back_after_an_earlier_life_holds_nothing(forge: Forge, first: Way) -> None:
    forge.propose()
    witness = forge.app()
    first(forge)
    forge.push("main")
    forge.drop()
    told(witness)
    forge.propose(4, "7Gi", request=2)
    told(witness)
    set_back(forge)
    for app in (witness, forge.app(), forge.newcomer()):
        assert told(app)[0] == "empty"


def test_without_pull_requests_a_branch_at_a_commit_that_names_it_is_merged(forge: Forge) -> None:
    """So a fast-forward leaves it, and nothing tells a newcomer of a second life that was taken back."""
    forge.propose()
    fast_forward(forge)
    forge.push("main")
    forge.hide_requests()
    assert told(forge.newcomer())[0] == "merged"


@_GONE
@pytest.mark.parametrize("second", named(merge_commit, in_part, reverted, thorough=(squash, rebase, superseded)))
@pytest.mark.few(1)
def test_a_second_life_ends_as_a_first_does(forge: Forge, second: Way, is_there: bool) -> None:
    forge.propose(4, "7Gi")
    witness = forge.app()
    told(witness)
    squash(forge)
    forge.push("main")
    forge.drop()
    told(witness)
    tip = forge.propose(request=2)
    assert told(witness)[0] == "pushed"
    second(forge)
    forge.push("main")
    if not is_there:
        forge.drop()
    for app in (witness, forge.app(), forge.newcomer()):
        assert told(app)[0] == STATES[second][0 if is_there else 1]
        assert change_detail(app, NAME, detailed=False).tip == tip


@pytest.mark.parametrize(
    "way",
    named(
        *(merge_commit, squash, rebase, fast_forward),
        thorough=(squash_with_trailers, rebase_and_merge, by_hand, squash_of_other_content),
    ),
)
@pytest.mark.few(1)
def test_a_change_shows_no_commit_that_is_not_its_own(forge: Forge, way: Way) -> None:
    """Somebody else's commit stands between the two lives, and the remote shows no pull requests."""
    forge.propose()
    way(forge)
    forge.push("main")
    forge.drop()
    forge.commit({OTHER: cluster("other", spec="{instances: 1}")}, "Of somebody else")
    forge.push("main")
    forge.propose(4, "7Gi", request=2)
    squash_with_trailers(forge)
    forge.push("main")
    forge.drop()
    forge.hide_requests()
    newcomer = forge.newcomer()
    detail = change_detail(newcomer, NAME, detailed=False)
    assert (detail.state, [one.path for one in detail.files], len(detail.commits)) == ("merged", [FILE], 1)
    assert "-  instances: 5" in (detail.diff or "")
    [row] = page_of_changes(newcomer, state="merged", limit=100, cursor=None).items
    assert (row.change, row.why) == (NAME, detail.why)


@pytest.mark.parametrize("way", [squash, by_hand], ids=lambda way: way.__name__)
@pytest.mark.few(1)
def test_what_nothing_tells_any_more_is_not_claimed_to_be_none(forge: Forge, way: Way) -> None:
    forge.propose()
    way(forge)
    forge.push("main")
    forge.drop()
    forge.hide_requests()
    found = page_of_changes(forge.newcomer(), state="all", limit=100, cursor=None)
    assert found.total == 0
    assert next(iter(found.blocks())) == (
        f"no change is known here, base main at {found.base_commit[:12]}; not listed: changes whose branch was gone "
        f"before this clone looked, and that no commit of the last 1,000 on main names"
    )
    with pytest.raises(NotFound, match="none is known here; list_changes state=all says which may not be"):
        change_detail(forge.app("newcomer"), NAME, detailed=False)


@pytest.mark.parametrize("state", ["open", "all"])
def test_what_could_not_be_asked_for_is_not_claimed_to_be_none(forge: Forge, state: str) -> None:
    (forge.folder / "remote.git").rename(forge.folder / "moved.git")
    found = page_of_changes(forge.app(), state=state, limit=100, cursor=None)
    assert (found.total, found.unlisted) == (0, "what is new on the remote 'origin', which could not be asked")


def test_a_branch_that_holds_nothing_is_removed_only_where_its_commits_were_this_servers(forge: Forge) -> None:
    forge.propose()
    app = forge.app()
    told(app)
    set_back(forge)
    forge.git("push", "--quiet", "origin", "HEAD:refs/heads/gitops-mcp/by-hand")
    assert change_detail(app, "by-hand", detailed=False).why == (
        "its branch holds nothing of its own: all of it is on main"
    )
    assert change_detail(app, "by-hand", detailed=False).commits == []
    with pytest.raises(Refused, match="holds no commit of this server"):
        discard_branch(app, "by-hand", confirmed=True, dry_run=False)
    assert discard_branch(forge.app(), NAME, confirmed=True, dry_run=False).outcome == "discarded"


@pytest.mark.parametrize("way", [squash, rebase, in_part, unmerged], ids=lambda way: way.__name__)
@pytest.mark.few(1)
def test_what_was_seen_tells_also_after_git_has_collected_the_commits(forge: Forge, way: Way) -> None:
    tip = forge.propose()
    assert told(forge.app())[0] == "pushed"
    way(forge)
    forge.push("main")
    forge.drop()
    forge.hide_requests()
    forge.app().ground(fetch=True)
    forge.git("gc", "--quiet", "--prune=now", where="checkout")
    with pytest.raises(subprocess.CalledProcessError):
        forge.git("cat-file", "-e", tip, where="checkout")
    state, why = told(forge.app())
    assert state == STATES[way][1]
    detail = change_detail(forge.app(), NAME, detailed=False)
    if state == "merged":
        assert "+  instances: 5" in (detail.diff or "")
    else:
        assert "git has garbage-collected its commits" in why
        assert ([one.object for one in detail.objects], len(detail.commits)) == (["Cluster shop/db"], 2)
    assert ("in part: 1 of 2 commits" in why) == (way is in_part)


def test_a_file_that_cannot_be_read_is_as_none(forge: Forge) -> None:
    forge.propose()
    told(forge.app())
    (forge.folder / "checkout/.git/gitops-mcp-seen.json").write_text('{"changes": {"gitops-mcp/size": 7')
    assert told(forge.app())[0] == "pushed"


def test_what_cannot_be_kept_is_not_claimed(forge: Forge) -> None:
    """A folder stands where the file would be."""
    (forge.folder / "checkout/.git/gitops-mcp-seen.json/x").mkdir(parents=True)
    forge.propose()
    app = forge.app()
    assert told(app)[0] == "pushed"
    forge.drop()
    assert told(app)[0] == "closed"
    found = page_of_changes(app, state="all", limit=100, cursor=None)
    assert found.unlisted is not None
    assert "gitops-mcp-seen.json cannot be written" in found.unlisted
