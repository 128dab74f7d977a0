"""What Flux 2.9 and Argo CD 3.6 left of their objects in each state, as the API gave them; the names are ours.

Of Flux the source comes first where it was read. Only what nobody reads is left out: managed fields, old digests.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.redact import mark_outside

_FOLDER = Path(__file__).with_name("recorded_engines")


def engine_objects(engine: Literal["argocd", "flux"]) -> dict[str, list[Object]]:
    """By state: `suspended-source`, `window-closed`; fresh copies each time, with what may be prose marked as read."""
    found: dict[str, list[Object]] = mark_outside(json.loads((_FOLDER / f"{engine}.json").read_text()))
    return found


def flux_pair(state: str) -> tuple[Object, Object | None]:
    """The Kustomization of a state, and its source where that was read."""
    found = {str(at(one, "kind")): one for one in engine_objects("flux")[state]}
    source = next((one for kind, one in found.items() if kind != "Kustomization"), None)
    return found["Kustomization"], source


def application(state: str) -> Object:
    return engine_objects("argocd")[state][0]
