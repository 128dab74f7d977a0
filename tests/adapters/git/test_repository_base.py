"""Which branch is the base, on which remote, how fresh it is, and which changes there are."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.lock import hold_lock
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import InvalidRequest, NotFound, Refused, Unavailable
from tests.adapters.git.conftest import commit_all, git, program, snapshot, write
from tests.fakes.full_listener import full_listener


def advance(author: Path, *, branch: str = "main") -> str:
    """Another person's commit on a branch of the remote."""
    write(author / "log.txt", git(author, "rev-parse", "HEAD"))
    commit = commit_all(author, "Go on")
    git(author, "push", "--quiet", "--force", "origin", f"{commit}:refs/heads/{branch}")
    return commit


def test_the_flag_names_the_base(checkout: Path, author: Path) -> None:
    commit = advance(author, branch="release/1.x")
    before = snapshot(checkout)
    base = Repository.open(checkout).base(GitSettings(base="release/1.x"), fetch=True)
    assert (base.branch, base.ref, base.commit) == ("release/1.x", "refs/remotes/origin/release/1.x", commit)
    assert snapshot(checkout) == before


def test_without_a_flag_the_head_of_the_remote_is_the_base(remote: Path, author: Path) -> None:
    git(author, "push", "--quiet", "origin", "main:trunk")
    git(remote, "symbolic-ref", "HEAD", "refs/heads/trunk")
    git(remote.parent, "clone", "--quiet", str(remote), "checkout")
    path = remote.parent / "checkout"
    git(path, "branch", "main", "origin/main")
    assert Repository.open(path).base(GitSettings(), fetch=False).branch == "trunk"


def test_an_unset_head_of_the_remote_is_asked_for_once_and_not_written(
    checkout: Path, author: Path, remote: Path, commands: list[str]
) -> None:
    git(author, "push", "--quiet", "origin", "main:trunk")
    git(remote, "symbolic-ref", "HEAD", "refs/heads/trunk")
    git(checkout, "remote", "set-head", "origin", "--delete")
    before = snapshot(checkout)
    repository = Repository.open(checkout)
    assert repository.base(GitSettings(), fetch=True).branch == "trunk"
    assert repository.base(GitSettings(), fetch=True).branch == "trunk"
    assert commands.count("ls-remote") == 1
    assert git(checkout, "for-each-ref", "--format=%(refname)", "refs/remotes").split() == [
        "refs/remotes/origin/main",
        "refs/remotes/origin/trunk",
    ]
    assert snapshot(checkout) == before


def test_a_remote_without_head_leaves_it_to_local_main(checkout: Path, remote: Path) -> None:
    git(remote, "symbolic-ref", "HEAD", "refs/heads/unborn")
    git(checkout, "remote", "set-head", "origin", "--delete")
    git(checkout, "branch", "other")
    assert Repository.open(checkout).base(GitSettings(), fetch=True).ref == "refs/remotes/origin/main"


