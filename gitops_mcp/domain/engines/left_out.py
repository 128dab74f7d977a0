"""What an engine object is told to leave as it is: fields of objects, and files of its source."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from gitops_mcp.domain import regexp
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.engines.reading import Files, TextPlace, mappings_in, read_documents, texts_in
from gitops_mcp.domain.engines.source_layers import override_paths
from gitops_mcp.domain.objects import Object, Path, mapping_at

SOURCE_IGNORE = ".sourceignore"
_SIMPLE_JQ = re.compile(r"(\.[A-Za-z_]\w*)+")


@dataclass(frozen=True)
class LeftFields:
    """Fields that are not applied, of the objects that `target` selects."""

    place: TextPlace
    target: Object
    """In the words of a kustomize patch's target."""
    fields: tuple[Path, ...] = ()
    """Each with all below it; the steps of a list are texts."""
    unread: tuple[str, ...] = ()
    """What may name further fields: expressions, and who has written them."""


@dataclass(frozen=True)
class FileRule:
    """A line of gitignore."""

    pattern: str
    folder: str
    """It counts below that one."""
    place: str

    def __str__(self) -> str:
        return f"{self.pattern!r} at {self.place}"

    @property
    def includes(self) -> bool:
        return self.pattern.startswith("!")


def flux_fields(spec: Object, place: TextPlace) -> Iterator[LeftFields]:
    for index, rule in enumerate(mappings_in(spec.get("ignore"))):
        fields = tuple(map(_pointer_path, texts_in(rule.get("paths"))))
        yield LeftFields(place.below("spec", "ignore", index), mapping_at(rule.get("target")), fields)


def argocd_fields(spec: Object, place: TextPlace) -> Iterator[LeftFields]:
    for index, rule in enumerate(mappings_in(spec.get("ignoreDifferences"))):
        target = {
            key: str(rule[key]).replace("*", ".*") if key in {"group", "kind"} else rule[key]
            for key in ("group", "kind", "name", "namespace")
            if rule.get(key)
        }
        expressions = texts_in(rule.get("jqPathExpressions"))
        simple = [one for one in expressions if _SIMPLE_JQ.fullmatch(one)]
        fields = (
            *map(_pointer_path, texts_in(rule.get("jsonPointers"))),
            *(tuple(one[1:].split(".")) for one in simple),
        )
        unread = (
            *(f"the expression {one!r}" for one in expressions if one not in simple),
            *(f"what {one} has written" for one in texts_in(rule.get("managedFieldsManagers"))),
        )
        yield LeftFields(place.below("spec", "ignoreDifferences", index), target, fields, unread)


def source_rules(place: str, spec: Object, root: str = "") -> Iterator[FileRule]:
    """What a source brings to nobody, of what is below its root."""
    ignored = spec.get("ignore")
    if isinstance(ignored, str):
        yield from _rules_in(ignored, root, f"spec.ignore of {place}")
    folders = texts_in(spec.get("sparseCheckout"))
    if folders:
        told = f"spec.sparseCheckout of {place}"
        yield FileRule("/*/", root, told)
        yield from (FileRule(f"!/{posixpath.normpath(one).lstrip('/')}/", root, told) for one in folders)


def ignore_files(files: Files, paths: Iterable[str]) -> Iterator[FileRule]:
    for path in paths:
        yield from _rules_in(files[path], posixpath.dirname(path), path)


def leaving_out(rules: Iterable[FileRule], path: str) -> FileRule | None:
    """The rule that leaves a file out; the last one that speaks of it decides."""
    found = None
    for rule in rules:
        inside = path.removeprefix(f"{rule.folder}/") if rule.folder else path
        if (not rule.folder or inside != path) and regexp.fullmatch(_rule_regexp(rule.pattern), inside):
            found = None if rule.includes else rule
    return found


def _rules_in(text: str, folder: str, place: str) -> Iterator[FileRule]:
    for number, line in enumerate(text.splitlines(), 1):
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            yield FileRule(pattern, folder, f"{place}:{number}" if place.endswith(SOURCE_IGNORE) else place)


@lru_cache(maxsize=1024)
def _rule_regexp(pattern: str) -> str:
    """What is below a folder that fits, fits."""
    bare = pattern.removeprefix("!")
    inside = "/.*" if bare.endswith("/") else "(?:/.*)?"
    bare = bare.rstrip("/")
    parts = bare.removeprefix("/").split("/")
    anywhere = "" if "/" in bare else "(?:.*/)?"
    text = "/".join("**" if part == "**" else glob(part, crosses=False, braces=False).pattern for part in parts)
    found = f"(?s){anywhere}{text.replace('**/', '(?:.*/)?').replace('/**', '/.*')}{inside}"
    return found if regexp.is_readable(found) else re.escape(bare)


def _pointer_path(pointer: str) -> Path:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def is_left(rule: LeftFields, path: Path) -> bool:
    """Whether a field, or a part of it, is among those that stay as they are."""
    steps = tuple(map(str, path))
    return any(one[: len(steps)] == steps[: len(one)] for one in rule.fields if one)


def override_notes(name: str, folder: str | None, files: Files) -> Iterator[str]:
    """Files by which a tool overrides the source of an Application; of images alone, nothing here takes any."""
    for path in override_paths(name, folder) if folder is not None else ():
        for document in read_documents(files.get(path, "")):
            said = [f"{part}.{key}" for part, below in mapping_at(document.value).items() for key in mapping_at(below)]
            if told := [one for one in said if one != "kustomize.images"]:
                yield f"{path} overrides {', '.join(told)} of its source, and has the last word there"
