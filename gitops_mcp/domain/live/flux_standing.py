"""What a Kustomization or HelmRelease of Flux says of a change, with the source that it gets its commits from.

`Ready=True` means that the last artifact that came is applied, whatever stands on the branch. A failure says something
of the revision that was tried, and of no other.
"""

from __future__ import annotations

from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch
from gitops_mcp.domain.live.applier import lists_object
from gitops_mcp.domain.live.left_alone import flux_leaves
from gitops_mcp.domain.live.standing import AGAIN, Question, Standing, commit_of, condition, label, said, short
from gitops_mcp.domain.objects import Object, at, text_at
from gitops_mcp.domain.redact import words_of_others

SourceSeen = Object | str | None
"""The source as it is; why it could not be read; None where it is not there."""
_PASSES = frozenset({"DependencyNotReady", "HealthCheckFailed"})
"""Reasons of Ready=False that are no failure to apply."""


def flux_standing(kustomization: Object, source: SourceSeen, asked: Question) -> Standing:
    name, spec = f"Kustomization {label(kustomization)}", at(kustomization, "spec")
    if at(kustomization, "metadata", "deletionTimestamp"):
        why = f"{name} is being deleted, so nothing is applied through it any more"
        return Standing("needs a person", why, "somebody puts the Kustomization back, in Git or with `flux create`")
    applied = commit_of(at(kustomization, "status", "lastAppliedRevision"))
    if asked.has(applied):
        return _applied(kustomization, source, asked, applied)
    if at(spec, "suspend") is True:
        return _suspended(kustomization, "kustomization", f"{name} is suspended{_at(applied)}")
    if at(condition(kustomization, "Stalled"), "status") == "True":
        words = said(at(condition(kustomization, "Stalled"), "message"))
        return Standing("refused", f"{name} is stalled and does not try again; {words}", f"mend the spec of {name}")
    if (unfetched := _not_fetched(kustomization, source, asked, applied)) is not None:
        return unfetched
    return _of_ready(kustomization, source, asked, applied)


def _applied(kustomization: Object, source: SourceSeen, asked: Question, applied: str | None) -> Standing:
    name = f"Kustomization {label(kustomization)}"
    done = f"{name} has applied {short(applied)}, which holds the change"
    if (rule := flux_leaves(kustomization, asked)) is not None:
        return Standing("left alone", f"{done}, and leaves this alone: {rule[0]}", rule[1])
    if asked.removes and asked.live and at(kustomization, "spec", "prune") is not True:
        delete = f"`kubectl delete {asked.whom.kind.lower()} {asked.whom.name} -n {asked.whom.namespace}`"
        why = f"{done}, and does not prune (spec.prune), so the object stays"
        return Standing("left alone", why, f"a person deletes it with {delete}, or sets spec.prune of {name}")
    if not asked.removes and asked.live is None and not lists_object(kustomization, asked.whom):
        why = f"{done}, and its inventory has no {asked.whom}: something leaves the file out"
        ignored = f", first spec.ignore of {_source_name(kustomization)}" if at(source, "spec", "ignore") else ""
        look = f"somebody looks for what leaves the file out{ignored}: a .sourceignore, or a list of resources"
        return Standing("left alone", why, look)
    if at(kustomization, "spec", "suspend") is True:
        return _suspended(kustomization, "kustomization", f"{done}, and is suspended, so it corrects nothing")
    again = (
        f"{AGAIN} after its next reconciliation (every {at(kustomization, 'spec', 'interval')}), which corrects drift"
    )
    return Standing("applied", done, again)


def _of_ready(kustomization: Object, source: SourceSeen, asked: Question, applied: str | None) -> Standing:
    name, ready = f"Kustomization {label(kustomization)}", condition(kustomization, "Ready")
    attempted, reason = commit_of(at(kustomization, "status", "lastAttemptedRevision")), at(ready, "reason")
    if reason == "ArtifactFailed" and isinstance(source, dict):  # it has not begun to try that commit
        attempted = commit_of(at(source, "status", "artifact", "revision"))
    words = said(at(ready, "message"))
    if at(ready, "status") != "False":
        doing = "works on it" if asked.has(attempted) else "has not got the commit yet"
        return Standing("waits", f"{name} {doing}{_at(applied)}", f"{AGAIN} once it has")
    if reason == "DependencyNotReady":
        return Standing(
            "waits", f"{name} waits for what it depends on; {words}", f"{AGAIN} once the dependency is ready"
        )
    if reason in _PASSES:
        if asked.has(attempted):
            return Standing("waits", f"{name} has applied the change and checks its health; {words}", f"{AGAIN} later")
        why = f"{name} is still at the health of an earlier commit, {short(attempted)}; {words}"
        return Standing("waits", why, f"{AGAIN}; that ends by itself")
    if asked.has(attempted):
        mend = f"mend what {name} reports with a new change"
        return Standing("refused", f"the engine cannot apply it: {name} says {reason}; {words}", mend)
    why = f"{name} failed at {short(attempted)}, a commit without the change, and tries the next one by itself; {words}"
    return Standing("waits", why, f"{AGAIN} once it has tried the commit with the change")


