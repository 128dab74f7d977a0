"""Which commits changed an object as it is built, by whatever file they did that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.answers.history import HistoryRow, ObjectHistory
from gitops_mcp.errors import InvalidRequest, NotFound
from gitops_mcp.workflows.reading.history import read_history
from tests.workflows.conftest import Team, cluster

Files = Mapping[str, str | None]


def ask(team: Team, name: str = "db", **asked: Any) -> ObjectHistory:
    given = {"namespace": None, "kind": "Cluster", "name": None, "field": None, "environment": None}
    return read_history(team.app(), name, **{**given, "limit": 20, "cursor": None, **asked})


def commit(team: Team, message: str, files: Files) -> str:
    team.commit(files)
    team.git("commit", "--quiet", "--amend", "--allow-empty", "--message", message)
    return team.git("rev-parse", "HEAD")


def steps(answer: ObjectHistory) -> list[tuple[str, str]]:
    """The subject of each commit with what it did."""
    return [(one.subject, _told(one)) for one in answer.items]


def _told(one: HistoryRow) -> str:
    fields = ", ".join(f"{step.field} {step.before} > {step.after}" for step in one.fields)
    return fields or one.action


def publish(team: Team) -> None:
    """To a remote by whose address engine objects know it."""
    remote = team.root.parent / "remote.git"
    team.git("clone", "--quiet", "--bare", str(team.root), str(remote))
    team.git("remote", "add", "origin", "https://git.example.com/fleet.git")
    team.git("config", f"url.{remote}.insteadOf", "https://git.example.com/fleet.git")


def kustomization(*resources: str, **more: str) -> str:
    parts = {"resources": f"[{', '.join(resources)}]", **more}
    return "".join(f"{key}: {value}\n" for key, value in parts.items())


PATCH = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db}
spec: {instances: 5}
"""
COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - patch: '[{"op": "replace", "path": "/spec/instances", "value": 7}]'
    target: {kind: Cluster}
"""
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
"""
SUBSTITUTE = FLUX + "  postBuild: {substitute: {SIZE: '%s'}}\n"
FROM = FLUX + "  postBuild: {substituteFrom: [{kind: ConfigMap, name: sizes}]}\n"
SIZES = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sizes, namespace: flux-system}\ndata: {SIZE: '%s'}\n"
VARIABLE = cluster(spec="{instances: 3, storage: {size: '${SIZE}'}}")
SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: 'https://git.example.com/fleet.git', ref: {branch: main}}
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: apps, namespace: argocd}
spec:
  source: {repoURL: 'https://git.example.com/fleet.git', path: apps%s}
  destination: {namespace: shop, server: 'https://kubernetes.default.svc'}
