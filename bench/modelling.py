"""The model of a repository of 10,000 YAML files, 200 kustomizations and 300 documents of CNPG."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from gitrepo import git, streamed
from measure import Ratio, median, timed

from gitops_mcp.adapters.git.call import Calls
from gitops_mcp.adapters.git.contents.files import Files
from gitops_mcp.adapters.git.contents.snapshot import Snapshot, Snapshots
from gitops_mcp.adapters.git.runner import Runner
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired

FILES, FOLDERS, CLUSTERS = 10_000, 198, 300
TIMES = 7
DATABASES = CLUSTERS // 2
"""Clusters that no base makes."""

_CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db-{number}
spec:
  instances: 3
  storage:
    size: 10Gi
"""
_PATCH = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db-{number}
spec:
  instances: 5
"""


def measured() -> Iterator[Ratio | str]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        checkout = streamed(Path(folder), files())
        tip = git(checkout, "rev-parse", "origin/main")
        firsts, greps = [], []
        for _ in range(TIMES):
            firsts.append(timed(lambda: _Models(checkout).at(tip)))
            greps.append(timed(lambda: _grep_and_parse(checkout, tip)))
        yield Ratio("first model against git grep and a parse of what matched", median(firsts), median(greps), 3.0)
        models = _Models(checkout)
        assert len(models.at(tip).clusters) == CLUSTERS
        again = timed(lambda: models.at(tip))
        yield f"the same commit again: {again.wall * 1000:.2f} ms"
        later, listings = [], []
        for number in range(TIMES):
            tip = _touched(checkout, tip, number)
            commit = tip
            later.append(timed(lambda: models.at(commit)))  # noqa: B023 - called at once
            listings.append(timed(lambda: git(checkout, "ls-tree", "-r", commit)))  # noqa: B023 - called at once
        yield Ratio("model after a commit to 5 files against git ls-tree -r", median(later), median(listings), 3.0)
        yield _memory(checkout, tip)


class _Models:
    def __init__(self, checkout: Path) -> None:
        self._snapshots = Snapshots(Files(Calls(Runner(checkout))))
        self._last: tuple[Snapshot, Desired] | None = None

    def at(self, commit: str) -> Desired:
        snapshot = self._snapshots.at(commit)
        if self._last and self._last[0] is snapshot:
            return self._last[1]
        known = self._last[1] if self._last else None
        made = build_desired(snapshot.texts, commit=commit, folder="", others=snapshot.others, known=known)
        self._last = (snapshot, made)
        return made


def database(number: int, instances: int) -> tuple[str, str]:
    """The file of one of the clusters that no base makes, with so many instances."""
    text = _CLUSTER.format(number=number + 1000).replace("instances: 3", f"instances: {instances}")
    return f"clusters/prod/team-{number % 99:03}/plain-{number}.yaml", text


def files() -> Iterator[tuple[str, str]]:
    """Half of the clusters in bases with overlays, the others beside them; the rest are other manifests."""
    made = 0
    for number in range(DATABASES):
        base = f"apps/base-{number % 99:03}"
        yield f"{base}/db-{number}.yaml", _CLUSTER.format(number=number)
        yield f"clusters/prod/team-{number % 99:03}/patch-{number}.yaml", _PATCH.format(number=number)
        yield f"clusters/prod/team-{number % 99:03}/plain-{number}.yaml", _CLUSTER.format(number=number + 1000)
        made += 3
    for number in range(99):
        own = [one for one in range(DATABASES) if one % 99 == number]
        resources = "".join(f"  - db-{one}.yaml\n" for one in own)
        yield f"apps/base-{number:03}/kustomization.yaml", f"resources:\n{resources}"
        plain = "".join(f"  - plain-{one}.yaml\n" for one in own)
        patches = "".join(f"  - path: patch-{one}.yaml\n" for one in own)
        head = f"namespace: team-{number:03}\nresources:\n  - ../../../apps/base-{number:03}\n{plain}"
        yield f"clusters/prod/team-{number:03}/kustomization.yaml", f"{head}patches:\n{patches}"
        made += 2
    for number in range(FILES - made):
        text = f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}\nspec:\n  replicas: 2\n"
        yield f"other/part-{number // 100:03}/app-{number}.yaml", text


def _touched(checkout: Path, tip: str, number: int) -> str:
    """A commit on `tip` that changes five files, three of them manifests of clusters."""
    stream = [
        f"commit refs/heads/bench-{number}\ncommitter B <b@example.com> 1700000000 +0000\ndata 1\nx\nfrom {tip}\n"
    ]
    texts = {
        f"clusters/prod/team-{one:03}/plain-{one}.yaml": _CLUSTER.format(number=one + 1000).replace(
            "3", f"{number + 4}"
        )
        for one in range(3)
    }
    texts |= {f"other/part-000/app-{one}.yaml": f"kind: Changed\nmetadata: {{name: x{number}}}\n" for one in range(2)}
    for path, text in texts.items():
        stream.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")
    git(checkout, "fast-import", "--quiet", given="".join(stream).encode())
    return git(checkout, "rev-parse", f"bench-{number}")


def _grep_and_parse(checkout: Path, tip: str) -> None:
    names = git(checkout, "grep", "-lF", "postgresql.cnpg.io/", tip, "--", "*.yaml").splitlines()
    git(checkout, "cat-file", "--batch", given="\n".join(names).encode())
    for name in names:
        path = name.partition(":")[2]
        yaml.load(_text(path), Loader=yaml.CSafeLoader)


_TEXTS: dict[str, str] = {}


def _text(path: str) -> str:
    if not _TEXTS:
        _TEXTS.update(files())
    return _TEXTS[path]


def _memory(checkout: Path, tip: str) -> str:
    """Resident memory that the model adds to a process that has everything loaded (Linux, proc(5))."""
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import modelling;"
        "pages = lambda: int(Path('/proc/self/statm').read_text().split()[1]);"
        "before = pages(); kept = modelling._Models(Path(sys.argv[2])).at(sys.argv[3]);"
        "print(pages() - before, sum(map(len, kept.texts.values())))"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(checkout), tip]
    added, matched = map(int, subprocess.run(command, capture_output=True, check=True).stdout.split())
    megabytes, most = added * os.sysconf("SC_PAGE_SIZE") / 2**20, 30 + 1.5 * matched / 2**20
    verdict = "holds" if megabytes <= most else "MISSED"
    return f"memory of the model: {megabytes:.1f} MB, at most {most:.1f}: {verdict}"
