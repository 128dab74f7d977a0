"""Repositories of a given number of files, made by `git fast-import`, with one Cluster in them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

CLUSTER = "clusters/prod/shop/orders-db/cluster.yaml"
_IDENTITY = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str, given: bytes = b"") -> str:
    ran = subprocess.run(
        ["git", *_IDENTITY, *arguments], cwd=folder, input=given, capture_output=True, check=True, env=_ENVIRONMENT
    )
    return ran.stdout.decode().strip()


def made(folder: Path, files: int) -> Path:
    """A repository of so many files, with one Cluster among them."""
    return streamed(folder, _files(files))


def streamed(folder: Path, files: Iterable[tuple[str, str]]) -> Path:
    """A checkout-less clone of a bare remote on disk; where it is checked out does not matter to either side."""
    remote = folder / "remote.git"
    remote.mkdir(parents=True)
    git(remote, "init", "--quiet", "--bare", "--initial-branch=main")
    git(remote, "fast-import", "--quiet", given=b"".join(_stream(files)))
    checkout = folder / "checkout"
    git(folder, "clone", "--quiet", "--no-checkout", str(remote), str(checkout))
    git(checkout, "config", "user.name", "Bench")
    git(checkout, "config", "user.email", "bench@example.com")
    return checkout


def with_files(checkout: Path, files: dict[str, str]) -> Path:
    """The same with one commit more on the remote."""
    tip = git(checkout, "rev-parse", "origin/main")
    by = "committer Bench <bench@example.com> 1700000001 +0000"
    stream = [
        f"commit refs/heads/main\n{by}\ndata 4\nMore\nfrom {tip}\n".encode(),
        *(_file(path, text) for path, text in files.items()),
    ]
    git(checkout.parent / "remote.git", "fast-import", "--quiet", given=b"".join(stream))
    git(checkout, "fetch", "--quiet", "origin")
    return checkout


def _stream(files: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter Bench <bench@example.com> 1700000000 +0000\ndata 5\nFirst\n"
    for path, text in files:
        yield _file(path, text)


def _files(count: int) -> Iterator[tuple[str, str]]:
    yield CLUSTER, _CLUSTER
    yield "clusters/prod/kustomization.yaml", "resources:\n  - shop\n"
    yield "clusters/prod/shop/kustomization.yaml", "namespace: shop\nresources:\n  - orders-db/cluster.yaml\n"
    for number in range(count - 3):
        yield (
            f"apps/team-{number // 1000:03}/app-{number // 10:05}/part-{number % 10}.yaml",
            _OTHER.format(number=number),
        )


def _file(path: str, text: str) -> bytes:
    data = text.encode()
    return f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


_CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders-db
  namespace: shop
spec:
  instances: 3 # one in each zone
  storage:
    size: 10Gi
"""
_OTHER = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  labels:
    app.kubernetes.io/name: app-{number}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{number}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{number}
    spec:
      containers:
        - name: app
          image: registry.example.com/app-{number}:1.0.{number}
          ports:
            - containerPort: 8080
"""
