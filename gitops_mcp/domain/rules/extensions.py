"""Extensions that a Cluster mounts from images of their own."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.releases import ALL, MAIN_ONLY, Releases
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, Path, at, list_at
from gitops_mcp.domain.rules.reading import as_text, entries, repeats
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE: Path = ("spec", "postgresql", "extensions")
_SINCE_1_29 = Releases(since=((1, 29, 0),))
_BEFORE_1_29 = Releases(until=((1, 29, 0),))
_PATHS = {
    "extension_control_path": ALL,
    "dynamic_library_path": ALL,
    "ld_library_path": _SINCE_1_29,
    "bin_path": _SINCE_1_29,
}
"""Lists of folders, and since when they may hold neither nothing nor one twice."""
_OWN_FIELDS = {"PATH": "bin_path", "LD_LIBRARY_PATH": "ld_library_path"}
_PLACEHOLDER = re.compile(r"(?<!\$)(\$+)\{([^}$]+)\}")


def is_reserved_variable(name: str) -> bool:
    """Environment variables that the operator sets itself (`IsReservedEnvironmentVariable`)."""
    return name.upper() in {"POD_NAME", "NAMESPACE", "CLUSTER_NAME"} or name.upper().startswith(("PG", "CNPG_"))


def _extension_names(seen: Seen) -> Iterator[Fault]:
    places = [((*path, "name"), as_text(item.get("name"))) for path, item in entries(seen.object, *_PLACE)]
    for path, name in places:
        if not name:
            yield Fault(path, "is needed: the name of the extension")
    for path, name in repeats((path, name.replace("_", "-")) for path, name in places if name):
        yield Fault(path, f"{quote(name)} is there already, as '_' and '-' name the same volume: each once")


def _extension_images(seen: Seen) -> Iterator[Fault]:
    has_catalog = at(seen.object, "spec", "imageCatalogRef") is not None
    for path, item in entries(seen.object, *_PLACE):
        if not at(item, "image", "reference"):
            where = "beside an image catalog too" if has_catalog else "where no image catalog names one"
            yield Fault((*path, "image"), f"needs a reference {where}", holds=_BEFORE_1_29 if has_catalog else ALL)


def _extension_paths(seen: Seen) -> Iterator[Fault]:
    for place, item in entries(seen.object, *_PLACE):
        for name, holds in _PATHS.items():
            places = [((*place, name, index), as_text(one)) for index, one in enumerate(list_at(item.get(name)))]
            for path, text in places:
                if not text:
                    yield Fault(path, "is empty: name a folder of the image, such as 'lib'", holds=holds)
                elif since := _leaves_image(text):
                    yield Fault(path, f"{quote(text)} leads out of the image: a folder inside it", holds=since)
            for path, text in repeats(one for one in places if one[1]):
                yield Fault(path, f"{quote(text)} is there already: name each folder once", holds=holds)


def _leaves_image(text: str) -> Releases | None:
    """Which releases find that a path leads out of the place where the image is mounted."""
    is_out = posixpath.normpath(f"./{text}").split("/", 1)[0] == ".."
    if posixpath.normpath(text).startswith(".."):
        return _SINCE_1_29 if is_out else Releases(_SINCE_1_29.since, until=MAIN_ONLY.since)
    return MAIN_ONLY if is_out else None


def _extension_variables(seen: Seen) -> Iterator[Fault]:
    for place, item in entries(seen.object, *_PLACE):
        found = list(entries(seen.object, *place, "env"))
        for path, one in found:
            yield from _variable_faults(path, one)
        for path, name in repeats(((*path, "name"), as_text(one.get("name"))) for path, one in found):
            yield Fault(path, f"{quote(name)} is there already in env of {item.get('name')}: each once")


def _variable_faults(path: Path, variable: Object) -> Iterator[Fault]:
    name, value = as_text(variable.get("name")), as_text(variable.get("value"))
    if is_reserved_variable(name):
        yield Fault((*path, "name"), f"{quote(name)} is the operator's own: name it otherwise")
    if name in _OWN_FIELDS:
        yield Fault((*path, "name"), f"{name} has a field of its own: state {_OWN_FIELDS[name]} of the extension")
    unknown = [found[2] for found in _PLACEHOLDER.finditer(value) if len(found[1]) % 2 and found[2] != "image_root"]
    if unknown:
        text = f"${{{unknown[0]}}} is not a placeholder; there is ${{image_root}}, and $${{…}} keeps a text as it is"
        yield Fault((*path, "value"), text)


_ONE = ("Cluster",)

RULES = (
    Rule("extensions", _ONE, "webhook validateExtensions", _extension_names),
    Rule("extension-images", _ONE, "webhook validateExtensions", _extension_images),
    Rule("extension-paths", _ONE, "webhook validateExtensions", _extension_paths),
    Rule(
        "extension-env",
        _ONE,
        "webhook validateExtensionEnvVars",
        _extension_variables,
        holds=_SINCE_1_29,
        reads_variables=True,
    ),
)
