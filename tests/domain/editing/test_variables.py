"""Edits of a field that Flux fills in."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.editing.list_items import add_item
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
        pytest.param(files("      X: x\n", db=cluster(instances="${N}")), r"is not a value of its own: .*N is not defined in Flux Kustomization flux-system/shop", id="a variable that nothing defines"),
        pytest.param(files("      N: '3'\n      M: '0'\n", db=cluster(instances="${N}${M}")), r"is not a value of its own: .*Change it there by hand, or write a value", id="two variables"),
    ],
)  # fmt: skip
def test_what_more_than_the_field_hangs_on_is_left_to_a_person(given: dict[str, str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        edited(given, "spec", "instances")


SHARED = {
    "databases/kustomization.yaml": "components: [../pg]\n",
    "pg/kustomization.yaml": "kind: Component\nresources: [db.yaml]\n",
    "other/kustomization.yaml": "components: [../pg]\n",
}
OTHER = "---\n" + flux("other", "other", "  targetNamespace: other\n  postBuild: {substitute: {X: x}}\n")


def shared(text: str) -> dict[str, str]:
    given = {**files("      X: x\n"), **SHARED, "pg/db.yaml": text}
    return {**given, "prod/app.yaml": given["prod/app.yaml"] + OTHER}


def test_a_default_of_many_becomes_a_variable_of_the_kustomization_that_is_asked_about() -> None:
    given = shared(cluster(instances="${COUNT:=3}"))
    text = given["prod/app.yaml"].replace("      X: x\n", '      X: x\n      COUNT: "5"\n')
    assert edited(given, "spec", "instances") == {"prod/app.yaml": text}


def test_of_several_variables_the_one_is_defined_that_brings_the_value() -> None:
    given = shared(cluster() + "  imageName: ${IMAGE:=registry.example.com/pg}:${TAG:=18.1}\n")
    text = given["prod/app.yaml"].replace("      X: x\n", '      X: x\n      TAG: "18.4"\n')
    assert edited(given, "spec", "imageName", value="registry.example.com/pg:18.4") == {"prod/app.yaml": text}


def test_a_default_that_other_fields_have_too_gets_a_patch() -> None:
    given = shared(cluster(instances="${COUNT:=3}") + "  maxSyncReplicas: ${COUNT:=3}\n")
    ((path, text),) = edited(given, "spec", "instances").items()
    assert path == "databases/kustomization.yaml"
    assert text is not None
    assert "instances: 5" in text


def test_a_default_of_two_objects_of_one_kustomization_gets_a_patch() -> None:
    changed = edited({**files("      N: x\n", db=""), **BASE}, "spec", "instances")
    assert [*changed] == ["databases/a/kustomization.yaml"]


FROM = "  targetNamespace: shop\n  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\ndata:\n  N: '3'\n"
VARS = flux("vars", "vars", "")


def built(config: dict[str, str], *, more: str = FROM, **clusters: str) -> dict[str, str]:
    """A Cluster whose variables come from a ConfigMap that the folder `vars` builds."""
    return {
        "prod/app.yaml": "---\n".join((SOURCE, VARS, flux("shop", "databases", more))),
        "databases/kustomization.yaml": listing(*(f"{name}.yaml" for name in clusters)),
        **{f"databases/{name}.yaml": text for name, text in clusters.items()},
        **{f"vars/{name}": text for name, text in config.items()},
    }


SOURCES = "substituteFrom: [{kind: ConfigMap, name: settings}]"
TARGET = "target: {kind: Kustomization}"
MERGE = f"patch: '{{kind: Kustomization, metadata: {{name: all}}, spec: {{postBuild: {{{SOURCES}}}}}}}'"
ADD = f"patch: '- {{op: add, path: /spec/postBuild, value: {{{SOURCES}}}}}'"


@pytest.mark.parametrize("patch", [MERGE, ADD])
@pytest.mark.parametrize("by", ["the Kustomization above", "the kustomization that lists it", "a component of that"])
def test_a_config_map_that_only_a_patch_from_above_names_is_edited(by: str, patch: str) -> None:
    said = f"patches: [{{{patch}, {TARGET}}}]\n"
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    more = {"the kustomization that lists it": said, "a component of that": "components: [../common]\n"}.get(by, "")
    given = {
        "prod/apps.yaml": SOURCE
        + "---\n"
        + flux("apps", "apps", f"  {said}" if by == "the Kustomization above" else ""),
        "prod/settings.yaml": CONFIG,
        "apps/kustomization.yaml": listing("db.yaml", more=more),
        "apps/db.yaml": flux("db", "databases", "  targetNamespace: shop\n"),
        "common/kustomization.yaml": component + said,
        "databases/db.yaml": cluster(instances="${N}"),
    }
    assert edited(given, "spec", "instances") == {"prod/settings.yaml": CONFIG.replace("'3'", "'5'")}


LITERALS = "configMapGenerator:\n  - name: settings\n    namespace: flux-system\n    literals: [A=b, N=3]\n"
ENVS = "configMapGenerator:\n  - {name: settings, namespace: flux-system, envs: [n.env]}\n"
TWO_FILES = "configMapGenerator:\n  - {name: settings, namespace: flux-system, envs: [n.env], literals: ['M=1']}\n"
MERGED = "resources: [base]\nconfigMapGenerator:\n  - {name: settings, namespace: flux-system, behavior: merge, literals: ['N=3']}\n"


@pytest.mark.parametrize(
    ("config", "path", "old", "new"),
    [
        pytest.param({"kustomization.yaml": listing("a.yaml"), "a.yaml": CONFIG}, "a.yaml", "'3'", "'5'", id="a document"),
        pytest.param(
            {"kustomization.yaml": listing("a.yaml", more="patches: [{path: p.yaml}]\n"), "a.yaml": CONFIG.replace("3", "1"), "p.yaml": CONFIG},
            "p.yaml", "'3'", "'5'", id="a patch",
        ),
        pytest.param({"kustomization.yaml": LITERALS}, "kustomization.yaml", "N=3", "N=5", id="a literal"),
        pytest.param({"kustomization.yaml": ENVS, "n.env": "# N=1\r\nN=3\r\nM=1\r\n"}, "n.env", "\r\nN=3", "\r\nN=5", id="a line of a file"),
        pytest.param({"kustomization.yaml": TWO_FILES, "n.env": "N=3"}, "n.env", "3", "5", id="one of two authors"),
        pytest.param(
            {"kustomization.yaml": MERGED, "base/kustomization.yaml": LITERALS.replace("N=3", "N=1")},
            "kustomization.yaml", "N=3", "N=5", id="a generator that merges",
        ),
        pytest.param(
            {"kustomization.yaml": MERGED.replace("N=3", "M=3"), "base/kustomization.yaml": LITERALS},
            "base/kustomization.yaml", "N=3", "N=5", id="a generator that is merged into",
        ),
    ],
)  # fmt: skip
def test_a_config_map_that_is_built_is_changed_where_its_key_is_decided(
    config: dict[str, str], path: str, old: str, new: str
) -> None:
    given = built(config, db=cluster(instances="${N}"))
    place = f"vars/{path}"
    assert edited(given, "spec", "instances") == {place: given[place].replace(old, new)}


def test_what_a_config_map_is_built_from_is_named() -> None:
    patched = listing(
        "a.yaml", more="patches:\n  - patch: |\n      " + CONFIG.replace("\n", "\n      ").rstrip() + "\n"
    )
    config = {"kustomization.yaml": patched, "a.yaml": CONFIG.replace("3", "1")}
    told = (
        r"it is \$\{N\}, which ConfigMap flux-system/settings, built from vars/a\.yaml:1 and vars/kustomization\.yaml:\d+, "
        r"defines; no place there says this value alone"
    )
    with pytest.raises(Refused, match=told):
        edited(built(config, db=cluster(instances="${N}")), "spec", "instances")


def test_a_config_map_of_two_users_is_left_to_a_person() -> None:
    config = {"kustomization.yaml": LITERALS}
    with pytest.raises(Refused, match=r"Changing it would change more: Cluster shop/own"):
        edited(built(config, **TWO), "spec", "instances")


def test_only_the_nearest_of_several_clusters_config_maps_is_read() -> None:
    given = {
        "prod/app.yaml": SOURCE + "---\n" + flux("shop", "databases", FROM),
        "databases/kustomization.yaml": listing("db.yaml"),
        "databases/db.yaml": cluster(instances="${N}"),
        "base/vars.yaml": CONFIG.replace("3", "1"),
        **{
            f"{name}/kustomization.yaml": listing("../base/vars.yaml", "app.yaml", more="patches: [{path: p.yaml}]\n")
            for name in ("prod", "test")
        },
        "test/app.yaml": "apiVersion: v1\nkind: List\nitems: []\n",
        "prod/p.yaml": CONFIG,
        "test/p.yaml": CONFIG.replace("3", "2"),
    }
    assert edited(given, "spec", "instances") == {"prod/p.yaml": CONFIG.replace("3", "5")}


def test_a_variable_in_the_kustomizations_own_patches_is_no_use_of_another() -> None:
    patch = '  patches:\n    - target: {kind: Cluster}\n      patch: |\n        - {op: replace, path: /spec/instances, value: "${N}"}\n'
    given = files("      N: '3'\n" + patch, db=cluster(instances="2"))
    assert edited(given, "spec", "instances") == {"prod/app.yaml": given["prod/app.yaml"].replace("'3'", "'5'")}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("${APP}", "$${APP}", id="a variable that nothing defines"),
        pytest.param("a ${N} b", "a $${N} b", id="one that is defined"),
        pytest.param("$${N}", "$$$${N}", id="escaped already"),
        pytest.param("a$$b", "a$$$b", id="two dollars"),
        pytest.param("$1 $", "$1 $", id="dollars that are left alone"),
    ],
)
def test_text_that_flux_would_fill_in_is_written_escaped(value: str, text: str) -> None:
    given = files("      N: '3'\n", db=cluster())
    (after,) = edited(given, "spec", "description", value=value).values()
    assert after == cluster() + f"  description: {text}\n"


def test_text_of_an_object_that_switches_variables_off_is_written_as_it_is() -> None:
    off = cluster().replace("metadata:", "metadata:\n  labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}")
    (after,) = edited(files("      N: '3'\n", db=off), "spec", "description", value="${N}").values()
    assert after == off + "  description: ${N}\n"


def test_a_new_item_and_a_part_of_a_patch_are_escaped_too() -> None:
    item = {"name": "r", "comment": "for ${N}"}
    roles = cluster() + "  managed:\n    roles:\n      - name: a\n"
    desired = model(files("      N: '3'\n", db=roles), "prod")
    (change,) = add_item(desired, desired.cluster("db", "shop", environment="prod"), ("spec", "managed", "roles"), item)
    assert change.after == roles + "      - name: r\n        comment: for $${N}\n"
    given = files("      N: '3'\n", db=cluster()) | {
        "databases/kustomization.yaml": listing("a", "b"),
        "databases/base/kustomization.yaml": listing("db.yaml"),
        "databases/base/db.yaml": cluster(),
        "databases/a/kustomization.yaml": listing("../base"),
        "databases/b/kustomization.yaml": listing("../base", more="nameSuffix: -b\n"),
    }
    after = edited(given, "spec", "description", value="${N}")["databases/a/kustomization.yaml"]
    assert after is not None
    assert "description: $${N}\n" in after


def test_a_config_map_that_is_not_understood_is_called_neither_missing_nor_undefined() -> None:
    config = {"kustomization.yaml": ENVS.replace("n.env", "away.env")}
    told = (
        r"it is \$\{N\}, and N may come from ConfigMap flux-system/settings \(vars/kustomization\.yaml:2: .*there is no "
        r"file vars/away\.env\)\. N is not defined in"
    )
    given = built(config, db=cluster(instances="${N}"))
    with pytest.raises(Refused, match=told):
        edited(given, "spec", "instances")
    declared = model(given, "prod").cluster("db", "shop", environment="prod")
    assert not any(one.is_undefined for one in declared.substituted.values())


def test_a_config_map_that_two_roots_build_alike_is_one() -> None:
    given = built({"kustomization.yaml": LITERALS}, db=cluster(instances="${N}"))
    given["prod/again.yaml"] = VARS.replace("name: vars", "name: again")
    assert edited(given, "spec", "instances") == {"vars/kustomization.yaml": LITERALS.replace("N=3", "N=5")}


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
