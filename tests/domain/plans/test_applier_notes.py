"""What is said of the engine object that applies a change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices, assumed_sources, variable_lines
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Declaration, Desired, UnappliedDocument

CLUSTER = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\nspec: {instances: 3}\n"
)
FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: shop, namespace: flux-system}\n"
    "spec:\n  path: prod\n  sourceRef: {kind: GitRepository, name: flux-system}\n"
    "  postBuild: {substitute: {COUNT: '3'}}\n"
)
BY = "Flux Kustomization flux-system/shop (ks.yaml:1)"


def read(files: dict[str, str]) -> tuple[Desired, Declaration]:
    found = build_desired(files, commit="0" * 40, folder="prod")
    return found, found.cluster("db", "shop", environment="prod")


def applied(**habits: Any) -> tuple[Declaration, Desired]:
    """A Cluster that a Kustomization with these habits applies."""
    desired, declared = read({"prod/db.yaml": CLUSTER})
    engine = EngineObject(
        engine="flux",
        kind="Kustomization",
        namespace="flux-system",
        name="shop",
        place=TextPlace("ks.yaml", 0, (), 1),
        build="kustomize",
        folder="prod",
        **habits,
    )
    return replace(declared, applied=engine), desired


@pytest.mark.parametrize(
    ("habits", "line"),
    [
        pytest.param({}, f"Applied by {BY}", id="none"),
        pytest.param({"prunes": True}, f"Applied by {BY}, which prunes", id="it prunes"),
        pytest.param(
            {"prunes": True, "forces": True}, f"Applied by {BY}, which prunes and has force", id="it has force, too"
        ),
    ],
)
def test_a_message_names_who_applies_a_change_with_its_habits(habits: dict[str, bool], line: str) -> None:
    declared, _ = applied(**habits)
    assert applier_lines(declared) == (line,)


def test_what_nobody_is_known_to_apply_is_not_talked_of() -> None:
    desired, declared = read({"prod/db.yaml": CLUSTER})
    assert (applier_lines(declared), applier_notices(declared, desired)) == ((), ())


@pytest.mark.parametrize(
    ("habits", "notice"),
    [
        pytest.param(
            {"suspended": True},
            Notice("suspended", f"{BY} is suspended: nothing is applied until somebody resumes it"),
            id="suspended",
        ),
        pytest.param(
            {"forces": True},
            Notice("forces", f"{BY} has force: what cannot be updated in place is deleted and recreated"),
            id="force",
        ),
        pytest.param(
            {"guess": "its path is a template"},
            Notice("guess", f"that {BY} applies it is a guess: its path is a template"),
            id="a guess",
        ),
        pytest.param(
            {"assumed": "it applies Bucket all, which this repository does not declare"},
            Notice(
                "unknown-source",
                f"whether this repository is the source of {BY} cannot be determined (it applies Bucket all, which this "
                f"repository does not declare): taken as if it were",
            ),
            id="a source that cannot be determined",
        ),
    ],
)
def test_a_habit_that_surprises_is_warned_of(habits: dict[str, Any], notice: Notice) -> None:
    assert applier_notices(*applied(**habits)) == (notice,)


def test_sources_that_cannot_be_told_are_one_warning() -> None:
    declared, _ = applied(assumed="it applies Bucket all")
    by = declared.applied
    assert by is not None
    many = [replace(by, name=f"shop-{index}") for index in range(12)]
    (notice,) = assumed_sources([None, *many, *many, replace(by, assumed=None)])
    assert (
        "Flux Kustomization flux-system/shop-9 (ks.yaml:1) and 2 more cannot be determined (it applies Bucket all):"
        in notice.message
    )
    assert assumed_sources([None, replace(by, assumed=None)]) == ()


def test_a_variable_that_nothing_defines_is_told() -> None:
    flux = FLUX.replace("COUNT", "OTHER")
    text = CLUSTER.replace("{instances: 3}", "\n  instances: ${COUNT}")
    desired, declared = read(
        {"ks.yaml": flux, "prod/kustomization.yaml": "resources: [db.yaml]\n", "prod/db.yaml": text}
    )
    told = (
        "spec.instances of Cluster shop/db, prod/db.yaml:1 is ${COUNT}: COUNT is defined by nothing, on which Flux 2.9 "
        "and newer fails the whole Kustomization; older ones fill in nothing"
    )
    assert applier_notices(declared, desired) == (Notice("undefined-variable", told),)


def test_what_no_engine_object_applies_is_told_where_there_are_others() -> None:
    files = {
        "ks.yaml": FLUX.replace("path: prod", "path: other"),
        "other/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        "prod/kustomization.yaml": "resources: [db.yaml]\n",
        "prod/db.yaml": CLUSTER,
    }
    desired, declared = read(files)
    assert applier_notices(declared, desired) == (
        Notice(
            "no-applier",
            "no engine object of this repository applies prod/db.yaml:1, though others apply other folders: unless "
            "something that is not here applies prod, nothing changes in the cluster",
        ),
    )


def test_another_document_of_the_name_that_is_not_applied_is_told() -> None:
    desired, declared = read({"prod/db.yaml": CLUSTER})
    unapplied = [
        UnappliedDocument(Identity(kind, space, name), "old.yaml:1", "nothing takes it")
        for kind, space, name in (
            ("Cluster", None, "db"),
            ("Cluster", "other", "db"),
            ("Cluster", None, "other"),
            ("Database", None, "db"),
        )
    ]
    assert applier_notices(declared, replace(desired, unreached=tuple(unapplied))) == (
        Notice("not-chosen", "Cluster db is declared at old.yaml:1 too, which is not applied: nothing takes it"),
    )


def test_a_field_that_is_a_variable_says_what_changes_instead() -> None:
    text = CLUSTER.replace("{instances: 3}", "\n  instances: ${COUNT}")
    _, declared = read({"ks.yaml": FLUX, "prod/kustomization.yaml": "resources: [db.yaml]\n", "prod/db.yaml": text})
    assert variable_lines(declared, ("spec", "instances")) == (
        "spec.instances is ${COUNT} in prod/db.yaml:1: COUNT of Kustomization flux-system/shop changes",
    )
    assert variable_lines(declared, ("spec", "storage")) == ()
