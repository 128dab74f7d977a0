"""A connection to one API server: the official client's pool, our TLS context, credentials that are renewed.

The pool is the client's, since it knows proxies, `no_proxy` and server names. TLS contexts are made here: the client
hands file names on, which are read again for each connection, and would write keys from kubeconfig into /tmp.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gitops_mcp.adapters.kube.kubeconfig import IN_CLUSTER, Login
from gitops_mcp.errors import Unavailable

if TYPE_CHECKING:
    import ssl

    import urllib3

_TOKEN_FRESH = 60.0
"""Seconds for which a token file is not read again; kubelet renews it long before it expires."""
_CONNECTIONS = 800
"""Kept open at most: as many as ask at once, which are 40 calls with 20 parts each. One more would be closed after each
request, and the pool would say so on standard error."""
_LOADING = threading.Lock()


@dataclass(frozen=True)
class Session:
    login: Login
    pool: urllib3.PoolManager
    authorization: Callable[[], str | None] = field(repr=False)
    expires: datetime | None

    @property
    def usable(self) -> bool:
        return self.expires is None or datetime.now(UTC) < self.expires - timedelta(seconds=10)

    def target(self, path: str) -> str:
        """What a request line names: the whole address where a proxy reads it, else the path."""
        server = self.login.server
        proxied = self.pool.proxy is not None and server.lower().startswith("http:")
        return server + path if proxied else urlsplit(server).path + path


def open_session(login: Login, *, plugin_timeout: float) -> Session:
    """The client's own pool: it knows proxies, `no_proxy` and server names; TLS and credentials are given to it."""
    credentials = login.plugin.credentials(plugin_timeout) if login.plugin else None
    certificate = (credentials and credentials.certificate) or login.certificate
    configuration, connection = _client()
    configuration.host = login.server
    configuration.retries = False
    configuration.connection_pool_maxsize = _CONNECTIONS
    configuration.verify_ssl = login.verify
    configuration.tls_server_name = login.server_name
    if login.proxy:
        # A proxy of kubeconfig is for its cluster whatever NO_PROXY says, as for kubectl.
        configuration.proxy, configuration.no_proxy = login.proxy, None
    elif _is_here(login.server):
        configuration.proxy = None
    try:
        pool: urllib3.PoolManager = connection(configuration).pool_manager
    except (ValueError, ImportError) as error:  # its text may hold the proxy's credentials
        raise Unavailable(
            f"the proxy of {login.description} cannot be used: check proxy-url in kubeconfig and HTTPS_PROXY, such as "
            f"'http://proxy.example:3128' (SOCKS needs the package PySocks)"
        ) from error
    authorization = _authorization_source(login, (credentials and credentials.authorization) or login.authorization)
    if login.server.lower().startswith("https:"):
        pool.connection_pool_kw["ssl_context"] = _tls_context(login, certificate)
    elif not _is_here(login.server):
        # kubectl sends no credentials over a line that anybody can read either.
        authorization = _no_authorization
    return Session(login, pool, authorization, credentials.expires if credentials else None)


def _client() -> tuple[Any, Any]:
    """A configuration of the client, and what makes a pool of one.

    The package loads its readers of kubeconfig, its watches and websockets as well, which is three quarters of the
    time; so another stands in its place while these two modules are loaded.
    """
    with _LOADING:
        spec = find_spec("kubernetes")
        if spec and spec.name not in sys.modules:
            sys.modules[spec.name] = module_from_spec(spec)
            try:
                return _client_modules()
            finally:
                del sys.modules[spec.name]
        return _client_modules()


def _client_modules() -> tuple[Any, Any]:
    from kubernetes.client.configuration import Configuration
    from kubernetes.client.rest import RESTClientObject

    return Configuration(), RESTClientObject


def _is_here(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


def _no_authorization() -> None:
    return None


def _tls_context(login: Login, certificate: tuple[Path | bytes, Path | bytes] | None) -> ssl.SSLContext:
    """As strict as kubectl is, not more: create_default_context() refuses the authorities of older installers."""
    import ssl

    import urllib3

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if not login.verify:
            # kubeconfig says so for this cluster, and kubectl does not warn at each request either.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif isinstance(login.ca, bytes):
            context.load_verify_locations(cadata=login.ca.decode("ascii"))
        elif login.ca:
            context.load_verify_locations(cafile=login.ca)
        else:
            context.load_default_certs()
        if certificate:
            _load_certificate(context, certificate)
    except (ssl.SSLError, OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "not PEM"
        raise Unavailable(
            f"the certificates of {login.description} cannot be loaded ({what}): check certificate-authority, "
            f"client-certificate and client-key in kubeconfig, or log in again"
        ) from error
    return context


def _load_certificate(context: ssl.SSLContext, certificate: tuple[Path | bytes, Path | bytes]) -> None:
    """Python takes a key only from a file: one of our own is gone before the next line."""
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-") as folder:
        files = []
        for name, part in zip(("certificate", "key"), certificate, strict=True):
            path = part if isinstance(part, Path) else Path(folder) / name
            if isinstance(part, bytes):
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(part)
            files.append(path)
        # An encrypted key would be asked for on the terminal; an empty password fails at once.
        context.load_cert_chain(files[0], files[1], password="")


def _authorization_source(login: Login, fixed: str | None) -> Callable[[], str | None]:
    """The header, for each request: a token file is read again now and then."""
    path = login.token_file
    if path is None or fixed:
        return lambda: fixed
    kept: list[tuple[float, str]] = []

    def from_file() -> str:
        if not kept or time.monotonic() - kept[-1][0] > _TOKEN_FRESH:
            try:
                token = path.read_text(encoding="ascii").strip()
            except (OSError, ValueError) as error:
                raise Unavailable(f"the token file of {login.description} cannot be read: {path}") from error
            kept[:] = [(time.monotonic(), f"Bearer {token}")]
        return kept[-1][1]

    return from_file


def in_cluster(folder: Path) -> Login:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise Unavailable(
            f"{folder} has a service account's token, but KUBERNETES_SERVICE_HOST and _PORT are not set: set them, or "
            f"name a context of kubeconfig"
        )
    try:
        namespace = (folder / "namespace").read_text().strip() or None
    except OSError:
        namespace = None
    return Login(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        description=IN_CLUSTER,
        namespace=namespace,
        ca=folder / "ca.crt",
        token_file=folder / "token",
    )
