"""What a Kustomization or HelmRelease of Flux says of a change, with the source that it gets its commits from.

`Ready=True` means that the last artifact that came is applied, whatever stands on the branch. A failure says something
of the revision that was tried, and of no other.
"""

from __future__ import annotations

import shlex

from gitops_mcp.domain.engines.left_out import leaving_out, source_rules
from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch
from gitops_mcp.domain.live.engine_states.applier import lists_object
from gitops_mcp.domain.live.engine_states.left_alone import flux_leaves
from gitops_mcp.domain.live.engine_states.standing import (
    AGAIN,
    Question,
    Standing,
    commit_of,
    condition,
    label,
    left_alone,
    mend_by_change,
    said,
    short,
)
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at
from gitops_mcp.domain.redact import words_of_others

SourceSeen = Object | str | None
"""The source as it is; why it could not be read; None where it is not there."""
_PASSES = frozenset({"DependencyNotReady", "HealthCheckFailed"})
"""Reasons of Ready=False that are no failure to apply."""


def flux_standing(kustomization: Object, source: SourceSeen, asked: Question) -> Standing:
    name, spec = f"Kustomization {label(kustomization)}", at(kustomization, "spec")
    if at(kustomization, "metadata", "deletionTimestamp"):
        why = f"{name} is being deleted, so nothing is applied through it any more"
        return Standing("needs a person", why, f"somebody puts {name} back, in Git or with `flux create`")
    applied = last_applied(kustomization)
    if asked.has(applied):
        return _applied(kustomization, source, asked, applied)
    if at(spec, "suspend") is True:
        return _suspended(kustomization, "kustomization", f"{name} is suspended{_has('applied', applied)}")
    if (stalled := _stalled(kustomization)) is not None:
        why = f"the engine cannot apply it: {name} is stalled and does not try again; {stalled}"
        return Standing("refused", why, f"mend the spec of {name}")
    if (unfetched := _not_fetched(kustomization, source, asked, applied)) is not None:
        return unfetched
    return _of_ready(kustomization, source, asked, applied)


def last_applied(kustomization: Object) -> str | None:
    """The commit; of an artifact that is none of Git's, the one that it says it was made from."""
    keys = ("lastAppliedOriginRevision", "lastAppliedRevision")
    return next((found for key in keys if (found := commit_of(at(kustomization, "status", key)))), None)


def _stalled(value: Object) -> str | None:
    """What it says of a state that only a change of its spec ends."""
    found = condition(value, "Stalled")
    return said(at(found, "message")) if at(found, "status") == "True" else None


def _applied(kustomization: Object, source: SourceSeen, asked: Question, applied: str | None) -> Standing:
    name = f"Kustomization {label(kustomization)}"
    done = f"{name} has applied {short(applied)}, which holds the change"
    if (rule := flux_leaves(kustomization, asked)) is not None:
        return left_alone(f"{done}, and leaves this alone:", *rule)
    if asked.removes and asked.live and at(kustomization, "spec", "prune") is not True:
        words = [asked.whom.kind.lower(), asked.whom.name, "-n", str(asked.whom.namespace)]
        delete = f"`kubectl delete {shlex.join(words)}`"
        why = f"{done}, and does not prune (spec.prune), so the object stays"
        return Standing("left alone", why, f"a person deletes it with {delete}, or sets spec.prune of {name}")
    if (left_out := _left_out(kustomization, source, asked)) is not None:
        return left_alone(f"{done}, and its inventory has no {asked.whom}:", *left_out)
    again = (
        f"{AGAIN} after its next reconciliation (every {at(kustomization, 'spec', 'interval')}), which corrects drift"
    )
    return _idle(kustomization, done) or Standing("applied", done, again)


def _idle(kustomization: Object, done: str) -> Standing | None:
    """Why it corrects nothing although it has applied the change."""
    name, ready = f"Kustomization {label(kustomization)}", condition(kustomization, "Ready")
    if at(kustomization, "spec", "suspend") is True:
        return _suspended(kustomization, "kustomization", f"{done}, and is suspended, so it corrects nothing")
    if (stalled := _stalled(kustomization)) is not None:
        why = f"{done}, and is stalled since, so it corrects nothing; {stalled}"
        return Standing("needs a person", why, f"mend the spec of {name}")
    if at(ready, "status") == "False" and at(ready, "reason") not in _PASSES:
        why = f"{done}, and says {at(ready, 'reason')} since, so it corrects nothing; {said(at(ready, 'message'))}"
        return Standing("needs a person", why, mend_by_change(name))
    return None


