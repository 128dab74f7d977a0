from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_mcp.app import App
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.live.engine_report import EngineState
from gitops_mcp.domain.notice import Notice
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.reading.engines import applied_by, engine_states, passed_over
from tests.workflows.conftest import FORBIDDEN, Api, Team, application, cluster, listed

ARGO = "/apis/argoproj.io/v1alpha1/applications"
FLUX = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"


def states(app: App) -> tuple[tuple[EngineState, ...], list[Notice]]:
    settings, _ = app.settings()
    return engine_states(ApisOnce(app, settings), settings.environments["dev"])


def configured(team: Team, engine: str) -> App:
    team.commit({".gitops-mcp.yaml": f"environments: {{dev: {{engine: {engine}}}}}\n"})
    return team.app()


def test_an_engine_that_is_not_installed_is_not_missed(team: Team, api: Api) -> None:
    api.applications(listed(application()))
    found, warnings = states(configured(team, "{type: auto}"))
    assert [(one.engine, one.name) for one in found] == [("argocd", "argocd/apps")]
    assert warnings == []
    assert api.asked == [ARGO, FLUX]


@pytest.mark.parametrize(
    ("engine", "asked"), [("{type: argocd}", [ARGO]), ("{type: flux}", [FLUX]), ("{type: none}", [])]
)
def test_only_the_engine_that_is_configured_is_asked(team: Team, api: Api, engine: str, asked: list[str]) -> None:
    assert states(configured(team, engine)) == ((), [])
    assert api.asked == asked


def test_an_engine_that_may_not_be_read_is_named_and_the_other_one_is_read(team: Team, api: Api) -> None:
    api.answers[f"{ARGO}?limit=500"] = FORBIDDEN
    api.answers[f"{FLUX}?limit=500"] = listed({"metadata": {"name": "apps", "namespace": "flux-system"}})
    found, warnings = states(configured(team, "{type: auto}"))
    assert [one.name for one in found] == ["flux-system/apps"]
    assert [one.id for one in warnings] == ["engine-unreadable"]


def test_what_changes_how_an_engine_object_applies_is_told_with_it() -> None:
    plain = EngineObject(
        "argocd", "Application", "argocd", "apps", TextPlace("apps.yaml", 0, (), 3), "directory", "apps"
    )
    assert applied_by(plain) == str(plain)
    odd = replace(plain, automatic=False, prunes=True, guess="its path is a variable")
    assert applied_by(odd) == f"{plain}: only when asked, prunes, a guess: its path is a variable"
    assert applied_by(replace(odd, suspended=True)).startswith(f"{plain}: suspended, prunes")


def test_files_that_were_passed_over_are_counted_and_the_first_is_named(team: Team) -> None:
    team.commit({"a.yaml": cluster("{{ .a }}"), "b.yaml": cluster("{{ .b }}"), "c.yaml": cluster()})
    app = team.app()
    ground = app.ground(fetch=False)
    (found,) = passed_over(app.desired(ground, "", ground.base.commit))
    assert found.id == "passed-over"
    assert found.message.startswith("2 files passed over as unreadable, the first is a.yaml: ")
    team.commit({"a.yaml": None, "b.yaml": None})
    ground = app.ground(fetch=False)
    assert passed_over(app.desired(ground, "", ground.base.commit)) == []
