"""What stands in a commit: files, manifests, kustomizations; what is kept, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.contents.files import GitFile
from gitops_mcp.adapters.git.contents.snapshot import LARGEST
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import InvalidRequest, Refused, Unavailable
from tests.adapters.git.conftest import CLUSTER, commit_all, git, snapshot, write

PROD = "clusters/prod"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A repository with one commit and no remote."""
    path = tmp_path / "desk"
    git(tmp_path, "init", "--quiet", str(path))
    write(path / PROD / "kustomization.yaml", "resources:\n  - shop/orders.yaml\n")
    write(path / PROD / "shop/orders.yaml", CLUSTER)
    commit_all(path, "Start")
    return path


def head(desk: Path) -> str:
    return git(desk, "rev-parse", "HEAD")


def test_a_file_is_read_from_the_commit_not_from_the_checkout(desk: Path) -> None:
    write(desk / PROD / "shop/orders.yaml", "dirty\n")
    file = Repository.open(desk).read(head(desk), f"{PROD}/shop/orders.yaml")
    blob = git(desk, "rev-parse", f"HEAD:{PROD}/shop/orders.yaml")
    assert file == GitFile(f"{PROD}/shop/orders.yaml", blob, "100644", CLUSTER.encode())


@pytest.mark.parametrize(
    "path", ["", "/", ".", "..", "../desk/README", "clusters", "clusters/", "/etc/passwd", "no", "a\0b", ":/"]
)
@pytest.mark.few(3)
def test_what_is_no_file_of_the_commit_is_not_read(desk: Path, path: str) -> None:
    assert Repository.open(desk).read(head(desk), path) is None


@pytest.mark.parametrize(
    "path", ["-n.yaml", "--help", "ünï.yaml", "sp ace/a.yaml", "new\nline.yaml", "*.yaml", ":(top)x", "#x", '"q".yaml']
)
@pytest.mark.few(3)
def test_a_path_is_taken_literally(desk: Path, path: str) -> None:
    write(desk / path, f"{CLUSTER}# {path!r}\n")
    write(desk / "other.yaml", "a: 1\n")
    commit = commit_all(desk, "Add a file with a strange name")
    repository = Repository.open(desk)
    file = repository.read(commit, path)
    assert file is not None
    assert (file.path, file.data.decode()) == (path, f"{CLUSTER}# {path!r}\n")
    if path.endswith(".yaml"):
        assert path in repository.snapshot(commit).texts


def test_many_files_are_read_by_one_command_in_a_call_and_kept(desk: Path, commands: list[str]) -> None:
    for number in range(1500):
        write(desk / f"many/{number}.yaml", f"n: {number}\n")
    commit = commit_all(desk, "Add many")
    repository = Repository.open(desk)
    wanted = [f"many/{number}.yaml" for number in range(0, 1500, 2)] + ["many/none.yaml"]
    commands.clear()
    with repository.calls.one():
        files = repository.read_many(commit, wanted)
    assert {path: file.data for path, file in files.items()} == {
        f"many/{number}.yaml": f"n: {number}\n".encode() for number in range(0, 1500, 2)
    }
    assert commands == ["config", "cat-file"], "config tells once whether the clone is partial"
    commands.clear()
    assert repository.read_many(commit, wanted) == files
    assert commands == []
    assert len(repository.read_many(commit, [f"many/{number}.yaml" for number in range(1500)])) == 1500


def test_modes_symlinks_and_submodules_are_told_apart(desk: Path) -> None:
    (desk / PROD / "shop/orders.yaml").chmod(0o755)
    (desk / "link.yaml").symlink_to(f"{PROD}/shop/orders.yaml")
    (desk / "linked").symlink_to(PROD)
    write(desk / "sub/c.yaml", CLUSTER)
    git(desk / "sub", "init", "--quiet")
    commit_all(desk / "sub", "Start")
    commit = commit_all(desk, "Add a symlink and a submodule")
    repository = Repository.open(desk)
    files = repository.read_many(
        commit, ["link.yaml", "sub", "sub/c.yaml", f"{PROD}/shop/orders.yaml", "linked/shop/orders.yaml"]
    )
    assert {path: (file.mode, file.data) for path, file in files.items()} == {
        "link.yaml": ("120000", f"{PROD}/shop/orders.yaml".encode()),
        "sub": ("160000", b""),
        f"{PROD}/shop/orders.yaml": ("100755", CLUSTER.encode()),
    }
    texts = repository.snapshot(commit).texts
    assert sorted(texts) == [f"{PROD}/kustomization.yaml", f"{PROD}/shop/orders.yaml"]
    with pytest.raises(Refused, match="linked/shop is not a folder of the repository: linked is a symbolic link"):
        repository.has_folder(commit, "linked/shop")
    with pytest.raises(Refused, match="sub is not a folder of the repository: sub is a submodule"):
        repository.has_folder(commit, "sub")


