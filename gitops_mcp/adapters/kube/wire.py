"""Requests to one API server, kept connected; what fails is forgotten, so that the next call starts afresh."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from gitops_mcp import __version__
from gitops_mcp.adapters.kube.answers import UNKNOWN, OutcomeUnknown, error_for, retry_after
from gitops_mcp.adapters.kube.asked import ApiRequest, Query
from gitops_mcp.adapters.kube.gatekeepers import gatekeeper_error
from gitops_mcp.adapters.kube.go_json import as_go_writes
from gitops_mcp.adapters.kube.impersonation import caller_headers
from gitops_mcp.adapters.kube.kubeconfig import IN_CLUSTER, Kubeconfig, Login, current_context
from gitops_mcp.adapters.kube.session import Session, in_cluster, open_session
from gitops_mcp.adapters.kube.time_limit import pool_with_ends, within
from gitops_mcp.adapters.kube.unreachable import unreachable_error
from gitops_mcp.adapters.kube_start import KubeStart, read_files
from gitops_mcp.caller import check_wanted, pause
from gitops_mcp.domain.access.identity import Identity
from gitops_mcp.domain.names import quote
from gitops_mcp.errors import Unavailable

if TYPE_CHECKING:
    import urllib3

log = logging.getLogger(__name__)

JSON = "application/json"
_MOST_BYTES = 128 << 20
"""Of an answer when it is unpacked; a page of 500 Clusters has about 4 MB."""


@dataclass(frozen=True)
class HttpRequest:
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    query: Query = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    """Sent as JSON, which is YAML too; None: no body. It may hold secrets, and is never logged."""
    content_type: str = JSON
    accept: str = JSON
    limit: int = _MOST_BYTES
    """How many bytes of an answer are taken."""


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")


class Wire:
    """One context of kubeconfig, or the cluster that this process runs in. Safe to use from several threads."""

    def __init__(
        self,
        *,
        context: str | None,
        timeout: float,
        start: KubeStart,
        plugin_timeout: float,
        caller: Identity | None = None,
    ) -> None:
        """`caller`: whom all requests are made as, whoever the login is."""
        self._context = context
        self._caller = caller
        self._timeout = timeout
        self._start = start
        self._plugin_timeout = plugin_timeout
        self._session: Session | None = None
        self._described: str | None = None
        self._building = threading.Lock()

    @property
    def description(self) -> str:
        """`context 'prod-admin'`, with `as 'jane'` where it impersonates, or `in-cluster`; for messages."""
        if self._described is None:
            try:
                self._described = self.login().description
            except Unavailable:  # told by the request itself
                return self._named_context()
        return self._described

    def _named_context(self) -> str:
        if self._context is None and self._start.service_account:
            return IN_CLUSTER
        context = self._context or current_context(self._start)
        return f"context {context!r}" if context else "the current context"

    @property
    def timeout(self) -> float:
        """Seconds of one request."""
        return self._timeout

    def ask(self, asked: ApiRequest, request: HttpRequest) -> HttpAnswer:
        """A good answer, or one of our errors.

        Credentials that were kept and are refused now may have been renewed since: those are tried once. A server that
        asks to slow down and says for how long is asked again within the request's time. A write is sent again in no
        other case, since 401 and 429 are the answers that say that nothing was done.
        """
        check_wanted()
        until = time.monotonic() + self._timeout
        connected, kept = self._connected()
        answer = self._sent(connected, asked, request)
        if answer.status == 401:
            self._forget(connected)
            if kept:
                connected, _ = self._connected()
                answer = self._sent(connected, asked, request)
        while answer.status == 429 and (wait := retry_after(answer.headers)) and time.monotonic() + wait < until:
            pause(wait)
            answer = self._sent(connected, asked, request)
        if 200 <= answer.status < 300:
            return answer
        if answer.status == 401:
            self._forget(connected)
        if before := gatekeeper_error(answer.status, answer.body, asked=asked):
            raise before
        log_in = connected.login.how_to_log_in
        raise error_for(answer.status, answer.headers, answer.body, asked=asked, log_in=log_in)

    def _sent(self, connected: Session, asked: ApiRequest, request: HttpRequest) -> HttpAnswer:
        import urllib3

        started = time.monotonic()
        path = asked.path(request.query)
        body = None if request.body is None else as_go_writes(request.body)
        try:
            # Not through the manager, whose proxies join headers of one name, as each group has one.
            with within(self._timeout, writes=asked.writes):
                response = pool_with_ends(connected.pool, connected.login.server).urlopen(
                    request.method,
                    connected.target(path),
                    headers=_headers(connected, request),
                    body=body,
                    timeout=urllib3.Timeout(total=self._timeout),
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    preload_content=False,
                )
                data = b"".join(_read_body(response, until=started + self._timeout, limit=request.limit))
        except OverflowError as error:
            what = f"{asked}: the answer has more than {request.limit} bytes: check what answers there"
            raise OutcomeUnknown(f"{what}; {UNKNOWN}") if asked.writes else Unavailable(what) from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            self._forget(connected)
            raise unreachable_error(error, connected.login.server, asked=asked, timeout=self._timeout) from error
        log.debug("%s %s: %s in %.0f ms", request.method, path, response.status, (time.monotonic() - started) * 1000)
        return HttpAnswer(response.status, response.headers, data)

    def _connected(self) -> tuple[Session, bool]:
        """A session, and whether it was there before. One thread makes it, the others wait for that one."""
        with self._building:
            if self._session is not None and self._session.usable:
                return self._session, True
            login = self.login()
            self._session = open_session(login, plugin_timeout=self._plugin_timeout)
            self._described = login.description
            return self._session, False

    def _forget(self, connected: Session) -> None:
        with self._building:
            if self._session is connected:
                self._session = None

    def login(self) -> Login:
        """Where to and as whom, from the files as they are now; the context is the one of the start."""
        login = self._own_login()
        if self._caller is None:
            return login
        description = f"{login.description} as {quote(self._caller.name)}"
        return replace(login, description=description, impersonation=caller_headers(self._caller))

    def _own_login(self) -> Login:
        if self._context is None and self._start.service_account:
            return in_cluster(self._start.service_account)
        files = read_files(self._start.paths)
        if not files:
            looked = ", ".join(str(path) for path in self._start.paths) or "an empty KUBECONFIG"
            raise Unavailable(
                f"there is no kubeconfig (looked at {looked}): set KUBECONFIG for this server, or log in as you do for "
                f"kubectl; what is in Git can be read and changed without it"
            )
        kubeconfig = Kubeconfig.of(files)
        if self._context is None:
            context = current_context(self._start) or kubeconfig.current
            if context is None:
                names = ", ".join(sorted(kubeconfig.contexts)) or "none"
                raise Unavailable(
                    f"kubeconfig has no current context; contexts: {names}: name one with --context or in "
                    f".gitops-mcp.yaml"
                )
            login = kubeconfig.login(context)
            self._context = context
            return login
        return kubeconfig.login(self._context)


def _headers(connected: Session, request: HttpRequest) -> urllib3.HTTPHeaderDict:
    import urllib3

    headers = urllib3.HTTPHeaderDict({"Accept": request.accept, "Accept-Encoding": "gzip"})
    headers["User-Agent"] = f"gitops-mcp/{__version__}"
    authorization = connected.authorization()
    if authorization:
        if not (authorization.isascii() and authorization.isprintable()):
            raise Unavailable(
                f"the credentials of {connected.login.description} contain what no HTTP header takes, such as a line "
                f"break: "
                f"{connected.login.how_to_log_in}"
            )
        headers["Authorization"] = authorization
    for name, value in connected.login.impersonation:
        headers.add(name, value)
    if request.body is not None:
        headers["Content-Type"] = request.content_type
    return headers


def _read_body(response: urllib3.BaseHTTPResponse, *, until: float, limit: int) -> Iterator[bytes]:
    """The body within the request's time: the socket's own time-out starts anew with each byte that drips in.

    Raises OverflowError where there is more than the limit.
    """
    size = 0
    try:
        # Whatever has come, as a whole part of a body that drips in may be long in coming.
        while part := response.read1(1 << 18, decode_content=True):
            size += len(part)
            if time.monotonic() > until:
                raise TimeoutError  # noqa: TRY301 - the connection is closed for it as for any other failure
            if size > limit:
                raise OverflowError  # noqa: TRY301 - likewise
            yield part
    except BaseException:
        response.close()
        raise
    response.release_conn()
