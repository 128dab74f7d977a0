"""Edits of the values from which a Helm chart makes a field."""
