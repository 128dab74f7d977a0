"""Whether the server of this container answers: exit code 0 or 1. One over stdio has nothing that could be asked."""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

SECONDS = 4


def main(command: bytes, variables: dict[str, str]) -> int:
    """`command` is that of the server, as /proc has it: its arguments, each ended by a zero byte."""
    arguments = command.decode(errors="replace").split("\0")
    if _told(arguments, "--transport") != "http" and variables.get("GITOPS_MCP_TRANSPORT") != "http":
        return 0
    port = _told(arguments, "--port") or variables.get("GITOPS_MCP_PORT", "")
    connection = HTTPConnection("127.0.0.1", int(port) if port.isdigit() else 8080, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        return int(connection.getresponse().status != 200)
    except (OSError, HTTPException):
        return 1


def _told(arguments: list[str], flag: str) -> str:
    """The value of a flag, whether it stands behind it or with it."""
    for number, one in enumerate(arguments):
        name, has_value, value = one.partition("=")
        if name == flag:
            return value if has_value else "".join(arguments[number + 1 : number + 2])
    return ""


if __name__ == "__main__":
    sys.exit(main(Path("/proc/1/cmdline").read_bytes(), dict(os.environ)))
