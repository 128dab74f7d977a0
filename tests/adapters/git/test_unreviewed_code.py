"""Hooks run what the base has: nothing of a branch that nobody has reviewed is executed on the user's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.adapters.git.publishing.publish import remove_branch
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import Refused
from tests.adapters.git.conftest import CLUSTER, git, snapshot, write
from tests.adapters.git.publishing import BRANCH, ORDERS, SCALED, alone, executable, published

NEW = "clusters/prod/shop/new.yaml"
LISTED = "clusters/prod/kustomization.yaml"
KUSTOMIZATION = "resources:\n  - shop/orders.yaml\n"
OTHER = CLUSTER.replace("name: orders", "name: other")


def commit_all(here: Path, message: str) -> str:
    """The id of somebody's commit of all that is there, made without the hooks that are looked at."""
    git(here, "add", "--all")
    git(here, "commit", "--quiet", "--no-verify", "--message", message)
    return git(here, "rev-parse", "HEAD")


def team(folder: Path, files: dict[str, str] | None = None) -> Path:
    """A repository whose base has a script that the user's pre-commit hook calls."""
    here = alone(folder, {LISTED: KUSTOMIZATION, "Makefile": "lint:\n", **(files or {})})
    executable(here / "scripts/lint.sh", f"echo base >> {folder}/ran")
    commit_all(here, "Lint")
    executable(here / ".git/hooks/pre-commit", "exec scripts/lint.sh")
    return here


def branch_with(here: Path, files: dict[str, str], *, branch: str = BRANCH, mode: int = 0o644) -> str:
    """The tip of a change's branch, to which somebody has pushed a commit that looks like the server's own."""
    linked = here.parent / "hostile"
    git(here, "worktree", "add", "--quiet", "-B", branch, str(linked), "main")
    for path, text in files.items():
        write(linked / path, text)
        (linked / path).chmod(mode)
    tip = commit_all(linked, "Scale orders to 4\n\nGitops-Mcp-Change: scale-orders\nGitops-Mcp-Impact: none")
    git(here, "worktree", "remove", "--force", str(linked))
    return tip


def ran(folder: Path) -> list[str]:
    return (folder / "ran").read_text().split() if (folder / "ran").exists() else []


def test_a_hook_calls_the_scripts_of_the_repository_on_a_first_and_on_a_later_commit(tmp_path: Path) -> None:
    here = team(tmp_path)

    first = published(here, {ORDERS: SCALED})
    second = published(here, {NEW: OTHER.encode()}, expected=first.commit)

    assert (first.hooks, second.hooks) == (("pre-commit",), ("pre-commit",))
    assert ran(tmp_path) == ["base", "base"]


@pytest.mark.parametrize(
    "path",
    [
        "scripts/lint.sh",
        "Makefile",
        ".pre-commit-config.yaml",
        ".gitattributes",
        "lefthook.yml",
        "package.json",
        "README.md",
        "apps/deployment.yaml",
        "clusters/prod/shop/orders.yaml.sh",
    ],
)
@pytest.mark.few(3)
def test_hooks_do_not_run_on_a_branch_with_a_file_that_is_no_manifest_and_the_file_is_named(
    path: str, tmp_path: Path
) -> None:
    here = team(tmp_path)
    text = f"#!/bin/sh\necho hostile >> {tmp_path}/ran\n" if path.endswith(".sh") else "hostile: true\n"
    tip = branch_with(here, {path: text}, mode=0o755)

    done = published(here, {ORDERS: SCALED}, expected=tip)

    assert (done.hooks, done.unreviewed, ran(tmp_path)) == ((), (path,), [])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(".pre-commit-config.yaml", OTHER, id="the name of a configuration"),
        pytest.param(".husky/x.yaml", OTHER, id="a folder of a tool's"),
        pytest.param("x.yaml", OTHER + "repos: [{repo: local}]\n", id="a manifest that is a configuration as well"),
        pytest.param("x.yaml", f"{OTHER}---\nrepos: []\n", id="a second document"),
        pytest.param("x.yaml", OTHER.replace("kind: Cluster", "kind: Job"), id="another kind"),
        pytest.param("x.yaml", OTHER.replace("postgresql.cnpg.io", "example.com"), id="another group"),
        pytest.param("x.yaml", "", id="nothing"),
        pytest.param("x.yaml", OTHER + "  - [\n", id="no YAML"),
        pytest.param("x.yaml", "kind: [Cluster]\nmetadata: {}\napiVersion: {}\n", id="odd types"),
        pytest.param("x.sh", OTHER, id="the ending of a script"),
        pytest.param(LISTED, "resources: [shop/orders.yaml]\ngenerators: [x.yaml]\n", id="what kustomize executes"),
        pytest.param("new/kustomization.yaml", "validators: [x.yaml]\n", id="the same in a new one"),
        pytest.param("new/kustomization.yaml", "repos: []\n", id="no kustomization"),
    ],
)
@pytest.mark.few(4)
def test_what_a_tool_could_read_as_more_than_a_manifest_is_none(path: str, text: str, tmp_path: Path) -> None:
    here = team(tmp_path)
    tip = branch_with(here, {path: text})

    assert published(here, {ORDERS: SCALED}, expected=tip).unreviewed == (path,)
    assert ran(tmp_path) == []


