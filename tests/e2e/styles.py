"""Styles in which people write YAML, with what the server makes of each, byte for byte.

Each case is the name of the namespace that it lives in.
"""

from __future__ import annotations

from dataclasses import dataclass

KEEP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: keep\n"
LISTED = "resources:\n  - db.yaml\n  - keep.yaml\n"
DB = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: {namespace}
spec:
  instances: 3
  storage:
    size: 1Gi
"""
NEW = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: new
  namespace: {namespace}
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
    kustomize.toolkit.fluxcd.io/prune: disabled
    kustomize.toolkit.fluxcd.io/force: disabled
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 2Gi
"""


@dataclass(frozen=True)
class Manifest:
    """A file that declares Cluster `db`."""

    before: str
    scaled: str
    """To 5 instances."""
    left: str | None = None
    """After the Cluster was deleted; None: the file is gone."""


@dataclass(frozen=True)
class Listing:
    """A kustomization that lists the file of Cluster `db`."""

    before: str
    added: str
    """With the file of a new Cluster."""
    left: str
    """Without the one of `db`."""


MANIFESTS = {
    "block-indent-2": Manifest(
        before="""\
# Made by hand.
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: block-indent-2
spec:
  instances: 3   # one a zone
  env:
    - name: TZ
      value: UTC

  storage:
    size: 1Gi
""",
        scaled="""\
# Made by hand.
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: block-indent-2
spec:
  instances: 5   # one a zone
  env:
    - name: TZ
      value: UTC

  storage:
    size: 1Gi
""",
    ),
    "block-indent-4": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
    name: db
    namespace: block-indent-4
spec:
    env:
    -   name: TZ
        value: UTC
    instances: 3
    storage:
        size: 1Gi
""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
    name: db
    namespace: block-indent-4
spec:
    env:
    -   name: TZ
        value: UTC
    instances: 5
    storage:
        size: 1Gi
""",
    ),
    "lists-not-indented": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: lists-not-indented
spec:
  env:
  - name: TZ
    value: UTC
  # how many
  instances: 3
  storage:
    size: 1Gi
""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: lists-not-indented
spec:
  env:
  - name: TZ
    value: UTC
  # how many
  instances: 5
  storage:
    size: 1Gi
""",
    ),
    "flow": Manifest(
        before="{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: db, namespace: flow}, spec: {instances: 3, storage: {size: 1Gi}}}\n",
        scaled="{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: db, namespace: flow}, spec: {instances: 5, storage: {size: 1Gi}}}\n",
    ),
    "flow-in-block": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: flow-in-block}
spec: {storage: {size: 1Gi}, instances: 3 }  # short
""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: flow-in-block}
spec: {storage: {size: 1Gi}, instances: 5 }  # short
""",
    ),
    "json": Manifest(
        before="""\
{
  "apiVersion": "postgresql.cnpg.io/v1",
  "kind": "Cluster",
  "metadata": {"name": "db", "namespace": "json"},
  "spec": {
    "instances": 3,
    "storage": {"size": "1Gi"}
  }
}
""",
        scaled="""\
{
  "apiVersion": "postgresql.cnpg.io/v1",
  "kind": "Cluster",
  "metadata": {"name": "db", "namespace": "json"},
  "spec": {
    "instances": 5,
    "storage": {"size": "1Gi"}
  }
}
""",
    ),
    "crlf": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1\r
kind: Cluster\r
metadata:\r
  name: db\r
  namespace: crlf\r
spec:\r
  instances: 3 # one a zone\r
  storage:\r
    size: 1Gi\r
""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1\r
kind: Cluster\r
metadata:\r
  name: db\r
  namespace: crlf\r
spec:\r
  instances: 5 # one a zone\r
  storage:\r
    size: 1Gi\r
""",
    ),
    "bom": Manifest(
        before="""\
\ufeffapiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: bom
spec:
  instances: 3
  storage:
    size: 1Gi
""",
        scaled="""\
\ufeffapiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: bom
spec:
  instances: 5
  storage:
    size: 1Gi
""",
    ),
    "no-final-newline": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: no-final-newline
spec:
  storage:
    size: 1Gi
  instances: 3""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: no-final-newline
spec:
  storage:
    size: 1Gi
  instances: 5""",
    ),
    "quoted-keys": Manifest(
        before="""\
