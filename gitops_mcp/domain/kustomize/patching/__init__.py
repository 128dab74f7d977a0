"""Patches: strategic merge patches and JSON patches."""
