"""Reading the API for answers, part by part: what may not be read is named, and the rest still answers."""

from __future__ import annotations

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.config import Environment
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.kinds import APPLICATION, KUSTOMIZATION
from gitops_mcp.domain.live.engine_report import EngineState, states_covering_folder
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import GitOpsError, NotInstalled
from gitops_mcp.workflows.api_once import ApisOnce

_KINDS: dict[str, tuple[Resource, ...]] = {
    "auto": (APPLICATION, KUSTOMIZATION),
    "argocd": (APPLICATION,),
    "flux": (KUSTOMIZATION,),
    "none": (),
}


def engine_states(apis: ApisOnce, environment: Environment) -> tuple[tuple[EngineState, ...], list[Notice]]:
    """The engine objects that cover the environment's folder; an engine that is not installed is not missed."""
    warnings: list[Notice] = []
    found: dict[Resource, tuple[Object, ...]] = {}
    for resource in _KINDS[environment.engine_type]:
        try:
            found[resource] = apis.at_engine(environment).for_one_part().every(resource, environment.engine_namespace)
        except NotInstalled:
            continue
        except GitOpsError as error:
            unread = Notice("engine-unreadable", str(error))
            warnings += [unread] if unread not in warnings else []
    states = states_covering_folder(found.get(APPLICATION, ()), found.get(KUSTOMIZATION, ()), environment.path)
    return states, warnings


def applied_by(one: EngineObject) -> str:
    """An engine object of the repository, with what changes how it applies."""
    notes = {
        "suspended": one.suspended,
        "only when asked": not one.automatic and not one.suspended,
        "prunes": one.prunes,
        "force: deletes and makes anew what cannot be changed": one.forces,
        f"a guess: {one.guess}": one.guess is not None,
    }
    told = ", ".join(note for note, holds in notes.items() if holds)
    return f"{one}" + (f": {told}" if told else "")


def passed_over(desired: Desired) -> list[Notice]:
    """The files that may declare something and could not be read, counted."""
    if not desired.skipped:
        return []
    first = desired.skipped[0]
    which = cut_text(f"{first.path}: {first.reason}")
    message = f"{pluralize(len(desired.skipped), 'file')} passed over as unreadable, the first is {which}"
    return [Notice("passed-over", message)]
