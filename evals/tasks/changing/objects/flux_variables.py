"""Databases that Flux applies, with values that it fills in: what two objects have in common stands in one place."""

from __future__ import annotations

from evals.scene import Ground

ENGINE = "clusters/prod/databases.yaml"

_CONFIGURATION = """\
environments:
  prod: {path: clusters/prod, protected: true}
"""

_ENGINE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: fleet
  namespace: flux-system
spec:
  interval: 5m
  url: https://git.example.com/platform/fleet.git
  ref:
    branch: main
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: databases
  namespace: flux-system
spec:
  interval: 30m
  path: ./databases
  prune: true
  sourceRef:
    kind: GitRepository
    name: fleet
  postBuild:
    substitute:
      APP_OWNER: orders_app
      # Of each PgBouncer.
      POOL_MODE: session
      POOL_INSTANCES: "2"
      PGVECTOR: 0.8.0
"""

_DATABASES = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
resources:
  - namespace.yaml
  - orders.yaml
  - databases.yaml
  - pooler-rw.yaml
"""

_NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations:
    kustomize.toolkit.fluxcd.io/prune: disabled
"""

_CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders-db
  annotations:
    kustomize.toolkit.fluxcd.io/prune: disabled
spec:
  instances: 3
  imageName: ghcr.io/cloudnative-pg/postgresql:17.10-standard-trixie
  bootstrap:
    initdb:
      database: orders
      owner: ${APP_OWNER}
  storage:
    size: 50Gi
"""

_TWO_DATABASES = """\
# What customers search in.
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: orders-db-search
spec:
  cluster:
    name: orders-db
  name: search
  owner: ${APP_OWNER}
  extensions:
    - name: vector
      ensure: present
      version: ${PGVECTOR}
---
# What they are shown beside it.
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: orders-db-similar
spec:
  cluster:
    name: orders-db
  name: similar
  owner: ${APP_OWNER}
  extensions:
    - name: vector
      ensure: present
      version: ${PGVECTOR}
"""

_POOLER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata:
  name: orders-db-pooler-rw
spec:
  cluster:
    name: orders-db
  instances: ${POOL_INSTANCES}
  type: rw
  pgbouncer:
    poolMode: ${POOL_MODE}
    parameters:
      max_client_conn: "500"
      default_pool_size: "40"
"""

FLUX_VARIABLES = Ground(
    files={
        ".gitops-mcp.yaml": _CONFIGURATION,
        ENGINE: _ENGINE,
        "databases/kustomization.yaml": _DATABASES,
        "databases/namespace.yaml": _NAMESPACE,
        "databases/orders.yaml": _CLUSTER,
        "databases/databases.yaml": _TWO_DATABASES,
        "databases/pooler-rw.yaml": _POOLER,
    },
    builds=("databases",),
    variables=ENGINE,
)
