"""A repository that has manifests: what the server sees there, and the two files that tell it and a client the rest.

Nothing is guessed into a file that the model does not show: an environment is a folder with Clusters, by the name that
a part of its path has.
"""

from __future__ import annotations

import argparse
import difflib
import posixpath
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_mcp import config
from gitops_mcp.adapters.git.new_repository import Folder
from gitops_mcp.adapters.kube_start import kube_start
from gitops_mcp.app import App, Ground
from gitops_mcp.caller import Nobody
from gitops_mcp.config.rules import ENVIRONMENT
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.yaml.render import scalar
from gitops_mcp.errors import InvalidRequest, Refused
from gitops_mcp.init.files import write_all
from gitops_mcp.template import template_folder

_CLIENT = ".mcp.json"
_STAGES = ("dev", "development", "test", "testing", "qa", "uat", "staging", "stage", "preprod", "prod", "production")
_LIVE = frozenset({"live", "prod", "production"})
_HOLDERS = frozenset({"clusters", "environments", "envs", "overlays", "stages"})
"""Folders whose folders are environments, whatever they are called."""
_SHARED = frozenset({"base", "bases", "common", "components", "shared"})
_OPTIONS = ("engine", "environments", "secrets", "forge", "remote", "commit")
_SIGNS = {"external-secrets": "kind: ExternalSecret", "sealed-secrets": "kind: SealedSecret", "sops": "creation_rules:"}
"""A line by which each provider of passwords is known."""


@dataclass(frozen=True)
class Seen:
    """What there is, as far as the files that are proposed depend on it."""

    base: str
    commit: str
    clusters: int
    engines: tuple[str, ...]
    environments: dict[str, str]
    """Folders by name; empty: the repository is one environment."""
    secrets: tuple[str, ...]


def propose(folder: Folder, given: argparse.Namespace) -> int:
    for option in _OPTIONS:
        if getattr(given, option):
            raise InvalidRequest(
                f"--{option}: {folder.path} has manifests already, so only {config.FILE} and {_CLIENT} are proposed, "
                f"by what is there: leave it out"
            )
    seen = look_at(folder.path)
    _say(_sentence(seen))
    wanted = {config.FILE: configuration_text(seen), _CLIENT: (template_folder() / "plain" / _CLIENT).read_text()}
    files = {path: text for path, text in wanted.items() if not (folder.path / path).exists()}
    for path in wanted.keys() - files.keys():
        _say(f"{path} is there and stays as it is.")
    if not files:
        return 0
    sys.stdout.write("".join(_as_diff(files)))
    sys.stdout.flush()
    if not given.yes and not _is_wanted(files):
        return 1
    write_all(folder.path, {path: text.encode() for path, text in files.items()})
    _say(f"wrote {' and '.join(files)}. {config.FILE} counts once it is merged into {seen.base}.")
    return 0


def look_at(path: Path) -> Seen:
    """By the model that the server answers from, at the base."""
    flags = config.read_flags({"repo": str(path)}, {})
    opened = App(flags, replace(kube_start(), service_account=None))
    with opened.called(Nobody()) as app:
        ground = app.ground(fetch=False)
        whole = app.desired(ground, "", ground.base.commit)
        return Seen(
            base=ground.base.branch,
            commit=ground.base.commit,
            clusters=len(whole.clusters),
            engines=tuple(sorted({one.engine for one in whole.engines})),
            environments=dict(_environments(app, ground, whole)),
            secrets=tuple(_secrets(ground)),
        )


def _environments(app: App, ground: Ground, whole: Desired) -> Iterator[tuple[str, str]]:
    """Of the folders with a name's, the one in which most Clusters are; the one nearest to the root of several.

    None where that leaves Clusters out: a part of the repository is no environment of it.
    """
    chosen: dict[str, str] = {}
    covered: set[Identity] = set()
    for name, folders in _named_folders({*whole.texts, *(one.path for one in whole.declarations)}).items():
        found = {one: app.desired(ground, one, ground.base.commit).clusters for one in folders}
        best = min(found, key=lambda one: (-len(found[one]), one.count("/"), one))
        if found[best]:
            chosen[name] = best
            covered |= {one.identity for one in found[best]}
    if covered >= {one.identity for one in whole.clusters}:
        ranks = {name: rank for rank, name in enumerate(_STAGES)}
        yield from sorted(chosen.items(), key=lambda one: (ranks.get(one[0], len(ranks)), one[0]))


def _named_folders(paths: Iterable[str]) -> dict[str, set[str]]:
    """The folders that are called after a stage, or stand beside one that is, by name."""
    folders = {
        "/".join(parts[:depth]) for path in paths for parts in (path.split("/"),) for depth in range(1, len(parts))
    }
    parents = {posixpath.dirname(one) for one in folders if posixpath.basename(one) in _STAGES}
    parents |= {one for one in folders if posixpath.basename(one) in _HOLDERS}
    found: dict[str, set[str]] = {}
    for one in folders:
        name = posixpath.basename(one)
        if posixpath.dirname(one) in parents and name not in _SHARED and re.fullmatch(ENVIRONMENT, name):
            found.setdefault(name, set()).add(one)
    return found


def _secrets(ground: Ground) -> Iterator[str]:
    for name, sign in _SIGNS.items():
        found = ground.repository.mentioning(ground.base.commit, {sign})
        if any(sign in text.splitlines() for text in found.values()):
            yield name


def configuration_text(seen: Seen) -> str:
    lines = [
        "# What gitops-mcp may do here. `gitops-mcp schema` prints every key; what is left out keeps its default.",
        f"base: {scalar(seen.base)}",
    ]
    if seen.environments:
        lines += ["", "# `context: NAME` names the Kubernetes context of each; else it is the one current at start."]
        lines += ["environments:"]
    for name, path in seen.environments.items():
        protected = ", protected: true" if name in _LIVE else ""
        lines.append(f"  {scalar(name, key=True)}: {{path: {scalar(path, inside=True)}{protected}}}")
    if len(seen.secrets) == 1:
        lines += [
            "",
            "# What the repository makes Secrets with already.",
            "passwords:",
            f"  provider: {seen.secrets[0]}",
        ]
    return "".join(f"{line}\n" for line in lines)


def _sentence(seen: Seen) -> str:
    names = {"argocd": "Argo CD", "flux": "Flux"}
    engines = " and ".join(names[one] for one in seen.engines) or "no object of Argo CD or Flux"
    places = ", ".join(f"{name} in {path}" for name, path in seen.environments.items()) or "one, the whole repository"
    secrets = ", ".join(seen.secrets) or "nothing that makes Secrets"
    return (
        f"{seen.base} at {seen.commit[:8]} has {seen.clusters} "
        f"{'Cluster' if seen.clusters == 1 else 'Clusters'}, {engines}, {secrets}. Environments: {places}."
    )


def _as_diff(files: dict[str, str]) -> Iterable[str]:
    for path, text in files.items():
        yield from difflib.unified_diff([], text.splitlines(keepends=True), "/dev/null", f"b/{path}")


def _is_wanted(files: dict[str, str]) -> bool:
    if not sys.stdin.isatty():
        raise Refused("nothing was written: there is no terminal to ask on; say --yes to write them")
    sys.stderr.write(f"Write {' and '.join(files)}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _say(text: str) -> None:
    sys.stderr.write(f"gitops-mcp init: {text}\n")
