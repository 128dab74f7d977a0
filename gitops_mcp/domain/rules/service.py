"""Services that a Cluster has beside its own."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Path, at, list_at
from gitops_mcp.domain.rules.reading import as_text, entries, repeats
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE: Path = ("spec", "managed", "services")
SUFFIXES = ("-rw", "-ro", "-r", "-any")


def _default_services(seen: Seen) -> Iterator[Fault]:
    for index, name in enumerate(list_at(seen.object, *_PLACE, "disabledDefaultServices")):
        if name == "rw":
            yield Fault(
                (*_PLACE, "disabledDefaultServices", index),
                "'rw' cannot be disabled, the operator uses it: 'r' and 'ro'",
            )


def _additional_services(seen: Seen) -> Iterator[Fault]:
    cluster = as_text(at(seen.object, "metadata", "name"))
    places: list[tuple[Path, str]] = []
    for path, item in entries(seen.object, *_PLACE, "additional"):
        field = (*path, "serviceTemplate", "metadata", "name")
        name = as_text(at(item, "serviceTemplate", "metadata", "name"))
        if not name:
            yield Fault(field, "is needed: the name of the Service")
            continue
        if name in {cluster + suffix for suffix in SUFFIXES}:
            yield Fault(field, f"{quote(name)} is the operator's own Service: another name, such as '{cluster}-lb'")
        if at(item, "serviceTemplate", "spec", "selector"):
            yield Fault((*path, "serviceTemplate", "spec", "selector"), "is the operator's: leave it out")
        places.append((field, name))
    for field, name in repeats(places):
        yield Fault(field, f"{quote(name)} is there already: use each name once")


_ONE = ("Cluster",)

RULES = (
    Rule("default-services", _ONE, "webhook validateManagedServices", _default_services),
    Rule("additional-services", _ONE, "webhook validateManagedServices", _additional_services),
)
