"""What an operation of an Application works on, has failed at or has done.

An operation works on its own commit until it ends: so long as it hangs, no later commit comes in. What it works on is
not applied; the last one that ended well as a whole is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from gitops_mcp.domain.live.engine_states.standing import (
    AGAIN,
    Question,
    Standing,
    commit_of,
    label,
    mend_by_change,
    said,
    short,
)
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at
from gitops_mcp.domain.redact import words_of_others

APPROVED = "argocd.argoproj.io/deletion-approved"
NO_HEALTH = "error setting app health"
"""What looks like a failure to compare: an object without a status has no health yet."""


def operation_standing(application: Object, asked: Question) -> Standing | None:
    """Of the operation that runs, or has failed on a commit that holds the change."""
    state, name = mapping_at(application, "status", "operationState"), f"Application {label(application)}"
    commit = commit_in(at(state, "syncResult")) or commit_in(at(state, "operation", "sync"))
    mine, phase = asked.has(dry_commit(application, commit)), text_at(state, "phase")
    if phase in {"Failed", "Error"} and mine:
        return Standing(
            "refused", f"the engine cannot apply it: {name} failed; {_words(application)}", mend_by_change(name)
        )
    if phase != "Running":
        return None
    which = "this change" if mine else f"{short(commit)}, which is without this change and keeps later commits out"
    since = f" since {words_of_others(str(at(state, 'startedAt')))}" if at(state, "startedAt") else ""
    at_work, cause = f"{name} has been at work{since} on {which}", None if mine else commit
    return _running(application, at_work, cause)


def _running(application: Object, at_work: str, cause: str | None) -> Standing:
    state, name = mapping_at(application, "status", "operationState"), f"Application {label(application)}"
    message, words = text_at(state, "message") or "", _words(application)
    end_it = f"`argocd app terminate-op {at(application, 'metadata', 'name')}`"
    if re.search(r"waiting for (pruning|deletion) confirmation", message, re.IGNORECASE):
        why = f"{at_work}, and waits for a person; {words}"
        return Standing("needs a person", why, confirmation(application), cause)
    if NO_HEALTH in message:
        step = f"{AGAIN}; that ends by itself once the operator has written a status"
    elif "etrying" not in message:
        step = f"{AGAIN} once that operation has ended; where it does not end, a person ends it: {end_it}"
    elif cause is not None:
        step = f"{AGAIN} once its tries are over, or a person ends them: {end_it}"
    elif (unwell := _unhealthy(state)) is not None:
        at_work = f"{at_work}, and tries again until {unwell} is healthy"
        step = f"{AGAIN} once {unwell} is; get_cluster_status says what a Cluster lacks"
    else:
        return Standing(
            "refused", f"the engine cannot apply it: {name} tries again and again; {words}", _mend(name, message)
        )
    return Standing("waits", f"{at_work}; {words}" if message else at_work, step, cause)


def _mend(name: str, message: str) -> str:
    project = re.search(r"is not permitted in project ([\w.-]+)", message)
    return (
        f"somebody permits it in AppProject {project[1]}, or a new change takes it out"
        if project
        else mend_by_change(name)
    )


def confirmation(application: Object) -> str:
    name, namespace = at(application, "metadata", "name"), at(application, "metadata", "namespace")
    return f"a person confirms it: {ways_to_confirm(str(name), str(namespace))}"


def ways_to_confirm(name: str, namespace: str | None) -> str:
    """How a person lets an Application delete what it asks about; by kubectl only where its namespace is known."""
    moment = f"{APPROVED}=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    name, space = shlex.quote(name), shlex.quote(namespace or "")
    annotate = f"`kubectl annotate application {name} -n {space} {moment}`, " if namespace else ""
    return f"{annotate}`argocd app confirm-deletion {name}`, or the button Confirm Pruning"


def applied_commit(application: Object) -> str | None:
    """Of the last operation that went through as a whole; of several sources the first that is of Git.

    Of what is hydrated it is the commit that it was made from.
    """
    state = mapping_at(application, "status", "operationState")
    whole = text_at(state, "phase") == "Succeeded" and not at(state, "operation", "sync", "resources")
    history = list_at(application, "status", "history")
    found = commit_in(at(state, "syncResult")) if whole else commit_in(history[-1]) if history else None
    return dry_commit(application, found)


def commit_in(value: object) -> str | None:
    named = (at(value, "revision"), *list_at(value, "revisions"))
    return next((commit for one in named if (commit := commit_of(one))), None)


def dry_commit(application: Object, commit: str | None) -> str | None:
    """Of a hydrated commit the one that it was made from; others are themselves."""
    done = mapping_at(application, "status", "sourceHydrator", "lastSuccessfulOperation")
    return commit_of(at(done, "drySHA")) if commit and at(done, "hydratedSHA") == commit else commit


def _words(application: Object) -> str:
    """What it says, with what failed, or else with what is not as Git says."""
    state = mapping_at(application, "status", "operationState")
    message = text_at(state, "message") or ""
    told = [message, *_failures(state, message)]
    if "etrying" in told[0] and len(told) == 1:
        rows = list_at(application, "status", "resources")
        told += [f"{_whom(one)} is OutOfSync" for one in rows if at(one, "status") == "OutOfSync"][:5]
    return said("; ".join(filter(None, told)))


def _failures(state: Object, message: str) -> Iterator[str]:
    """Objects and hooks that failed, with their words where the message of the operation leaves these out."""
    for one in list_at(state, "syncResult", "resources"):
        if at(one, "status") == "SyncFailed" or at(one, "hookPhase") in {"Failed", "Error"}:
            hook = f"{at(one, 'hookType')} hook " if at(one, "hookType") else ""
            whom, words = f"{hook}{at(one, 'kind')} {at(one, 'name')}", (text_at(one, "message") or "").strip()
            yield f"about {whom}" if words and words in message else f"{whom}: {words}"


def _unhealthy(state: Object) -> str | None:
    """The object that was applied and is waited for in vain, where nothing was refused."""
    found = [one for one in list_at(state, "syncResult", "resources") if at(one, "hookPhase") == "Failed"]
    refused = any(at(one, "status") == "SyncFailed" or at(one, "hookType") for one in found)
    return _whom(found[0]) if found and not refused else None


def _whom(row: object) -> str:
    return f"{at(row, 'kind')} {at(row, 'namespace')}/{at(row, 'name')}"
