"""A server over HTTP as a process of its own, spoken to by the SDK's client or in bytes."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from anyio.from_thread import start_blocking_portal
from mcp import Client

from tests.e2e import preloaded
from tests.e2e.dev import Person
from tests.e2e.team import Assistant

Mode = Literal["auto", "legacy"]
VERSIONS: Mapping[Mode, str] = {"auto": "2026-07-28", "legacy": "2025-11-25"}
MOST_SECONDS = 30


class Served:
    """Until it is ended; `log` is what it writes to standard error."""

    def __init__(self, *flags: str, env: Mapping[str, str], cwd: Path) -> None:
        self.log: list[str] = []
        reading, writing = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        arguments = ("serve", "--transport", "http", "--port", "0", *flags)
        self.process = preloaded.Started(
            preloaded.address(), arguments, env=env, cwd=str(cwd), streams=(null, null, writing)
        )
        for one in (null, writing):
            os.close(one)
        lines = os.fdopen(reading)
        for line in lines:
            self.log.append(line)
            if found := re.search(r"serves (http://(\S+):(\d+)/mcp)", line):
                break
        else:
            lines.close()
            raise RuntimeError(f"it ended with {self.process.wait()}: {''.join(self.log)}")
        self.url, self.port = found[1], int(found[3])
        self.pid = self.process.pid
        self._reader = threading.Thread(target=self._read, args=(lines,))
        self._reader.start()

    def _read(self, lines: Any) -> None:
        with lines:
            self.log.extend(lines)

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> int:
        """The exit code."""
        code = self.process.wait()
        self._reader.join()
        return code


@contextmanager
def served(*flags: str, env: Mapping[str, str], cwd: Path) -> Iterator[Served]:
    made = Served(*flags, env=env, cwd=cwd)
    try:
        yield made
    finally:
        made.signal(9)
        made.wait()


@contextmanager
def http_client(url: str, mode: Mode = "auto", person: Person | None = None) -> Iterator[Assistant]:
    fault: Exception | None = None
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_client(url, mode, person)) as made:
        try:
            yield Assistant(portal, made)
        except Exception as error:  # noqa: BLE001 - raised below: the client's task groups would wrap it
            fault = error
    if fault:
        raise fault


@asynccontextmanager
async def _client(url: str, mode: Mode, person: Person | None) -> AsyncIterator[Client]:
    async with Client(url, mode=mode, elicitation_callback=person.answer if person else None) as made:
        yield made


def frame(method: str, mode: Mode = "auto", number: int = 1, **params: Any) -> bytes:
    """A request of either era, as its clients send it."""
    if mode == "auto":
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": VERSIONS[mode],
            "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
            **params.get("_meta", {}),
        }
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


def head(
    body: bytes, mode: Mode = "auto", *, method: str = "", name: str = "", host: str = "localhost", **more: str
) -> bytes:
    """The headers that belong to a frame; `more` are further ones, with _ for -."""
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        f"MCP-Protocol-Version: {VERSIONS[mode]}",
        f"Content-Length: {len(body)}",
        *([f"Mcp-Method: {method}"] if method else []),
        *([f"Mcp-Name: {name}"] if name else []),
        *(f"{key.replace('_', '-')}: {value}" for key, value in more.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=MOST_SECONDS)


def exchange(port: int, *parts: bytes) -> tuple[int, bytes]:
    """The status and all that comes until the server closes, or the answer is whole."""
    with connected(port) as wire:
        for part in parts:
            with suppress(ConnectionError):
                wire.sendall(part)
        return answer_on(wire)


def answer_on(wire: socket.socket) -> tuple[int, bytes]:
    received = b""
    while not _is_whole(received):
        part = wire.recv(1 << 16)
        if not part:
            break
        received += part
    status = re.match(rb"HTTP/1\.1 (\d+) ", received)
    return int(status[1]) if status else 0, received


def _is_whole(received: bytes) -> bool:
    top, blank, rest = received.partition(b"\r\n\r\n")
    if not blank:
        return False
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", top)
    return len(rest) >= int(length[1]) if length else rest.endswith(b"0\r\n\r\n")
