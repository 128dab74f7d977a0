"""The part of kustomize that the template and its tests need: `resources`, `patches` and `namespace`.

Anything else in a kustomization is refused rather than passed over, since what would be applied without it is
not what the team wrote; in a repository of the user's own the server's model of kustomize builds it, as far as it is
sure. What is missing or no YAML is told as kustomize tells it.
"""

from __future__ import annotations

import copy
import json
import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.kustomize import FileTree, build_folder
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.errors import GitOpsError
from gitops_mcp.sandbox.sops import is_encrypted
from gitops_mcp.sandbox.store.patches import json_patch, merge_patch

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_KNOWN = frozenset({"apiVersion", "kind", "resources", "patches", "namespace"})
_ROOT = "/tmp/kustomization-1"  # noqa: S108 - as kustomize would name a folder of its engine; nothing is there

Files = Mapping[str, bytes]
"""Every file of a commit by its path."""


class Unrenderable(GitOpsError):
    """What is in Git cannot be rendered; nothing of it is applied."""


class _More(Unrenderable):
    """There is more than is rendered here."""


class _Everything(Container[str]):
    def __contains__(self, _group: object) -> bool:
        return True


Decrypt = Callable[[bytes], bytes]
"""What turns a file that sops has encrypted into clear text; it raises a GitOpsError where it cannot."""


def render_kustomization(
    files: Files,
    folder: str,
    *,
    is_namespaced: Callable[[Object], bool],
    decrypt: Decrypt | None = None,
    loose: Iterable[str] = (),
    by_model: bool = False,
) -> tuple[Object, ...]:
    """The objects of the kustomization in a folder, in the order of `resources`.

    Without `decrypt` what sops has encrypted is left as it is. `loose` are what stands for `resources` in a folder that
    has no kustomization. `by_model`: what is not rendered here the server's model builds.
    """
    rendering, folder = _Rendering(files, is_namespaced, decrypt), posixpath.normpath(folder)
    if has_kustomization(files, folder):
        try:
            objects = tuple(rendering.kustomization(folder))
        except _More:
            if not by_model:
                raise
            objects = _built_by_the_model(files, folder, decrypt)
    else:
        objects = tuple(declared for entry in loose for declared in rendering.resource(entry, (folder,)))
        if not objects:
            _read_settings(files, folder)
    seen: set[tuple[object, ...]] = set()
    for declared in objects:
        identity = (
            declared["apiVersion"],
            declared["kind"],
            *(declared["metadata"].get(key) for key in ("namespace", "name")),
        )
        if identity in seen:
            raise Unrenderable(f"may not add resource with an already registered id: {_object_label(declared)}")
        seen.add(identity)
    return objects


def _built_by_the_model(files: Files, folder: str, decrypt: Decrypt | None) -> tuple[Object, ...]:
    texts = {}
    for path, text in files.items():
        is_secret = decrypt and b"\nsops:" in text and any(map(is_encrypted, _parse_documents(path, text)))
        texts[path] = (decrypt(text) if decrypt and is_secret else text).decode(errors="replace")
    build = build_folder(FileTree(texts), "" if folder == "." else folder, groups=_Everything())
    # The model leaves out the hash that kustomize gives to the names of what it generates.
    generated = (one.layers[0].place for one in build.produced if posixpath.basename(one.layers[0].path) in NAMES)
    doubts = [str(fault) for fault in build.faults] or list(build.opaque.values())
    doubts += [f"{place}: the sandbox renders no generators" for place in generated]
    if doubts:
        raise Unrenderable(doubts[0])
    return tuple(copy.deepcopy(one.object) for one in build.produced)


def has_kustomization(files: Files, folder: str) -> bool:
    return any(posixpath.normpath(posixpath.join(folder, name)) in files for name in NAMES)