def _not_fetched(kustomization: Object, source: SourceSeen, asked: Question, applied: str | None) -> Standing | None:
    which, name = _source_name(kustomization), f"Kustomization {label(kustomization)}"
    if source is None:
        why = f"{name} gets no commits: its source {which} is not there"
        return Standing("not fetched", why, f"somebody makes {which} again, or names another in {name}")
    if isinstance(source, str):
        if condition(kustomization, "Ready").get("status") == "False":
            return None
        why = f"{name} is at {short(applied)}, the base at {short(asked.tip)}; why cannot be told: {source}"
        return Standing(
            "waits", why, f"{AGAIN}; where it does not move, a person looks at {which}: `flux get sources all`"
        )
    if commit_of(at(source, "status", "artifact", "revision")) and asked.has(
        commit_of(at(source, "status", "artifact", "revision"))
    ):
        return None
    return _unfetched_by_source(source, which, asked)


def _unfetched_by_source(source: Object, which: str, asked: Question) -> Standing | None:
    at_commit = _at(commit_of(at(source, "status", "artifact", "revision")))
    if at(source, "metadata", "deletionTimestamp"):
        return Standing("not fetched", f"{which} is being deleted", f"somebody makes {which} again")
    reference = at(source, "spec", "ref")
    pinned = next((f"{key} {at(reference, key)}" for key in ("commit", "semver", "tag") if at(reference, key)), None)
    url, branch = at(source, "spec", "url"), at(reference, "name") or at(reference, "branch")
    other = (
        (why_elsewhere(url, asked.remotes) if url and at(source, "kind") in {None, "GitRepository"} else None)
        or (pinned and f"it applies the {pinned}, not {asked.branch}")
        or (why_off_branch(branch or "master", asked.branch) if reference is not None or url else None)
    )
    failing = condition(source, "FetchFailed")
    if at(failing, "status") != "True":
        failing = {}
    told = f"; {said(at(failing, 'message'))}" if failing else ""
    if other:
        return Standing(
            "not fetched",
            f"{which}: {words_of_others(other)}{told}",
            f"somebody points {which} at this repository and branch",
        )
    if at(source, "spec", "suspend") is True:
        return _suspended(
            source, "source git", f"{which} is suspended{at_commit}, so no new commits come", "not fetched"
        )
    if at(condition(source, "Stalled"), "status") == "True":
        why = f"{which} is stalled and does not try again; {said(at(condition(source, 'Stalled'), 'message'))}"
        return Standing("not fetched", why, f"somebody mends the spec of {which}")
    if failing or at(condition(source, "Ready"), "status") == "False":
        words = said(at(failing or condition(source, "Ready"), "message"))
        why = f"{which} cannot be fetched{at_commit}, so the engine gets no new commits; {words}"
        mend = f"somebody mends what {which} reports; it is tried again by itself, and the change follows then"
        return Standing("not fetched", why, mend)
    every = f" (every {interval})" if (interval := text_at(source, "spec", "interval")) else ""
    why = f"{which} has not fetched the commit yet{at_commit}"
    return Standing("waits", why, f"{AGAIN} once it has looked at the branch again{every}")


def _suspended(value: Object, kind: str, why: str, state: str = "needs a person") -> Standing:
    name, namespace = at(value, "metadata", "name"), at(value, "metadata", "namespace")
    kind = (
        "source oci"
        if at(value, "kind") == "OCIRepository"
        else "source bucket"
        if at(value, "kind") == "Bucket"
        else kind
    )
    resume = f"a person resumes it: `flux resume {kind} {name} -n {namespace}`, or takes spec.suspend out of Git"
    return Standing("not fetched" if state == "not fetched" else "needs a person", why, resume)


def _source_name(kustomization: Object) -> str:
    reference = at(kustomization, "spec", "sourceRef")
    namespace = at(reference, "namespace") or at(kustomization, "metadata", "namespace")
    return f"{at(reference, 'kind') or 'source'} {namespace}/{at(reference, 'name')}"


def _at(commit: str | None) -> str:
    return f" at {short(commit)}" if commit else ""


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
        return Standing("refused", why, f"mend what {name} reports with a new change")
    return Standing("waits", f"{name} says nothing of {asked.whom} yet", f"{AGAIN} once it has taken the change up")
