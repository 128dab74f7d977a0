"""What a line of a log says where something is wrong: one row a sign.

A sign begins with the part that speaks, its severity and its code, so that a text which an application writes is not
taken for one. What every start, stop and standby says is none. The signs are of recorded logs (operator 1.30,
PostgreSQL 15 and 18) and of PostgreSQL's own list of messages.
"""

from __future__ import annotations

from dataclasses import dataclass

from gitops_mcp.domain.cnpg.status.problems.problem import Severity

_PG = r"postgres(?:/\w+)? "
_READY = r"postgres LOG 00000: database system is ready to accept"


@dataclass(frozen=True)
class Sign:
    severity: Severity
    id: str
    pattern: str
    what: str
    action: str
    over: str = ""
    """What tells, later in the same log, that it is over."""
    unless: tuple[str, ...] = ()
    """Signs that tell its cause, and are told alone."""
    least: int = 1


SIGNS = (
    Sign(
        "critical",
        "disk-full",
        rf"{_PG}(?:PANIC|FATAL|ERROR) 53100: |instance-manager \w+ : Detected low-disk space condition",
        "the volume is full: PostgreSQL stops, and starts again only where there is space",
        "make the volume larger (update_postgres_cluster, storage_size or wal_storage_size); if WAL fills it, mend "
        "what keeps it: archiving, or a slot of a replica that is gone",
    ),
    Sign(
        "critical",
        "crash",
        rf"{_PG}LOG 00000: .{{1,80}}\(PID \d+\) was terminated by signal (?!3\b)",
        "a process of PostgreSQL was killed, so PostgreSQL ended and its container started anew (with exit code 0)",
        "signal 9 mostly comes from the kernel when memory runs out: see the pod's memory limit; 11 and 6 are faults "
        "of "
        "PostgreSQL or of an extension",
        unless=("disk-full",),
    ),
    Sign(
        "critical",
        "data-corrupted",
        rf"{_PG}\w+ XX00[12]: ",
        "PostgreSQL found damaged data",
        "change nothing in it; restore beside it from a backup, or make the instance anew from a healthy one",
    ),
    Sign(
        "critical",
        "restore-failing",
        r"- error : (?:Error while restoring a backup|restore error)",
        "the restore does not succeed, and is tried again only a few times",
        "'no target backup found' says that no backup is older than the target: choose a later one, or another source",
    ),
    Sign(
        "critical",
        "archive-not-empty",
        r"(?:barman-cloud-\S+|wal-archive|plugin\S*) \w+ : .*Expected empty archive",
        "the archive holds the WAL of another Cluster, so nothing of this one is archived",
        "give this Cluster a serverName of its own, or an empty path",
    ),
    Sign(
        "critical",
        "archiver-missing",
        r"wal-archive error : .*(?:wal archive plugin is not available|executable file not found)",
        "the program that archives WAL is missing, so nothing is archived and WAL fills the volume",
        "see that the plugin runs and that spec.plugins names it as it is installed; in-tree barman needs an image "
        "that has it",
        over=r"wal-archive info : Archived WAL file",
    ),
    Sign(
        "critical",
        "archiving-failing",
        rf"wal-archive error : |{_PG}WARNING 01000: archiving write-ahead log file .{{1,60}} failed too many times",
        "WAL archiving fails: no restore to a point after it began, and WAL fills the volume",
        "see the store's address, credentials and space; a plugin says more in the log of its own container",
        over=r"wal-archive info : Archived WAL file",
        unless=("archive-not-empty", "archiver-missing"),
    ),
    Sign(
        "critical",
        "parameters-refused",
        rf"{_PG}(?:LOG|ERROR|FATAL) F0000: configuration file "
        rf"|{_PG}LOG (?:42704|22023): (?:unrecognized configuration parameter|invalid value for parameter|parameter )",
        "PostgreSQL refuses its configuration: no change of a parameter takes effect any more, not even a valid one, "
        "and the Cluster's phase stays healthy",
        "take the parameter that is named out of Git, or correct it (update_postgres_cluster)",
    ),
    Sign(
        "critical",
        "wraparound",
        rf"{_PG}(?:WARNING|ERROR) \w+: database .{{1,80}} must be vacuumed within|"
        rf"{_PG}ERROR 54000: database is not accepting commands",
        "transaction ids run out: PostgreSQL stops taking writes",
        "vacuum that database now, and find what holds autovacuum back: old transactions, slots, prepared transactions",
    ),
    Sign(
        "critical",
        "too-many-connections",
        rf"{_PG}FATAL 53300: ",
        "connections are turned away: their limit is reached",
        "see who holds them (get_postgres_metrics); a pooler helps more than a higher max_connections, which restarts "
        "all instances",
    ),
    Sign(
        "critical",
        "wal-gone",
        rf"{_PG}\w+ \w+: (?:could not receive data .{{1,40}}: ERROR:\s+)?requested WAL segment \S+ has already been",
        "a replica needs WAL that is no longer there, and does not catch up by itself",
        "let it read the archive, or have the instance recreated (delete its pod and volume)",
    ),
    Sign(
        "critical",
        "not-answering",
        r"- info : readiness probe failing: |instance-manager info : Instance is still down",
        "PostgreSQL does not answer its own instance manager",
        "see the log of the container before (it is read where there is one), the node and its disk; deleting the pod "
        "starts it again",
        over=_READY,
        unless=("fenced", "starting"),
        least=5,
    ),
    Sign("info", "starting", rf"{_PG}FATAL 57P03: |{_READY}", "", ""),
    Sign(
        "warning",
        "fenced",
        r"instance-manager info : Fencing request received",
        "the instance was fenced: its PostgreSQL is stopped on purpose",
        "take the annotation cnpg.io/fencedInstances away once the reason is gone",
        over=_READY,
    ),
    Sign(
        "warning",
        "failover",
        r"instance-manager info : (?:Promoting instance|This is the former primary instance)",
        "the primary changed",
        "see get_cluster_status for the primary as it is now; what was written to the old one last may be lost",
    ),
    Sign(
        "warning",
        "lease-lost",
        r"instance-manager info : Primary lease lost",
        "the primary could not reach the API server, and lost its lease",
        "see the node's network; the primary stops if it stays so",
    ),
    Sign(
        "warning",
        "api-unreachable",
        r"controller-runtime\.cache\.UnhandledError error : ",
        "the instance manager does not reach the API server: no change arrives at this instance",
        "see the node's network and the API server",
        least=3,
    ),
    Sign(
        "warning",
        "replication-lost",
        rf"{_PG}LOG 00000: terminating walsender process due to replication timeout"
        rf"|{_PG}FATAL 08\w+: (?:terminating walreceiver due to timeout|could not connect to the primary server)",
        "a replica lost its primary",
        "see get_postgres_metrics for its lag, and get_cluster_status for the instance",
        over=rf"{_PG}LOG 00000: (?:started streaming WAL from primary|received promote request)",
    ),
    Sign(
        "warning",
        "out-of-memory",
        rf"{_PG}\w+ 53200: ",
        "statements fail because memory runs out",
        "lower work_mem or the number of connections, or raise the memory of the pod",
    ),
    Sign(
        "warning",
        "deadlock",
        rf"{_PG}ERROR 40P01: ",
        "transactions waited for each other, and one was ended",
        "the application takes its locks in one order, and repeats what was ended",
    ),
    Sign(
        "warning",
        "lock-waits",
        rf"{_PG}LOG 00000: process \d+ still waiting for ",
        "statements wait for locks longer than deadlock_timeout",
        "see the oldest transaction in get_postgres_metrics; migrations take their locks with a lock_timeout",
    ),
    Sign(
        "warning",
        "operator-refused",
        r"postgres/operator (?:ERROR|FATAL) (?!57|53300)\w+: ",
        "PostgreSQL refuses what the operator does for a declared role, database or the like, again and again",
        "see list_postgres_roles and list_postgres_databases, and correct it in Git",
    ),
    Sign(
        "warning",
        "monitoring-query-failing",
        r"postgres/exporter ERROR ",
        "a query of the exporter fails",
        "custom queries run as cnpg_metrics_exporter, a member of pg_monitor and no superuser: grant it what they read",
    ),
    Sign(
        "warning",
        "checkpoints-frequent",
        rf"{_PG}LOG 00000: checkpoints are occurring too frequently",
        "checkpoints follow each other too fast for what is written",
        "raise max_wal_size (update_postgres_cluster), and see that the volume holds it",
    ),
    Sign(
        "warning",
        "pooler-failing",
        r"pgbouncer\S* (?:ERROR|FATAL) : ",
        "PgBouncer reports errors",
        "see the Pooler's parameters, and whether its Cluster answers",
    ),
    Sign(
        "info",
        "recovery-conflicts",
        rf"{_PG}(?:ERROR|FATAL) 40001: .{{1,60}} due to conflict with recovery",
        "queries on a replica were ended, since what they read was changed by the primary",
        "repeat them, or raise max_standby_streaming_delay, which lets the replica lag",
    ),
    Sign(
        "info",
        "temporary-files",
        rf"{_PG}LOG 00000: temporary file: ",
        "statements sort or hash on disk",
        "see the statements; a higher work_mem counts for each sort of each connection",
    ),
    Sign(
        "info",
        "slow-statements",
        r"postgres LOG 00000: duration: ",
        "statements took longer than what is to be logged",
        "see them with level=info, contains=duration",
    ),
)
