"""Names inside PostgreSQL. They are any text: upper case, spaces, quotes and every script are legal.

What is refused is what PostgreSQL or the operator would refuse, or cut in silence.
"""

from __future__ import annotations

import unicodedata

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.redact import is_credential
from gitops_mcp.errors import InvalidRequest

NAME_MAX = 63
"""Bytes in UTF-8 (NAMEDATALEN - 1); PostgreSQL cuts longer names without a word."""

WORDS_FOR_ROLES = frozenset({"public", "none"})
"""PostgreSQL's grammar takes these for everybody and nobody, quoted too (`RoleSpec` in gram.y)."""
RESERVED_ROLES = frozenset({"postgres", "streaming_replica"}) | WORDS_FOR_ROLES
RESERVED_PREFIXES = ("pg_", "cnpg_")
PREDEFINED_ROLES = {
    **dict.fromkeys(
        """
        pg_database_owner pg_execute_server_program pg_monitor pg_read_all_data pg_read_all_settings pg_read_all_stats
        pg_read_server_files pg_signal_backend pg_stat_scan_tables pg_write_all_data pg_write_server_files
        """.split(),  # noqa: SIM905 - as a list it takes a line for each
        14,
    ),
    "pg_checkpoint": 15,
    "pg_create_subscription": 16,
    "pg_use_reserved_connections": 16,
    "pg_maintain": 17,
    "pg_signal_autovacuum_worker": 18,
}
"""PostgreSQL's own, and the major that brought them."""
RESERVED_DATABASES = frozenset({"postgres", "template0", "template1"})


def checked_sql_name(name: str, *, field: str) -> str:
    """A name that PostgreSQL takes as it is. Raises InvalidRequest, naming the tool's argument."""
    if not name:
        raise InvalidRequest(f"{field}: it is empty; a name has 1 to {NAME_MAX} bytes, such as 'app'")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in name):
        raise InvalidRequest(
            f"{field}: it holds a control character or half of a character, which no name may; any other text works, "
            f"such as 'app'"
        )
    size = len(name.encode())
    if size > NAME_MAX:
        raise InvalidRequest(
            f"{field}: it has {size} bytes in UTF-8; PostgreSQL would cut it after {NAME_MAX}: take a shorter one"
        )
    if is_credential(name):
        raise InvalidRequest(
            f"{field}: it looks as if it held a password or a token, which everybody could read from then on; a name "
            f"such as 'app' works"
        )
    return name


def checked_role_name(name: str, *, field: str = "role_name") -> str:
    """A role that may be managed (`pkg/postgres/roles.go`, CRD databaseroles, spec.name)."""
    checked_sql_name(name, field=field)
    if name in RESERVED_ROLES or name.startswith(RESERVED_PREFIXES):
        raise InvalidRequest(
            f"{field}: {quote(name)} is reserved for PostgreSQL or the operator (postgres, streaming_replica, public, "
            f"none, pg_…, cnpg_…); take a name such as 'app'"
        )
    return name


def checked_database_name(name: str, *, field: str = "database_name") -> str:
    """A database that may be managed (CRD databases, spec.name)."""
    checked_sql_name(name, field=field)
    if name in RESERVED_DATABASES:
        raise InvalidRequest(f"{field}: {name!r} is PostgreSQL's own; take a name such as 'app'")
    return name
