"""What ApplicationSets have made in the cluster, where Git alone does not tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject
from gitops_mcp.domain.engines.argocd import interpret_application
from gitops_mcp.domain.engines.reading import Files, mappings_in
from gitops_mcp.domain.engines.source_url import NotEvaluated
from gitops_mcp.domain.objects import Object, at


def is_open_set(one: EngineObject) -> bool:
    """Whether the live Applications of an ApplicationSet say more of it than Git."""
    unsaid = one.guess or one.why_no_namespace or one.generated is None
    return one.kind == "ApplicationSet" and (isinstance(one.excluded, NotEvaluated) or bool(unsaid))


def applications_of_sets(engines: Iterable[EngineObject], live: Iterable[Object]) -> tuple[Object, ...]:
    """Of the live Applications those that such sets own, without status; in the order of their names."""
    wanted = [one for one in engines if is_open_set(one)]
    found = [
        {"metadata": {key: at(one, "metadata", key) for key in _METADATA}, "spec": one["spec"]}
        for one in live
        if isinstance(at(one, "spec"), dict) and any(_is_made_by(one, owner) for owner in wanted)
    ]
    return tuple(sorted(found, key=lambda one: str(one["metadata"]["name"])))


def with_live_applications(
    engines: tuple[EngineObject, ...],
    made: tuple[Object, ...],
    files: Files,
    *,
    remotes: tuple[str, ...],
    revision: str,
) -> tuple[EngineObject, ...]:
    """The engine objects; of a set that has made Applications, these instead of what Git lets one guess."""
    kept: list[EngineObject] = []
    done: set[tuple[str | None, str]] = set()
    for one in engines:
        own = [application for application in made if is_open_set(one) and _is_made_by(application, one)]
        if not own:
            kept.append(one)
        elif (one.namespace, one.name) not in done:
            done.add((one.namespace, one.name))
            kept += _engine_objects(one, own, files, remotes=remotes, revision=revision)
    return tuple(one for one in kept if (one.namespace, one.name) not in done or not is_open_set(one))


_METADATA = ("name", "namespace", "annotations", "finalizers", "ownerReferences")


def _engine_objects(
    by: EngineObject, made: list[Object], files: Files, *, remotes: tuple[str, ...], revision: str
) -> Iterator[EngineObject]:
    for application in made:
        located = LocatedObject(application, by.place.below("spec", "template"))
        for found in interpret_application(located, files, remotes=remotes, revision=revision):
            yield replace(
                found, kind=by.kind, namespace=by.namespace, name=by.name, place=by.place, generated=located.name
            )


def _is_made_by(application: Object, by: EngineObject) -> bool:
    owners = mappings_in(at(application, "metadata", "ownerReferences"))
    namespaces = {None, at(application, "metadata", "namespace")}
    return by.namespace in namespaces and any(
        one.get("kind") == "ApplicationSet" and one.get("name") == by.name for one in owners
    )
