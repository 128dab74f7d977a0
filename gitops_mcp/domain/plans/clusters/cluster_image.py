"""Which image a Cluster gets: a new one as its siblings have it, one that has an image no other flavour of it.

For a new Cluster what was asked for is spelled as its siblings spell it. Later a version alone never moves it to
another registry, and a major alone keeps the flavour of the tag it has, as pg_upgrade needs the same distribution on
both sides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gitops_mcp.domain.cnpg.manifest import image_catalog_ref
from gitops_mcp.domain.cnpg.version import Version, major_of, parse_postgres_version
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import InvalidRequest, Refused

_IMAGE: Path = ("spec", "imageName")
_CATALOG: Path = ("spec", "imageCatalogRef")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?(/[a-z0-9][a-z0-9._-]*)*")
_FLAVOURED = re.compile(r"\d{2}(?:\.\d+|(?:beta|rc)\d+)?(?:-\d+)*(?P<flavour>(?:-[a-z]+)*)")
"""A version, numbers of builds or days, and words: `17.6-202509151215-standard-bookworm`."""
_MOVING = re.compile(r"\d{2}(-.*)?")


@dataclass(frozen=True)
class ClusterImage:
    """One of the two ways CNPG knows."""

    name: str | None = None
    catalog: Object | None = None
    warning: str | None = None


@dataclass(frozen=True)
class ImageChange:
    fields: tuple[tuple[Path, object], ...]
    notices: tuple[Notice, ...] = ()


def image_reference(text: str, *, field: str = "image") -> str:
    """A full reference whose tag says the version. What was given may hold credentials, so it is not repeated."""
    repository, tag = _split_image(text)
    try:
        version = parse_postgres_version(tag, field=field)
    except InvalidRequest:
        version = None
    if version is None or not _REPOSITORY.fullmatch(repository) or len(text) > 512:
        raise InvalidRequest(
            f"{field}: it is not the full reference of an image whose tag starts with the version, which the operator "
            f"reads from there: use one such as "
            f"registry.example.com/postgresql:{(version.tag if version else None) or '18.4'}"
        )
    return text


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
        used = _most_used_image(group, lambda name: major_of(name) == asked.major)
        if used:
            return ClusterImage(used)
    image = f"{images}:{asked.default_tag}"
    return ClusterImage(
        image, warning=f"{image} is a tag that moves: pin it to a full one, such as {asked.major}.N-..."
    )


def image_change(
    declared: Declaration, desired: Desired, ref: ClusterRef, *, version: str | None, image: str | None, images: str
) -> ImageChange:
    """The fields that name the image, as they are to be; `images` is the repository where the Cluster names none.

    Raises Refused where a catalog decides, or no tag can be told from a major.
    """
    found = _image_change(declared, desired, ref, version=version, image=image, images=images)
    current = str(at(declared.object, *_IMAGE))
    return replace(found, notices=(*found.notices, *_digest_notice(current, dict(found.fields).get(_IMAGE))))


def _digest_notice(current: str, new: object) -> Iterator[Notice]:
    if isinstance(new, str) and "@" in current and "@" not in new:
        digest = current.partition("@")[2]
        text = (
            f"{current} is pinned by its digest, which goes with the tag: {new} is not pinned. To pin it, give its "
            f"full reference as image, such as {new}@sha256:…"
        )
        yield Notice("digest-dropped", text.replace(digest, f"{digest[:19]}…"))


def _image_change(
    declared: Declaration, desired: Desired, ref: ClusterRef, *, version: str | None, image: str | None, images: str
) -> ImageChange:
    if at(declared.object, *_CATALOG) is not None:
        return _catalog_change(declared, desired, version=version, image=image)
    if image is not None:
        return ImageChange(((_IMAGE, image),), tuple(_moving_tag_notice(image)))
    asked = parse_postgres_version(str(version))
    current = at(declared.object, *_IMAGE)
    if not isinstance(current, str):
        return _first_image(desired, ref, str(version), images)
    repository, tag = _split_image(current)
    if asked.tag is not None:
        found = f"{repository}:{asked.tag}"
        return ImageChange(((_IMAGE, found),), tuple(_moving_tag_notice(found)))
    if major_of(current) == asked.major:
        major = asked.major
        text = f"{current} is PostgreSQL {major} already; a minor upgrade takes the full tag, such as {major}.N-…"
        return ImageChange((), (Notice("same-major", text),))
    return _other_major(desired, asked, repository, tag)


def _sibling_catalog(desired: Desired, ref: ClusterRef, sibling: Declaration, major: int) -> Object | None:
    """The reference to the sibling's catalog, where Git shows that it has the major and this namespace may use it."""
    used = at(sibling.object, *_CATALOG)
    kind, name = at(used, "kind"), at(used, "name")
    if kind not in ("ImageCatalog", "ClusterImageCatalog") or not isinstance(name, str):
        return None
    for one in desired.named(kind, name):
        here = kind == "ClusterImageCatalog" or one.identity.namespace == ref.namespace
        listed = at(one.object, "spec", "images")
        if here and isinstance(listed, list) and any(at(entry, "major") == major for entry in listed):
            return image_catalog_ref(kind, name, major)
    return None


