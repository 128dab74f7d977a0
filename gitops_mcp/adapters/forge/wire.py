"""Requests to one forge: to the configured address only, bounded in time and size, and never further.

A redirect is not followed, since the request carries a token; it is told with the place that it names. What answers is
taken for JSON only where it says so. A read ends with its call; of a write that is under way the answer tells whether
it was done.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from gitops_mcp import __version__
from gitops_mcp.adapters.forge.answers import Answer, error_for, parsed_answer, seconds_to_wait, text_at
from gitops_mcp.adapters.forge.credentials import Credential, Source
from gitops_mcp.adapters.in_time import in_time
from gitops_mcp.caller import check_wanted, pause
from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.errors import GitOpsError, MayArrive, Refused, Unavailable

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Query = Mapping[str, str | int]
_SECONDS = 20.0
"""For one request; GitHub gives a query of GraphQL ten."""
_MOST_BYTES = 32 << 20
"""Of an answer when it is unpacked: a page of pull requests whose bodies people have filled."""
_BY_NUMBER = re.compile(r"/(?:repositories|projects)/\d+")
_LONGEST_WAIT = 10.0
"""Seconds that a forge may ask us to wait within a call."""


@dataclass(frozen=True)
class Access:
    """How git reaches the host: what its configuration says of proxy and certificates."""

    proxy: str | None = field(default=None, repr=False)
    """None: as variables say. It may hold a login."""
    ca: str | None = None
    """File or folder of authorities to trust instead of the system's."""
    verify: bool = True


