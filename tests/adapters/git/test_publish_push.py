"""The push of one commit id: nothing else travels, a race is told from a refusal, and a failure leaves no ref."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.publishing.publish import publish, remove_branch
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import InvalidRequest, MayArrive, NotFound, Raced, Refused, Unavailable
from tests.adapters.git.conftest import commit_all, configure_by_environment, git, snapshot, write
from tests.adapters.git.publishing import BRANCH, ORDERS, SCALED, executable, published
from tests.fakes.api import Answer, ReplayingApi

NEW = "clusters/prod/shop/new.yaml"
TRACKING = f"refs/remotes/origin/{BRANCH}"


def _refs(repository: Path) -> str:
    return git(repository, "for-each-ref", "--format=%(refname) %(objectname)")


@pytest.mark.parametrize(
    "configured",
    [
        ("push.default", "matching"),
        ("push.default", "nothing"),
        ("push.followTags", "true"),
        ("push.autoSetupRemote", "true"),
        ("push.useForceIfIncludes", "true"),
        ("push.recurseSubmodules", "on-demand"),
        ("submodule.recurse", "true"),
        ("remote.origin.push", "+refs/*:refs/*"),
        ("remote.origin.push", "HEAD:main"),
        ("remote.origin.mirror", "true"),
        ("remote.origin.tagOpt", "--tags"),
    ],
    ids="=".join,
)
@pytest.mark.few(4)
def test_only_the_one_branch_is_pushed(configured: tuple[str, str], checkout: Path, remote: Path) -> None:
    git(checkout, "stash", "--quiet")
    commit_all(checkout, "Ahead of main")
    git(checkout, "branch", "another")
    git(checkout, "tag", "--annotate", "--message", "One", "v1", "origin/main")
    git(checkout, "config", *configured)
    main = git(remote, "rev-parse", "main")

    done = published(checkout, {ORDERS: SCALED})

    assert _refs(remote).splitlines() == [f"refs/heads/{BRANCH} {done.commit}", f"refs/heads/main {main}"]


def test_a_plain_commit_takes_seven_processes_and_the_push(checkout: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "gitops_mcp.adapters.git.runner")

    published(checkout, {ORDERS: SCALED, NEW: b"new: 1\n", "README.md": None})

    ran = [record.getMessage().split(":")[0].removeprefix("git ") for record in caplog.records]
    commit = ["config", "worktree", "check-attr", "hash-object", "mktree", "commit-tree"]
    assert ran[-8:] == [*commit, "push", "cat-file"], "what tells of objects ends last"


def test_the_next_commit_of_a_change_is_a_fast_forward(checkout: Path, remote: Path) -> None:
    git(remote, "config", "receive.denyNonFastForwards", "true")
    first = published(checkout, {ORDERS: SCALED})

    second = published(checkout, {NEW: b"new: 1\n"}, expected=first.commit)

    assert git(remote, "rev-parse", BRANCH) == second.commit
    assert git(checkout, "rev-parse", TRACKING) == second.commit
    assert git(checkout, "rev-parse", f"{second.commit}^") == first.commit


@pytest.mark.parametrize("what", ["made", "moved", "rewound", "deleted"])
@pytest.mark.few(2)
def test_a_branch_that_someone_else_pushed_meanwhile_is_a_race_and_stays_theirs(
    what: str, checkout: Path, author: Path, remote: Path
) -> None:
    mine = None if what == "made" else published(checkout, {ORDERS: SCALED}).commit
    match what:
        case "made" | "rewound":
            git(author, "push", "--quiet", "--force", "origin", f"main:{BRANCH}")
        case "deleted":
            git(author, "push", "--quiet", "origin", f":{BRANCH}")
        case _:
            git(author, "fetch", "--quiet")
            git(author, "switch", "--quiet", "--detach", f"origin/{BRANCH}")
            git(author, "push", "--quiet", "origin", f"{commit_all(author, 'Review')}:refs/heads/{BRANCH}")
    before = snapshot(checkout), _refs(checkout), _refs(remote)

    with pytest.raises(Raced, match=rf"{BRANCH} on origin was moved by another writer"):
        published(checkout, {NEW: b"new: 1\n"}, expected=mine)

    assert (snapshot(checkout), _refs(checkout), _refs(remote)) == before


def test_a_branch_that_someone_makes_while_the_push_is_under_way_is_a_race(checkout: Path, remote: Path) -> None:
    """The lease held when the remote was asked; its own compare-and-swap then fails."""
    executable(
        remote / "hooks/update", 'unset GIT_QUARANTINE_PATH; git update-ref "$1" refs/heads/main; echo already exists'
    )
    before = _refs(checkout)

    with pytest.raises(Raced):
        published(checkout, {ORDERS: SCALED})

    assert git(remote, "rev-parse", BRANCH) == git(remote, "rev-parse", "main")
    assert _refs(checkout) == before


def test_a_ref_that_is_locked_on_the_remote_is_a_race(checkout: Path, remote: Path) -> None:
    write(remote / f"refs/heads/{BRANCH}.lock", "")

    with pytest.raises(Raced):
        published(checkout, {ORDERS: SCALED})


def test_a_branch_on_the_remote_with_the_name_of_the_prefix_is_no_race(checkout: Path, remote: Path) -> None:
    git(remote, "branch", "gitops-mcp", "main")

    with pytest.raises(Refused, match="cannot stand beside another one on origin"):
        published(checkout, {ORDERS: SCALED})


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_remote_that_refuses_is_quoted_and_leaves_no_ref(hook: str, checkout: Path, remote: Path) -> None:
    executable(remote / "hooks" / hook, "echo 'GH006: protected, cannot lock ref: already exists'; exit 1")
    before = snapshot(checkout), _refs(checkout), _refs(remote)

    with pytest.raises(Refused) as refused:
        published(checkout, {ORDERS: SCALED})

    assert str(refused.value).startswith(f"origin refused the push of {BRANCH} (")
    assert "declined" in str(refused.value)
    assert "a rule of the forge protects the branch; have the rule let this user through" in str(refused.value)
    assert "It said (untrusted text): GH006: protected, cannot lock ref: already exists" in str(refused.value)
    assert (snapshot(checkout), _refs(checkout), _refs(remote)) == before


def test_a_branch_that_the_remote_hides_is_refused(checkout: Path, remote: Path) -> None:
    git(remote, "config", "receive.hideRefs", "refs/heads/gitops-mcp")

    with pytest.raises(Refused, match="deny updating a hidden ref"):
        published(checkout, {ORDERS: SCALED})


def test_what_the_remote_says_is_handed_on_bounded_and_without_credentials(checkout: Path, remote: Path) -> None:
    executable(
        remote / "hooks/post-receive",
        r"printf '\n\033[31mCreate a pull request:\033[0m\n  https://me:token@forge.example/new?x=1\n'; seq 40",
    )

    done = published(checkout, {ORDERS: SCALED})

    lines = done.printed.splitlines()
    assert lines[:3] == ["Create a pull request:", "  https://forge.example/new?x=1", "1"]
    assert lines[-1] == "… 22 more lines"
    assert len(lines) == 21


def test_a_remotes_progress_and_the_frames_of_its_errors_tell_nobody_anything(checkout: Path, remote: Path) -> None:
    lines = (
        ". Processing 1 references\\nProcessed 1 references in total\\n\\nerror:\\nerror: Open a request\\nerror:\\n"
    )
    executable(remote / "hooks/post-receive", f"printf '{lines}'")

    assert published(checkout, {ORDERS: SCALED}).printed == "error: Open a request"


def test_a_remote_that_is_not_there_is_refused_by_name(checkout: Path, remote: Path) -> None:
    remote.rename(remote.with_name("moved.git"))
    before = snapshot(checkout), _refs(checkout)

    with pytest.raises(Refused, match=rf"the push of {BRANCH} to origin failed: the repository is not there, or"):
        published(checkout, {ORDERS: SCALED})

    assert (snapshot(checkout), _refs(checkout)) == before


@pytest.mark.parametrize(
    ("status", "what"), [(401, "it refused the credentials"), (403, "these credentials have no right to do that")]
)
@pytest.mark.few(1)
def test_a_remote_that_wants_other_credentials_says_what_to_do_and_shows_none(
    status: int, what: str, checkout: Path
) -> None:
    with _answering(status) as port:
        git(checkout, "config", "remote.origin.url", f"http://me:token@127.0.0.1:{port}/x.git")

        with pytest.raises(Refused) as refused:
            published(checkout, {ORDERS: SCALED})

    assert f"the push of {BRANCH} to origin failed: {what}" in str(refused.value)
    assert "token@" not in str(refused.value)
    assert "gitops-mcp" not in _refs(checkout)


@pytest.mark.thorough
def test_a_push_that_arrived_but_did_not_end_in_time_is_no_failure(checkout: Path, remote: Path) -> None:
    os.mkfifo(remote / "never")
    executable(remote / "hooks/post-receive", "cat never")

    done = published(checkout, {ORDERS: SCALED}, settings=GitSettings(timeout=2))

    assert git(remote, "rev-parse", BRANCH) == done.commit
    assert git(checkout, "rev-parse", TRACKING) == done.commit


def test_a_push_that_did_not_end_in_time_and_did_not_arrive_is_unavailable(checkout: Path, remote: Path) -> None:
    os.mkfifo(remote / "never")
    executable(remote / "hooks/pre-receive", "cat never")

    with pytest.raises(MayArrive, match=r"git push did not end within 1 s.*origin may still accept it"):
        published(checkout, {ORDERS: SCALED}, settings=GitSettings(timeout=1))

    assert "gitops-mcp" not in _refs(remote) + _refs(checkout)
    assert not (checkout / ".git/gitops-mcp").exists()


def test_work_of_ours_is_done_while_the_push_is_under_way(checkout: Path, remote: Path) -> None:
    os.mkfifo(remote / "ready")
    executable(remote / "hooks/pre-receive", "cat ready")  # ends once somebody writes, who waits for it in turn

    def work() -> None:
        (remote / "ready").write_text("done")

    done = published(checkout, {ORDERS: SCALED}, settings=GitSettings(timeout=5), meanwhile=work)

    assert git(remote, "rev-parse", BRANCH) == done.commit


def test_a_push_whose_connection_broke_after_it_arrived_is_no_failure(checkout: Path, remote: Path) -> None:
    executable(remote / "hooks/reference-transaction", 'test "$1" != committed || kill -9 $PPID')

    done = published(checkout, {ORDERS: SCALED})

    assert git(remote, "rev-parse", BRANCH) == done.commit
    assert git(checkout, "rev-parse", TRACKING) == done.commit


def test_a_push_whose_connection_broke_before_it_arrived_is_unavailable(checkout: Path, remote: Path) -> None:
    executable(remote / "hooks/pre-receive", "kill -9 $PPID")

    with pytest.raises(Unavailable):
        published(checkout, {ORDERS: SCALED})

    assert "gitops-mcp" not in _refs(remote) + _refs(checkout)


def test_a_pre_push_hook_runs_and_is_named(checkout: Path) -> None:
    executable(
        checkout / ".git/hooks/pre-push",
        f"""exec > {checkout.parent}/ran
