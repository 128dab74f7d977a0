"""What is read of a commit is enough: builds of it equal builds of the whole tree, in every layout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.files import Files
from gitops_mcp.adapters.git.runner import Runner
from gitops_mcp.adapters.git.snapshot import Snapshot, Snapshots
from gitops_mcp.domain import kustomize
from gitops_mcp.domain.engines import engines

LAYOUTS = sorted(path for path in (Path(__file__).parents[2] / "layouts").iterdir() if (path / "before").is_dir())


def git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def committed(folder: Path, files: dict[str, bytes]) -> str:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
        git(folder, "config", "core.autocrlf", "false")
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "More")
    return git(folder, "rev-parse", "HEAD")


def taken(snapshots: Snapshots, commit: str) -> Snapshot:
    return snapshots.at(commit)


def looked_at(folder: Path) -> Snapshots:
    return Snapshots(Files(Runner(folder)))


def whole(layout: Path) -> dict[str, bytes]:
    before = layout / "before"
    return {str(path.relative_to(before)): path.read_bytes() for path in sorted(before.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("layout", [pytest.param(path, id=path.name) for path in LAYOUTS])
def test_what_is_read_is_enough(layout: Path, tmp_path: Path) -> None:
    files = whole(layout)
    snapshot = taken(looked_at(tmp_path), committed(tmp_path, files))
    texts = {path: data.decode() for path, data in files.items()}
    assert {path: texts[path] for path in snapshot.texts} == snapshot.texts
    assert all((path in snapshot.texts) is not (path in snapshot.others) for path in texts)
    assert engines(snapshot.texts, remotes=(), revision="main") == engines(texts, remotes=(), revision="main")
    all_of_it, some = kustomize.Tree(texts), kustomize.Tree(snapshot.texts, snapshot.others)
    for folder in sorted({path.rpartition("/")[0] for path in texts if path.endswith("kustomization.yaml")}):
        expected, found = kustomize.build(all_of_it, folder), kustomize.build(some, folder)
        assert [one.object for one in found.produced] == [one.object for one in expected.produced]


CLUSTER = b"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\n"


def test_a_later_commit_costs_its_difference(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    snapshots = looked_at(tmp_path)
    first = committed(
        tmp_path,
        {"a.yaml": CLUSTER, "b.yaml": b"kind: ConfigMap\n", "k/kustomization.yaml": b"resources: [../a.yaml]\n"},
    )
    taken(snapshots, first)
    second = committed(tmp_path, {"b.yaml": CLUSTER, "c.yaml": CLUSTER, "a.yaml": b"kind: None\n"})
    with caplog.at_level("DEBUG"):
        caplog.clear()
        found = taken(snapshots, second)
        verbs = [
            record.getMessage().split()[1].rstrip(":") for record in caplog.records if record.name.endswith("runner")
        ]
    assert found.texts.keys() == {"b.yaml", "c.yaml", "k/kustomization.yaml"}
    assert "a.yaml" in found.others
    assert "b.yaml" not in found.others
    assert "grep" not in verbs
    assert "ls-tree" not in verbs
    assert found.texts == taken(looked_at(tmp_path), second).texts
    assert taken(snapshots, second) is found


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    commit = committed(tmp_path, {"large.yaml": CLUSTER + b"#" * (5 * 2**20), "odd.yaml": CLUSTER + b"# \xff\n"})
    found = taken(looked_at(tmp_path), commit)
    assert set(found.unread) == {"large.yaml", "odd.yaml"}
    assert "too large" in found.unread["large.yaml"]
    assert "not UTF-8" in found.unread["odd.yaml"]


def test_a_file_whose_name_is_no_utf8_is_named_and_not_read(tmp_path: Path) -> None:
    commit = committed(tmp_path, {"db.yaml": CLUSTER, "caf\udce9.yaml": CLUSTER})
    found = taken(looked_at(tmp_path), commit)
    assert found.unread == {"caf\udce9.yaml": "its name is not UTF-8"}
    assert found.texts.keys() == {"db.yaml"}


def test_the_users_configuration_of_grep_does_not_matter(tmp_path: Path) -> None:
    commit = committed(tmp_path, {"a/db.yaml": CLUSTER})
    for setting in ("grep.lineNumber", "grep.column", "grep.fullName", "color.grep=always", "grep.patternType=perl"):
        key, _, value = setting.partition("=")
        git(tmp_path, "config", key, value or "true")
    assert taken(looked_at(tmp_path), commit).texts.keys() == {"a/db.yaml"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to("db.yaml")
    commit = committed(tmp_path, {"db.yaml": CLUSTER})
    assert taken(looked_at(tmp_path), commit).texts.keys() == {"db.yaml"}
