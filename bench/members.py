"""A role, a database and any field against a scale request in the same repository; what a password provider adds."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitrepo import CLUSTER, made, with_files
from measure import PAIRS, Cost, Ratio, median, timed
from stdio import Server

_FILES = 10_000
_MOST = 1.6
"""A new role is two files and a list entry where scaling is one number."""


def measured() -> Iterator[Ratio | str]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        checkout = made(Path(folder) / "plain", _FILES)
        scaled, role = _paired(checkout, _role("existing:some-secret"))
        yield Ratio("a role whose Secret exists against a scale request", role, scaled, _MOST)
        scaled, database = _paired(checkout, _database)
        yield Ratio("a database against a scale request", database, scaled, _MOST)
        scaled, field = _paired(checkout, _field)
        yield Ratio("a field that is set by its path against a scale request", field, scaled, 1.2)
        for provider, files in _providers():
            configured = {".gitops-mcp.yaml": f"passwords: {{provider: {provider}}}\n", **files}
            checkout = with_files(made(Path(folder) / provider, _FILES), configured)
            scaled, role = _paired(checkout, _role("auto"))
            name = f"a role with a password by {provider} against a scale request"
            if provider == "sops":
                yield f"{name}: {role.wall / scaled.wall:.2f} (sops itself is a process of its own)"
            else:
                yield Ratio(name, role, scaled, _MOST)


Work = Callable[[Server, int], object]


def _paired(checkout: Path, work: Work) -> tuple[Cost, Cost]:
    """Medians of a scale request and of the work, in turn, each going on in a change of its own."""
    with _server(checkout) as server:
        pid = server.child.pid
        _scale(server, 9)
        work(server, 999)
        scaled, ours = [], []
        for number in range(PAIRS):
            scaled.append(timed(lambda: _scale(server, 4 + number % 5), pid=pid))  # noqa: B023 - called at once
            ours.append(timed(lambda: work(server, number), pid=pid))  # noqa: B023 - called at once
    return median(scaled), median(ours)


def _server(checkout: Path) -> Server:
    nobodys = {"KUBECONFIG": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    server = Server([sys.executable, "-m", "gitops_mcp", "--repo", str(checkout)], **nobodys)
    server.initialize()
    return server


def _scale(server: Server, instances: int) -> None:
    done = server.call("scale_postgres_cluster", name="orders-db", instances=instances, change="scaled")
    assert done["structuredContent"]["outcome"] == "committed"


def _role(source: str) -> Work:
    def work(server: Server, number: int) -> None:
        done = server.call(
            "create_postgres_role",
            cluster_name="orders-db",
            role_name=f"role_{number}",
            password_source=source,
            change="roles",
        )
        assert done["structuredContent"]["outcome"] == "committed"

    return work


def _field(server: Server, number: int) -> None:
    values = {"spec.logLevel": ("debug", "trace")[number % 2]}
    done = server.call("update_postgres_object", kind="Cluster", name="orders-db", set=values, change="field")
    assert done["structuredContent"]["outcome"] == "committed"


def _database(server: Server, number: int) -> None:
    done = server.call(
        "create_postgres_database",
        cluster_name="orders-db",
        database_name=f"db_{number}",
        owner="app",
        change="databases",
    )
    assert done["structuredContent"]["outcome"] == "committed"


def _providers() -> Iterator[tuple[str, dict[str, str]]]:
    folder = CLUSTER.rpartition("/")[0]
    yield "external-secrets", {}
    yield "sealed-secrets", {f"{folder}/pub-sealed-secrets.pem": _certificate()}
    try:
        import pyrage
    except ImportError:
        return
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    yield "sops", {".sops.yaml": f"creation_rules:\n  - age: {recipient}\n"}


def _certificate() -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key, nobody, now = rsa.generate_private_key(65537, 4096), x509.Name([]), datetime.now(UTC)
    made_for = x509.CertificateBuilder().subject_name(nobody).issuer_name(nobody).public_key(key.public_key())
    made_for = made_for.serial_number(1).not_valid_before(now - timedelta(days=1))
    signed = made_for.not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()