echo "$1"
cat
git ls-files -- '*.md'
""",
    )

    done = published(checkout, {ORDERS: SCALED})

    assert done.hooks == ("pre-push",)
    name, line, matched = (checkout.parent / "ran").read_text().splitlines()
    assert matched == "README.md"
    assert name == "origin"
    assert line.split()[1:3] == [done.commit, f"refs/heads/{BRANCH}"]


def test_a_pre_push_hook_that_refuses_is_quoted(checkout: Path, remote: Path) -> None:
    executable(checkout / ".git/hooks/pre-push", "echo 'not on a Friday' >&2; exit 1")

    with pytest.raises(Refused, match=r"(?s)the pre-push hook refused the push of .*not on a Friday"):
        published(checkout, {ORDERS: SCALED})

    assert "gitops-mcp" not in _refs(remote) + _refs(checkout)


def test_a_remote_that_is_gone_is_not_blamed_on_the_pre_push_hook(checkout: Path, remote: Path) -> None:
    executable(checkout / ".git/hooks/pre-push", "exit 0")
    remote.rename(remote.with_name("moved.git"))

    with pytest.raises(Refused, match="the repository is not there"):
        published(checkout, {ORDERS: SCALED})


def test_git_lfs_uploads_even_when_hooks_are_off(checkout: Path, author: Path) -> None:
    """A pointer whose content was never uploaded is of no use to whoever merges it."""
    write(author / ".gitattributes", "*.big.yaml filter=lfs\n")
    commit_all(author, "Big ones")
    git(author, "push", "--quiet", "origin", "main")
    git(checkout, "fetch", "--quiet")
    git(checkout, "config", "filter.lfs.clean", "sha256sum")
    hook = f'test -n "$GIT_LFS_SKIP_PUSH" || touch {checkout.parent}/uploaded'
    executable(checkout / ".git/hooks/pre-push", hook)
    off = GitSettings(hooks="off")

    published(checkout, {NEW: b"x\n"}, settings=off)
    published(checkout, {NEW: b"x\n"}, branch="gitops-mcp/small")
    assert not (checkout.parent / "uploaded").exists()
    published(checkout, {"x.big.yaml": b"x\n"}, settings=off, branch="gitops-mcp/big")

    assert (checkout.parent / "uploaded").exists()


@pytest.mark.parametrize("key", ["url", "pushurl"])
def test_a_remote_with_several_urls_is_refused(key: str, checkout: Path, remote: Path) -> None:
    for _ in range(2):
        git(checkout, "config", "--add", f"remote.origin.{key}", str(remote))

    with pytest.raises(Refused, match=r"remote origin pushes to \d URLs"):
        published(checkout, {ORDERS: SCALED})


def test_a_push_url_of_the_same_repository_and_a_remote_of_another_name_are_used(checkout: Path, remote: Path) -> None:
    git(checkout, "remote", "rename", "origin", "team/upstream")
    git(checkout, "config", "remote.team/upstream.pushurl", f"file://{remote}")

    done = published(checkout, {ORDERS: SCALED})

    assert git(remote, "rev-parse", BRANCH) == done.commit
    assert git(checkout, "rev-parse", f"refs/remotes/team/upstream/{BRANCH}") == done.commit


@pytest.mark.parametrize(
    ("key", "named"),
    [("remote.origin.pushurl", "remote.origin.pushurl"), ("url.{fork}.pushInsteadOf", "url.<base>.pushInsteadOf")],
    ids=["pushurl", "pushInsteadOf"],
)
def test_a_push_to_another_repository_than_is_fetched_is_refused_before_it_begins(
    key: str, named: str, checkout: Path, remote: Path
) -> None:
    fork = remote.with_name("fork.git")
    git(checkout, "clone", "--quiet", "--bare", str(remote), str(fork))
    git(checkout, "config", key.format(fork=fork), str(fork) if key.endswith("pushurl") else str(remote))

    with pytest.raises(Refused, match=rf"pushes to \S+/fork.git \({named} of Git's configuration\)"):
        published(checkout, {ORDERS: SCALED})

    assert "gitops-mcp" not in _refs(fork) + _refs(remote)


@pytest.mark.parametrize("key", ["remote.pushDefault", "branch.main.pushRemote"])
def test_changes_go_to_the_fork_that_git_pushes_to_and_are_followed_there(
    key: str, checkout: Path, remote: Path
) -> None:
    fork = remote.with_name("fork.git")
    git(checkout, "clone", "--quiet", "--bare", str(remote), str(fork))
    git(checkout, "remote", "add", "fork", str(fork))
    git(checkout, "config", key, "fork")

    done = published(checkout, {ORDERS: SCALED})
    git(fork, "update-ref", "refs/heads/gitops-mcp/another", done.commit)
    base = Repository.open(checkout).base(GitSettings(), fetch=True)

    assert git(fork, "rev-parse", BRANCH) == done.commit
    assert "gitops-mcp" not in _refs(remote)
    assert (base.remote, base.home) == ("origin", "fork")
    assert [change.ref for change in base.changes] == [
        "refs/remotes/fork/gitops-mcp/another",
        f"refs/remotes/fork/{BRANCH}",
    ]


def test_a_push_default_that_is_no_remote_is_refused_by_name(checkout: Path, remote: Path) -> None:
    git(checkout, "config", "remote.pushDefault", "elsewhere")

    with pytest.raises(Refused, match=r"remote.pushDefault of Git's configuration names 'elsewhere'.*origin"):
        published(checkout, {ORDERS: SCALED})

    assert "gitops-mcp" not in _refs(remote)


@pytest.mark.parametrize("kind", ["a clone", "a clone of one branch", "a bare clone"])
def test_removing_a_branch_takes_the_tracking_ref_along(kind: str, checkout: Path, remote: Path) -> None:
    required = GitSettings(hooks="required")
    here = checkout
    if kind != "a clone":
        here = checkout.parent / "other"
        option = "--bare" if kind == "a bare clone" else "--single-branch"
        git(checkout.parent, "clone", "--quiet", option, str(remote), str(here))
    done = published(here, {ORDERS: SCALED})
    assert TRACKING in _refs(here)
    before = snapshot(here)

    # A branch is removed without a commit, so no commit hook is asked for.
    remove_branch(Repository.open(here), required, branch=BRANCH, expected=done.commit)

    assert "gitops-mcp" not in _refs(remote) + _refs(here)
    assert snapshot(here) == before
    assert not (here / ".git/gitops-mcp").exists()


def test_a_branch_that_someone_moved_is_not_removed(checkout: Path, author: Path, remote: Path) -> None:
    done = published(checkout, {ORDERS: SCALED})
    git(author, "push", "--quiet", "--force", "origin", f"main:{BRANCH}")
    before = _refs(remote), _refs(checkout)

    with pytest.raises(Raced):
        remove_branch(Repository.open(checkout), GitSettings(), branch=BRANCH, expected=done.commit)

    assert (_refs(remote), _refs(checkout)) == before


def test_a_branch_that_someone_removed_already_is_not_found(checkout: Path, remote: Path) -> None:
    done = published(checkout, {ORDERS: SCALED})
    git(remote, "branch", "--quiet", "--delete", "--force", BRANCH)

    with pytest.raises(NotFound, match=f"no branch {BRANCH} on origin: it has been deleted already"):
        remove_branch(Repository.open(checkout), GitSettings(), branch=BRANCH, expected=done.commit)


def test_a_remote_that_denies_deleting_is_quoted(checkout: Path, remote: Path) -> None:
    done = published(checkout, {ORDERS: SCALED})
    git(remote, "config", "receive.denyDeletes", "true")
    before = _refs(remote), _refs(checkout)

    with pytest.raises(Refused, match="deletion prohibited"):
        remove_branch(Repository.open(checkout), GitSettings(), branch=BRANCH, expected=done.commit)

    assert (_refs(remote), _refs(checkout)) == before


@contextmanager
def _answering(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Prints nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("known", ["known here", "not known here", "known as another", "of the fork"])
@pytest.mark.few(2)
def test_the_remotes_default_branch_is_not_written_whatever_the_base_and_the_prefix(
    known: str, checkout: Path, remote: Path
) -> None:
    home = remote
    git(remote, "branch", "other", "main")
    git(remote, "branch", "trunk/main", "main")
    if known == "of the fork":
        home = remote.parent / "fork.git"
        git(remote.parent, "clone", "--quiet", "--bare", str(remote), str(home))
        git(checkout, "remote", "add", "fork", str(home))
        git(checkout, "config", "remote.pushDefault", "fork")
    git(home, "symbolic-ref", "HEAD", "refs/heads/trunk/main")
    git(checkout, "fetch", "--quiet", "--all")
    if known != "known as another":
        git(checkout, "remote", "set-head", "origin", "--delete")
    if known == "known here":
        git(checkout, "remote", "set-head", "origin", "--auto")
    settings = GitSettings(base="other", prefix="trunk/")
    tip = git(home, "rev-parse", "trunk/main")

    for expected in (tip, None):
        with pytest.raises(Refused, match=r"'trunk/main' is not written here.*default branch"):
            published(checkout, {ORDERS: SCALED}, settings=settings, branch="trunk/main", expected=expected)
    with pytest.raises(Refused, match="not written here"):
        remove_branch(Repository.open(checkout), settings, branch="trunk/main", expected=tip)

    assert git(home, "rev-parse", "trunk/main") == tip
    assert published(checkout, {ORDERS: SCALED}, settings=settings, branch="trunk/size").pushed


@pytest.mark.parametrize("branch", ["main", "other", "new", "a/b"])
def test_below_an_empty_prefix_nothing_is_written(branch: str, checkout: Path, remote: Path) -> None:
    before = git(remote, "for-each-ref")
    repository = Repository.open(checkout)
    base = repository.base(GitSettings(), fetch=False)

    with pytest.raises(Refused, match="not written here"):
        publish(
            repository,
            GitSettings(prefix="", base="main"),
            base=base,
            branch=branch,
            expected=None,
            parent=base.commit,
            files={ORDERS: SCALED},
            message="Scale\n",
        )
    with pytest.raises(InvalidRequest, match="branchPrefix"):
        repository.base(GitSettings(prefix=""), fetch=False)

    assert git(remote, "for-each-ref") == before


def test_the_users_push_options_are_not_sent(checkout: Path, remote: Path) -> None:
    git(checkout, "config", "--add", "push.pushOption", "repo.private=false")
    git(checkout, "config", "--add", "push.pushOption", "ci.skip")

    done = published(checkout, {ORDERS: SCALED})

    git(remote, "config", "receive.advertisePushOptions", "true")
    executable(remote / "hooks/pre-receive", f'echo "$GIT_PUSH_OPTION_COUNT" > {remote.parent}/options')
    assert published(checkout, {NEW: b"new: 1\n"}, expected=done.commit).pushed
    assert (remote.parent / "options").read_text() in {"\n", "0\n"}
    remove_branch(Repository.open(checkout), GitSettings(), branch=BRANCH, expected=git(remote, "rev-parse", BRANCH))
    assert (remote.parent / "options").read_text() in {"\n", "0\n"}


def test_options_of_a_request_are_sent_as_they_are(checkout: Path, remote: Path) -> None:
    git(checkout, "config", "--add", "push.pushOption", "ci.skip")
    git(remote, "config", "receive.advertisePushOptions", "true")
    script = f'printf "%s|%s|%s" "$GIT_PUSH_OPTION_COUNT" "$GIT_PUSH_OPTION_0" "$GIT_PUSH_OPTION_1" > {remote.parent}/options'
    executable(remote / "hooks/pre-receive", script)
    done = published(checkout, {ORDERS: SCALED}, options=("merge_request.create", "merge_request.title=A b='c' é"))
    assert (done.pushed, done.took_options) == (True, True)
    assert (remote.parent / "options").read_text() == "2|merge_request.create|merge_request.title=A b='c' é"


def test_a_remote_that_takes_no_options_gets_the_push_without_them(checkout: Path, remote: Path) -> None:
    done = published(checkout, {ORDERS: SCALED}, options=("merge_request.create",))
    assert (done.pushed, done.took_options) == (True, False)
    assert git(remote, "rev-parse", BRANCH) == done.commit


WAYS = pytest.mark.parametrize("way", ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"])


@WAYS
def test_the_environment_may_say_where_a_remote_is(
    way: str, checkout: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(checkout, "remote", "set-url", "origin", "https://git.example.com/fleet.git")
    given = {f"url.{remote.parent}/.insteadOf": "https://git.example.com/", "safe.directory": "*"}
    configure_by_environment(monkeypatch, way, given | {"user.email": "dev@example.com"})
    git(remote.parent, "clone", "--quiet", "--bare", str(remote), "fleet.git")

    done = published(checkout, {ORDERS: SCALED})

    assert done.pushed
    assert git(remote.parent / "fleet.git", "log", "-1", "--format=%ae", BRANCH) == "dev@example.com"
    assert Repository.open(checkout).base(GitSettings(), fetch=True).changes[0].tip == done.commit


@WAYS
def test_the_environment_may_say_how_to_get_in(way: str, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = '!f() { test "$1" = get && echo username=ann && echo password=hunter2; }; f'
    ask = Answer(401, b"who is it?", {"WWW-Authenticate": 'Basic realm="git"'})
    with ReplayingApi({"*": ask}).running() as forge:
        git(checkout, "remote", "set-url", "origin", f"{forge.url}/fleet.git")
        configure_by_environment(monkeypatch, way, {"http.extraHeader": "X-Pipeline: 17", "credential.helper": helper})
        with pytest.raises(Refused, match="it refused the credentials") as refused:
            published(checkout, {ORDERS: SCALED})

    assert "hunter2" not in str(refused.value)
    assert {one.headers["X-Pipeline"] for one in forge.requests} == {"17"}
    login = base64.b64encode(b"ann:hunter2").decode()
    assert {one.headers.get("Authorization") for one in forge.requests} == {None, f"Basic {login}"}
