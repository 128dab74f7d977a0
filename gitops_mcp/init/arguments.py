"""The options of `gitops-mcp init`."""

from __future__ import annotations

import argparse
from pathlib import Path

from gitops_mcp.template import ENGINES, FORGES, SECRETS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dir", nargs="?", type=Path, metavar="DIR", help="where; left out: the working directory. It may be new"
    )
    parser.add_argument("--engine", choices=ENGINES, help="who applies what is merged; needed for a new repository")
    parser.add_argument(
        "--environments", metavar="NAMES", help="with commas, each a folder below clusters (default: dev,prod)"
    )
    parser.add_argument(
        "--secrets", choices=SECRETS, help="what makes the passwords of roles (default: external-secrets)"
    )
    parser.add_argument(
        "--forge", choices=FORGES, help="where pull requests are (default: by the host of the remote, else github)"
    )
    parser.add_argument(
        "--remote", metavar="URL", help="address that the engine reads (default: that of origin, else a placeholder)"
    )
    parser.add_argument("--commit", action="store_true", help="commit what was written, on main; git init where needed")
    parser.add_argument("--yes", action="store_true", help="write to an existing repository without asking")
