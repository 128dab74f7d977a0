"""What the API says about itself: its version, groups and resources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api.reviews import REVIEWS
from gitops_mcp.sandbox.store.resources import Served

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_READING = ["get", "list", "watch"]
_SUBRESOURCE_VERBS = ["get", "patch", "update"]
_OTHER_VERBS = {"log": ["get"], "proxy": ["create", "delete", "get", "patch", "update"]}

_VERSION: Object = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.0-sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}


def discovery_answer(path: str, served: Iterable[Served]) -> Object | None:
    """The answer to a path that addresses no resource; None where there is nothing."""
    table = {one.resource: one for one in served}
    resources = [*table, *REVIEWS]
    match path.strip("/").split("/"):
        case ["version"]:
            return _VERSION
        case ["api" | "apis" as root, *rest]:
            return _group_answer(root, rest, resources, table)
        case _:
            return None


def _group_answer(
    root: str, rest: list[str], resources: list[Resource], table: dict[Resource, Served]
) -> Object | None:
    match [root, *rest]:
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            groups = sorted({one.group for one in resources if one.group})
            return {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [_group(group, resources) for group in groups],
            }
        case ["apis", group] if any(one.group == group for one in resources):
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, resources)}
        case ["api", version]:
            return _resource_list(version, resources, table)
        case ["apis", group, version]:
            return _resource_list(f"{group}/{version}", resources, table)
        case _:
            return None


def _group(group: str, resources: list[Resource]) -> Object:
    versions = sorted({one.version for one in resources if one.group == group})
    listed = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": listed, "preferredVersion": listed[-1]}


def _resource_list(api_version: str, resources: list[Resource], table: dict[Resource, Served]) -> Object | None:
    inside = [one for one in resources if one.api_version == api_version]
    if not inside:
        return None
    entries: list[Any] = []
    for one in inside:
        entries += _entries(table[one]) if one in table else [_entry(one, one.plural, one.kind.lower(), ["create"])]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": entries}


def _entries(served: Served) -> list[Object]:
    resource = served.resource
    main = _entry(resource, resource.plural, served.singular, _READING if served.fixed else _VERBS)
    if served.short_names:
        main["shortNames"] = list(served.short_names)
    below = []
    for subresource in served.subresources:
        verbs = _OTHER_VERBS.get(subresource, _SUBRESOURCE_VERBS)
        entry = _entry(resource, f"{resource.plural}/{subresource}", "", verbs)
        if subresource == "scale":
            entry |= {"group": "autoscaling", "version": "v1", "kind": "Scale"}
        elif subresource == "proxy":
            entry |= {"kind": "ServiceProxyOptions"}
        below.append(entry)
    return [main, *below]


def _entry(resource: Resource, name: str, singular: str, verbs: list[str]) -> Object:
    return {
        "name": name,
        "singularName": singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": verbs,
    }
