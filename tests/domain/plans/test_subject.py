from __future__ import annotations

import pytest

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Identity, Path
from gitops_mcp.domain.plans.subject import DatabasePart, FilePart, ObjectPart, RolePart, Subject
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired

REF = ClusterRef("shop", "db")
CLUSTER = Identity("Cluster", "shop", "db")


def state(*documents: str) -> Desired:
    return build_desired({f"{n}.yaml": text for n, text in enumerate(documents)}, commit="c", folder="")


def cluster(spec: str = "{instances: 3}") -> str:
    return f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: db, namespace: shop}}\nspec: {spec}\n"


def inline(*roles: str) -> str:
    return cluster(f"{{managed: {{roles: [{', '.join(roles)}]}}}}")


def role_object(spec: str = "login: true", name: str = "app") -> str:
    return (
        "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata: {name: db-app, namespace: shop}\n"
        f"spec: {{name: {name}, cluster: {{name: db}}, {spec}}}\n"
    )


def database(name: str = "sales") -> str:
    return (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: db-sales, namespace: shop}\n"
        f"spec: {{name: {name}, cluster: {{name: db}}, owner: app}}\n"
    )


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        pytest.param(None, "scale-shop-db", id="one environment"),
        pytest.param("prod", "scale-prod-shop-db", id="several"),
    ],
)
def test_a_change_is_named_from_its_request_without_values(environment: str | None, name: str) -> None:
    assert Subject("scale", CLUSTER, ()).change_name(environment) == name


@pytest.mark.parametrize(
    ("path", "before", "after", "among"),
    [
        pytest.param(("spec", "instances"), "{instances: 3}", "{instances: 5}", True, id="the field differs"),
        pytest.param(("spec", "instances"), "{instances: 3}", "{instances: 3, a: 1}", False, id="another one differs"),
        pytest.param(("spec", "instances"), "{a: 1}", "{a: 1, instances: 3}", True, id="the field is new"),
        pytest.param(("spec", "a", "b"), "{a: {b: 1}}", "{c: 1}", True, id="the field goes with its parent"),
        pytest.param((), "{a: 1}", "{b: 1}", True, id="any field of the whole object"),
    ],
)
def test_a_field_is_among_what_a_change_does_where_its_value_differs(
    path: Path, before: str, after: str, among: bool
) -> None:
    subject = Subject("update", CLUSTER, (ObjectPart(CLUSTER, path),))
    assert subject.is_among(state(cluster(before)), state(cluster(after))) is among


def test_all_that_is_asked_for_has_to_be_among_it() -> None:
    both = (ObjectPart(CLUSTER, ("spec", "a")), ObjectPart(CLUSTER, ("spec", "b")))
    before, after = state(cluster("{a: 1, b: 1}")), state(cluster("{a: 2, b: 1}"))
    assert not Subject("update", CLUSTER, both).is_among(before, after)
    assert not Subject("update", CLUSTER, ()).is_among(before, after)


@pytest.mark.parametrize(
    ("before", "after", "key", "among"),
    [
        pytest.param(inline(), inline("{name: app}"), None, True, id="a new entry"),
        pytest.param(inline("{name: app}"), role_object(), None, True, id="another form"),
        pytest.param(inline("{name: app}"), inline("{name: other}, {name: app}"), None, False, id="the list moved"),
        pytest.param(role_object(), role_object("comment: x"), "comment", True, id="the attribute"),
        pytest.param(role_object(), role_object("comment: x, login: true"), "login", False, id="another attribute"),
    ],
)
def test_a_role_is_found_by_its_name_in_postgresql_in_either_form(
    before: str, after: str, key: str | None, among: bool
) -> None:
    beside = cluster() if "DatabaseRole" in before else ""
    states = (state(before, beside), state(after, cluster() if "DatabaseRole" in after else ""))
    assert Subject("update-role", CLUSTER, (RolePart(REF, "app", key),)).is_among(*states) is among


def test_a_database_is_found_by_its_name_in_postgresql() -> None:
    subject = Subject("create-database", CLUSTER, (DatabasePart(REF, "sales"),))
    without, having = state(cluster()), state(cluster(), database())
    assert subject.is_among(without, having)
    assert not subject.is_among(without, state(cluster(), database("other")))


def test_only_a_request_that_takes_away_finds_its_work_done_where_nothing_is_left() -> None:
    part = ObjectPart(CLUSTER)
    before, after = state(cluster()), state(database())
    assert Subject("delete", CLUSTER, (part,), removes=True).is_removed(before, after)
    assert not Subject("scale", CLUSTER, (part,)).is_removed(before, after)
    assert not Subject("delete", CLUSTER, (part,), removes=True).is_removed(before, before)


def test_a_file_is_among_what_a_change_does_where_its_text_differs() -> None:
    subject = Subject("update", CLUSTER, (FilePart("0.yaml"),))
    assert subject.files == ("0.yaml",)
    assert subject.is_among(state(cluster()), state(cluster("{instances: 4}")))
    assert not subject.is_among(state(cluster()), state(cluster()))
