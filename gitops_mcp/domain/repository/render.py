"""What one root makes: an engine object, a kustomization that none applies, or a plain file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from gitops_mcp.domain import helm, kustomize, substitution
from gitops_mcp.domain.applied import Applied
from gitops_mcp.domain.engines import files_of, folders_of
from gitops_mcp.domain.envsubst import Malformed
from gitops_mcp.domain.helmvalues import Release
from gitops_mcp.domain.kustomize import Build, Produced, Tree
from gitops_mcp.domain.objects import Identity, Object, Path, at
from gitops_mcp.domain.repository import Declaration
from gitops_mcp.domain.unreached import documents
from gitops_mcp.domain.watching import Watching, unchanged
from gitops_mcp.domain.yamltext import Document, line_of

_CLUSTER_SCOPED = frozenset({"ClusterImageCatalog"})

NamespaceFrom = Literal["document", "kustomization", "engine", "unknown"]


@dataclass(frozen=True)
class Rendered:
    declarations: tuple[Declaration, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not understood, with its file."""
    reached: frozenset[str] = frozenset()
    """The files that it takes."""


def applied(tree: Tree, one: Applied, paths: Mapping[str, str]) -> Rendered:
    """What an engine object applies; `paths` are the files below its folder."""
    listing: tuple[str, ...] = ()
    if one.build == "directory":
        listing = (*files_of(one, paths), *folders_of(one, paths))
    key = ("applied", f"{one.place}{one.place.base}{one.generated}{one.folder}")
    return _remembered(tree, key, (one, listing), lambda watched: _applied(watched, one, paths))


def root(tree: Tree, folder: str) -> Rendered:
    """What a kustomization makes that no engine object of the repository applies."""
    return _remembered(tree, ("root", folder), None, lambda watched: _root(watched, folder))


def plain(tree: Tree, path: str) -> Rendered:
    """A file as it is."""
    return _remembered(tree, ("plain", path), None, lambda watched: _plain(watched, path))


def _remembered(tree: Tree, key: tuple[str, str], depends: object, make: Any) -> Rendered:
    known = tree.memo.get(key)
    if known is not None and known[0] == depends and unchanged(known[1], tree):
        return known[2]  # type: ignore[no-any-return]  # the memo holds anything
    watched = Watching(tree)
    made = make(Tree(watched, tree.others, tree.memo))
    made = replace(made, reached=made.reached | watched.read)
    tree.memo[key] = (depends, watched.seen, made)
    return made  # type: ignore[no-any-return]


def _applied(tree: Tree, one: Applied, paths: Mapping[str, str]) -> Rendered:
    if one.build == "helm":
        return _released(tree, one)
    if one.build == "directory" and one.engine == "argocd":
        taken = files_of(one, paths)
        each = [_plain(tree, path, one) for path in taken]
        return Rendered(
            tuple(found for made in each for found in made.declarations),
            tuple(note for made in each for note in made.notes),
            frozenset(taken),
        )
    made = Rendered(reached=frozenset(files_of(one, paths)) if one.build == "directory" else frozenset())
    for folder, build in _builds(tree, one, paths):
        found = tuple(_declaration(build, index, folder, one) for index in range(len(build.produced)))
        made = replace(
            made,
            declarations=(*made.declarations, *found),
            notes=(*made.notes, *(str(fault) for fault in build.faults)),
        )
    return made


def _builds(tree: Tree, one: Applied, paths: Mapping[str, str]) -> Iterator[tuple[str, Build]]:
    extra = (one.overlay,) if one.overlay else ()
    folder = one.folder or ""
    if one.build == "kustomize":
        yield folder, kustomize.build(tree, folder, extra=extra, loads="any" if one.engine == "flux" else "root only")
        return
    yield folder, kustomize.build_files(tree, folder, files_of(one, paths), extra=extra)
    for below in folders_of(one, paths):
        yield below, kustomize.build(tree, below, extra=extra, loads="any")


def _root(tree: Tree, folder: str) -> Rendered:
    build = kustomize.build(tree, folder)
    found = tuple(_declaration(build, index, folder, None) for index in range(len(build.produced)))
    return Rendered(found, tuple(str(fault) for fault in build.faults))


