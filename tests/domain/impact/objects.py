"""Objects before and after a change, all named `orders`; all values are invented."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object

FENCED = "cnpg.io/fencedInstances"
N, L, R, O, D = Level.NONE, Level.RELOAD, Level.ROLLING_RESTART, Level.OUTAGE, Level.DATA_LOSS  # noqa: E741 - a table


def made(kind: str, spec: Object, annotations: Object | None = None) -> Object:
    return {"kind": kind, "metadata": {"name": "orders", "annotations": annotations or {}}, "spec": spec}


def cluster(annotations: Object | None = None, /, **spec: Any) -> Object:
    given = {"instances": 3, "imageName": "example/postgresql:17.4", "storage": {"size": "10Gi"}, **spec}
    return made("Cluster", {key: value for key, value in given.items() if value is not None}, annotations)


def parameters(**given: Any) -> Object:
    return cluster(postgresql={"parameters": given})


def listed(major: int) -> Object:
    return cluster(imageName=None, imageCatalogRef={"kind": "ImageCatalog", "name": "team", "major": major})


def database(**spec: Any) -> Object:
    return made("Database", {"name": "shop", "owner": "app", **spec})


def role(**spec: Any) -> Object:
    return made("DatabaseRole", {"name": "app", "login": True, **spec})


def kept(one: Object) -> Object:
    """What an engine does not prune."""
    return {**one, "metadata": {**one["metadata"], "annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}}}


def pooler(spec: Object | None = None, **bouncer: Any) -> Object:
    return made("Pooler", {"instances": 2, "pgbouncer": bouncer, **(spec or {})})


def catalog(*images: str) -> Object:
    return made("ImageCatalog", {"images": [{"major": int(one.split(".")[0]), "image": one} for one in images]})


def assert_impact(before: Object | None, after: Object | None, level: Level, says: str) -> None:
    found = assess_impact(before, after)
    assert found.level is level, found
    if says:
        assert any(says in reason for reason in found.reasons), found.reasons
    else:
        assert found.reasons == ()
