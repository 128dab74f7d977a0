"""A Cluster and its roles in both forms, as files that a plan starts from."""

from __future__ import annotations

from datetime import UTC, datetime

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Declaration, Desired

REF = ClusterRef("shop", "orders")
NOW = datetime(2027, 1, 1, tzinfo=UTC)
LAYOUT = "{path}/{namespace}/{cluster}/role-{name}.yaml"
CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders
  namespace: shop
spec:
  instances: 3
"""
LISTED = (
    CLUSTER
    + """\
  managed:
    roles:
      # Dashboards.
      - name: reporting
        ensure: present
        login: true
        connectionLimit: 5
        comment: reads
        validUntil: "2027-06-01T00:00:00Z"
        inRoles:
          - readers   # all tables
          - pg_monitor
        passwordSecret:
          name: orders-reporting
      # Nobody's.
      - name: bare
"""
)
OBJECT = """\
apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata:
  name: orders-app
  namespace: shop
spec:
  cluster:
    name: orders
  name: app
  login: true
  disablePassword: true
"""
NOTHING_LIVE = LiveRoles(cluster={"metadata": {"name": "orders"}}, objects=())
KUSTOMIZATION = "resources:\n- orders.yaml\n"


def read(text: str, **files: str) -> tuple[Desired, Declaration]:
    texts = {"prod/orders.yaml": text, **{f"prod/{name}.yaml": one for name, one in files.items()}}
    names = "".join(f"- {path.removeprefix('prod/')}\n" for path in texts)
    desired = build_desired(
        {**texts, "prod/kustomization.yaml": f"resources:\n{names}"}, commit="0" * 40, folder="prod"
    )
    return desired, desired.cluster("orders", "shop", environment="prod")


def ids(plan: Plan) -> list[str]:
    return [one.id for one in plan.warnings]