def test_a_symlink_an_executable_manifest_and_a_file_that_was_no_manifest_are_none(tmp_path: Path) -> None:
    here = team(tmp_path, {"x.yaml": "hooks: {}\n"})
    linked = tmp_path / "hostile"
    git(here, "worktree", "add", "--quiet", "-B", BRANCH, str(linked), "main")
    executable(linked / "run.yaml", "")
    write(linked / "run.yaml", OTHER)
    write(linked / "x.yaml", OTHER)
    (linked / "link.yaml").symlink_to("/etc/passwd")
    tip = commit_all(linked, "Scale")
    git(here, "worktree", "remove", "--force", str(linked))

    done = published(here, {ORDERS: SCALED}, expected=tip)

    assert (done.hooks, done.unreviewed) == ((), ("link.yaml", "run.yaml", "x.yaml"))


def test_hooks_that_are_required_refuse_a_branch_with_code_of_its_own(tmp_path: Path) -> None:
    here = team(tmp_path)
    tip = branch_with(here, {"Makefile": "lint: ; touch hostile\n", "x.py": "x"})
    before = snapshot(here)

    with pytest.raises(Refused) as refused:
        published(here, {ORDERS: SCALED}, expected=tip, settings=GitSettings(hooks="required"))

    assert str(refused.value) == (
        f"commit.hooks is required, and hooks do not run on {BRANCH}: it differs from main in Makefile, x.py, which "
        f"nobody has reviewed and a hook might execute. Have that merged first, or name another change"
    )
    assert snapshot(here) == before
    assert ran(tmp_path) == []


def test_a_hook_sees_the_manifests_of_the_change_among_the_files_of_the_base(tmp_path: Path) -> None:
    here = team(tmp_path)
    listing = KUSTOMIZATION + "  - shop/new.yaml\n"
    first = published(here, {NEW: OTHER.encode(), LISTED: listing.encode()})
    executable(here / ".git/hooks/pre-commit", f"cat {NEW} {LISTED} {ORDERS} Makefile > {tmp_path}/seen; git status -s")

    published(here, {ORDERS: SCALED}, expected=first.commit)

    assert (tmp_path / "seen").read_text() == f"{OTHER}{listing}{SCALED.decode()}lint:\n"


def test_a_change_that_is_off_base_runs_the_base_of_now_and_shows_only_its_own_change(tmp_path: Path) -> None:
    here = team(tmp_path, {"gone.txt": "x\n"})
    first = published(here, {ORDERS: SCALED})
    script = f"echo newer >> {tmp_path}/ran; git status -s -uno; git diff HEAD > {tmp_path}/x; cp {ORDERS} {tmp_path}"
    executable(here / "scripts/lint.sh", script)
    write(here / "Makefile", "newer:\n")
    (here / "gone.txt").unlink()
    commit_all(here, "The base moves on")

    second = published(here, {NEW: OTHER.encode()}, expected=first.commit)

    assert (second.hooks, second.unreviewed) == (("pre-commit",), ())
    assert ran(tmp_path) == ["base", "newer"]
    assert [line for line in (tmp_path / "x").read_text().splitlines() if line.startswith("+++")] == [f"+++ b/{NEW}"]
    assert (tmp_path / "orders.yaml").read_bytes() == SCALED  # what the change has had since its first commit
    assert git(here, "diff", "--name-only", first.commit, second.commit) == NEW


def test_what_hooks_leave_in_the_kept_checkout_is_gone_at_the_next_commit(tmp_path: Path) -> None:
    here = team(tmp_path)
    executable(
        here / ".git/hooks/pre-commit",
        f"""ls -A | tr '\\n' ' ' >> {tmp_path}/seen; cat Makefile >> {tmp_path}/seen
echo edited > Makefile; rm scripts/lint.sh; echo planted > planted; mkdir -p deep/down; echo x > deep/down/x; env -u GIT_DIR -u GIT_WORK_TREE git init -q nested""",
    )

    kept = here / ".git/gitops-mcp/base"
    for name, text in (("index.lock", ""), ("index", "no index"), ("unchanged", "")):
        with pytest.raises(Refused, match=r"the commit hooks rewrote Makefile, scripts/lint\.sh"):
            published(here, {ORDERS: SCALED})
        write(kept / name, text)

    assert (tmp_path / "seen").read_text() == "Makefile clusters scripts lint:\n" * 3


