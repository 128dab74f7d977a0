"""The Git generator: parameters of folders, and of files with what they hold."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applicationsets.texts import Parameters, split_at_tags
from gitops_mcp.domain.engines.globs import Glob, glob
from gitops_mcp.domain.engines.go_template.text_functions import normalize
from gitops_mcp.domain.engines.go_template.values import Fails, NotKnown, go_text, go_value
from gitops_mcp.domain.engines.reading import Files, mappings_in, texts_in
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable

_SPECIAL = re.compile(r"[*?\[\\{]")


def git_parameters(
    said: Object, files: Files, paths: Iterable[str], folders: Iterable[str], *, is_go: bool
) -> Iterator[Parameters]:
    """`said`: the generator; `paths`: of all files, read or not. Of directories and files it takes the directories."""
    prefix, directories = str(said.get("pathParamPrefix") or ""), mappings_in(said.get("directories"))
    if directories:
        for folder in folders_that_fit(directories, folders):
            yield _with_path({}, folder, "", prefix, is_go=is_go)
        return
    patterns = mappings_in(said.get("files"))
    if not patterns:
        raise Fails("a git generator has neither `directories` nor `files`")
    for path in files_that_fit(patterns, paths):
        if path not in files:
            raise NotKnown(f"{path}, which a git generator reads, could not be read")
        for found in _objects_of_file(path, files[path]):
            values = go_value(found) if is_go else {key: go_text(one) for key, one in _flat(go_value(found))}
            yield _with_path(values, posixpath.dirname(path) or ".", posixpath.basename(path), prefix, is_go=is_go)


def folders_that_fit(patterns: Iterable[Object], folders: Iterable[str]) -> list[str]:
    """A star stays in one folder; what one pattern excludes no other brings back."""
    wanted = [_Pattern.of(str(one.get("path")), one, crosses=False) for one in patterns]
    return [one for one in folders if one and _is_wanted(one, wanted)]


def files_that_fit(patterns: Iterable[Object], paths: Iterable[str]) -> list[str]:
    """As `git ls-files` takes patterns: a star crosses folders, and a folder stands for all that is below it."""
    wanted = [_Pattern.of(_clean_pattern(str(one.get("path") or ".")), one, crosses=True) for one in patterns]
    return [one for one in sorted(paths) if _is_wanted(one, wanted)]


@dataclass(frozen=True)
class _Pattern:
    text: str
    start: str
    """What a path begins with that fits; most paths do not, and are looked at no closer."""
    glob: Glob
    excludes: bool
    crosses: bool

    @classmethod
    def of(cls, text: str, said: Object, *, crosses: bool) -> _Pattern:
        start = _SPECIAL.split(text, maxsplit=1)[0]
        return cls(text, start, glob(text, crosses=crosses, braces=False), said.get("exclude") is True, crosses)

    def fits(self, path: str) -> bool:
        if not path.startswith(self.start):
            return False
        if self.crosses and (self.text in {"", path} or path.startswith(f"{self.text}/")):
            return True
        return self.glob.fullmatch(path)


def _is_wanted(path: str, patterns: Iterable[_Pattern]) -> bool:
    says = [one.excludes for one in patterns if one.fits(path)]
    return bool(says) and not any(says)


def paths_that_may_fit(said: object, paths: Collection[str]) -> Iterator[str]:
    """Files that the sets of a document may read: of Git generators, and value files. A tag stands for anything."""
    if isinstance(said, dict):
        patterns = [one for one in mappings_in(said.get("files")) if one.get("path") and one.get("exclude") is not True]
        patterns = [{"path": _without_tags(str(one["path"]))} for one in patterns if said.get("repoURL")]
        patterns += [{"path": one} for name in texts_in(said.get("valueFiles")) if (one := _named_by_template(name))]
        try:
            yield from files_that_fit(patterns, paths) if patterns else ()
        except Fails:
            return  # It is told where the set is evaluated.
    for part in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        yield from paths_that_may_fit(part, paths)


def _without_tags(text: str) -> str:
    return "*".join(split_at_tags(text)[::2])


def _named_by_template(name: str) -> str | None:
    """A pattern for a value file; none where that would fit any."""
    if "{{" not in name:
        return None
    pattern = _without_tags(name)
    is_from_root = pattern.startswith(("$", "/"))
    inside = pattern.partition("/")[2] if is_from_root else f"*{pattern.rpartition('../')[2]}"
    return inside if re.search(r"\w", inside.rpartition(".")[0]) else None


def pattern_start(pattern: str) -> str:
    """The folder that holds all that a pattern fits."""
    return _SPECIAL.split(pattern, maxsplit=1)[0].rpartition("/")[0]


def _clean_pattern(path: str) -> str:
    clean = posixpath.normpath(path)
    if path.startswith("/") or clean.startswith("../"):
        raise Fails(f"a git generator asks for {path}, which is outside of the repository")
    return "" if clean == "." else clean


def _objects_of_file(path: str, text: str) -> list[Object]:
    try:
        documents = parse_documents(text)
    except Unparsable as error:
        raise Fails(f"{path} is not YAML: {error}") from error
    value = documents[0].value if documents else None
    found = value if isinstance(value, list) else [{} if value is None else value]
    if not all(isinstance(one, dict) for one in found):
        raise Fails(f"{path} holds neither a map nor a list of maps")
    return found


def _with_path(values: Parameters, folder: str, file: str, prefix: str, *, is_go: bool) -> Parameters:
    """`path.basename` and the like; in Go templates `path` is a map, in others `path` alone is the folder."""
    base = posixpath.basename(folder)
    names = {"basename": base, "basenameNormalized": normalize(base)}
    if file:
        names |= {"filename": file, "filenameNormalized": normalize(file)}
    segments = folder.split("/")
    spend(len(segments) + len(values))
    if is_go:
        path = {"path": {"path": folder, "segments": segments, **names}}
        return {**values, **({prefix: path} if prefix else path)}
    name = f"{prefix}.path" if prefix else "path"
    numbered = {f"{name}[{index}]": one for index, one in enumerate(segments)}
    return {**values, name: folder, **{f"{name}.{key}": one for key, one in names.items()}, **numbered}


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        for inner, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(part, f"{name}.{inner}" if name else str(inner))
    else:
        spend(1)
        yield name, value
