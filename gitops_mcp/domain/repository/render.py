"""What one root makes: an engine object, a kustomization that none applies, or a plain file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.budget import spend, spent_by
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.engines.declared import directory_files, directory_folders, engine_builds
from gitops_mcp.domain.engines.reading import file_and_line, read_documents
from gitops_mcp.domain.kustomize import Build, FileTree, Produced
from gitops_mcp.domain.kustomize.tracked_files import TrackedFiles, made_once
from gitops_mcp.domain.names import is_namespace_name
from gitops_mcp.domain.objects import CNPG_GROUP, Identity, Object, Path, at
from gitops_mcp.domain.repository.desired import Declaration, MakerFile
from gitops_mcp.domain.repository.roots.not_applied import cnpg_documents
from gitops_mcp.domain.yaml.text import YamlDocument, line_of_path
from gitops_mcp.domain.yaml.values import is_same

if TYPE_CHECKING:
    from gitops_mcp.domain.engines.charts.values import Release

_CLUSTER_SCOPED = frozenset({"ClusterImageCatalog"})

NamespaceFrom = Literal["document", "kustomization", "engine", "unknown"]


@dataclass(frozen=True)
class RenderedRoot:
    declarations: tuple[Declaration, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not understood, with its file."""
    makers: tuple[MakerFile, ...] = ()
    """What makes objects that are not known here."""
    reached: frozenset[str] = frozenset()
    """The files that it takes."""
    seen: Mapping[str, str | bool] = field(default_factory=dict, compare=False, repr=False)
    """All that it was made of, as `is_unchanged` asks for it."""


def render_engine_object(tree: FileTree, one: EngineObject, paths: Mapping[str, str]) -> RenderedRoot:
    """What an engine object applies; `paths` are the files below its folder."""
    listing: tuple[str, ...] = ()
    with spent_by(one.place.path):
        spend(2 + len(paths) * (3 if one.build == "directory" else 1))
        if one.build == "directory":
            listing = (*directory_files(one, paths), *directory_folders(one, paths))
    key = ("applied", f"{one.place}{one.place.base}{one.generated or one.name}{one.folder}")
    depends = (one, listing, _chart_state(tree, one, paths))
    return _render_once(tree, key, depends, lambda watched: _build_engine_object(watched, one, paths), one.place.path)


def _chart_state(tree: FileTree, one: EngineObject, paths: Mapping[str, str]) -> object:
    """What a chart is rendered with beside the texts that a build looks at."""
    if one.build != "helm" or one.folder is None:
        return None
    charts = tree.charts or Charts()
    return tuple(paths), charts.binaries, charts.links, charts.reviewed, charts.engine.missing


def render_root(tree: FileTree, folder: str) -> RenderedRoot:
    """What a kustomization makes that no engine object of the repository applies."""
    return _render_once(tree, ("root", folder), None, lambda watched: _build_kustomization(watched, folder))


def render_plain_file(tree: FileTree, path: str) -> RenderedRoot:
    """A file as it is."""
    return _render_once(tree, ("plain", path), None, lambda watched: _build_plain_file(watched, path))


def _render_once(
    tree: FileTree, key: tuple[str, str], depends: object, make: Any, place: str | None = None
) -> RenderedRoot:
    known = tree.memo.get(key)

    def made(files: TrackedFiles) -> RenderedRoot:
        with spent_by(key[1] if place is None else place):
            found: RenderedRoot = make(replace(tree, files=files))
        if known is not None and known[0] == depends:
            found = replace(found, declarations=_with_known(found.declarations, known[2].declarations))
        return replace(found, reached=found.reached | files.read, seen=files.seen)

    return made_once(tree, key, depends, made)


def _with_known(made: tuple[Declaration, ...], known: tuple[Declaration, ...]) -> tuple[Declaration, ...]:
    """Those that are known already where they say the same of what a build has not made anew."""
    by_build = {id(one.produced): one for one in known if one.produced is not None}
    pairs = ((one, by_build.get(id(one.produced))) for one in made)
    return tuple(was if was is not None and was == one else one for one, was in pairs)


def _build_engine_object(tree: FileTree, one: EngineObject, paths: Mapping[str, str]) -> RenderedRoot:
    if one.build == "helm":
        return _render_releases(tree, one)
    if one.build == "objects":
        return RenderedRoot(tuple(_declare_made(tree, one)), one.unmade)
    if one.build == "directory" and one.engine == "argocd":
        taken = directory_files(one, paths)
        each = [_build_plain_file(tree, path, one) for path in taken]
        return RenderedRoot(
            tuple(found for made in each for found in made.declarations),
            tuple(note for made in each for note in made.notes),
            reached=frozenset(taken),
        )
    made = RenderedRoot(reached=frozenset(directory_files(one, paths)) if one.build == "directory" else frozenset())
    for folder, build in engine_builds(tree, one, paths):
        found = tuple(_declare_all(build, folder, one))
        made = replace(
            made,
            declarations=(*made.declarations, *found),
            notes=(*made.notes, *(str(fault) for fault in build.faults)),
        )
    return made


def _build_kustomization(tree: FileTree, folder: str) -> RenderedRoot:
    build = kustomize.build_folder(tree, folder)
    found = tuple(_declare_all(build, folder, None))
    return RenderedRoot(found, tuple(str(fault) for fault in build.faults))


def _build_plain_file(tree: FileTree, path: str, by: EngineObject | None = None) -> RenderedRoot:
    build = kustomize.build_files(tree, "", (path,))
    if not any(fault.fatal for fault in build.faults):
        return RenderedRoot(tuple(_as_applied(one, tree.files[path]) for one in _declare_all(build, None, by)))
    # Kustomize has nothing to say of such a file: each document counts, whatever stands beside it.
    text = tree.files[path]
    found = tuple(
        declare_as_written(path, text, document, base, value, by) for document, base, value in cnpg_documents(text)
    )
    return RenderedRoot(found, tuple(str(fault) for fault in build.faults if by is not None))


