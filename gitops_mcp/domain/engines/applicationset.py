"""The Applications that an ApplicationSet would make: enough to say which folders it covers.

A guess, and called one: list and Git generators are followed, others only where the path does not depend on them;
selectors, `templatePatch` and the functions of Go templates are not evaluated. A path that stays a template stands
for every folder that fits it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gitops_mcp.domain import regexp
from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject
from gitops_mcp.domain.engines.argocd import interpret_application
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.engines.reading import Files, clean_path, mappings_in, read_documents
from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch
from gitops_mcp.domain.objects import Object, at, mapping_at

_TAG = re.compile(r"\{\{([^{}]*+(?:(?:\{(?!\{)|\}(?!\}))[^{}]*+)*)\}\}")
_INDEX = re.compile(r"index\s+\.?([\w.-]+)\s+(?:(\d+)|\"([^\"]+)\")")
_NOT_IN_NAMES = re.compile(r"[^-a-z0-9.]+")
_MOST = 2000

Parameters = dict[str, str]
"""By the words of a tag without its first dot: `path.basename`, `path.segments[1]`, `cluster.name`."""


def interpret_application_set(
    one: LocatedObject, files: Files, *, remotes: tuple[str, ...], revision: str
) -> Iterator[EngineObject]:
    folders = _folders(files)
    seen: set[tuple[object, ...]] = set()
    for parameters, doubts in _parameter_sets(one, files, folders, remotes=remotes, revision=revision):
        template = _fill_tags(mapping_at(one.object, "spec", "template"), parameters)
        if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
            continue
        name = str(at(template, "metadata", "name"))
        made = LocatedObject(template, one.place.below("spec", "template"))
        for applied in interpret_application(made, files, remotes=remotes, revision=revision):
            for found in _fill_folder_template(applied, folders, made, files, remotes=remotes, revision=revision):
                if (key := (name, found.folder, found.chart, found.default_namespace)) not in seen:
                    seen.add(key)
                    guess = "an ApplicationSet makes it" + "".join(f"; {doubt}" for doubt in dict.fromkeys(doubts))
                    yield replace(
                        found,
                        kind="ApplicationSet",
                        namespace=one.namespace,
                        name=one.name,
                        place=one.place,
                        generated=name,
                        guess=guess,
                    )


def _fill_folder_template(
    applied: EngineObject,
    folders: tuple[str, ...],
    made: LocatedObject,
    files: Files,
    *,
    remotes: tuple[str, ...],
    revision: str,
) -> Iterator[EngineObject]:
    """For a path that is still a template: once for each folder that fits it."""
    if applied.folder is None or "{{" not in applied.folder:
        yield applied
        return
    parts = _TAG.split(applied.folder)[::2]
    fits = "[^/]+".join(map(re.escape, parts))
    source = at(made.object, "spec", "source")
    spend(len(folders))
    for folder in folders:
        if regexp.fullmatch(fits, folder) and isinstance(source, dict):
            spec = {**made.object["spec"], "source": {**source, "path": folder}}
            again = LocatedObject({**made.object, "spec": spec}, made.place)
            yield from interpret_application(again, files, remotes=remotes, revision=revision)


def _parameter_sets(
    one: LocatedObject, files: Files, folders: tuple[str, ...], *, remotes: tuple[str, ...], revision: str
) -> Iterator[tuple[Parameters, tuple[str, ...]]]:
    """The parameters of each Application, with what is doubtful about them."""
    general = ("spec.templatePatch is not evaluated",) if at(one.object, "spec", "templatePatch") else ()
    count = 0
    for generator in mappings_in(at(one.object, "spec", "generators")):
        for parameters, doubts in _generator_parameters(generator, {}, files, folders, remotes, revision):
            count += 1
            spend(20 + len(parameters))
            if count > _MOST:
                return
            yield parameters, (*general, *doubts)


def _generator_parameters(
    generator: Object,
    known: Parameters,
    files: Files,
    folders: tuple[str, ...],
    remotes: tuple[str, ...],
    revision: str,
    depth: int = 0,
) -> Iterator[tuple[Parameters, tuple[str, ...]]]:
    """What one generator fills the template with, each time with what is doubtful about it.

    `list` with the elements `{env: prod}` and `{env: dev}` gives these two. `git` with the directory `apps/*` gives
    for `apps/shop` `path` and `path.path` `apps/shop`, `path.basename` `shop`, `path[0]` and `path.segments[0]`
    `apps`. A `matrix` of both gives four, and its second generator may use what the first gave: `apps/{{env}}/*` gives
    the folders below `apps/prod` with `env` `prod` alone. Of `merge` only the first generator counts. Any other kind
    (`clusters`) gives one set of nothing, whose doubt says so: tags of the path stay, and it stands for each folder
    that fits.
    """
    doubts = tuple(
        f"its {field} is not evaluated" for field in ("selector",) if at(generator, field) and not at(generator, "git")
    )
    kind = next((name for name in ("list", "git", "matrix", "merge") if isinstance(generator.get(name), dict)), None)
    said = mapping_at(_fill_tags(generator.get(kind or ""), known))
    if kind == "list":
        for element in mappings_in(said.get("elements")):
            yield _flat(element), doubts
    elif kind == "git":
        if (
            why_elsewhere(said.get("repoURL"), remotes) is None
            and why_off_branch(said.get("revision"), revision) is None
        ):
            values = said.get("values") or {}
            for parameters in _git_parameters(said, files, folders):
                yield {**parameters, **_flat({"values": _fill_tags(values, parameters)})}, doubts
    elif kind == "matrix" and depth < 2:
        children = mappings_in(said.get("generators"))
        rows: list[tuple[Parameters, tuple[str, ...]]] = [({}, doubts)]
        for child in children:
            rows = [
                _joined_row(row, more, (*doubt, *further))
                for row, doubt in rows[:_MOST]
                for more, further in _generator_parameters(child, row, files, folders, remotes, revision, depth + 1)
            ]
        yield from rows
    elif kind == "merge" and depth < 2:
        children = mappings_in(said.get("generators"))
        for parameters, doubt in (
            _generator_parameters(children[0], {}, files, folders, remotes, revision, depth + 1) if children else ()
        ):
            yield parameters, (*doubts, *doubt, "what its merge generator overrides is not evaluated")
    else:
        name = next((key for key in generator if key not in {"selector", "template"}), "unknown")
        yield {}, (*doubts, f"its {name} generator is not evaluated")


def _joined_row(row: Parameters, more: Parameters, doubts: tuple[str, ...]) -> tuple[Parameters, tuple[str, ...]]:
    spend(1 + (len(row) + len(more)) // 8)
    return {**row, **more}, doubts


def _git_parameters(said: Object, files: Files, folders: tuple[str, ...]) -> Iterator[Parameters]:
    prefix = f"{said['pathParamPrefix']}." if said.get("pathParamPrefix") else ""
    directories, patterns = mappings_in(said.get("directories")), mappings_in(said.get("files"))
    if directories:
        for folder in folders:
            if folder and _is_included(folder, directories, crosses=False):
                yield _path_parameters(f"{prefix}path", folder)
        return
    for path in sorted(files):
        if patterns and _is_included(path, patterns, crosses=True):
            documents = read_documents(files[path])
            value = documents[0].value if documents else None
            for found in value if isinstance(value, list) else [value]:
                place = _path_parameters(f"{prefix}path", posixpath.dirname(path), posixpath.basename(path))
                yield {**_flat(found), **place}


def _is_included(path: str, patterns: tuple[Object, ...], *, crosses: bool) -> bool:
    """Excluding wins over including, whatever the order. Files are matched as `git ls-files` does."""
    matching = [
        one
        for one in patterns
        if glob(clean_path(one.get("path")).replace("**/", "*"), crosses=crosses, braces=False).fullmatch(path)
    ]
    return bool(matching) and not any(one.get("exclude") is True for one in matching)


def _path_parameters(name: str, folder: str, file: str = "") -> Parameters:
    """As Go templates name them (`path.path`, `path.segments`) and as older ones do (`path`, `path[0]`)."""
    base = posixpath.basename(folder)
    found = {
        name: folder,
        f"{name}.path": folder,
        f"{name}.basename": base,
        f"{name}.basenameNormalized": _normalized_name(base),
    }
    for index, part in enumerate(folder.split("/")):
        found |= {f"{name}[{index}]": part, f"{name}.segments[{index}]": part}
    return found | ({f"{name}.filename": file, f"{name}.filenameNormalized": _normalized_name(file)} if file else {})


def _flat(value: Any, name: str = "") -> Parameters:
    if isinstance(value, dict):
        parts = [_flat(one, f"{name}.{key}" if name else key) for key, one in value.items()]
    elif isinstance(value, list):
        parts = [_flat(one, each) for at, one in enumerate(value) for each in (f"{name}[{at}]", f"{name}.{at}")]
    else:
        spend(1)
        return {} if value is None else {name: str(value).lower() if isinstance(value, bool) else str(value)}
    return {key: one for part in parts for key, one in part.items()}


def _normalized_name(name: str) -> str:
    return _NOT_IN_NAMES.sub("-", name.lower())[:253].strip("-.")


def _fill_tags(value: Any, parameters: Parameters) -> Any:
    """With what is known filled in; a tag that is not known stays as it is."""
    if isinstance(value, dict):
        return {key: _fill_tags(one, parameters) for key, one in value.items()}
    if isinstance(value, list):
        return [_fill_tags(one, parameters) for one in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    return _TAG.sub(lambda tag: parameters.get(_tag_words(tag.group(1)), tag.group(0)), value)


def _tag_words(tag: str) -> str:
    tag = tag.removeprefix("-").removesuffix("-").strip()
    indexed = _INDEX.fullmatch(tag)
    if indexed is None:
        return tag.removeprefix(".")
    name, position, key = indexed.groups()
    return f"{name}[{position}]" if position else f"{name}.{key}"


def _folders(files: Files) -> tuple[str, ...]:
    """Every folder that holds something that was read, none whose name begins with a dot."""
    found: set[str] = set()
    for path in files:
        folder = posixpath.dirname(path)
        while folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return tuple(sorted(one for one in found if not any(part.startswith(".") for part in one.split("/"))))
