"""One folder of manifests for dev and prod, as two overlays: what is changed in the base is changed in both."""

from __future__ import annotations

from evals.scene import Ground

_CONFIGURATION = """\
environments:
  dev: {path: overlays/dev, namespaces: [shop-dev]}
  prod: {path: overlays/prod, namespaces: [shop], protected: true}
passwords:
  provider: external-secrets
"""

_BASE = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - cluster.yaml
  - database-reporting.yaml
  - namespace.yaml
  - objectstore.yaml
  - role-reporter.yaml
  - scheduledbackup.yaml
  - secret-reporter.yaml
"""

_CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders-db
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:17.10-standard-trixie
  bootstrap:
    initdb:
      database: orders
      owner: orders_app
  storage:
    size: 20Gi
  managed:
    roles:
      - name: etl
        ensure: present
        login: true
        inherit: true
        connectionLimit: 5
        inRoles: [pg_read_all_data]
  plugins:
    - name: barman-cloud.cloudnative-pg.io
      enabled: true
      isWALArchiver: true
      parameters:
        barmanObjectName: orders-db-backups
"""

_DATABASE = """\
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: orders-db-reporting
spec:
  cluster:
    name: orders-db
  name: reporting
  owner: orders_app
  extensions:
    - name: pg_trgm
      ensure: present
    - name: hstore # nobody knows any more what for
      ensure: present
"""

_NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations:
    argocd.argoproj.io/sync-options: Prune=false,Delete=false
"""

_STORE = """\
apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata:
  name: orders-db-backups
spec:
  retentionPolicy: 30d
  configuration:
    destinationPath: s3://example-postgres-backups/orders
    s3Credentials:
      inheritFromIAMRole: true
"""

_ROLE = """\
apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata:
  name: orders-db-reporter
spec:
  cluster:
    name: orders-db
  name: reporter
  login: true
  inRoles:
    - pg_read_all_data
  passwordSecret:
    name: orders-db-reporter-password
"""

_SCHEDULE = """\
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  name: orders-db-nightly
spec:
  schedule: "0 30 2 * * *"
  cluster:
    name: orders-db
  method: plugin
  pluginConfiguration:
    name: barman-cloud.cloudnative-pg.io
"""

_GENERATED = """\
# Made once, in the cluster; it is nowhere else.
apiVersion: generators.external-secrets.io/v1alpha1
kind: Password
metadata:
  name: orders-db-reporter-password
spec:
  length: 40
  symbols: 0
  noUpper: false
  allowRepeat: true
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: orders-db-reporter-password
spec:
  refreshPolicy: CreatedOnce
  target:
    name: orders-db-reporter-password
    template:
      type: kubernetes.io/basic-auth
      metadata:
        labels:
          cnpg.io/reload: "true"
      data:
        username: reporter
        password: "{{ .password }}"
  dataFrom:
    - sourceRef:
        generatorRef:
          apiVersion: generators.external-secrets.io/v1alpha1
          kind: Password
          name: orders-db-reporter-password
"""

_DEV = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop-dev
resources:
  - ../../base
patches:
  - patch: |-
      - op: replace
        path: /spec/instances
        value: 1
    target:
      kind: Cluster
      name: orders-db
  - patch: |-
      - op: replace
        path: /spec/configuration/destinationPath
        value: s3://example-postgres-backups/orders-dev
    target:
      kind: ObjectStore
      name: orders-db-backups
"""

_PROD = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
# Reviewed by the database team.
resources:
  - ../../base
patches:
  - path: roles.yaml
"""

_PROD_ROLES = """\
# The list replaces that of the base.
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders-db
spec:
  managed:
    roles:
      # Loads the warehouse at night. Agreed with the data team: never a superuser.
      - name: etl
        ensure: present
        login: true
        inherit: true
        connectionLimit: 5   # one for each of its workers
        inRoles: [pg_read_all_data, pg_monitor]
      - name: web
        ensure: present
        login: true
        inherit: true
        connectionLimit: 80
"""

TWO_ENVIRONMENTS = Ground(
    files={
        ".gitops-mcp.yaml": _CONFIGURATION,
        "base/kustomization.yaml": _BASE,
        "base/cluster.yaml": _CLUSTER,
        "base/database-reporting.yaml": _DATABASE,
        "base/namespace.yaml": _NAMESPACE,
        "base/objectstore.yaml": _STORE,
        "base/role-reporter.yaml": _ROLE,
        "base/scheduledbackup.yaml": _SCHEDULE,
        "base/secret-reporter.yaml": _GENERATED,
        "overlays/dev/kustomization.yaml": _DEV,
        "overlays/prod/kustomization.yaml": _PROD,
        "overlays/prod/roles.yaml": _PROD_ROLES,
    },
    builds=("overlays/dev", "overlays/prod"),
)