def test_what_cannot_be_written_is_told_without_writing(desk: Path) -> None:
    (desk / "linked").symlink_to(PROD)
    commit = commit_all(desk, "Add a symlink")
    repository = Repository.open(desk)
    repository.check_writable(commit, [f"{PROD}/shop/orders.yaml", f"{PROD}/new/deep/orders.yaml", "top.yaml"])
    for path, why in {
        "linked/shop/new.yaml": "linked is a symbolic link",
        f"{PROD}/shop/orders.yaml/new.yaml": f"{PROD}/shop/orders.yaml is a file",
        PROD: f"{PROD} is a folder",
        "linked": "linked is a symbolic link",
    }.items():
        with pytest.raises(Refused, match=f"^{path} cannot be written: {why}$"):
            repository.check_writable(commit, ["top.yaml", path])
    with pytest.raises(Refused, match="goes through"):
        repository.check_writable(commit, ["../outside.yaml"])


def test_bytes_are_those_of_the_commit_whatever_they_are(desk: Path) -> None:
    write(desk / ".gitattributes", "*.yaml text eol=crlf\n")
    data = b"\xef\xbb\xbfapiVersion: postgresql.cnpg.io/v1\r\n\xff\x00tail"
    git(desk, "config", "core.autocrlf", "false")
    (desk / "raw.yml").write_bytes(data)
    commit = commit_all(desk, "Add raw bytes")
    repository = Repository.open(desk)
    assert "not UTF-8" in repository.snapshot(commit).unread["raw.yml"]
    blob = git(desk, "rev-parse", "HEAD:raw.yml")
    assert repository.blobs([blob, blob]) == {blob: data}
    assert repository.blobs([]) == {}


@pytest.mark.parametrize("name", ["HEAD", "main", "--help", "-p", "a..b", "HEAD^{tree}", "f" * 39, "", "F" * 40])
def test_only_full_ids_reach_git(desk: Path, name: str, commands: list[str]) -> None:
    repository = Repository.open(desk)
    commit = head(desk)
    commands.clear()
    calls: list[Callable[[], object]] = [
        lambda: repository.read(name, "README"),
        lambda: repository.blobs([name]),
        lambda: repository.snapshot(name),
        lambda: repository.has_folder(name, PROD),
        lambda: repository.changed_files(commit, name),
        lambda: repository.merge_base(name, commit),
        lambda: repository.is_ancestor(name, commit),
        lambda: repository.behind(commit, name),
        lambda: repository.merged_by_content(name, commit),
        lambda: repository.conflicts(commit, name),
        lambda: repository.commits(commit, name),
        lambda: repository.commits_naming(name, "one"),
    ]
    for call in calls:
        with pytest.raises(InvalidRequest, match="is not a full object id"):
            call()
    assert commands == []


def test_an_object_that_is_not_there_is_named(desk: Path) -> None:
    with pytest.raises(Unavailable, match=f"object {'a' * 40} is missing"):
        Repository.open(desk).blobs(["a" * 40])


def test_a_folder_is_there_or_not(desk: Path) -> None:
    repository, commit = Repository.open(desk), head(desk)
    there = [repository.has_folder(commit, folder) for folder in ("", PROD, "clusters/none", ":(top)")]
    assert there == [True, True, False, False]
    with pytest.raises(InvalidRequest, match="leaves the repository"):
        repository.has_folder(commit, "../elsewhere")


def test_an_empty_tree_holds_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    commit = commit_all(tmp_path, "Nothing")
    assert Repository.open(tmp_path).snapshot(commit).texts == {}


def edit_one(desk: Path) -> None:
    write(desk / PROD / "shop/orders.yaml", CLUSTER.replace("3", "5"))


def add_one(desk: Path) -> None:
    write(desk / PROD / "billing/invoices.yaml", CLUSTER)


def delete_one(desk: Path) -> None:
    (desk / PROD / "shop/orders.yaml").unlink()


def move_one(desk: Path) -> None:
    (desk / PROD / "shop").rename(desk / PROD / "store")


def declare_no_more(desk: Path) -> None:
    write(desk / PROD / "shop/orders.yaml", "kind: Nothing\n")


def declare_from_now_on(desk: Path) -> None:
    write(desk / PROD / "other.json", '{"apiVersion": "postgresql.cnpg.io/v1"}')


def add_kustomization(desk: Path) -> None:
    write(desk / PROD / "shop/kustomization.yaml", "resources: []\n")


def change_kustomization_above(desk: Path) -> None:
    write(desk / "clusters/kustomization.yaml", "namespace: shop\n")


def become_symlink(desk: Path) -> None:
    (desk / PROD / "shop/orders.yaml").unlink()
    (desk / PROD / "shop/orders.yaml").symlink_to("../other.json")


def grow_too_large(desk: Path) -> None:
    write(desk / PROD / "shop/orders.yaml", CLUSTER + "#" * LARGEST)


