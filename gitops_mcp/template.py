"""`repo_template/`: the files of a GitOps repository to start from, by what was chosen.

`_PARTS` is the one table of which files come with which choice. A text is a whole file, in which three things are
understood, and nothing else:

- `__name__` is a value; `__environment__` in a path gives one file for each environment, elsewhere one line for each;
- a line that ends in `#!a,b` is there only with choice `a` or `b`, without that mark;
- what is between is as it stands, so that each file is one that its own tools can read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from gitops_mcp.domain.remote_url import engine_url

StarterEngine = Literal["argocd", "flux"]
Secrets = Literal["external-secrets", "sealed-secrets", "sops", "cluster"]
Forge = Literal["github", "gitlab", "gitea"]
ENGINES, SECRETS, FORGES = get_args(StarterEngine), get_args(Secrets), get_args(Forge)

NO_REMOTE = "https://git.example.com/CHANGE-ME/postgres.git"
"""The address in the place of one that nobody has told."""

_ENVIRONMENT = "__environment__"
_PLACEHOLDER = re.compile(r"__([a-z]+)__")
_MARK = re.compile(r"(?<! ) *#!([a-z,-]+)$")
_PARTS = (
    # With which choice, what of the template, and where it goes.
    ("", "starter", ""),
    ("", "manifests", "base"),
    ("argocd", "argocd", ""),
    ("flux", "flux", ""),
    ("external-secrets", "external-secrets", ""),
    ("sops", "sops", ""),
    ("github", "github", ""),
    ("github", "review/CODEOWNERS", ".github/CODEOWNERS"),
    ("github", "review/pull-request.md", ".github/pull_request_template.md"),
    ("gitlab", "gitlab", ""),
    ("gitlab", "review/CODEOWNERS", ".gitlab/CODEOWNERS"),
    ("gitlab", "review/pull-request.md", ".gitlab/merge_request_templates/Default.md"),
    ("gitea", "gitea", ""),
    ("gitea", "review/pull-request.md", ".gitea/pull_request_template.md"),
)
_PLAIN = (("", "plain", ""), ("", "manifests", "clusters/prod"))
"""What a sandbox starts from: one environment without overlays, for whichever engine."""


@dataclass(frozen=True)
class Choices:
    engine: StarterEngine
    environments: tuple[str, ...]
    secrets: Secrets
    forge: Forge
    remote: str = NO_REMOTE

    @property
    def words(self) -> frozenset[str]:
        return frozenset({self.engine, self.secrets, self.forge, self._login})

    @property
    def _login(self) -> str:
        """How an engine logs in to the remote, with its own name."""
        return f"{self.engine}-{'ssh' if engine_url(self.remote).startswith('ssh:') else 'https'}"

    @property
    def values(self) -> dict[str, str]:
        return {
            "engine": {"argocd": "Argo CD", "flux": "Flux"}[self.engine],
            "forge": self.forge,
            "remote": engine_url(self.remote),
            "secrets": self.secrets,
            # What writes passwords to the API itself is refused where an environment is protected.
            "protected": "false" if self.secrets == "cluster" else "true",
        }


def starter_files(choices: Choices) -> dict[str, bytes]:
    """Every file of a new repository, by its path."""
    found: dict[str, bytes] = {}
    for path, text in _parts(_PARTS, choices.words):
        for environment in choices.environments if _ENVIRONMENT in path else ("",):
            own = {"environment": environment} if environment else {}
            filled = "".join(_filled_lines(text, choices, own))
            found[path.replace(_ENVIRONMENT, environment)] = filled.encode()
    return dict(sorted(found.items()))


def plain_files() -> dict[str, bytes]:
    """What the sandbox's own remote starts from."""
    return {path: text.encode() for path, text in _parts(_PLAIN, frozenset(ENGINES))}


def template_folder() -> Path:
    return shipped_folder("repo_template")


def shipped_folder(name: str) -> Path:
    """Inside the installed package, else beside it in a source checkout."""
    installed = Path(__file__).parent / name
    return installed if installed.is_dir() else Path(__file__).parents[1] / name


def _parts(table: tuple[tuple[str, str, str], ...], words: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(path, text with the lines that are chosen) of each file."""
    root = template_folder()
    for word, name, place in table:
        if word and word not in words:
            continue
        part = root / name
        for file in [part] if part.is_file() else sorted(one for one in part.rglob("*") if one.is_file()):
            path = place if file == part else (Path(place) / file.relative_to(part)).as_posix()
            yield path, "".join(_chosen_lines(file.read_text(), words))


def _chosen_lines(text: str, words: frozenset[str]) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        mark = _MARK.search(line.rstrip("\n"))
        if mark is None:
            yield line
        elif words & set(mark[1].split(",")):
            yield f"{line[: mark.start()]}\n"


def _filled_lines(text: str, choices: Choices, own: Mapping[str, str]) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        each = choices.environments if not own and _ENVIRONMENT in line else (own.get("environment", ""),)
        for environment in each:
            values = {**choices.values, "environment": environment}
            yield _PLACEHOLDER.sub(lambda found, values=values: values[found[1]], line)  # type: ignore[misc]