def _left_out(kustomization: Object, source: SourceSeen, asked: Question) -> tuple[str, str] | None:
    """The rule that keeps the file of an object from it, and what has to become of that."""
    if asked.removes or lists_object(kustomization, asked.whom):
        return None
    in_git = asked.by.file_rules if asked.by else ()
    live = source_rules(_source_name(kustomization), mapping_at(source, "spec")) if isinstance(source, dict) else ()
    if asked.path and (rule := leaving_out(in_git, asked.path) or leaving_out((*in_git, *live), asked.path)):
        return f"{asked.path} is left out by {rule}", f"take {rule} out, or move the object to a file that is taken"
    if asked.live is not None or asked.now is None:
        return None
    looks = "a .sourceignore, or a kustomization.yaml without the file"
    return "something leaves the file out", f"somebody looks for what leaves the file out: {looks}"


def _of_ready(kustomization: Object, source: SourceSeen, asked: Question, applied: str | None) -> Standing:
    name, ready = f"Kustomization {label(kustomization)}", condition(kustomization, "Ready")
    attempted, reason = commit_of(at(kustomization, "status", "lastAttemptedRevision")), at(ready, "reason")
    if reason == "ArtifactFailed" and isinstance(source, dict):  # it has not begun to try that commit
        attempted = commit_of(at(source, "status", "artifact", "revision"))
    if at(ready, "status") == "False":
        return _not_ready(name, str(reason), said(at(ready, "message")), attempted, asked)
    if asked.has(attempted) and (failed := _last_try(kustomization, attempted)) not in {None, *_PASSES}:
        why = f"the engine cannot apply it: {name} tries {short(attempted)} again, after {failed}"
        return Standing("refused", why, mend_by_change(name))
    doing = f"is at work on {short(attempted)}, which holds the change" if asked.has(attempted) else ""
    doing = doing or f"has not taken the commit up yet{_has('applied', applied)}"
    return Standing("waits", f"{name} {doing}", f"{AGAIN} once it has applied that")


def _not_ready(name: str, reason: str, words: str, attempted: str | None, asked: Question) -> Standing:
    if reason == "DependencyNotReady":
        why = f"{name} waits for what it depends on; {words}"
        return Standing("waits", why, f"{AGAIN} once the dependency is ready")
    if reason in _PASSES and asked.has(attempted):
        why = f"{name} has applied the change, and what it applies is not healthy yet; {words}"
        return Standing("waits", why, f"{AGAIN} after its next try, which applies and checks all of it again")
    if reason in _PASSES:
        why = f"{name} is still at the health of an earlier commit, {short(attempted)}; {words}"
        return Standing("waits", why, f"{AGAIN}; that ends by itself")
    if asked.has(attempted):
        why = f"the engine cannot apply it: {name} says {reason}; {words}"
        return Standing("refused", why, mend_by_change(name))
    why = f"{name} failed at {short(attempted)}, a commit without the change, and tries the next one by itself; {words}"
    return Standing("waits", why, f"{AGAIN} once it has tried the commit with the change")


def _last_try(kustomization: Object, commit: str | None) -> str | None:
    """How the last try of a commit ended, where it was no success: while it is tried anew, Ready says nothing of it."""
    last = next(iter(list_at(kustomization, "status", "history")), None)
    ended = text_at(last, "lastReconciledStatus")
    tried = commit_of(at(last, "metadata", "revision"))
    return ended if ended != "ReconciliationSucceeded" and tried is not None and tried == commit else None


def _not_fetched(kustomization: Object, source: SourceSeen, asked: Question, applied: str | None) -> Standing | None:
    which, name = _source_name(kustomization), f"Kustomization {label(kustomization)}"
    if source is None:
        why = f"{name} gets no commits: its source {which} is not there"
        return Standing("not fetched", why, f"somebody makes {which} again, or names another in {name}")
    if isinstance(source, str):
        if condition(kustomization, "Ready").get("status") == "False":
            return None
        why = f"{name} is at {short(applied)}, the base at {short(asked.tip)}; why cannot be determined: {source}"
        return Standing(
            "waits", why, f"{AGAIN}; where it does not move, a person looks at {which}: `flux get sources all`"
        )
    if commit_of(at(source, "status", "artifact", "revision")) and asked.has(
        commit_of(at(source, "status", "artifact", "revision"))
    ):
        return None
    return _unfetched_by_source(source, which, asked)


