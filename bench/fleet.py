"""A role and a database against a scale request, each the first of its server, in a repository of many Flux apps.

2,500 YAML files: an app is a folder with its Flux Kustomization, a kustomization, a HelmRelease and an ExternalSecret;
one in ten has a Cluster by a component that all of them share, and a Database.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from gitrepo import git, streamed
from measure import Cost, Ratio, median, timed
from scaling import served
from stdio import Server

APPS, NAMESPACES, TIMES = 500, 25, 5
_MOST, _PARSED = 1.5, 3.0


def measured() -> Iterator[Ratio | str]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        checkout = streamed(Path(folder), files())
        taken = zip(*(_in_turn(checkout) for _ in range(TIMES)), strict=True)
        scaled, role, database, grep = (median(list(costs)) for costs in taken)
    yield Ratio("2,500 files of apps: the first request for a role against that to scale", role, scaled, _MOST)
    yield Ratio("2,500 files of apps: the first request for a database against that to scale", database, scaled, _MOST)
    yield Ratio("2,500 files of apps: the first request to scale against git grep and a parse", scaled, grep, _PARSED)


def _in_turn(checkout: Path) -> tuple[Cost, ...]:
    return (*(_first(checkout, work) for work in (_scale, _role, _database)), timed(lambda: grep_and_parse(checkout)))


def _first(checkout: Path, work: Callable[[Server], object]) -> Cost:
    with served(checkout) as server:
        server.call("list_changes")  # loads the libraries and fetches, and looks at no manifest
        return timed(lambda: work(server), pid=server.child.pid)


def _scale(server: Server) -> None:
    server.call("scale_postgres_cluster", name="app-000", namespace="team-00", instances=5, dry_run=True)


def _role(server: Server) -> None:
    asked = {"role_name": "reports", "password_source": "existing:reports", "dry_run": True}
    server.call("create_postgres_role", cluster_name="app-000", namespace="team-00", **asked)


def _database(server: Server) -> None:
    asked = {"database_name": "reports", "owner": "app", "dry_run": True}
    server.call("create_postgres_database", cluster_name="app-000", namespace="team-00", **asked)


def grep_and_parse(checkout: Path) -> None:
    """All that may matter to an engine: its own objects, kustomizations and documents of CNPG."""
    import yaml

    marks = ("postgresql.cnpg.io/", "kustomize.config.k8s.io/", "toolkit.fluxcd.io/")
    named = [part for mark in marks for part in ("-e", mark)]
    names = git(checkout, "grep", "-lF", *named, "origin/main", "--", "*.yaml").splitlines()
    git(checkout, "cat-file", "--batch", given="\n".join(names).encode())
    known = _texts()
    for name in names:
        list(yaml.load_all(known[name.partition(":")[2]], Loader=yaml.CSafeLoader))


_TEXTS: dict[str, str] = {}


def _texts() -> dict[str, str]:
    if not _TEXTS:
        _TEXTS.update(files())
    return _TEXTS


def files() -> Iterator[tuple[str, str]]:
    yield "flux/source.yaml", _SOURCE
    yield "flux/apps.yaml", _KUSTOMIZATION.format(name="apps", namespace="flux-system", path="apps", more="")
    yield "components/postgres/kustomization.yaml", f"{_COMPONENT}resources: [cluster.yaml]\n"
    yield "components/postgres/cluster.yaml", _CLUSTER
    for space in range(NAMESPACES):
        own = [number for number in range(APPS) if number % NAMESPACES == space]
        listed = "".join(f"  - app-{number:03}/ks.yaml\n" for number in own)
        yield f"apps/team-{space:02}/kustomization.yaml", f"{_HEAD}namespace: team-{space:02}\nresources:\n{listed}"
    for number in range(APPS):
        yield from _app(number)


def _app(number: int) -> Iterator[tuple[str, str]]:
    name, namespace = f"app-{number:03}", f"team-{number % NAMESPACES:02}"
    folder, has_cluster = f"apps/{namespace}/{name}", number % 10 == 0
    more = _WITH_CLUSTER.format(name=name) if has_cluster else ""
    path = f"{folder}/app"
    yield f"{folder}/ks.yaml", _KUSTOMIZATION.format(name=name, namespace=namespace, path=path, more=more)
    listed = ("release.yaml", "secret.yaml", *(("database.yaml",) if has_cluster and number else ("settings.yaml",)))
    entries = "".join(f"  - {one}\n" for one in listed)
    yield f"{path}/kustomization.yaml", f"{_HEAD}resources:\n{entries}"
    yield f"{path}/release.yaml", _RELEASE.format(name=name)
    yield f"{path}/secret.yaml", _EXTERNAL.format(name=name)
    if has_cluster and number:
        yield f"{path}/database.yaml", _DATABASE.format(name=name, namespace=namespace)
    else:
        yield f"{path}/settings.yaml", _SETTINGS.format(name=name)


_HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
_COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
_SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 1m
  url: https://git.example.com/fleet.git
  ref:
    branch: main
"""
_KUSTOMIZATION = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: {name}
  namespace: {namespace}
spec:
  interval: 1h
  path: ./{path}
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
    namespace: flux-system
  targetNamespace: {namespace}
{more}"""
_WITH_CLUSTER = """\
  components:
    - ../../../../components/postgres
  postBuild:
    substitute:
      APP: {name}
"""
_CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: ${APP}
spec:
  instances: 3
  storage:
    size: 10Gi
"""
_DATABASE = """\
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: {name}
  namespace: {namespace}
spec:
  cluster:
    name: {name}
  name: {name}
  owner: app
"""
_RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: {name}
spec:
  interval: 1h
  chart:
    spec:
      chart: app-template
      version: 4.1.2
      sourceRef:
        kind: HelmRepository
        name: charts
        namespace: flux-system
  values:
    controllers:
      {name}:
        containers:
          app:
            image:
              repository: registry.example.com/{name}
              tag: 1.2.3
            env:
              DB_HOST: {name}-rw
              LOG_LEVEL: info
            resources:
              requests:
                cpu: 10m
                memory: 128Mi
    service:
      app:
        controller: {name}
        ports:
          http:
            port: 8080
"""
_EXTERNAL = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {name}
spec:
  secretStoreRef:
    kind: ClusterSecretStore
    name: vault
  target:
    name: {name}-secret
  dataFrom:
    - extract:
        key: {name}
"""
_SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}-settings
data:
  LOG_LEVEL: info
"""
