"""The end of a request's time: a socket's own time-out starts anew with each byte, in a head as in a body.

So the connection is shut down from outside once the time is over, whatever it waits for then.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from gitops_mcp.caller import Cancelled, woken_by

if TYPE_CHECKING:
    import urllib3

_ASKING = threading.local()
"""The sockets of the request that a thread has under way."""


@contextmanager
def within(seconds: float, *, writes: bool) -> Iterator[None]:
    """Raises TimeoutError where what is read inside takes longer, and Cancelled where the call is over before.

    Only reads end with the call: of a write that is under way the answer tells whether it was done.
    """
    sockets: list[socket.socket] = []
    copies: list[socket.socket] = []
    late = threading.Event()
    _ASKING.sockets, _ASKING.copies = sockets, copies

    def hang_up() -> None:
        for one in (*sockets, *copies):
            with suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)  # of TLS too: its own would change what is being read

    def end() -> None:
        late.set()
        hang_up()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        with nullcontext() if writes else woken_by(hang_up):
            yield
    except Exception as error:
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        # Of what was not reached it is known that nothing was done.
        if late.is_set() and not isinstance(error, (Cancelled, ConnectTimeoutError, NewConnectionError)):
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        for one in copies:
            one.close()
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

        def _new_conn(self) -> Any:
            with suppress(OSError, UnicodeError):
                # One address after the other is tried, and each would get all of the time.
                self.timeout /= len(socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM))
            made = super()._new_conn()
            # TLS takes the socket over and waits for the server: a second one of the same connection can end that.
            _ASKING.copies.append(made.dup())
            return made

        def getresponse(self) -> Any:
            _ASKING.sockets.append(self.sock)
            return super().getresponse()

    return Ended
