"""An MCP server with one tool: a shell in a checkout, which reaches the sandbox alone where the system can hold it.

python -m evals.shell CHECKOUT [--sockets FOLDER --port N ...]

With ports the shell runs in a network namespace of its own, whose loopback has these ports of the machine's loopback
and nothing else: they are handed over through sockets in the folder. Of this process's environment what it runs has
PATH, HOME, KUBECONFIG and what is Git's.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import signal
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Annotated

from mcp.server import MCPServer
from pydantic import Field

_CHARACTERS = 20_000
_SECONDS = 120
_KEPT = {"PATH", "HOME", "KUBECONFIG"}
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

Open = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


def shell_server(checkout: Path) -> MCPServer:
    server = MCPServer("shell", log_level="WARNING")

    @server.tool()
    async def shell(command: Annotated[str, Field(description="Run by bash, in the checkout")]) -> str:
        """Run a command; what it printed, and its exit code where that is not 0."""
        child = await asyncio.create_subprocess_exec(
            *("bash", "-c", command),
            cwd=checkout,
            env={name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("GIT_")},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            printed, _ = await asyncio.wait_for(child.communicate(), _SECONDS)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
            return f"It was ended after {_SECONDS} s."
        text = printed.decode(errors="replace")
        if len(text) > _CHARACTERS:
            text = f"{text[:_CHARACTERS]}\n({len(text) - _CHARACTERS} more characters)"
        return text if child.returncode == 0 else f"{text}\n(exit code {child.returncode})"

    return server


async def _relay(port_is: Open, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What comes on one connection goes out on another, both ways."""
    with suppress(OSError):
        far_reader, far_writer = await port_is()
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
    writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof() if writer.can_write_eof() else writer.close()


async def _outside(arguments: list[str], sockets: Path, ports: list[int]) -> int:
    """On the machine's network: a socket for each port, and the shell in a namespace as a child."""
    async with AsyncExitStack() as stack:
        for port in ports:

            def to_port(port: int = port) -> Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
                return asyncio.open_connection("127.0.0.1", port)

            serve = _serving(to_port)
            await stack.enter_async_context(await asyncio.start_unix_server(serve, sockets / f"{port}.socket"))
        inside = [sys.executable, "-m", "evals.shell", *arguments, "--inside"]
        child = await asyncio.create_subprocess_exec("unshare", "--map-root-user", "--net", "--kill-child", *inside)
        return await child.wait()


async def _inside(checkout: Path, sockets: Path | None, ports: list[int]) -> None:
    async with AsyncExitStack() as stack:
        if ports and sockets:
            _bring_up_loopback()
            for port in ports:

                def to_socket(port: int = port) -> Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
                    return asyncio.open_unix_connection(sockets / f"{port}.socket")

                await stack.enter_async_context(await asyncio.start_server(_serving(to_socket), "127.0.0.1", port))
        await shell_server(checkout).run_stdio_async()


def _serving(port_is: Open) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    return lambda reader, writer: _relay(port_is, reader, writer)


def _bring_up_loopback() -> None:
    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evals.shell", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--sockets", type=Path)
    parser.add_argument("--port", type=int, action="append", default=[])
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.port and not given.inside:
        return asyncio.run(_outside(sys.argv[1:], given.sockets, given.port))
    asyncio.run(_inside(given.checkout, given.sockets, given.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
