from __future__ import annotations

import pytest

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
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
