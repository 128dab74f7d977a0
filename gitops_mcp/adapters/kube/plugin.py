"""Credential plugins of a kubeconfig (`users[].user.exec`): aws, gke-gcloud-auth-plugin, kubelogin and their like.

Our stdin and stdout carry the protocol, so a plugin gets an empty input and its output is captured; it cannot ask
anything. It runs in a session of its own, and a time-out ends it with all that it started.
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import Unavailable

log = logging.getLogger(__name__)

_LONG = re.compile(r"[A-Za-z0-9+/_=.~-]{48,}")
_EXTENSION = "client.authentication.k8s.io/exec"


@dataclass(frozen=True)
class Credentials:
    authorization: str | None = field(repr=False)
    certificate: tuple[bytes, bytes] | None = field(repr=False)
    expires: datetime | None
    """Aware; None: as long as they are accepted."""


@dataclass(frozen=True)
class ExecPlugin:
    command: str
    arguments: tuple[str, ...] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    api_version: str
    cluster: Object | None = field(repr=False)
    """What the plugin is told of the cluster, where it asks for it."""
    hint: str = ""
    needs_terminal: bool = False

    @classmethod
    def of(cls, exec_: Object, folder: Path, cluster: Object) -> ExecPlugin:
        """`command` with a slash is relative to its kubeconfig's folder, without one it is looked up on PATH."""
        command, version = at(exec_, "command"), at(exec_, "apiVersion")
        arguments, variables = at(exec_, "args") or [], at(exec_, "env") or []
        if not _is_text(command) or not _is_text(version):
            raise Unavailable("kubeconfig: users[].user.exec needs command and apiVersion: repair it, or log in again")
        if not isinstance(arguments, list) or not all(isinstance(one, str) for one in arguments):
            raise Unavailable("kubeconfig: users[].user.exec.args is not a list of texts: put each in quotes")
        for index, item in enumerate(variables if isinstance(variables, list) else [None]):
            if not _is_text(at(item, "name")) or not isinstance(at(item, "value") or "", str):
                raise Unavailable(
                    f"kubeconfig: users[].user.exec.env[{index}] is not {{name, value}} with a text each: repair it"
                )
        return cls(
            command=str(folder / command) if "/" in command else command,
            arguments=tuple(arguments),
            environment={item["name"]: item.get("value") or "" for item in variables},
            api_version=version,
            cluster=_exec_cluster(cluster) if exec_.get("provideClusterInfo") else None,
            hint=str(exec_.get("installHint") or ""),
            needs_terminal=exec_.get("interactiveMode") == "Always",
        )

    @property
    def name(self) -> str:
        return Path(self.command).name

    def credentials(self, timeout: float) -> Credentials:
        if self.needs_terminal:
            raise Unavailable(
                f"credential plugin {self.name!r} insists on a terminal (interactiveMode: Always), and a server has "
                f"none: log in another way, or set interactiveMode: IfAvailable"
            )
        printed = self._printed(timeout)
        try:
            answer = json.loads(printed)
        except ValueError as error:
            raise self._unusable("printed no JSON") from error
        status = at(answer, "status")
        if at(answer, "kind") != "ExecCredential" or not isinstance(status, dict):
            raise self._unusable("printed no ExecCredential with a status")
        if at(answer, "apiVersion") != self.api_version:
            raise self._unusable(f"does not speak {self.api_version}")
        return self._understood(status)

    def _understood(self, status: Object) -> Credentials:
        token, pem, key = (status.get(name) for name in ("token", "clientCertificateData", "clientKeyData"))
        if not token and not (pem and key):
            raise self._unusable("gave neither a token nor a certificate with its key")
        expires = status.get("expirationTimestamp")
        try:
            until = datetime.fromisoformat(expires) if expires else None
        except (TypeError, ValueError) as error:
            raise self._unusable("gave an expirationTimestamp that is not a time") from error
        return Credentials(
            authorization=f"Bearer {token}" if token else None,
            certificate=(str(pem).encode(), str(key).encode()) if pem and key else None,
            expires=until.astimezone() if until else None,
        )

    def _printed(self, timeout: float) -> bytes:
        info = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
        if self.cluster is not None:
            info["spec"] = {"interactive": False, "cluster": self.cluster}
        try:
            child = subprocess.Popen(
                [self.command, *self.arguments],
                env={**os.environ, **self.environment, "KUBERNETES_EXEC_INFO": json.dumps(info)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a zero byte, or a variable's name that is none
            hint = f" ({_redacted_end(self.hint)})" if self.hint else ""
            why = error.strerror if isinstance(error, OSError) else error
            raise Unavailable(
                f"credential plugin {self.name!r} cannot be run: {why}: install it, or put it on the PATH "
                f"that the MCP client starts this server with{hint}"
            ) from error
        with child:
            try:
                stdout, stderr = child.communicate(timeout=timeout)
            except subprocess.TimeoutExpired as error:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                said = _redacted_end((error.stderr or b"").decode(errors="replace"))
                raise Unavailable(
                    f"credential plugin {self.name!r} did not end within {timeout:g} s and was ended{said and ': '}"
                    f"{said}: log in in a terminal as you do for kubectl, then repeat the request"
                ) from error
        log.debug("credential plugin %s: %s", self.name, child.returncode)
        if child.returncode:
            said = _redacted_end(stderr.decode(errors="replace"))
            raise Unavailable(
                f"credential plugin {self.name!r} failed ({child.returncode}){said and ': '}{said}: log in again as "
                f"you do for kubectl, then repeat the request"
            )
        return stdout

    def _unusable(self, why: str) -> Unavailable:
        return Unavailable(
            f"credential plugin {self.name!r} {why}: check with `kubectl get --raw /version`, which runs it as well"
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _exec_cluster(cluster: Object) -> Object:
    """The cluster entry in the spelling of ExecCredential; its `config` is the entry's own extension."""
    told = {
        key: cluster[key]
        for key in (
            *("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url"),
            "disable-compression",
        )
        if cluster.get(key)
    }
    extensions = cluster.get("extensions")
    extensions = extensions if isinstance(extensions, list) else []
    config = next((at(part, "extension") for part in extensions if at(part, "name") == _EXTENSION), None)
    return told | ({"config": config} if config is not None else {})


def _redacted_end(text: str, limit: int = 300) -> str:
    """The end of what a plugin said: one line, and nothing in it that is long enough to be a token."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return _LONG.sub("…", line)[-limit:]
