"""Models behind an HTTP API, one module a provider."""