"apiVersion": 'postgresql.cnpg.io/v1'
"kind": "Cluster"
'metadata':
  "name": 'db'
  'namespace': "quoted-keys"
"spec":
  'instances': 3
  "storage":
    "size": "1Gi"
""",
        scaled="""\
"apiVersion": 'postgresql.cnpg.io/v1'
"kind": "Cluster"
'metadata':
  "name": 'db'
  'namespace': "quoted-keys"
"spec":
  'instances': 5
  "storage":
    "size": "1Gi"
""",
    ),
    "alias": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: alias
spec:
  failoverDelay: &three 3
  instances: *three
  storage:
    size: 1Gi
""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: alias
spec:
  failoverDelay: &three 3
  instances: 5
  storage:
    size: 1Gi
""",
    ),
    "merge-key": Manifest(
        before="""\
apiVersion: v1
kind: List
items:
  - apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: other
      namespace: merge-key
    spec: &defaults
      instances: 3
      storage:
        size: 1Gi
  - apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: db
      namespace: merge-key
    spec:
      <<: *defaults
      logLevel: debug
""",
        scaled="""\
apiVersion: v1
kind: List
items:
  - apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: other
      namespace: merge-key
    spec: &defaults
      instances: 3
      storage:
        size: 1Gi
  - apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: db
      namespace: merge-key
    spec:
      <<: *defaults
      logLevel: debug
      instances: 5
""",
        left="""\
apiVersion: v1
kind: List
items:
  - apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: other
      namespace: merge-key
    spec: &defaults
      instances: 3
      storage:
        size: 1Gi
""",
    ),
    "document-start-comment": Manifest(
        before="""\
--- # the database
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: document-start-comment
spec:
  instances: 3
  storage:
    size: 1Gi
--- # what goes with it
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
""",
        scaled="""\
--- # the database
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: document-start-comment
spec:
  instances: 5
  storage:
    size: 1Gi
--- # what goes with it
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
""",
        left="""\
--- # what goes with it
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
""",
    ),
    "empty-documents": Manifest(
        before="""\
# nothing here yet
---
---
# nor here
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: empty-documents
spec:
  instances: 3
  storage:
    size: 1Gi
---
# the end
""",
        scaled="""\
# nothing here yet
---
---
# nor here
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: empty-documents
spec:
  instances: 5
  storage:
    size: 1Gi
---
# the end
""",
    ),
    "commented-twin": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: commented-twin
spec:
  # instances: 7
  instances: 3
  #instances: 9
  storage:
    size: 1Gi
""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: commented-twin
spec:
  # instances: 7
  instances: 5
  #instances: 9
  storage:
    size: 1Gi
""",
    ),
    "look-alike": Manifest(
        before="""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: example
  namespace: look-alike
data:
  cluster.yaml: |
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: db
      namespace: look-alike
    spec:
      instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: look-alike
spec:
  instances: 3
  storage:
    size: 1Gi
""",
        scaled="""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: example
  namespace: look-alike
data:
  cluster.yaml: |
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: db
      namespace: look-alike
    spec:
      instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: look-alike
spec:
  instances: 5
  storage:
    size: 1Gi
""",
        left="""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: example
  namespace: look-alike
data:
  cluster.yaml: |
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: db
      namespace: look-alike
    spec:
      instances: 3
""",
    ),
    "kind-list": Manifest(
        before="""\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: settings
    namespace: kind-list
# the database
- apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: db
    namespace: kind-list
  spec:
    instances: 3 # in the list
    storage:
      size: 1Gi
- apiVersion: postgresql.cnpg.io/v1
  kind: Database
  metadata:
    name: db-shop
    namespace: kind-list
  spec:
    cluster:
      name: db
    name: shop
    owner: app
""",
        scaled="""\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: settings
    namespace: kind-list
# the database
- apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: db
    namespace: kind-list
  spec:
    instances: 5 # in the list
    storage:
      size: 1Gi
- apiVersion: postgresql.cnpg.io/v1
  kind: Database
  metadata:
    name: db-shop
    namespace: kind-list
  spec:
    cluster:
      name: db
    name: shop
    owner: app
""",
        left="""\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: settings
    namespace: kind-list
""",
    ),
    "many-documents": Manifest(
        before="""\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: many-documents
