"""Image catalogs, which many Clusters may take their image from."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.version import major_of
from gitops_mcp.domain.objects import Object, as_int, at
from gitops_mcp.domain.rules.image import CATALOGS
from gitops_mcp.domain.rules.reading import entries, same_namespace
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen


def _catalog_versions(seen: Seen) -> Iterator[Fault]:
    """PostgreSQL does not start on the data of another major, and the operator takes the entry's word for it."""
    users = {_wanted_major(one): at(one, "metadata", "name") for one in catalog_users(seen.object, seen.neighbours)}
    for path, item in entries(seen.object, "spec", "images"):
        major, says = as_int(item.get("major")), major_of(item.get("image"))
        if major is not None and says is not None and says != major:
            text = f"is of PostgreSQL {says} by its tag, and stands for {major}"
            text += f", on whose data it does not start: Cluster {users[major]} uses it" if major in users else ""
            yield Fault((*path, "image"), text, "error" if major in users else "warning")


def _wanted_major(cluster: Object) -> int | None:
    return as_int(at(cluster, "spec", "imageCatalogRef", "major"))


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
        wanted = _wanted_major(cluster)
        if wanted is not None and wanted not in majors:
            yield Fault(
                ("spec", "images"),
                f"has none of PostgreSQL {wanted}, which Cluster {at(cluster, 'metadata', 'name')} uses: keep it",
            )


RULES = (
    Rule("catalog-versions", CATALOGS, "server", _catalog_versions),
    Rule("catalog-used", CATALOGS, "operator", _catalog_used),
)
