"""What is said where a new object has no place: the folders that were tried, who applies what, and what would work."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from gitops_mcp.domain.editing.placing.own_folders import applies_folder, dependents_of, is_built_with
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import Refused

_NAMED_AT_MOST = 3


def no_place(desired: Desired, cluster: Declaration | None, target: Identity, reasons: Sequence[str]) -> Refused:
    """`reasons`: what is wrong with each place. `cluster`: what the object belongs to."""
    more = f" and {len(reasons) - _NAMED_AT_MOST} more" if len(reasons) > _NAMED_AT_MOST else ""
    looked = f": {'; '.join(reasons[:_NAMED_AT_MOST])}{more}" if reasons else ""
    return Refused(
        f"no place for {target} was found, where it would be applied and nothing else would change{looked}. "
        f"{_what_to_add(desired, cluster)}"
    )


def _what_to_add(desired: Desired, cluster: Declaration | None) -> str:
    """Who applies what, and the edit for a person."""
    appliers = _told_appliers(desired, applied_models(desired, cluster))
    if cluster is None or cluster.applied is None:
        return (
            f"{appliers}Add what applies one of these folders first, or set another place in layout of .gitops-mcp.yaml"
        )
    by, namespace = cluster.applied, cluster.identity.namespace
    apart = [
        f"{one.place} by {one.applied}"
        for one in dependents_of(desired, cluster)
        if one.applied is not None and not is_built_with(one, cluster)
    ]
    if cluster.release is None and apart:
        more = f" and {len(apart) - _NAMED_AT_MOST} more" if len(apart) > _NAMED_AT_MOST else ""
        return (
            f"{appliers}What belongs to it so far is applied apart: {', '.join(apart[:_NAMED_AT_MOST])}{more}. Write "
            f"it by hand where the application that uses it is applied, in this namespace"
        )
    if cluster.release is None:
        return f"{appliers}Give that a folder of its own first, such as an overlay, or write the document by hand"
    beside = (
        f"a source with a path of this repository to spec.sources of {by}, or an Application with such a path whose "
        f"destination is namespace {namespace}"
        if by.engine == "argocd"
        else f"a Kustomization that applies {posixpath.dirname(by.place.path)}, or one with targetNamespace {namespace}"
    )
    return f"{by} applies the chart that makes its Cluster, and no folder. Add {beside}, and repeat this"


def applied_models(desired: Desired, cluster: Declaration | None) -> list[Declaration]:
    """What a new object is to be applied like: the Cluster that it belongs to, else all Clusters."""
    return [one for one in ([cluster] if cluster is not None else desired.clusters) if one.applied is not None]


def _told_appliers(desired: Desired, models: Iterable[Declaration]) -> str:
    """Who applies what it is to be applied like; where there is nothing of that kind, who applies which folder."""
    named = list(dict.fromkeys(f"{one.applied} applies {one.place}" for one in models))
    if not desired.declarations:
        named = [f"{one} applies {one.folder or 'the root folder'}" for one in desired.engines if applies_folder(one)]
    more = f" and {len(named) - _NAMED_AT_MOST} more" if len(named) > _NAMED_AT_MOST else ""
    return f"Here {'; '.join(named[:_NAMED_AT_MOST])}{more}. " if named else ""
