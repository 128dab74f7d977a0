"""Which PostgreSQL runs: the image or the catalog, and which majors follow each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.defaults import default_major
from gitops_mcp.domain.cnpg.releases import Releases, release_text
from gitops_mcp.domain.cnpg.version import OLDEST, image_tag, major_of
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, as_int, at
from gitops_mcp.domain.rules.reading import as_text, entries, has_unfilled, same_namespace
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

CATALOGS = ("ImageCatalog", "ClusterImageCatalog")
_UPGRADE_LEAST = 16
"""pg_upgrade to older majors would need the old collation to be carried over, which the operator does not do."""
_NO_UPGRADES = Releases(until=((1, 26, 0),))
"""They compare the images of the specification, and refuse every other major."""
_NEWEST = 99
"""A tag such as 2026.06.09 is a date, though the webhook takes it for a major."""
_IMAGE = ("spec", "imageName")
_MAJOR = ("spec", "imageCatalogRef", "major")
_IMAGES = ("spec", "images")
_UPSTREAM = re.compile(r"(?:.*/)?cloudnative-pg/(?:postgresql|postgis)(?::[^/]*)?")


def wanted_major(cluster: Object | None) -> int | None:
    """The major that a Cluster asks for, where it says one."""
    return as_int(at(cluster, *_MAJOR)) or major_of(at(cluster, *_IMAGE))


def running_major(live: Object | None) -> int | None:
    """The major of the data directory, which an upgrade that failed leaves as it was."""
    return as_int(at(live, "status", "pgDataImageInfo", "majorVersion")) or wanted_major(live)


def is_major_upgrade(before: Object, after: Object, live: Object | None) -> bool:
    """Another image, of a newer major than runs, or where nobody knows which one runs."""
    if all(at(before, "spec", key) == at(after, "spec", key) for key in ("imageName", "imageCatalogRef")):
        return False
    was, will = running_major(live) or wanted_major(before), wanted_major(after)
    return was is None or (will is not None and will > was)


def wanted_image(seen: Seen) -> str | None:
    """The image that a Cluster gets: its own, or that of its catalog, where that can be seen.

    The operator's default, which its configuration may replace, is not known until the API has it.
    """
    catalog, major = at(seen.object, "spec", "imageCatalogRef"), as_int(at(seen.object, *_MAJOR))
    if catalog is None:
        return as_text(at(seen.stated, *_IMAGE)) or as_text(at(seen.live, *_IMAGE)) or None
    images = (item for one in seen.neighbours if _is_meant(seen, one, catalog) for _, item in entries(one, *_IMAGES))
    return next((as_text(item.get("image")) or None for item in images if item.get("major") == major), None)


def runs_upstream_image(seen: Seen) -> bool:
    """One of CloudNativePG's own, from wherever it is pulled."""
    return _UPSTREAM.fullmatch((wanted_image(seen) or "").partition("@")[0]) is not None


def _is_meant(seen: Seen, other: Object, catalog: Object) -> bool:
    return (
        at(other, "kind") == at(catalog, "kind")
        and at(other, "metadata", "name") == at(catalog, "name")
        and _is_near(seen.object, other)
    )


def _is_near(cluster: Object, catalog: Object) -> bool:
    return at(catalog, "kind") == "ClusterImageCatalog" or same_namespace(cluster, catalog)


def _image_name(seen: Seen) -> Iterator[Fault]:
    image = as_text(at(seen.object, *_IMAGE))
    if not image:
        return
    tag, found = image_tag(image), major_of(image)
    if not tag and "@" in image:
        yield Fault(
            _IMAGE, "is a digest alone, and the operator reads the version from the tag: add one, 18.4@sha256:…"
        )
    elif not tag or tag == "latest":
        yield Fault(
            _IMAGE,
            "has no tag with a version, which the operator needs: use one such as …/postgresql:18.4-standard-trixie",
        )
    elif found is None:
        yield Fault(
            _IMAGE, f"the tag {quote(tag)} does not start with a version: use one such as '18.4-standard-trixie'"
        )
    elif found < OLDEST:
        yield Fault(_IMAGE, f"PostgreSQL {found} cannot be run by CloudNativePG: {OLDEST} or newer")
    elif found > _NEWEST:
        yield Fault(
            _IMAGE,
            f"the tag {quote(tag)} is not a version of PostgreSQL: use one such as '18.4-standard-trixie'",
            ours=True,
        )


