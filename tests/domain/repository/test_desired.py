from __future__ import annotations

import pytest

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired, folders_above
from gitops_mcp.errors import InvalidRequest, NotFound, Refused


def cluster(name: str = "db", namespace: str | None = None) -> str:
    space = f"\n  namespace: {namespace}" if namespace else ""
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: {name}{space}\nspec:\n  instances: 3\n"
    )


def read(files: dict[str, str], kustomizations: dict[str, str] | None = None, folder: str = "") -> Desired:
    return build_desired({**files, **(kustomizations or {})}, commit="0" * 40, folder=folder)


def test_every_document_is_found_with_its_file_line_and_namespace() -> None:
    text = f"# first\n---\n{cluster('one', 'shop')}---\n# nothing here\n---\n{cluster('two')}"
    found = read({"a.yaml": text}).declarations
    assert [(one.identity, one.document, one.line, one.namespace_from) for one in found] == [
        (Identity("Cluster", "shop", "one"), 0, 3, "document"),
        (Identity("Cluster", None, "two"), 2, 13, "unknown"),
    ]


def test_items_of_a_list_are_declarations() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- {kind: ConfigMap}\n- apiVersion: postgresql.cnpg.io/v1\n  kind: Pooler\n  metadata: {name: p, namespace: x}\n"
    (found,) = read({"a.yaml": text}).declarations
    assert (found.identity, found.base, found.line) == (Identity("Pooler", "x", "p"), ("items", 1), 5)


def test_what_only_looks_like_a_cluster_is_none() -> None:
    text = "kind: ConfigMap\napiVersion: v1\ndata:\n  x: |\n    apiVersion: postgresql.cnpg.io/v1\n    kind: Cluster\n    metadata: {name: db}\n"
    assert read({"a.yaml": text}).declarations == ()


def test_files_that_do_not_parse_are_passed_over_with_their_reason() -> None:
    found = read({"chart.yaml": "{{ if x }}\napiVersion: postgresql.cnpg.io/v1\n", "a.yaml": cluster()})
    assert [one.path for one in found.skipped] == ["chart.yaml"]
    assert len(found.declarations) == 1


@pytest.mark.parametrize(
    ("kustomizations", "namespace"),
    [
        pytest.param({"e/shop/kustomization.yaml": "namespace: shop\nresources: [db.yaml]\n"}, "shop", id="beside it"),
        pytest.param(
            {"e/shop/kustomization.yaml": "namespace: shop\nresources: [./db.yaml]\n"}, "shop", id="with a dot"
        ),
        pytest.param(
            {"e/shop/kustomization.yaml": "namespace: shop\nresources: [other.yaml]\n"}, None, id="not reached"
        ),
        pytest.param(
            {
                "e/shop/kustomization.yml": "resources: [db.yaml]\n",
                "e/Kustomization": "namespace: above\nresources: [shop]\n",
            },
            "above",
            id="the one above, through the one beside it",
        ),
        pytest.param(
            {
                "e/shop/kustomization.yaml": "namespace: near\nresources: [db.yaml]\n",
                "e/kustomization.yaml": "namespace: far\nresources: [shop/]\n",
            },
            "far",
            id="the last that sets one",
        ),
        pytest.param(
            {"e/kustomization.yaml": "namespace: up\nresources: [shop/db.yaml]\n"}, "up", id="a file in a folder"
        ),
        pytest.param(
            {"kustomization.yaml": "namespace: no\nresources: [e/shop/db.yaml]\n"}, None, id="outside the folder"
        ),
    ],
)
def test_the_namespace_comes_from_the_kustomization_that_reaches_the_file(
    kustomizations: dict[str, str], namespace: str | None
) -> None:
    (found,) = read({"e/shop/db.yaml": cluster()}, kustomizations, folder="e").declarations
    assert found.identity.namespace == namespace


def test_a_cluster_is_found_by_name_alone_when_it_is_the_only_one() -> None:
    found = read({"a.yaml": cluster("db", "shop"), "b.yaml": cluster("other", "shop")})
    assert found.cluster("db", None, environment="prod").path == "a.yaml"


def test_a_name_in_two_namespaces_has_to_be_told_apart() -> None:
    found = read({"a.yaml": cluster("db", "shop"), "b.yaml": cluster("db", "billing")})
    with pytest.raises(InvalidRequest, match=r"billing \(b.yaml:1\), shop \(a.yaml:1\)"):
        found.cluster("db", None, environment="prod")
    assert found.cluster("db", "billing", environment="prod").path == "b.yaml"


