"""Which object of Argo CD or Flux applies an object: by what Git builds, else by what the live objects say of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import clean_path
from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch
from gitops_mcp.domain.kinds import APPLICATION, HELM_RELEASE, KUSTOMIZATION
from gitops_mcp.domain.objects import Identity, Object, Resource, at, list_at, mapping_at, text_at

_KINDS = {"Application": APPLICATION, "ApplicationSet": APPLICATION, "HelmRelease": HELM_RELEASE}
_LABELS = {"kustomize.toolkit.fluxcd.io": KUSTOMIZATION, "helm.toolkit.fluxcd.io": HELM_RELEASE}
_TRACKING = re.compile(r"(?:(?P<space>[^_:]+)_)?(?P<name>[^:]+):[^:]*/(?P<kind>[^:/]+):(?P<of>[^:/]*)/(?P<named>[^:]+)")
_HERE = ("https://kubernetes.default.svc", "in-cluster")
"""How Argo CD calls the cluster that it runs in."""


@dataclass(frozen=True)
class EngineName:
    resource: Resource
    namespace: str | None
    """None where nothing says it."""
    name: str

    def __str__(self) -> str:
        product = "Argo CD" if self.resource == APPLICATION else "Flux"
        return f"{product} {self.resource.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


def name_in_git(applied: EngineObject | None) -> EngineName | None:
    """The live object that an engine object of the repository is, or makes."""
    if applied is None or (applied.kind == "ApplicationSet" and applied.generated is None):
        return None
    return EngineName(_KINDS.get(applied.kind, KUSTOMIZATION), applied.namespace, applied.generated or applied.name)


def name_on_live(live: Object | None) -> EngineName | None:
    """By the labels of Flux, or by the tracking id of Argo CD, unless that is a copy of another object's."""
    for group, resource in _LABELS.items():
        name, namespace = (text_at(live, "metadata", "labels", f"{group}/{key}") for key in ("name", "namespace"))
        if name and namespace:
            return EngineName(resource, namespace, name)
    found = _TRACKING.fullmatch(text_at(live, "metadata", "annotations", "argocd.argoproj.io/tracking-id") or "")
    own = (at(live, "kind"), at(live, "metadata", "namespace") or "", at(live, "metadata", "name"))
    if found and (found["kind"], found["of"], found["named"]) == own:
        return EngineName(APPLICATION, found["space"], found["name"])
    return None


def lists_object(engine: Object, whom: Identity) -> bool:
    """Whether its inventory, or its `status.resources`, has the object."""
    return resource_entry(engine, whom) is not None


def resource_entry(engine: Object, whom: Identity) -> Object | None:
    """What an engine object says of one object; only Argo CD says more than its name."""
    for entry in list_at(engine, "status", "inventory", "entries"):
        space, _, rest = str(at(entry, "id")).partition("_")
        name, _, group_and_kind = rest.partition("_")
        if (group_and_kind.rpartition("_")[2], space or None, name) == (whom.kind, whom.namespace, whom.name):
            return mapping_at(entry)
    for entry in list_at(engine, "status", "resources"):
        if (at(entry, "kind"), at(entry, "namespace"), at(entry, "name")) == (whom.kind, whom.namespace, whom.name):
            return mapping_at(entry)
    return None


def has_destination(engine: Object, *, runs_here: bool) -> bool:
    """Whether it may apply to the cluster asked about. `runs_here`: the engine runs there."""
    if _is_kustomization(engine):
        return runs_here and not at(engine, "spec", "kubeConfig")
    destination = at(engine, "spec", "destination", "server") or at(engine, "spec", "destination", "name")
    return destination is None or (destination in _HERE) is runs_here


def may_apply(engine: Object, paths: Iterable[str], *, remotes: tuple[str, ...], branch: str) -> bool:
    """Whether its repository, branch and folder are those of these files, as far as it says them itself.

    A Kustomization names its repository in its source alone.
    """
    files = tuple(paths)
    if _is_kustomization(engine):
        from_git = at(engine, "spec", "sourceRef", "kind") in {None, "GitRepository"}
        return from_git and _holds_any(at(engine, "spec", "path"), files)
    return any(
        _holds_any(at(one, "path"), files) and why_other(one, remotes, branch) is None for one in sources_of(engine)
    )


def _is_kustomization(engine: Object) -> bool:
    return bool({"sourceRef", "path"} & mapping_at(engine, "spec").keys())


def sources_of(application: Object) -> list[Object]:
    """Argo CD ignores `source` where there are `sources`; of a hydrated one, where its manifests are written first."""
    spec = mapping_at(application, "spec")
    one = at(spec, "sourceHydrator", "drySource") or spec.get("source")
    return [found for found in list_at(spec, "sources") or [one] if isinstance(found, dict)]


def why_other(source: Object, remotes: tuple[str, ...], branch: str) -> str | None:
    """Why a source of an Application is not this repository at this branch."""
    url = source.get("repoURL")
    return (why_elsewhere(url, remotes) if url else None) or why_off_branch(source.get("targetRevision"), branch)


def _holds_any(folder: object, paths: tuple[str, ...]) -> bool:
    top = clean_path(folder)
    return any(not top or path == top or path.startswith(f"{top}/") for path in paths)
