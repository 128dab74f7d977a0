"""The objects of Argo CD or Flux that cover this repository, and what keeps one of them from applying it."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.answers.setup import CheckRow
from gitops_mcp.app import Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch
from gitops_mcp.domain.kinds import APPLICATION, GIT_REPOSITORY, KUSTOMIZATION
from gitops_mcp.domain.live.engine_states.applier import name_in_git, sources_of
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.objects import Object, Resource, at, mapping_at, text_at
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import GitOpsError, NotInstalled
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.setup.checks import row

_KINDS = {"auto": (APPLICATION, KUSTOMIZATION), "argocd": (APPLICATION,), "flux": (KUSTOMIZATION,)}
_NAMED = 10
_NONE = (
    "have an Application or Kustomization apply it (docs/engines.md), name the context where the engine runs in "
    "engine.context, or set engine.type: none"
)


def engine_rows(
    apis: ApisOnce, environment: Environment, ground: Ground | None, desired: Desired | None
) -> Iterator[CheckRow]:
    if environment.engine_type == "none" or ground is None:
        why = "none, by engine.type" if ground else "there is no repository that one could apply"
        yield row("engine", "engine", "ok", why)
        return
    api = apis.at_engine(environment)
    found: list[tuple[Resource, Object]] = []
    for kind in _KINDS[environment.engine_type]:
        try:
            found += [(kind, one) for one in api.every(kind, environment.engine_namespace)]
        except NotInstalled:
            continue
        except GitOpsError as error:
            yield row("engine", "engine", "warn", f"its objects may not be seen: {error}", "see the rights above")
            return
    covering = [each for each in found if _is_here(api, ground, *each)]
    if environment.cut and covering:
        told = "something in the cluster applies this repository; what does is told to who may see all of it"
        yield row("engine", "engine", "ok", told)
        return
    for kind, one in covering:
        yield from _faults(api, ground, kind, one, _place(desired, kind, one))
    if covering:
        names = [_name(kind, one) for kind, one in covering[:_NAMED]]
        more = f" and {len(covering) - _NAMED} more" if len(covering) > _NAMED else ""
        yield row("engine", "engine", "ok", f"{', '.join(names)}{more} of {pluralize(len(found), 'object')}")
    elif environment.delivery == "git":
        others = found and not environment.cut
        seen = f" ({pluralize(len(found), 'object')} of an engine apply other things)" if others else ""
        yield row("engine", "engine", "warn", f"nothing in the cluster applies this repository{seen}", _NONE)


def _source(api: ApiOnce, kustomization: Object) -> Object | None:
    reference = at(kustomization, "spec", "sourceRef")
    if at(reference, "kind") != GIT_REPOSITORY.kind:
        return None
    space = at(reference, "namespace") or at(kustomization, "metadata", "namespace")
    try:
        return api.get(GIT_REPOSITORY, str(space), str(at(reference, "name")))
    except GitOpsError:
        return None


def _is_here(api: ApiOnce, ground: Ground, kind: Resource, one: Object) -> bool:
    """Whether a source of it is this repository, at whatever branch."""
    urls = (
        [each.get("repoURL") for each in sources_of(one)]
        if kind == APPLICATION
        else [text_at(_source(api, one), "spec", "url")]
    )
    return any(url and why_elsewhere(url, ground.urls) is None for url in urls)


def _faults(api: ApiOnce, ground: Ground, kind: Resource, one: Object, place: str) -> Iterator[CheckRow]:
    name, branch = _name(kind, one), ground.base.branch
    called = at(one, "metadata", "name")
    if kind == APPLICATION:
        for source in sources_of(one):
            is_here = why_elsewhere(source.get("repoURL"), ground.urls) is None
            if is_here and (why := why_off_branch(source.get("targetRevision"), branch)):
                mend = _branch_mend(f"targetRevision: {branch}{place}", str(source.get("targetRevision")))
                yield row("engine", "branch", "fail", f"{name}: {why}", mend)
        if "automated" not in mapping_at(one, "spec", "syncPolicy"):
            mend = f"argocd app sync {called} after each merge, or set spec.syncPolicy.automated: {{}}{place}"
            yield row("engine", "sync", "warn", f"{name} syncs only when a person asks", mend)
        return
    source = _source(api, one) or {}
    refs = mapping_at(source, "spec", "ref")
    followed = next(
        (str(refs[key]) for key in ("commit", "tag", "semver", "name", "branch") if refs.get(key)), "master"
    )
    if why := why_off_branch(followed, branch):
        mend = _branch_mend(f"spec.ref.branch: {branch} of GitRepository {at(source, 'metadata', 'name')}", followed)
        yield row("engine", "branch", "fail", f"{name}: {why}", mend)
    for what, each in (("kustomization", one), ("source git", source)):
        if at(each, "spec", "suspend") is True:
            called, space = at(each, "metadata", "name"), at(each, "metadata", "namespace")
            mend = f"flux resume {what} {called} -n {space}, and spec.suspend: false{place}"
            about = name if each is one else f"GitRepository {called} of {name}"
            yield row("engine", "suspended", "fail", f"{about} is suspended: nothing that is merged is applied", mend)


def _branch_mend(field: str, followed: str) -> str:
    return f"set {field}, or `base: {followed}` in .gitops-mcp.yaml"


def _name(kind: Resource, one: Object) -> str:
    return f"{kind.kind} {at(one, 'metadata', 'namespace')}/{at(one, 'metadata', 'name')}"


def _place(desired: Desired | None, kind: Resource, one: Object) -> str:
    """` at file:line` where Git declares it."""
    for each in desired.engines if desired else ():
        name = name_in_git(each)
        if name and (name.resource, name.name) == (kind, at(one, "metadata", "name")):
            return f" at {each.place}"
    return ""
