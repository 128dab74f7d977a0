from __future__ import annotations

import pytest

from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.view import allowed_namespace
from tests.workflows.conftest import Team


@pytest.mark.parametrize(
    ("namespace", "allowed"), [pytest.param(None, None, id="left out"), pytest.param("shop", "shop", id="allowed")]
)
def test_a_namespace_that_is_allowed_is_taken(team: Team, namespace: str | None, allowed: str | None) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {namespaces: [shop]}}\n"})
    settings, _ = team.app().settings()
    assert allowed_namespace(settings.environments["dev"], namespace) == allowed


@pytest.mark.parametrize(
    ("namespace", "why"),
    [
        pytest.param("billing", "'billing' is not one of environment 'dev'; there are: shop", id="another one"),
        pytest.param("Shop!", "namespace: ", id="no name of a namespace"),
    ],
)
def test_a_namespace_that_is_not_allowed_is_refused_with_those_that_are(team: Team, namespace: str, why: str) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {namespaces: [shop]}}\n"})
    settings, _ = team.app().settings()
    with pytest.raises(InvalidRequest, match=why):
        allowed_namespace(settings.environments["dev"], namespace)


def test_without_a_list_every_namespace_is_allowed(team: Team) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {}}\n"})
    settings, _ = team.app().settings()
    assert allowed_namespace(settings.environments["dev"], "billing") == "billing"
