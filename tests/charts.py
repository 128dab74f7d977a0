"""Charts in tests: what renders them, and a repository that holds one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from gitops_mcp.adapters.helm import Helm
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired

REMOTE = "https://git.example.com/platform/fleet.git"


@cache
def helm() -> Helm:
    """The library, whose words do not hang on what is on PATH; one for a whole run, since it starts one process."""
    return Helm(binary=None)


needs_helm = pytest.mark.skipif(helm().missing is not None, reason="helm-python-sdk has no wheel for this machine")


def marks_of_layout(folder: Path) -> list[pytest.MarkDecorator]:
    """Of a folder of tests/layouts."""
    return [needs_helm] if "\nchart: true\n" in (folder / "case.yaml").read_text() else []


def chart(name: str = "databases", *dependencies: str) -> str:
    listed = "".join(f"  - {one}\n" for one in dependencies)
    return f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n" + (f"dependencies:\n{listed}" if listed else "")


def application(helm_source: str = "", *, name: str = "databases", path: str = "chart", namespace: str = "shop") -> str:
    source = "".join(f"    {line}\n" for line in dedent(helm_source).strip().splitlines())
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n"
        f"  destination: {{namespace: {namespace}}}\n  source:\n    repoURL: {REMOTE}\n    targetRevision: main\n"
        f"    path: {path}\n{source}"
    )


def release(more: str = "", *, name: str = "databases", path: str = "./chart", namespace: str = "shop") -> str:
    """A HelmRelease with its source; `more` stands in its spec."""
    said = "".join(f"  {line}\n" for line in dedent(more).strip("\n").splitlines())
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: fleet, namespace: flux-system}\n"
        f"spec: {{url: {REMOTE}, ref: {{branch: main}}}}\n---\n"
        f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec:\n  chart:\n    spec:\n      chart: {path}\n      sourceRef: {{kind: GitRepository, name: fleet, "
        f"namespace: flux-system}}\n{said}"
    )


def desired_of(files: Mapping[str, str], charts: Charts | None = None) -> Desired:
    """What the files make in an environment that is all of the repository."""
    texts = {path: dedent(text).lstrip("\n") for path, text in files.items()}
    return build_desired(
        texts, commit="c", folder="", remotes=(REMOTE,), revision="main", charts=charts or Charts(helm())
    )
