"""Tokens of callers over HTTP: whose they are, and whether they hold. Nothing of a token is logged or repeated."""
