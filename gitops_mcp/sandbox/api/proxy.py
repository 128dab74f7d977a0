"""GET through the API server to a Service or a pod of the sandbox: `services/[scheme:]name[:port]/proxy/path`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import PlainTextResponse, Response

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api.call import Route
from gitops_mcp.sandbox.store.errors import ApiError, bad_request, not_allowed
from gitops_mcp.sandbox.store.store import Store

Backend = Callable[[str], bytes | None]
"""What stands behind a Service: the answer to a path, None where it has nothing there."""
Backends = Mapping[tuple[str, str], Backend]
"""By the namespace and the name of the Service."""
PodBackend = Callable[[Object, str], Mapping[str, bytes] | None]
"""What a pod serves at a port, by path; None where nothing listens there."""
_TLS_PORTS = frozenset({"8000"})
_UNREACHED = "error trying to reach service: "


def answer_proxy(store: Store, asked: Route, backends: Backends, pods: PodBackend | None) -> Response:
    if asked.plural == kinds.POD.plural:
        return _proxy_to_pod(store, asked, pods)
    return _proxy_to_service(store, asked, backends)


def _proxy_to_service(store: Store, asked: Route, backends: Backends) -> Response:
    if asked.verb != "get":
        raise not_allowed()
    scheme, name, port = _split_scheme_name_port(asked.name or "")
    if scheme not in {"", "http", "https"}:
        raise bad_request(f"invalid service request {asked.name!r}")
    service = store.get(kinds.SERVICE, asked.namespace, name)
    backend = backends.get((asked.namespace or "", name))
    if backend is None or not _has_port(service, port):
        raise ApiError(503, "ServiceUnavailable", f'no endpoints available for service "{asked.name}"')
    answer = backend(asked.tail)
    return PlainTextResponse("404 page not found\n", 404) if answer is None else PlainTextResponse(answer)


def _proxy_to_pod(store: Store, asked: Route, backend: PodBackend | None) -> Response:
    """As a real one: it knows no names of ports, checks no certificate, and says 503 where nothing listens."""
    if asked.verb != "get":
        raise not_allowed()
    scheme, name, port = _split_scheme_name_port(asked.name or "")
    pod = store.get(kinds.POD, asked.namespace, name)
    pages = backend(pod, port) if backend and port else None
    if pages is None:
        what = f"dial tcp {pod.get('status', {}).get('podIP')}:{port}: connect: connection refused" if port else "EOF"
        raise ApiError(503, "ServiceUnavailable", f"{_UNREACHED}{what}")
    if port in _TLS_PORTS and scheme != "https":
        return PlainTextResponse("Client sent an HTTP request to an HTTPS server.\n", 400)
    if port not in _TLS_PORTS and scheme == "https":
        raise ApiError(503, "ServiceUnavailable", f"{_UNREACHED}tls: first record does not look like a TLS handshake")
    page = pages.get(asked.tail)
    return PlainTextResponse("404 page not found\n", 404) if page is None else PlainTextResponse(page)


def _split_scheme_name_port(name: str) -> tuple[str, str, str]:
    """Scheme, name and port; `name` alone, `name:port` or `scheme:name:port` (apimachinery, SplitSchemeNamePort)."""
    parts = name.split(":")
    match parts:
        case [one]:
            return "", one, ""
        case [one, port]:
            return "", one, port
        case [scheme, one, port]:
            return scheme, one, port
        case _:
            raise bad_request(f"invalid service request {name!r}")


def _has_port(service: Object, port: str) -> bool:
    """A port is found by its name, which may be empty, or by its number (registry/core/service, ResourceLocation)."""
    ports = service["spec"].get("ports") or ()
    return any(port in {one.get("name") or "", str(one.get("port"))} for one in ports)