class ForgeWire:
    """Safe to use from several threads."""

    def __init__(
        self,
        name: str,
        api: str,
        source: Source,
        credential: Credential,
        *,
        authorization: Callable[[Credential], str],
        headers: Mapping[str, str],
        access: Access,
        seconds: float = _SECONDS,
    ) -> None:
        self.name = name
        self.api = api
        self.credential = credential
        self._source = source
        self._authorization = authorization
        self._headers = headers
        self._access = access
        self._seconds = seconds
        self._client: httpx2.Client | None = None
        self._has_asked = False
        self._opening = threading.Lock()

    def identity(self, key: str, *, allow: tuple[int, ...] = (403, 404)) -> str:
        """Who acts, where the credential may ask: `bot, by the token of GITHUB_TOKEN`. `key` has the login."""
        if self.credential.login is None and not self._has_asked:
            answer = self.get("/user", about="the question who acts", allow=allow)
            self._has_asked = True
            login = text_at(answer.body, key) if answer.status == 200 else None
            self.credential = replace(self.credential, login=login)
        return self.credential.identity

    def get(
        self, path: str, query: Query | None = None, *, about: str, allow: tuple[int, ...] = (), gives: type = dict
    ) -> Answer:
        """`gives`: an object or a list; a good answer that is otherwise made says nothing of what was asked."""
        answer = self.ask("GET", path, query=query, about=about, allow=allow)
        if 200 <= answer.status < 300 and not isinstance(answer.body, gives):
            raise Unavailable(self._unexpected("something other than what was asked for", about))
        return answer

    def ask(
        self,
        method: Method,
        path: str,
        *,
        about: str,
        query: Query | None = None,
        body: Any = None,
        allow: tuple[int, ...] = (),
        writes: bool | None = None,
    ) -> Answer:
        """A good answer, or one with a status of `allow`, or one of our errors. `about`: what is asked, in words.

        Credentials that are refused may have been renewed since: others are tried once. A forge that limits the rate
        is asked again where it names a short wait; nothing was done then, so that holds of writes too.
        """
        writes = method != "GET" if writes is None else writes
        if self.credential.ends is not None and time.monotonic() > self.credential.ends:
            self.credential = self._source() or self.credential
        answer = self._answered(method, path, query, body, about, writes=writes)
        if answer.status == 401 and (renewed := self._source()) and renewed.secret != self.credential.secret:
            self.credential, self._has_asked = renewed, False
            answer = self._answered(method, path, query, body, about, writes=writes)
        wait = seconds_to_wait(answer)
        if wait is not None and wait <= _LONGEST_WAIT:
            pause(wait)
            answer = self._answered(method, path, query, body, about, writes=writes)
        if answer.status in allow and seconds_to_wait(answer) is None:
            return answer
        if 200 <= answer.status < 300:
            return self._readable(answer, about, writes=writes)
        raise self.error(answer, about)

    def error(self, answer: Answer, about: str) -> GitOpsError:
        """What to raise of an answer that says no."""
        named = f"{self.name}: {about}"
        return error_for(answer, about=named, who=self.credential.name, api=self.api, moved_to=self._new_name(answer))

    def _new_name(self, answer: Answer) -> str | None:
        """Of a repository that was moved, where the forge names its new place by a number: it is asked there itself."""
        target = urlsplit(answer.headers.get("location", "")) if 300 <= answer.status < 400 else None
        found = _BY_NUMBER.search(target.path) if target and target.netloc in {"", self._host} else None
        if found is None:
            return None
        try:
            body = self._answered("GET", found[0], None, None, "the new name of the repository", writes=False).body
        except Unavailable:
            return None
        return text_at(body, "full_name") or text_at(body, "path_with_namespace")

    def _readable(self, answer: Answer, about: str, *, writes: bool) -> Answer:
        if answer.body is not None or answer.status == 204 or not answer.length:
            return answer
        what = self._unexpected(f"{answer.kind} where JSON was expected", about)
        raise MayArrive(what) if writes else Unavailable(what)

    def _unexpected(self, what: str, about: str) -> str:
        return (
            f"{self.name}: {about}: what answered at {self.api} sent {what}: a login page or a proxy may stand in "
            f"between; check forge.url and forge.api"
        )

    def _answered(
        self, method: Method, path: str, query: Query | None, body: Any, about: str, *, writes: bool
    ) -> Answer:
        import httpx2

        check_wanted()
        what = f"{self.name}: {about}"
        client, request = self._connected(), self._request(method, path, query, body, what)
        reached: list[str] = []
        request.extensions["trace"] = lambda event, _: reached.append(event) if "send_request" in event else None
        started = time.monotonic()
        try:
            status, told, data = in_time(
                self._seconds, lambda: _exchanged(client, request, started + self._seconds), writes=writes
            )
        except (TimeoutError, httpx2.TimeoutException) as error:
            late = (
                f"{what}: no answer from {self._host} within {self._seconds:g} s; try again, or look whether it is up"
            )
            raise MayArrive(late) if writes and reached else Unavailable(late) from error
        except UnicodeError as error:  # a label of the host that no name has
            raise Unavailable(f"{what}: {self._no_address}") from error
        except httpx2.HTTPError as error:
            raise self._unreachable(error, what, writes=writes) from error
        log.debug("%s %s: %s in %.0f ms", method, path, status, (time.monotonic() - started) * 1000)
        return parsed_answer(status, told, data, secret=self.credential.secret)

    def _request(self, method: Method, path: str, query: Query | None, body: Any, what: str) -> httpx2.Request:
        import httpx2

        authorization = self._authorization(self.credential)
        if not (authorization.isascii() and authorization.isprintable()):
            bad = "holds a line break or a letter that no token has"
            raise Refused(f"{what}: {self.credential.name} {bad}: set it anew")
        address = path if path.startswith("http") else self.api + path
        own = {"User-Agent": f"gitops-mcp/{__version__}", "Accept-Encoding": "gzip", "Authorization": authorization}
        try:
            return httpx2.Request(method, address, params=query, json=body, headers={**self._headers, **own})
        except (httpx2.InvalidURL, ValueError) as error:
            raise Unavailable(f"{what}: {self._no_address}") from error

    def _unreachable(self, error: Exception, what: str, *, writes: bool) -> GitOpsError:
        import httpx2

        why = words_of_others(str(error).replace(self.credential.secret, "…"), most=200) or type(error).__name__
        if isinstance(error, httpx2.ProxyError):
            return Unavailable(f"{what}: the proxy did not let it through: check HTTPS_PROXY and http.proxy")
        if "CERTIFICATE_VERIFY_FAILED" in why:
            return Unavailable(
                f"{what}: the certificate of {self._host} is not trusted here ({why}): name its authority by "
                f"SSL_CERT_FILE, GIT_SSL_CAINFO or git's http.sslCAInfo"
            )
        text = f"{what}: {self._host} cannot be reached ({why}): try again once it answers, or check forge.url"
        return Unavailable(text) if isinstance(error, httpx2.ConnectError) or not writes else MayArrive(text)

    @property
    def _no_address(self) -> str:
        return f"{self.api} is not an address that can be asked: check forge.url and forge.api"

    @property
    def _host(self) -> str:
        return urlsplit(self.api).netloc

    def _connected(self) -> httpx2.Client:
        import httpx2

        with self._opening:
            if self._client is None:
                for name in ("httpx2", "httpcore2"):
                    logging.getLogger(name).setLevel(logging.WARNING)  # they would log each request, and headers
                here = (urlsplit(self.api).hostname or "") in {"localhost", "127.0.0.1", "::1"}
                try:
                    self._client = httpx2.Client(
                        verify=self.api.startswith("https:") and _tls_context(self._access),
                        proxy=None if here else self._access.proxy,
                        trust_env=not here,
                        timeout=self._seconds,
                        follow_redirects=False,
                    )
                except (ValueError, httpx2.InvalidURL) as error:  # its text may hold the proxy's login
                    raise Unavailable(
                        f"{self.name}: the proxy cannot be used: check HTTPS_PROXY and git's http.proxy, such as "
                        f"http://proxy.example:3128"
                    ) from error
                weakref.finalize(self, self._client.close)
            return self._client


def _exchanged(client: httpx2.Client, request: httpx2.Request, until: float) -> tuple[int, Mapping[str, str], bytes]:
    response = client.send(request, stream=True)
    try:
        data = bytearray()
        for part in response.iter_bytes():  # as it comes: of a size it would wait for so much
            data += part
            if len(data) > _MOST_BYTES:
                raise Refused(f"the answer has more than {_MOST_BYTES >> 20} MiB: check what answers at forge.url")
            if time.monotonic() > until:
                raise TimeoutError
        return response.status_code, response.headers, bytes(data)
    finally:
        response.close()


def _tls_context(access: Access) -> ssl.SSLContext:
    """As git would judge the host: by its variables and configuration, else by the system's authorities."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not access.verify or os.environ.get("GIT_SSL_NO_VERIFY", "").lower() in {"1", "true", "yes", "on"}:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    named = os.environ.get("GIT_SSL_CAINFO") or os.environ.get("GIT_SSL_CAPATH") or access.ca
    try:
        path = Path(named).expanduser() if named else None
        if path and path.is_dir():
            context.load_verify_locations(capath=path)
        elif path:
            context.load_verify_locations(cafile=path)
        else:
            context.load_default_certs()
    except (ssl.SSLError, OSError, RuntimeError) as error:  # the last: of a home that nobody has
        raise Unavailable(
            f"the authorities of {named} cannot be loaded: check GIT_SSL_CAINFO and http.sslCAInfo"
        ) from error
    return context