def test_husky_runs_the_scripts_of_the_base_and_not_of_the_branch_that_is_checked_out(tmp_path: Path) -> None:
    here = alone(tmp_path, {".husky/pre-commit": f"echo base >> {tmp_path}/ran\n"})
    write(here / ".husky/_/.gitignore", "*\n")
    executable(here / ".husky/_/h", 'exec sh -e "$(dirname "$(dirname "$0")")/$(basename "$0")" "$@"')
    executable(here / ".husky/_/pre-commit", '. "$(dirname "$0")/h"')
    git(here, "config", "core.hooksPath", ".husky/_")
    git(here, "switch", "--quiet", "--create", "hostile")
    write(here / ".husky/pre-commit", f"echo hostile >> {tmp_path}/ran\n")
    commit_all(here, "Hostile")

    done = published(here, {ORDERS: SCALED}, settings=GitSettings(base="main"))

    assert (done.hooks, ran(tmp_path)) == (("pre-commit",), ["base"])


@pytest.mark.parametrize("hook", ["a folder of the repository", "a link into it", "a linked folder"])
def test_a_hook_that_lies_in_the_repository_is_the_bases(hook: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / "githooks/pre-commit", f"echo base >> {tmp_path}/ran")
    commit_all(here, "Hooks")
    match hook:
        case "a folder of the repository":
            git(here, "config", "core.hooksPath", "githooks")
        case "a link into it":
            (here / ".git/hooks").mkdir(exist_ok=True)
            (here / ".git/hooks/pre-commit").symlink_to("../../githooks/pre-commit")
        case _:
            (here / ".git/hooks").rename(here / ".git/old")
            (here / ".git/hooks").symlink_to("../githooks")
    git(here, "switch", "--quiet", "--create", "hostile")
    for name in ("pre-commit", "commit-msg"):
        executable(here / "githooks" / name, f"echo hostile >> {tmp_path}/ran")
    commit_all(here, "Hostile")

    done = published(here, {ORDERS: SCALED}, settings=GitSettings(base="main"))

    assert (done.hooks, ran(tmp_path)) == (("pre-commit",), ["base"])


def test_the_pre_push_hook_runs_in_the_checkout_of_the_base(checkout: Path) -> None:
    executable(
        checkout / ".git/hooks/pre-push", f"cat README.md - > {checkout.parent}/seen; pwd >> {checkout.parent}/seen"
    )
    write(checkout / "README.md", "# hostile\n")

    done = published(checkout, {ORDERS: SCALED})

    readme, pushed, folder = (checkout.parent / "seen").read_text().splitlines()
    ref = f"refs/heads/{BRANCH}"
    assert (done.hooks, readme) == (("pre-push",), "# GitOps")
    assert pushed == f"{done.commit} {done.commit} {ref} {'0' * 40}"
    assert folder.startswith(f"{checkout}/.git/gitops-mcp/")
    remove_branch(Repository.open(checkout), GitSettings(), branch=BRANCH, expected=done.commit)
    assert f"(delete) {'0' * 40} {ref} {done.commit}" in (checkout.parent / "seen").read_text()


def test_the_pre_push_hook_does_not_run_on_a_branch_with_code_of_its_own(checkout: Path, author: Path) -> None:
    executable(checkout / ".git/hooks/pre-push", f"touch {checkout.parent}/ran")
    tip = branch_with(author, {"Makefile": "x:\n"})
    git(author, "push", "--quiet", "origin", BRANCH)
    git(checkout, "fetch", "--quiet")

    done = published(checkout, {ORDERS: SCALED}, expected=tip)

    assert (done.pushed, done.hooks, done.unreviewed) == (True, (), ("Makefile",))
    assert not (checkout.parent / "ran").exists()


def test_filters_and_drivers_that_a_branch_names_find_no_program_of_the_branch(tmp_path: Path) -> None:
    here = team(tmp_path, {"README.md": "x\n"})
    script = "./tools/filter.sh"
    hostile = {
        ".gitattributes": "* filter=x diff=x merge=x\n",
        "clusters/.gitattributes": "* filter=x diff=x merge=x\n",
        "tools/filter.sh": f"#!/bin/sh\necho hostile >> {tmp_path}/ran\ncat\n",
        ".lfsconfig": "[lfs]\n\turl = https://example.com\n",
    }
    tip = branch_with(here, hostile, mode=0o755)
    for key in ("filter.x.clean", "filter.x.smudge", "diff.x.textconv", "diff.x.command", "diff.external"):
        git(here, "config", key, script)
    git(here, "config", "merge.x.driver", f"{script} %A")

    with pytest.raises(Refused, match="stored through the filter x"):
        published(here, {ORDERS: SCALED}, expected=tip)

    repository = Repository.open(here)
    base = repository.base(GitSettings(), fetch=False).commit
    repository.snapshot(tip)
    repository.commits(base, tip)
    repository.patches(base, tip)
    repository.conflicts(base, tip)
    repository.merged_by_content(base, tip)
    assert ran(tmp_path) == []
