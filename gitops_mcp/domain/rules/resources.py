"""What the pods of a Cluster ask for: cpu, memory, huge pages, and whether the shared buffers fit."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gitops_mcp.domain.cnpg.cluster_arguments import parse_flag
from gitops_mcp.domain.cnpg.notation.quantity import memory_bytes, quantity
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.rules.reading import parameters_of
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE = ("spec", "resources")
_PAGES = "hugepages-"


def _resource_limits(seen: Seen) -> Iterator[Fault]:
    resources = at(seen.object, *_PLACE)
    for name in ("cpu", "memory", "ephemeral-storage"):
        request, limit = quantity(at(resources, "requests", name)), quantity(at(resources, "limits", name))
        if request and limit and request > limit:
            yield Fault(
                (*_PLACE, "requests", name),
                f"{at(resources, 'requests', name)} is more than the limit {at(resources, 'limits', name)}: lower the "
                f"request, or raise spec.resources.limits.{name}",
            )


def _huge_pages(seen: Seen) -> Iterator[Fault]:
    resources = at(seen.object, *_PLACE)
    requests, limits = _page_sizes(resources, "requests"), _page_sizes(resources, "limits")
    for name, size in requests.items():
        if limits.get(name, size) != size:
            yield Fault(
                (*_PLACE, "requests", name),
                f"{at(resources, 'requests', name)} must equal the limit {at(resources, 'limits', name)}, as huge "
                f"pages are not overcommitted: state one number in both",
            )
    others = (quantity(at(resources, part, name)) for part in ("requests", "limits") for name in ("cpu", "memory"))
    if (requests or limits) and not any(others):
        yield Fault(_PLACE, "has huge pages, which need cpu or memory beside them, such as requests.memory 1Gi")


def _huge_pages_wanted(seen: Seen) -> Iterator[Fault]:
    resources = at(seen.object, *_PLACE)
    pages = {**_page_sizes(resources, "requests"), **_page_sizes(resources, "limits")}
    if parse_flag(parameters_of(seen.object).get("huge_pages")) and not any(pages.values()):
        field = ("spec", "postgresql", "parameters", "huge_pages")
        text = (
            "is on, and spec.resources has none, so PostgreSQL does not start: 'try', or hugepages-2Mi in both requests"
        )
        yield Fault(field, f"{text} and limits", "warning")


def _huge_pages_limited(seen: Seen) -> Iterator[Fault]:
    """The webhook lets it pass, and Kubernetes makes no pod of it."""
    resources = at(seen.object, *_PLACE)
    for name in _page_sizes(resources, "requests").keys() - _page_sizes(resources, "limits").keys():
        text = f"has no limit, without which Kubernetes makes no pod with huge pages: state it in limits.{name} too"
        yield Fault((*_PLACE, "requests", name), text, "warning")


def _shared_buffers(seen: Seen) -> Iterator[Fault]:
    stated = parameters_of(seen.object).get("shared_buffers")
    buffers, resources = memory_bytes(stated), at(seen.object, *_PLACE)
    requested = quantity(at(resources, "requests", "memory"))
    if not buffers or not requested or buffers <= requested:
        return
    pages = (*_page_sizes(resources, "requests").values(), *_page_sizes(resources, "limits").values())
    if all(buffers > one for one in pages):
        yield Fault(
            ("spec", "postgresql", "parameters", "shared_buffers"),
            f"{stated} is more than the memory request {at(resources, 'requests', 'memory')}: lower it, a quarter is "
            f"usual, or raise spec.resources.requests.memory",
        )


def _page_sizes(resources: Object | None, part: str) -> dict[str, Fraction]:
    found = {str(name): quantity(value) for name, value in mapping_at(resources, part).items()}
    return {name: size for name, size in found.items() if name.startswith(_PAGES) and size is not None}


_ONE = ("Cluster",)

RULES = (
    Rule("resources", _ONE, "webhook validateResources", _resource_limits),
    Rule("huge-pages", _ONE, "webhook validateHugePagesResources", _huge_pages),
    Rule("huge-pages-wanted", _ONE, "server", _huge_pages_wanted),
    Rule("huge-pages-limited", _ONE, "server", _huge_pages_limited),
    Rule("shared-buffers", _ONE, "webhook validateResources", _shared_buffers),
)
