"""Starts the server of the package that this bundle names."""

from __future__ import annotations

import sys

from gitops_mcp.cli import main

sys.exit(main())
