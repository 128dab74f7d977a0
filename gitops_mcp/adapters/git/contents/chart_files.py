"""Everything in the charts that speak of CloudNativePG: they are rendered, and any file of a chart may be a template.

Which charts those are is told by what was found in the repository anyway; only packed charts, which no grep looks into,
are opened for it.
"""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitops_mcp.adapters.git.contents.files import Files, TreeLine
from gitops_mcp.domain.engines.reading import mappings_in, read_documents
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.objects import CNPG_GROUP, at

_CHART = "Chart.yaml"
_MARK = f"{CNPG_GROUP}/"
_LARGEST = 5 * 2**20
_UNPACKED = 32 * 2**20


@dataclass(frozen=True)
class FoundCharts:
    texts: tuple[str, ...] = ()
    binaries: Mapping[str, bytes] = field(default_factory=dict)
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChartFiles:
    files: Files
    entries: Mapping[str, TreeLine]
    symlinks: frozenset[str]

    def read(self, texts: dict[str, str], unread: Mapping[str, str]) -> FoundCharts:
        """Adds the charts' files to the texts."""
        charts = {path.removesuffix(_CHART).rstrip("/") for path in texts if _name(path) == _CHART}
        if not charts:
            return FoundCharts()
        packed = [path for path in self.entries if _is_packed(path) and any(True for _ in _charts_above(path, charts))]
        marked = [path for path, text in texts.items() if _MARK in text]
        marked += [path for path, data in self._data(packed).items() if _speaks_of_cnpg(data)]
        wanted = _with_dependencies({one for path in marked for one in _charts_above(path, charts)}, charts, texts)
        if not wanted:
            return FoundCharts()
        inside = _below(self.entries, wanted)
        binaries: dict[str, bytes] = {}
        for path, content in self._data(path for path in inside if path not in texts and path not in unread).items():
            try:
                texts[path] = content.decode("utf-8")
            except UnicodeDecodeError:
                binaries[path] = content
        links = tuple(sorted(_below(self.symlinks, wanted)))
        return FoundCharts(tuple(path for path in inside if path in texts), binaries, links)

    def _data(self, paths: Iterable[str]) -> dict[str, bytes]:
        entries = [self.entries[path] for path in paths]
        sizes = self.files.sizes(entry.id for entry in entries)
        small = [entry for entry in entries if sizes.get(entry.id, 0) <= _LARGEST]
        data = self.files.blobs(entry.id for entry in small)
        return {entry.path: data[entry.id] for entry in small}


def _below(paths: Iterable[str], charts: set[str]) -> list[str]:
    """A chart in the root folder is no more than what charts have: the rest of the repository is not its."""
    starts = tuple(f"{one}/" for one in charts if one) or ("/",)
    if "" in charts:
        starts = (*starts, "templates/", "charts/", "files/")
    return [path for path in paths if path.startswith(starts) or ("" in charts and "/" not in path)]


def _charts_above(path: str, charts: set[str]) -> Iterator[str]:
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        if folder in charts:
            yield folder


def _with_dependencies(found: set[str], charts: set[str], texts: Mapping[str, str]) -> set[str]:
    """Those, what they depend on by path, and what depends on them."""
    needs = {folder: set(_local_dependencies(folder, texts)) & charts for folder in charts}
    while True:
        more = {folder for folder, needed in needs.items() if needed & found}
        if more <= found:
            break
        found = found | more
    waiting = list(found)
    while waiting:
        below = needs[waiting.pop()] - found
        found = found | below
        waiting += below
    return found


def _local_dependencies(folder: str, texts: Mapping[str, str]) -> Iterator[str]:
    documents = read_documents(texts[posixpath.join(folder, _CHART)])
    for one in mappings_in(at(documents[0].value, "dependencies")) if documents else ():
        repository = str(one.get("repository"))
        target = join_path(folder, repository.removeprefix("file://"))
        if repository.startswith("file://") and target is not None:
            yield target


def _is_packed(path: str) -> bool:
    return path.endswith(".tgz") and posixpath.basename(posixpath.dirname(path)) == "charts"


def _speaks_of_cnpg(packed: bytes) -> bool:
    """A chart that would unpack to more than this is none that a person packed."""
    try:
        return _MARK.encode() in zlib.decompressobj(wbits=31).decompress(packed, _UNPACKED)
    except zlib.error:
        return False


def _name(path: str) -> str:
    return path.rpartition("/")[2]
