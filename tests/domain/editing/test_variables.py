"""Edits of a field that Flux fills in."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.editing.variables import unfilled_refusal
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import SOURCE, cluster, flux, listing, model


def files(postbuild: str, **clusters: str) -> dict[str, str]:
    more = f"  targetNamespace: shop\n  postBuild:\n    substitute:\n{postbuild}"
    return {
        "prod/app.yaml": SOURCE + "---\n" + flux("shop", "databases", more),
        "databases/kustomization.yaml": listing(*(f"{name}.yaml" for name in clusters)),
        **{f"databases/{name}.yaml": text for name, text in clusters.items()},
    }


def edited(given: dict[str, str], *path: str, value: object = 5) -> dict[str, str | None]:
    desired = model(given, "prod")
    declared = desired.cluster("db", "shop", environment="prod")
    return {one.path: one.after for one in set_field(desired, declared, path, value)}


ALONE = files("      N: '3'\n", db=cluster(instances="${N}"))


def test_a_variable_that_one_field_uses_is_changed_where_it_is_defined() -> None:
    assert edited(ALONE, "spec", "instances") == {"prod/app.yaml": ALONE["prod/app.yaml"].replace("'3'", "'5'")}


def test_a_default_is_changed_in_the_manifest_where_nothing_defines_the_variable() -> None:
    given = files("      OTHER: x\n", db=cluster(instances="${N:=3}"))
    assert edited(given, "spec", "instances") == {"databases/db.yaml": cluster(instances="${N:=5}")}


TWO = {"db": cluster(instances="${N}"), "own": cluster("own", instances="${N}")}
TWICE = cluster(instances="${N}") + "  maxSyncReplicas: ${N}\n"
MENTION = {"databases/app.yaml": "kind: Deployment\nspec: {replicas: ${N}}\n"}
BASE = {
    "databases/kustomization.yaml": listing("a", "b"),
    "databases/base/kustomization.yaml": listing("db.yaml"),
    "databases/base/db.yaml": cluster(instances="${M:=3}"),
    "databases/a/kustomization.yaml": listing("../base"),
    "databases/b/kustomization.yaml": listing("../base", more="nameSuffix: -b\n"),
}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(files("      N: '3'\n", **TWO), r"at databases/db.yaml:6 is \$\{N\}: it comes from N, which Kustomization flux-system/shop defines at prod/app.yaml:\d+\. Changing it would change more: Cluster shop/own", id="a variable of two objects"),
        pytest.param(files("      N: '3'\n", db=TWICE), r"Changing it would change other fields of the same object too: spec.maxSyncReplicas\. By hand: give", id="a variable of two fields"),
        pytest.param({**ALONE, **MENTION}, r"It is used at databases/app.yaml:2 as well\. By hand", id="a variable that something else uses"),
        pytest.param({**files("      N: x\n", db=""), **BASE}, r"which nothing defines, so that the default at databases/base/db.yaml:6 counts\. It counts for others as well: Cluster shop/db-b", id="a default of two objects"),
        pytest.param(files("      X: x\n", db=cluster(instances="${N}")), r"is not a value of its own: .*N is not defined in Flux Kustomization flux-system/shop", id="a variable that nothing defines"),
        pytest.param(files("      N: '3'\n      M: '0'\n", db=cluster(instances="${N}${M}")), r"is not a value of its own: .*Change it there by hand, or write a value", id="two variables"),
    ],
)  # fmt: skip
def test_what_more_than_the_field_hangs_on_is_left_to_a_person(given: dict[str, str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        edited(given, "spec", "instances")


def test_a_variable_that_nothing_fills_in_is_told_with_what_sets_its_name() -> None:
    files = {
        "db.yaml": "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec:\n  instances: ${COUNT}\n",
        "settings.yaml": "kind: ConfigMap\ndata:\n  COUNT: '3'\n  OTHER_COUNT: '4'\n",
        "versions.env": "A=1\nCOUNT=3\n",
    }
    desired = build_desired(files, commit="0" * 40, folder="")
    assert str(unfilled_refusal(desired, "spec.instances of Cluster db", "${COUNT}", "db.yaml:5")) == (
        "spec.instances of Cluster db at db.yaml:5 is '${COUNT}': it is filled in by something else, such as a variable; "
        "change it there, or write a value in its place by hand. COUNT is set at settings.yaml:3, versions.env:2"
    )
    told = unfilled_refusal(desired, "spec.imageName of Cluster db", "pg:${TAG:-18}", "db.yaml:6")
    assert str(told).endswith("by hand. TAG is set by nothing that was read")
