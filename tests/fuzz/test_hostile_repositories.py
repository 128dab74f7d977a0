"""Repositories as an attacker would have them: nothing of them is executed, nothing hangs, and no write is lost."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.reading.changes.questions import change_detail, page_of_changes
from gitops_mcp.workflows.writing import clusters, roles
from gitops_mcp.workflows.writing.discard import discard_branch
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.conftest import examples

CPU_SECONDS = 5.0
WALL_SECONDS = 20.0
CLUSTER = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\nspec: {instances: 3}\n"
)
RUN = "./tools/run.sh"
Tree = dict[bytes, tuple[str, bytes]]
"""Mode and content by path; of a gitlink the content is an id."""


def executed(folder: Path) -> bytes:
    """A script that leaves a mark: whatever runs it is caught."""
    return f"#!/bin/sh\ntouch {folder}/executed\ncat 2>/dev/null\nexit 0\n".encode()


@dataclass(frozen=True)
class Hostile:
    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "here"

    @property
    def git_folder(self) -> Path:
        return self.root / ".git"

    def git(self, *arguments: str, given: bytes = b"", check: bool = True) -> str:
        command = ["git", "-c", "core.hooksPath=/dev/null", *arguments]
        ran = subprocess.run(command, cwd=self.root, input=given, capture_output=True, check=check)
        return ran.stdout.decode(errors="replace").strip()

    def commit(self, branch: str, tree: Tree, parent: str | None) -> str:
        lines = [b"commit refs/heads/%s\ncommitter M <m@example.com> 1700000000 +0000\ndata 1\nm\n" % branch.encode()]
        lines += [f"from {parent}\n".encode()] if parent else []
        for path, (mode, data) in tree.items():
            name = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
            if mode == "160000":
                lines.append(b"M %s %s %s\n" % (mode.encode(), data, name))
            else:
                lines.append(b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), name, len(data), data))
        self.git("fast-import", "--quiet", "--force", given=b"".join(lines))
        return self.git("rev-parse", branch)


def _file(text: str) -> tuple[str, bytes]:
    return "100644", text.encode()


IN_TREES: dict[str, Tree] = {
    "links": {b"clusters/link.yaml": ("120000", b"/dev/zero"), b"loop": ("120000", b"loop"), b"up": ("120000", b"..")},
    "a link for the configuration": {b".gitops-mcp.yaml": ("120000", b"/dev/zero")},
    "a link for the attributes": {b".gitattributes": ("120000", b"/dev/zero")},
    "gitlinks": {b"vendor": ("160000", b"1" * 40), b".gitmodules": _file('[submodule "v"]\n path = vendor\n url = ext::sh\n')},
    "a gitlink for the Cluster's folder": {b"more/db.yaml": ("160000", b"2" * 40)},
    "a large file": {b"large.yaml": _file(CLUSTER.replace("db", "large") + "#" * 6 * 2**20)},
    "one long line": {b"line.yaml": _file("a: " + "postgresql.cnpg.io/" * 20_000)},
    "many files": {b"many/%d.yaml" % number: _file("a: 1\n") for number in range(500)},
    "a deep folder": {b"/".join([b"d"] * 300) + b"/x.yaml": _file(CLUSTER.replace("db", "deep"))},
    "odd names": {
        name: _file(CLUSTER.replace("db", f"odd-{number}"))
        for number, name in enumerate(
            (b"a\nb.yaml", b"\x1b[2Jx.yaml", b"\xff\xfe.yaml", b"-rf.yaml", b":(glob)**.yaml", b"a\\b.yaml", b"  .yaml", b'".yaml')
        )
    },
    "names that differ in case": {b"Clusters/DB.yaml": _file(CLUSTER), b"clusters/Db.yaml": _file(CLUSTER)},
    "filters": {b".gitattributes": _file("* filter=x diff=x merge=x ident text eol=crlf\n*.yaml working-tree-encoding=UTF-16\n")},
    "a pointer of LFS": {b"lfs.yaml": _file("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), b".lfsconfig": _file("[lfs]\nurl=ext::sh\n")},
    "configurations of tools": {
        b".pre-commit-config.yaml": _file(f"repos: [{{repo: local, hooks: [{{id: x, name: x, entry: {RUN}, language: system}}]}}]\n"),
        b".husky/pre-commit": ("100755", b"exec " + RUN.encode()),
        b"Makefile": _file(f"all: ; {RUN}\n"),
        b".gitconfig": _file(f"[core]\n\tfsmonitor = {RUN}\n\tsshCommand = {RUN}\n"),
    },
    "hooks in the tree": {b".githooks/" + name: ("100755", RUN.encode()) for name in (b"pre-commit", b"commit-msg", b"reference-transaction")},
    "no YAML": {b"broken.yaml": _file("postgresql.cnpg.io/\n\t- {[\n"), b"kustomization.yaml": _file("resources: [.., loop, ../..]\n")},
    "no UTF-8": {b"latin.yaml": ("100644", CLUSTER.encode() + b"# \xff\xfe\n")},
    "a script in the place of the Cluster": {b"clusters/db.yaml": ("100755", b"#!/bin/sh\n./tools/run.sh\n")},
}  # fmt: skip


def _written(name: str, data: bytes | str) -> Callable[[Hostile], None]:
    def write(here: Hostile) -> None:
        path = here.git_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    return write


def _configured(*pairs: tuple[str, str]) -> Callable[[Hostile], None]:
    def configure(here: Hostile) -> None:
        for key, value in pairs:
            here.git("config", "--add", key, value)

    return configure


def _replaced(here: Hostile) -> None:
    base, empty = here.git("rev-parse", "main"), here.git("hash-object", "-t", "tree", "-w", "/dev/null")
    other = here.git("commit-tree", empty, "-m", "replaced")
    here.git("update-ref", f"refs/replace/{base}", other)


def _object_lost(here: Hostile) -> None:
    blob = here.git("rev-parse", "gitops-mcp/mine^{tree}")
    here.git("unpack-objects", check=False)
    (here.git_folder / "objects" / blob[:2] / blob[2:]).unlink(missing_ok=True)


def _pipe(name: str) -> Callable[[Hostile], None]:
    def make(here: Hostile) -> None:
        path = here.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    return make


BESIDE: dict[str, Callable[[Hostile], None]] = {
    "filters that the branch brings": _configured(("filter.x.clean", RUN), ("filter.x.smudge", RUN), ("filter.x.process", RUN)),
    "drivers that the branch brings": _configured(("diff.x.textconv", RUN), ("diff.x.command", RUN), ("diff.external", RUN), ("merge.x.driver", RUN)),
    "a monitor that the branch brings": _configured(("core.fsmonitor", RUN), ("core.untrackedCache", "true")),
    "hooks that the branch brings": _configured(("core.hooksPath", ".githooks")),
    "an included configuration": _configured(("include.path", "../.gitconfig")),
    "submodules that are followed": _configured(("submodule.recurse", "true"), ("push.recurseSubmodules", "on-demand")),
    "a broken ref": _written("refs/heads/gitops-mcp/broken", "no id\n"),
    "a ref to nothing": _written("refs/heads/gitops-mcp/nothing", "3" * 40 + "\n"),
    "a ref that names itself": _written("refs/heads/gitops-mcp/self", "ref: refs/heads/gitops-mcp/self\n"),
    "a HEAD of nothing": _written("HEAD", "ref: refs/heads/none\n"),
    "broken packed refs": _written("packed-refs", "# pack-refs with: peeled\nno ref\n"),
    "a broken index": _written("index", b"DIRC\0\0\0\2no index"),
    "a graft": _written("info/grafts", "1" * 40 + "\n"),
    "alternates": _written("objects/info/alternates", "/dev/zero\n/nowhere\n../objects\n"),
    "a broken commit graph": _written("objects/info/commit-graph", b"CGPH\1\1\0\0no graph"),
    "a broken shallow file": _written("shallow", "no id\n"),
    "what was seen is not JSON": _written("gitops-mcp-seen.json", "[" * 100_000),
    "what was seen is a pipe": _pipe("here/.git/gitops-mcp-seen.json"),
    "a note that is none": _written("gitops-mcp-secrets/x.json", '{"made": {}, "change": []}'),
    "a note that is a pipe": _pipe("here/.git/gitops-mcp-secrets/x.json"),
    "what the dead left": _written("gitops-mcp/1-dead/refs", "../../../outside\nrefs/heads/main\n*\n"),
    "a kept checkout that is none": _written("gitops-mcp/base/index", "no index"),
    "a replacement": _replaced,
    "an object that is lost": _object_lost,
    "attributes that are a pipe": _pipe("here/.gitattributes"),
}  # fmt: skip
GIT = WriteRequest("scale_postgres_cluster", None, change="mine")


def asked(app: App) -> list[Callable[[], object]]:
    """Reading and writing tools, as their workflows."""
    role = roles.WhichRole("db", "reader", None)
    create = WriteRequest("create_postgres_role", None, change="mine")
    return [
        lambda: page_of_changes(app, state="all", limit=9, cursor=None),
        lambda: change_detail(app, "mine", detailed=True),
        lambda: clusters.scale_cluster(app, GIT, "db", namespace="shop", instances=5),
        lambda: roles.create_role(app, create, role, {}, password_source="none", adopt=False),
        lambda: clusters.scale_cluster(
            app, WriteRequest("scale_postgres_cluster", None), "db", namespace="shop", instances=4
        ),
        lambda: change_detail(app, "mine", detailed=False),
        lambda: discard_branch(app, "mine", confirmed=True, dry_run=False),
    ]


def refusal(here: Hostile, step: int) -> str:
    """One of our errors; anything else is a crash, and passes."""
    try:
        asked(App.open(Flags(repo=here.root)))[step]()
    except GitOpsError as error:
        return str(error)
    return ""


def made(folder: Path, in_base: list[str], in_branch: list[str], beside: list[str]) -> tuple[Hostile, str]:
    here = Hostile(folder)
    here.root.mkdir()
    here.git("init", "--quiet", "--initial-branch=main")
    base: Tree = {b"clusters/db.yaml": _file(CLUSTER)}
    for name in in_base:
        base |= IN_TREES[name]
    start = here.commit("main", base, None)
    branch: Tree = {b"tools/run.sh": ("100755", executed(folder)), b"x.yaml": _file(CLUSTER.replace("db", "x"))}
    for name in in_branch:
        branch |= IN_TREES[name]
    here.commit("gitops-mcp/mine", branch, start)
    for name in beside:
        BESIDE[name](here)
    hook = here.git_folder / "hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nif test -e {RUN}; then {RUN}; fi\nif test -e Makefile; then make -s; fi\n")
    hook.chmod(0o755)
    return here, start


def some_of(names: dict[str, object]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(names)), max_size=4, unique=True)


@settings(max_examples=examples(20), deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    in_base=some_of(
        {name: tree for name, tree in IN_TREES.items() if name not in {"configurations of tools", "hooks in the tree"}}
    ),
    in_branch=some_of({**IN_TREES}),
    beside=some_of({**BESIDE}),
)
def test_a_hostile_repository_is_read_and_written_without_harm(
    in_base: list[str], in_branch: list[str], beside: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here, start = made(Path(folder), in_base, in_branch, beside)
        for step in range(7):
            before = os.times()
            began = time.monotonic()
            assert "\x1b" not in refusal(here, step)
            spent = sum(os.times()[:4]) - sum(before[:4])
            assert spent < CPU_SECONDS, f"step {step} took {spent:.1f} s of CPU"
            assert time.monotonic() - began < WALL_SECONDS
        assert not (Path(folder) / "executed").exists()
        assert not (Path(folder) / "outside").exists()
        listed = subprocess.run(
            ["git", "--no-replace-objects", "cat-file", "-p", f"{start}^{{tree}}"],
            cwd=here.root,
            capture_output=True,
            check=False,
        )
        if not {"broken packed refs", "alternates"}.intersection(beside):
            assert (listed.returncode, here.git("rev-parse", "refs/heads/main")) == (0, start)


@pytest.mark.thorough
def test_each_of_them_alone_hinders_no_write_that_it_has_no_part_in() -> None:
    """A commit holds all that its parent has, whatever lies beside it."""
    lost: list[tuple[str, list[str]]] = []
    for name in sorted({**IN_TREES}):
        with tempfile.TemporaryDirectory() as folder:
            here, _ = made(Path(folder), [], [name], [])
            tip = here.git("rev-parse", "gitops-mcp/mine")
            said = refusal(here, 2)
            now = here.git("rev-parse", "gitops-mcp/mine")
            changed = here.git("diff", "--raw", "--no-renames", "-z", tip, now).split("\0")[1::2]
            is_whole = now == tip if said else here.git("rev-parse", f"{now}^") == tip
            if changed != ([] if said else ["clusters/db.yaml"]) or not is_whole:
                lost.append((name, changed))
            assert not (Path(folder) / "executed").exists()
    assert lost == []


def test_a_commit_is_built_on_what_its_parent_is_and_not_on_its_replacement() -> None:
    with tempfile.TemporaryDirectory() as folder:
        here, start = made(Path(folder), ["many files"], [], ["a replacement"])
        request = WriteRequest("scale_postgres_cluster", None, change="new")
        done = clusters.scale_cluster(App.open(Flags(repo=here.root)), request, "db", namespace="shop", instances=5)
        changed = here.git("--no-replace-objects", "diff", "--name-only", "--no-renames", start, str(done.commit))
        assert changed == "clusters/db.yaml"
