from __future__ import annotations

import pytest

from gitops_mcp.domain.plans.clusters.cluster_leftovers import plan_leftover_removal
from gitops_mcp.domain.repository.build import desired_of_documents
from gitops_mcp.domain.repository.desired import API
from gitops_mcp.errors import InvalidRequest


def database(name: str, namespace: str = "dev") -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{cluster: {{name: db}}, name: {name}, owner: app}}\n"
    )


def test_what_still_names_a_cluster_that_is_gone_goes_with_a_persons_word() -> None:
    texts = {f"the live Database dev/{name}": database(name) for name in ("one", "two")}
    plan = plan_leftover_removal(desired_of_documents(texts, API), "db")
    assert plan.contents == dict.fromkeys(texts)
    assert plan.subject == "Delete what is left of Cluster dev/db"
    assert plan.destroys == (
        "Cluster dev/db is gone, and this deletes what still names it: Database dev/one, Database dev/two"
    )
    assert plan.body == ("Deletes:", "- the live Database dev/one", "- the live Database dev/two")


def test_in_several_namespaces_it_has_to_be_said_which_is_meant() -> None:
    texts = {f"the live Database {space}/one": database("one", space) for space in ("dev", "lab")}
    with pytest.raises(InvalidRequest, match="namespace: there is no Cluster 'db', and dev, lab have objects that"):
        plan_leftover_removal(desired_of_documents(texts, API), "db")
