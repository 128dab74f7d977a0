"""A kustomization as it is written: its fields, where each stands, and what kustomize refuses in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gitops_mcp.domain.kustomize import manifest, scalar
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.errors import InvalidRequest

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize calls its own file in a folder, the first choice first."""

_API = "kustomize.config.k8s.io"
_VERSIONS = {"Kustomization": f"{_API}/v1beta1", "Component": f"{_API}/v1alpha1"}
_TEXTS = frozenset({"namespace", "namePrefix", "nameSuffix"})
_LISTS_OF_TEXTS = frozenset(
    {
        "resources", "bases", "components", "patchesStrategicMerge", "crds", "configurations",
        "generators", "transformers", "validators", "buildMetadata",
    }
)  # fmt: skip
_LISTS_OF_OBJECTS = frozenset(
    {
        "patches", "patchesJson6902", "images", "imageTags", "replicas", "replacements", "vars", "labels",
        "configMapGenerator", "secretGenerator", "helmCharts", "helmChartInflationGenerator",
    }
)  # fmt: skip
_PAIRS = frozenset({"commonLabels", "commonAnnotations"})
_OBJECTS = frozenset({"metadata", "openapi", "generatorOptions", "helmGlobals", "sortOptions"})
_HEAD = frozenset({"apiVersion", "kind"})
_FIELDS = _TEXTS | _LISTS_OF_TEXTS | _LISTS_OF_OBJECTS | _PAIRS | _OBJECTS | _HEAD
_BY_LOWER_CASE = {name.lower(): name for name in _FIELDS}
_PATCH = frozenset({"path", "patch", "target", "options"})


def is_kustomization(path: str) -> bool:
    return path.rpartition("/")[2] in NAMES


class InvalidKustomization(InvalidRequest):
    """Kustomize refuses this kustomization."""


@dataclass(frozen=True)
class Section:
    """Fields of a kustomization, and where they stand: the kustomization's own, or what an engine adds to it."""

    path: str
    document: int
    base: Path
    value: Object
    places: Mapping[Path, Path] = field(default_factory=dict)
    """Fields that stand elsewhere below `base`: `{("namespace",): ("targetNamespace",)}`."""

    def at(self, path: Path) -> Path:
        """Where a field stands in the document."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return (*self.base, *self.places[path[:length]], *path[length:])
        return (*self.base, *path)


class Placed(NamedTuple):
    """A value of a kustomization, and where it stands."""

    value: Any
    section: Section
    path: Path
    """In the section."""

    @property
    def base(self) -> Path:
        return self.section.at(self.path)


@dataclass(frozen=True)
class Kustomization:
    """Later sections add to lists and pairs, and override single values, as engines do."""

    kind: str
    folder: str
    sections: tuple[Section, ...]

    def has(self, name: str) -> bool:
        return any(section.value.get(name) not in (None, [], {}, "") for section in self.sections)

    def text(self, name: str) -> Placed | None:
        found = [Placed(one.value[name], one, (name,)) for one in self.sections if one.value.get(name)]
        return found[-1] if found else None

    def items(self, name: str) -> Iterator[Placed]:
        for section in self.sections:
            for index, value in enumerate(section.value.get(name) or []):
                yield Placed(value, section, (name, index))

    def pairs(self, name: str) -> Iterator[Placed]:
        for section in self.sections:
            if section.value.get(name):
                yield Placed(section.value[name], section, (name,))


def read_kustomization(path: str, folder: str, text: str, *, extra: tuple[Section, ...] = ()) -> Kustomization:
    """Raises Invalid for what kustomize refuses, Unparsable for what is not YAML."""
    documents = manifest.read_own_documents(text)
    written = documents[0] if documents else None
    if written is not None and not isinstance(written, dict):
        raise InvalidKustomization("it is not an object")
    value, places = _with_known_names(written or {})
    kind = value.get("kind") or "Kustomization"
    if all(value[name] is None for name in value if name not in _HEAD) and not extra:
        raise InvalidKustomization("it is empty")
    if kind not in _VERSIONS:
        raise InvalidKustomization(f"its kind is {kind!r}, not Kustomization or Component")
    version = value.get("apiVersion") or _VERSIONS[kind]
    if version != _VERSIONS[kind]:
        raise InvalidKustomization(f"its apiVersion is {version!r}, not {_VERSIONS[kind]}")
    _check_fields(value)
    return Kustomization(kind, folder, (Section(path, 0, (), value, places), *extra))


def _with_known_names(written: Object) -> tuple[Object, dict[Path, Path]]:
    """With the names of fields as they are documented; kustomize does not mind their case."""
    value: Object = {}
    places: dict[Path, Path] = {}
    for name, found in written.items():
        known = _BY_LOWER_CASE.get(name.lower())
        if known is None:
            raise InvalidKustomization(f"the field {name!r} is unknown to kustomize")
        value[known] = found
        if known != name:
            places[known,] = (name,)
    return value, places


def _check_fields(value: Object) -> None:
    for name, found in value.items():
        if found is None:
            continue
        if name in _TEXTS | _HEAD and not isinstance(found, str):
            raise InvalidKustomization(f"{name} is not a string, it may need quotes")
        if name in _LISTS_OF_TEXTS and not _is_list_of(found, str):
            raise InvalidKustomization(f"{name} is not a list of strings")
        if name in _LISTS_OF_OBJECTS and not _is_list_of(found, dict):
            raise InvalidKustomization(f"{name} is not a list of objects")
        if name in _PAIRS:
            _check_pairs(name, found)
        if name in _OBJECTS and not isinstance(found, dict):
            raise InvalidKustomization(f"{name} is not an object")
    for patch in [*(value.get("patches") or []), *(value.get("patchesJson6902") or [])]:
        check_patch(patch)
    for index, label in enumerate(value.get("labels") or []):
        _check_pairs(f"labels[{index}].pairs", label.get("pairs") or {})


def _is_list_of(found: Any, kind: type) -> bool:
    return isinstance(found, list) and all(isinstance(item, kind) for item in found)


def _check_pairs(name: str, found: Any) -> None:
    if not isinstance(found, dict) or not all(isinstance(value, str) or value is None for value in found.values()):
        raise InvalidKustomization(f"{name} is not a map of strings, a value may need quotes")
    for key in found:
        if not isinstance(scalar.read_plain(key), str):
            raise InvalidKustomization(f"{name} has the key {key!r}, which kustomize writes without quotes")


def check_patch(patch: Object) -> None:
    """Raises InvalidKustomization for what kustomize refuses in an entry of `patches`."""
    unknown = sorted(patch.keys() - _PATCH)
    if unknown:
        raise InvalidKustomization(f"a patch has the unknown field {unknown[0]!r}")
    for name in ("path", "patch"):
        if not isinstance(patch.get(name, ""), str):
            raise InvalidKustomization(f"a patch has a {name} that is not a string")
    for name in ("target", "options"):
        if not isinstance(patch.get(name), dict | None):
            raise InvalidKustomization(f"a patch has {name} that is not an object")
    target = patch.get("target")
    from gitops_mcp.domain.kustomize.selectors import FIELDS

    for name in target or {}:
        if name not in FIELDS:
            raise InvalidKustomization(f"a patch has a target with the unknown field {name!r}")
        if not isinstance(at(target, name), str | None):
            raise InvalidKustomization(f"a patch has a target whose {name} is not a string")
