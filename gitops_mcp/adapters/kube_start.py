"""What was there when the process started: a `kubectl config use-context` in another terminal must not move a server.

The files are read as bytes, since a YAML library would be paid before the first reply; which context they name is
found out when it is asked for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True)
class KubeStart:
    paths: tuple[Path, ...]
    """The files of KUBECONFIG, in its order, or `~/.kube/config`; whether they exist or not."""
    raw: tuple[tuple[Path, bytes], ...] = field(default=(), repr=False)
    """Those that could be read, with what they held."""
    service_account: Path | None = None
    """The folder of the pod's token, when this process runs in a cluster."""


def kube_start(*, service_account: Path = SERVICE_ACCOUNT) -> KubeStart:
    """To be called before the first request is answered; costs a read or two."""
    named = os.environ.get("KUBECONFIG", "")
    # Path.expanduser raises where there is no such user.
    paths = tuple(Path(os.path.expanduser(part)) for part in named.split(os.pathsep) if part)  # noqa: PTH111
    if not named:
        paths = (Path.home() / ".kube" / "config",)
    in_cluster = (service_account / "token").is_file()
    return KubeStart(paths, read_files(paths), service_account if in_cluster else None)


def read_files(paths: tuple[Path, ...]) -> tuple[tuple[Path, bytes], ...]:
    """What the files hold. As for kubectl, one that is missing is passed over; so is what is no plain file."""
    found = []
    for path in paths:
        try:
            if path.is_file():
                found.append((path.absolute(), path.read_bytes()))
        except OSError:  # not ours to read: the same as missing
            continue
    return tuple(found)
