"""Of any checkout: each Cluster, its namespace, and for each kind of request the place of the edit or the refusal.

python bench/places.py CHECKOUT [--environment NAME]

Everything is a dry run over what the checkout's HEAD holds; nothing is fetched, written or asked of an API. The last
line counts: Clusters listed, with a namespace, and the share of requests that found a place.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_mcp import tools
from gitops_mcp.app import App
from gitops_mcp.caller import Nobody
from gitops_mcp.config import Flags
from gitops_mcp.errors import GitOpsError

Asked = Mapping[str, Any]

REQUESTS: Mapping[str, tuple[str, tuple[Asked, ...]]] = {
    "scale": ("scale_postgres_cluster", ({"instances": 7}, {"instances": 8})),
    "parameter": (
        "update_postgres_cluster",
        ({"parameters": {"work_mem": "23MB"}}, {"parameters": {"work_mem": "29MB"}}),
    ),
    "storage": ("update_postgres_cluster", ({"storage_size": "9000Gi"}, {"storage_size": "9001Gi"})),
    "image": (
        "update_postgres_cluster",
        (
            {"image": "ghcr.io/cloudnative-pg/postgresql:18.3-standard-trixie"},
            {"image": "ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie"},
            {"postgres_version": "18"},
            {"postgres_version": "19"},
        ),
    ),
    "restart": ("update_postgres_cluster", ({"restart": True},)),
    "new role": ("create_postgres_role", ({"role_name": "places_probe", "password_source": "existing:p"},)),
    "new database": ("create_postgres_database", ({"database_name": "places_probe", "owner": "app"},)),
    "deletion": ("delete_postgres_cluster", ({"confirm_deletion": True},)),
}
"""By request its tool, and what is asked for: the next where one changes nothing,
or does not suit the Cluster, such as an image where a catalog has it."""
_WIDTH = 300


@dataclass(frozen=True)
class Outcome:
    request: str
    placed: bool
    text: str
    """The places of the edit, or why there is none."""


@dataclass(frozen=True)
class Found:
    namespace: str | None
    name: str
    declared: str
    outcomes: tuple[Outcome, ...]


def looked_through(checkout: Path, environment: str | None = None) -> Iterator[Found | str]:
    """Every Cluster that the server lists there, with what becomes of each request; or why an environment has none."""
    app = App.open(Flags(repo=checkout, push="never"))
    for name in [environment] if environment else list(app.settings()[0].environments):
        try:
            rows = _listed(app, name)
        except GitOpsError as error:
            yield f"{name}: {error.title}: {error}"
            continue
        for row in rows:
            where = {"namespace": row.namespace, "environment": name}
            outcomes = tuple(_outcome(app, request, row.name, where) for request in REQUESTS)
            yield Found(row.namespace, row.name, row.declared or "", outcomes)


def _listed(app: App, environment: str) -> list[Any]:
    rows: list[Any] = []
    cursor = None
    while True:
        page = _call(app, "list_postgres_clusters", environment=environment, limit=500, cursor=cursor)
        rows += page.items
        if (cursor := page.cursor) is None:
            return rows


def _outcome(app: App, request: str, cluster: str, where: Asked) -> Outcome:
    """Of the first that is an edit; where none is, of the first."""
    tool, every = REQUESTS[request]
    found = []
    for asked in every:
        found.append(_outcome_of(app, request, tool, {"cluster_name": cluster, **where, **asked}))
        if found[-1].placed:
            return found[-1]
    return found[0]


def _outcome_of(app: App, request: str, tool: str, asked: Asked) -> Outcome:
    try:
        answer = _call(app, tool, **asked, dry_run=True)
    except GitOpsError as error:
        return Outcome(request, placed=False, text=f"{error.title}: {error}")
    places = [f"{one.path}:{one.line}" if one.line else f"{one.path} ({one.action})" for one in answer.files]
    return Outcome(request, placed=bool(places), text=", ".join(places) or f"unchanged: {answer.summary}")


def _call(app: App, asked_tool: str, /, **arguments: Any) -> Any:
    tool = next(one for one in tools.ALL if one.name == asked_tool)
    with app.called(Nobody()) as called:
        return tool.function(called, **arguments)


def told(found: Found) -> Iterator[str]:
    yield f"{found.namespace or '?'}/{found.name}  ({found.declared})"
    for one in found.outcomes:
        text = " ".join(one.text.split())
        yield f"  {one.request:<13}{text if len(text) <= _WIDTH else text[: _WIDTH - 1] + '…'}"


def counted(all_found: list[Found]) -> str:
    placed = Counter(one.request for found in all_found for one in found.outcomes if one.placed)
    spaced = sum(found.namespace is not None for found in all_found)
    shares = ", ".join(f"{request} {placed[request]}" for request in REQUESTS)
    return f"{len(all_found)} Clusters listed, {spaced} with a namespace; a place for: {shares}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Where each kind of request would be written in a checkout.")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--environment", help="one of .gitops-mcp.yaml; left out: all")
    asked = parser.parse_args()
    os.environ["KUBECONFIG"] = os.devnull  # what is live does not count here
    found: list[Found] = []
    try:
        for one in looked_through(asked.checkout, asked.environment):
            if isinstance(one, Found):
                found.append(one)
            print(one if isinstance(one, str) else "\n".join(told(one)), flush=True)
    except GitOpsError as error:
        print(f"{error.title}: {error}")
        return 1
    print(counted(found))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
