"""Stand-ins for what a fresh machine lacks: a Kubernetes API, an operator, a remote, an engine.

For trying and testing only: it listens on 127.0.0.1, keeps everything in memory and runs no PostgreSQL.
"""
