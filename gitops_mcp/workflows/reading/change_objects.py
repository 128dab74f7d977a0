"""The objects of other API groups that a change touches: Secrets, Namespaces, ObjectStores, and what makes Secrets.

A build gives objects of CNPG alone, so the files of the change are built once more with the group of theirs written as
CNPG's, as `build_with_makers` does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, SEALED_SECRET
from gitops_mcp.domain.objects import CNPG_GROUP
from gitops_mcp.domain.plans.passwords.built_secrets import build_with_makers
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import FileChange
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
