"""What an engine does not delete, what it asks before, and who has to act."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster
from gitops_mcp.domain.plans.clusters.cluster_deletion import plan_cluster_deletion
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.pruning import confirmation_notices
from gitops_mcp.domain.plans.removal_step import Kept, why_not_pruned
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Declaration, Desired

ARGO = "argocd.argoproj.io/sync-options"
FLUX = "kustomize.toolkit.fluxcd.io/prune"
KUSTOMIZATION = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: stores, namespace: flux-system}\n"
    "spec:\n  path: ./stores\n  prune: true\n  sourceRef: {kind: GitRepository, name: flux-system}\n"
)


def application(options: str = "") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: stores, namespace: argocd}\nspec:\n"
        "  destination: {server: https://kubernetes.default.svc, namespace: trade}\n"
        "  source: {repoURL: https://git.example.com/fleet.git, targetRevision: main, path: stores}\n"
        f"  syncPolicy: {{automated: {{prune: true}}, syncOptions: [{options}]}}\n"
    )


def read(engine: str, annotations: str = "") -> tuple[Desired, Declaration]:
    text = (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: bills, namespace: trade{annotations}}}\n"
        f"spec: {{instances: 3, storage: {{size: 1Gi}}}}\n"
    )
    files = {"prod/stores.yaml": engine, "stores/bills.yaml": text} if engine else {"prod/bills.yaml": text}
    found = build_desired(files, commit="0" * 40, folder="prod", remotes=("https://git.example.com/fleet.git",))
    return found, found.cluster("bills", "trade", environment="prod")


def live(annotations: dict[str, str], manager: str | None = None) -> Object:
    fields: Object = {"f:metadata": {"f:annotations": {f"f:{key}": {} for key in annotations}}}
    managed = [{"manager": manager, "operation": "Update", "fieldsV1": fields}] if manager else []
    return {"metadata": {"annotations": annotations, "managedFields": managed}, "spec": {"instances": 3}}


def deleted(
    engine: str, annotations: str = "", *, running: Object | None = None, configured: Engine | None = None
) -> Plan:
    desired, declared = read(engine, annotations)
    return plan_cluster_deletion(
        declared,
        desired,
        ref=ClusterRef("trade", "bills"),
        live=LiveCluster(running),
        merged=declared.object,
        configured=configured or "auto",
    )


@pytest.mark.parametrize(
    ("annotations", "manager", "who", "command"),
    [
        pytest.param(
            {FLUX: "disabled"},
            "k9s",
            " (set by k9s)",
            f"annotate clusters.postgresql.cnpg.io bills {FLUX}-",
            id="alone",
        ),
        pytest.param(
            {FLUX: "Disabled"}, None, "", f"annotate clusters.postgresql.cnpg.io bills {FLUX}-", id="by nobody known"
        ),
    ],
)
def test_what_a_person_has_put_on_the_live_object_a_person_has_to_take_away(
    annotations: dict[str, str], manager: str | None, who: str, command: str
) -> None:
    plan = deleted(KUSTOMIZATION, running=live(annotations, manager))
    [value] = annotations.values()
    assert plan.unchanged == (
        f"nothing was changed: only the live Cluster carries `{FLUX}: {value}`, which Git does not declare{who}, so no "
        f"engine takes it away, and the removal of the manifest would delete nothing"
    )
    assert plan.next == (
        f"A person takes it away with `kubectl -n trade {command}`",
        "Once it is gone, call this again",
    )


def test_of_a_list_of_options_what_is_left_is_set() -> None:
    plan = deleted(application(), running=live({ARGO: "Prune=false,Delete=confirm"}, "kubectl-edit"))
    assert plan.next[0] == (
        "A person takes it away with `kubectl -n trade annotate clusters.postgresql.cnpg.io bills --overwrite "
        f"{ARGO}=Delete=confirm`"
    )


def test_once_it_is_gone_the_cluster_goes() -> None:
    plan = deleted(KUSTOMIZATION, running=live({}))
    assert [(one.path, one.after) for one in plan.files] == [("stores/bills.yaml", None)]


def test_what_the_engine_has_set_and_not_taken_away_yet_is_waited_for() -> None:
    plan = deleted(KUSTOMIZATION, running=live({FLUX: "disabled"}, "kustomize-controller"))
    assert str(plan.unchanged).startswith("step 1 of 2 is in Git but not applied yet: the live Cluster still carries")


@pytest.mark.parametrize(
    ("engine", "configured", "annotation"),
    [
        pytest.param(application(), None, f"{FLUX}: disabled", id="of Flux where Argo CD applies it"),
        pytest.param(KUSTOMIZATION, None, f"{ARGO}: Prune=false", id="of Argo CD where Flux applies it"),
        pytest.param("", "argocd", f"{FLUX}: disabled", id="where the configuration says Argo CD"),
    ],
)
def test_the_protection_of_the_other_engine_is_no_step(engine: str, configured: Engine | None, annotation: str) -> None:
    key, _, value = annotation.partition(": ")
    plan = deleted(
        engine, f", annotations: {{{key}: '{value}'}}", running=live({key: value}, "k9s"), configured=configured
    )
    assert plan.subject == "Delete Cluster trade/bills"
    assert [one.after for one in plan.files] == [None]


def test_the_step_takes_away_only_what_its_engine_reads() -> None:
    plan = deleted(KUSTOMIZATION, f", annotations: {{'{FLUX}': disabled, '{ARGO}': Prune=false}}")
    assert [one.after for one in plan.files] == [
        read(KUSTOMIZATION, f", annotations: {{'{ARGO}': Prune=false}}")[0].texts["stores/bills.yaml"]
    ]


ASKS = f", annotations: {{{ARGO}: Prune=confirm}}"


@pytest.mark.parametrize(
    ("options", "annotations", "why"),
    [
        pytest.param("", ASKS, f"`{ARGO}: Prune=confirm`", id="the object"),
        pytest.param(
            "Prune=confirm",
            "",
            "`syncOptions: Prune=confirm` of Argo CD Application argocd/stores (prod/stores.yaml:1)",
            id="the Application",
        ),
    ],
)
def test_what_asks_before_it_prunes_holds_up_the_whole_application(options: str, annotations: str, why: str) -> None:
    plan = deleted(application(options), annotations, running=live({}))
    assert f"Argo CD prunes Cluster trade/bills only after a person has confirmed it there ({why})" in plan.next
    [notice] = confirmation_notices(read(application(options), annotations)[1], None)
    assert notice.message == (
        "Argo CD Application argocd/stores (prod/stores.yaml:1) waits as a whole until a person has confirmed that "
        "pruning: no other change of it is applied before. To confirm: `kubectl annotate application stores -n argocd "
        "argocd.argoproj.io/deletion-approved=$(date -u +%Y-%m-%dT%H:%M:%SZ)`, `argocd app confirm-deletion stores`, or "
        "the button Confirm Pruning"
    )


def test_an_application_that_git_does_not_declare_is_named_by_its_mark() -> None:
    _, declared = read("", ASKS)
    running = live({"argocd.argoproj.io/tracking-id": "shop:postgresql.cnpg.io/Cluster:trade/bills"})
    [named] = confirmation_notices(declared, running)
    assert named.message.startswith("Argo CD Application shop waits as a whole")
    assert named.message.endswith("To confirm: `argocd app confirm-deletion shop`, or the button Confirm Pruning")
    [unnamed] = confirmation_notices(declared, None)
    assert unnamed.message.startswith("the Argo CD Application that applies it waits as a whole")


def test_where_flux_applies_it_nobody_is_asked() -> None:
    assert list(confirmation_notices(read(KUSTOMIZATION, ASKS)[1], None)) == []


def test_an_application_may_not_prune_at_all() -> None:
    _, declared = read(application("Prune=false"))
    assert why_not_pruned(declared, None) == Kept(
        "Argo CD Application argocd/stores (prod/stores.yaml:1) does not prune by itself"
    )


def test_what_only_the_live_object_asks_before_it_is_pruned_is_asked_all_the_same() -> None:
    _, declared = read(application())
    assert len(list(confirmation_notices(declared, live({ARGO: "Prune=confirm"})))) == 1
    _, declared = read("")
    assert list(confirmation_notices(declared, live({ARGO: "Prune=confirm"}), "flux")) == []