def test_an_unknown_namespace_matches_only_the_sole_candidate() -> None:
    assert read({"a.yaml": cluster("db")}).cluster("db", "shop", environment="prod").path == "a.yaml"
    two = read({"a.yaml": cluster("db"), "b.yaml": cluster("db", "billing")})
    with pytest.raises(InvalidRequest, match="nothing in the repository says its namespace"):
        two.cluster("db", "shop", environment="prod")


def test_two_documents_for_one_cluster_are_refused_with_both() -> None:
    found = read({"a.yaml": cluster("db", "shop"), "b.yaml": cluster("db", "shop")})
    with pytest.raises(Refused, match=r"a.yaml:1 and b.yaml:1"):
        found.cluster("db", "shop", environment="prod")


def test_an_unknown_name_offers_near_ones() -> None:
    found = read({"a.yaml": cluster("orders-db", "shop")})
    with pytest.raises(NotFound, match="there are: orders-db"):
        found.cluster("ordres-db", None, environment="prod")


def test_a_cluster_in_a_file_that_does_not_parse_is_named_with_the_file() -> None:
    found = read({"a.yaml": "x: {{ y }}: z\napiVersion: postgresql.cnpg.io/v1\nname: special-db\n"})
    with pytest.raises(InvalidRequest, match=r"a.yaml mentions it and cannot be read"):
        found.cluster("special-db", None, environment="prod")


def test_dependents_are_the_documents_of_the_same_namespace_that_name_the_cluster() -> None:
    def database(name: str, of: str, namespace: str) -> str:
        return f"apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{cluster: {{name: {of}}}}}\n"

    found = read(
        {
            "c.yaml": cluster("db", "shop"),
            "d.yaml": f"{database('mine', 'db', 'shop')}---\n{database('elsewhere', 'db', 'billing')}---\n{database('other', 'x', 'shop')}",
        }
    )
    declared = found.cluster("db", "shop", environment="prod")
    assert [one.identity.name for one in found.dependents(ClusterRef("shop", "db"), declared)] == ["mine"]


def test_dependents_whose_namespace_nothing_says_are_adrift() -> None:
    database = "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: app}\nspec: {cluster: {name: db}}\n"
    found = read({"a.yaml": cluster(namespace="shop"), "b.yaml": database})
    declared, ref = found.cluster("db", "shop", environment="prod"), ClusterRef("shop", "db")
    assert found.dependents(ref, declared) == ()
    assert [one.place for one in found.adrift(ref, declared)] == ["b.yaml:1"]
    alone = read({"a.yaml": cluster(), "b.yaml": database})
    assert alone.adrift(ref, alone.cluster("db", None, environment="prod")) == ()


def test_the_governing_kustomization_is_the_nearest_above_inside_the_environment() -> None:
    kustomizations = {
        "kustomization.yaml": "resources: [prod]\n",
        "prod/kustomization.yaml": "namespace: shop\nresources: [./a.yaml, ../../away.yaml]\n",
    }
    found = read({"prod/a.yaml": cluster()}, kustomizations, folder="prod")
    nearest = found.governing("prod/x/y")
    assert nearest is not None
    assert (nearest.path, nearest.namespace, nearest.reaches("prod/a.yaml")) == (
        "prod/kustomization.yaml",
        "shop",
        True,
    )
    assert not nearest.reaches("../away.yaml")
    assert (found.top("prod/a.yaml"), found.top("apps/a.yaml")) == ("prod", "")
    outside = found.governing("apps")
    assert outside is not None
    assert outside.path == "kustomization.yaml"
    assert read({}, folder="prod").governing("prod/x") is None


@pytest.mark.parametrize(
    ("folder", "top", "found"),
    [
        pytest.param("a/b", "", ["a/b", "a", ""], id="up to the root"),
        pytest.param("a/b/c", "a/b", ["a/b/c", "a/b"], id="up to a folder"),
        pytest.param("ab", "a", [], id="not below it"),
    ],
)
def test_the_folders_above_are_told_the_nearest_first(folder: str, top: str, found: list[str]) -> None:
    assert list(folders_above(folder, top)) == found


def test_what_looks_like_the_place_of_an_object_and_is_none_is_told() -> None:
    chart = {"c/Chart.yaml": "name: c\n", "c/templates/x.yaml": "# postgresql.cnpg.io/v1\nname: {{ orders }}\n"}
    with pytest.raises(
        NotFound, match=r"no document declares Cluster 'orders' in prod, but c/templates/x.yaml is a templ"
    ):
        read(chart).cluster("orders", None, environment="prod")
