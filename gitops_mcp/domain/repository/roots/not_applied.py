"""Documents that declare an object and are not applied, and files that make objects without declaring them.

Both look like the place of an edit and are none. An edit there would look right and change nothing, or break the
file, so they are found and told with the reason.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import TextPlace, kustomization_path, patch_files, read_documents
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.objects import CNPG_GROUP, Identity, Object, Path, at, dotted_path
from gitops_mcp.domain.repository.desired import MakerFile, UnappliedDocument, folders_above
from gitops_mcp.domain.repository.roots.idle_engines import Idle
from gitops_mcp.domain.yaml.text import YamlDocument, line_of_path

MARK = CNPG_GROUP + "/"


def cnpg_documents(text: str) -> Iterator[tuple[YamlDocument, Path, Object]]:
    """Every object of CNPG's group that stands in a file, items of a `kind: List` too."""
    for document in read_documents(text):
        items = at(document.value, "items") if at(document.value, "kind") == "List" else None
        if isinstance(items, list):
            yield from ((document, ("items", index), item) for index, item in enumerate(items) if _is_cnpg(item))
        elif _is_cnpg(document.value):
            yield document, (), document.value


def holds_only_cnpg(text: str) -> bool:
    """Whether it can be read and declares nothing but objects of CNPG's group."""
    documents = read_documents(text)
    return bool(documents) and all(_is_cnpg(document.value) for document in documents)


def find_unapplied(
    files: Mapping[str, str], paths: Iterable[str], engines: Sequence[EngineObject]
) -> Iterator[UnappliedDocument]:
    """What these files declare although nothing takes them; what a kustomization takes for a patch declares nothing."""
    loose = [*paths]
    patches = patch_files(files) if loose else ()
    for path in (one for one in loose if one not in patches):
        reason, is_unknown = _why_not_applied(path, files, engines), False
        if (unknown := _not_understood(path, engines)) is not None and chart_of_template(path, files) is None:
            reason, is_unknown = f"whether {unknown} applies it is not known: {unknown.excluded}", True
        for document, base, value in cnpg_documents(files[path]):
            line = line_of_path(files[path], document.index, base) if base else document.line
            namespace = at(value, "metadata", "namespace")
            identity = Identity(value["kind"], str(namespace) if namespace else None, value["metadata"]["name"])
            yield UnappliedDocument(identity, f"{path}:{line}", reason, is_unknown)


def find_maker_files(files: Mapping[str, str], paths: Iterable[str]) -> Iterator[MakerFile]:
    """Templates of Helm, jsonnet, and what operators compose, among files that mention CNPG."""
    for path in paths:
        text = files[path]
        if (chart := chart_of_template(path, files)) is not None:
            values = posixpath.join(chart, "values.yaml")
            look = f"; the values that it is filled with stand in {values}" if values in files else ""
            yield MakerFile(path, f"{path} is a template of the Helm chart {chart}, which is not edited{look}", text)
        elif path.endswith((".jsonnet", ".libsonnet")):
            yield MakerFile(path, f"{path} is a jsonnet program, which is not edited: change it there by hand", text)
        elif path.endswith((".yaml", ".yml", ".json")):
            yield from _composition_files(path, files)
            yield from _sealed_secrets(path, files[path])


def _sealed_secrets(path: str, text: str) -> Iterator[MakerFile]:
    for document in read_documents(text) if "SealedSecret" in text else ():
        if at(document.value, "kind") == "SealedSecret":
            name = str(at(document.value, "metadata", "name"))
            reason = f"{path}:{document.line} is a SealedSecret, whose values only kubeseal makes"
            yield MakerFile(path, reason, name)


def chart_of_template(path: str, files: Mapping[str, str]) -> str | None:
    """The folder of the Helm chart whose template this is."""
    above, _, _ = f"/{path}".rpartition("/templates/")
    while above:
        folder = above.lstrip("/")
        if posixpath.join(folder, "Chart.yaml") in files:
            return folder
        above = above.rpartition("/templates/")[0]
    return None


def _composition_files(path: str, files: Mapping[str, str]) -> Iterator[MakerFile]:
    for document in read_documents(files[path]):
        value = document.value
        kind = at(value, "kind")
        if not isinstance(kind, str) or _is_cnpg(value) or kind in {"List", "Kustomization", "Component"}:
            continue
        if str(at(value, "apiVersion")).startswith((MARK, "apiextensions.k8s.io/")):
            continue
        if next(_places_of_cnpg(value, ()), None) is None:
            continue
        claimed = at(value, "spec", "compositeTypeRef", "apiVersion") or at(value, "spec", "schema", "apiVersion")
        group = (
            str(claimed).partition("/")[0] if claimed and "/" in str(claimed) else at(value, "spec", "schema", "group")
        )
        where = f"the {kind} {at(value, 'metadata', 'name')} at {path}:{document.line}"
        claims = tuple(_claims(str(group), files)) if group else ()
        for name, place in claims:
            yield MakerFile(place.rpartition(":")[0], f"{where} makes it from {place}: change it there by hand", name)
        inside = next(_places_of_cnpg(value, ()), ())
        line = line_of_path(files[path], document.index, inside)
        told = (
            f"{where} makes such objects, which are not edited through it: "
            f"change {dotted_path(inside)} by hand at {path}:{line}"
        )
        yield MakerFile(path, told, files[path])


