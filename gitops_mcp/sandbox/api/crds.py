"""CustomResourceDefinitions from a folder, as what the API serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api.resources import Scale, Served


def served_by(folder: Path) -> Iterator[Served]:
    """Every CRD of the folder's YAML files, in its storage version."""
    # Only those who bring CRDs pay for a parser.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        with path.open("rb") as stream:
            for document in yaml.load_all(stream, loader):
                if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
                    yield _served(document["spec"])


def _served(spec: Object) -> Served:
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
        scale=_scale(subresources["scale"]) if "scale" in subresources else None,
    )


def _scale(paths: Object) -> Scale:
    def steps(text: str) -> tuple[str, ...]:
        return tuple(text.strip(".").split("."))

    selector = paths.get("labelSelectorPath")
    return Scale(
        steps(paths["specReplicasPath"]), steps(paths["statusReplicasPath"]), steps(selector) if selector else None
    )
