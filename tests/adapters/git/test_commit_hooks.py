"""The user's commit hooks run, see what is about to be committed, and can refuse it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Literal

import pytest

from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import Refused
from tests.adapters.git.conftest import commit_all, git, snapshot, write
from tests.adapters.git.publishing import BRANCH, ORDERS, SCALED, alone, changed, content, executable, published

NEW = "clusters/prod/shop/new.yaml"
ALL = ("pre-commit", "prepare-commit-msg", "commit-msg")


def test_the_commit_hooks_run_in_gits_order_and_the_answer_says_which(tmp_path: Path) -> None:
    here = alone(tmp_path)
    for name in reversed(ALL):
        executable(here / ".git/hooks" / name, f'echo "{name} $# $2" >> {tmp_path}/ran')

    done = published(here, {ORDERS: SCALED})

    assert done.hooks == ALL
    assert (tmp_path / "ran").read_text() == "pre-commit 0 \nprepare-commit-msg 2 message\ncommit-msg 1 \n"
    assert [path.name for path in (here / ".git/gitops-mcp").iterdir()] == ["base"]


def test_a_hook_sees_the_change_as_staged_and_nothing_else_as_changed(tmp_path: Path) -> None:
    here = alone(tmp_path, {"gone.yaml": "x\n", "a/b/far.yaml": "far\n", ".lint.yaml": "rules\n", "a/.hidden": "x\n"})
    executable(
        here / ".git/hooks/pre-commit",
        f"""exec > {tmp_path}/seen 2>&1
