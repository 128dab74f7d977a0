from __future__ import annotations

from typing import Any

from gitops_mcp.domain.live.engine_states.report import engine_state

COMMIT = "a" * 40


def application(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "argocd", "name": "prod"},
        "spec": {"source": {"path": "prod"}, "syncPolicy": {"automated": {"prune": True}}},
        "status": status,
    }


def test_the_revision_of_an_application_is_what_it_has_applied_as_a_whole() -> None:
    state = engine_state(
        application(
            sync={"status": "OutOfSync", "revision": "b" * 40},
            health={"status": "Degraded"},
            operationState={"phase": "Running", "syncResult": {"revision": "b" * 40}},
            history=[{"revision": COMMIT}],
        ),
        "Application",
    )
    assert (state.revision, str(state)) == (COMMIT, "Argo CD Application argocd/prod: OutOfSync, Degraded")


def test_one_that_never_synced_has_applied_nothing() -> None:
    state = engine_state(application(sync={"status": "OutOfSync", "revision": COMMIT}), "Application")
    assert state.revision is None


def test_of_several_sources_the_commit_is_told() -> None:
    done = {"phase": "Succeeded", "syncResult": {"revision": "", "revisions": ["0.1.0", COMMIT]}}
    assert engine_state(application(operationState=done), "Application").revision == COMMIT


def test_one_that_is_synced_by_hand_says_so() -> None:
    for automated in (None, {"enabled": False, "prune": True}):
        by_hand = application()
        by_hand["spec"]["syncPolicy"] = {"automated": automated}
        state = engine_state(by_hand, "Application")
        assert str(state).endswith("(applies only when asked, does not prune by itself)")


def test_a_flux_kustomization_tells_the_commit_and_whether_it_is_suspended() -> None:
    suspended = {
        "metadata": {"namespace": "flux-system", "name": "prod"},
        "spec": {"path": "./prod", "prune": True, "suspend": True},
        "status": {
            "lastAppliedRevision": f"main@sha1:{COMMIT}",
            "conditions": [{"type": "Ready", "status": "False", "reason": "BuildFailed", "message": "no such file"}],
        },
    }
    state = engine_state(suspended, "Kustomization")
    assert (state.revision, state.automatic) == (COMMIT, False)
    assert str(state) == "Flux Kustomization flux-system/prod: Ready=False BuildFailed (suspended)"