def _unfetched_by_source(source: Object, which: str, asked: Question) -> Standing | None:
    fetched = _has("got", commit_of(at(source, "status", "artifact", "revision")))
    if at(source, "metadata", "deletionTimestamp"):
        return Standing("not fetched", f"{which} is being deleted", f"somebody makes {which} again")
    is_git, failing = at(source, "kind") in {None, "GitRepository"}, condition(source, "FetchFailed")
    if at(failing, "status") != "True":
        ready = condition(source, "Ready")
        failing = ready if at(ready, "status") == "False" else {}
    told = f"; {said(at(failing, 'message'))}" if failing else ""
    if is_git and (other := _why_other_commits(source, asked)):
        also = f", and mends what {which} reports" if at(failing, "reason") == "AuthenticationFailed" else ""
        step = f"somebody points {which} at this repository and branch{also}"
        return Standing("not fetched", f"{which}: {words_of_others(other)}{told}", step)
    if (halted := _halted(source, which, fetched)) is not None:
        return halted
    if failing:
        why = f"{which} cannot be fetched, so the engine gets no new commits{fetched}{told}"
        mend = f"somebody mends what {which} reports; it is tried again by itself, and the change follows then"
        return Standing("not fetched", why, mend)
    if not is_git:
        why = f"{which} is not a Git repository, and its artifact is not of the commit yet{fetched}"
        return Standing("not fetched", why, f"somebody sees whether what makes the artifact of {which} has done so")
    every = f" (every {interval})" if (interval := text_at(source, "spec", "interval")) else ""
    why = f"{which} has not fetched the commit yet{fetched}"
    return Standing("waits", why, f"{AGAIN} once it has looked at the branch again{every}")


def _halted(source: Object, which: str, fetched: str) -> Standing | None:
    """Where it does not try."""
    if at(source, "spec", "suspend") is True:
        why = f"{which} is suspended, so no new commits come{fetched}"
        return _suspended(source, "source git", why, "not fetched")
    if (stalled := _stalled(source)) is not None:
        why = f"{which} is stalled and does not try again; {stalled}"
        return Standing("not fetched", why, f"somebody mends the spec of {which}")
    return None


def _why_other_commits(source: Object, asked: Question) -> str | None:
    """Why a GitRepository brings those of another repository, branch or tag."""
    reference, url = at(source, "spec", "ref"), at(source, "spec", "url")
    pinned = next((f"{key} {at(reference, key)}" for key in ("commit", "semver", "tag") if at(reference, key)), None)
    branch = at(reference, "name") or at(reference, "branch") or "master"
    return (
        (why_elsewhere(url, asked.remotes) if url else None)
        or (pinned and f"it applies the {pinned}, not {asked.branch}")
        or (why_off_branch(branch, asked.branch) if reference is not None or url else None)
    )


def _suspended(value: Object, kind: str, why: str, state: str = "needs a person") -> Standing:
    name, namespace = at(value, "metadata", "name"), at(value, "metadata", "namespace")
    kind = {"OCIRepository": "source oci", "Bucket": "source bucket"}.get(str(at(value, "kind")), kind)
    resume = f"a person resumes it: `flux resume {kind} {name} -n {namespace}`, or takes spec.suspend out of Git"
    return Standing("not fetched" if state == "not fetched" else "needs a person", why, resume)


def _source_name(kustomization: Object) -> str:
    reference = at(kustomization, "spec", "sourceRef")
    namespace = at(reference, "namespace") or at(kustomization, "metadata", "namespace")
    return f"{at(reference, 'kind') or 'source'} {namespace}/{at(reference, 'name')}"


def _has(done: str, commit: str | None) -> str:
    return f" (the last commit that it has {done} is {short(commit)})" if commit else ""


def helm_standing(release: Object, asked: Question) -> Standing:
    """Which commit its values come from, a HelmRelease does not say: it is asked for its present generation."""
    name, ready = f"HelmRelease {label(release)}", condition(release, "Ready")
    if at(release, "spec", "suspend") is True:
        return _suspended(release, "helmrelease", f"{name} is suspended")
    if at(ready, "status") == "False" and at(ready, "observedGeneration") in {
        None,
        at(release, "metadata", "generation"),
    }:
        words = said(at(ready, "message"))
        if at(ready, "reason") == "DependencyNotReady":
            return Standing("waits", f"{name} waits for what it depends on; {words}", f"{AGAIN} once that is ready")
        why = f"the engine cannot apply it: {name} says {at(ready, 'reason')}; {words}"
        return Standing("refused", why, mend_by_change(name))
    return Standing("waits", f"{name} says nothing of {asked.whom} yet", f"{AGAIN} once it has taken the change up")
