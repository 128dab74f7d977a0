"""Each state that real engines left, and what is told of it: what holds a change up, and who must do what."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.live.engine_states.argocd_standing import argo_standing, set_standing
from gitops_mcp.domain.live.engine_states.arrival_by_engine import arrival_by_engine
from gitops_mcp.domain.live.engine_states.flux_standing import flux_standing
from gitops_mcp.domain.live.engine_states.report import engine_state
from gitops_mcp.domain.live.engine_states.standing import AGAIN, Question, Standing, commit_of
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.redact import mark_outside
from tests.fakes.engine_objects import application, engine_objects, flux_pair

GOLDEN = Path(__file__).parents[2] / "golden" / "engine_sentences.txt"
TIP = "c" * 40
"""A commit that no engine has got."""
NOW = datetime(2026, 11, 29, 21, 0, tzinfo=UTC)
CLOSED: Object = {
    "metadata": {"name": "closed"},
    "spec": {"syncWindows": [{"kind": "deny", "schedule": "* * * * *", "duration": "24h", "applications": ["*"]}]},
}
UNFETCHED = ("source-", "suspended-source", "other-sources")
AT_THE_NEXT = ("kustomization-stalled", "path-not-found", "progressing")
SUBJECTS = {
    "kind-excluded": ("Database", "ledger-x"),
    "partial-sync": ("DatabaseRole", "ledger-clerk"),
    "prune-false-on-object": ("Database", "ledger-x"),
    "prune-needed": ("Database", "ledger-x"),
}
"""What the state is about, where it is not the Cluster."""
KEPT = {"prune-false-on-object": {"argocd.argoproj.io/sync-options": "Prune=false"}}
LIVE: Object = {"metadata": {"name": "ledger"}, "spec": {"instances": 3}}


def question(commits: Iterable[str | None], whom: Identity | None = None, *, removes: bool = False) -> Question:
    held = {one for one in commits if one}
    declared = None if removes else LIVE
    fields = (("spec", "instances"),)
    who = whom or Identity("Cluster", "bank", "ledger")
    return Question(who, lambda one: one in held, TIP, (), "main", fields, declared, LIVE, NOW)


def of_flux(state: str) -> Standing:
    """Of the newest commit that the source has got, else of one that it never got.

    Where the Kustomization had nothing new to apply, as it failed, the source has got one more.
    """
    kustomization, source = flux_pair(state)
    if source is None and state != "source-absent":
        source = flux_pair("ready")[1]
        tried = at(kustomization, "status", "lastAttemptedRevision")
        source["status"]["artifact"]["revision"] = tried or source["status"]["artifact"]["revision"]  # type: ignore[index] # it is one
    if source and state in AT_THE_NEXT:
        source["status"]["artifact"]["revision"] = f"main@sha1:{TIP}"
    got = commit_of(at(source, "status", "artifact", "revision"))
    return flux_standing(kustomization, source, question(() if state.startswith(UNFETCHED) else (got,)))


def of_argo(state: str) -> Standing:
    """Of the newest commit that it has compared, or tried to hydrate; of an ApplicationSet that an Application lacks."""
    found = application(state)
    if found["kind"] == "ApplicationSet":
        return set_standing(found, "argocd/ledger")
    sync = at(found, "status", "sync")
    compared = [commit_of(one) for one in (sync.get("revision"), *(sync.get("revisions") or ()))]
    dry = commit_of(at(found, "status", "sourceHydrator", "lastComparedDryRevision"))
    kind, name = SUBJECTS.get(state, ("Cluster", "ledger"))
    whom = Identity(kind, at(found, "spec", "destination", "namespace"), name)
    live = {**LIVE, "metadata": {"name": name, "annotations": KEPT.get(state, {})}}
    removes = state in {"prune-false-on-object", "prune-needed"}
    asked = replace(question((dry,) if dry else compared, whom, removes=removes), live=live)
    return argo_standing(found, CLOSED if state == "window-closed" else None, asked)


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


def test_an_excluded_kind_counts_wherever_the_condition_names_it() -> None:
    """What it says of other kinds is longer than what an answer shows."""
    found = application("kind-excluded")
    told = next(one for one in found["status"]["conditions"] if one["type"] == "ExcludedResourceWarning")
    told["message"] = mark_outside(f"{'Resource batch/Job x bank is excluded in the settings, ' * 20}{told['message']}")
    asked = question([commit_of(at(found, "status", "sync", "revision"))], Identity("Database", "bank", "ledger-x"))
    assert "leave Databases out" in argo_standing(found, None, asked).why


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
    assert found.why.endswith(f"is at 391d174d5791, the base at cccccccccccc; why cannot be determined: {missing}")


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
    assert (told.state, told.next) == (
        "left alone",
        "somebody takes Database out of resource.exclusions in ConfigMap argocd-cm",
    )


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


def failing(reason: str, *, ready: str) -> tuple[Object, Object]:
    """A Kustomization whose last try of a commit failed, as it is while it tries that again."""
    kustomization, source = flux_pair("webhook-refused")
    assert source is not None
    found = next(one for one in kustomization["status"]["conditions"] if one["type"] == "Ready")
    found |= {"status": ready, "reason": "Progressing", "message": "Reconciliation in progress"}
    kustomization["status"]["history"][0]["lastReconciledStatus"] = reason
    return kustomization, source


@pytest.mark.parametrize(
    ("last", "state", "words"),
    [
        ("ReconciliationFailed", "refused", "tries 46d6dac9429a again, after ReconciliationFailed"),
        ("HealthCheckFailed", "waits", "is at work on 46d6dac9429a, which holds the change"),
        ("ReconciliationSucceeded", "waits", "is at work on 46d6dac9429a, which holds the change"),
    ],
)
def test_a_failure_that_is_tried_again_is_one_while_it_is_tried(last: str, state: str, words: str) -> None:
    kustomization, source = failing(last, ready="Unknown")
    found = flux_standing(kustomization, source, question([at(source, "status", "artifact", "revision")[-40:]]))
    assert (found.state, AGAIN in found.next) == (state, state == "waits")
    assert words in found.why


def test_a_failed_try_of_another_commit_is_none_of_the_change() -> None:
    kustomization, source = failing("ReconciliationFailed", ready="Unknown")
    kustomization["status"]["history"][0]["metadata"]["revision"] = f"main@sha1:{TIP}"
    found = flux_standing(kustomization, source, question([at(source, "status", "artifact", "revision")[-40:]]))
    assert found.state == "waits"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("kustomization-stalled", "and is stalled since, so it corrects nothing"),
        ("path-not-found", "and says ArtifactFailed since, so it corrects nothing"),
    ],
)
def test_one_that_has_applied_a_change_and_fails_since_corrects_nothing(state: str, why: str) -> None:
    kustomization, source = flux_pair(state)
    found = flux_standing(
        kustomization, source, question([commit_of(at(kustomization, "status", "lastAppliedRevision"))])
    )
    assert found.state == "needs a person"
    assert why in found.why


def test_the_commit_that_an_artifact_was_made_from_counts() -> None:
    kustomization, source = flux_pair("other-sources-oci")
    kustomization["status"] |= {
        "lastAppliedOriginRevision": f"main@sha1:{TIP}",
        "lastAppliedRevision": "latest@sha256:" + "a" * 64,
    }
    assert flux_standing(kustomization, source, question([TIP])).why.startswith(
        "Kustomization flux-system/platform has applied cccccccccccc, which holds the change"
    )


@pytest.mark.parametrize(("compared", "state"), [(-1, "waits"), (1, "refused")])
def test_an_error_from_before_the_last_commit_says_nothing_of_it(compared: int, state: str) -> None:
    found = application("comparison-error-bad-yaml")
    when = datetime.fromisoformat(found["status"]["reconciledAt"]) - timedelta(minutes=compared)
    asked = replace(question([TIP]), tip_made=lambda: when)
    told = argo_standing(found, None, asked)
    assert told.state == state
    assert ("has compared nothing since the last commit came onto main" in told.why) is (state == "waits")


def test_a_failed_hydration_of_a_later_commit_keeps_no_hydrated_change_back() -> None:
    found = application("hydration-failed")
    hydrated = at(found, "status", "sourceHydrator", "lastSuccessfulOperation", "drySHA")
    assert argo_standing(found, None, question([hydrated])).state == "applied"


def test_a_failed_hydration_of_an_earlier_commit_waits_for_the_next() -> None:
    assert argo_standing(application("hydration-failed"), None, question([TIP])).state == "waits"


def test_a_secret_of_what_is_hydrated_is_applied_by_the_commit_that_it_was_made_from() -> None:
    found = application("hydrated-synced")
    done = found["status"]["sourceHydrator"]["lastSuccessfulOperation"]
    found["status"]["operationState"] = {
        "phase": "Succeeded",
        "operation": {"sync": {}},
        "syncResult": {"revision": done["hydratedSHA"]},
    }
    found["status"]["resources"].append({"kind": "Secret", "namespace": "hydro", "name": "clerk", "status": "Synced"})
    asked = question([done["drySHA"]], Identity("Secret", "hydro", "clerk"))
    assert arrival_by_engine(found, asked).state == "applied"
    assert str(engine_state(found, "Application").revision) == done["drySHA"]


@pytest.mark.parametrize(
    ("listed", "removes", "state"),
    [(True, False, "applied"), (False, False, "not applied"), (True, True, "not applied"), (False, True, "applied")],
)
def test_what_flux_has_applied_of_a_secret_its_inventory_says(listed: bool, removes: bool, state: str) -> None:
    kustomization, _ = flux_pair("ready")
    kustomization["status"]["inventory"]["entries"] = [{"id": "bank_clerk__Secret", "v": "v1"}] if listed else []
    applied = commit_of(at(kustomization, "status", "lastAppliedRevision"))
    asked = question([applied], Identity("Secret", "bank", "clerk"), removes=removes)
    assert arrival_by_engine(kustomization, asked).state == state


def test_an_object_without_a_status_is_no_failure_to_compare() -> None:
    found = application("comparison-error-bad-yaml")
    message = "error setting app health: failed to get resource health for Cluster bank/ledger"
    found["status"]["conditions"] = [{"type": "ComparisonError", "message": message}]
    told = argo_standing(found, None, question([TIP]))
    assert told.state == "waits"
    assert told.next == f"{AGAIN}; that ends by itself once the operator has written one"


def test_the_health_of_an_earlier_commit_is_said_to_be_that() -> None:
    kustomization, source = flux_pair("health-check-failed")
    assert source is not None
    source["status"]["artifact"]["revision"] = f"main@sha1:{TIP}"
    told = flux_standing(kustomization, source, question([TIP]))
    assert told.why.startswith("Kustomization flux-system/apps is still at the health of an earlier commit, ")
    assert told.next == f"{AGAIN}; that ends by itself"


def test_what_is_being_deleted_brings_nothing_any_more() -> None:
    gone = {"deletionTimestamp": "2026-11-29T20:00:00Z"}
    kustomization, source = flux_pair("ready")
    assert source is not None
    source["metadata"] |= gone
    told = flux_standing(kustomization, source, question([TIP]))
    assert (told.state, told.why) == ("not fetched", "GitRepository flux-system/flux-system is being deleted")
    assert told.next == "somebody makes GitRepository flux-system/flux-system again"
    kustomization["metadata"] |= gone
    told = flux_standing(kustomization, source, question([TIP]))
    assert told.state == "needs a person"
    assert told.why.startswith("Kustomization flux-system/apps is being deleted, so nothing is applied through it")


def test_what_a_source_ignores_is_told_with_its_line() -> None:
    kustomization, source = flux_pair("ready")
    assert source is not None
    source["spec"]["ignore"] = "# none\n/apps/old/\n"
    asked = question(
        [commit_of(at(kustomization, "status", "lastAppliedRevision"))], Identity("Cluster", "bank", "new")
    )
    told = flux_standing(kustomization, source, replace(asked, live=None, path="apps/old/new.yaml"))
    assert told.state == "left alone"
    assert told.why.endswith(
        "apps/old/new.yaml is left out by '/apps/old/' at spec.ignore of GitRepository flux-system/flux-system"
    )
    assert told.next.endswith("or move the object to a file that is taken")


def test_a_file_that_overrides_the_source_has_the_last_word() -> None:
    found = application("synced-healthy")
    note = "life/.argocd-source-life.yaml overrides kustomize.patches of its source, and has the last word there"
    by = EngineObject(
        "argocd",
        "Application",
        "argocd",
        "life",
        TextPlace("apps/life.yaml", 0, (), 1),
        "kustomize",
        "life",
        overrides=(note,),
    )
    told = argo_standing(found, None, replace(question([at(found, "status", "sync", "revision")]), by=by))
    assert (told.state, told.next) == (
        "left alone",
        "take that out of life/.argocd-source-life.yaml, or change it there",
    )
    assert told.why.endswith(f"but {note}")


@pytest.mark.parametrize(
    "more",
    [
        {"kustomize": {"patches": [{"patch": "- {op: replace, path: /spec/instances}"}]}},
        {"helm": {"values": "instances: 3"}},
    ],
)
def test_a_live_application_that_says_the_field_itself_has_the_last_word(more: Object) -> None:
    found = application("synced-healthy")
    found["spec"]["source"] |= more
    name, (tool,) = f"{found['metadata']['namespace']}/{found['metadata']['name']}", more
    told = argo_standing(found, None, question([at(found, "status", "sync", "revision")]))
    assert told.state == "left alone"
    assert told.why.endswith(f"but spec.source.{tool} of Application {name} says spec.instances itself")
    assert told.next == f"take that out of Application {name}, or change it there"


def test_the_object_that_is_not_in_sync_is_named_where_nothing_else_says_what_fails() -> None:
    assert "Cluster webhook/other is OutOfSync" in of_argo("webhook-refuses-retrying").why


def test_a_branch_that_the_hydrator_writes_is_no_place_for_a_change() -> None:
    told = argo_standing(application("hydrated-synced"), None, replace(question([]), branch="env/prod"))
    assert told.state == "not fetched"
    assert told.why == (
        "Application argocd/hydro has env/prod written by the source hydrator from main, and takes an edit back"
    )
    assert told.next == "change the dry side: set --base, or `base` in .gitops-mcp.yaml, to main"
