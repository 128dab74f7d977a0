"""Argo CD's source hydrator: what a dry branch comes to is committed to another branch, and that one is synced.

Each commit of the dry branch makes one there. With `hydrateTo` it goes to a branch beside the synced one, and somebody
else brings it from there. Left out: the notes of `refs/notes/hydrator.metadata`.
"""

from __future__ import annotations

import json
import posixpath
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.yaml.text import render_manifest
from gitops_mcp.errors import GitOpsError
from gitops_mcp.sandbox.engines.operation import now
from gitops_mcp.sandbox.engines.source import Unfetchable, newest_commit
from gitops_mcp.sandbox.remote import SandboxRemote, git

METADATA = "hydrator.metadata"
Render = Callable[[Mapping[str, bytes], str], tuple[Object, ...]]
_REFERENCE = re.compile(r"(?m)^Argocd-reference-commit-[a-z]+: .*$")
_FAILED = (
    'Failed to hydrate: failed to get manifests: failed to get repo objects for app "{name}": failed to get repo '
    "objects: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = `kustomize build <path "
    "to cached source>/{path}` failed exit status 1: Error: {error}"
)
_README = "# Manifest Hydration\n\nRendered from {path} of {url} at {commit}. Change it there.\n"


class _Dry(NamedTuple):
    """One commit of the dry branch."""

    id: str
    author: str
    date: str
    subject: str
    body: str


def synced_spec(spec: Object) -> Object:
    """The same with the branch that is synced as its source."""
    hydrator = spec.get("sourceHydrator")
    if not hydrator:
        return spec
    synced = hydrator["syncSource"]
    source = {
        "repoURL": hydrator["drySource"]["repoURL"],
        "path": synced["path"],
        "targetRevision": synced["targetBranch"],
    }
    return {**{key: value for key, value in spec.items() if key != "sourceHydrator"}, "source": source}


def staged_branch(hydrator: Object) -> str:
    """Where it commits to."""
    return str(at(hydrator, "hydrateTo", "targetBranch") or hydrator["syncSource"]["targetBranch"])


def hydrate(remote: SandboxRemote, application: Object, before: Object | None, render: Render) -> Object | None:
    """`status.sourceHydrator` after a look at the dry branch; None where there is no such branch."""
    hydrator, name = application["spec"]["sourceHydrator"], application["metadata"]["name"]
    dry = hydrator["drySource"]
    try:
        tip = newest_commit(remote, dry["repoURL"], dry.get("targetRevision", "HEAD"))
    except Unfetchable:
        return before
    if before and before["lastComparedDryRevision"] == tip and before["currentOperation"]["sourceHydrator"] == hydrator:
        return before
    known = at(before, "lastSuccessfulOperation")
    last = {"lastSuccessfulOperation": known} if known else {}
    working: Object = {"startedAt": now(), "sourceHydrator": hydrator}
    try:
        objects = render(remote.files(tip), dry["path"])
    except GitOpsError as error:
        told = _FAILED.format(name=f"argocd/{name}", path=dry["path"], error=error)
        working |= {"phase": "Failed", "message": told, "finishedAt": now()}
    else:
        made = {"drySHA": tip, "hydratedSHA": _commit(remote, hydrator, tip, objects)}
        working |= {**made, "phase": "Hydrated", "message": "", "finishedAt": now()}
        last = {"lastSuccessfulOperation": {**made, "sourceHydrator": hydrator}}
    return {"currentOperation": working, "lastComparedDryRevision": tip, **last}


def dry_sha(remote: SandboxRemote, branch: str) -> str | None:
    """What a branch says it was rendered from; None where it is not there."""
    found = git("show", f"refs/heads/{branch}:{METADATA}", cwd=remote.path, check=False)
    return str(json.loads(found)["drySha"]) if found else None


def _commit(remote: SandboxRemote, hydrator: Object, tip: str, objects: tuple[Object, ...]) -> str:
    dry = _read(remote, tip)
    goal, target = hydrator["syncSource"]["targetBranch"], staged_branch(hydrator)
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-") as work:
        tree = Path(work) / "tree"
        git("clone", "--quiet", "--template=", "--no-checkout", str(remote.path), str(tree))
        there = git("branch", "--remotes", "--format=%(refname:lstrip=3)", cwd=tree).decode().splitlines()
        if start := next((one for one in (target, goal) if one in there), None):
            git("checkout", "--quiet", "-B", target, f"origin/{start}", cwd=tree)
        else:
            git("switch", "--quiet", "--orphan", target, cwd=tree)
        for path, content in _files(hydrator, dry, objects).items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content)
        git("add", "--all", cwd=tree)
        references = "\n".join(_REFERENCE.findall(dry.body))
        message = "\n\n".join(filter(None, (f"{tip[:7]}: {dry.subject}", references)))
        git("commit", "--quiet", f"--message={message}", cwd=tree)
        git("push", "--quiet", "origin", f"HEAD:refs/heads/{target}", cwd=tree)
        return git("rev-parse", "HEAD", cwd=tree).decode()


def _read(remote: SandboxRemote, commit: str) -> _Dry:
    shown = git("show", "--no-patch", "--format=%H%x00%an <%ae>%x00%aI%x00%s%x00%b", commit, cwd=remote.path)
    return _Dry(*shown.decode().split("\0"))


def _files(hydrator: Object, dry: _Dry, objects: tuple[Object, ...]) -> dict[str, str]:
    source, path = hydrator["drySource"], hydrator["syncSource"]["path"]
    made = {"repoURL": source["repoURL"], "drySha": dry.id}
    about = {**made, "author": dry.author, "date": dry.date, "subject": dry.subject}
    commands = {**made, "commands": [f"kustomize build ./{source['path']}"]}
    readme = _README.format(path=source["path"], url=source["repoURL"], commit=dry.id)
    return {
        ".gitattributes": f"*/**/README.md linguist-generated=true\n*/**/{METADATA} linguist-generated=true\n",
        METADATA: f"{json.dumps(about, indent=2)}\n",
        "README.md": readme,
        posixpath.join(path, METADATA): f"{json.dumps(commands, indent=2)}\n",
        posixpath.join(path, "README.md"): readme,
        posixpath.join(path, "manifest.yaml"): "---\n".join(map(render_manifest, objects)),
    }
