"""What an engine leaves alone is told with the place that says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.applier_notes import applier_notices
from gitops_mcp.domain.plans.left_alone import left_alone_notices
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.desired import Desired

KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
BY_FLUX = "Flux Kustomization flux-system/stores (prod/stores.yaml:1)"
BY_ARGO = "Argo CD Application argocd/stores (prod/stores.yaml:1)"


def cluster(instances: int = 3, metadata: str = "") -> str:
    return (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: bills\n  namespace: trade\n"
        f"{metadata}spec: {{instances: {instances}, storage: {{size: 1Gi}}}}\n"
    )


def annotated(key: str, value: str, part: str = "annotations") -> str:
    return f"  {part}:\n    {key}: {value!r}\n"


def flux(more: str = "") -> str:
    return (
        f"apiVersion: {KUSTOMIZE}/v1\nkind: Kustomization\nmetadata: {{name: stores, namespace: flux-system}}\n"
        f"spec:\n  path: ./stores\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"
    )


def argo(more: str = "") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: stores, namespace: argocd}\nspec:\n"
        "  destination: {server: https://kubernetes.default.svc, namespace: trade}\n"
        f"  source: {{repoURL: https://git.example.com/fleet.git, targetRevision: main, path: stores}}\n{more}"
    )


def read(engine: str, text: str, more: dict[str, str] | None = None) -> Desired:
    files = {"prod/stores.yaml": engine, "stores/bills.yaml": text, **(more or {})}
    remotes = ("https://git.example.com/fleet.git",)
    return build_desired(files, commit="0" * 40, folder="prod", remotes=remotes)


def told(
    engine: str, metadata: str = "", *, live: Object | None = None, more: dict[str, str] | None = None
) -> list[Notice]:
    """What is said of scaling from 3 to 5."""
    before, after = (read(engine, cluster(count, metadata), more) for count in (3, 5))
    [change] = changed_objects(before, after)
    return list(left_alone_notices(change, after, live))


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        ("ssa", "IfNotPresent", "annotations"),
        ("ssa", "Ignore", "annotations"),
        ("ssa", "ignore", "labels"),
        ("reconcile", "Disabled", "labels"),
    ],
)
def test_an_object_that_flux_never_updates_is_told_with_the_line(key: str, value: str, part: str) -> None:
    assert told(flux(), annotated(f"{KUSTOMIZE}/{key}", value, part)) == [
        Notice(
            "left-alone",
            f"Cluster trade/bills stays as it is: Flux leaves it alone for `{KUSTOMIZE}/{key}: {value}` at "
            f"stores/bills.yaml:7. Take that away first, and merge that",
        )
    ]


@pytest.mark.parametrize("value", ["Override", "Merge"])
def test_what_flux_does_update_is_not_talked_of(value: str) -> None:
    assert told(flux(), annotated(f"{KUSTOMIZE}/ssa", value)) == []


def test_what_only_the_live_object_says_is_told_with_the_command() -> None:
    live = {"metadata": {"annotations": {f"{KUSTOMIZE}/reconcile": "disabled"}}}
    assert told(flux(), live=live) == [
        Notice(
            "left-alone",
            f"Cluster trade/bills stays as it is: Flux leaves it alone for `{KUSTOMIZE}/reconcile: disabled`, which the "
            f"live object alone has: a person takes it away with `kubectl -n trade annotate "
            f"clusters.postgresql.cnpg.io bills {KUSTOMIZE}/reconcile-`",
        )
    ]


def test_a_new_object_is_made_once_and_then_left() -> None:
    after = read(flux(), cluster(3, annotated(f"{KUSTOMIZE}/ssa", "IfNotPresent")))
    [change] = changed_objects(replace(after, declarations=()), after)
    assert list(left_alone_notices(change, after, None)) == []


def test_the_annotation_of_the_other_engine_means_nothing() -> None:
    assert told(argo(), annotated(f"{KUSTOMIZE}/ssa", "Ignore")) == []
    assert told(flux(), annotated("argocd.argoproj.io/hook", "PreSync")) == []


def test_a_hook_is_told() -> None:
    [notice] = told(argo(), annotated("argocd.argoproj.io/hook", "Skip"))
    assert "`argocd.argoproj.io/hook: Skip` at stores/bills.yaml:7 makes it a hook" in notice.message


@pytest.mark.parametrize(
    ("engine", "key", "value", "option"),
    [
        (argo(), "argocd.argoproj.io/sync-options", "Replace=true,Force=true", "Force=true"),
        (flux(), f"{KUSTOMIZE}/force", "enabled", "enabled"),
    ],
)
def test_an_object_that_would_be_made_anew_is_told(engine: str, key: str, value: str, option: str) -> None:
    assert told(engine, annotated(key, value)) == [
        Notice(
            "forces",
            f"Cluster trade/bills has `{key}: {option}` at stores/bills.yaml:7: what cannot be updated in place is deleted and recreated",
        )
    ]


IGNORING = "  ignoreDifferences:\n    - {group: postgresql.cnpg.io, kind: Cluster, jsonPointers: [/spec/instances]}\n"
RESPECT = "  syncPolicy: {automated: {}, syncOptions: [RespectIgnoreDifferences=true]}\n"


@pytest.mark.parametrize(
    ("engine", "by", "line", "unless"),
    [
        pytest.param(
            flux("  ignore:\n    - paths: [/spec/instances]\n      target: {kind: Cluster, name: bills}\n"),
            BY_FLUX,
            8,
            "",
            id="spec.ignore of Flux",
        ),
        pytest.param(argo(IGNORING + RESPECT), BY_ARGO, 8, "", id="ignoreDifferences that are respected"),
        pytest.param(
            argo(IGNORING), BY_ARGO, 8, ", unless something else of the object differs too", id="ignoreDifferences"
        ),
    ],
)
def test_a_field_that_is_left_alone_is_told_with_the_rule(engine: str, by: str, line: int, unless: str) -> None:
    assert told(engine) == [
        Notice(
            "left-alone",
            f"Cluster trade/bills keeps its spec.instances: prod/stores.yaml:{line} tells {by} to leave that alone"
            f"{unless}. Take it out there first, or have it changed where it is managed",
        )
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "{paths: [/spec/instances], target: {kind: Cluster, name: quotes}}",
        "{paths: [/spec/storage], target: {kind: Cluster}}",
        "{paths: [/spec/inst], target: {kind: Cluster}}",
    ],
)
def test_a_rule_for_another_object_or_field_is_not_told(rule: str) -> None:
    assert told(flux(f"  ignore: [{rule}]\n")) == []


def test_what_cannot_be_told_of_a_rule_is_said() -> None:
    rule = "  ignoreDifferences: [{group: '*', kind: Cluster, managedFieldsManagers: [scaler]}]\n"
    assert told(argo(rule)) == [
        Notice(
            "maybe-left-alone",
            f"prod/stores.yaml:7 tells {BY_ARGO} to leave alone what scaler has written; whether that is changed here "
            f"is not known",
        )
    ]


def test_a_file_that_never_reaches_flux_is_told_with_the_line_that_leaves_it_out() -> None:
    assert told(flux(), more={".sourceignore": "# drafts\nbills.yaml\n"}) == [
        Notice(
            "left-alone",
            f"stores/bills.yaml is left out by 'bills.yaml' at .sourceignore:2, so {BY_FLUX} never sees it: Cluster "
            f"trade/bills does not get this",
        )
    ]


def test_a_file_that_overrides_the_source_of_an_application_is_told() -> None:
    override = "kustomize:\n  patches:\n    - target: {kind: Cluster}\n      patch: '[{op: add, path: /spec/logLevel, value: info}]'\n"
    built = {"stores/kustomization.yaml": "resources: [bills.yaml]\n"}
    desired = read(argo(), cluster(), {**built, "stores/.argocd-source-stores.yaml": override})
    declared = desired.cluster("bills", "trade", environment="prod")
    assert applier_notices(declared, desired) == (
        Notice(
            "held-up",
            "stores/.argocd-source-stores.yaml overrides kustomize.patches of its source, and has the last word there",
        ),
    )
