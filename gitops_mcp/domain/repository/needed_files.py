"""Which further files are needed to understand those that are known: what kustomizations and engine objects name.

Files that only declare other things (Deployments and the like, named under `resources`) are not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from gitops_mcp.domain.engines.declared import all_value_sources, may_be_engine
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.engines.reading import clean_path, read_documents, texts_in
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import at, strings_in

_LISTS = frozenset({"resources", "bases", "crds"})
"""Keys of a kustomization whose files matter only where they declare something of CNPG, which is known without."""
_SOURCE_FIELDS = ("substituteFrom", "valuesFrom")
_TAG = re.compile(r"\{\{[^{}]*\}\}")
_PLUGIN = "apiVersion: builtin"
"""What a transformer or generator of kustomize's own says that is a document."""
_TEXTS = (".yaml", ".yml", ".json", ".env", ".properties", ".tpl")


def referenced_paths(texts: Mapping[str, str], paths: Collection[str]) -> set[str]:
    """The paths that exist, are named by a kustomization or an engine object, and are not known yet."""
    found: set[str] = set()
    wide = _copying_folders(texts)
    for path, text in texts.items():
        if not _may_name_file(text):
            continue
        folder = path.rpartition("/")[0]
        if is_kustomization(path):
            found |= set(_existing_paths(_strings_of_kustomization(text, all_of_it=folder in wide), (folder,), paths))
        elif _PLUGIN in text:
            # What it names counts from the kustomization that lists it: beside it, or above.
            above = (folder, folder.rpartition("/")[0])
            found |= set(_existing_paths(strings_in(_document_values(text)), above, paths))
        elif may_be_engine(text):
            found |= set(_existing_paths(strings_in(_document_values(text)), (folder, *_named_folders(text)), paths))
            if "ApplicationSet" in text and ("files:" in text or "valueFiles:" in text):
                from gitops_mcp.domain.engines.applicationsets.git_generator import paths_that_may_fit

                found |= set(paths_that_may_fit(_document_values(text), paths))
    return found - texts.keys()


def _may_name_file(text: str) -> bool:
    """Whether a text may have a string that ends as the name of a file does: with escapes, or as a pattern, any may."""
    return any(mark in text for mark in (*_TEXTS, "\\", "ApplicationSet"))


def value_source_names(texts: Mapping[str, str]) -> frozenset[str]:
    """Names of the ConfigMaps and Secrets that variables and values come from, as an object or any patch says it."""
    said = [_document_values(text) for text in texts.values() if any(field in text for field in _SOURCE_FIELDS)]
    return frozenset({*(name for _, name in all_value_sources(texts)), *_referred_names(said)})


def _referred_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("kind") in ("ConfigMap", "Secret") and isinstance(value.get("name"), str):
            yield value["name"]
        for part in value.values():
            yield from _referred_names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _referred_names(part)
    elif isinstance(value, str) and any(field in value for field in _SOURCE_FIELDS):
        yield from _referred_names([one for one in _document_values(value) if not isinstance(one, str)])


def _strings_of_kustomization(text: str, *, all_of_it: bool) -> Iterator[str]:
    for document in _document_values(text):
        if isinstance(document, dict):
            yield from strings_in([value for key, value in document.items() if all_of_it or key not in _LISTS])


def _copying_folders(texts: Mapping[str, str]) -> set[str]:
    """Folders whose kustomization copies values between objects, and those they build on: there any object counts.

    What a component copies, it copies between the objects of who lists it. So does what is listed under
    `transformers` or `generators`.
    """
    kustomizations = {path.rpartition("/")[0]: text for path, text in texts.items() if is_kustomization(path)}
    users: dict[str, list[str]] = {}
    copying = [folder for folder, text in kustomizations.items() if "replacements:" in text or "vars:" in text]
    for folder, text in kustomizations.items():
        for document in _document_values(text) if "components:" in text else ():
            for entry in texts_in(at(document, "components")):
                users.setdefault(join_path(folder, entry) or "", []).append(folder)
        if "transformers:" in text or "generators:" in text:
            listed = [at(value, key) for value in _document_values(text) for key in ("transformers", "generators")]
            copying += [path for entry in strings_in(listed) if (path := join_path(folder, entry)) is not None]
    copying = _closure(copying, lambda folder: users.get(folder, ()))

    def entries(folder: str) -> Iterator[str | None]:
        return (join_path(folder, entry) for entry in strings_in(_document_values(kustomizations.get(folder, ""))))

    return kustomizations.keys() & _closure(copying, entries)


def _closure(start: Iterable[str], leads_to: Callable[[str], Iterable[str | None]]) -> list[str]:
    waiting, found = list(start), dict[str, None]()
    while waiting:
        folder = waiting.pop()
        if folder not in found:
            found[folder] = None
            waiting += [one for one in leads_to(folder) if one is not None]
    return list(found)


def _existing_paths(strings: Iterable[str], folders: Iterable[str], paths: Collection[str]) -> Iterator[str]:
    tops = ("", *folders)
    for string in strings:
        if not string.endswith(_TEXTS) or "\n" in string:
            continue
        for folder in tops:
            # `$values/orders.yaml` is a file of the source that another one calls `values`, `key=a.yaml` one of a key.
            named = string.partition("/")[2] if string[0] == "$" else string.rpartition("=")[2]
            path = join_path(folder, named.removeprefix("/"))
            if path is not None and "{{" in path:
                yield from _fitting_paths(path, paths)
            elif path is not None and path in paths:
                yield path


def _fitting_paths(template: str, paths: Collection[str]) -> Iterator[str]:
    """Of an ApplicationSet: files that one of its Applications may name. What says nothing but an ending fits none."""
    pattern = _TAG.sub("*", template)
    if pattern.rpartition(".")[0] != "*":
        fits = glob(pattern, crosses=True, braces=False)
        end = pattern.rpartition("*")[2]
        yield from (path for path in paths if path.endswith(end) and fits.fullmatch(path))


def _named_folders(text: str) -> tuple[str, ...]:
    """What an engine object calls a path: values files are named from there."""
    return tuple(
        clean_path(value)
        for key, value in _pairs(_document_values(text))
        if key == "path" and isinstance(value, str) and value
    )


def _document_values(text: str) -> list[Any]:
    """What does not parse names nothing, and says so where it is built."""
    return [document.value for document in read_documents(text)]


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key), part
            yield from _pairs(part)
    elif isinstance(value, list):
        for part in value:
            yield from _pairs(part)
