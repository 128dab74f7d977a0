"""The engine objects that an ApplicationSet stands for: one for each source of each Application that it makes."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from gitops_mcp.domain.engines.applicationsets.generators import KINDS, generated_rows
from gitops_mcp.domain.engines.applicationsets.git_generator import pattern_start
from gitops_mcp.domain.engines.applicationsets.patches import merged_template, patched_application
from gitops_mcp.domain.engines.applicationsets.rows import Repository, Row
from gitops_mcp.domain.engines.applicationsets.texts import Templating
from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject
from gitops_mcp.domain.engines.argocd import interpret_application
from gitops_mcp.domain.engines.go_template.values import Fails, NotKnown, OpenMap, Unknown, why_unknown
from gitops_mcp.domain.engines.reading import TextPlace, clean_path, file_and_line, mappings_in
from gitops_mcp.domain.engines.source_url import NotEvaluated
from gitops_mcp.domain.objects import Object, at, mapping_at

_SAYS_WHERE = re.compile(r"\b(sources?|destination|sourceHydrator)\b")
_IS_PATH = re.compile(r"\{\{[-\s]*\.?(?:\w+\.)?path\b")
_STRATEGY, _SYNC = ("spec", "strategy", "type"), ("spec", "syncPolicy", "applicationsSync")
_STEPS = (
    "ApplicationSet {} ({}) syncs its Applications step by step (RollingSync): one of a later step waits until those "
    "before it are healthy"
)
_KEPT = "it makes Applications and changes none that are there (spec.syncPolicy.applicationsSync)"
_DECIDES = frozenset(
    [
        *("chart", "components", "directory", "helm", "jsonnet", "namePrefix", "namespace", "nameSuffix", "patches"),
        *("plugin", "replicas"),
    ]
)
"""Parts of a source without which nobody knows what it makes."""


@dataclass(frozen=True)
class _Made:
    """An Application, as far as it is known: Unknown stands where a text is not."""

    application: Object
    doubts: tuple[str, ...] = ()
    why_not: str | None = None
    """Why no more can be told of it than where its files may lie."""

    @property
    def name(self) -> object:
        return _known_text(at(self.application, "metadata", "name"))


def interpret_application_set(one: LocatedObject, around: Repository) -> Iterator[EngineObject]:
    made, reason = [], "it makes no Application: its generators give nothing"
    try:
        made = _checked_names(list(_applications(one, Templating.of(one.object), around)))
    except Fails as error:
        reason = f"Argo CD can make none of its Applications, and leaves those that there are as they are: {error}"
    except NotKnown as error:
        reason = f"which Applications it makes is not known: {error.reason}"
    seen: set[tuple[object, ...]] = set()
    for each in made or [_Made(_template(one.object), (), reason)]:
        for found in _engine_objects(one, each, around):
            key = (found.generated, found.folder, found.chart, found.default_namespace, found.excluded)
            if key not in seen:
                seen.add(key)
                yield found


def made_applications(one: LocatedObject, around: Repository) -> tuple[Object, ...]:
    """Those that the controller makes. Raises Fails where it makes none, NotKnown where Git alone does not say."""
    made = _checked_names(list(_applications(one, Templating.of(one.object), around)))
    return tuple(mapping_at(_known_parts(each.application)) for each in made if each.why_not is None)


def _template(applications: Object) -> Object:
    return mapping_at(applications, "spec", "template")


def _applications(one: LocatedObject, templating: Templating, around: Repository) -> Iterator[_Made]:
    fault: tuple[str | int, ...] = ("generators",)
    patch = at(one.object, "spec", "templatePatch")
    try:
        for index, item in enumerate(mappings_in(at(one.object, "spec", "generators"))):
            fault = ("generators", index)
            for kind, rows in generated_rows(item, templating, around):
                own = mapping_at(item[kind].get("template"))
                template = merged_template(own, _template(one.object))
                for row in rows:
                    fault = ("template",)
                    made = _filled(template, row, templating)
                    fault = ("templatePatch",)
                    filled = templating.fill_text(patch, row.parameters) if isinstance(patch, str) else ""
                    if isinstance(filled, Unknown):
                        told = f"{_line(one, around, *fault)}: its templatePatch is not known: {filled.reason}"
                        yield _unpatched(made, row, told, decides=_SAYS_WHERE.search(str(patch)) is not None)
                    else:
                        yield _Made(patched_application(made, filled) if filled.strip() else made, row.doubts)
    except Fails as error:
        raise Fails(f"{_line(one, around, *fault)}: {error}") from error
    except NotKnown as error:
        raise NotKnown(f"{_line(one, around, *fault)}: {error.reason}") from error


def _filled(template: Object, row: Row, templating: Templating) -> Object:
    """Argo CD fills in nothing where there are no parameters."""
    is_open = isinstance(row.parameters, OpenMap)
    return mapping_at(templating.fill(template, row.parameters)) if row.parameters or is_open else template


def _unpatched(made: Object, row: Row, told: str, *, decides: bool) -> _Made:
    """`decides`: the patch may say where the files are, or where they go."""
    return _Made(made, row.doubts, told) if decides else _Made(made, (*row.doubts, told))


def _checked_names(made: list[_Made]) -> list[_Made]:
    """Of several Applications with one name Argo CD makes none."""
    counts = Counter(name for one in made if isinstance(name := one.name, str))
    return [
        replace(one, why_not=f"{counts[name]} of its Applications have the name {name}, so Argo CD makes none of them")
        if isinstance(name := one.name, str) and counts[name] > 1
        else one
        for one in made
    ]


def _engine_objects(one: LocatedObject, made: _Made, around: Repository) -> Iterator[EngineObject]:
    spec, name = mapping_at(made.application.get("spec")), made.name
    namespace = _known_text(at(spec, "destination", "namespace"))
    steps = [_STEPS.format(one.name, one.place)] if at(one.object, *_STRATEGY) == "RollingSync" else []
    doubts = (*made.doubts, *([_KEPT] if at(one.object, *_SYNC) in {"create-only", "create-delete"} else []))
    for base in _source_bases(spec):
        source = _known_source(mapping_at(spec, *base), around.remotes)
        plain = _with_source(_known_parts(spec), base, source.plain)
        plain["destination"] = _known_destination(mapping_at(spec, "destination"))
        metadata = {
            **_known_parts(mapping_at(made.application.get("metadata"))),
            "name": name if isinstance(name, str) else one.name,
        }
        application = LocatedObject({"metadata": metadata, "spec": plain}, one.place.below("spec", "template"))
        for found in interpret_application(application, around.files, remotes=around.remotes, revision=around.revision):
            set_made = replace(
                found,
                kind="ApplicationSet",
                namespace=one.namespace,
                name=one.name,
                place=one.place,
                generated=name if isinstance(name, str) else None,
                guess="; ".join(dict.fromkeys(filter(None, (found.guess, *doubts, *source.doubts)))) or None,
                notes=(*found.notes, *steps),
                opaque=found.opaque or source.opaque,
            )
            if isinstance(namespace, Unknown):
                line = _line(one, around, "template", "spec", "destination", "namespace")
                set_made = replace(set_made, why_no_namespace=f"{line}: {namespace.reason}")
            path_line = _line(one, around, "template", "spec", *base, "path") if source.why_not else ""
            if why_not := made.why_not or (source.why_not and f"{path_line}: {source.why_not}"):
                folder = source.folder or _reach(one.object, at(spec, *base, "path"))
                why_not = found.excluded or NotEvaluated(why_not)
                set_made = replace(set_made, excluded=why_not, build="directory", chart=None, folder=folder)
            yield set_made


def _line(one: LocatedObject, around: Repository, *field: str | int) -> str:
    place = one.place.below("spec", *field)
    return _line_in(place, around.files.get(place.path, ""))


@lru_cache(maxsize=256)
def _line_in(place: TextPlace, text: str) -> str:
    return file_and_line(place, {place.path: text})


def _source_bases(spec: Object) -> list[tuple[str | int, ...]]:
    """Where the sources that make manifests stand, as Argo CD looks for them."""
    if isinstance(at(spec, "sourceHydrator", "drySource"), dict):
        return [("sourceHydrator", "drySource")]
    several = mappings_in(spec.get("sources"))
    if several:
        return [
            ("sources", index) for index, one in enumerate(several) if one.get("path") is not None or one.get("chart")
        ]
    return [("source",)] if isinstance(spec.get("source"), dict) else []


def _with_source(spec: Object, base: tuple[str | int, ...], source: Object) -> Object:
    """The spec with this source; others of several are there for what they lend."""
    if base[0] != "sources":
        hydrator = mapping_at(spec.get("sourceHydrator"))
        return spec | ({"source": source} if len(base) == 1 else {"sourceHydrator": {**hydrator, "drySource": source}})
    lending = [{k: one[k] for k in one if k not in {"chart", "path"}} for one in mappings_in(spec["sources"])]
    return {**spec, "sources": [source if index == base[1] else one for index, one in enumerate(lending)]}


@dataclass(frozen=True)
class _Source:
    plain: Object
    """Without what is unknown."""
    folder: str
    """Below which its files lie."""
    doubts: tuple[str, ...]
    opaque: str | None
    why_not: str | None


def _known_source(source: Object, remotes: tuple[str, ...]) -> _Source:
    plain, doubts = _known_parts(source), list[str]()
    repository, reference, path = (_known_text(source.get(key)) for key in ("repoURL", "targetRevision", "path"))
    if isinstance(repository, Unknown):
        plain["repoURL"] = (*remotes, "unknown")[0]
        doubts.append(f"which repository it applies is not known: {repository.reason}")
    if isinstance(reference, Unknown):
        plain.pop("targetRevision", None)
        doubts.append(f"which revision it applies is not known: {reference.reason}")
    unknown = path if isinstance(path, Unknown) else None
    folder = clean_path(unknown.start.rpartition("/")[0] if unknown else path)
    if unknown:
        plain["path"] = folder
    parts = {key: source.get(key) for key in _DECIDES} | {
        key: at(source, "kustomize", key) for key in _DECIDES - {"helm"}
    }
    why = why_unknown(parts)
    if isinstance(source.get("chart"), Unknown):
        plain["chart"] = "unknown"
    return _Source(
        plain,
        folder,
        tuple(doubts),
        f"only a part of its source is known: {why}" if why else None,
        f"the folder that it applies is not known: {unknown.reason}" if unknown else None,
    )


def _known_destination(destination: Object) -> Object:
    found = {key: _known_text(value) for key, value in destination.items()}
    if isinstance(found.get("namespace"), Unknown):
        del found["namespace"]
    return {key: "a cluster that is not known" if isinstance(one, Unknown) else one for key, one in found.items()}


def _known_text(value: object) -> object:
    """A text of an Application; Unknown where a tag is left in it that no generator fills in."""
    if isinstance(value, str) and "{{" in value:
        return Unknown(f"no generator gives what {value!r} asks for", value.partition("{{")[0])
    return value


def _known_parts(value: Any) -> Any:
    """The value without what is unknown in it."""
    if isinstance(value, dict):
        return {key: _known_parts(one) for key, one in value.items() if not isinstance(one, Unknown)}
    if isinstance(value, list):
        return [_known_parts(one) for one in value if not isinstance(one, Unknown)]
    return value


def _reach(applications: Object, path: object) -> str:
    """The folder that holds all that a set may apply, by its Git generators, where its path is what these give."""
    if not isinstance(path, str) or not _IS_PATH.match(path):
        return ""
    starts = {start for item in mappings_in(at(applications, "spec", "generators")) for start in _starts(item)}
    return posixpath.commonpath(starts) if starts and "" not in starts else ""


def _starts(item: Object, depth: int = 0) -> Iterator[str]:
    for kind in KINDS:
        said = mapping_at(item.get(kind))
        for one in mappings_in(said.get("directories") or said.get("files")):
            if one.get("exclude") is not True:
                yield pattern_start(str(one.get("path")).partition("{{")[0] + "*")
        for inner in mappings_in(said.get("generators")) if depth < 2 else ():
            yield from _starts(inner, depth + 1)
