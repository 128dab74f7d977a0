from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.live.managers import edits_by_hand, engine_that_keeps, field_managers
from gitops_mcp.domain.objects import FIELD_MANAGER, Object, Path

INSTANCES: Path = ("spec", "instances")
ROLES: Path = ("spec", "managed", "roles")


def owned(*entries: tuple[str, Object], **metadata: Any) -> Object:
    """A live object whose managers have set these fields; a manager is `name` or `name/subresource`."""
    fields = []
    for who, spec in entries:
        manager, _, subresource = who.partition("/")
        entry = {"manager": manager, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": spec}}
        fields.append(entry | ({"subresource": subresource} if subresource else {}))
    return {"kind": "Cluster", "metadata": {"name": "db", "managedFields": fields, **metadata}, "spec": {}}


@pytest.mark.parametrize(
    "manager",
    ["argocd-controller", "argocd-application-controller", "kustomize-controller", "helm-controller", "flux", "gotk"],
)
def test_an_engine_that_set_the_field_is_told_as_one(manager: str) -> None:
    (claim,) = field_managers(owned((manager, {"f:instances": {}})), [INSTANCES])
    assert (claim.kind, str(claim)) == ("engine", f"{manager} set spec.instances")


@pytest.mark.parametrize("manager", ["kubectl-client-side-apply", "kubectl-edit", "helm", "terraform", "Mozilla"])
def test_a_tool_of_a_persons_is_told_as_one(manager: str) -> None:
    (claim,) = field_managers(owned((manager, {"f:instances": {}})), [INSTANCES])
    assert (claim.kind, claim.manager) == ("person", manager)


@pytest.mark.parametrize(
    "manager", [FIELD_MANAGER, "manager", "instance-manager", "cloudnative-pg", "kube-controller-manager"]
)
def test_this_server_and_the_operator_claim_nothing(manager: str) -> None:
    assert field_managers(owned((manager, {"f:instances": {}})), [INSTANCES]) == ()


def test_what_is_set_through_the_status_is_no_claim() -> None:
    assert field_managers(owned(("argocd-controller/status", {"f:instances": {}})), [INSTANCES]) == ()


def test_a_neighbour_of_the_field_is_no_claim() -> None:
    found = owned(("helm", {"f:storage": {"f:size": {}}, "f:instances2": {}}))
    assert field_managers(found, [INSTANCES, ("spec", "storage", "storageClass")]) == ()


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        pytest.param({"f:managed": {"f:roles": {}}}, (*ROLES, 0, "login"), id="inside a list that is one value"),
        pytest.param(
            {"f:managed": {"f:roles": {'k:{"name":"a"}': {"f:login": {}}}}}, (*ROLES, 0, "login"), id="a list by keys"
        ),
        pytest.param({"f:managed": {}}, ROLES, id="a value above"),
        pytest.param({"f:managed": {"f:roles": {}}}, ("spec", "managed"), id="something below"),
    ],
)
def test_who_owns_a_part_or_the_whole_of_what_changes_has_a_claim(spec: Object, path: Path) -> None:
    assert [one.manager for one in field_managers(owned(("helm", spec)), [path])] == ["helm"]


def test_each_manager_is_named_once_with_all_that_it_has() -> None:
    both: Object = {"f:instances": {}, "f:storage": {"f:size": {}}}
    found = owned(("helm", both), ("kubectl-edit", {"f:instances": {}}), ("helm", {"f:instances": {}}))
    told = [str(one) for one in field_managers(found, [INSTANCES, ("spec", "storage", "size")])]
    assert told == ["helm set spec.instances, spec.storage.size", "kubectl-edit set spec.instances"]


def test_an_object_that_says_nothing_of_its_managers_has_no_claims() -> None:
    assert field_managers({"metadata": {}}, [INSTANCES]) == ()
    assert field_managers(None, [INSTANCES]) == ()
    assert field_managers({"metadata": {"managedFields": [{"fieldsV1": None, "manager": "helm"}]}}, [INSTANCES]) == ()


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        (
            {"annotations": {"argocd.argoproj.io/tracking-id": "shop:postgresql.cnpg.io/Cluster:dev/db"}},
            "Argo CD 'shop'",
        ),
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "Argo CD 'shop'"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "a Flux Kustomization 'apps'"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "db"}}, "a Flux HelmRelease 'db'"),
    ],
)
def test_the_mark_of_an_engine_names_its_object(metadata: Object, told: str) -> None:
    assert engine_that_keeps({"metadata": metadata}, deleting=False) == told


def test_the_label_that_helm_and_others_use_too_is_no_mark() -> None:
    label = {"app.kubernetes.io/instance": "shop"}
    by_helm = owned(("helm", {"f:instances": {}}), labels=label)
    tried: tuple[Object | None, ...] = (owned(labels=label), by_helm, {"metadata": {}}, None)
    for found in tried:
        assert engine_that_keeps(found, deleting=False) is None
        assert engine_that_keeps(found, deleting=True) is None


@pytest.mark.parametrize(
    ("manager", "told"),
    [("argocd-controller", "Argo CD 'shop'"), ("kustomize-controller", "kustomize-controller 'shop'")],
)
def test_that_label_is_a_mark_where_an_engine_writes_the_object(manager: str, told: str) -> None:
    found = owned(("helm", {}), (manager, {"f:instances": {}}), labels={"app.kubernetes.io/instance": "shop"})
    assert engine_that_keeps(found, deleting=False) == told


def test_what_an_engine_has_set_a_part_of_is_kept_by_it_as_a_whole() -> None:
    """So that it is not deleted; a part that is nobody's may change."""
    found = owned(("kubectl-edit", {}), ("argocd-controller", {"f:instances": {}}))
    assert engine_that_keeps(found, deleting=True) == "argocd-controller"
    assert engine_that_keeps(found, deleting=False) is None
    status_only = owned(("argocd-controller/status", {"f:phase": {}}), ("kubectl-edit", {}))
    assert engine_that_keeps(status_only, deleting=True) is None


def test_edits_by_hand_are_told_with_their_time_the_newest_first() -> None:
    found = owned(
        ("argocd-controller", {"f:instances": {}}),
        ("manager", {"f:instances": {}}),
        ("helm", {"f:instances": {}, "f:storage": {"f:size": {}}}),
        ("kubectl-edit", {"f:instances": {}}),
        ("kubectl-edit/status", {"f:instances": {}}),
        ("kubectl-scale", {"f:imageName": {}}),
    )
    for entry, when in zip(
        found["metadata"]["managedFields"], (None, None, "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"), strict=False
    ):
        entry["time"] = when
    assert edits_by_hand(found, [INSTANCES, ("spec", "storage", "size")]) == (
        "kubectl-edit set spec.instances at 2026-03-02T10:00:00Z",
        "helm set spec.instances, spec.storage.size at 2026-03-01T10:00:00Z",
    )


def test_a_manager_is_named_on_one_line_and_an_unknown_time_is_left_out() -> None:
    (told,) = edits_by_hand(owned(("evil\n# Applied", {"f:instances": {}})), [INSTANCES])
    assert "\n" not in told
    assert told.endswith("set spec.instances")
