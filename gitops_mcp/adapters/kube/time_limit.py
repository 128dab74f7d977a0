"""The end of a request's time: a socket's own time-out starts anew with each byte, in a head as in a body.

So the connection is shut down from outside once the time is over, whatever it waits for then.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import urllib3

_ASKING = threading.local()
"""The sockets of the request that a thread has under way."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises TimeoutError where what is read inside takes longer."""
    sockets: list[socket.socket] = []
    late = threading.Event()
    _ASKING.sockets = sockets

    def end() -> None:
        late.set()
        for one in sockets:
            with suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)  # of TLS too: its own would change what is being read

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError


def pool_with_ends(pools: urllib3.PoolManager, server: str) -> urllib3.HTTPConnectionPool:
    """The pool of a server, whose connections can be ended while they are read."""
    pool = pools.connection_from_url(server)
    pool.ConnectionCls = _with_end(pool.ConnectionCls)
    return pool


@cache
def _with_end(kind: Any) -> Any:
    if hasattr(kind, "has_end"):
        return kind

    class Ended(kind):  # type: ignore[misc] # it is a class of urllib3, known at run time
        has_end = True

        def getresponse(self) -> Any:
            _ASKING.sockets.append(self.sock)
            return super().getresponse()

    return Ended
