from __future__ import annotations

import pytest

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.plans.clusters.cluster_image import ClusterImage, image_change, image_for
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import InvalidRequest

REF = ClusterRef("shop", "new")
CATALOG = "apiVersion: postgresql.cnpg.io/v1\nkind: {kind}\nmetadata: {{name: ours{space}}}\nspec: {{images: [{{major: 18, image: r/pg:18.4}}]}}\n"


def cluster(name: str, spec: str, namespace: str = "shop") -> str:
    return f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"


def read(*documents: str) -> Desired:
    return build_desired({"a.yaml": "---\n".join(documents)}, commit="0" * 40, folder="")


def chosen(found: Desired, version: str = "18") -> ClusterImage:
    return image_for(found, REF, version, images="registry/postgresql")


def test_a_full_tag_is_written_as_given() -> None:
    assert chosen(read(cluster("a", "{imageName: r/pg:18.1}")), "18.4-standard-trixie") == ClusterImage(
        "registry/postgresql:18.4-standard-trixie"
    )


def test_a_major_takes_the_tag_that_siblings_use() -> None:
    found = read(
        cluster("a", "{imageName: r/pg:18.1}", "billing"),
        cluster("b", "{imageName: r/pg:17.5}"),
        cluster("c", "{imageName: r/pg:18.4}"),
    )
    assert chosen(found) == ClusterImage("r/pg:18.4")
    assert chosen(found, "17") == ClusterImage("r/pg:17.5")


@pytest.mark.parametrize(
    ("kind", "space"),
    [
        pytest.param("ImageCatalog", ", namespace: shop", id="of the namespace"),
        pytest.param("ClusterImageCatalog", "", id="of the cluster"),
    ],
)
def test_a_major_takes_the_catalog_that_siblings_use(kind: str, space: str) -> None:
    used = f"{{imageCatalogRef: {{apiGroup: postgresql.cnpg.io, kind: {kind}, name: ours, major: 17}}}}"
    found = read(cluster("a", used), CATALOG.format(kind=kind, space=space))
    assert chosen(found) == ClusterImage(
        catalog={"apiGroup": "postgresql.cnpg.io", "kind": kind, "name": "ours", "major": 18}
    )


def test_a_catalog_without_the_major_or_of_another_namespace_is_not_taken() -> None:
    used = "{imageCatalogRef: {apiGroup: postgresql.cnpg.io, kind: ImageCatalog, name: ours, major: 18}}"
    found = read(cluster("a", used), CATALOG.format(kind="ImageCatalog", space=", namespace: billing"))
    assert chosen(found).catalog is None
    here = read(cluster("a", used), CATALOG.format(kind="ImageCatalog", space=", namespace: shop"))
    assert chosen(here, "17").catalog is None


def test_without_siblings_the_moving_tag_is_taken_with_a_warning() -> None:
    image = chosen(read())
    assert image.name == "registry/postgresql:18-standard-trixie"
    assert "pin it" in (image.warning or "")


@pytest.mark.parametrize("version", ["latest", "eighteen", "r/pg:18", "9"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidRequest, match="postgres_version"):
        chosen(read(), version)


@pytest.mark.parametrize("kind", ["[a]", "{a: b}"])
def test_a_catalog_reference_of_another_shape_is_passed_over(kind: str) -> None:
    found = read(cluster("a", f"{{imageCatalogRef: {{kind: {kind}, name: ours}}, imageName: r/pg:18.4}}"))
    assert chosen(found) == ClusterImage("r/pg:18.4")


PINNED = "r/pg:17.5-standard-bookworm@sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("image", "version", "told"),
    [
        pytest.param(None, "17.6-standard-bookworm", ["digest-dropped"], id="another tag"),
        pytest.param(None, "18", ["moving-tag", "digest-dropped"], id="another major"),
        pytest.param("r/pg:17.6-standard-bookworm", None, ["digest-dropped"], id="another reference"),
        pytest.param("r/pg:17.6-standard-bookworm@sha256:" + "cd" * 32, None, [], id="another that is pinned too"),
    ],
)
def test_a_digest_that_goes_with_the_tag_is_told(image: str | None, version: str | None, told: list[str]) -> None:
    found = read(cluster("a", f"{{imageName: '{PINNED}'}}"))
    (declared,) = found.clusters
    changed = image_change(declared, found, ClusterRef("shop", "a"), version=version, image=image, images="r/pg")
    assert [one.id for one in changed.notices] == told


def test_the_notice_of_a_digest_says_what_would_pin_the_new_one() -> None:
    found = read(cluster("a", f"{{imageName: '{PINNED}'}}"))
    (declared,) = found.clusters
    changed = image_change(
        declared, found, ClusterRef("shop", "a"), version="17.6-standard-bookworm", image=None, images="r/pg"
    )
    (told,) = changed.notices
    assert told.message == (
        "r/pg:17.5-standard-bookworm@sha256:abababababab… is pinned by its digest, which goes with the tag: "
        "r/pg:17.6-standard-bookworm is not pinned. To pin it, give its full reference as image, such as "
        "r/pg:17.6-standard-bookworm@sha256:…"
    )
