from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.manifest import cluster_manifest
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster, plan_new_cluster, plan_scaling
from gitops_mcp.domain.plans.clusters.cluster_deletion import plan_cluster_deletion
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import InvalidRequest, Refused

REF = ClusterRef("shop", "db")
CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shop
spec:
  instances: 3 # one a zone
  storage:
    size: 10Gi
"""
DATABASE = """\
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: db-app
  namespace: shop
spec:
  cluster:
    name: db
"""
KEPT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}\n"


def read(files: dict[str, str], kustomizations: dict[str, str] | None = None) -> Desired:
    return build_desired({**files, **(kustomizations or {})}, commit="0" * 40, folder="")


def scaled(text: str, instances: int) -> Plan:
    found = read({"db.yaml": text})
    declared = found.cluster("db", None, environment="prod")
    return plan_scaling(declared, found, namespace=None, instances=instances)


def deleted(found: Desired, live: LiveCluster | None = None) -> Plan:
    return plan_cluster_deletion(found.cluster("db", "shop", environment="prod"), found, ref=REF, live=live)


def after(plan: Plan) -> dict[str, str | None]:
    return {change.path: change.after for change in plan.files}


def test_scaling_changes_one_number() -> None:
    plan = scaled(CLUSTER, 5)
    assert after(plan) == {"db.yaml": CLUSTER.replace("instances: 3", "instances: 5")}
    assert (plan.impact.level, plan.destroys) == (Level.NONE, None)
    assert plan.subject == "Scale Cluster shop/db to 5 instances"


def test_scaling_down_is_data_loss_that_needs_no_word_while_a_replica_stays() -> None:
    plan = scaled(CLUSTER, 2)
    assert plan.impact.level is Level.DATA_LOSS
    assert plan.destroys is None


@pytest.mark.parametrize(
    ("text", "instances"),
    [
        pytest.param(CLUSTER, 1, id="to one"),
        pytest.param(CLUSTER + "  maxSyncReplicas: 2\n", 2, id="below what synchronous replication needs"),
    ],
)
def test_scaling_that_costs_safety_needs_a_word(text: str, instances: int) -> None:
    assert scaled(text, instances).destroys is not None


def running(instances: int) -> Object:
    return {"spec": {"instances": instances}, "status": {"instanceNames": [f"db-{n + 1}" for n in range(instances)]}}


@pytest.mark.parametrize(
    ("live", "instances", "level", "said"),
    [
        pytest.param(5, 4, Level.DATA_LOSS, "removes 1 replica", id="more run than Git says"),
        pytest.param(2, 4, Level.NONE, "adds 2 replicas", id="fewer run than Git says"),
        pytest.param(4, 4, Level.NONE, "has 4 instances already", id="it runs so already"),
    ],
)
def test_the_impact_is_told_from_what_runs(live: int, instances: int, level: Level, said: str) -> None:
    found = read({"db.yaml": CLUSTER})
    declared = found.cluster("db", None, environment="prod")
    plan = plan_scaling(declared, found, namespace=None, instances=instances, live=running(live))
    assert (plan.impact.level, plan.body) == (level, (f"spec.instances: 3 -> {instances}",))
    assert said in plan.impact.reasons[0]
    assert [one.id for one in plan.warnings] == ["live-differs"]


def test_the_number_it_has_is_no_change() -> None:
    plan = scaled(CLUSTER, 3)
    assert plan.unchanged == "db.yaml:1 says 3 instances already"
    assert plan.files == ()


def test_a_cluster_without_the_field_gets_it() -> None:
    plan = scaled(CLUSTER.replace("  instances: 3 # one a zone\n", ""), 2)
    assert after(plan) == {"db.yaml": CLUSTER.replace("  instances: 3 # one a zone\n", "") + "  instances: 2\n"}


def test_a_variable_is_not_overwritten() -> None:
    with pytest.raises(Refused, match=r"\$\{INSTANCES\}"):
        scaled(CLUSTER.replace("3 # one a zone", "${INSTANCES}"), 5)


@pytest.mark.parametrize("instances", [3, 5])
def test_a_number_in_quotes_is_written_without_them(instances: int) -> None:
    plan = scaled(CLUSTER.replace("3 #", '"3" #'), instances)
    assert after(plan) == {"db.yaml": CLUSTER.replace("3 #", f"{instances} #")}
    assert plan.body == (f"spec.instances: '3' -> {instances}",)


def test_what_is_no_number_is_called_no_variable() -> None:
    with pytest.raises(Refused, match=r"is 'three', not a number: write a number there first$"):
        scaled(CLUSTER.replace("3 #", "three #"), 5)


@pytest.mark.parametrize(
    ("protection", "left"),
    [
        pytest.param("    kustomize.toolkit.fluxcd.io/prune: disabled\n", "", id="Flux"),
        pytest.param("    argocd.argoproj.io/sync-options: Prune=false\n", "", id="Argo CD"),
        pytest.param(
            "    argocd.argoproj.io/sync-options: Prune=false,Delete=false\n    team: shop\n",
            "    argocd.argoproj.io/sync-options: Delete=false\n    team: shop\n",
            id="one of several options",
        ),
        pytest.param(
            "    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm\n    kustomize.toolkit.fluxcd.io/prune: disabled\n",
            "    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm\n",
            id="both engines",
        ),
    ],
)
def test_the_first_step_removes_the_protection_and_nothing_else(protection: str, left: str) -> None:
    head, tail = CLUSTER.split("spec:\n")
    plan = deleted(read({"db.yaml": f"{head}  annotations:\n{protection}spec:\n{tail}"}))
    annotations = f"  annotations:\n{left}" if left else ""
    assert after(plan) == {"db.yaml": f"{head}{annotations}spec:\n{tail}"}
    assert plan.impact.level is Level.NONE
    assert "Step 1 of 2" in plan.next[0]
    assert plan.destroys is not None


def live(annotations: dict[str, str]) -> Object:
    return {"metadata": {"name": "db", "namespace": "shop", "annotations": annotations}}


def test_a_protection_that_is_still_live_is_waited_for() -> None:
    plan = deleted(read({"db.yaml": CLUSTER}), LiveCluster(live({"kustomize.toolkit.fluxcd.io/prune": "disabled"})))
    assert plan.unchanged is not None
    assert plan.files == ()


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(LiveCluster(None), id="not live"),
        pytest.param(LiveCluster(live({})), id="live without protection"),
        pytest.param(None, id="unreadable: Git counts"),
    ],
)
def test_the_last_step_removes_the_manifest_and_its_dependents(seen: LiveCluster | None) -> None:
    found = read(
        {"a/db.yaml": CLUSTER, "a/app.yaml": "# more\n---\n" + DATABASE + "---\n" + KEPT},
        {"a/kustomization.yaml": "resources:\n  - app.yaml\n  - db.yaml\n"},
    )
    plan = deleted(found, seen)
    assert after(plan) == {
        "a/db.yaml": None,
        "a/app.yaml": "# more\n---\n" + KEPT,
        "a/kustomization.yaml": "resources:\n  - app.yaml\n",
    }
    assert plan.impact.level is Level.DATA_LOSS
    assert "- Database shop/db-app, a/app.yaml:3" in plan.body


def test_confirmation_that_argo_cd_will_ask_for_is_said() -> None:
    text = CLUSTER.replace("spec:\n", "", 1).replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations:\n    argocd.argoproj.io/sync-options: Prune=confirm\nspec:\n",
    )
    assert any("only after a person has confirmed it" in step for step in deleted(read({"db.yaml": text})).next)


def test_a_dependent_whose_namespace_nothing_says_is_named_and_stays() -> None:
    plan = deleted(read({"db.yaml": CLUSTER, "app.yaml": DATABASE.replace("  namespace: shop\n", "")}))
    assert after(plan) == {"db.yaml": None}
    assert [one.id for one in plan.warnings] == ["maybe-dependent"]


def test_an_item_of_a_list_goes_alone() -> None:
    items = "".join(
        f"- apiVersion: postgresql.cnpg.io/v1\n  kind: Cluster\n  metadata: {{name: {name}, namespace: shop}}\n"
        for name in ("db", "other")
    )
    plan = deleted(read({"all.yaml": f"kind: List\nitems:\n{items}"}))
    assert after(plan) == {
        "all.yaml": "kind: List\nitems:\n- apiVersion: postgresql.cnpg.io/v1\n  kind: Cluster\n  metadata: {name: other, namespace: shop}\n"
    }


def made(**changes: object) -> Object:
    wanted: dict[str, object] = {
        "instances": 3,
        "image": "r/pg:18.4",
        "database": "app",
        "owner": None,
        "storage_size": "10Gi",
    }
    return cluster_manifest("db", "shop", **{**wanted, **changes})  # type: ignore[arg-type]  # a table of arguments


def test_a_new_cluster_is_exactly_what_was_asked_for() -> None:
    plan = plan_new_cluster(read({}), REF, made(), tried=[FilePlace("shop/db.yaml")], proposed=False)
    assert after(plan) == {
        "shop/db.yaml": """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shop