def test_without_a_remote_local_main_is_the_base(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit = commit_all(tmp_path, "Start")
    git(tmp_path, "switch", "--quiet", "-c", "work")
    before = snapshot(tmp_path)
    base = Repository.open(tmp_path).base(GitSettings(), fetch=True)
    assert (base.branch, base.remote, base.ref, base.commit) == ("main", None, "refs/heads/main", commit)
    assert (base.fetched, base.warning, base.pushes) == (False, None, False)
    assert snapshot(tmp_path) == before


def test_without_main_the_only_local_branch_is_the_base_and_changes_are_not_counted(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    commit = commit_all(tmp_path, "Start")
    git(tmp_path, "branch", "gitops-mcp/one")
    base = Repository.open(tmp_path).base(GitSettings(), fetch=True)
    assert (base.branch, base.commit) == ("trunk", commit)
    assert [(change.name, change.ref) for change in base.changes] == [("one", "refs/heads/gitops-mcp/one")]


def test_several_local_branches_are_listed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    commit_all(tmp_path, "Start")
    git(tmp_path, "branch", "stable")
    with pytest.raises(InvalidRequest, match="pass --base with one of: stable, trunk"):
        Repository.open(tmp_path).base(GitSettings(), fetch=True)


def test_a_base_that_is_nowhere_is_not_found_and_near_ones_are_named(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit_all(tmp_path, "Start")
    with pytest.raises(NotFound, match="no local branch 'mian' and no remote; there are: main"):
        Repository.open(tmp_path).base(GitSettings(base="mian"), fetch=True)


def test_a_base_that_the_remote_lacks_is_not_found_and_near_ones_are_named(checkout: Path, author: Path) -> None:
    git(author, "push", "--quiet", "origin", "main:stable")
    before = snapshot(checkout)
    git(author, "push", "--quiet", "origin", "main:gitops-mcp/a-change")
    settings = GitSettings(base="mian", base_from=".gitops-mcp.yaml:3")
    with pytest.raises(NotFound) as missing:
        Repository.open(checkout).base(settings, fetch=True)
    assert str(missing.value) == (
        "base: the remote 'origin' has no branch 'mian'; there are: main, stable. It is named by "
        ".gitops-mcp.yaml:3: name one of them there"
    )
    assert snapshot(checkout) == before


def test_a_default_branch_with_a_new_name_is_followed_by_the_commands_that_are_told(
    checkout: Path, author: Path, remote: Path
) -> None:
    git(author, "push", "--quiet", "origin", "main:trunk")
    git(remote, "symbolic-ref", "HEAD", "refs/heads/trunk")
    git(author, "push", "--quiet", "origin", ":main")
    repository = Repository.open(checkout)
    with pytest.raises(NotFound, match="has no branch 'main'") as missing:
        repository.base(GitSettings(), fetch=True)

    told = re.search(r"git fetch \S+ && git remote set-head \S+ --auto", str(missing.value))
    assert told is not None
    subprocess.run(told[0], shell=True, cwd=checkout, check=True, capture_output=True)  # noqa: S602 - as a person would

    assert repository.base(GitSettings(), fetch=True).branch == "trunk"


def test_a_default_branch_that_was_switched_is_told_until_the_base_follows_it_or_is_named(
    checkout: Path, author: Path, remote: Path
) -> None:
    git(author, "push", "--quiet", "origin", "main:trunk")
    git(remote, "symbolic-ref", "HEAD", "refs/heads/trunk")
    repository = Repository.open(checkout)

    base = repository.base(GitSettings(), fetch=True)

    assert (base.branch, base.switched) == ("main", "trunk")
    assert repository.base(GitSettings(base="main"), fetch=True).switched == "trunk"
    assert repository.base(GitSettings(base="trunk"), fetch=True).switched is None
    git(checkout, "fetch", "--quiet", "origin")
    git(checkout, "remote", "set-head", "origin", "--auto")
    base = Repository.open(checkout).base(GitSettings(), fetch=True)
    assert (base.branch, base.switched) == ("trunk", None)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "--upload-pack=touch x",
            "-x",
            "a..b",
            "a b",
            "a\nb",
            "a\0b",
            "a:b",
            "a~1",
            "a^",
            "a@{1}",
            "@",
            "HEAD",
            "",
            "/a",
        ),
        *("a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "a*", "a?", "a[b", "a\\b", "a\x7f"),
    ],
)
def test_what_is_no_branch_name_never_reaches_git(tmp_path: Path, commands: list[str], name: str) -> None:
    git(tmp_path, "init", "--quiet")
    repository = Repository.open(tmp_path)
    commands.clear()
    with pytest.raises(InvalidRequest, match=r"base: .* is not a branch name"):
        repository.base(GitSettings(base=name), fetch=True)
    with pytest.raises(InvalidRequest, match=r"branchPrefix: .* is not a branch name"):
        repository.base(GitSettings(prefix=f"{name}:"), fetch=True)
    assert commands == []


def test_a_prefix_is_needed_since_pruning_goes_by_it(checkout: Path) -> None:
    with pytest.raises(InvalidRequest, match="branchPrefix: may not be empty"):
        Repository.open(checkout).base(GitSettings(prefix=""), fetch=True)


def test_the_configured_remote_is_taken(checkout: Path, remote: Path, author: Path) -> None:
    git(remote.parent, "clone", "--quiet", "--bare", str(remote), "fork.git")
    git(checkout, "remote", "add", "fork", str(remote.parent / "fork.git"))
    git(author, "push", "--quiet", str(remote.parent / "fork.git"), "main:gitops-mcp/on-fork")
    before = snapshot(checkout)
    base = Repository.open(checkout).base(GitSettings(remote="fork"), fetch=True)
    assert (base.remote, base.ref) == ("fork", "refs/remotes/fork/main")
    assert [change.ref for change in base.changes] == ["refs/remotes/fork/gitops-mcp/on-fork"]
    assert snapshot(checkout) == before


def test_an_unknown_remote_is_refused_with_those_that_there_are(checkout: Path, remote: Path) -> None:
    git(checkout, "remote", "add", "fork", str(remote))
    with pytest.raises(InvalidRequest, match="no remote 'upstream'; there are: fork, origin"):
        Repository.open(checkout).base(GitSettings(remote="upstream"), fetch=True)


def test_the_remote_that_the_base_follows_comes_before_origin(checkout: Path, remote: Path, author: Path) -> None:
    git(remote.parent, "clone", "--quiet", "--bare", str(remote), "upstream.git")
    git(checkout, "remote", "add", "upstream", str(remote.parent / "upstream.git"))
    git(checkout, "config", "branch.main.remote", "upstream")
    newest = commit_all(author, "Go on")
    git(author, "push", "--quiet", str(remote.parent / "upstream.git"), "main")
    base = Repository.open(checkout).base(GitSettings(), fetch=True)
    assert (base.remote, base.commit) == ("upstream", newest)


def test_the_only_remote_is_taken_whatever_its_name(checkout: Path) -> None:
    git(checkout, "remote", "rename", "origin", "company")
    git(checkout, "config", "--unset", "branch.main.remote")
    assert Repository.open(checkout).base(GitSettings(), fetch=True).ref == "refs/remotes/company/main"


def test_of_several_strange_remotes_none_is_guessed(checkout: Path, remote: Path) -> None:
    git(checkout, "remote", "rename", "origin", "a")
    git(checkout, "remote", "add", "b", str(remote))
    git(checkout, "config", "--unset", "branch.main.remote")
    base = Repository.open(checkout).base(GitSettings(), fetch=True)
    assert (base.remote, base.ref, base.pushes) == (None, "refs/heads/main", False)


def test_when_nothing_is_pushed_the_base_is_the_remotes_and_changes_are_local(checkout: Path, author: Path) -> None:
    commit = advance(author)
    git(author, "push", "--quiet", "origin", "main:gitops-mcp/theirs")
    git(checkout, "branch", "gitops-mcp/mine")
    repository = Repository.open(checkout)
    settings = GitSettings(push="never")
    base = repository.base(settings, fetch=True)
    assert (base.ref, base.commit, base.fetched, base.pushes) == ("refs/remotes/origin/main", commit, True, False)
    assert [(change.name, change.ref) for change in base.changes] == [("mine", "refs/heads/gitops-mcp/mine")]
    assert not repository.pushes(settings)
    assert repository.pushes(GitSettings())


def test_a_change_that_is_gone_from_the_remote_is_closed_with_its_last_tip(checkout: Path, author: Path) -> None:
    tip = advance(author, branch="gitops-mcp/one")
    git(author, "push", "--quiet", "origin", "main:somebody/else")
    git(checkout, "fetch", "--quiet")
    git(author, "push", "--quiet", "origin", ":gitops-mcp/one", ":somebody/else")
    repository = Repository.open(checkout)
    assert [change.name for change in repository.base(GitSettings(), fetch=False).changes] == ["one"]
    base = repository.base(GitSettings(), fetch=True)
    assert (base.changes, dict(base.closed)) == ((), {"gitops-mcp/one": tip})
    assert dict(repository.base(GitSettings(), fetch=True).closed) == {"gitops-mcp/one": tip}
    assert git(checkout, "rev-parse", "origin/somebody/else") == tip, "branches of others are not pruned"
    again = advance(author, branch="gitops-mcp/one")
    base = repository.base(GitSettings(), fetch=True)
    assert ([change.tip for change in base.changes], dict(base.closed)) == ([again], {})


def test_a_change_is_found_by_its_name(checkout: Path, author: Path) -> None:
    tip = advance(author, branch="gitops-mcp/one")
    repository = Repository.open(checkout)
    base = repository.base(GitSettings(), fetch=True)
    found = repository.change(GitSettings(), base, "one")
    assert found is not None
    assert found.tip == tip
    assert repository.change(GitSettings(), base, "two") is None
    assert repository.changes(GitSettings(), base) == (found,)


def test_a_prefix_need_not_end_a_folder_and_the_base_is_no_change(checkout: Path, author: Path) -> None:
    advance(author, branch="maintenance")
    base = Repository.open(checkout).base(GitSettings(prefix="ma"), fetch=True)
    assert [(change.name, change.branch) for change in base.changes] == [("intenance", "maintenance")]


def test_tags_and_other_branches_of_the_remote_stay_there(checkout: Path, author: Path) -> None:
    git(author, "tag", "v1")
    git(author, "push", "--quiet", "origin", "v1", "main:somebody/else")
    git(checkout, "config", "remote.origin.tagOpt", "--tags")
    git(checkout, "config", "fetch.pruneTags", "true")
    git(checkout, "tag", "mine")
    before = snapshot(checkout)
    Repository.open(checkout).base(GitSettings(), fetch=True)
    assert git(checkout, "for-each-ref", "--format=%(refname)", "refs/tags", "refs/remotes").split() == [
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
        "refs/tags/mine",
    ]
    assert snapshot(checkout) == before


def test_a_rewritten_base_is_followed(checkout: Path, author: Path) -> None:
    git(author, "commit", "--quiet", "--amend", "--message", "Start anew")
    commit = advance(author)
    assert Repository.open(checkout).base(GitSettings(), fetch=True).commit == commit


def test_a_failed_fetch_with_a_known_base_is_a_warning_with_the_age(checkout: Path, remote: Path) -> None:
    known = git(checkout, "rev-parse", "origin/main")
    remote.rename(remote.parent / "moved.git")
    before = snapshot(checkout)
    base = Repository.open(checkout).base(GitSettings(), fetch=True)
    assert (base.commit, base.fetched) == (known, False)
    assert base.warning is not None
    assert base.warning.startswith(
        "the remote 'origin' could not be asked (the fetch from origin failed: the repository is not there, or "
    )
    assert isinstance(base.fault, Refused)
    assert f"this is from main as last seen here, commit {known[:12]} of 20" in base.warning
    assert base.warning.endswith(" seconds old)")
    assert snapshot(checkout) == before


def test_the_age_of_what_is_used_is_in_words(checkout: Path, author: Path, remote: Path) -> None:
    git(author, "commit", "--quiet", "--amend", "--no-edit", "--date", "2020-01-01T00:00:00Z")
    env_date = "2020-01-01T00:00:00Z"
    tree = git(author, "rev-parse", "HEAD^{tree}")
    raw = f"tree {tree}\nauthor A <a@b> 1577836800 +0000\ncommitter A <a@b> 1577836800 +0000\n\nOld\n"
    old = git(author, "hash-object", "-t", "commit", "-w", "--stdin", input=raw)
    git(author, "push", "--quiet", "--force", "origin", f"{old}:refs/heads/main")
    repository = Repository.open(checkout)
    repository.base(GitSettings(), fetch=True)
    remote.rename(remote.parent / "moved.git")
    warning = repository.base(GitSettings(), fetch=True).warning
    assert warning is not None
    assert f"commit {old[:12]} of {env_date[:10]}" in warning
    assert warning.endswith(" days old)")


def test_a_failed_fetch_of_an_unknown_base_is_unavailable(checkout: Path, remote: Path) -> None:
    remote.rename(remote.parent / "moved.git")
    with pytest.raises(Refused, match=r"'stable' has never been fetched from 'origin', and that failed now: the fetch"):
        Repository.open(checkout).base(GitSettings(base="stable"), fetch=True)


def test_a_remote_that_cannot_be_asked_for_its_head_is_unavailable(checkout: Path, remote: Path) -> None:
    git(checkout, "remote", "set-head", "origin", "--delete")
    remote.rename(remote.parent / "moved.git")
    with pytest.raises(Unavailable, match=r"origin/HEAD is not set here and the remote could not be asked.*--base"):
        Repository.open(checkout).base(GitSettings(), fetch=True)
    assert Repository.open(checkout).base(GitSettings(base="main"), fetch=True).warning


def test_a_base_that_was_never_fetched_is_fetched_even_if_not_asked_to(checkout: Path, author: Path) -> None:
    commit = advance(author, branch="stable")
    repository = Repository.open(checkout)
    assert repository.base(GitSettings(base="stable"), fetch=False).commit == commit
    newer = advance(author, branch="stable")
    assert repository.base(GitSettings(base="stable"), fetch=False).commit == commit
    assert repository.base(GitSettings(base="stable"), fetch=True).commit == newer


def test_a_remote_whose_connection_hangs_is_given_up_after_its_time_out(checkout: Path) -> None:
    with full_listener() as address:
        git(checkout, "remote", "set-url", "origin", f"http://{address}/gitops.git")
        base = Repository.open(checkout).base(GitSettings(timeout=0.5), fetch=True)
    assert base.warning is not None
    assert "git fetch did not end within 0.5 s" in base.warning


def test_a_slow_remote_is_given_up_after_its_time_out_and_leaves_no_lock(checkout: Path) -> None:
    slow = checkout.parent / "slow"
    program(slow, "exec sleep 600")
    git(checkout, "config", "remote.origin.uploadpack", str(slow))
    git(checkout, "config", "core.sshCommand", str(slow))
    git(checkout, "remote", "set-url", "origin", "ssh://git@example.invalid/gitops.git")
    base = Repository.open(checkout).base(GitSettings(timeout=0.3), fetch=True)
    assert base.warning is not None
    assert "git fetch did not end within 0.3 s" in base.warning
    assert not (checkout / ".git/gitops-mcp").exists()


def test_git_that_is_ended_takes_its_lock_files_along(checkout: Path, author: Path) -> None:
    """The fetch hangs in a hook while it holds the lock of the base's ref."""
    advance(author)
    held = checkout.parent / "held"
    hook = f'[ "$1" = prepared ] && ls {checkout}/.git/refs/remotes/origin > {held} && sleep 600'
    program(checkout / ".git/hooks/reference-transaction", hook)
    base = Repository.open(checkout).base(GitSettings(timeout=2), fetch=True)
    assert base.warning is not None
    assert "main.lock" in held.read_text()
    assert not list((checkout / ".git").rglob("*.lock"))


def test_a_ref_that_another_git_is_writing_is_tried_again(checkout: Path, author: Path, commands: list[str]) -> None:
    """The lock goes while the second fetch talks to the remote, as when its owner is done."""
    commit = advance(author)
    lock = checkout / ".git/refs/remotes/origin/main.lock"
    write(lock, "")
    tries = checkout.parent / "tries"
    unlock = f"echo >> {tries}; [ $(wc -l < {tries}) -gt 1 ] && rm -f {lock}"
    program(checkout.parent / "unlock", f'{unlock}\nexec git-upload-pack "$@"')
    git(checkout, "config", "remote.origin.uploadpack", str(checkout.parent / "unlock"))
    base = Repository.open(checkout).base(GitSettings(), fetch=True)
    assert (base.commit, base.fetched, base.warning) == (commit, True, None)
    assert commands.count("fetch") == 2


def test_a_ref_that_stays_locked_is_a_warning_in_gits_words(checkout: Path, author: Path) -> None:
    advance(author)
    write(checkout / ".git/refs/remotes/origin/main.lock", "")
    base = Repository.open(checkout).base(GitSettings(), fetch=True)
    assert base.warning is not None
    assert "main.lock': File exists" in base.warning


def test_looking_costs_three_commands_when_nothing_moved_and_four_when_something_did(
    checkout: Path, author: Path, commands: list[str]
) -> None:
    repository = Repository.open(checkout)
    repository.base(GitSettings(), fetch=True)
    commands.clear()
    repository.base(GitSettings(), fetch=True)
    assert commands == ["config", "for-each-ref", "fetch"]
    advance(author)
    commands.clear()
    repository.base(GitSettings(), fetch=True)
    assert commands == ["config", "for-each-ref", "fetch", "for-each-ref"]
    commands.clear()
    repository.base(GitSettings(), fetch=False)
    assert commands == ["config", "for-each-ref"]


def test_a_git_folder_that_cannot_be_written_is_a_warning(checkout: Path) -> None:
    write(checkout / ".git/gitops-mcp", "in the way")
    base = Repository.open(checkout).base(GitSettings(), fetch=True)
    assert not base.fetched
    assert base.warning is not None
    assert "cannot write in" in base.warning


def test_a_git_folder_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"the git folder .*/gone is gone"), hold_lock(tmp_path / "gone", timeout=60):
        pass


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param(
            "https://me:s3cret@git.example.com/team/gitops.git", "https://git.example.com/team/gitops.git", id="https"
        ),
        pytest.param(
            "https://me:p@ss@git.example.com/x.git", "https://git.example.com/x.git", id="at sign in the password"
        ),
        pytest.param("https://t0ken@git.example.com/x.git", "https://git.example.com/x.git", id="token"),
        pytest.param("ssh://git@git.example.com:2222/x.git", "ssh://git.example.com:2222/x.git", id="ssh url"),
        pytest.param("git@git.example.com:team/x.git", "git@git.example.com:team/x.git", id="ssh short"),
        pytest.param("file:///srv/x.git", "file:///srv/x.git", id="file"),
        pytest.param("/srv/x.git", "/srv/x.git", id="path"),
        pytest.param("short:x.git", "https://git.example.com/x.git", id="insteadOf"),
    ],
)
def test_the_url_of_the_remote_shows_no_credentials(checkout: Path, url: str, shown: str) -> None:
    git(checkout, "config", "url.https://me:s3cret@git.example.com/.insteadOf", "short:")
    git(checkout, "remote", "set-url", "origin", url)
    assert Repository.open(checkout).base(GitSettings(), fetch=False).url == shown


