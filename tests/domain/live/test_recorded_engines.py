"""Each state that real engines left, and what is told of it: what holds a change up, and who must do what."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_mcp.domain.live.argocd_standing import argo_standing
from gitops_mcp.domain.live.flux_standing import flux_standing
from gitops_mcp.domain.live.standing import AGAIN, Question, Standing, commit_of
from gitops_mcp.domain.objects import Identity, Object, at
from tests.fakes.engine_objects import application, engine_objects, flux_pair

GOLDEN = Path(__file__).parents[2] / "golden" / "engine_sentences.txt"
TIP = "c" * 40
"""A commit that no engine has got."""
NOW = datetime(2026, 11, 29, 21, 0, tzinfo=UTC)
CLOSED: Object = {
    "metadata": {"name": "closed"},
    "spec": {"syncWindows": [{"kind": "deny", "schedule": "* * * * *", "duration": "24h", "applications": ["*"]}]},
}
UNFETCHED = ("source-", "suspended-source")
LIVE: Object = {"metadata": {"name": "ledger"}, "spec": {"instances": 3}}


def question(commits: Iterable[str | None], whom: Identity | None = None, *, removes: bool = False) -> Question:
    held = {one for one in commits if one}
    declared = None if removes else LIVE
    fields = (("spec", "instances"),)
    who = whom or Identity("Cluster", "bank", "ledger")
    return Question(who, lambda one: one in held, TIP, (), "main", fields, declared, LIVE, NOW)


def of_flux(state: str) -> Standing:
    """Of the newest commit that the Kustomization has tried, or the source has got; else of one that it never got."""
    kustomization, source = flux_pair(state)
    if source is None and state != "source-absent":
        _, source = flux_pair("ready")
    tried = commit_of(at(kustomization, "status", "lastAttemptedRevision"))
    got = commit_of(at(source, "status", "artifact", "revision"))
    commits = () if state.startswith(UNFETCHED) else (got,) if state == "suspended-kustomization" else (tried,)
    return flux_standing(kustomization, source, question(commits))


def of_argo(state: str) -> Standing:
    """Of the newest commit that it has compared, or hydrated."""
    found = application(state)
    sync = at(found, "status", "sync")
    compared = [commit_of(one) for one in (sync.get("revision"), *(sync.get("revisions") or ()))]
    dry = commit_of(at(found, "status", "sourceHydrator", "currentOperation", "drySHA"))
    whom = Identity("Cluster", at(found, "spec", "destination", "namespace"), "ledger")
    return argo_standing(found, CLOSED if state == "window-closed" else None, question((*compared, dry), whom))


def test_each_recorded_state_has_its_sentence() -> None:
    """To accept a change of words: GITOPS_MCP_TEST_GOLDEN=write, then read the diff."""
    told = {f"flux {state}": of_flux(state) for state in engine_objects("flux")}
    told |= {f"argocd {state}": of_argo(state) for state in engine_objects("argocd")}
    text = "\n\n".join(f"{name}: {one.state}\n  {one.why}\n  {one.next}" for name, one in told.items()) + "\n"
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
    assert {one.state for one in told.values()} == {
        "not fetched",
        "waits",
        "refused",
        "left alone",
        "needs a person",
        "applied",
    }
    assert {one.state for one in told.values() if AGAIN in one.next} == {"waits", "applied"}


@pytest.mark.parametrize(
    "state", ["build-failed-bad-yaml", "webhook-refused", "immutable-field", "health-check-failed"]
)
def test_a_failure_at_a_commit_without_the_change_is_none_of_it(state: str) -> None:
    kustomization, source = flux_pair(state)
    assert source is not None
    source["status"]["artifact"]["revision"] = f"main@sha1:{TIP}"
    found = flux_standing(kustomization, source, question([TIP]))
    assert (found.state, AGAIN in found.next) == ("waits", True)


def test_a_dependency_that_is_not_ready_is_no_failure() -> None:
    kustomization, _ = flux_pair("dependency-not-ready")
    _, source = flux_pair("ready")
    found = flux_standing(kustomization, source, question([commit_of(at(source, "status", "artifact", "revision"))]))
    assert found.state == "waits"
    assert "dependency 'flux-system/apps' is not ready" in found.why


def test_a_source_that_may_not_be_read_leaves_revision_and_tip_and_the_missing_right() -> None:
    kustomization, _ = flux_pair("source-auth-failed")
    missing = "get gitrepositories.source.toolkit.fluxcd.io: forbidden"
    found = flux_standing(kustomization, missing, question([TIP]))
    assert found.state == "waits"
    assert found.why.endswith(f"is at 391d174d5791, the base at cccccccccccc; why cannot be told: {missing}")


@pytest.mark.parametrize(
    ("where", "key", "value", "told"),
    [
        ("declared", "ssa", "Ignore", "carries kustomize.toolkit.fluxcd.io/ssa: Ignore (in Git)"),
        ("live", "ssa", "Ignore", "carries kustomize.toolkit.fluxcd.io/ssa: Ignore (on the live object)"),
        ("declared", "ssa", "IfNotPresent", "carries kustomize.toolkit.fluxcd.io/ssa: IfNotPresent (in Git)"),
        (
            "live",
            "reconcile",
            "disabled",
            "carries kustomize.toolkit.fluxcd.io/reconcile: disabled (on the live object)",
        ),
    ],
)
@pytest.mark.parametrize("part", ["annotations", "labels"])
def test_flux_leaves_alone_what_an_object_says(where: str, key: str, value: str, told: str, part: str) -> None:
    kustomization, source = flux_pair("ready")
    marked: Object = {"metadata": {"name": "ledger", part: {f"kustomize.toolkit.fluxcd.io/{key}": value}}}
    asked = question([commit_of(at(kustomization, "status", "lastAppliedRevision"))])
    found = flux_standing(kustomization, source, replace(asked, **{where: marked}))  # type: ignore[arg-type] # an object
    assert found.state == "left alone"
    assert told in found.why


@pytest.mark.parametrize("state", ["prune-needed", "prune-false-on-object"])
def test_what_argo_cd_does_not_prune_waits_for_a_person(state: str) -> None:
    found = application(state)
    space = at(found, "spec", "destination", "namespace")
    options = {"argocd.argoproj.io/sync-options": "Prune=false"} if state == "prune-false-on-object" else {}
    live: Object = {"metadata": {"name": "ledger-x", "annotations": options}}
    asked = question([at(found, "status", "sync", "revision")], Identity("Database", space, "ledger-x"), removes=True)
    told = argo_standing(found, None, replace(asked, live=live))
    assert told.state in {"needs a person", "left alone"}
    assert ("kubectl delete database ledger-x" in told.next) is (state == "prune-false-on-object")
    assert ("--prune" in told.next) is (state == "prune-needed")


def test_a_kind_that_argo_cd_excludes_is_left_alone() -> None:
    found = application("kind-excluded")
    whom = Identity("Database", at(found, "spec", "destination", "namespace"), "ledger-x")
    told = argo_standing(found, None, question([at(found, "status", "sync", "revision")], whom))
    assert (told.state, told.next) == ("left alone", "somebody takes the kind out of resource.exclusions")


def test_an_old_failure_is_none_of_a_later_change_that_is_to_be_synced_by_hand() -> None:
    assert of_argo("old-failure-out-of-sync").next.startswith("a person syncs it: `argocd app sync stalefail`")


def test_an_operation_that_keeps_the_change_out_names_its_own_commit() -> None:
    told = of_argo("second-change-behind-confirmation")
    assert told.cause == "e6b6e63bbc21247be0f66f1e7bb02863658b1b78"
    assert "argocd.argoproj.io/deletion-approved" in told.next


def test_a_login_in_the_address_of_another_repository_is_not_shown() -> None:
    url = "https://bot:hunter2hunter2@forge.example.org/else.git"
    kustomization, source = flux_pair("ready")
    assert source is not None
    source["spec"]["url"] = url
    found = application("synced-healthy")
    found["spec"]["source"]["repoURL"] = url
    asked = replace(question([]), remotes=("https://forge.example.org/house.git",))
    for told in (flux_standing(kustomization, source, asked), argo_standing(found, None, asked)):
        assert told.state == "not fetched"
        assert "another repository" in told.why
        assert "hunter2" not in told.why
