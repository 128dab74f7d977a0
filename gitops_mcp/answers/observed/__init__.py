"""Answers about a database that runs: how to connect, its logs, its metrics."""
