"""What was asked and how it ended, a JSON line each. Bodies are never written: they may hold secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request

from gitops_mcp.sandbox.api.call import Route, is_metadata_only


class RequestsLog:
    """One JSON line a request, on disk before the client has its answer."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, request: Request, route: Route | None, query: Mapping[str, str], status: int) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "verb": route.verb if route else request.method.lower(),
            "method": request.method,
            "path": request.scope["path"],
            "group": route.group if route else None,
            "resource": route.plural if route else None,
            "subresource": route.subresource if route else None,
            "namespace": route.namespace if route else None,
            "name": route.name if route else None,
            "query": dict(query),
            "metadataOnly": is_metadata_only(request.headers.get("accept", "")),
            "as": request.headers.get("impersonate-user"),
            "status": status,
        }
        self._file.write(f"{json.dumps(line)}\n")

    def close(self) -> None:
        self._file.close()
