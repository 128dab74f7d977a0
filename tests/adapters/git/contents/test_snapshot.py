"""What is read of a commit is enough: builds of it equal builds of the whole tree, in every layout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.call import Calls
from gitops_mcp.adapters.git.contents.files import Files
from gitops_mcp.adapters.git.contents.snapshot import Snapshot, Snapshots
from gitops_mcp.adapters.git.runner import Runner
from gitops_mcp.domain import kustomize
from gitops_mcp.domain.engines.declared import find_engine_objects
from tests.adapters.git.conftest import program

LAYOUTS = sorted(path for path in (Path(__file__).parents[3] / "layouts").iterdir() if (path / "before").is_dir())


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
    return Snapshots(Files(Calls(Runner(folder))))


def whole(layout: Path) -> dict[str, bytes]:
    before = layout / "before"
    return {str(path.relative_to(before)): path.read_bytes() for path in sorted(before.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("layout", [pytest.param(path, id=path.name) for path in LAYOUTS])
@pytest.mark.few(20)
def test_what_is_read_is_enough(layout: Path, tmp_path: Path) -> None:
    files = whole(layout)
    snapshot = taken(looked_at(tmp_path), committed(tmp_path, files))
    texts = {path: data.decode() for path, data in files.items()}
    assert {path: texts[path] for path in snapshot.texts} == snapshot.texts
    assert all((path in snapshot.texts) is not (path in snapshot.others) for path in texts)
    assert find_engine_objects(snapshot.texts, remotes=(), revision="main") == find_engine_objects(
        texts, remotes=(), revision="main"
    )
    all_of_it, some = kustomize.FileTree(texts), kustomize.FileTree(snapshot.texts, snapshot.others)
    for folder in sorted({path.rpartition("/")[0] for path in texts if path.endswith("kustomization.yaml")}):
        expected, found = kustomize.build_folder(all_of_it, folder), kustomize.build_folder(some, folder)
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


def test_what_an_edit_takes_variables_from_is_read_too(tmp_path: Path) -> None:
    """The patch is of a file that says nothing of Flux but `substituteFrom`."""
    says = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: db}\nspec: {path: ./db}\n"
    files = {
        "apps/kustomization.yaml": b"resources: [db.yaml]\npatches: [{path: patch.yaml}]\n",
        "apps/db.yaml": says.encode(),
        "apps/patch.yaml": b"kind: Kustomization\nmetadata: {name: db}\nspec: {prune: true}\n",
        "apps/settings.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sizes}\ndata: {instances: '3'}\n",
    }
    snapshots = looked_at(tmp_path)
    assert "apps/settings.yaml" not in taken(snapshots, committed(tmp_path, files)).texts
    taken(snapshots, committed(tmp_path, {"apps/patch.yaml": files["apps/patch.yaml"] + b"# prunes\n"}))
    source = b"kind: Kustomization\nspec: {postBuild: {substituteFrom: [{kind: ConfigMap, name: sizes}]}}\n"
    later = committed(tmp_path, {"apps/patch.yaml": source.replace(b"spec", b"metadata: {name: db}\nspec")})
    assert taken(snapshots, later).texts == taken(looked_at(tmp_path), later).texts
    assert "apps/settings.yaml" in taken(snapshots, later).texts


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    commit = committed(tmp_path, {"large.yaml": CLUSTER + b"#" * (5 * 2**20), "odd.yaml": CLUSTER + b"# \xff\n"})
    found = taken(looked_at(tmp_path), commit)
    assert set(found.unread) == {"large.yaml", "odd.yaml"}
    assert "too large" in found.unread["large.yaml"]
    assert "not UTF-8" in found.unread["odd.yaml"]


def test_a_manifest_in_git_lfs_is_named_as_one(tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 200\n"
    commit = committed(tmp_path, {"orders.yaml": pointer, "logo.png": pointer, "db.yaml": CLUSTER})
    found = taken(looked_at(tmp_path), commit)
    assert found.unread == {"orders.yaml": "it is a pointer of Git LFS: take manifests out of LFS in .gitattributes"}
    assert found.texts.keys() == {"db.yaml"}


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


def test_of_a_line_of_megabytes_git_prints_no_more_than_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, out = shutil.which("git"), tmp_path / "out"
    (tmp_path / "bin").mkdir()
    program(
        tmp_path / "bin/git",
        f'case "$*" in *" --fixed-strings "*) ;; *) exec {real} "$@" ;; esac\n{real} "$@" >{out}\ncode=$?\ncat {out}\n'
        f"exit $code",
    )
    line = b"# " + b"postgresql.cnpg.io " * 200_000
    here = tmp_path / "here"
    here.mkdir()
    commit = committed(here, {"db.yaml": CLUSTER, "long.yaml": CLUSTER + line, "longer.yaml": CLUSTER + line * 2})
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    found = taken(looked_at(here), commit)
    assert found.texts.keys() == {"db.yaml", "long.yaml"}
    assert found.unread == {"longer.yaml": "it is too large"}
    assert 0 < out.stat().st_size < 1_000


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to("db.yaml")
    commit = committed(tmp_path, {"db.yaml": CLUSTER})
    assert taken(looked_at(tmp_path), commit).texts.keys() == {"db.yaml"}


SEALED = b"apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\n"
EXTERNAL = b"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\n"
GENERATED = b"kind: Secret\nmetadata: {annotations: {secret-generator.v1.mittwald.de/autogenerate: password}}\n"
SOPS = b"kind: Secret\nstringData:\n  password: ENC[AES256_GCM,data:x]\n"
PLAIN = b"kind: Secret\nstringData: {password: planted}\n"


def test_files_that_may_make_secrets_are_named_and_not_read(tmp_path: Path) -> None:
    files = {
        "a/sealed.yaml": SEALED,
        "b/external.yml": EXTERNAL,
        "c/generated.yaml": GENERATED,
        "d/sops.json": SOPS,
        "e/plain.yaml": PLAIN,
        "f/words.md": SEALED,
        "g/both.yaml": CLUSTER + b"---\n" + SEALED,
    }
    found = taken(looked_at(tmp_path), committed(tmp_path, files))
    assert found.secrets == {"a/sealed.yaml", "b/external.yml", "c/generated.yaml", "d/sops.json", "g/both.yaml"}
    assert found.texts.keys() == {"g/both.yaml"}
    assert all(path in found.others for path in ("a/sealed.yaml", "e/plain.yaml", "f/words.md"))


@pytest.mark.parametrize(
    ("then", "secrets"),
    [
        pytest.param({"new.yaml": EXTERNAL}, {"kept.yaml", "going.yaml", "new.yaml"}, id="one comes"),
        pytest.param({"going.yaml": PLAIN}, {"kept.yaml"}, id="one makes none any more"),
        pytest.param({"plain.yaml": SOPS}, {"kept.yaml", "going.yaml", "plain.yaml"}, id="one begins to"),
        pytest.param({"going.yaml": None}, {"kept.yaml"}, id="one goes"),
        pytest.param({"going.yaml": None, "moved.yaml": SEALED}, {"kept.yaml", "moved.yaml"}, id="one moves"),
        pytest.param({"words.md": SEALED}, {"kept.yaml", "going.yaml"}, id="what is not a manifest"),
    ],
)
@pytest.mark.few(2)
def test_a_later_look_knows_the_same_secrets_as_a_first_one(
    tmp_path: Path, then: dict[str, bytes | None], secrets: set[str]
) -> None:
    snapshots = looked_at(tmp_path)
    taken(snapshots, committed(tmp_path, {"kept.yaml": SOPS, "going.yaml": SEALED, "plain.yaml": PLAIN}))
    for path in [path for path, data in then.items() if data is None]:
        (tmp_path / path).unlink()
    second = committed(tmp_path, {path: data for path, data in then.items() if data is not None})
    assert taken(snapshots, second).secrets == secrets
    assert taken(looked_at(tmp_path), second).secrets == secrets


def test_a_link_to_a_file_that_makes_a_secret_makes_none(tmp_path: Path) -> None:
    snapshots = looked_at(tmp_path)
    taken(snapshots, committed(tmp_path, {"a.yaml": SEALED}))
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    second = committed(tmp_path, {"b.yaml": PLAIN})
    assert taken(snapshots, second).secrets == taken(looked_at(tmp_path), second).secrets == {"a.yaml"}


def test_a_path_with_a_line_break_is_told_from_what_was_found_in_it(tmp_path: Path) -> None:
    files = {"a\nb.yaml": SEALED, "c: d.yaml": EXTERNAL + SOPS, "ENC[AES256_GCM,.yaml": CLUSTER}
    found = taken(looked_at(tmp_path), committed(tmp_path, files))
    assert found.secrets == {"a\nb.yaml", "c: d.yaml"}
    assert found.texts.keys() == {"ENC[AES256_GCM,.yaml"}