spec:
  instances: 3
  imageName: r/pg:18.4
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 10Gi
"""
    }


def test_a_cluster_that_exists_is_not_made_again() -> None:
    with pytest.raises(InvalidRequest, match=r"exists already, declared at db.yaml:1"):
        plan_new_cluster(read({"db.yaml": CLUSTER}), REF, made(), tried=[FilePlace("x.yaml")], proposed=False)


def test_the_same_request_again_changes_nothing_in_its_own_change() -> None:
    first = plan_new_cluster(read({}), REF, made(), tried=[FilePlace("db.yaml")], proposed=False)
    tip = read({"db.yaml": first.files[0].after or ""})
    again = plan_new_cluster(tip, REF, made(), tried=[FilePlace("db.yaml")], proposed=True)
    assert again.unchanged is not None
    with pytest.raises(InvalidRequest, match="exists already"):
        plan_new_cluster(tip, REF, made(instances=2), tried=[FilePlace("db.yaml")], proposed=True)


def test_one_more_document_in_a_file_that_holds_several() -> None:
    found = read(
        {"all.yaml": CLUSTER.replace("name: db", "name: one") + "---\n" + CLUSTER.replace("name: db", "name: two")}
    )
    plan = plan_new_cluster(found, REF, made(), tried=[FilePlace("all.yaml", appended=True)], proposed=False)
    text = after(plan)["all.yaml"] or ""
    assert text.startswith(found.texts["all.yaml"] + "---\napiVersion:")


def test_labels_that_are_no_mapping_hold_no_protection_to_remove() -> None:
    protected = CLUSTER.replace(
        "  namespace: shop\n",
        "  namespace: shop\n  labels: [odd]\n  annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled\n",
    )
    plan = deleted(read({"db.yaml": protected}))
    assert after(plan) == {"db.yaml": CLUSTER.replace("  namespace: shop\n", "  namespace: shop\n  labels: [odd]\n")}


def test_a_new_file_ends_its_lines_as_its_siblings_do() -> None:
    found = read({"db.yaml": CLUSTER.replace("name: db", "name: one").replace("\n", "\r\n")})
    plan = plan_new_cluster(found, REF, made(), tried=[FilePlace("new.yaml")], proposed=False)
    text = after(plan)["new.yaml"] or ""
    assert text.count("\r\n") == text.count("\n") > 5


def test_where_the_build_fails_nothing_is_removed_since_dependents_cannot_be_told() -> None:
    found = read(
        {"db.yaml": CLUSTER, "app.yaml": "kind: ConfigMap\n---\n" + DATABASE},
        {"kustomization.yaml": "resources: [app.yaml, db.yaml]\n"},
    )
    with pytest.raises(Refused, match=r"app\.yaml:1: an object without kind or metadata\.name"):
        deleted(found)