def _as_applied(one: Declaration, text: str) -> Declaration:
    """With its values as kubectl and Argo CD read them: `on` is a boolean, which kustomize takes for a string."""
    value = _decrypted(at(read_documents(text)[one.document].value, *one.base))
    return one if is_same(value, one.object) else replace(one, object=value)


def declare_as_written(
    path: str, text: str, document: YamlDocument, base: Path, value: Object, by: EngineObject | None
) -> Declaration:
    own = bool(at(value, "metadata", "namespace"))
    namespace = _known_namespace(at(value, "metadata", "namespace") if own else by.default_namespace if by else None)
    return Declaration(
        identity=Identity(value["kind"], namespace, value["metadata"]["name"]),
        path=path,
        document=document.index,
        base=base,
        line=line_of_path(text, document.index, base) if base else document.line,
        object=value,
        namespace_from="unknown" if namespace is None else "document" if own else "engine",
        applied=by,
    )


def _declare_all(build: Build, folder: str | None, by: EngineObject | None) -> Iterator[Declaration]:
    return (_declare_built(one, opaque, folder, by) for one, opaque in build.of_groups({CNPG_GROUP}))


def _declare_built(produced: Produced, opaque: str | None, folder: str | None, by: EngineObject | None) -> Declaration:
    spend(10)
    value, scalars = produced.object, {}
    if by is not None:
        from gitops_mcp.domain.engines import substitution
        from gitops_mcp.domain.engines.envsubst import Malformed

        opaque = opaque or by.opaque
        try:
            filled = substitution.substitute_object(value, by.substitution)
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
        object=_decrypted(value),
        namespace_from=origin,
        root=folder,
        produced=produced,
        applied=by,
        substituted=scalars,
        encrypted=_encryption_reason(produced),
        opaque=opaque,
    )


def _namespace(value: Object, produced: Produced, by: EngineObject | None) -> tuple[str | None, NamespaceFrom]:
    own = at(value, "metadata", "namespace")
    if value.get("kind") in _CLUSTER_SCOPED:
        return None, "document"
    if own and _known_namespace(own) is None:
        return None, "unknown"
    if isinstance(own, str) and own:
        word = produced.word(("metadata", "namespace"))
        layer = produced.layers[word.layer] if word else produced.layers[0]
        if layer.kind == "document":
            return own, "document"
        is_engine = by is not None and (layer.path, layer.document) == (by.place.path, by.place.document)
        return own, "engine" if is_engine else "kustomization"
    given = _known_namespace(by.default_namespace) if by else None
    return (given, "engine") if given else (None, "unknown")


def _known_namespace(said: object) -> str | None:
    """None for what is a template or a variable still."""
    return said if isinstance(said, str) and is_namespace_name(said) else None


def _decrypted(value: Object) -> Object:
    """Without what sops keeps beside values, which goes as it decrypts them. A Secret keeps it, and is known by it."""
    if "sops" not in value or value.get("kind") == "Secret":
        return value
    return {key: part for key, part in value.items() if key != "sops"}


def _encryption_reason(produced: Produced) -> str | None:
    if "sops" not in produced.object:
        return None
    word = next((word for _, word in produced.below(("sops",))), None)
    layer = produced.layers[word.layer] if word else produced.layers[0]
    return (
        f"{layer.path} is encrypted with sops, whose checksum covers the whole file: edit it with `sops {layer.path}`, "
        f"which takes the key"
    )


def _declare_made(tree: FileTree, one: EngineObject) -> Iterator[Declaration]:
    """What a template makes that stands in the engine object; it is edited by its inputs."""
    for made in one.made:
        namespace = at(made.object, "metadata", "namespace")
        where = file_and_line(one.place.below(*(made.inputs or made.template)), tree.files)
        yield Declaration(
            identity=Identity(made.object["kind"], namespace or None, made.object["metadata"]["name"]),
            path=one.place.path,
            document=one.place.document,
            base=one.place.base,
            line=one.place.line,
            object=made.object,
            namespace_from="engine" if namespace else "unknown",
            applied=one,
            made=made,
            opaque=f"{one} makes it of a template, with what is at {where}: change that there by hand",
        )


def _render_releases(tree: FileTree, one: EngineObject) -> RenderedRoot:
    from gitops_mcp.domain.engines.charts import releases

    made = releases.made_by_chart(one, tree.files, tree.charts or Charts())
    makers = tuple(MakerFile(one.place.path, f"{one.place}: {why}", "", is_open=True) for why in made.unknown)
    notes = (*made.notes, *(maker.reason for maker in makers))
    return RenderedRoot(tuple(_declare_releases(one, made.objects)), notes, makers)


def _declare_releases(one: EngineObject, made: Iterable[tuple[Release, Object, str | None]]) -> Iterator[Declaration]:
    for release, value, opaque in made:
        own = at(value, "metadata", "namespace")
        namespace = None if value["kind"] in _CLUSTER_SCOPED else _known_namespace(own or release.namespace)
        yield Declaration(
            identity=Identity(value["kind"], namespace, value["metadata"]["name"]),
            path=one.place.path,
            document=one.place.document,
            base=one.place.base,
            line=one.place.line,
            object=value,
            namespace_from="engine" if namespace else "unknown",
            applied=one,
            release=release,
            database=str(at(value, "spec", "name")) if value["kind"] == "Database" else None,
            opaque=one.opaque or opaque,
        )
