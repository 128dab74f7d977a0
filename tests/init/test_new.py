"""`gitops-mcp init` in a folder without manifests: what it writes, and what it refuses without writing anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_mcp.init.files import write_all
from gitops_mcp.template import NO_REMOTE, Choices, starter_files

FLEET = "https://github.com/team/fleet.git"


def init(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gitops_mcp", "init", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def git(*arguments: str, cwd: Path) -> str:
    return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def test_a_new_folder_gets_the_template_and_no_repository(tmp_path: Path) -> None:
    ran = init("fleet", "--engine", "flux", "--environments", "test,live", "--secrets", "sops", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert files_of(tmp_path / "fleet") == starter_files(Choices("flux", ("test", "live"), "sops", "github"))
    assert not (tmp_path / "fleet/.git").exists()
    assert f"Nobody told the address of the repository: replace {NO_REMOTE} by it" in ran.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["fleet"]


def test_the_first_commit_is_on_main_by_whoever_git_says(tmp_path: Path) -> None:
    ran = init("--engine", "argocd", "--remote", FLEET, "--commit", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert git("log", "--format=%an <%ae> %D", cwd=tmp_path) == "Test User <test@example.com> HEAD -> main"
    assert git("remote", "get-url", "origin", cwd=tmp_path) == FLEET
    assert git("status", "--porcelain", "--ignored", cwd=tmp_path) == ""
    assert f"repoURL: {FLEET}" in (tmp_path / "argocd/applicationset.yaml").read_text()
    assert "Nobody told" not in ran.stderr


def test_without_an_identity_nothing_is_written(tmp_path: Path) -> None:
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull}
    ran = init("fleet", "--engine", "flux", "--commit", cwd=tmp_path, env=nobody)
    assert ran.returncode == 1
    assert "git config --global user.name" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_repository_that_was_just_cloned_gives_its_origin_and_keeps_its_files(tmp_path: Path) -> None:
    git("init", "-q", "-b", "main", cwd=tmp_path)
    git("remote", "add", "origin", "https://ada:s3cret@gitlab.example.com/team/fleet.git", cwd=tmp_path)
    (tmp_path / "LICENSE").write_text("Apache\n")
    (tmp_path / "notes").write_text("mine\n")
    git("add", "LICENSE", cwd=tmp_path)
    git("commit", "-qm", "Start", cwd=tmp_path)
    ran = init(".", "--engine", "flux", "--commit", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "url: https://gitlab.example.com/team/fleet.git\n" in (tmp_path / "flux/sync.yaml").read_text()
    assert not [path for path, text in files_of(tmp_path).items() if b"s3cret" in text]
    assert (tmp_path / ".gitlab-ci.yml").exists()
    assert git("status", "--porcelain", cwd=tmp_path) == "?? notes"
    assert (tmp_path / "notes").read_text() == "mine\n"


@pytest.mark.parametrize(("engine", "place"), [("flux", "flux/sync.yaml"), ("argocd", "argocd/project.yaml")])
def test_an_engine_gets_an_ssh_address_in_the_form_that_it_takes(engine: str, place: str, tmp_path: Path) -> None:
    given = "git@github.com:team/fleet.git"
    ran = init("--engine", engine, "--remote", given, "--commit", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert git("remote", "get-url", "origin", cwd=tmp_path) == given
    texts = files_of(tmp_path)
    assert b" ssh://git@github.com/team/fleet.git\n" in texts[place]
    assert [path for path, text in texts.items() if given.encode() in text] == []
    assert (b"secretRef:\n    name: postgres-git\n" in texts[place]) == (engine == "flux")
    assert (
        b"postgres-git" in texts["README.md"] if engine == "flux" else b"argocd repo add ssh://" in texts["README.md"]
    )


def test_a_sandbox_is_named_where_there_is_a_commit_to_start_from(tmp_path: Path) -> None:
    assert "sandbox --dir" not in (ran := init("a", "--engine", "flux", cwd=tmp_path)).stderr
    assert "Commit it first" in ran.stderr
    assert "sandbox --dir" in init("b", "--engine", "flux", "--commit", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("before", "arguments", "told"),
    [
        pytest.param({"mine.txt": "a"}, [], "is not a repository and holds mine.txt", id="a folder with other files"),
        pytest.param({"base": "a"}, [], "has base already, and nothing is written over", id="a file for a folder"),
        pytest.param({"README.md": "a"}, [], "has README.md already", id="a file of the same name"),
        pytest.param({}, ["--environments", "Dev"], "--environments: 'Dev' is not the name of an", id="a bad name"),
        pytest.param({}, ["--environments", "dev,dev"], "names one twice", id="twice"),
        pytest.param({}, ["--environments", "dev,"], "is not the name of an environment", id="an empty name"),
        pytest.param(
            {}, ["--remote", "https://x:tok@host/a.git"], "as https://host/a.git", id="a login in the address"
        ),
        pytest.param(
            {}, ["--remote", "git://host/a.git"], "is not an address that an engine", id="a scheme of git alone"
        ),
        pytest.param({}, ["--remote", "../a"], "is not an address that an engine could read", id="a path"),
    ],
)
def test_what_is_refused_is_named_and_nothing_changes(
    before: dict[str, str], arguments: list[str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "dir").mkdir()
    for path, text in before.items():
        (tmp_path / "dir" / path).write_text(text)
    ran = init("dir", "--engine", "argocd", *arguments, cwd=tmp_path)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert "tok" not in ran.stderr.replace("token", "")
    assert files_of(tmp_path / "dir") == {path: text.encode() for path, text in before.items()}


def test_an_engine_has_to_be_chosen(tmp_path: Path) -> None:
    ran = init("dir", cwd=tmp_path)
    assert (ran.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "--engine: say who applies what is merged: argocd or flux" in ran.stderr


def test_a_folder_inside_of_a_repository_is_refused(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    (tmp_path / "inside").mkdir()
    ran = init("inside", "--engine", "flux", cwd=tmp_path)
    assert ran.returncode == 2
    assert "is inside the repository" in ran.stderr


def test_another_branch_than_main_is_not_committed_to(tmp_path: Path) -> None:
    git("init", "-q", "-b", "trunk", cwd=tmp_path)
    git("commit", "-q", "--allow-empty", "-m", "Start", cwd=tmp_path)
    ran = init(".", "--engine", "flux", "--commit", cwd=tmp_path)
    assert ran.returncode == 2
    assert "--commit: trunk is checked out" in ran.stderr
    assert files_of(tmp_path) == {}


def test_what_a_killed_run_has_left_is_taken_up_again(tmp_path: Path) -> None:
    files = starter_files(Choices("flux", ("dev",), "cluster", "gitea"))
    (tmp_path / ".gitops-mcp-init-abc/base").mkdir(parents=True)
    (tmp_path / ".gitops-mcp-init-abc/base/half").write_text("x")
    (tmp_path / "README.md").write_bytes(files["README.md"])
    options = ("--engine", "flux", "--environments", "dev", "--secrets", "cluster", "--forge", "gitea")
    ran = init(".", *options, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert files_of(tmp_path) == files


def test_where_one_file_cannot_be_written_none_is(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    with pytest.raises(Exception, match="cannot be written"):
        write_all(tmp_path / "dir", {"a/b": b"1", f"c/{'x' * 300}": b"2"})
    assert list((tmp_path / "dir").iterdir()) == []
