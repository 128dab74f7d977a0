"""What a Cluster may ask for: the rules of CNPG's CRD and webhook, repeated here.

A git change meets the webhook only after its review, and read-only rights allow no server-side dry run. Field names in
errors are those of the tools.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gitops_mcp.domain.cnpg.notation.quantity import is_memory_size, memory_bytes
from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.errors import InvalidRequest

_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$-]*")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_IDENTIFIER_MAX = 63
"""Bytes; PostgreSQL cuts longer names silently."""

INSTANCES_MOST = 100
"""More is a slip of the hand; the configuration's own limit is lower."""

FIXED_PARAMETERS = frozenset(
    """
    allow_system_table_mods archive_cleanup_command archive_command archive_mode bonjour bonjour_name cluster_name
    config_file data_directory data_sync_retry event_source external_pid_file hba_file hot_standby ident_file
    jit_provider listen_addresses log_destination log_directory log_file_mode log_filename log_rotation_age
    log_rotation_size log_truncate_on_rotation logging_collector pg_failover_slots.primary_dsn
    pg_failover_slots.standby_slot_names port primary_conninfo primary_slot_name promote_trigger_file
    recovery_end_command recovery_min_apply_delay recovery_target recovery_target_action recovery_target_inclusive
    recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline recovery_target_xid
    restart_after_crash restore_command shared_preload_libraries ssl ssl_ca_file ssl_cert_file ssl_crl_file
    ssl_dh_params_file ssl_key_file ssl_passphrase_command ssl_passphrase_command_supports_reload
    ssl_prefer_server_ciphers stats_temp_directory synchronized_standby_slots synchronous_standby_names
    syslog_facility syslog_ident syslog_sequence_numbers syslog_split_messages temp_tablespaces
    unix_socket_directories unix_socket_group unix_socket_permissions
    """.split()  # noqa: SIM905 - as a list it takes a line for each
)
"""Set by the operator alone (`pkg/postgres/configuration.go`, FixedConfigurationParameters)."""
FIXED_BY_SOME: Mapping[str, Releases] = {
    "pg_failover_slots.standby_slot_names": Releases(((1, 27, 0),)),
    "ssl_ecdh_curve": Releases(until=((1, 31, 0),)),
    "synchronized_standby_slots": Releases(((1, 27, 0),)),
}
"""Those that not every release fixes."""

_INSTEAD = {
    "shared_preload_libraries": "spec.postgresql.shared_preload_libraries sets it",
    "synchronous_standby_names": "spec.postgresql.synchronous sets it",
    "archive_command": "a backup plugin sets it",
}
FLAGS = ("hot_standby_feedback", "sync_replication_slots", "wal_log_hints")
_TRUE = frozenset({"1", "on", "y", "ye", "yes", "t", "tr", "tru", "true"})
_FALSE = frozenset({"0", "of", "off", "n", "no", "f", "fa", "fal", "fals", "false"})
WAL_LEVELS = ("logical", "replica", "minimal")


def parse_flag(value: object) -> bool | None:
    """A boolean as PostgreSQL and the operator read it, prefixes too, or None for what is none."""
    text = str(value).lower()
    return True if text in _TRUE else False if text in _FALSE else None


def checked_parameters(given: Mapping[str, object], *, instances: int, field: str = "parameters") -> dict[str, str]:
    """postgresql.conf parameters that the webhook lets pass, as they were given."""
    for key, value in given.items():
        _check_parameter(key, value, field=field)
    made = {key: str(value) for key, value in given.items()}
    if instances > 1 and made.get("wal_level") == "minimal":
        raise InvalidRequest(
            f"{field}: wal_level 'minimal' works with one instance only, as replicas need more; 'replica' or 'logical'"
        )
    if instances > 1 and parse_flag(made.get("wal_log_hints")) is False:
        raise InvalidRequest(
            f"{field}: wal_log_hints may not be off with more than one instance, as pg_rewind needs it: leave it out"
        )
    return made


def _check_parameter(key: str, value: object, *, field: str) -> None:
    if not _PARAMETER.fullmatch(key) or len(key) > 128:
        raise InvalidRequest(
            f"{field}: {quote(key)} is not the name of a parameter: letters, digits and '_', such as 'max_connections'"
        )
    if key.lower() in FIXED_PARAMETERS:
        instead = _INSTEAD.get(key.lower(), "the operator sets it itself")
        raise InvalidRequest(f"{field}: {key} may not be set: {instead}; leave it out")
    if not isinstance(value, str):
        raise InvalidRequest(
            f"{field}: the value of {key} must be a string, such as {{{key!r}: {str(value).lower()!r}}}"
        )
    if len(value) > 4096 or not value.isprintable():
        raise InvalidRequest(f"{field}: the value of {key} must be one line of at most 4096 characters")
    if redact_text(value) != value:
        raise InvalidRequest(
            f"{field}: the value of {key} looks as if it held a password or a token, which everybody could read "
            f"from then on: leave it out"
        )
    if key == "wal_level" and value not in WAL_LEVELS:
        raise InvalidRequest(f"{field}: wal_level {quote(value)} does not exist; {suggest(value, WAL_LEVELS)}")
    if key == "shared_buffers" and value and (memory_bytes(value) is None or not is_memory_size(value)):
        raise InvalidRequest(
            f"{field}: shared_buffers {quote(value)} is not a size of PostgreSQL: a number with kB, MB or GB, such as "
            f"'256MB'"
        )
    if key in FLAGS and parse_flag(value) is None:
        raise InvalidRequest(f"{field}: {key} must be 'on' or 'off', not {quote(value)}")


def checked_first_database(name: str, *, field: str = "database") -> str:
    """The database that bootstrap makes; those of PostgreSQL itself are taken."""
    _check_identifier(name, field=field)
    if name in {"postgres", "template0", "template1"}:
        raise InvalidRequest(f"{field}: {name!r} is PostgreSQL's own; take a name such as 'app'")
    return name


def checked_first_owner(name: str, *, field: str = "owner") -> str:
    """A role; those of PostgreSQL and of the operator are taken."""
    _check_identifier(name, field=field)
    if name in {"postgres", "streaming_replica"} or name.startswith(("pg_", "cnpg_")):
        raise InvalidRequest(
            f"{field}: {name!r} is reserved (postgres, streaming_replica, pg_…, cnpg_…); take a name such as 'app'"
        )
    return name


def checked_storage_class(name: str, *, field: str = "storage_class") -> str:
    """A DNS subdomain, as all names of StorageClasses are."""
    if len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        raise InvalidRequest(
            f"{field}: {quote(name)} is not the name of a StorageClass: lower-case letters, digits, '-' and '.', "
            f"such as 'fast-ssd'"
        )
    return name


def checked_instances(count: object, *, most: int, field: str = "instances") -> int:
    """A cluster stops by hibernation, never by having no instance."""
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= most:
        raise InvalidRequest(
            f"{field}: {quote(str(count))} is not a number of instances: from 1 to {most}, such as {min(3, most)}"
        )
    return count


def _check_identifier(name: str, *, field: str) -> None:
    if not _IDENTIFIER.fullmatch(name) or len(name.encode()) > _IDENTIFIER_MAX:
        raise InvalidRequest(
            f"{field}: {quote(name)} is not a name in PostgreSQL: at most {_IDENTIFIER_MAX} letters, digits, '_', '-' "
            f"and '$', starting with a letter or '_', such as 'app'"
        )