def _most_used_image(clusters: Iterable[Declaration], fits: Callable[[str], bool]) -> str | None:
    names = [at(one.object, *_IMAGE) for one in clusters]
    counted = Counter(name for name in names if isinstance(name, str) and fits(name))
    return counted.most_common(1)[0][0] if counted else None


def _catalog_change(declared: Declaration, desired: Desired, *, version: str | None, image: str | None) -> ImageChange:
    reference = at(declared.object, *_CATALOG)
    kind, name = str(at(reference, "kind")), str(at(reference, "name"))
    asked = parse_postgres_version(version) if version is not None else None
    if image is not None or asked is None or asked.tag is not None:
        argument = "image" if image is not None else "postgres_version"
        raise Refused(
            f"{argument}: {declared.identity} at {declared.place} takes its image from {kind} {name}, major "
            f"{at(reference, 'major')}, which excludes an image of its own. Ask for another major with "
            f"postgres_version, such as '{at(reference, 'major')}', or change the entry of the catalog for all that "
            f"use it"
        )
    fields = (((*_CATALOG, "major"), asked.major),)
    if any(_may_use_catalog(one, declared) for one in desired.named(kind, name)):
        return ImageChange(fields)
    text = (
        f"{kind} {name} {desired.origin.unread}, so whether it has an image of PostgreSQL {asked.major} was not checked"
    )
    return ImageChange(fields, (Notice("catalog-not-checked", text),))


def _may_use_catalog(catalog: Declaration, declared: Declaration) -> bool:
    return (
        catalog.identity.kind == "ClusterImageCatalog"
        or None in {catalog.identity.namespace, declared.identity.namespace}
        or catalog.identity.namespace == declared.identity.namespace
    )


def _first_image(desired: Desired, ref: ClusterRef, version: str, images: str) -> ImageChange:
    """The operator chose so far; now Git says it, as for a new Cluster."""
    found = image_for(desired, ref, version, images=images)
    if found.catalog is not None:
        return ImageChange(tuple(((*_CATALOG, key), value) for key, value in found.catalog.items()))
    name = str(found.name)
    return ImageChange(((_IMAGE, name),), tuple(_moving_tag_notice(name)))


def _other_major(desired: Desired, asked: Version, repository: str, tag: str) -> ImageChange:
    flavour = _flavour(tag)
    if flavour is None:
        raise Refused(
            f"postgres_version: which tag of {repository} is PostgreSQL {asked.major} cannot be determined from the "
            f"present "
            f"one, {tag or 'a digest'}: name the full tag, of the same distribution"
        )

    def fits(name: str) -> bool:
        other, its_tag = _split_image(name)
        return (other, major_of(name), _flavour(its_tag)) == (repository, asked.major, flavour)

    used = _most_used_image(desired.clusters, fits)
    found = used or f"{repository}:{asked.major}{flavour}"
    return ImageChange(((_IMAGE, found),), tuple(_moving_tag_notice(found)))


def _flavour(tag: str) -> str | None:
    match = _FLAVOURED.fullmatch(tag.partition("@")[0])
    return match["flavour"] if match else None


def _split_image(image: str) -> tuple[str, str]:
    """The repository, and the tag with its digest."""
    name, at_sign, digest = image.partition("@")
    head, slash, last = name.rpartition("/")
    repository, _, tag = last.partition(":")
    return f"{head}{slash}{repository}", f"{tag}{at_sign}{digest}"


def _moving_tag_notice(image: str) -> Iterator[Notice]:
    tag = _split_image(image)[1]
    if _MOVING.fullmatch(tag) and "@" not in tag:
        text = f"{image} is a tag that moves, and whether the registry has it was not checked: pin it to a full one"
        yield Notice("moving-tag", text)