def _claims(group: str, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    mark = re.compile(rf"^apiVersion: *[\"']?{re.escape(group)}/", re.MULTILINE)
    for path, text in files.items():
        if not path.endswith((".yaml", ".yml")) or not mark.search(text):
            continue
        for document in read_documents(text):
            name = at(document.value, "metadata", "name")
            if isinstance(name, str) and str(at(document.value, "apiVersion")).startswith(f"{group}/"):
                yield name, f"{path}:{document.line}"


def is_reference(value: object) -> bool:
    """Whether something names an object instead of being one."""
    return at(value, "name") is not None and at(value, "metadata") is None and at(value, "spec") is None


def _places_of_cnpg(value: object, path: Path) -> Iterator[Path]:
    """Where objects of CNPG stand inside; what only refers to one, as a health check does, is none."""
    version = at(value, "apiVersion")
    if isinstance(version, str) and version.startswith(MARK) and not is_reference(value):
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from _places_of_cnpg(part, (*path, step if isinstance(step, int) else str(step)))


def _why_not_applied(path: str, files: Mapping[str, str], engines: Sequence[EngineObject]) -> str:
    if (chart := chart_of_template(path, files)) is not None:
        return f"it is a template of the Helm chart {chart}, filled in from {posixpath.join(chart, 'values.yaml')}"
    above = [one for one in engines if one.folder is not None and one.build != "helm" and _holds(one.folder, path)]
    nearest = max(above, key=lambda one: len(one.folder or ""), default=None)
    governing = _governing_kustomization(path, files)
    unlisted = f"{governing} does not list it" if governing and not _lists(governing, path, files) else None
    if nearest is None:
        reason = _why_no_application(path, engines) or "no engine object of this repository applies it"
        return f"{unlisted}, and {reason}" if unlisted else reason
    return _why_left_out(nearest) or (
        f"{unlisted}, and {nearest} builds that" if unlisted else f"{nearest} leaves it out"
    )


def _not_understood(path: str, engines: Sequence[EngineObject]) -> EngineObject | None:
    """What may apply a file, where nothing nearer to it is known to leave it out."""
    above = [one for one in engines if one.folder is not None and one.build != "helm" and _holds(one.folder, path)]
    unknown = [one for one in above if is_not_understood(one)]
    nearest = max(above, key=lambda one: len(one.folder or ""), default=None)
    return nearest if nearest in unknown else None


def is_not_understood(one: EngineObject) -> bool:
    return not one.counts and one.is_of_repository and not isinstance(one.excluded, Idle)


def _why_left_out(one: EngineObject) -> str | None:
    if not one.counts:
        return f"{one} does not apply it: {one.excluded}"
    for field in ("exclude", "include"):
        pattern = getattr(one.selection, field)
        if pattern and one.build == "directory":
            return f"{one} leaves it out: directory.{field} is {pattern}"
    return None


def _why_no_application(path: str, engines: Sequence[EngineObject]) -> str | None:
    """The ApplicationSet that takes neighbours of the folder and not the folder."""
    sets: dict[TextPlace, list[EngineObject]] = {}
    for one in engines:
        if one.kind == "ApplicationSet" and one.folder and not one.excluded:
            sets.setdefault(one.place, []).append(one)
    own = posixpath.dirname(path)
    for found in sets.values():
        folders = [str(one.folder) for one in found]
        top = posixpath.commonpath(folders) if len(folders) > 1 else posixpath.dirname(folders[0])
        if top and own.startswith(f"{top}/"):
            depth = max(folder.count("/") for folder in folders) + 1
            return f"{found[0]} makes no Application for {'/'.join(own.split('/')[:depth])}"
    return None


def _lists(kustomization: str, path: str, files: Mapping[str, str]) -> bool:
    listed = read_documents(files[kustomization])
    folder = posixpath.dirname(kustomization)
    entries = at(listed[0].value, "resources") if listed else None
    return isinstance(entries, list) and any(
        join_path(folder, str(entry)) in {path, posixpath.dirname(path)} for entry in entries
    )


def _governing_kustomization(path: str, files: Mapping[str, str]) -> str | None:
    for folder in folders_above(posixpath.dirname(path), ""):
        if (found := kustomization_path(files, folder)) is not None:
            return found
    return None


def _holds(folder: str, path: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _is_cnpg(value: object) -> bool:
    version = at(value, "apiVersion")
    named = isinstance(at(value, "metadata", "name"), str)
    return isinstance(version, str) and version.startswith(MARK) and isinstance(at(value, "kind"), str) and named
