"""Changes of each kind, as files of a repository before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import NOTHING
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.review_text.proposal import Proposal, ProposedCommit, ProposedPart

Files = Mapping[str, str]

SHOP = "clusters/prod/shop"
CLUSTER = f"{SHOP}/orders-db/cluster.yaml"
KUSTOMIZATION = f"{SHOP}/kustomization.yaml"
ENGINE = {
    "engines/shop.yaml": """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  source: {repoURL: https://git.example.com/fleet.git, path: clusters/prod/shop, targetRevision: main}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {prune: true}}
"""
}
SPEC = {
    "instances": "3",
    "imageName": "ghcr.io/cloudnative-pg/postgresql:17.5-standard-bookworm",
    "storage": "{size: 20Gi}",
    "bootstrap": "{initdb: {database: app, owner: app}}",
}


def cluster(*, annotations: str = "", **spec: str) -> str:
    fields = "".join(f"  {name}: {value}\n" for name, value in {**SPEC, **spec}.items() if value)
    head = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: orders-db\n  namespace: shop\n"
    return f"{head}{annotations and f'  annotations: {annotations}'}{annotations and chr(10)}spec:\n{fields}"


def cnpg(kind: str, name: str, spec: str) -> str:
    about = f"metadata: {{name: {name}, namespace: shop}}"
    return f"apiVersion: postgresql.cnpg.io/v1\nkind: {kind}\n{about}\nspec: {{cluster: {{name: orders-db}}, {spec}}}\n"


def kustomization(*entries: str) -> str:
    return "resources:\n" + "".join(f"  - {one}\n" for one in entries)


BASE = {**ENGINE, CLUSTER: cluster(), KUSTOMIZATION: kustomization("orders-db/cluster.yaml")}


@dataclass(frozen=True)
class Case:
    before: Files
    after: Files
    subject: str = "Change Cluster shop/orders-db"
    words: tuple[str, ...] = ()
    commits: tuple[ProposedCommit, ...] = ()
    notices: tuple[Notice, ...] = ()
    environments: Mapping[str, str] = field(default_factory=lambda: {"prod": "clusters/prod"})
    faults: str | None = None


def proposal_of(case: Case) -> Proposal:
    parts = []
    for name, folder in case.environments.items():
        remotes = ("https://git.example.com/fleet.git",)
        before, after = (
            build_desired(files, commit=commit, folder=folder, remotes=remotes)
            for files, commit in ((case.before, "a" * 40), (case.after, "b" * 40))
        )
        objects, impact = changed_objects(before, after), NOTHING
        for one in objects:
            impact = impact.joined(assess_impact(one.before, one.after, engine="argocd"))
        by, operator = ("built-in rules", "API schema"), "1.30.0 (image of its pod)"
        faults = (Notice("storage-shrink", case.faults),) if case.faults else ()
        part = ProposedPart(name, before, after, objects, impact, by, operator, faults, case.notices)
        parts += [part] if objects else []
    files = tuple(
        FileChange(path, case.before.get(path), case.after.get(path))
        for path in sorted({*case.before, *case.after})
        if case.before.get(path) != case.after.get(path)
    )
    commits = case.commits or (ProposedCommit(case.subject, case.words),)
    return Proposal("orders", "gitops-mcp/orders", "main", commits, tuple(parts), files)


POOLER = cnpg("Pooler", "orders-rw", "instances: 2, type: rw, pgbouncer: {poolMode: transaction}")
DATABASE = cnpg("Database", "orders-db-old", "name: old, owner: app, databaseReclaimPolicy: delete")
NIGHTLY = cnpg("ScheduledBackup", "nightly", "schedule: '0 30 2 * * *', method: plugin")
SEALED = """apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: orders-db-clerk, namespace: shop}
spec: {encryptedData: {password: AgBy3i4OJSWK}}
"""
ROLES = "{roles: [{name: clerk, login: true, connectionLimit: 5, passwordSecret: {name: orders-db-clerk}}, {name: auditor, login: true}]}"
DEV = {path.replace("prod", "dev"): text for path, text in BASE.items() if path not in ENGINE}


def with_files(**changed: str | None) -> Files:
    """The base with files of the folder that are other, by the first word of their names."""
    places = {
        "cluster": CLUSTER,
        "kustomization": KUSTOMIZATION,
        "more": f"{SHOP}/orders-db/more.yaml",
        "sealed": f"{SHOP}/orders-db/secret-clerk.yaml",
    }
    found: dict[str, str] = dict(BASE)
    for name, text in changed.items():
        if text is None:
            found.pop(places[name])
        else:
            found[places[name]] = text
    return found


BOTH = kustomization("orders-db/cluster.yaml", "orders-db/more.yaml")
CASES: dict[str, Case] = {
    "scale-up": Case(
        BASE,
        with_files(cluster=cluster(instances="5")),
        "Scale Cluster shop/orders-db to 5 instances",
        ("More read traffic in December.",),
    ),
    "scale-down": Case(BASE, with_files(cluster=cluster(instances="2")), "Scale Cluster shop/orders-db to 2 instances"),
    "parameters": Case(
        BASE,
        with_files(cluster=cluster(postgresql="{parameters: {max_connections: '300', work_mem: 8MB}}")),
        "Set max_connections and work_mem of Cluster shop/orders-db",
    ),
    "storage": Case(
        BASE, with_files(cluster=cluster(storage="{size: 40Gi}")), "Grow the storage of Cluster shop/orders-db to 40Gi"
    ),
    "major-upgrade": Case(
        BASE,
        with_files(cluster=cluster(imageName="ghcr.io/cloudnative-pg/postgresql:18.0-standard-bookworm")),
        "Upgrade Cluster shop/orders-db to PostgreSQL 18",
        notices=(Notice("live-unavailable", "the API could not be reached, so nothing is said of what runs"),),
    ),
    "new-cluster": Case(
        ENGINE,
        with_files(cluster=cluster(annotations="{argocd.argoproj.io/sync-options: 'Prune=confirm,Delete=confirm'}")),
        "Create Cluster shop/orders-db",
        ("A database for orders.",),
        notices=(Notice("moving-tag", "17 is a tag that moves: pin it"),),
    ),
    "unprotected": Case(
        with_files(cluster=cluster(annotations="{argocd.argoproj.io/sync-options: Prune=false}")),
        BASE,
        "Remove the protection of Cluster shop/orders-db against pruning",
        ("Step 1 of 2 of deleting Cluster shop/orders-db: `Prune=false` goes, and nothing else.",),
    ),
    "cluster-deleted": Case(
        with_files(more=DATABASE, kustomization=BOTH), ENGINE, "Delete Cluster shop/orders-db", ("Nobody uses it.",)
    ),
    "roles": Case(
        with_files(cluster=cluster(managed="{roles: [{name: clerk, login: true, connectionLimit: 3}]}")),
        with_files(
            cluster=cluster(managed=ROLES),
            sealed=SEALED,
            kustomization=kustomization("orders-db/cluster.yaml", "orders-db/secret-clerk.yaml"),
        ),
        "Update role clerk of Cluster shop/orders-db",
    ),
    "database-dropped": Case(
        with_files(more=DATABASE, kustomization=BOTH), BASE, "Remove database old of Cluster shop/orders-db"
    ),
    "role-dropped": Case(
        with_files(cluster=cluster(managed="{roles: [{name: clerk, login: true}, {name: auditor, login: true}]}")),
        with_files(cluster=cluster(managed="{roles: [{name: clerk, ensure: absent}, {name: auditor, login: true}]}")),
        "Drop role clerk of Cluster shop/orders-db",
        ("Step 1 of 2: the operator drops it, and then its entry goes.",),
    ),
    "database-asked-to-go": Case(
        with_files(more=DATABASE, kustomization=BOTH),
        with_files(more=DATABASE.replace("name: old,", "name: old, ensure: absent,"), kustomization=BOTH),
        "Drop database old of Cluster shop/orders-db",
    ),
    "pooler-removed": Case(with_files(more=POOLER, kustomization=BOTH), BASE, "Remove Pooler shop/orders-rw"),
    "no-object": Case(BASE, {**BASE, "README.md": "# Ours\n"}, commits=(ProposedCommit("Say more", author="Ada"),)),
    "pooler": Case(BASE, with_files(more=POOLER, kustomization=BOTH), "Create Pooler shop/orders-rw"),
    "backups": Case(
        BASE,
        with_files(
            cluster=cluster(
                plugins="[{name: barman-cloud.cloudnative-pg.io, isWALArchiver: true, parameters: {barmanObjectName: orders}}]"
            ),
            more=NIGHTLY,
            kustomization=BOTH,
        ),
        "Back up Cluster shop/orders-db every night",
    ),
    "replica": Case(
        with_files(cluster=cluster(replica="{enabled: true, source: shop-eu}")),
        with_files(cluster=cluster(replica="{enabled: false, source: shop-eu}")),
        "Promote Cluster shop/orders-db",
    ),
    "several-commits": Case(
        {**BASE, **DEV},
        {
            **with_files(cluster=cluster(instances="5", storage="{size: 40Gi}")),
            **{path.replace("prod", "dev"): text for path, text in with_files(cluster=cluster(instances="4")).items()},
        },
        commits=(
            ProposedCommit("Scale Cluster shop/orders-db to 4 instances", ("More load.",)),
            ProposedCommit("bigger disk", author="Ada <ada@example.com>"),
            ProposedCommit("Scale Cluster shop/orders-db to 5 instances", ("Still more load.",)),
        ),
        environments={"prod": "clusters/prod", "dev": "clusters/dev"},
    ),
    "not-accepted": Case(
        with_files(cluster=cluster(storage="{size: 40Gi}")),
        BASE,
        "Shrink the storage of Cluster shop/orders-db",
        faults="Cluster shop/orders-db spec.storage.size: 20Gi is smaller than 40Gi, and volumes do not shrink",
    ),
}
