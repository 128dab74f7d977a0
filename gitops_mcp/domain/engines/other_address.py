"""The address under which engines know this repository, where the checkout says none or another one.

A mirror, a fork, a repository that was renamed or moved to another forge: Git says one address, and every engine object
in it another. It is taken for this one where that is of the same name on another host, or where what it names holds the
engine objects themselves, and nothing that it names is missing here.

A checkout without a remote, or of a folder or a bundle, says none. Then that one is taken of several which holds the
engine objects that name it, else the only one whose folders are here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.flux.instances import find_syncs
from gitops_mcp.domain.engines.parked import parked_folder
from gitops_mcp.domain.engines.reading import Files, clean_path, mappings_in
from gitops_mcp.domain.engines.source_url import why_elsewhere
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.remote_url import parse_remote_url


@dataclass
class _Named:
    """What engine objects name of one repository."""

    urls: dict[str, None] = field(default_factory=dict)
    """In all spellings."""
    folders: set[str] = field(default_factory=set)
    has_root: bool = False
    """Whether the root is among the folders, which every repository has."""
    places: set[str] = field(default_factory=set)

    @property
    def holds_itself(self) -> bool:
        return any(place.startswith(tuple(self.folders)) for place in self.places)

    def is_missing(self, files: Files) -> list[bool]:
        """Of each folder."""
        return [not any(file.startswith(folder) for file in files) for folder in self.folders]


def other_address(found: tuple[LocatedObject, ...], files: Files, remotes: tuple[str, ...]) -> str | None:
    """The one address that can be meant; None where an engine object names this repository, or there are several."""
    mine = {parsed.path.lower() for one in remotes if (parsed := parse_remote_url(one)).host}
    if any(why_elsewhere(url, remotes) is None for url, _, _ in _named_sources(_at_work(found), files)):
        return None
    named = _by_repository(found, files)
    fitting = [
        next(iter(one.urls))
        for path, one in named.items()
        if one.folders and not any(one.is_missing(files)) and (path in mine or one.holds_itself)
    ]
    return fitting[0] if len(fitting) == 1 else None


def addresses_without_remote(
    found: tuple[LocatedObject, ...], files: Files, remotes: tuple[str, ...]
) -> tuple[str, ...]:
    """The spellings of the one address of several that is this repository's; none where a remote says it."""
    if any(parse_remote_url(one).host for one in remotes):
        return ()
    named = list(_by_repository(found, files).values())
    holding = [one for one in named if one.holds_itself]
    if not holding and not any(one.has_root for one in named):
        holding = [one for one in named if not all(one.is_missing(files))]
    return tuple(holding[0].urls) if len(holding) == 1 else ()


def _by_repository(found: tuple[LocatedObject, ...], files: Files) -> dict[str, _Named]:
    named: dict[str, _Named] = {}
    for url, folder, place in _named_sources(_at_work(found), files):
        group = named.setdefault(parse_remote_url(url).path.lower(), _Named())
        group.urls[url] = None
        group.places.add(place)
        if folder:
            group.folders.add(f"{folder}/")
        else:
            group.has_root = True
    return named


def _at_work(found: tuple[LocatedObject, ...]) -> tuple[LocatedObject, ...]:
    """Those among examples only where there are no others."""
    return tuple(one for one in found if parked_folder(one.place.path) is None) or found


def _named_sources(found: tuple[LocatedObject, ...], files: Files) -> Iterator[tuple[str, str, str]]:
    """URL, folder and the file that names them; those come last that every file is looked through for."""
    urls = {one.name: at(one.object, "spec", "url") for one in found if one.kind == "GitRepository"}
    for one in found:
        spec = mapping_at(one.object, "spec")
        match one.kind:
            case "Kustomization" if isinstance(url := urls.get(str(at(spec, "sourceRef", "name"))), str):
                yield url, clean_path(spec.get("path")), one.place.path
            case "Application":
                yield from _of_sources(spec, one.place.path)
            case "ApplicationSet":
                yield from _of_sources(mapping_at(spec, "template", "spec"), one.place.path)
    for sync in find_syncs(files, found):
        yield str(sync.url), clean_path(sync.folder), sync.place.path


def _of_sources(spec: Object, place: str) -> Iterator[tuple[str, str, str]]:
    for source in (mapping_at(spec, "source"), *mappings_in(spec.get("sources"))):
        url, path = source.get("repoURL"), source.get("path")
        if isinstance(url, str) and isinstance(path, str) and "{{" not in url:
            yield url, "" if "{{" in path else clean_path(path), place
