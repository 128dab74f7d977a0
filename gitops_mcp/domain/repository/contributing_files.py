"""The files that make an object what it is: a commit that touches none of them leaves it as it was.

That is its document and all that patches or fills it, the kustomizations on the way from there to what is built, what
these name beside what they list, and what applies the build. A file may be named that is not there: once it is, or as
long as it was, it has a part. What other objects of the same build are made of has none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import all_value_sources, may_be_engine
from gitops_mcp.domain.engines.reading import clean_path, read_documents, texts_in
from gitops_mcp.domain.engines.source_layers import override_paths
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.kustomize.kustomization import NAMES, is_kustomization
from gitops_mcp.domain.objects import at, strings_in
from gitops_mcp.domain.repository.desired import Declaration, Desired, KustomizationFile, folders_above
from gitops_mcp.domain.repository.render import RenderedRoot
from gitops_mcp.domain.repository.roots.environment_roots import EnvironmentRoots

_LISTS = ("resources", "bases", "components")
_DEFINES = re.compile(r"kind\W+(ConfigMap|Secret)\b|(configMap|secret)Generator:")
_COPIES = ("replacements", "vars")
_MOST = 400
"""Files of one chart that are named each by itself."""


def contributing_files(desired: Desired, declared: Declaration) -> frozenset[str]:
    """Folders too: of a chart that has many files its own."""
    root = root_of(desired, declared)
    seen = {path for path, text in root.seen.items() if text is not True} if root else set[str]()
    engines = set[str]()
    for one in appliers(desired, declared.applied):
        engines |= {one.place.path, *override_paths(one.generated or one.name, one.folder or "")}
    engines |= {*_value_files(desired, engines), *_generator_files(desired, engines)}
    own = {declared.path, *_places(declared)}
    chain = _building(desired.kustomizations, engines)
    if declared.release is not None:
        own |= _of_chart(declared, root, seen)
    else:
        read = {folder: one for folder, one in desired.kustomizations.items() if one.path in seen}
        chain += _building(read, own)
    found = own | engines | {one.path for one in chain} | {*_named_files(desired, *chain)}
    if any(key in one.object for one in chain for key in _COPIES):
        found |= seen
    folders = {above for path in found for above in folders_above(posixpath.dirname(path), "")}
    return frozenset(found | {posixpath.join(folder, name) for folder in folders for name in NAMES})


def may_build(path: str, text: str, places: Iterable[str]) -> bool:
    """Whether a kustomization or an engine object may build one of these files and folders: it may take in too many."""
    wanted, folder = {*places}, posixpath.dirname(path)
    above = {other for one in wanted for other in folders_above(one, "")}
    if is_kustomization(path):
        if folder not in above and ".." not in text:
            return False
        entries = strings_in([one.value for one in read_documents(text)])
        return any(join_path(folder, entry) in wanted for entry in entries if "\n" not in entry)
    if not may_be_engine(text):
        return False
    named = (entry for entry in strings_in([one.value for one in read_documents(text)]) if entry)
    return "ApplicationSet" in text or any(clean_path(entry) in above for entry in named)


def root_of(desired: Desired, declared: Declaration) -> RenderedRoot | None:
    """What was built to make an object."""
    if not isinstance(desired.roots, EnvironmentRoots):
        return None
    made = (declared.identity, declared.path, declared.document, declared.base, declared.root)
    for root in desired.roots.all:
        for one in root.declarations:
            if (one.identity, one.path, one.document, one.base, one.root) == made and one.applied == declared.applied:
                return root
    return None


def appliers(desired: Desired, applied: EngineObject | None) -> list[EngineObject]:
    """The engine object that applies it, those that apply that one, and so on."""
    built = desired.roots.applied if isinstance(desired.roots, EnvironmentRoots) else {}
    found = [applied] if applied else []
    for one in found:
        above = (desired.engines[index] for index, made in built.items() if one.place.path in made.reached)
        found += [other for other in above if other not in found]
    return found


def _places(declared: Declaration) -> Iterator[str]:
    yield from (layer.path for layer in declared.produced.layers) if declared.produced else ()
    yield from (one.place.path for one in declared.release.values if one.place) if declared.release else ()


def _value_files(desired: Desired, places: Iterable[str]) -> Iterator[str]:
    """What defines the ConfigMaps and Secrets that variables come from."""
    names = {name for _, name in all_value_sources({path: _text(desired, path) for path in places})}
    for path, text in desired.texts.items() if names else ():
        if _DEFINES.search(text) and any(name in text for name in names):
            yield path
            if is_kustomization(path) and (one := desired.kustomizations.get(posixpath.dirname(path))):
                yield from _named_files(desired, one)


def _generator_files(desired: Desired, places: Iterable[str]) -> Iterator[str]:
    """What a generator of an ApplicationSet may read."""
    for text in (_text(desired, path) for path in places):
        if "ApplicationSet" in text and "files:" in text:
            from gitops_mcp.domain.engines.applicationsets.git_generator import paths_that_may_fit

            yield from paths_that_may_fit([one.value for one in read_documents(text)], desired.texts)


def _of_chart(declared: Declaration, root: RenderedRoot | None, seen: set[str]) -> set[str]:
    folder = declared.applied.folder if declared.applied else None
    everything = seen | (set(root.reached) if root else set())
    if folder and len(everything) > _MOST:
        return {folder, *(path for path in everything if not path.startswith(f"{folder}/"))}
    return everything | ({folder} if folder else set())


def _building(kustomizations: Mapping[str, KustomizationFile], paths: Iterable[str]) -> list[KustomizationFile]:
    """The kustomizations that list one of the paths, what lists those, and so on; and the components of them all."""
    users: dict[str, list[KustomizationFile]] = {}
    for one in kustomizations.values():
        for path in _listed_paths(one, *_LISTS):
            users.setdefault(path, []).append(one)
    found: dict[str, KustomizationFile] = {}
    waiting = [*paths, *(posixpath.dirname(path) for path in paths if is_kustomization(path))]
    for path in waiting:
        own = [kustomizations[path]] if path in kustomizations else []
        new = [one for one in (*own, *users.get(path, ())) if one.folder not in found]
        found |= {one.folder: one for one in new}
        waiting += [one.folder for one in new]
    components = list(found.values())
    for one in components:
        below = (kustomizations.get(path) for path in _listed_paths(one, "components"))
        components += [other for other in below if other and other not in components]
    return components


def _listed_paths(one: KustomizationFile, *keys: str) -> Iterator[str]:
    found = (join_path(one.folder, entry) for key in keys for entry in texts_in(one.object.get(key)))
    return (path for path in found if path is not None)


def _named_files(desired: Desired, *kustomizations: KustomizationFile) -> Iterator[str]:
    """Patches, generators' files and the like, of folders that are named so too; what is listed has its own files."""
    files, waiting = desired.tree.files if desired.tree else desired.texts, [*kustomizations]
    known = {one.folder for one in waiting}
    for one in waiting:
        for string in strings_in([value for key, value in one.object.items() if key not in _LISTS]):
            path = join_path(one.folder, string.rpartition("=")[2]) if string and "\n" not in string else None
            if path is None:
                continue
            if path in files:
                yield path
            elif path in desired.kustomizations and path not in known:
                known.add(path)
                waiting.append(desired.kustomizations[path])
                yield desired.kustomizations[path].path


def _text(desired: Desired, path: str) -> str:
    return desired.texts.get(path, "")


def raw_name(desired: Desired, declared: Declaration) -> str:
    """`metadata.name` as its document has it, before prefixes and variables."""
    found = read_documents(_text(desired, declared.path))
    value = next((one.value for one in found if one.index == declared.document), None)
    return str(at(value, *declared.base, "metadata", "name") or declared.identity.name)
