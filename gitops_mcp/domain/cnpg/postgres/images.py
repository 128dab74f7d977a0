"""Where PostgreSQL's container images come from."""

from __future__ import annotations

POSTGRES_IMAGES = "ghcr.io/cloudnative-pg/postgresql"
"""CloudNativePG's public image repository, as its documentation spells it; `images.postgres` replaces it."""
