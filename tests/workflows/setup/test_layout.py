"""What is said of the manifests of an environment: how they are laid out, what is applied, what can be edited."""

from __future__ import annotations

from gitops_mcp.workflows.setup.report import check_setup
from tests.workflows.conftest import Team, cluster

APPLIED = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
  postBuild: {substituteFrom: [{kind: Secret, name: elsewhere}]}
"""


def told(team: Team, check: str) -> list[tuple[str, str, str | None]]:
    return [(one.state, one.found, one.mend) for one in check_setup(team.app()).items if one.check == check]


def test_the_share_that_can_be_edited_is_told_with_the_reasons_for_the_rest(team: Team) -> None:
    spec = "\n  instances: ${COUNT}\n  storage: {size: 2Gi}"
    files = {f"apps/{name}.yaml": cluster(name, spec=spec) for name in ("first", "second")}
    team.commit({"flux/apps.yaml": APPLIED, "apps/plain.yaml": cluster("plain"), **files})
    assert told(team, "layouts") == [("ok", "3 Clusters: 3 by a kustomization (flux Kustomization)", None)]
    (reason, share) = told(team, "edits")
    assert share == ("ok", "of 3 Clusters can be edited: instances in 1, storage in 3, a parameter in 3", None)
    assert reason[0] == "warn"
    assert reason[1].startswith("Cluster shop/first and 1 more: instances cannot be edited: spec.instances of ")
    assert reason[2] == "mend what it names, or edit apps/first.yaml:1 by hand"


def test_a_cluster_beside_a_kustomization_that_does_not_list_it_is_applied_by_nothing(team: Team) -> None:
    kustomization = "resources: [listed.yaml]\n"
    files = {"kustomization.yaml": kustomization, "listed.yaml": cluster("listed"), "left/db.yaml": cluster("left")}
    team.commit(files)
    assert told(team, "applied") == [
        (
            "warn",
            "Cluster shop/left at left/db.yaml:1 is applied by nothing: kustomization.yaml does not list it",
            (
                "add `- left/db.yaml` to resources of kustomization.yaml and have an engine apply that, or remove "
                "left/db.yaml"
            ),
        )
    ]


def test_a_path_that_the_base_does_not_have_is_told(team: Team) -> None:
    team.commit(
        {".gitops-mcp.yaml": "environments: {prod: {path: cluster/prod}}\n", "clusters/prod/db.yaml": cluster()}
    )
    assert told(team, "path") == [
        (
            "fail",
            "there is no folder cluster/prod at the base",
            "set environments.prod.path to a folder of the base, or make it",
        )
    ]


def test_many_files_that_cannot_be_read_are_counted(team: Team) -> None:
    team.commit({f"{number}.yaml": "apiVersion: postgresql.cnpg.io/v1\nkind: [\n" for number in range(8)})
    found = told(team, "manifests")
    assert len(found) == 6
    assert found[-1][1] == "and 3 more: file that is passed over"
