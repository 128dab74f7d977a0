"""A realistic Cluster against the full schema with its CEL rules, and against the built-in rules of ours.

The baseline is what a bare `jsonschema` takes for the same object: the validator prepared once, the schema itself
unchecked.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import yaml
from jsonschema import Draft202012Validator
from measure import Ratio, paired, timed

from gitops_mcp.crds import packaged_crd
from gitops_mcp.domain.rules import Seen, findings
from gitops_mcp.domain.schema import compile_schema

TIMES = 100

CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders
  namespace: shop
  labels: {team: orders, env: prod}
spec:
  instances: 3
  imageName: registry.example/postgresql:18.4-system-trixie
  primaryUpdateMethod: switchover
  storage: {size: 100Gi, storageClass: fast}
  walStorage: {size: 20Gi, storageClass: fast}
  resources:
    requests: {cpu: "2", memory: 8Gi}
    limits: {cpu: "4", memory: 8Gi}
  affinity:
    topologyKey: topology.kubernetes.io/zone
    podAntiAffinityType: required
    nodeSelector: {pool: databases}
    tolerations: [{key: databases, operator: Exists, effect: NoSchedule}]
  bootstrap:
    initdb:
      database: orders
      owner: orders
      localeProvider: icu
      icuLocale: en-US
      dataChecksums: true
      postInitSQL: ["create extension pg_stat_statements"]
  postgresql:
    parameters:
      shared_buffers: 2GB
      effective_cache_size: 6GB
      work_mem: 32MB
      maintenance_work_mem: 512MB
      max_connections: "300"
      max_wal_size: 4GB
      min_wal_size: 1GB
      random_page_cost: "1.1"
      wal_compression: "on"
      log_min_duration_statement: "500"
      pg_stat_statements.max: "10000"
    pg_hba: [hostssl all all 10.0.0.0/8 scram-sha-256]
    synchronous: {method: any, number: 1, dataDurability: required}
  managed:
    roles:
      - {name: orders_app, login: true, inRoles: [pg_monitor], passwordSecret: {name: orders-app}}
      - {name: reports, login: true, connectionLimit: 10, passwordSecret: {name: orders-reports}}
      - {name: owners, superuser: false}
      - {name: former, ensure: present}
    services:
      disabledDefaultServices: [r]
  plugins:
    - name: barman-cloud.cloudnative-pg.io
      isWALArchiver: true
      parameters: {barmanObjectName: orders, serverName: orders}
  externalClusters:
    - name: former
      connectionParameters: {host: old.example, user: streaming_replica, dbname: postgres}
      sslKey: {name: former-replication, key: tls.key}
      sslCert: {name: former-replication, key: tls.crt}
  replicationSlots: {highAvailability: {enabled: true}, synchronizeReplicas: {enabled: true}}
  monitoring:
    customQueriesConfigMap: [{name: queries, key: queries.yaml}]
    tls: {enabled: true}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: DoNotSchedule
      labelSelector: {matchLabels: {cnpg.io/cluster: orders}}
  env: [{name: TZ, value: UTC}]
"""


def measured() -> Iterator[Ratio | str]:
    stated = packaged_crd("clusters")["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    cluster = yaml.safe_load(CLUSTER)
    began = time.perf_counter()
    schema = compile_schema(stated, key="bench")
    yield f"schema of Cluster made ready, the CEL library loaded: {(time.perf_counter() - began) * 1000:.0f} ms, once"
    later = yaml.safe_load(CLUSTER.replace("instances: 3", "instances: 5"))
    bare = Draft202012Validator(stated)
    assert schema.has_cel
    verdict = schema.verdict(later, before=cluster)
    assert not verdict.faults
    assert not verdict.unchecked
    assert not list(bare.iter_errors(later))
    yield paired(
        f"{TIMES} validations with CEL against bare ones of jsonschema",
        lambda: timed(lambda: [schema.verdict(later, before=cluster) for _ in range(TIMES)]),
        lambda: timed(lambda: [list(bare.iter_errors(later)) for _ in range(TIMES)]),
        most=10,
    )
    seen = Seen(later, before=cluster, operator=(1, 30, 0))
    assert not findings(seen)
    yield paired(
        f"{TIMES} runs of the built-in rules against bare validations of jsonschema",
        lambda: timed(lambda: [findings(seen) for _ in range(TIMES)]),
        lambda: timed(lambda: [list(bare.iter_errors(later)) for _ in range(TIMES)]),
        most=5,
    )


def main() -> int:
    missed = 0
    for result in measured():
        print(result, flush=True)
        missed += isinstance(result, Ratio) and not result.holds
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
