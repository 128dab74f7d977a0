"""Transformers, and the fields that each of them changes."""
