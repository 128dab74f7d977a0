"""One request, before it is made: what it is called in messages, which right it needs, which path it goes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from gitops_mcp.domain.objects import Resource

Query = Mapping[str, str | int | None]
"""What is None is left out."""

HTTP_PORTS = ("", "http")
"""What the port of a Service for HTTP is called, where it is reached through the API server: nothing, else `http`."""


@dataclass(frozen=True)
class ApiRequest:
    verb: str
    """RBAC's word."""
    resource: Resource
    namespace: str | None
    name: str | None = None
    where: str = ""
    """`context 'prod-admin'` or `in-cluster`."""
    writes: bool = False
    """Whether something may have changed when the answer is lost; a dry run changes nothing."""
    url: str = ""
    """A path that addresses no resource, such as `/openapi/v3`."""
    proxied: str | None = None
    """The path behind a port of a Service or a pod, which the API server reaches for us."""
    port: str = ""
    """The name of a Service's port, which the server finds without a name by no name alone; the number of a pod's."""
    scheme: str = "http"
    subresource: str = ""
    """`log`, or `status` where that alone is written."""

    @property
    def kind(self) -> str:
        """`clusters.postgresql.cnpg.io`, as RBAC messages and CRDs spell it."""
        return f"{self.resource.plural}.{self.resource.group}" if self.resource.group else self.resource.plural

    @property
    def secret(self) -> bool:
        """Whether what the server says of it may repeat a secret value."""
        return (self.resource.group, self.resource.plural) == ("", "secrets")

    @property
    def place(self) -> str:
        if not self.resource.namespaced:
            return "cluster-wide"
        return f"in namespace {self.namespace!r}" if self.namespace else "in all namespaces"

    def __str__(self) -> str:
        if self.url:
            return f"{self.verb} {self.url} ({self.where})"
        name = f" {self.name!r}" if self.name else ""
        behind = f" {self.subresource}" if self.subresource else ""
        if self.proxied is not None:
            behind = f" through its proxy, {self._port_told}/{self.proxied.lstrip('/')},"
        return f"{self.verb} {self.kind}{name}{behind} {self.place} ({self.where})"

    def rule(self, verb: str | None = None) -> str:
        """What RBAC must say, ready to be pasted into a Role; `verb` is the one that the server named."""
        verbs = verb or self.verb
        if self.url:
            return f'- {{nonResourceURLs: ["{self.url.partition("?")[0]}"], verbs: [{verbs}]}}'
        resource, names = self.resource.plural, ""
        if self.subresource or self.of_pod:
            # Names of pods change, so a rule cannot name them.
            resource = f"{resource}/{self.subresource or 'proxy'}"
        elif self.proxied is not None:
            # Without the names, every Service of the namespace could be reached.
            named = ", ".join(f'"http:{self.name}:{port}"' for port in HTTP_PORTS)
            resource, names = f"{resource}/proxy", f" resourceNames: [{named}],"
        return f'- {{apiGroups: ["{self.resource.group}"], resources: [{resource}],{names} verbs: [{verbs}]}}'

    def path(self, query: Query) -> str:
        given = urlencode({key: value for key, value in query.items() if value is not None})
        return (self.url or self._path()) + (f"?{given}" if given else "")

    def _path(self) -> str:
        resource = self.resource
        parts = ["apis", resource.group] if resource.group else ["api"]
        parts.append(resource.version)
        if resource.namespaced and self.namespace:
            parts += ["namespaces", self.namespace]
        parts.append(resource.plural)
        if self.name and self.verb != "create":
            parts.append(self._segment)
        parts += [self.subresource] if self.subresource else []
        behind = "" if self.proxied is None else f"/proxy/{quote(self.proxied.lstrip('/'))}"
        return "/" + "/".join(quote(part, safe=":") for part in parts) + behind

    @property
    def _segment(self) -> str:
        """RBAC's resourceNames take this part of the path as it stands."""
        if self.of_pod:
            return f"{self.name}:{self.port}" if self.scheme == "http" else f"{self.scheme}:{self.name}:{self.port}"
        return f"http:{self.name}:{self.port}" if self.proxied is not None else self.name or ""

    @property
    def of_pod(self) -> bool:
        return self.proxied is not None and (self.resource.group, self.resource.plural) == ("", "pods")

    @property
    def _port_told(self) -> str:
        return f"port {self.port}, " if self.of_pod else ""
