"""The text of a manifest: parse, edit, splice, render, prove."""
