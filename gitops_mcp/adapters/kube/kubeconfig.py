"""kubeconfig files -> where an API server is and how to be let in.

Read here and not by the client's own loader, which swallows the failure of a credential plugin, lets the plugin read
our stdin for ever, leaves client keys in files under /tmp, and takes the last of several files where kubectl takes
the first. Nothing is ever written back.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gitops_mcp.adapters.kube.impersonation import impersonation_headers
from gitops_mcp.adapters.kube.plugin import ExecPlugin
from gitops_mcp.adapters.kube_start import KubeStart
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import Unavailable

IN_CLUSTER = "in-cluster"

_TEXTS: Mapping[str, tuple[str, ...]] = {
    "context": ("cluster", "user", "namespace"),
    "cluster": ("server", "tls-server-name", "proxy-url", "certificate-authority", "certificate-authority-data"),
    "user": (
        *("token", "tokenFile", "username", "password", "as", "as-uid"),
        *("client-certificate", "client-certificate-data", "client-key", "client-key-data"),
    ),
}
"""Fields that kubectl reads as texts, and refuses as anything else."""


@dataclass(frozen=True)
class Login:
    """One API server and one user of it. What is secret does not print."""

    server: str
    description: str
    """`context 'prod-admin'`, with `as 'jane'` where it impersonates, or `in-cluster`; for messages."""
    user: str = ""
    impersonation: tuple[tuple[str, str], ...] = ()
    """Headers of each request."""
    namespace: str | None = None
    ca: Path | bytes | None = field(default=None, repr=False)
    """The authority's certificates in PEM; None: those of the system."""
    verify: bool = True
    server_name: str | None = None
    proxy: str | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    """Read again every minute, since kubelet renews it."""
    certificate: tuple[Path | bytes, Path | bytes] | None = field(default=None, repr=False)
    """A client certificate and its key, in PEM."""
    plugin: ExecPlugin | None = None

    @property
    def how_to_log_in(self) -> str:
        """What to do about credentials that are refused."""
        if self.description.startswith(IN_CLUSTER):
            return "check the pod's service account and that its token is mounted"
        whose = f"of user {self.user!r}" if self.user else "(the context names no user)"
        if self.plugin:
            return f"log in again with what {self.plugin.name!r} needs, the plugin that provides those {whose}"
        return f"log in again as you do for kubectl, to renew those {whose}"


