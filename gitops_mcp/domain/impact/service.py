"""The Services of a Cluster: one that goes or leads elsewhere is an outage for who connects through it."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, at, list_at
from gitops_mcp.domain.rules.reading import as_text, entries


def service_impacts(before: Object, after: Object) -> Iterator[Impact]:
    place = ("spec", "managed", "services")
    was, will = (set(map(str, list_at(side, *place, "disabledDefaultServices"))) for side in (before, after))
    name = at(after, "metadata", "name")
    for kind in sorted(will - was):
        yield impact(Level.OUTAGE, f"Service {name}-{kind} goes: whoever connects through it is turned away")
    for kind in sorted(was - will):
        yield impact(Level.NONE, f"Service {name}-{kind} comes back")
    old, new = (
        {as_text(at(one, "serviceTemplate", "metadata", "name")): one for _, one in entries(side, *place, "additional")}
        for side in (before, after)
    )
    for service in sorted(old.keys() - new.keys()):
        yield impact(Level.OUTAGE, f"Service {service} goes: whoever connects through it is turned away")
    for service in sorted(new):
        if service not in old:
            yield impact(Level.NONE, f"Service {service} is made")
        elif old[service].get("selectorType") != new[service].get("selectorType"):
            to = new[service].get("selectorType")
            yield impact(Level.OUTAGE, f"Service {service} leads to {to} instances: open connections do not follow")
        elif old[service] != new[service] and new[service].get("updateStrategy") == "replace":
            yield impact(Level.OUTAGE, f"Service {service} is deleted and recreated (updateStrategy replace)")
        elif old[service] != new[service]:
            yield impact(Level.NONE, f"Service {service} is changed in place")
