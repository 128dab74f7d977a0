"""CustomResourceDefinitions: what the API serves by them, and from what it serves the objects it answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from gitops_mcp.crds import packaged_crds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store.metadata import new_metadata, now
from gitops_mcp.sandbox.store.resources import CRD, Scale, Served


@cache
def served_from_package() -> tuple[Served, ...]:
    """CloudNativePG's own kinds, whose schemas are made ready once for all stores."""
    return tuple(map(_served_from_crd, packaged_crds()))


def served_by(folder: Path) -> Iterator[Served]:
    """Every CRD of the folder's YAML files, in its storage version."""
    # Only those who bring CRDs pay for a parser.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        with path.open("rb") as stream:
            for document in yaml.load_all(stream, loader):
                if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
                    yield _served_from_crd(document)


def crd_of(served: Served) -> Object:
    """The CRD of a custom kind, established; one of our own schemas gets a CRD that says just that schema."""
    crd = served.crd or _crd_from_schema(served)
    spec, metadata = crd["spec"], crd["metadata"]
    conditions = [
        {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now()}
        for kind, reason, message in (
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        )
    ]
    stored = [version["name"] for version in spec["versions"] if version["storage"]]
    status = {"conditions": conditions, "acceptedNames": spec["names"], "storedVersions": stored}
    head = {"apiVersion": CRD.api_version, "kind": CRD.kind}
    return {**head, "metadata": new_metadata(metadata, generation=True), "spec": spec, "status": status}


def _crd_from_schema(served: Served) -> Object:
    resource = served.resource
    subresources: Object = {"status": {}} if served.status else {}
    version = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": served.schema},
        **({"subresources": subresources} if subresources else {}),
    }
    names = {
        "kind": resource.kind,
        "listKind": f"{resource.kind}List",
        "plural": resource.plural,
        "singular": served.singular,
        **({"shortNames": list(served.short_names)} if served.short_names else {}),
    }
    scope = "Namespaced" if resource.namespaced else "Cluster"
    return {
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {"group": resource.group, "names": names, "scope": scope, "versions": [version]},
    }


def _served_from_crd(crd: Object) -> Served:
    spec = crd["spec"]
    names = spec["names"]
    version = next(one for one in spec["versions"] if one["storage"])
    subresources = version.get("subresources") or {}
    return Served(
        Resource(
            spec["group"], version["name"], names["plural"], names["kind"], namespaced=spec["scope"] == "Namespaced"
        ),
        tuple(names.get("shortNames") or ()),
        schema=version["schema"]["openAPIV3Schema"],
        status="status" in subresources,
        scale=_scale_paths(subresources["scale"]) if "scale" in subresources else None,
        crd=crd,
    )


def _scale_paths(paths: Object) -> Scale:
    def steps(text: str) -> tuple[str, ...]:
        return tuple(text.strip(".").split("."))

    selector = paths.get("labelSelectorPath")
    return Scale(
        steps(paths["specReplicasPath"]), steps(paths["statusReplicasPath"]), steps(selector) if selector else None
    )
