"""What flux-operator's FluxInstances sync: declared as objects, or as values of the chart that makes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.reading import Files, TextPlace, clean_path, read_documents
from gitops_mcp.domain.objects import Object, Path, at, mapping_at

INSTANCE_GROUP = "fluxcd.controlplane.io"
CHART = "flux-instance"
"""What a file says that may hold values of the chart, whoever installs it: Flux, Argo CD, helmfile, a script."""
BOOTSTRAP = "flux-system"
"""How `flux bootstrap` and flux-operator call what they make, unless told otherwise."""

_TEMPLATED = "${"


@dataclass(frozen=True)
class Sync:
    """`spec.sync` of a FluxInstance: a source, and a Kustomization that applies a folder of it, both of one name."""

    instance: str
    namespace: str | None
    place: TextPlace
    spec: Object
    """Of the instance, the chart's `instance` values."""

    @property
    def kind(self) -> str:
        return str(self._said("kind") or "GitRepository")

    @property
    def name(self) -> str:
        return str(self._said("name") or self.namespace or BOOTSTRAP)

    @property
    def url(self) -> object:
        return self._said("url")

    @property
    def ref(self) -> object:
        return self._said("ref")

    @property
    def folder(self) -> str:
        return clean_path(self._said("path"))

    def holds(self, path: str) -> int:
        """How deep the folder is that it applies, where that holds a file; 0 where it does not."""
        return len(self.folder) + 1 if path.startswith(f"{self.folder}/") else int(not self.folder)

    def _said(self, field: str) -> object:
        return at(self.spec, "sync", field)


def find_syncs(files: Files, found: Iterable[LocatedObject]) -> tuple[Sync, ...]:
    """All of them; of those that say the same the first, as a script and the cluster often share their values."""
    syncs = (*_declared_syncs(found), *_syncs_in_values(files))
    kept: dict[tuple[object, ...], Sync] = {}
    for one in syncs:
        if one.url:
            kept.setdefault((one.kind, one.name, one.url, one.ref, one.folder), one)
    return tuple(kept.values())


def _declared_syncs(found: Iterable[LocatedObject]) -> Iterator[Sync]:
    for one in found:
        if one.kind == "FluxInstance":
            yield Sync(one.name, one.namespace, one.place, mapping_at(one.object, "spec"))
        elif one.kind != "Kustomization" and isinstance(at(one.object, *_VALUES, "sync"), dict):
            namespace = at(one.object, "spec", "targetNamespace") or one.namespace
            yield Sync(one.name, namespace, one.place.below(*_VALUES), mapping_at(one.object, *_VALUES))


_VALUES: Path = ("spec", "values", "instance")


def _syncs_in_values(files: Files) -> Iterator[Sync]:
    """Of whole values files, of those that an object of any kind holds, and of texts in one."""
    for path in sorted(files):
        text = files[path]
        if "sync:" not in text or "instance:" not in text:
            continue
        for document in read_documents(text):
            if at(document.value, "kind") in {"HelmRelease", "FluxInstance"}:
                continue
            namespace = at(document.value, "metadata", "namespace")
            for base, values in _instance_values(document.value, ()):
                place = TextPlace(path, document.index, base, document.line)
                yield Sync("flux", str(namespace) if namespace else None, place, values)


def _instance_values(value: object, base: Path) -> Iterator[tuple[Path, Object]]:
    if isinstance(value, dict):
        if isinstance(at(value, "instance", "sync"), dict):
            yield (*base, "instance"), mapping_at(value, "instance")
        for key, part in value.items():
            yield from _instance_values(part, (*base, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _instance_values(part, (*base, index))
    elif isinstance(value, str) and "sync:" in value and "instance:" in value:
        for document in read_documents(value):
            yield from ((base, found) for _, found in _instance_values(document.value, ()))
