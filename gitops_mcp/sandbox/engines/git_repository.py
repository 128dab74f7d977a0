"""`status` of a GitRepository: the newest commit of its branch, or why it cannot be had."""

from __future__ import annotations

import hashlib

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.api import ApiError
from gitops_mcp.sandbox.engines.conditions import condition, condition_of, handled
from gitops_mcp.sandbox.engines.operation import now
from gitops_mcp.sandbox.engines.source import Unfetchable, newest_commit
from gitops_mcp.sandbox.remote import SandboxRemote

_SERVER = "http://source-controller.flux-system.svc.cluster.local."


def source_status(repository: Object, remote: SandboxRemote, secret: ApiError | None) -> Object:
    """`secret` is why the Secret that it names cannot be read."""
    spec, before = repository["spec"], repository.get("status", {})
    generation = repository["metadata"]["generation"]
    if spec.get("suspend"):
        if not before:
            return {}
        ready = condition_of(repository, "Ready")
        rest = [one for one in before["conditions"] if one["type"] != "Ready"]
        seen = [{**ready, "observedGeneration": generation}] if ready else []
        return {**before, "conditions": [*seen, *rest], "observedGeneration": generation}
    branch = at(spec, "ref", "branch") or "master"
    if spec.get("provider") == "github" and secret is None and "secretRef" not in spec:
        why = "secretRef with github app data must be specified when provider is set to github"
        return _failed(repository, "InvalidProviderConfiguration", why, stalled=True)
    if secret is not None:
        place = f"'{repository['metadata']['namespace']}/{spec['secretRef']['name']}'"
        why = f"failed to get secret {place}: failed to get secret {place}: {secret.message}"
        return _failed(repository, "AuthenticationFailed", why)
    try:
        commit = newest_commit(remote, spec["url"], branch)
    except Unfetchable as error:
        return _failed(repository, "GitOperationFailed", f"failed to checkout and determine revision: {_words(error)}")
    return _stored(repository, remote, f"{branch}@sha1:{commit}", commit)


def _words(error: Unfetchable) -> str:
    if not error.said:
        return f"unable to clone '{error.url}': couldn't find remote ref \"refs/heads/{error.branch}\""
    return f"unable to list remote for '{error.url}': {error.said}"


def _stored(repository: Object, remote: SandboxRemote, revision: str, commit: str) -> Object:
    message = f"stored artifact for revision '{revision}'"
    known = at(repository, "status", "artifact")
    artifact = known if at(known, "revision") == revision else _artifact(repository, remote, revision, commit)
    return {
        "artifact": artifact,
        "conditions": [
            condition(kind, "True", "Succeeded", message, repository) for kind in ("Ready", "ArtifactInStorage")
        ],
        **handled(repository),
        "observedGeneration": repository["metadata"]["generation"],
    }


def _artifact(repository: Object, remote: SandboxRemote, revision: str, commit: str) -> Object:
    metadata, files = repository["metadata"], remote.files(commit)
    content = b"".join(name.encode() + files[name] for name in sorted(files))
    path = f"gitrepository/{metadata['namespace']}/{metadata['name']}/{commit}.tar.gz"
    return {
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "lastUpdateTime": now(),
        "path": path,
        "revision": revision,
        "size": len(content),
        "url": f"{_SERVER}/{path}",
    }


def _failed(repository: Object, reason: str, why: str, *, stalled: bool = False) -> Object:
    """What was fetched before stays, and is applied on."""
    before = repository.get("status", {})
    seen, generation = before.get("observedGeneration", -1), repository["metadata"]["generation"]
    told = condition_of(repository, "Reconciling")
    moved = f"processing object: new generation {seen} -> {generation}"
    doing = moved if seen != generation else told["message"] if told else "reconciliation in progress"
    stored = condition_of(repository, "ArtifactInStorage")
    first = (
        condition("Stalled", "True", reason, why, repository)
        if stalled
        else condition("Reconciling", "True", "ProgressingWithRetry", doing, repository)
    )
    return {
        **({"artifact": before["artifact"]} if "artifact" in before else {}),
        "conditions": [
            first,
            condition("Ready", "False", reason, why, repository),
            condition("FetchFailed", "True", reason, why, repository),
            *([stored] if stored else []),
        ],
        **handled(repository),
        "observedGeneration": generation if stalled else seen,
    }
