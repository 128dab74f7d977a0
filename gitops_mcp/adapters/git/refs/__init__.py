"""Remotes, and where the base and the branches of changes stand there and here."""
