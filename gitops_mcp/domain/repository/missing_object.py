"""What to say of an object that is not there to be read or edited, or that is there twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitops_mcp.domain.names import pluralize, suggest
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused

if TYPE_CHECKING:
    from gitops_mcp.domain.repository.desired import Declaration, Desired

_NAMED = 5


def unknown_object(desired: Desired, kind: str, name: str, namespace: str | None, environment: str) -> GitOpsError:
    where = f"{environment}, namespace {namespace}" if namespace else environment
    if desired.only is not None:  # what else there is may be somebody else's
        names = [one.identity.name for one in desired.shown if one.identity.kind == kind]
        return NotFound(f"{desired.origin.declares} no {kind} {name!r} in {where}; {suggest(name, names)}")
    for skipped in desired.skipped:
        if name in desired.texts.get(skipped.path, ""):
            return InvalidRequest(
                f"no {kind} {name!r} was found in {where}, but {skipped.path} mentions it and cannot be read: "
                f"{skipped.reason}. Edit that file by hand"
            )
    if (known := _unapplied(desired, kind, name, where)) is not None:
        return known
    unknown = [one for one in desired.named(kind, name) if one.identity.namespace is None]
    if unknown:
        places = ", ".join(one.place for one in unknown)
        return InvalidRequest(
            f"no {kind} {name!r} was found in {where}: {places} declares one, but nothing in the repository says "
            f"its namespace and it is not the only one of that name. Write metadata.namespace there first"
        )
    others = [
        one.identity.name
        for one in desired.declarations
        if one.identity.kind == kind and namespace in {None, one.identity.namespace}
    ]
    passed = "".join(f"; {told}" for told in (*[*_idle_here(desired)][:_NAMED], applied_elsewhere(desired)) if told)
    if desired.skipped:
        first = desired.skipped[0]
        count = pluralize(len(desired.skipped), "file")
        passed += f"; {count} passed over, the first {first}"
    return NotFound(f"{desired.origin.declares} no {kind} {name!r} in {where}; {suggest(name, others)}{passed}")


def _unapplied(desired: Desired, kind: str, name: str, where: str) -> NotFound | Refused | None:
    """The answer where something looks like the object's place and is none."""
    idle = [one for one in desired.unreached if (one.identity.kind, one.identity.name) == (kind, name)]
    if any(one.is_unknown for one in idle):
        return Refused(
            f"{kind} {name!r} in {where} cannot be changed here, since it is not known what applies it: "
            f"{'; '.join(map(str, idle))}"
        )
    if idle:
        return NotFound(
            f"no {kind} {name!r} is applied in {where}. What declares one is not: {'; '.join(map(str, idle))}. An "
            f"edit there would change nothing that runs"
        )
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    made = dict.fromkeys(one.reason for one in desired.hidden if one.is_open or word.search(one.mentions))
    return NotFound(f"no document declares {kind} {name!r} in {where}, but {'; '.join(made)}") if made else None


def _idle_here(desired: Desired) -> Iterator[str]:
    """The engine objects of the environment that would apply something of this repository, and why they do not."""
    inside, paths = f"{desired.folder}/" if desired.folder else "", desired.tree.files if desired.tree else ()
    for one in desired.engines:
        why = one.opaque if one.counts and not one.is_off_base else one.excluded
        is_near = one.folder and one.place.path.startswith(inside)
        if why and is_near and any(path.startswith(f"{one.folder}/") for path in paths):
            told = (
                f"what {one} makes of {one.folder} is not known" if one.counts else f"{one} does not apply {one.folder}"
            )
            yield f"{told}: {why}"


def applied_elsewhere(desired: Desired) -> str | None:
    """Where the environment has no Cluster and the repository has some: what applies those."""
    if desired.clusters or not desired.folder or desired.only is not None:
        return None
    told: dict[str, None] = {}
    for one in desired.everything:
        by = one.applied
        if one.identity.kind == "Cluster":
            told[f"{by}, which builds {by.folder or 'the root'}" if by and by.folder is not None else one.label] = None
    if not told:
        return None
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return (
        f"nothing below {desired.folder} is applied, nor does an engine object stand there that applies a Cluster. In "
        f"this repository Clusters are applied by {'; '.join([*told][:_NAMED])}{more}: set the environment's path in "
        f".gitops-mcp.yaml to a folder that one of these is in or builds"
    )


def ambiguous_object(desired: Desired, found: Sequence[Declaration], environment: str) -> Refused:
    """Several documents make one object, or one document makes it in several Kubernetes clusters."""
    from gitops_mcp.domain.repository.roots.environment_roots import EnvironmentRoots
    from gitops_mcp.domain.repository.roots.environment_split import environments_to_write

    kind, name, places = found[0].identity.kind, found[0].identity.name, dict.fromkeys(one.place for one in found)
    split = environments_to_write(desired.roots, found) if isinstance(desired.roots, EnvironmentRoots) else None
    define = (
        f"define environments in .gitops-mcp.yaml at the base, each with the `context` of its kubeconfig, and name one:"
        f"\n{split}"
    )
    if len(places) == 1:
        appliers = " and by ".join(str(one.applied or one.root or "itself") for one in found)
        apart = (
            "let what applies each stand in a folder of its own, and define an environment for each in .gitops-mcp.yaml"
        )
        return Refused(
            f"{found[0].place} makes {kind} {name!r} in {environment} more than once: it is applied by {appliers}. "
            f"Which of them is meant cannot be determined: {define if split else apart}"
        )
    told = " and ".join(f"{one.place}, applied by {one.applied}" if one.applied else one.place for one in found)
    more = f", or, where they are applied to different Kubernetes clusters, {define}" if split else " first"
    return Refused(
        f"two documents declare {kind} {name!r} in {environment}: {told}. Which of them is applied last decides, so "
        f"neither is edited: remove one of them{more}"
    )
