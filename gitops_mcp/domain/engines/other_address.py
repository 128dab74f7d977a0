"""The address under which engines know this repository, where they all name another one than the checkout does.

A mirror, a fork, a repository that was renamed or moved to another forge: Git says one address, and every engine object
in it another. It is taken for this one where that is of the same name on another host, or where what it names holds the
engine objects themselves, and nothing that it names is missing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.flux.instances import find_syncs
from gitops_mcp.domain.engines.reading import Files, clean_path, mappings_in
from gitops_mcp.domain.engines.source_url import why_elsewhere
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.remote_url import parse_remote_url


@dataclass
class _Named:
    """What engine objects name of one repository."""

    url: str
    folders: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)


def other_address(found: tuple[LocatedObject, ...], files: Files, remotes: tuple[str, ...]) -> str | None:
    """The one address that can be meant; None where an engine object names this repository, or there are several."""
    mine = {parsed.path.lower() for one in remotes if (parsed := parse_remote_url(one)).host}
    named: dict[str, _Named] = {}
    for url, folder, place in _named_sources(found, files):
        if why_elsewhere(url, remotes) is None:
            return None
        group = named.setdefault(parse_remote_url(url).path.lower(), _Named(url))
        group.places.add(place)
        if folder:
            group.folders.add(f"{folder}/")
    fitting = [
        one.url
        for path, one in named.items()
        if one.folders
        and all(any(file.startswith(folder) for file in files) for folder in one.folders)
        and (path in mine or any(place.startswith(tuple(one.folders)) for place in one.places))
    ]
    return fitting[0] if len(fitting) == 1 else None


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