def test_without_a_remote_there_is_no_url(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    commit_all(tmp_path, "Start")
    assert Repository.open(tmp_path).base(GitSettings(), fetch=False).url is None


@pytest.mark.parametrize("kind", ["path", "file", "ssh"])
def test_a_remote_is_fetched_over_each_kind_of_url(checkout: Path, author: Path, remote: Path, kind: str) -> None:
    ssh = checkout.parent / "ssh"
    program(ssh, f'for last; do :; done\necho "$@" >> {checkout.parent}/ssh.log\nexec sh -c "$last"')
    git(checkout, "config", "core.sshCommand", str(ssh))
    url = {"path": str(remote), "file": remote.as_uri(), "ssh": f"ssh://git@example.invalid{remote}"}[kind]
    git(checkout, "remote", "set-url", "origin", url)
    commit = advance(author)
    before = snapshot(checkout)
    assert Repository.open(checkout).base(GitSettings(), fetch=True).commit == commit
    assert (checkout.parent / "ssh.log").exists() == (kind == "ssh")
    assert snapshot(checkout) == before


def test_ssh_asks_nobody_unless_the_user_says_how_to_run_it(
    checkout: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = checkout.parent / "ssh.log"
    program(checkout.parent / "bin/ssh", f'for last; do :; done\necho "$@" >> {log}\nexec sh -c "$last"')
    git(checkout, "remote", "set-url", "origin", f"ssh://git@example.invalid{remote}")
    monkeypatch.setenv("PATH", str(checkout.parent / "bin"), prepend=":")
    assert Repository.open(checkout).base(GitSettings(), fetch=True).fetched
    assert "-oBatchMode=yes" in log.read_text()
    log.unlink()
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -oUserSaysSo=yes")
    assert Repository.open(checkout).base(GitSettings(), fetch=True).fetched
    assert "-oUserSaysSo=yes" in log.read_text()
    assert "BatchMode" not in log.read_text()


def test_credentials_do_not_show_in_a_warning(checkout: Path) -> None:
    git(checkout, "remote", "set-url", "origin", "https://me:s3cret@127.0.0.1:1/gitops.git")
    warning = Repository.open(checkout).base(GitSettings(), fetch=True).warning
    assert warning is not None
    assert "https://127.0.0.1:1/gitops.git" in warning
    assert "s3cret" not in warning


def test_two_servers_may_look_at_once(checkout: Path, author: Path) -> None:
    commit = advance(author)
    advance(author, branch="gitops-mcp/one")
    repositories = [Repository.open(checkout), Repository.open(checkout / "clusters")]
    with ThreadPoolExecutor(8) as pool:
        looks = [pool.submit(repository.base, GitSettings(), fetch=True) for repository in repositories * 6]
        bases = [look.result() for look in looks]
    assert {(base.commit, base.fetched, len(base.changes)) for base in bases} == {(commit, True, 1)}
    assert not (checkout / ".git/gitops-mcp").exists()
