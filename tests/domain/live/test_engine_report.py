from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.live.engine_report import states_covering_folder


def application(path: str = "clusters/prod", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "argocd", "name": "prod"},
        "spec": {"source": {"path": path}, "syncPolicy": {"automated": {"prune": True}}},
        "status": status,
    }


def kustomization(path: str = "./clusters/prod", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "flux-system", "name": "prod"}, "spec": {"path": path, "prune": True, **spec}}


@pytest.mark.parametrize(
    ("path", "folder", "covers"),
    [
        pytest.param("clusters/prod", "clusters/prod", True, id="the folder"),
        pytest.param("./clusters/prod/", "clusters/prod", True, id="spelled otherwise"),
        pytest.param("clusters", "clusters/prod", True, id="above it"),
        pytest.param("clusters/prod/shop", "clusters/prod", True, id="in it"),
        pytest.param(".", "clusters/prod", True, id="the root"),
        pytest.param("clusters/production", "clusters/prod", False, id="only begins like it"),
        pytest.param("clusters/dev", "clusters/prod", False, id="beside it"),
    ],
)
def test_an_engine_covers_the_folder_it_applies(path: str, folder: str, covers: bool) -> None:
    assert bool(states_covering_folder([application(path)], [], folder)) is covers
    assert bool(states_covering_folder([], [kustomization(path)], folder)) is covers


def test_the_nearest_comes_first() -> None:
    far, near = application("clusters"), application("clusters/prod/a")
    far["metadata"]["name"] = "all"
    found = states_covering_folder([far, near], [kustomization()], "clusters/prod")
    assert [state.name for state in found] == ["flux-system/prod", "argocd/prod", "argocd/all"]


def test_an_argo_cd_application_tells_revision_and_what_fails() -> None:
    (state,) = states_covering_folder(
        [
            application(
                sync={"status": "OutOfSync", "revision": "abc"},
                health={"status": "Degraded"},
                operationState={"phase": "Failed", "message": "one object is invalid"},
                conditions=[{"type": "ComparisonError", "message": "cannot render"}, {"type": "SharedResourceWarning"}],
            )
        ],
        [],
        "clusters/prod",
    )
    assert (state.status, state.revision) == ("OutOfSync, Degraded", "abc")
    assert state.failing == "ComparisonError: cannot render; one object is invalid"
    assert str(state) == "Argo CD Application argocd/prod: OutOfSync, Degraded"


def test_one_that_is_synced_by_hand_says_so() -> None:
    by_hand = application()
    del by_hand["spec"]["syncPolicy"]
    (state,) = states_covering_folder([by_hand], [], "clusters/prod")
    assert str(state).endswith("(applies only when asked, does not prune by itself)")


def test_a_flux_kustomization_tells_the_commit_and_whether_it_is_suspended() -> None:
    suspended = kustomization(suspend=True)
    suspended["status"] = {
        "lastAppliedRevision": "main@sha1:abc",
        "conditions": [{"type": "Ready", "status": "False", "reason": "BuildFailed", "message": "no such file"}],
    }
    (state,) = states_covering_folder([], [suspended], "clusters/prod")
    assert (state.revision, state.failing, state.automatic) == ("abc", "no such file", False)
    assert str(state) == "Flux Kustomization flux-system/prod: Ready=False BuildFailed (suspended)"