@dataclass(frozen=True)
class _Rendering:
    files: Files
    is_namespaced: Callable[[Object], bool]
    decrypt: Decrypt | None

    def kustomization(self, folder: str, within: tuple[str, ...] = ()) -> Iterator[Object]:
        path, settings = _read_settings(self.files, folder)
        if folder in within:
            raise Unrenderable(f"{path}: cycle: {' -> '.join((*within, folder))}")
        patches = [self._patch(folder, one) for one in settings.get("patches") or ()]
        for entry in settings["resources"]:
            for declared in self.resource(str(entry), (*within, folder)):
                patched = declared
                for target, patch in patches:
                    patched = _patched(patched, target, patch)
                if settings.get("namespace"):
                    _set_namespace(patched, str(settings["namespace"]), namespaced=self.is_namespaced(patched))
                yield patched

    def _patch(self, folder: str, given: Object) -> tuple[Object, Any]:
        """Whom it is for, and the patch; a merge patch without `target` names its object itself."""
        path = posixpath.normpath(posixpath.join(folder, str(given.get("path"))))
        text = self.files.get(path) if given.get("path") else str(given.get("patch")).encode()
        if text is None:
            raise Unrenderable(f"{folder}: patches: {path} is no file of this commit")
        [patch] = _parse_documents(path, text)
        named = {"kind": at(patch, "kind"), "name": at(patch, "metadata", "name")}
        return given.get("target") or named, patch

    def resource(self, entry: str, within: tuple[str, ...]) -> Iterator[Object]:
        target = posixpath.normpath(posixpath.join(within[-1], entry))
        if target in self.files:
            return self._documents(target)
        if any(name.startswith(f"{target}/") for name in self.files):
            return self.kustomization(target, within)
        gone, why = f"{_ROOT}/{target}", "no such file or directory"
        raise Unrenderable(
            f"accumulating resources: accumulation err='accumulating resources from '{entry}': open {gone}: {why}': "
            f"must build at directory: not a valid directory: evalsymlink failure on '{gone}' : lstat {gone}: {why}"
        )

    def _documents(self, path: str) -> Iterator[Object]:
        text = self.files[path]
        values = list(_parse_documents(path, text))
        if self.decrypt and any(is_encrypted(value) for value in values):
            try:
                values = list(_parse_documents(path, self.decrypt(text)))
            except GitOpsError as error:
                raise Unrenderable(f"{path}: {error}") from error
        return _expand_lists(path, values)


def _read_settings(files: Files, folder: str) -> tuple[str, Object]:
    present = [path for name in NAMES if (path := posixpath.normpath(posixpath.join(folder, name))) in files]
    if len(present) != 1:
        what = "unable to find one of" if not present else "found more than one of"
        raise Unrenderable(f"{folder}: {what} {', '.join(NAMES)}")
    [path] = present
    found = [value for value in _parse_documents(path, files[path]) if value is not None]
    if len(found) != 1 or not isinstance(found[0], dict):
        raise Unrenderable(f"{path}: one mapping is expected")
    [settings] = found
    if unknown := sorted(settings.keys() - _KNOWN):
        raise _More(f"{path}: the sandbox renders only resources, patches and namespace, not {', '.join(unknown)}")
    if not isinstance(settings.get("resources"), list) or not settings["resources"]:
        raise Unrenderable(f"{path}: kustomization.yaml is empty: no resources")
    return path, settings


def _expand_lists(path: str, values: list[Object | None]) -> Iterator[Object]:
    for value in values:
        for declared in at(value, "items") or () if at(value, "kind") == "List" else (value,):
            if declared is None:
                continue
            if why := _manifest_fault(declared):
                raise Unrenderable(f"{path}: {why}")
            yield declared


def _manifest_fault(declared: Any) -> str | None:
    required = (("apiVersion",), ("kind",), ("metadata", "name"))
    if not all(isinstance(at(declared, *field), str) for field in required):
        return "a document lacks apiVersion, kind or metadata.name"
    metadata = declared["metadata"]
    if not isinstance(metadata.get("namespace", ""), str):
        return "metadata.namespace is not a string"
    if not all(isinstance(metadata.get(field) or {}, dict) for field in ("annotations", "labels")):
        return "metadata.annotations or metadata.labels is not a mapping"
    try:
        json.dumps(declared)
    except (TypeError, ValueError):
        return "a document holds what JSON cannot say, such as a tag of its own"
    return None


def _parse_documents(path: str, text: bytes) -> Iterator[Object | None]:
    try:
        yield from (document.value for document in parse_documents(text.decode()))
    except (Unparsable, UnicodeDecodeError) as error:
        name = posixpath.basename(path)
        raise Unrenderable(
            f"accumulating resources: accumulating resources from '{name}': "
            f"MalformedYAMLError: yaml: {error} in File: {name}"
        ) from error


def _patched(declared: Object, target: Object, patch: Any) -> Object:
    """By kind and name only, each an expression that the whole of it has to match."""
    wanted = (("kind", declared["kind"]), ("name", declared["metadata"]["name"]))
    if not all(re.fullmatch(str(target.get(key) or ".*"), value) for key, value in wanted):
        return declared
    if isinstance(patch, list):
        return json_patch(declared, patch)
    own = {key: declared[key] for key in ("apiVersion", "kind")}
    made: Object = merge_patch(declared, patch)
    return {**made, **own, "metadata": {**made["metadata"], "name": declared["metadata"]["name"]}}


def _set_namespace(declared: Object, namespace: str, *, namespaced: bool) -> None:
    """As kustomize does it: an outer kustomization wins, and a Namespace is renamed."""
    if namespaced:
        declared["metadata"]["namespace"] = namespace
    elif declared["kind"] == "Namespace":
        declared["metadata"]["name"] = namespace


def _object_label(declared: Object) -> str:
    metadata = declared["metadata"]
    return f"{declared['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