def folder_becomes_file(desk: Path) -> None:
    delete_one(desk)
    (desk / PROD / "shop").rmdir()
    write(desk / PROD / "shop", CLUSTER)


EDITS = [edit_one, add_one, delete_one, move_one, declare_no_more, declare_from_now_on, add_kustomization]
EDITS += [change_kustomization_above, become_symlink, grow_too_large, folder_becomes_file]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.few(3)
def test_a_later_tree_is_found_by_its_difference_as_it_would_be_anew(
    desk: Path, edit: Callable[[Path], None], commands: list[str]
) -> None:
    write(desk / PROD / "other.json", "{}")
    write(desk / PROD / "was-large.yaml", CLUSTER + "#" * LARGEST)
    before = commit_all(desk, "Add other files")
    repository = Repository.open(desk)
    first = repository.snapshot(before)
    edit(desk)
    after = commit_all(desk, "Edit")
    commands.clear()
    second = repository.snapshot(after)
    assert "grep" not in commands
    anew = Repository.open(desk).snapshot(after)
    assert (second.texts, second.unread, second.tree) == (anew.texts, anew.unread, anew.tree)
    assert second.tree != first.tree
    commands.clear()
    assert repository.snapshot(before) is first
    assert repository.snapshot(after) is second
    assert commands == []


def test_a_difference_too_great_to_read_is_searched_anew(desk: Path, commands: list[str]) -> None:
    repository = Repository.open(desk)
    repository.snapshot(head(desk))
    for number in range(2001):
        write(desk / f"many/{number}.yaml", f"n: {number}\n")
    write(desk / "many/1000.yaml", CLUSTER)
    commit = commit_all(desk, "Add many")
    commands.clear()
    assert "many/1000.yaml" in repository.snapshot(commit).texts
    assert "grep" in commands


def test_threads_share_one_search(desk: Path, commands: list[str]) -> None:
    repository = Repository.open(desk)
    commit = head(desk)
    with ThreadPoolExecutor(8) as pool:
        answers = [answer.result() for answer in [pool.submit(repository.snapshot, commit) for _ in range(24)]]
    assert len({id(answer) for answer in answers}) == 1
    assert commands.count("grep") == 1


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[list[str]]]:
    """The arguments of every git process that was started since, also by git itself."""
    log = tmp_path / "processes.jsonl"
    config = tmp_path / "traced.config"
    write(config, f"[user]\n\tname = Test User\n\temail = test@example.com\n[trace2]\n\teventTarget = {log}\n")

    def started() -> list[list[str]]:
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [event["argv"] for event in map(json.loads, lines) if event["event"] == "start"]

    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    return started


@pytest.mark.parametrize("lacking", ["blob:none", "tree:0"])
def test_a_partial_clone_downloads_what_is_searched_in_one_request(
    remote: Path, author: Path, lacking: str, processes: Callable[[], list[list[str]]]
) -> None:
    for number in range(50):
        write(author / PROD / f"shop/{number}.yaml", f"{CLUSTER}# {number}\n")
        write(author / f"docs/{number}.md", f"{number}\n")
    commit = commit_all(author, "Add many")
    git(author, "push", "--quiet", "origin", "main")
    path = remote.parent / "partial"
    git(remote.parent, "clone", "--quiet", "--no-checkout", f"--filter={lacking}", remote.as_uri(), str(path))
    repository = Repository.open(path)
    processes()
    assert len(repository.snapshot(commit).texts) == 52
    downloads = [argv for argv in processes() if "fetch" in argv]
    before = snapshot(path)
    processes()
    assert len(downloads) == (1 if lacking == "blob:none" else 2), "a clone without trees gets those first"
    assert len(repository.snapshot(commit).texts) == 52
    assert not [argv for argv in processes() if "fetch" in argv]
    write(author / PROD / "shop/1.yaml", CLUSTER)
    write(author / PROD / "shop/2.yaml", CLUSTER)
    newer = commit_all(author, "Edit two")
    git(author, "push", "--quiet", "origin", "main")
    assert repository.base(GitSettings(), fetch=True).commit == newer
    processes()
    texts = repository.snapshot(newer).texts
    assert [texts[f"{PROD}/shop/{number}.yaml"] for number in range(2)] == [f"{CLUSTER}# 0\n", CLUSTER]
    assert len([argv for argv in processes() if "fetch" in argv]) <= (1 if lacking == "blob:none" else 2)
    assert snapshot(path) == before


def test_a_partial_clone_that_cannot_reach_its_remote_says_so(remote: Path) -> None:
    path = remote.parent / "partial"
    git(remote.parent, "clone", "--quiet", "--no-checkout", "--filter=blob:none", remote.as_uri(), str(path))
    commit = git(path, "rev-parse", "origin/main")
    remote.rename(remote.parent / "moved.git")
    with pytest.raises(
        Unavailable, match=r"partial clone, and the 2 files it lacks could not be fetched from 'origin'"
    ):
        Repository.open(path).snapshot(commit)