def _plain(tree: Tree, path: str, by: Applied | None = None) -> Rendered:
    build = kustomize.build_files(tree, "", (path,))
    if not any(fault.fatal for fault in build.faults):
        return Rendered(tuple(_declaration(build, index, None, by) for index in range(len(build.produced))))
    # Kustomize has nothing to say of such a file: each document counts, whatever stands beside it.
    text = tree.files[path]
    found = tuple(_as_written(path, text, document, base, value, by) for document, base, value in documents(text))
    return Rendered(found, tuple(str(fault) for fault in build.faults if by is not None))


def _as_written(path: str, text: str, document: Document, base: Path, value: Object, by: Applied | None) -> Declaration:
    namespace = at(value, "metadata", "namespace") or (by.default_namespace if by else None)
    own = bool(at(value, "metadata", "namespace"))
    return Declaration(
        identity=Identity(value["kind"], str(namespace) if namespace else None, value["metadata"]["name"]),
        path=path,
        document=document.index,
        base=base,
        line=line_of(text, document.index, base) if base else document.line,
        object=value,
        namespace_from="document" if own else "engine" if namespace else "unknown",
        applied=by,
    )


def _declaration(build: Build, index: int, folder: str | None, by: Applied | None) -> Declaration:
    produced, opaque = build.produced[index], build.opaque.get(index)
    value, scalars = produced.object, {}
    if by is not None:
        opaque = opaque or by.opaque
        try:
            filled = substitution.substituted(value, by.substitution)
            value, scalars = filled.object, dict(filled.scalars)
        except Malformed as error:
            opaque = opaque or f"the variables of {by} cannot be filled in: {error}"
    namespace, origin = _namespace(value, produced, by)
    document = produced.layers[0]
    return Declaration(
        identity=Identity(str(value.get("kind")), namespace, str(at(value, "metadata", "name"))),
        path=document.path,
        document=document.document,
        base=document.base,
        line=document.line,
        object=value,
        namespace_from=origin,
        root=folder,
        produced=produced,
        applied=by,
        substituted=scalars,
        encrypted=_encrypted(produced),
        opaque=opaque,
    )


def _namespace(value: Object, produced: Produced, by: Applied | None) -> tuple[str | None, NamespaceFrom]:
    own = at(value, "metadata", "namespace")
    if value.get("kind") in _CLUSTER_SCOPED:
        return None, "document"
    if isinstance(own, str) and own:
        word = produced.word(("metadata", "namespace"))
        layer = produced.layers[word.layer] if word else produced.layers[0]
        if layer.kind == "document":
            return own, "document"
        is_engine = by is not None and (layer.path, layer.document) == (by.place.path, by.place.document)
        return own, "engine" if is_engine else "kustomization"
    return (by.default_namespace, "engine") if by and by.default_namespace else (None, "unknown")


def _encrypted(produced: Produced) -> str | None:
    if "sops" not in produced.object:
        return None
    word = next((word for _, word in produced.below(("sops",))), None)
    layer = produced.layers[word.layer] if word else produced.layers[0]
    return (
        f"{layer.path} is encrypted with sops, whose checksum covers the whole file: edit it with `sops {layer.path}`, "
        f"which takes the key"
    )


def _released(tree: Tree, one: Applied) -> Rendered:
    found = helm.releases(one, tree.files)
    if isinstance(found, str):
        return Rendered(notes=(f"{one.place}: {found}",))
    unnamed = tuple(
        f"{one.place}: the name of what {one} makes cannot be told" for release in found if release.name is None
    )
    return Rendered(tuple(_of_release(tree, one, found)), unnamed)


def _of_release(tree: Tree, one: Applied, found: Iterable[Release]) -> Iterator[Declaration]:
    for release in found:
        for value in helm.objects(release, tree.files):
            yield Declaration(
                identity=Identity(value["kind"], at(value, "metadata", "namespace"), value["metadata"]["name"]),
                path=one.place.path,
                document=one.place.document,
                base=one.place.base,
                line=one.place.line,
                object=value,
                namespace_from="engine" if release.namespace else "unknown",
                applied=one,
                release=release,
                database=str(at(value, "spec", "name")) if value["kind"] == "Database" else None,
                opaque=one.opaque,
            )
