"""An object goes alone although its document makes others too."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import SOURCE, application, cluster, flux, listing, model

COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
PG = {"components/pg/kustomization.yaml": COMPONENT + listing("db.yaml"), "components/pg/db.yaml": cluster()}
MORE = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\n"
USES = "components:\n  - ../../components/pg\n"
ONE = "namespace: one\n" + listing("web.yaml")
APPS = {
    "flux/apps.yaml": SOURCE + "---\n" + flux("one", "apps/one") + "---\n" + flux("two", "apps/two"),
    "apps/one/kustomization.yaml": ONE + USES, "apps/one/web.yaml": MORE.replace("login", "web"),
    "apps/two/kustomization.yaml": "namespace: two\n" + USES,
}  # fmt: skip
DELETES = (
    "patches:\n  - patch: |-\n      apiVersion: postgresql.cnpg.io/v1\n      kind: Cluster\n      metadata:\n"
    "        name: db\n      $patch: delete\n"
)
DATABASE = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata:\n  name: db-shop\nspec:\n  name: shop\n  owner: app\n"
    "  cluster:\n    name: db\n"
)
FULL = {
    **APPS,
    **PG,
    "components/pg/kustomization.yaml": COMPONENT + listing("db.yaml", "login.yaml"),
    "components/pg/login.yaml": MORE,
}


def removed(files: Mapping[str, str], namespace: str = "one", *kinds: str) -> dict[str, str | None]:
    desired = model(files, "")
    going = [one for one in desired.declarations if one.identity.namespace == namespace]
    assert [one.identity.kind for one in going] == ["Cluster", *kinds]
    return {one.path: one.after for one in remove_objects(desired, *going)}


@pytest.mark.parametrize(
    ("files", "after"),
    [
        pytest.param({**APPS, **PG}, {"apps/one/kustomization.yaml": ONE}, id="a component that has only the Cluster"),
        pytest.param(
            {**APPS, "apps/one/kustomization.yaml": ONE + "  - ../../base\n", "apps/two/kustomization.yaml": listing("../../base", more="namespace: two\n"), "base/kustomization.yaml": listing("db.yaml"), "base/db.yaml": cluster()},
            {"apps/one/kustomization.yaml": ONE}, id="a base that has only the Cluster"),
        pytest.param(
            {**APPS, **PG, "components/pg/kustomization.yaml": COMPONENT + listing("db.yaml") + "patches:\n  - target: {kind: Cluster}\n    patch: |-\n      - op: add\n        path: /spec/logLevel\n        value: info\n"},
            {"apps/one/kustomization.yaml": ONE}, id="a component that patches its Cluster"),
        pytest.param(FULL, {"apps/one/kustomization.yaml": ONE + USES + DELETES}, id="a component with a Secret"),
        pytest.param(
            {**APPS, **PG, "components/pg/kustomization.yaml": COMPONENT + listing("db.yaml") + "labels: [{pairs: {a: b}}]\n"},
            {"apps/one/kustomization.yaml": ONE + USES + DELETES}, id="a component that labels what others bring"),
        pytest.param(
            {**APPS, **PG, "components/pg/kustomization.yaml": COMPONENT + listing("db.yaml") + "patches:\n  - target: {kind: Deployment}\n    patch: |-\n      - op: add\n        path: /spec/a\n        value: b\n"},
            {"apps/one/kustomization.yaml": ONE + USES + DELETES}, id="a component that patches what others bring"),
        pytest.param(
            {**FULL, "apps/one/kustomization.yaml": ONE, "flux/apps.yaml": APPS["flux/apps.yaml"].replace("  path: ./apps/one\n", "  path: ./apps/one\n  components: [../../components/pg]\n")},
            {"apps/one/kustomization.yaml": ONE + DELETES}, id="a component that the Kustomization adds, with what else the folder has"),
    ],
)  # fmt: skip
def test_what_a_person_would_do_is_done_for_this_one_alone(
    files: Mapping[str, str], after: Mapping[str, str | None]
) -> None:
    assert removed(files) == after


def test_a_patch_that_is_there_already_gets_one_behind_it() -> None:
    own = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: db\nspec:\n  instances: 5\n"
    listed = "patches:\n  - path: db.yaml\n"
    files = {**FULL, "apps/one/kustomization.yaml": ONE + USES + listed, "apps/one/db.yaml": own}
    assert removed(files) == {
        "apps/one/kustomization.yaml": ONE + USES + listed + "  - path: db-patch.yaml\n",
        "apps/one/db-patch.yaml": own.partition("spec:")[0] + "$patch: delete\n",
    }


def test_what_names_the_cluster_goes_with_it() -> None:
    files = {**APPS, **PG, "components/pg/kustomization.yaml": COMPONENT + listing("db.yaml", "shop.yaml")}
    files["components/pg/shop.yaml"] = DATABASE
    assert removed(files, "one", "Database") == {"apps/one/kustomization.yaml": ONE}
    both = DELETES + DELETES.removeprefix("patches:\n").replace("Cluster", "Database").replace(
        "name: db", "name: db-shop"
    )
    kept = {**files, **{path: text for path, text in FULL.items() if path.endswith("login.yaml")}}
    kept["components/pg/kustomization.yaml"] += "  - login.yaml\n"
    assert removed(kept, "one", "Database") == {"apps/one/kustomization.yaml": ONE + USES + both}


def test_a_place_that_not_every_root_goes_through_is_not_taken() -> None:
    roots = [flux(name, "base", f"  targetNamespace: {space}\n") for name, space in (("a", "one"), ("b", "two"))]
    files = {
        "base/kustomization.yaml": listing("db.yaml", "web.yaml"),
        "base/db.yaml": cluster(),
        "base/web.yaml": MORE,
    }
    alone = "---\n".join([SOURCE, *roots])
    assert list(removed({**files, "flux/apps.yaml": alone})) == ["flux/apps.yaml"]
    with pytest.raises(Refused, match="It cannot go for one of them alone"):
        removed({**files, "flux/apps.yaml": alone + "---\n" + roots[0].replace("name: a\n", "name: again\n")})


def test_where_nothing_is_left_what_applies_it_goes_too() -> None:
    files = {
        **APPS, **PG, "clusters/root.yaml": flux("root", "flux"),
        "flux/kustomization.yaml": listing("apps.yaml", "two.yaml"), "flux/two.yaml": flux("two", "apps/two"),
        "flux/apps.yaml": SOURCE + "---\n" + flux("one", "apps/one"),
        "apps/one/kustomization.yaml": "namespace: one\n" + USES,
    }  # fmt: skip
    assert removed(files) == {"flux/apps.yaml": SOURCE, "apps/one/kustomization.yaml": None}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param(
            {**FULL, "apps/one/kustomization.yaml": "namespace: one\n" + USES, "components/pg/kustomization.yaml": COMPONENT + listing("db.yaml") + "labels: [{pairs: {a: b}}]\n",
             "flux/apps.yaml": application("one", "apps/one") + "---\n" + application("two", "apps/two")},
            r"It cannot go for one of them alone: take components/pg out of apps/one/kustomization.yaml by hand, with all", id="an Application that would be left with nothing"),
        pytest.param(
            {**PG, "flux/apps.yaml": application("a", "components", namespace="one") + "---\n" + application("b", "components", namespace="two"), "components/kustomization.yaml": USES.replace("../../components/", "")},
            "It cannot go for one of them alone: take it out of what builds it by hand", id="no folder of its own"),
    ],
)  # fmt: skip
def test_what_cannot_go_alone_is_refused_with_the_edit(files: Mapping[str, str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        removed(files)