git diff --cached --name-status HEAD
git status --porcelain
git ls-files '*.yaml'
find . -type f | sort
cat {ORDERS}
git rev-parse HEAD
git symbolic-ref --quiet HEAD || echo detached""",
    )

    published(here, {ORDERS: SCALED, NEW: b"new: 1\n", "gone.yaml": None})

    assert (tmp_path / "seen").read_text().splitlines() == [
        f"A\t{NEW}",
        f"M\t{ORDERS}",
        "D\tgone.yaml",
        f"A  {NEW}",
        f"M  {ORDERS}",
        "D  gone.yaml",
        ".lint.yaml",
        "a/b/far.yaml",
        NEW,
        ORDERS,
        "./.lint.yaml",
        "./a/.hidden",
        "./a/b/far.yaml",
        f"./{NEW}",
        f"./{ORDERS}",
        *SCALED.decode().splitlines(),
        git(here, "rev-parse", "main"),
        "detached",
    ]


def test_a_hook_has_a_git_folder_an_index_and_a_working_tree_of_its_own_and_the_users_path(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(
        here / ".git/hooks/pre-commit",
        f'exec > {tmp_path}/seen; echo "$GIT_DIR\n$GIT_INDEX_FILE\n$GIT_WORK_TREE\n$PWD"; command -v python3',
    )
    before = snapshot(here)

    published(here, {ORDERS: SCALED})

    git_dir, index, tree, cwd, python = (tmp_path / "seen").read_text().splitlines()
    for path in (git_dir, index, tree):
        assert path.startswith(f"{here}/.git/gitops-mcp/")
    assert index == f"{git_dir}/index"
    assert cwd == tree
    assert python
    git(here, "update-ref", "-d", f"refs/heads/{BRANCH}")
    assert snapshot(here) == before


def test_a_hook_sees_files_whose_names_mean_something_in_patterns(tmp_path: Path) -> None:
    here = alone(tmp_path, {"x/!a*?[b]#.yaml": "1\n", "x/other.yaml": "1\n", "x/ends in space ": "1\n"})
    executable(here / ".git/hooks/pre-commit", f"find . -type f | sort > {tmp_path}/seen")

    published(here, {"x/!a*?[b]#.yaml": b"2\n", "x/ends in space ": b"2\n"})

    seen = (tmp_path / "seen").read_text().splitlines()
    assert seen == [f"./{ORDERS}", "./x/!a*?[b]#.yaml", "./x/ends in space ", "./x/other.yaml"]


def test_a_hook_that_refuses_is_quoted_and_nothing_is_left(checkout: Path, remote: Path) -> None:
    executable(checkout / ".git/hooks/pre-commit", "seq -f 'line %.0f' 50; echo 'https://me:token@host/x' >&2; exit 3")
    before = snapshot(checkout)

    with pytest.raises(Refused) as refused:
        published(checkout, {ORDERS: SCALED})

    said = str(refused.value)
    assert said.startswith("the pre-commit hook refused the commit (3)")
    assert "line 1\n" in said
    assert "line 50" not in said
    assert "31 more lines" in said
    assert "token" not in said
    assert snapshot(checkout) == before
    assert git(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert [path.name for path in (checkout / ".git/gitops-mcp").iterdir()] == ["base"]


def test_what_the_message_hooks_write_is_the_message(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/prepare-commit-msg", 'sed -i "1s/^/[DB-7] /" "$1"')
    executable(here / ".git/hooks/commit-msg", 'echo "Change-Id: I42" >> "$1"')

    done = published(here, {ORDERS: SCALED}, message="Scale orders: ü\n\nGitops-Mcp-Impact: none\n")

    assert git(here, "log", "-1", "--format=%B", done.commit) == (
        "[DB-7] Scale orders: ü\n\nGitops-Mcp-Impact: none\nChange-Id: I42\n"
    )


def test_a_commit_msg_hook_can_refuse(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/commit-msg", 'grep -q DB- "$1" || { echo "name a ticket"; exit 1; }')

    with pytest.raises(Refused, match=r"(?s)commit-msg hook refused the commit.*name a ticket"):
        published(here, {ORDERS: SCALED})


def test_hooks_that_leave_no_message_are_refused(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/commit-msg", ': > "$1"')

    with pytest.raises(Refused, match="no message"):
        published(here, {ORDERS: SCALED})


@pytest.mark.parametrize(
    ("script", "named"),
    [
        pytest.param(f"echo '# more' >> {ORDERS}; git add {ORDERS}", ORDERS, id="staged"),
        pytest.param(f"echo '# more' >> {ORDERS}", ORDERS, id="only in the working tree"),
        pytest.param("echo x > report.txt; git add report.txt", "report.txt", id="a new file"),
        pytest.param(f"git rm --quiet --cached {ORDERS}", ORDERS, id="unstaged"),
        pytest.param(f"git mv {ORDERS} x.yaml", f"{ORDERS}, x.yaml", id="renamed"),
    ],
)
@pytest.mark.few(2)
def test_a_hook_that_rewrites_files_is_refused_and_they_are_named(script: str, named: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/pre-commit", script)

    with pytest.raises(Refused, match=f"the commit hooks rewrote {named}, which is more than the request"):
        published(here, {ORDERS: SCALED})


def test_a_hook_that_writes_a_file_as_it_was_has_not_rewritten_it(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/pre-commit", f"cp {ORDERS} x; cat x > {ORDERS}; touch untracked")

    assert changed(here, published(here, {ORDERS: SCALED})) == [f"1\t1\t{ORDERS}"]


@pytest.mark.parametrize("where", ["relative", "absolute", "home"])
def test_hooks_are_found_where_core_hookspath_says(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = alone(tmp_path)
    monkeypatch.setenv("HOME", str(here))
    git(
        here,
        "config",
        "core.hooksPath",
        {"relative": ".husky", "absolute": f"{here}/.husky", "home": "~/.husky"}[where],
    )
    executable(here / ".husky/pre-commit", "exit 1")
    executable(here / ".git/hooks/pre-commit", "exit 0")

    with pytest.raises(Refused, match="pre-commit hook refused"):
        published(here / "clusters", {ORDERS: SCALED})


def test_hooks_of_a_bare_clone_and_of_a_linked_worktree_run(checkout: Path) -> None:
    bare = checkout.parent / "bare.git"
    git(checkout.parent, "clone", "--quiet", "--bare", "remote.git", str(bare))
    linked = checkout.parent / "linked"
    git(checkout, "worktree", "add", "--quiet", str(linked))
    for hooks in (bare / "hooks", checkout / ".git/hooks"):
        executable(hooks / "pre-commit", "test -f README.md && git diff --cached --quiet -- README.md")

    assert published(bare, {ORDERS: SCALED}).hooks == ("pre-commit",)
    assert published(linked, {ORDERS: SCALED}, branch="gitops-mcp/two").hooks == ("pre-commit",)


def test_a_sparse_checkout_with_a_sparse_index_gives_hooks_the_whole_tree(checkout: Path) -> None:
    here = checkout.parent / "sparse"
    git(checkout.parent, "clone", "--quiet", "--sparse", "remote.git", str(here))
    git(here, "sparse-checkout", "set", "--cone", "--sparse-index", "nothing")
    executable(
        here / ".git/hooks/pre-commit", f"git ls-files > {here.parent}/seen; find . -type f >> {here.parent}/seen"
    )
    before = snapshot(here)

    published(here, {NEW: b"x\n"})

    seen = (here.parent / "seen").read_text().splitlines()
    assert seen[:4] == ["README.md", "clusters/prod/kustomization.yaml", NEW, ORDERS]
    assert sorted(seen[4:]) == [f"./{path}" for path in seen[:4]]
    assert snapshot(here) == before


def test_a_hook_sees_a_file_under_a_filter_as_a_checkout_shows_it(tmp_path: Path) -> None:
    here = alone(tmp_path, {".gitattributes": "secrets/** filter=rot\n"})
    git(here, "config", "filter.rot.clean", "tr a-z n-za-m")
    git(here, "config", "filter.rot.smudge", "tr a-z n-za-m")
    executable(here / ".git/hooks/pre-commit", f"cat secrets/x.yaml > {tmp_path}/seen")

    done = published(here, {"secrets/x.yaml": b"plain\n"})

    assert (tmp_path / "seen").read_text() == "plain\n"
    assert content(here, done.commit, "secrets/x.yaml") == b"cynva\n"


def test_submodules_beside_the_touched_file_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    there = alone(tmp_path / "other")
    here = alone(tmp_path)
    git(here, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(there), "vendor/sub")
    commit_all(here, "Vendor")
    git(here, "config", "submodule.recurse", "true")
    executable(here / ".git/hooks/pre-commit", "git diff --cached --name-only && test ! -e vendor/sub/clusters")

    assert changed(here, published(here, {ORDERS: SCALED})) == [f"1\t1\t{ORDERS}"]


def test_a_post_index_change_hook_has_no_part_in_it(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/post-index-change", f"touch {tmp_path}/ran")
    executable(here / ".git/hooks/pre-commit", "exit 0")

    published(here, {ORDERS: SCALED})

    assert not (tmp_path / "ran").exists()


def test_a_file_that_cannot_be_executed_is_no_hook(tmp_path: Path) -> None:
    here = alone(tmp_path)
    write(here / ".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n")

    assert published(here, {ORDERS: SCALED}).hooks == ()


@pytest.mark.parametrize("wanted", ["auto", "required"])
def test_hooks_that_exist_run_whether_they_are_wished_for_or_required(
    wanted: Literal["auto", "required"], tmp_path: Path
) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/commit-msg", "exit 0")

    assert published(here, {ORDERS: SCALED}, settings=GitSettings(hooks=wanted)).hooks == ("commit-msg",)


def test_hooks_that_are_off_do_not_run(checkout: Path) -> None:
    for name in (*ALL, "pre-push"):
        executable(checkout / ".git/hooks" / name, "exit 1")

    assert published(checkout, {ORDERS: SCALED}, settings=GitSettings(hooks="off")).hooks == ()


def test_hooks_that_are_required_and_missing_are_refused(checkout: Path, remote: Path) -> None:
    executable(checkout / ".git/hooks/pre-push", "exit 0")

    with pytest.raises(Refused, match=r"commit\.hooks is required, and .*/checkout/\.git/hooks has none of pre-commit"):
        published(checkout, {ORDERS: SCALED}, settings=GitSettings(hooks="required"))

    assert git(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_hook_with_a_pattern_of_its_own_is_understood(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/pre-commit", "test \"$(git diff --cached --name-only -- '*.yaml')\" = " + ORDERS)

    assert published(here, {ORDERS: SCALED}).hooks == ("pre-commit",)


def test_hooks_see_the_tip_of_a_change_as_head(tmp_path: Path) -> None:
    here = alone(tmp_path)
    first = published(here, {ORDERS: SCALED})
    commit_all(here, "The base moves on")
    executable(here / ".git/hooks/pre-commit", f'test "$(git rev-parse HEAD)" = {first.commit}')

    second = published(here, {NEW: b"x\n"}, expected=first.commit)

    assert second.hooks == ("pre-commit",)
    assert git(here, "rev-parse", f"{second.commit}^") == first.commit


def test_a_later_change_moves_the_kept_checkout_once_and_a_hook_meets_nothing_that_one_has_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/pre-commit", f"find . -name 'left*' >> {tmp_path}/seen; touch left-behind")
    first = published(here, {ORDERS: SCALED})
    caplog.set_level("DEBUG", "gitops_mcp.adapters.git.runner")

    published(here, {NEW: b"new: 1\n"}, expected=first.commit)

    moves = ("git read-tree", "git checkout")
    assert sum(record.getMessage().startswith(moves) for record in caplog.records) == 1
    assert (tmp_path / "seen").read_text() == ""


@pytest.mark.parametrize(
    "move",
    [
        pytest.param("echo 2 > a/b; echo new > a/new; mkdir d; echo deep > d/e", id="written and added"),
        pytest.param("rm -r a", id="removed"),
        pytest.param("rm -r a; echo file > a", id="a folder becomes a file"),
        pytest.param("rm x; mkdir x; echo x > x/y", id="a file becomes a folder"),
        pytest.param("chmod +x x", id="made executable"),
        pytest.param("chmod -x run", id="no longer executable"),
        pytest.param("ln -sf a/b x", id="a file becomes a link"),
        pytest.param("rm link; echo file > link", id="a link becomes a file"),
        pytest.param("echo '+x text eol=crlf' > .gitattributes; echo 2 > +x", id="line ends by new attributes"),
        pytest.param("for n in $(seq 150); do echo $n > many-$n; done", id="many"),
        pytest.param("true", id="nothing"),
    ],
)
def test_hooks_of_a_later_change_see_the_base_as_it_is_then(move: str, tmp_path: Path) -> None:
    here = alone(tmp_path, {"a/b": "1\n", "x": "x\n", ".gitignore": "left*\n", ".gitattributes": "y text\n"})
    executable(here / "run", "exit 0")
    (here / "link").symlink_to("x")
    commit_all(here, "More")
    script = (
        f"git diff --name-only > {tmp_path}/odd; git ls-files --others >> {tmp_path}/odd; echo x > left; echo > new"
    )
    executable(here / ".git/hooks/pre-commit", f"rm -rf {tmp_path}/seen; cp -a . {tmp_path}/seen; {script}")
    published(here, {ORDERS: SCALED}, branch="gitops-mcp/first")
    subprocess.run(["sh", "-ec", move], cwd=here, check=True)
    git(here, "add", "--all")
    git(here, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", "The base moves on")
    git(tmp_path, "clone", "--quiet", str(here), "fresh")

    published(here, {NEW: b"new: 1\n"})

    assert (tmp_path / "odd").read_text() == ""
    options = ("-r", "--no-dereference", "--exclude=.git", "--exclude=new.yaml")
    subprocess.run(["diff", *options, "fresh", "seen"], cwd=tmp_path, check=True)


def test_hooks_run_where_git_has_collected_what_the_kept_checkout_was_at(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/pre-commit", f"cp -a . {tmp_path}/seen; git ls-files --deleted > {tmp_path}/odd")
    published(here, {ORDERS: SCALED, NEW: b"new: 1\n"})
    git(here, "update-ref", "-d", f"refs/heads/{BRANCH}")
    git(here, "reflog", "expire", "--expire=now", "--all")
    git(here, "gc", "--quiet", "--prune=now")
    shutil.rmtree(tmp_path / "seen")

    published(here, {"b.yaml": b"new: 2\n"})

    assert (tmp_path / "odd").read_text() == ""
    assert not (tmp_path / "seen" / NEW).exists()
