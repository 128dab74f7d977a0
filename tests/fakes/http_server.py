"""The server over HTTP behind its sign-in, as a program: `http_server.py CHECKOUT HTTP_CONFIG` prints its address."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import uvicorn

from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.config.http_settings import read_http_config
from gitops_mcp.config.options import DEFAULT_TOOLSETS
from gitops_mcp.http.sign_in import SignIn
from gitops_mcp.server import build_server


def main(checkout: str, config: str) -> None:
    settings = read_http_config(Path(config))
    flags = Flags(repo=Path(checkout), toolsets=DEFAULT_TOOLSETS | {"direct"}, audit_log=Path(config).parent / "audit")
    app = replace(App.open(flags), access=settings.access, impersonate=settings.impersonate)
    served = SignIn(build_server(app).streamable_http_app(stateless_http=True), settings)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)  # noqa: T201 - who starts it reads it
        uvicorn.Server(uvicorn.Config(served, log_level="warning")).run([listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
