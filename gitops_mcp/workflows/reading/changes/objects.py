"""The objects that a change touches, those of other API groups too: Secrets, Namespaces, ObjectStores and their like.

A build gives objects of CNPG alone, so the files of the change are built once more with the group of theirs written as
CNPG's, as `build_with_makers` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, SEALED_SECRET
from gitops_mcp.domain.objects import CNPG_GROUP, Identity, Object
from gitops_mcp.domain.plans.passwords.built_secrets import build_with_makers
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.spans import Span
from gitops_mcp.workflows.view import read_texts

_VERSION = re.compile(r"^apiVersion: *[\"']?(?:(?P<group>[\w.-]+)/)?(?P<version>v\w+)[\"']? *$", re.MULTILINE)
_KIND = re.compile(r"^kind: *[\"']?(?P<kind>\w+)", re.MULTILINE)
_NOT_APPLIED = re.compile(r"(kustomize\.config\.k8s\.io|.*\.?fluxcd\.io|.*\.fluxcd\.controlplane\.io|argoproj\.io)$")
_BETWEEN = re.compile(r"(^---.*$)", re.MULTILINE)
_BUILT = frozenset({CNPG_GROUP, EXTERNAL_SECRET.group, SEALED_SECRET.group})
"""Groups whose objects a build gives already."""


def other_paths(ground: Ground, start: str, tip: str) -> tuple[str, ...]:
    """The manifests that a change touches and that hold such an object, before or after."""
    repository = ground.repository
    changed = [path for path in repository.changed_files(start, tip) if path.endswith((".yaml", ".yml"))]
    makers = repository.snapshot(start).secrets | repository.snapshot(tip).secrets
    texts = [read_texts(ground, commit, changed) for commit in (start, tip)] if changed else []
    return tuple(
        path
        for path in changed
        if path in makers or any(as_cnpg(one[path]) != one[path] for one in texts if path in one)
    )


def desired_with_others(
    app: App, ground: Ground, environment: Environment, commit: str, paths: Sequence[str]
) -> Desired:
    """What is declared at a commit, with the objects of other groups in these files."""
    desired = app.desired(ground, environment.path, commit)
    texts = read_texts(ground, commit, paths) if paths else {}
    if not texts:
        return desired
    known = replace(desired, texts={**texts, **desired.texts})
    changed = [FileChange(path, text, made) for path, text in texts.items() if (made := as_cnpg(text)) != text]
    return build_with_makers(desired_after(known, changed) if changed else known)


@dataclass(frozen=True)
class Touched:
    """One object of a change, and where Git declares it: on the base, in the change, or before it."""

    change: ObjectChange
    declared: Declaration | None
    in_git: Object | None
    """As the base declares it now, where the change is merged."""
    engines: tuple[EngineObject, ...] = ()
    """All that the repository declares."""


def touched_objects(apis: ApisOnce, ground: Ground, environment: Environment, span: Span) -> Iterator[Touched]:
    if span.start is None:
        return
    paths = other_paths(ground, span.start, span.tip)
    states = (span.start, span.tip, ground.base.commit)
    before, after, base = (desired_with_others(apis.app, ground, environment, one, paths) for one in states)
    merged = span.state == "merged"
    old, new, now = (_by_identity(one) for one in (before, after, base))
    for one in changed_objects(before, after):
        whom = one.identity
        declared = (now.get(whom) if merged else None) or new.get(whom) or old.get(whom)
        in_git = now[whom].object if merged and whom in now else None
        yield Touched(one, declared, in_git, base.engines)


def _by_identity(desired: Desired) -> dict[Identity, Declaration]:
    return {one.identity: one for one in desired.declarations}


def as_cnpg(text: str) -> str:
    """A manifest with the groups of its other objects written as CNPG's."""
    return "".join(_document_as_cnpg(part) for part in _BETWEEN.split(text))


def _document_as_cnpg(text: str) -> str:
    version, kind = _VERSION.search(text), _KIND.search(text)
    if version is None or kind is None or kind["kind"] in {"List", "Kustomization", "Component"}:
        return text
    group = version["group"] or ""
    if group in _BUILT or _NOT_APPLIED.match(group):
        return text
    return f"{text[: version.start()]}apiVersion: {CNPG_GROUP}/v1{text[version.end() :]}"
