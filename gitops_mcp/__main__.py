"""`python -m gitops_mcp`."""

from __future__ import annotations

import sys

from gitops_mcp.cli import main

sys.exit(main())
