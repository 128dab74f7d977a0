"""The names that a server is reached by. Others are refused: a page in a browser may have made its own name mean us.

A name that resolves to this machine on the second look is how a foreign page gets at a server that only the user's own
machine, or its network, can reach. Its requests carry the foreign name in Host, and where they come from in Origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from starlette.datastructures import Headers

from gitops_mcp.http.answers import Refusal

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?")
_ORIGIN = re.compile(r"https?://(.+)")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True)
class ServedNames:
    names: frozenset[str]
    any_address: bool
    """Where it listens on every address of the machine, it is reached by each; an address is no name to be taken."""

    @classmethod
    def of(cls, host: str, more: Iterable[str]) -> ServedNames:
        own = _LOOPBACK if is_loopback(host) else frozenset({_bracketed(host)})
        any_address = host in {"", "0.0.0.0", "::"}  # noqa: S104 - what is listened on was said by who started it
        return cls(own | frozenset(map(_bracketed, more)) | (_LOOPBACK if any_address else frozenset()), any_address)

    def check(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        host = _host_of(hosts[0]) if len(hosts) == 1 else None
        if host is None or not (host in self.names or (self.any_address and _is_address(host))):
            raise Refusal(421, "this server is not known by the name in Host: name it with --allowed-hosts")
        for origin in headers.getlist("origin"):
            found = _ORIGIN.fullmatch(origin.lower())
            if found is None or _host_of(found[1]) not in {host, *self.names}:
                raise Refusal(403, "requests of pages from this Origin are not answered: name it with --allowed-hosts")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    return host == "localhost" or (_is_address(host) and ip_address(host.strip("[]")).is_loopback)


def _host_of(text: str) -> str | None:
    """In lower case, without a port."""
    found = _HOST.fullmatch(text.lower())
    return found[1] if found else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host.strip('[]')}]" if ":" in host else host.lower()