"""
NINE = '[{"op": "replace", "path": "/spec/instances", "value": 9}]'
INLINE = f", kustomize: {{patches: [{{target: {{kind: Cluster}}, patch: '{NINE}'}}]}}"
OVERLAY = {
    "base/kustomization.yaml": kustomization("db.yaml"),
    "base/db.yaml": cluster(namespace=None),
    "prod/kustomization.yaml": kustomization("../base", namespace="shop"),
}


@pytest.mark.parametrize(
    ("commits", "told"),
    [
        pytest.param(
            [{"db.yaml": cluster()}, {"db.yaml": cluster(spec="{instances: 5}")}],
            [("1", "spec.instances 3 > 5"), ("0", "created")],
            id="its document",
        ),
        pytest.param(
            [{"db.yaml": cluster()}, {"db.yaml": "# why\n" + cluster()}, {"db.yaml": cluster() + "# end\n"}],
            [("0", "created")],
            id="comments and blanks",
        ),
        pytest.param(
            [OVERLAY, {"base/db.yaml": cluster(namespace=None, spec="{instances: 5}")}],
            [("1", "spec.instances 3 > 5"), ("0", "created")],
            id="a base",
        ),
        pytest.param(
            [
                OVERLAY,
                {"prod/patch.yaml": PATCH},
                {"prod/kustomization.yaml": kustomization("../base", namespace="shop", patches="[{path: patch.yaml}]")},
                {"prod/patch.yaml": PATCH.replace("5", "6")},
                {"prod/patch.yaml": None, "prod/kustomization.yaml": OVERLAY["prod/kustomization.yaml"]},
            ],
            [
                ("4", "spec.instances 6 > 3"),
                ("3", "spec.instances 5 > 6"),
                ("2", "spec.instances 3 > 5"),
                ("0", "created"),
            ],
            id="a patch, before and after it is listed",
        ),
        pytest.param(
            [
                OVERLAY,
                {"parts/ha/kustomization.yaml": COMPONENT},
                {"prod/kustomization.yaml": kustomization("../base", namespace="shop", components="[../parts/ha]")},
                {"parts/ha/kustomization.yaml": COMPONENT.replace("7", "8")},
                {"prod/kustomization.yaml": OVERLAY["prod/kustomization.yaml"]},
                {"parts/ha/kustomization.yaml": COMPONENT},
            ],
            [
                ("4", "spec.instances 8 > 3"),
                ("3", "spec.instances 7 > 8"),
                ("2", "spec.instances 3 > 7"),
                ("0", "created"),
            ],
            id="a component that came and went",
        ),
        pytest.param(
            [
                OVERLAY,
                {"clusters/kustomization.yaml": kustomization("../prod", commonAnnotations="{team: shop}")},
                {"clusters/kustomization.yaml": None},
            ],
            [
                ("2", 'metadata.annotations {"team": "shop"} > None'),
                ("1", 'metadata.annotations None > {"team": "shop"}'),
                ("0", "created"),
            ],
            id="a kustomization beside that built on it for a while",
        ),
        pytest.param(
            [
                {"apps/db.yaml": VARIABLE, "flux/apps.yaml": SUBSTITUTE % "10Gi", "flux/source.yaml": SOURCE},
                {"flux/apps.yaml": SUBSTITUTE % "20Gi"},
                {"flux/apps.yaml": FROM, "flux/sizes.yaml": SIZES % "20Gi"},
                {"flux/sizes.yaml": SIZES % "30Gi"},
            ],
            [("3", "spec.storage.size 20Gi > 30Gi"), ("1", "spec.storage.size 10Gi > 20Gi"), ("0", "created")],
            id="variables of Flux",
        ),
        pytest.param(
            [
                {"apps/kustomization.yaml": kustomization("db.yaml"), "apps/db.yaml": cluster()},
                {"argo/apps.yaml": ARGO % INLINE},
                {"argo/apps.yaml": ARGO % INLINE.replace("9", "11")},
                {"argo/apps.yaml": None},
            ],
            [
                ("3", "spec.instances 11 > 3"),
                ("2", "spec.instances 9 > 11"),
                ("1", "spec.instances 3 > 9"),
                ("0", "created"),
            ],
            id="an Application that patches it, and went",
        ),
        pytest.param(
            [
                {"apps/kustomization.yaml": kustomization("db.yaml"), "apps/db.yaml": cluster()},
                {"argo/apps.yaml": ARGO % ""},
                {"argo/apps.yaml": ARGO % INLINE},
            ],
            [("2", "spec.instances 3 > 9"), ("0", "created")],
            id="an Application that begins to patch it",
        ),
        pytest.param(
            [
                {"db.yaml": cluster()},
                {"db.yaml": None, "shop/db.yaml": cluster()},
                {
                    "shop/db.yaml": None,
                    "shop/all.yaml": "kind: Namespace\napiVersion: v1\nmetadata: {name: shop}\n---\n"
                    + cluster(spec="{instances: 4}"),
                },
            ],
            [("2", "spec.instances 3 > 4"), ("1", "moved"), ("0", "created")],
            id="a file that moves",
        ),
        pytest.param(
            [
                {"db.yaml": cluster()},
                {"db.yaml": None},
                {"README.md": "here was one\n"},
                {"db.yaml": cluster(spec="{instances: 2}")},
            ],
            [("3", "created"), ("1", "deleted"), ("0", "created")],
            id="an object that is deleted and made again",
        ),
        pytest.param(
            [
                OVERLAY,
                {"prod/kustomization.yaml": kustomization("../base", namespace="shop", images="[")},
                {"prod/kustomization.yaml": kustomization("../base", namespace="shop", commonLabels="{a: b}")},
            ],
            [("2", 'metadata.labels None > {"a": "b"}'), ("0", "created")],
            id="files that could not be built for a while",
        ),
    ],
)
def test_a_commit_counts_by_what_it_makes_of_the_object(
    team: Team, commits: list[Files], told: list[tuple[str, str]]
) -> None:
    for number, files in enumerate(commits):
        commit(team, str(number), files)
    publish(team)
    assert steps(ask(team)) == told
