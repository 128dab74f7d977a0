"""JSON of an issuer: over https, without a redirect, bounded in time and size, and never from an address in a token."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

from gitops_mcp import __version__
from gitops_mcp.adapters.in_time import in_time
from gitops_mcp.adapters.signin.errors import NoKeys
from gitops_mcp.domain.access.identity import Issuer
from gitops_mcp.domain.names import quote

SECONDS = 5.0
_MOST_BYTES = 512 << 10
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


def key_address(issuer: Issuer, *, seconds: float = SECONDS) -> str:
    """Where its keys are: as configured, else as its metadata says.

    https://openid.net/specs/openid-connect-discovery-1_0.html, RFC 8414 3.1
    """
    if issuer.jwks is not None:
        return issuer.jwks
    parts = urlsplit(issuer.url)
    path = parts.path.rstrip("/")
    site = f"{parts.scheme}://{parts.netloc}/.well-known"
    faults = []
    for url in (
        f"{issuer.url.rstrip('/')}/.well-known/openid-configuration",
        f"{site}/oauth-authorization-server{path}",
    ):
        try:
            found = read_json(url, seconds=seconds)
        except NoKeys as error:
            faults.append(str(error))
            continue
        address = found.get("jwks_uri")
        if found.get("issuer") != issuer.url or not isinstance(address, str):
            raise NoKeys(f"{url} is not the metadata of {issuer.url}: its `issuer` and `jwks_uri` have to say so")
        if urlsplit(address).scheme != "https" and not _is_loopback(issuer.url, address):
            raise NoKeys(f"{url} names keys that are not at an https address")
        return address
    raise NoKeys("; ".join(faults))


def _is_loopback(*urls: str) -> bool:
    return all(urlsplit(url).hostname in _LOOPBACK for url in urls)


def read_json(url: str, *, seconds: float = SECONDS) -> dict[str, Any]:
    """Raises NoKeys."""
    import httpx2

    try:
        status, body = in_time(seconds, lambda: _exchanged(url, time.monotonic() + seconds), writes=True)
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise NoKeys(f"{url} did not answer within {seconds:g} s") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError, ValueError, OSError) as error:
        raise NoKeys(f"{url} cannot be reached ({type(error).__name__})") from error
    if status != 200:
        more = ", a redirect, which is not followed" if 300 <= status < 400 else ""
        raise NoKeys(f"{url} answered {status}{more}")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoKeys(f"{url} answered no JSON") from error
    if not isinstance(found, dict):
        raise NoKeys(f"{url} answered {quote(type(found).__name__)} where an object is expected")
    return found


def _exchanged(url: str, until: float) -> tuple[int, bytes]:
    import httpx2

    headers = {"User-Agent": f"gitops-mcp/{__version__}", "Accept": "application/json"}
    here = _is_loopback(url)
    left = max(until - time.monotonic(), 0.1)
    with (
        httpx2.Client(trust_env=not here, timeout=left, follow_redirects=False) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        data = bytearray()
        for part in answer.iter_bytes():
            data += part
            if len(data) > _MOST_BYTES:
                raise NoKeys(f"{url} answered more than {_MOST_BYTES >> 10} KB")
            if time.monotonic() > until:
                raise TimeoutError
        return answer.status_code, bytes(data)