---
# The database of the shop.
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: many-documents
spec:
  instances: 3
  storage:
    size: 1Gi
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: db-shop
  namespace: many-documents
spec:
  cluster:
    name: db
  name: shop
  owner: app
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: other-shop
  namespace: many-documents
spec:
  cluster:
    name: other
  name: shop
  owner: app
---
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata:
  name: db-pool
  namespace: many-documents
spec:
  cluster:
    name: db
  pgbouncer:
    poolMode: session
""",
        scaled="""\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: many-documents
---
# The database of the shop.
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: many-documents
spec:
  instances: 5
  storage:
    size: 1Gi
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: db-shop
  namespace: many-documents
spec:
  cluster:
    name: db
  name: shop
  owner: app
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: other-shop
  namespace: many-documents
spec:
  cluster:
    name: other
  name: shop
  owner: app
---
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata:
  name: db-pool
  namespace: many-documents
spec:
  cluster:
    name: db
  pgbouncer:
    poolMode: session
""",
        left="""\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: many-documents
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: other-shop
  namespace: many-documents
spec:
  cluster:
    name: other
  name: shop
  owner: app
""",
    ),
    "field-absent": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: field-absent
spec:
  storage:
    size: 1Gi
  # the rest is the operator's
""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: field-absent
spec:
  storage:
    size: 1Gi
  instances: 5
  # the rest is the operator's
""",
    ),
    "tab-in-comment": Manifest(
        before="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: tab-in-comment
spec:
  instances: 3\t#\tone a zone
  storage:
    size: 1Gi
""",
        scaled="""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: tab-in-comment
spec:
  instances: 5\t#\tone a zone
  storage:
    size: 1Gi
""",
    ),
    "emoji": Manifest(
        before="""\
# 🐘 Straße, наш
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: emoji
  annotations: {team: "🐘🐘", "größe": 'M'}
spec: {description: "🐘", instances: 3, storage: {size: 1Gi}}
""",
        scaled="""\
# 🐘 Straße, наш
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: emoji
  annotations: {team: "🐘🐘", "größe": 'M'}
spec: {description: "🐘", instances: 5, storage: {size: 1Gi}}
""",
    ),
}

LISTINGS = {
    "indented": Listing(
        before="""\
resources:
  - zebra.yaml
  - db.yaml
""",
        added="""\
resources:
  - zebra.yaml
  - db.yaml
  - new.yaml
""",
        left="""\
resources:
  - zebra.yaml
""",
    ),
    "not-indented": Listing(
        before="""\
namespace: not-indented
resources:
- db.yaml
- keep.yaml
""",
        added="""\
namespace: not-indented
resources:
- db.yaml
- keep.yaml
- new.yaml
""",
        left="""\
namespace: not-indented
resources:
- keep.yaml
""",
    ),
    "indent-4": Listing(
        before="""\
resources:
    - db.yaml # the first
    - keep.yaml
""",
        added="""\
resources:
    - db.yaml # the first
    - keep.yaml
    - new.yaml
""",
        left="""\
resources:
    - keep.yaml
""",
    ),
    "flow-list": Listing(
        before="resources: [db.yaml, keep.yaml]\n",
        added="resources: [db.yaml, keep.yaml, new.yaml]\n",
        left="resources: [keep.yaml]\n",
    ),
    "flow-lines": Listing(
        before="""\
resources: [
  db.yaml,
  keep.yaml,
]
""",
        added="""\
resources: [
  db.yaml,
  keep.yaml,
  new.yaml,
]
""",
        left="""\
resources: [
  keep.yaml,
]
""",
    ),
    "json-list": Listing(
        before='{"resources": ["db.yaml", "keep.yaml"]}\n',
        added='{"resources": ["db.yaml", "keep.yaml", "new.yaml"]}\n',
        left='{"resources": ["keep.yaml"]}\n',
    ),
    "crlf-list": Listing(
        before="""\
resources:\r
  - db.yaml\r
  - keep.yaml\r
""",
        added="""\
resources:\r
  - db.yaml\r
  - keep.yaml\r
  - new.yaml\r
""",
        left="""\
resources:\r
  - keep.yaml\r
""",
    ),
    "bom-list": Listing(
        before="""\
\ufeffresources:
  - keep.yaml
  - db.yaml
""",
        added="""\
\ufeffresources:
  - keep.yaml
  - db.yaml
  - new.yaml
""",
        left="""\
\ufeffresources:
  - keep.yaml
""",
    ),
    "open-end": Listing(
        before="""\
resources:
  - keep.yaml
  - db.yaml""",
        added="""\
resources:
  - keep.yaml
  - db.yaml
  - new.yaml""",
        left="resources:\n  - keep.yaml",
    ),
    "quoted": Listing(
        before="""\
'resources':
  - "db.yaml"
  - "keep.yaml"
""",
        added="""\
'resources':
  - "db.yaml"
  - "keep.yaml"
  - "new.yaml"
""",
        left="""\
'resources':
  - "keep.yaml"
""",
    ),
    "dot-slash": Listing(
        before="""\
resources:
  - ./keep.yaml
  - ./db.yaml
""",
        added="""\
resources:
  - ./keep.yaml
  - ./db.yaml
  - ./new.yaml
""",
        left="""\
resources:
  - ./keep.yaml
""",
    ),
    "sorted": Listing(
        before="""\
# sorted
resources:
  - db.yaml # the old one
  # keep this
  - keep.yaml
  - zebra.yaml
""",
        added="""\
# sorted
resources:
  - db.yaml # the old one
  # keep this
  - keep.yaml
  - new.yaml
  - zebra.yaml
""",
        left="""\
# sorted
resources:
  # keep this
  - keep.yaml
  - zebra.yaml
""",
    ),
    "twin": Listing(
        before="""\
resources:
  - keep.yaml
  - db.yaml
  # - new.yaml

patches: []
""",
        added="""\
resources:
  - keep.yaml
  - db.yaml
  - new.yaml
  # - new.yaml

patches: []
""",
        left="""\
resources:
  - keep.yaml
  # - new.yaml

patches: []
""",
    ),
    "start-comment": Listing(
        before="""\
--- # what is here
resources:
  - keep.yaml
  - db.yaml
""",
        added="""\
--- # what is here
resources:
  - keep.yaml
  - db.yaml
  - new.yaml
""",
        left="""\
--- # what is here
resources:
  - keep.yaml
""",
    ),
    "end-marker": Listing(
        before="""\
---
resources:
  - keep.yaml
  - db.yaml
...
""",
        added="""\
---
resources:
  - keep.yaml
  - db.yaml
  - new.yaml
...
""",
        left="""\
---
resources:
  - keep.yaml
...
""",
    ),
    "empty-second": Listing(
        before="""\
resources:
  - keep.yaml
  - db.yaml
---
# nothing
""",
        added="""\
resources:
  - keep.yaml
  - db.yaml
  - new.yaml
---
# nothing
""",
        left="""\
resources:
  - keep.yaml
---
# nothing
""",
    ),
    "anchored": Listing(
        before="""\
resources: &all
  - keep.yaml
  - db.yaml
# *all
""",
        added="""\
resources: &all
  - keep.yaml
  - db.yaml
  - new.yaml
# *all
""",
        left="""\
resources: &all
  - keep.yaml
# *all
""",
    ),
}

SHARED = {
    "shared": (
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared
spec:
  instances: 3
""",
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: new
  namespace: shared
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
    kustomize.toolkit.fluxcd.io/prune: disabled
    kustomize.toolkit.fluxcd.io/force: disabled
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 2Gi
""",
    ),
    "shared-crlf": (
        """\
apiVersion: postgresql.cnpg.io/v1\r
kind: Cluster\r
metadata:\r
  name: db\r
  namespace: shared-crlf\r
spec:\r
  instances: 3\r
---\r
apiVersion: postgresql.cnpg.io/v1\r
kind: Cluster\r
metadata:\r
  name: other\r
  namespace: shared-crlf\r
spec:\r
  instances: 3\r
""",
        """\
apiVersion: postgresql.cnpg.io/v1\r
kind: Cluster\r
metadata:\r
  name: db\r
  namespace: shared-crlf\r
spec:\r
  instances: 3\r
---\r
apiVersion: postgresql.cnpg.io/v1\r
kind: Cluster\r
metadata:\r
  name: other\r
  namespace: shared-crlf\r
spec:\r
  instances: 3\r
---\r
apiVersion: postgresql.cnpg.io/v1\r
kind: Cluster\r
metadata:\r
  name: new\r
  namespace: shared-crlf\r
  annotations:\r
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm\r
    kustomize.toolkit.fluxcd.io/prune: disabled\r
    kustomize.toolkit.fluxcd.io/force: disabled\r
spec:\r
  instances: 2\r
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie\r
  bootstrap:\r
    initdb:\r
      database: app\r
      owner: app\r
  storage:\r
    size: 2Gi\r
""",
    ),
    "shared-open-end": (
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-open-end
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-open-end
spec:
  instances: 3""",
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-open-end
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-open-end
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: new
  namespace: shared-open-end
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
    kustomize.toolkit.fluxcd.io/prune: disabled
    kustomize.toolkit.fluxcd.io/force: disabled
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 2Gi""",
    ),
    "shared-bom": (
        """\
\ufeffapiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-bom
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-bom
spec:
  instances: 3
""",
        """\
\ufeffapiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-bom
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-bom
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: new
  namespace: shared-bom
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
    kustomize.toolkit.fluxcd.io/prune: disabled
    kustomize.toolkit.fluxcd.io/force: disabled
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 2Gi
""",
    ),
    "shared-comment-last": (
        """\
--- # first
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-comment-last
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-comment-last
spec:
  instances: 3
---
# the end
""",
        """\
--- # first
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-comment-last
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-comment-last
spec:
  instances: 3
---
# the end
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: new
  namespace: shared-comment-last
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
    kustomize.toolkit.fluxcd.io/prune: disabled
    kustomize.toolkit.fluxcd.io/force: disabled
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 2Gi
""",
    ),
    "shared-empty-last": (
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-empty-last
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-empty-last
spec:
  instances: 3
---
""",
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-empty-last
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-empty-last
spec:
  instances: 3
---
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: new
  namespace: shared-empty-last
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
    kustomize.toolkit.fluxcd.io/prune: disabled
    kustomize.toolkit.fluxcd.io/force: disabled
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 2Gi
""",
    ),
    "shared-end-marker": (
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-end-marker
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-end-marker
spec:
  instances: 3
...
""",
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shared-end-marker
spec:
  instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: other
  namespace: shared-end-marker
spec:
  instances: 3
...
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: new
  namespace: shared-end-marker
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
    kustomize.toolkit.fluxcd.io/prune: disabled
    kustomize.toolkit.fluxcd.io/force: disabled
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 2Gi
""",
    ),
    "shared-indent-4": (
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
    name: db
    namespace: shared-indent-4
spec:
    env:
    -   name: TZ
        value: UTC
    instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
    name: other
    namespace: shared-indent-4
spec:
    env:
    -   name: TZ
        value: UTC
    instances: 3
""",
        """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
    name: db
    namespace: shared-indent-4
spec:
    env:
    -   name: TZ
        value: UTC
    instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
    name: other
    namespace: shared-indent-4
spec:
    env:
    -   name: TZ
        value: UTC
    instances: 3
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
    name: new
    namespace: shared-indent-4
    annotations:
        argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
        kustomize.toolkit.fluxcd.io/prune: disabled
        kustomize.toolkit.fluxcd.io/force: disabled
spec:
    instances: 2
    imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
    bootstrap:
        initdb:
            database: app
            owner: app
    storage:
        size: 2Gi
""",
    ),
    "shared-flow": (
        """\
{"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db", "namespace": "shared-flow"}, "spec": {"instances": 3}}
---
{"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "other", "namespace": "shared-flow"}, "spec": {"instances": 3}}
""",
        """\
{"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db", "namespace": "shared-flow"}, "spec": {"instances": 3}}
---
{"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "other", "namespace": "shared-flow"}, "spec": {"instances": 3}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: new
  namespace: shared-flow
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
    kustomize.toolkit.fluxcd.io/prune: disabled
    kustomize.toolkit.fluxcd.io/force: disabled
spec:
  instances: 2
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 2Gi
""",
    ),
}
"""Files that hold two Clusters already: before, and with a third one."""

ANCHORED = """\
apiVersion: v1
kind: List
items:
  - apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: db
      namespace: anchor
    spec: &defaults
      instances: &many 3
      failoverDelay: *many
      storage:
        size: 1Gi
  - apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: other
      namespace: anchor
    spec: *defaults
"""
