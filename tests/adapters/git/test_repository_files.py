"""What stands in a commit: files, manifests, kustomizations; what is kept, and what it costs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.files import File
from gitops_mcp.adapters.git.manifests import LARGEST, Manifests
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


def paths(files: tuple[File, ...]) -> list[str]:
    return [file.path for file in files]


def found(desk: Path, folder: str = "") -> Manifests:
    """What a repository object that has seen nothing else finds."""
    return Repository.open(desk).manifests(head(desk), folder)


def test_a_file_is_read_from_the_commit_not_from_the_checkout(desk: Path) -> None:
    write(desk / PROD / "shop/orders.yaml", "dirty\n")
    file = Repository.open(desk).read(head(desk), f"{PROD}/shop/orders.yaml")
    blob = git(desk, "rev-parse", f"HEAD:{PROD}/shop/orders.yaml")
    assert file == File(f"{PROD}/shop/orders.yaml", blob, "100644", CLUSTER.encode())


@pytest.mark.parametrize(
    "path", ["", "/", ".", "..", "../desk/README", "clusters", "clusters/", "/etc/passwd", "no", "a\0b", ":/"]
)
def test_what_is_no_file_of_the_commit_is_not_read(desk: Path, path: str) -> None:
    assert Repository.open(desk).read(head(desk), path) is None


@pytest.mark.parametrize(
    "path", ["-n.yaml", "--help", "ünï.yaml", "sp ace/a.yaml", "new\nline.yaml", "*.yaml", ":(top)x", "#x", '"q".yaml']
)
def test_a_path_is_taken_literally(desk: Path, path: str) -> None:
    write(desk / path, f"{CLUSTER}# {path!r}\n")
    write(desk / "other.yaml", "a: 1\n")
    commit = commit_all(desk, "Add a file with a strange name")
    repository = Repository.open(desk)
    file = repository.read(commit, path)
    assert file is not None
    assert (file.path, file.data.decode()) == (path, f"{CLUSTER}# {path!r}\n")
    if path.endswith(".yaml"):
        assert path in paths(repository.manifests(commit, "").files)


def test_many_files_are_read_by_two_commands_and_kept_by_one(desk: Path, commands: list[str]) -> None:
    for number in range(1500):
        write(desk / f"many/{number}.yaml", f"n: {number}\n")
    commit = commit_all(desk, "Add many")
    repository = Repository.open(desk)
    wanted = [f"many/{number}.yaml" for number in range(0, 1500, 2)] + ["many/none.yaml"]
    commands.clear()
    files = repository.read_many(commit, wanted)
    assert {path: file.data for path, file in files.items()} == {
        f"many/{number}.yaml": f"n: {number}\n".encode() for number in range(0, 1500, 2)
    }
    assert commands == ["ls-tree", "config", "cat-file"], "config tells once whether the clone is partial"
    commands.clear()
    assert repository.read_many(commit, wanted) == files
    assert commands == ["ls-tree"]
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
    assert paths(repository.manifests(commit, "").files) == [f"{PROD}/shop/orders.yaml"]
    with pytest.raises(Refused, match="linked/shop is no folder of the repository: linked is a symbolic link"):
        repository.manifests(commit, "linked/shop")
    with pytest.raises(Refused, match="sub is no folder of the repository: sub is a submodule"):
        repository.manifests(commit, "sub")


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
    assert [file.data for file in repository.manifests(commit, "").files if file.path == "raw.yml"] == [data]
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
        lambda: repository.manifests(name, ""),
        lambda: repository.manifests(name, PROD),
        lambda: repository.changed_files(commit, name),
        lambda: repository.merge_base(name, commit),
        lambda: repository.is_ancestor(name, commit),
        lambda: repository.ahead_behind(commit, name),
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


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("apiVersion: postgresql.cnpg.io/v1\n", id="plain"),
        pytest.param("apiVersion: 'postgresql.cnpg.io/v1'\n", id="single quoted"),
        pytest.param('"apiVersion" : "postgresql.cnpg.io/v1"\n', id="double quoted"),
        pytest.param("{apiVersion: postgresql.cnpg.io/v1}\n", id="flow"),
        pytest.param('{"apiVersion":"postgresql.cnpg.io/v1"}', id="json"),
        pytest.param("apiVersion: &version postgresql.cnpg.io/v1\n", id="anchor"),
        pytest.param("apiVersion: !!str postgresql.cnpg.io/v1\n", id="tag"),
        pytest.param("a: 1\r\n---\r\n# c\r\napiVersion:  postgresql.cnpg.io/v2\r\n", id="second document"),
        pytest.param("kind: List\nitems:\n- apiVersion: postgresql.cnpg.io/v1\n", id="list"),
    ],
)
def test_a_file_that_declares_an_object_of_the_group_is_found(desk: Path, text: str) -> None:
    write(desk / "x.yml", text)
    commit_all(desk, "Add x")
    assert paths(found(desk).files) == [f"{PROD}/shop/orders.yaml", "x.yml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("x.yaml", "group: postgresql.cnpg.io\n", id="the group alone"),
        pytest.param("x.yaml", "see: postgresql.cnpg.io/v1\n", id="another key"),
        pytest.param("x.yaml", "apiVersion: barmancloud.cnpg.io/v1\n", id="a sister group"),
        pytest.param("x.yaml", "apiVersion: postgresqlxcnpg.io/v1\n", id="a dot is a dot"),
        pytest.param("x.md", "apiVersion: postgresql.cnpg.io/v1\n", id="no manifest"),
        pytest.param("x.yaml.tpl", "apiVersion: postgresql.cnpg.io/v1\n", id="a template"),
    ],
)
def test_other_files_are_passed_over(desk: Path, name: str, text: str) -> None:
    write(desk / name, text)
    commit_all(desk, "Add x")
    assert paths(found(desk).files) == [f"{PROD}/shop/orders.yaml"]


def test_only_the_folder_is_looked_at_and_the_kustomizations_that_may_reach_it(desk: Path) -> None:
    for path in (
        "clusters/kustomization.yml",
        "Kustomization",
        "clusters/prod/billing/kustomization.yaml",
        "clusters/dev/kustomization.yaml",
    ):
        write(desk / path, "resources: []\n")
    write(desk / "clusters/prod/shop/kustomization.yaml", "resources: []\n")
    (desk / "clusters/kustomization.yaml").symlink_to("kustomization.yml")
    write(desk / "clusters/dev/orders.yaml", CLUSTER)
    write(desk / "clusters/production/orders.yaml", CLUSTER)
    commit_all(desk, "Add more")
    manifests = found(desk, PROD)
    assert paths(manifests.files) == ["clusters/prod/shop/orders.yaml"]
    assert paths(manifests.kustomizations) == [
        "Kustomization",
        "clusters/kustomization.yml",
        "clusters/prod/kustomization.yaml",
        "clusters/prod/shop/kustomization.yaml",
    ]
    assert manifests.kustomizations[0].data == b"resources: []\n"
    assert found(desk, f"/{PROD}/") == manifests
    assert found(desk, ".") == found(desk, "")
    assert len(found(desk).files) == 3


def test_a_folder_that_is_not_there_declares_nothing(desk: Path) -> None:
    assert found(desk, "clusters/none") == Manifests()
    assert found(desk, ":(top)") == Manifests()
    with pytest.raises(Refused, match=r"orders\.yaml is a file; name a folder"):
        found(desk, f"{PROD}/shop/orders.yaml")
    with pytest.raises(InvalidRequest, match="leaves the repository"):
        found(desk, "../elsewhere")


def test_an_empty_tree_declares_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    commit = commit_all(tmp_path, "Start with nothing")
    assert Repository.open(tmp_path).manifests(commit, "").files == ()


def test_a_file_that_is_too_large_is_named_and_not_read(desk: Path) -> None:
    write(desk / PROD / "huge.yaml", CLUSTER + "#" * LARGEST)
    write(desk / PROD / "large.yaml", CLUSTER + "#" * (LARGEST - len(CLUSTER)))
    commit_all(desk, "Add large files")
    manifests = found(desk, PROD)
    assert manifests.skipped == (f"{PROD}/huge.yaml",)
    assert paths(manifests.files) == [f"{PROD}/large.yaml", f"{PROD}/shop/orders.yaml"]


def test_a_file_whose_name_is_no_utf8_is_named_and_not_read(desk: Path) -> None:
    (desk / os.fsdecode(b"caf\xe9.yaml")).write_text(CLUSTER)
    commit_all(desk, "Add a file named in Latin-1")
    manifests = found(desk)
    assert manifests.skipped == ("caf?.yaml",)
    assert paths(manifests.files) == [f"{PROD}/shop/orders.yaml"]


def test_the_users_configuration_of_grep_does_not_matter(desk: Path) -> None:
    for key, value in {
        "color.ui": "always",
        "grep.patternType": "perl",
        "submodule.recurse": "true",
        "core.quotePath": "true",
        "grep.lineNumber": "true",
        "grep.fullName": "false",
        "diff.noprefix": "true",
        "log.showSignature": "true",
    }.items():
        git(desk, "config", key, value)
    write(desk / "ünï.yaml", CLUSTER)
    commit_all(desk, "Add")
    assert paths(found(desk).files) == [f"{PROD}/shop/orders.yaml", "ünï.yaml"]


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
@pytest.mark.parametrize("folder", ["", PROD])
def test_a_later_tree_is_found_by_its_difference_as_it_would_be_anew(
    desk: Path, edit: Callable[[Path], None], folder: str, commands: list[str]
) -> None:
    write(desk / PROD / "other.json", "{}")
    write(desk / PROD / "was-large.yaml", CLUSTER + "#" * LARGEST)
    before = commit_all(desk, "Add other files")
    repository = Repository.open(desk)
    first = repository.manifests(before, folder)
    edit(desk)
    after = commit_all(desk, "Edit")
    commands.clear()
    second = repository.manifests(after, folder)
    assert "grep" not in commands
    assert second == found(desk, folder)
    assert second.tree != first.tree
    commands.clear()
    assert repository.manifests(before, folder) is first
    assert repository.manifests(after, folder) is second
    assert commands == []


def test_a_difference_too_great_to_read_is_searched_anew(desk: Path, commands: list[str]) -> None:
    repository = Repository.open(desk)
    repository.manifests(head(desk), "")
    for number in range(2001):
        write(desk / f"many/{number}.yaml", f"n: {number}\n")
    write(desk / "many/1000.yaml", CLUSTER)
    commit = commit_all(desk, "Add many")
    commands.clear()
    assert paths(repository.manifests(commit, "").files) == [f"{PROD}/shop/orders.yaml", "many/1000.yaml"]
    assert "grep" in commands


def test_the_cost_of_manifests_is_a_fixed_number_of_commands(desk: Path, commands: list[str]) -> None:
    repository = Repository.open(desk)
    commit = head(desk)
    commands.clear()
    repository.manifests(commit, PROD)
    expected = ["ls-tree", "config", "grep", "ls-tree", "cat-file", "cat-file", "ls-tree", "cat-file"]
    assert commands == expected
    write(desk / "README.md", "# Nothing of interest\n")
    elsewhere = commit_all(desk, "Edit elsewhere")
    commands.clear()
    repository.manifests(elsewhere, PROD)
    assert commands == ["ls-tree"], "the folder is the same tree as before"
    edit_one(desk)
    edited = commit_all(desk, "Edit")
    commands.clear()
    repository.manifests(edited, PROD)
    assert commands == ["ls-tree", "diff-tree", "cat-file", "cat-file", "ls-tree"]
    commands.clear()
    repository.manifests(edited, PROD)
    assert commands == []


def test_threads_share_one_search(desk: Path, commands: list[str]) -> None:
    repository = Repository.open(desk)
    commit = head(desk)
    with ThreadPoolExecutor(8) as pool:
        answers = [answer.result() for answer in [pool.submit(repository.manifests, commit, PROD) for _ in range(24)]]
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
    assert len(repository.manifests(commit, PROD).files) == 51
    downloads = [argv for argv in processes() if "fetch" in argv]
    before = snapshot(path)
    processes()
    assert len(downloads) == (1 if lacking == "blob:none" else 2), "a clone without trees gets those first"
    assert len(repository.manifests(commit, "").files) == 51
    assert not [argv for argv in processes() if "fetch" in argv]
    write(author / PROD / "shop/1.yaml", CLUSTER)
    write(author / PROD / "shop/2.yaml", CLUSTER)
    newer = commit_all(author, "Edit two")
    git(author, "push", "--quiet", "origin", "main")
    assert repository.base(GitSettings(), fetch=True).commit == newer
    processes()
    manifests = repository.manifests(newer, PROD)
    assert [file.data for file in manifests.files][:2] == [f"{CLUSTER}# 0\n".encode(), CLUSTER.encode()]
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
        Repository.open(path).manifests(commit, "")
