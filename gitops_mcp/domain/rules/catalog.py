"""Image catalogs, which many Clusters may take their image from."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.version import major_of
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, as_int, at
from gitops_mcp.domain.rules.image import CATALOGS
from gitops_mcp.domain.rules.reading import as_list, as_text, entries, repeats, same_namespace
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_MOST = 8
_MOST_COMPONENTS = 32
_OLDEST = 10


def _catalog_images(seen: Seen) -> Iterator[Fault]:
    field = ("spec", "images")
    count = len(as_list(at(seen.object, *field)))
    if not 1 <= count <= _MOST:
        yield Fault(field, f"holds {count} images: from 1 to {_MOST}, one for each major")
    found = list(entries(seen.object, *field))
    for path, item in found:
        if (as_int(item.get("major")) or 0) < _OLDEST:
            yield Fault(
                (*path, "major"), f"{quote(str(item.get('major')))} is no major: a number from {_OLDEST}, such as 18"
            )
    for path, name in repeats(((*path, "major"), str(item.get("major"))) for path, item in found):
        yield Fault(path, f"{name} is there already: each major once")


def _components(seen: Seen) -> Iterator[Fault]:
    field = ("spec", "componentImages")
    found = list(entries(seen.object, *field))
    if len(found) > _MOST_COMPONENTS:
        yield Fault(field, f"holds {len(found)} images: at most {_MOST_COMPONENTS}")
    for path, name in repeats(((*path, "key"), as_text(item.get("key"))) for path, item in found):
        yield Fault(path, f"{quote(name)} is there already: each key once")


def _catalog_versions(seen: Seen) -> Iterator[Fault]:
    for path, item in entries(seen.object, "spec", "images"):
        major, says = as_int(item.get("major")), major_of(item.get("image"))
        if major is not None and says is not None and says != major:
            yield Fault((*path, "image"), f"is of PostgreSQL {says} by its tag, and stands for {major}", "warning")


def catalog_users(catalog: Object, neighbours: tuple[Object, ...]) -> Iterator[Object]:
    """The Clusters that take their image from a catalog."""
    for other in neighbours:
        reference = at(other, "spec", "imageCatalogRef")
        if (
            at(other, "kind") == "Cluster"
            and at(reference, "kind") == at(catalog, "kind")
            and at(reference, "name") == at(catalog, "metadata", "name")
            and (at(catalog, "kind") == "ClusterImageCatalog" or same_namespace(catalog, other))
        ):
            yield other


def _catalog_used(seen: Seen) -> Iterator[Fault]:
    majors = [item.get("major") for _, item in entries(seen.object, "spec", "images")]
    for cluster in catalog_users(seen.object, seen.neighbours):
        wanted = as_int(at(cluster, "spec", "imageCatalogRef", "major"))
        if wanted is not None and wanted not in majors:
            yield Fault(
                ("spec", "images"),
                f"has none of PostgreSQL {wanted}, which Cluster {at(cluster, 'metadata', 'name')} uses: keep it",
            )


RULES = (
    Rule("catalog-images", CATALOGS, "CRD", ("spec.images", "spec.images[].major"), _catalog_images),
    Rule("catalog-components", CATALOGS, "CRD", ("spec.componentImages", "spec.componentImages[].key"), _components),
    Rule("catalog-versions", CATALOGS, "server", ("spec.images[].image",), _catalog_versions),
    Rule("catalog-used", CATALOGS, "operator", ("spec.images",), _catalog_used),
)
