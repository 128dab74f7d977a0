"""Watches: a response that goes on, one JSON line for each change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api.call import Call
from gitops_mcp.sandbox.api.lists import object_filter
from gitops_mcp.sandbox.store.collection import ObjectVersion, StoredChange
from gitops_mcp.sandbox.store.errors import ApiError, bad_request
from gitops_mcp.sandbox.store.resources import Served
from gitops_mcp.sandbox.store.selectors import Wanted
from gitops_mcp.sandbox.store.store import Store

_LONGEST = 1800.0
"""Seconds after which a watch ends by itself when the client names no timeout."""


class Watches:
    """The watches that are open."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: set[Callable[[], None]] = set()
        self._closing = False

    def close(self) -> None:
        """End them all, so that the server can stop."""
        self._closing = True
        for wake in tuple(self._open):
            wake()

    def begin(self, served: Served, call: Call) -> AsyncIterator[bytes]:
        """What is wrong with the request is raised here, while its status can still say so."""
        if call.flag("sendInitialEvents"):
            # As a server without the WatchList feature says it; clients then list first.
            raise ApiError(422, "Invalid", "sendInitialEvents is forbidden for watch")
        test = _watch_filter(call, object_filter(served, call))
        version = _start_version(call)
        seconds = float(call.number("timeoutSeconds") or _LONGEST)
        return self._lines(served, test, version, seconds)

    async def _lines(self, served: Served, test: Wanted, version: int | None, seconds: float) -> AsyncIterator[bytes]:
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        end = loop.time() + seconds

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        stop = self._store.listen(wake)
        self._open.add(wake)
        try:
            if version is None:
                version, found = self._store.page(served.resource, None, test)
                for snapshot in found.items:
                    yield _event_line("ADDED", snapshot.encoded)
            while not self._closing:
                changed.clear()
                version, changes = self._store.since(served.resource, version)
                for change in changes:
                    for line in _events(change, test):
                        yield line
                async with asyncio.timeout_at(end):
                    await changed.wait()
        except TimeoutError:
            return
        except ApiError as error:
            yield _event_line("ERROR", json.dumps(error.body).encode())
        finally:
            self._open.discard(wake)
            stop()


def _watch_filter(call: Call, test: Wanted) -> Wanted:
    route = call.route

    def addressed(value: Object) -> bool:
        metadata = value["metadata"]
        return (
            route.namespace in {None, metadata.get("namespace")}
            and route.name in {None, metadata["name"]}
            and test(value)
        )

    return addressed


def _start_version(call: Call) -> int | None:
    text = call.query.get("resourceVersion") or "0"
    if not text.isdecimal():
        raise bad_request(f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: invalid syntax')
    return int(text) or None


def _events(change: StoredChange, test: Wanted) -> Iterator[bytes]:
    """To a selector, an object that no longer matches is deleted, and one that begins to is added."""
    was = change.before is not None and test(change.before.value)
    after = change.after
    if after is not None and test(after.value):
        yield _event_line("MODIFIED" if was else "ADDED", after.encoded)
    elif was and change.before is not None:
        yield _event_line("DELETED", _at_version(change.before, change.version).encoded)


def _at_version(snapshot: ObjectVersion, version: int) -> ObjectVersion:
    value = snapshot.value
    return ObjectVersion({**value, "metadata": {**value["metadata"], "resourceVersion": str(version)}})


def _event_line(kind: str, encoded: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + encoded + b"}\n"