@dataclass(frozen=True)
class _NamedEntry:
    value: Object
    folder: Path
    """Relative paths in an entry start from the folder of the file that it came from."""

    def file(self, key: str) -> Path | None:
        named = self.value.get(key)
        return self.folder / os.path.expanduser(named) if named else None  # noqa: PTH111 - Path's raises where no such user is

    def material(self, key: str) -> Path | bytes | None:
        """What `key` names or `key-data` holds; as for kubectl, the data wins."""
        data = self.value.get(f"{key}-data")
        if not data:
            return self.file(key)
        try:
            # As Go decodes it: with line breaks, and with nothing else that is none of it.
            return base64.b64decode("".join(str(data).splitlines()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Unavailable(f"kubeconfig: {key}-data is not base64: repair it, or log in again") from error


@dataclass(frozen=True)
class Kubeconfig:
    current: str | None
    clusters: dict[str, _NamedEntry] = field(repr=False)
    users: dict[str, _NamedEntry] = field(repr=False)
    contexts: dict[str, _NamedEntry] = field(repr=False)

    @classmethod
    def of(cls, files: Iterable[tuple[Path, bytes]]) -> Kubeconfig:
        """Several files merged: for each name and for the current context, the first file that has it wins."""
        merged = cls(None, {}, {}, {})
        current = None
        for path, raw in files:
            document = _load_document(path, raw)
            current = current or document.get("current-context")
            for key, one, into in (
                ("clusters", "cluster", merged.clusters),
                ("users", "user", merged.users),
                ("contexts", "context", merged.contexts),
            ):
                for name, value in _named_entries(path, document, key, one):
                    into.setdefault(name, _NamedEntry(value, path.parent))
        return cls(str(current) if current else None, merged.clusters, merged.users, merged.contexts)

    def login(self, context: str) -> Login:
        if context not in self.contexts:
            raise Unavailable(f"kubeconfig has no context {quote(context)}; {suggest(context, self.contexts)}")
        chosen = _with_texts("context", context, self.contexts[context].value)
        cluster = self.clusters.get(str(chosen.get("cluster")))
        if cluster is None or not cluster.value.get("server"):
            raise Unavailable(
                f"kubeconfig: context {context!r} names cluster {quote(str(chosen.get('cluster')))}, which is not "
                f"there or has no server; {suggest(str(chosen.get('cluster')), self.clusters)}"
            )
        name = str(chosen.get("user") or "")
        user = self.users.get(name)
        if name and user is None:
            raise Unavailable(
                f"kubeconfig: context {context!r} names user {quote(name)}, which is not there; "
                f"{suggest(name, self.users)}: log in again"
            )
        return _login(context, chosen, cluster, name, user or _NamedEntry({}, Path()))


def _with_texts(kind: str, name: str, entry: Object) -> Object:
    """The entry, whose texts are texts: YAML makes a number or a date of what stands without quotes."""
    for key in _TEXTS[kind]:
        found = entry.get(key)
        if found is not None and not (isinstance(found, str) and "\0" not in found):
            raise Unavailable(
                f"kubeconfig: {key} of {kind} {quote(name)} is not text: put it in quotes; `kubectl config view` "
                f"must "
                f"work"
            )
    return entry


def _login(context: str, chosen: Object, cluster: _NamedEntry, name: str, user: _NamedEntry) -> Login:
    _with_texts("cluster", str(chosen["cluster"]), cluster.value)
    _with_texts("user", name, user.value)
    if not isinstance(unchecked := cluster.value.get("insecure-skip-tls-verify") or False, bool):
        raise Unavailable(
            f"kubeconfig: insecure-skip-tls-verify of cluster {quote(str(chosen['cluster']))} is neither true nor false"
        )
    if user.value.get("username") and (
        token := next((key for key in ("token", "tokenFile") if user.value.get(key)), "")
    ):
        raise Unavailable(
            f"kubeconfig: user {quote(name)} has both username and {token}, which kubectl refuses too: take one out"
        )
    impersonation = impersonation_headers(name, user.value)
    certificate, key = user.material("client-certificate"), user.material("client-key")
    authorization = _authorization_header(user.value)
    plain = authorization or user.value.get("tokenFile")
    exec_ = user.value.get("exec")
    return Login(
        server=_server_url(str(cluster.value["server"]), context),
        description=f"context {context!r}" + (f" as {quote(user.value['as'])}" if impersonation else ""),
        user=name,
        impersonation=impersonation,
        namespace=str(chosen["namespace"]) if chosen.get("namespace") else None,
        ca=cluster.material("certificate-authority"),
        verify=not unchecked,
        server_name=cluster.value.get("tls-server-name") or None,
        proxy=cluster.value.get("proxy-url") or None,
        authorization=authorization,
        token_file=user.file("tokenFile"),
        certificate=(certificate, key) if certificate and key else None,
        plugin=ExecPlugin.of(exec_, user.folder, _cluster_told(cluster, exec_)) if exec_ and not plain else None,
    )


def _cluster_told(cluster: _NamedEntry, exec_: Object) -> Object:
    """A cluster's entry as a plugin is told it: with its authority's certificates, wherever they stand."""
    authority = cluster.material("certificate-authority")
    if not isinstance(authority, Path) or not at(exec_, "provideClusterInfo"):
        return cluster.value
    try:
        data = authority.read_bytes()
    except (OSError, ValueError) as error:
        raise Unavailable(f"kubeconfig: certificate-authority {authority} cannot be read: repair it") from error
    return {**cluster.value, "certificate-authority-data": base64.b64encode(data).decode()}


def _server_url(url: str, context: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return url.rstrip("/")
    except ValueError:  # brackets that do not pair, or a port that is no number
        pass
    shown_url = quote(url.rpartition("@")[2])
    raise Unavailable(
        f"kubeconfig: the server of context {context!r} is not a URL: {shown_url}; such as "
        f"'https://kubernetes.example:6443'"
    )


def _authorization_header(user: Object) -> str | None:
    """The header of a token or password that the file holds.

    The token of an `auth-provider` is taken as it is: renewing it here would spend a refresh token that kubectl
    still needs. When it has expired, kubectl renews it, and the file is read again.
    """
    token = (
        user.get("token")
        or at(user, "auth-provider", "config", "id-token")
        or at(user, "auth-provider", "config", "access-token")
    )
    if token and not user.get("tokenFile"):
        return f"Bearer {str(token).strip()}"
    if user.get("username"):
        pair = f"{user['username']}:{user.get('password') or ''}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return None


def _load_document(path: Path, raw: bytes) -> Object:
    """One file. The parser's own message quotes the text, which may be a token: only the place is told."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        loaded: Any = yaml.load(raw, Loader=loader)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}" if mark else ""
        raise Unavailable(
            f"kubeconfig {path}{place} is not YAML: repair it; `kubectl config view` must work"
        ) from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise Unavailable(
            f"kubeconfig {path} is not a kubeconfig: it holds no mapping; `kubectl config view` must work"
        )
    return loaded


def _named_entries(path: Path, document: Object, key: str, one: str) -> Iterable[tuple[str, Object]]:
    entries = document.get(key) or []
    if not isinstance(entries, list):
        raise Unavailable(f"kubeconfig {path}: {key} is not a list: repair it; `kubectl config view` must work")
    names = set[str]()
    for index, entry in enumerate(entries):
        value = entry.get(one) if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or "name" not in entry or not isinstance(value or {}, dict):
            raise Unavailable(
                f"kubeconfig {path}: {key}[{index}] is not {{name, {one}}}: repair it; `kubectl config view` must work"
            )
        if (name := str(entry["name"])) in names:
            raise Unavailable(
                f"kubeconfig {path}: {key} has {quote(name)} twice, which kubectl refuses too: take one out"
            )
        names.add(name)
        yield name, value or {}


def current_context(start: KubeStart) -> str | None:
    """The context that was current at the start; None where no file named one, or none could be understood."""
    try:
        return Kubeconfig.of(start.raw).current
    except Unavailable:  # the files are read again at the first request, which tells what is wrong with them
        return None
