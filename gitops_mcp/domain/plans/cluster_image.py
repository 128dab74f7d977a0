"""Which image a new Cluster gets: what was asked for, spelled as its siblings spell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.manifest import image_catalog_ref
from gitops_mcp.domain.cnpg.version import major_of, parse_postgres_version
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.repository.desired import Declaration, Desired


@dataclass(frozen=True)
class ClusterImage:
    """One of the two ways CNPG knows."""

    name: str | None = None
    catalog: Object | None = None
    warning: str | None = None


def image_for(desired: Desired, ref: ClusterRef, version: str, *, images: str) -> ClusterImage:
    """A full tag as given; for a major the siblings' catalog or tag of it, else the moving tag with a warning.

    `images` is the image repository. Raises InvalidRequest for what is no version.
    """
    asked = parse_postgres_version(version)
    if asked.tag is not None:
        return ClusterImage(f"{images}:{asked.tag}")
    siblings = sorted(desired.clusters, key=lambda one: (one.identity.namespace != ref.namespace, one.path))
    for sibling in siblings:
        catalog = _sibling_catalog(desired, ref, sibling, asked.major)
        if catalog is not None:
            return ClusterImage(catalog=catalog)
    near = [one for one in siblings if one.identity.namespace == ref.namespace]
    for group in (near, siblings):
        used = _most_used_image(group, asked.major)
        if used:
            return ClusterImage(used)
    image = f"{images}:{asked.default_tag}"
    return ClusterImage(
        image, warning=f"{image} is a tag that moves: pin it to a full one, such as {asked.major}.N-..."
    )


def _sibling_catalog(desired: Desired, ref: ClusterRef, sibling: Declaration, major: int) -> Object | None:
    """The reference to the sibling's catalog, where Git shows that it has the major and this namespace may use it."""
    used = at(sibling.object, "spec", "imageCatalogRef")
    kind, name = at(used, "kind"), at(used, "name")
    if kind not in ("ImageCatalog", "ClusterImageCatalog") or not isinstance(name, str):
        return None
    for one in desired.named(kind, name):
        here = kind == "ClusterImageCatalog" or one.identity.namespace == ref.namespace
        listed = at(one.object, "spec", "images")
        if here and isinstance(listed, list) and any(at(entry, "major") == major for entry in listed):
            return image_catalog_ref(kind, name, major)
    return None


def _most_used_image(siblings: Iterable[Declaration], major: int) -> str | None:
    names = [at(one.object, "spec", "imageName") for one in siblings]
    counted = Counter(name for name in names if isinstance(name, str) and major_of(name) == major)
    return counted.most_common(1)[0][0] if counted else None
