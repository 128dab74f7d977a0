from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.view import View, view_at
from gitops_mcp.workflows.writing.targets import (
    live_databases,
    live_or_not,
    live_roles,
    object_at_base,
    only_namespace,
    the_cluster,
)
from tests.workflows.conftest import Team, cluster


@pytest.fixture
def unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that nobody can be asked for."""
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none")


def view(team: Team, namespaces: str, *documents: str) -> View:
    files: Object = {f"{number}.yaml": text for number, text in enumerate(documents)}
    team.commit({".gitops-mcp.yaml": f"environments: {{prod: {{namespaces: {namespaces}}}}}\n", **files})
    app = team.app()
    ground = app.ground(fetch=False)
    return view_at(app, ground, ground.settings.environments["prod"], ground.base.commit, proposed=False)


@pytest.mark.usefixtures("unreachable")
def test_a_cluster_is_meant_with_its_namespace_or_the_one_that_was_named(team: Team) -> None:
    assert the_cluster(view(team, "null", cluster()), "db", None)[1] == ClusterRef("shop", "db")
    nowhere = view(team, "null", cluster(namespace=None))
    assert the_cluster(nowhere, "db", "bank")[1] == ClusterRef("bank", "db")
    with pytest.raises(
        InvalidRequest, match=r"says the namespace of 0\.yaml:1: it has no metadata.namespace, .* applies it\. Name it"
    ):
        the_cluster(nowhere, "db", None)


@pytest.mark.usefixtures("unreachable")
def test_a_namespace_is_the_only_one_that_is_allowed(team: Team) -> None:
    assert only_namespace(view(team, "[shop]")) == "shop"
    with pytest.raises(InvalidRequest, match="since nothing else does; there are: shop, bank"):
        only_namespace(view(team, "[shop, bank]"))
    with pytest.raises(InvalidRequest, match=r"since nothing else does$"):
        only_namespace(view(team, "null"))


@pytest.mark.usefixtures("unreachable")
def test_what_cannot_be_read_is_told(team: Team) -> None:
    seen, ref = view(team, "null", cluster()), ClusterRef("shop", "db")
    declared, _ = the_cluster(seen, "db", None)
    assert object_at_base(seen, declared) == declared.object
    roles, databases, live = live_roles(seen, ref), live_databases(seen, ref), live_or_not(seen, ref, "unread")
    assert (roles[0], databases[0], live[0]) == (None, None, None)
    assert {one.id for one in (*roles[1], *databases[1], *live[1])} == {"live-unavailable"}
