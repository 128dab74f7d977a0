"""What CloudNativePG 1.30 would make of an object: values in, values out, so far as this project reads it."""

from __future__ import annotations

from gitops_mcp.domain.cnpg.releases import Release

RELEASE: Release = (1, 30, 0)