def _catalog_major(seen: Seen) -> Iterator[Fault]:
    major = as_int(at(seen.object, *_MAJOR))
    if major is not None and major < OLDEST:
        yield Fault(_MAJOR, f"PostgreSQL {major} cannot be run by CloudNativePG: {OLDEST} or newer")


def _image_that_stays(seen: Seen) -> Iterator[Fault]:
    image = at(seen.object, *_IMAGE)
    if image and at(seen.object, "spec", "imageCatalogRef") is not None and at(seen.stated, *_IMAGE) is None:
        yield Fault(
            ("spec",),
            f"imageName and imageCatalogRef exclude each other, and the API has imageName from when the Cluster was "
            f"made, which no applier takes away. State imageName {quote(str(image))} in one change, and then "
            f"imageCatalogRef in its place",
        )


def _major_change(seen: Seen) -> Iterator[Fault]:
    new, old = wanted_major(seen.object), running_major(seen.old)
    field = _MAJOR if at(seen.object, *_MAJOR) is not None else _IMAGE
    if new is None or old is None or has_unfilled(at(seen.old, *_IMAGE)):
        return
    if seen.live is None and wanted_major(seen.stated_before) is None:
        # The webhook filled in an image when the Cluster was made, by the release that ran then.
        if new < default_major(seen.operator):
            text = f"is PostgreSQL {new}, and which one runs could not be read: none can be followed by an older one"
            yield Fault(field, text, "warning")
        return
    is_unsaid = seen.live is not None and at(seen.live, "status", "pgDataImageInfo") is None
    ours = True if is_unsaid and (seen.operator is None or not _NO_UPGRADES.hold(seen.operator)) else None
    if new < old:
        yield Fault(
            field,
            f"goes from PostgreSQL {old} to {new}, which no data directory does: keep {old}, or make a new Cluster and "
            f"import the data",
            ours=ours,
        )
    elif new > old and new < _UPGRADE_LEAST:
        text = f"goes from PostgreSQL {old} to {new}: upgrades are made to {_UPGRADE_LEAST} or newer only"
        yield Fault(field, text, ours=ours)
    elif new > old:
        which = "before 1.26.0" if seen.operator is None else release_text(seen.operator)
        yield Fault(
            field,
            f"goes from PostgreSQL {old} to {new}, which operator {which} does not do: operator 1.26.0 or newer, or a "
            f"new Cluster that imports the data",
            holds=_NO_UPGRADES,
        )


def _image_in_catalog(seen: Seen) -> Iterator[Fault]:
    given = at(seen.object, "spec", "imageCatalogRef")
    wanted = as_int(at(given, "major"))
    for other in seen.neighbours:
        images = {item.get("major"): item.get("image") for _, item in entries(other, *_IMAGES)}
        if not _is_meant(seen, other, given) or wanted is None:
            continue
        label, says = f"{at(given, 'kind')} {at(given, 'name')}", major_of(images.get(wanted))
        if wanted not in images:
            known = ", ".join(map(str, images))
            yield Fault(_MAJOR, f"{label} has no image of PostgreSQL {wanted}; there are: {known}")
        elif says not in {None, wanted}:
            text = (
                f"the image of {label} for PostgreSQL {wanted} is of {says} by its tag, and does not start on its data"
            )
            yield Fault(_MAJOR, f"{text}: mend the catalog first")


def _known_catalog(seen: Seen) -> Iterator[Fault]:
    """Told where others of its kind are declared: elsewhere nobody knows what is not."""
    given = at(seen.object, "spec", "imageCatalogRef")
    if given is None or given == at(seen.before, "spec", "imageCatalogRef"):
        return
    kind, name = at(given, "kind"), as_text(at(given, "name"))
    near = (one for one in seen.neighbours if at(one, "kind") == kind and _is_near(seen.object, one))
    known = [as_text(at(one, "metadata", "name")) for one in near]
    if known and name not in known and not has_unfilled([name, *known]):
        text = f"no {kind} {quote(name)} is declared, and without one no image is found; {suggest(name, known)}"
        yield Fault(("spec", "imageCatalogRef", "name"), text, "warning")


_ONE = ("Cluster",)

RULES = (
    Rule("image-name", _ONE, "webhook validateImageName", _image_name),
    Rule("catalog-major", _ONE, "webhook validateConfiguration", _catalog_major),
    Rule("image-that-stays", _ONE, "CRD CEL", _image_that_stays),
    Rule("major-change", _ONE, "webhook validateImageChange", _major_change, compares=True),
    Rule("image-in-catalog", _ONE, "operator", _image_in_catalog),
    Rule("known-catalog", _ONE, "operator", _known_catalog, compares=True),
)
