from __future__ import annotations

import pytest

from gitops_mcp.domain.plans.passwords.secret_documents import secret_documents
from gitops_mcp.domain.repository.build import desired_of_documents
from gitops_mcp.domain.repository.desired import API
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.view import CommitSource
from gitops_mcp.workflows.writing.delivery.direct.live_source import LiveSource
from tests.workflows.conftest import Team

EXTERNAL = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: NAME, namespace: shop, labels: LABELS}\n"
OURS = "{app.kubernetes.io/managed-by: gitops-mcp}"
TEXTS = {
    "ours": EXTERNAL.replace("NAME", "a").replace("LABELS", OURS),
    "theirs": EXTERNAL.replace("NAME", "b").replace("LABELS", "{}"),
}


@pytest.fixture
def sources(team: Team) -> tuple[CommitSource, LiveSource]:
    team.commit({"a.yaml": TEXTS["ours"]})
    app = team.app()
    ground = app.ground(fetch=False)
    environment = ground.settings.environments["default"]
    api = ApiOnce(app.kube(environment, ground.settings), {})
    commit = CommitSource(ground, environment, ground.base.commit, api)
    return commit, LiveSource(ground, desired_of_documents(TEXTS, API))


def test_what_a_request_left_in_the_api_is_taken_up_again_and_nothing_in_git_is(
    sources: tuple[CommitSource, LiveSource],
) -> None:
    found = list(secret_documents(TEXTS, TEXTS))
    assert [[one.path for one in source.leftovers(found)] for source in sources] == [[], ["ours"]]


def test_only_an_engine_decrypts_files(sources: tuple[CommitSource, LiveSource]) -> None:
    for source in sources:
        source.check_provider("external-secrets")
    sources[0].check_provider("sops")
    with pytest.raises(Refused, match="sops files are decrypted by an engine, and direct delivery has none"):
        sources[1].check_provider("sops")


def test_a_generator_stands_beside_its_maker_in_git_and_by_itself_in_the_api(
    sources: tuple[CommitSource, LiveSource],
) -> None:
    assert [set(source.generator_paths({"ours"})) for source in sources] == [{"ours"}, {"ours", "theirs"}]


def test_each_says_where_nothing_was_found(sources: tuple[CommitSource, LiveSource]) -> None:
    assert [source.unmade("x") for source in sources] == [
        "Secret x is not made by Git and stays",
        "No object of this server's that could be read makes Secret x, so it stays",
    ]
    assert all(source.nothing for source in sources)


def test_files_of_the_base_are_read_in_both(sources: tuple[CommitSource, LiveSource]) -> None:
    assert [source.read_reviewed("a.yaml") for source in sources] == [TEXTS["ours"], TEXTS["ours"]]
    assert [source.read_reviewed("b.yaml") for source in sources] == [None, None]
