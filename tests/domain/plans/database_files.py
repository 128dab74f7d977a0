"""A Cluster in files, with Databases beside it and live ones; all values are invented."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Declaration, Desired

REF = ClusterRef("shop", "orders")
CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: orders, namespace: shop}
spec:
  bootstrap:
    initdb: {database: shop, owner: seller}
  managed:
    roles:
    - {name: reporting, login: true}
    - {name: gone, ensure: absent}
"""
REPLICA = CLUSTER + "  replica: {primary: north, source: north}\n"
WAITS = "waiting for the cluster to become primary"
DATABASE = """\
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: orders-reports
  namespace: shop
spec:
  cluster:
    name: orders
  name: reports
  owner: reporting
"""


def read(**files: str) -> tuple[Desired, Declaration]:
    texts = {f"prod/{name}.yaml": text for name, text in {"orders": CLUSTER, **files}.items()}
    listing = "resources:\n" + "".join(f"- {path.removeprefix('prod/')}\n" for path in sorted(texts))
    desired = build_desired({**texts, "prod/kustomization.yaml": listing}, commit="0" * 40, folder="prod")
    return desired, desired.cluster("orders", "shop", environment="prod")


def database(name: str = "reports", *, cluster: str = "orders", **spec: Any) -> Object:
    return {
        "metadata": {"name": "theirs", "namespace": "shop", "generation": 2},
        "spec": {"name": name, "cluster": {"name": cluster}, **spec},
    }
