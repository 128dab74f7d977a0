"""Poolers: PgBouncer before a Cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.releases import MAIN_ONLY, Releases
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Path, as_int, at, list_at, mapping_at
from gitops_mcp.domain.rules.cluster import MONITORS_DEPRECATED
from gitops_mcp.domain.rules.reading import as_text, has_unfilled
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen
from gitops_mcp.domain.rules.service import SUFFIXES

_PLACE: Path = ("spec", "pgbouncer")

PARAMETERS = frozenset(
    """
    application_name_add_host auth_type auth_user autodb_idle_timeout cancel_wait_timeout client_idle_timeout
    client_login_timeout client_tls_ciphers client_tls13_ciphers client_tls_sslmode default_pool_size disable_pqexec
    dns_max_ttl dns_nxdomain_ttl idle_transaction_timeout ignore_startup_parameters listen_backlog log_connections
    log_disconnections log_pooler_errors log_stats max_client_conn max_db_connections max_packet_size
    max_prepared_statements max_user_connections min_pool_size pkt_buf query_timeout query_wait_timeout
    reserve_pool_size reserve_pool_timeout sbuf_loopcnt server_check_delay server_check_query server_connect_timeout
    server_fast_close server_idle_timeout server_lifetime server_login_retry server_reset_query
    server_reset_query_always server_round_robin server_tls_ciphers server_tls13_ciphers server_tls_protocols
    server_tls_sslmode stats_period suspend_timeout tcp_defer_accept tcp_keepalive tcp_keepcnt tcp_keepidle
    tcp_keepintvl tcp_socket_buffer tcp_user_timeout track_extra_parameters verbose
    """.split()  # noqa: SIM905 - as a list it takes a line for each
)
"""What the webhook lets pass to pgbouncer.ini (`internal/webhook/v1/pooler_webhook.go`)."""
_TEXTS = frozenset(
    """
    auth_type auth_user client_tls_ciphers client_tls13_ciphers client_tls_sslmode ignore_startup_parameters
    server_check_query server_reset_query server_tls_ciphers server_tls13_ciphers server_tls_protocols
    server_tls_sslmode track_extra_parameters
    """.split()  # noqa: SIM905 - as above
)
"""Those that are no number; switches are 0 or 1, times are seconds."""
_SERVICE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_CIPHERS = Releases(until=((1, 27, 4), (1, 28, 2), (1, 29, 0)))
_REFUSED_BEFORE = {
    **dict.fromkeys(("client_tls_ciphers", "client_tls13_ciphers", "server_tls13_ciphers"), _CIPHERS),
    "auth_user": Releases(until=MAIN_ONLY.since),
}

_SECRETS = Releases(((1, 28, 0),))


def _pooler_name(seen: Seen) -> Iterator[Fault]:
    cluster, name = as_text(at(seen.object, "spec", "cluster", "name")), as_text(at(seen.object, "metadata", "name"))
    if not cluster:
        yield Fault(("spec", "cluster", "name"), "is needed: the name of a Cluster in the same namespace")
    elif name == cluster:
        yield Fault(("metadata", "name"), f"is the Cluster's own name: use one such as '{cluster}-pooler'")
    elif name and not has_unfilled(name) and not _SERVICE.fullmatch(name):
        text = f"{quote(name)} is not a name of a Service, which a Pooler makes: at most 63 letters, digits and '-'"
        yield Fault(("metadata", "name"), text, ours=True)
    elif name in {cluster + suffix for suffix in SUFFIXES}:
        yield Fault(
            ("metadata", "name"),
            f"{quote(name)} is the Cluster's own Service, and a Pooler makes one of its name: use one such as "
            f"'{name}-pooler'",
            "warning",
        )


def _pooler_query(seen: Seen) -> Iterator[Fault]:
    given = mapping_at(seen.object, *_PLACE)
    secret = at(given, "authQuerySecret", "name") or at(given, "serverTLSSecret", "name")
    if secret and not given.get("authQuery"):
        yield Fault((*_PLACE, "authQuery"), "is needed beside authQuerySecret or serverTLSSecret")
    if given.get("authQuery") and not secret:
        yield Fault(
            (*_PLACE, "authQuery"), "needs serverTLSSecret, with which PgBouncer logs in; leave both out otherwise"
        )


def _pooler_parameters(seen: Seen) -> Iterator[Fault]:
    for key in mapping_at(seen.object, *_PLACE, "parameters"):
        if key not in PARAMETERS or key in _REFUSED_BEFORE:
            yield Fault(
                (*_PLACE, "parameters", key),
                f"the operator does not let {quote(str(key))} be set; {suggest(str(key), PARAMETERS - {key})}",
                holds=_REFUSED_BEFORE.get(key),
            )


def _pooler_values(seen: Seen) -> Iterator[Fault]:
    """PgBouncer reads them at its start alone, and nobody else does."""
    for key, value in mapping_at(seen.object, *_PLACE, "parameters").items():
        if not isinstance(value, str):
            continue  # the CRD's own to refuse
        is_number = re.fullmatch(r"[0-9]+(\.[0-9]+)?", value)
        if key in PARAMETERS - _TEXTS and not is_number and not has_unfilled(value):
            text = f"{quote(value)} is not a number, and PgBouncer does not start with it: use one such as '20'"
            yield Fault((*_PLACE, "parameters", key), text, ours=True)


def _pooler_instances(seen: Seen) -> Iterator[Fault]:
    count = as_int(at(seen.object, "spec", "instances"))
    if count is not None and not 0 <= count < 2**31:
        yield Fault(("spec", "instances"), f"{count} is not a number of pods: 0 or more, below 2147483648, such as 2")


def _pooler_integration(seen: Seen) -> Iterator[Fault]:
    given = at(seen.object, *_PLACE)
    own = [name for name in ("authQuerySecret", "serverTLSSecret") if at(given, name, "name")]
    if own:
        yield Fault(
            (*_PLACE, own[0]),
            f"takes the login of PgBouncer out of the operator's hands: make its role and its functions in Cluster "
            f"{at(seen.object, 'spec', 'cluster', 'name')} yourself",
            "warning",
        )


def _pooler_metrics(seen: Seen) -> Iterator[Fault]:
    monitoring = at(seen.object, "spec", "monitoring")
    is_encrypted = at(monitoring, "tls", "enabled") is True and at(monitoring, "enablePodMonitor") is True
    if is_encrypted and not at(seen.object, *_PLACE, "clientTLSSecret", "name"):
        yield Fault(
            ("spec", "monitoring", "tls", "enabled"),
            "with a PodMonitor needs spec.pgbouncer.clientTLSSecret, the certificate that it checks",
        )


def _pooler_deprecated(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, *_PLACE, "authQuerySecret", "name"):
        yield Fault((*_PLACE, "authQuerySecret"), "is deprecated: serverTLSSecret takes its place", "warning", _SECRETS)
    for name in ("enablePodMonitor", "podMonitorMetricRelabelings", "podMonitorRelabelings"):
        if at(seen.object, "spec", "monitoring", name):
            text = "is deprecated: write a PodMonitor of your own"
            yield Fault(("spec", "monitoring", name), text, "warning", MONITORS_DEPRECATED)


def _pooler_trust(seen: Seen) -> Iterator[Fault]:
    for index, record in enumerate(list_at(seen.object, *_PLACE, "pg_hba")):
        if "trust" in as_text(record).partition("#")[0].split():
            yield Fault(
                (*_PLACE, "pg_hba", index), "'trust' lets in whoever reaches the port, without a password", "warning"
            )


def _cluster_kept(seen: Seen) -> Iterator[Fault]:
    new, old = at(seen.object, "spec", "cluster", "name"), at(seen.old, "spec", "cluster", "name")
    if old is not None and new != old and not has_unfilled(old):
        text = f"cannot change: keep {quote(str(old))}, or make another {at(seen.object, 'kind')}"
        yield Fault(("spec", "cluster", "name"), text)


_ONE = ("Pooler",)

RULES = (
    Rule("pooler-name", _ONE, "webhook validateCluster", _pooler_name),
    Rule("pooler-query", _ONE, "webhook validatePgBouncer", _pooler_query),
    Rule("pooler-parameters", _ONE, "webhook validatePgbouncerGenericParameters", _pooler_parameters),
    Rule("pooler-values", _ONE, "PgBouncer", _pooler_values),
    Rule("instances", ("Pooler", "Cluster"), "API, scale subresource", _pooler_instances),
    Rule("pooler-integration", _ONE, "webhook warning", _pooler_integration),
    Rule("pooler-metrics", _ONE, "webhook", _pooler_metrics),
    Rule("pooler-deprecated", _ONE, "webhook warning", _pooler_deprecated),
    Rule("pooler-trust", _ONE, "server", _pooler_trust),
    Rule(
        "cluster-kept",
        ("Database", "Pooler", "ScheduledBackup", "Publication", "Subscription"),
        "CRD CEL",
        _cluster_kept,
        compares=True,
        holds=Releases(((1, 28, 4), (1, 29, 2), (1, 30, 0))),
    ),
)
