"""What an Application of Argo CD says of a change, with the project that it belongs to.

A compared commit is none that is applied, and an operation works on its own commit until it ends: so long as it hangs,
no later commit comes in. (`status.sync`, `status.operationState`, `status.history`.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.live.applier import resource_entry, sources_of, why_other
from gitops_mcp.domain.live.left_alone import argo_leaves
from gitops_mcp.domain.live.standing import AGAIN, Question, Standing, commit_of, condition, label, said, short
from gitops_mcp.domain.live.sync_windows import closed_window
from gitops_mcp.domain.objects import Object, at, dotted_path, list_at, mapping_at, text_at
from gitops_mcp.domain.redact import untrusted, words_of_others

_APPROVED = "argocd.argoproj.io/deletion-approved"
_SKIP = "argocd.argoproj.io/skip-reconcile"
_HEALTH = "error setting app health"
"""A condition that looks like a failure to compare: an object without a status has no health yet."""
ProjectSeen = Object | str | None
"""The AppProject as it is; why it could not be read; None where it was not asked for or is not there."""


def argo_standing(application: Object, project: ProjectSeen, asked: Question) -> Standing:
    steps = (_of_object(application), _of_source(application, asked), _of_operation(application, asked))
    found = next((one for one in steps if one is not None), None)
    return found or _of_comparison(application, asked) or _of_sync(application, project, asked)


def is_automatic(application: Object) -> bool:
    automated = at(application, "spec", "syncPolicy", "automated")
    return isinstance(automated, dict) and automated.get("enabled") is not False


def applied_commit(application: Object) -> str | None:
    """Of the last operation that went through as a whole; of several sources the first that is of Git."""
    state = mapping_at(application, "status", "operationState")
    whole = text_at(state, "phase") == "Succeeded" and not at(state, "operation", "sync", "resources")
    history = list_at(application, "status", "history")
    return _commit_in(at(state, "syncResult")) if whole else _commit_in(history[-1]) if history else None


def _commit_in(value: object) -> str | None:
    named = (at(value, "revision"), *list_at(value, "revisions"))
    return next((commit for one in named if (commit := commit_of(one))), None)


def _name(application: Object) -> str:
    return f"Application {label(application)}"


def _sync_by_hand(application: Object, *, prune: bool = False) -> str:
    name, flag = at(application, "metadata", "name"), " --prune" if prune else ""
    return f"a person syncs it: `argocd app sync {name}{flag}`, or the button Sync{' with Prune' if prune else ''}"


def _of_object(application: Object) -> Standing | None:
    name = _name(application)
    if at(application, "metadata", "deletionTimestamp"):
        waiting = [
            one for one in list_at(application, "status", "resources") if at(one, "requiresDeletionConfirmation")
        ]
        if waiting and not at(application, "metadata", "annotations", _APPROVED):
            objects = ", ".join(f"{at(one, 'kind')} {at(one, 'namespace')}/{at(one, 'name')}" for one in waiting[:5])
            why = f"{name} is being deleted and waits for somebody to confirm the deletion of {objects}"
            return Standing("needs a person", why, _confirmation(application))
        why = f"{name} is being deleted, so nothing is applied through it any more"
        return Standing("needs a person", why, "somebody makes the Application again")
    if str(at(application, "metadata", "annotations", _SKIP)).lower() == "true":
        why = f"{name} carries {_SKIP}, so Argo CD does nothing for it and its status is an old one"
        whom = f"{at(application, 'metadata', 'name')} -n {at(application, 'metadata', 'namespace')}"
        return Standing("left alone", why, f"take it off: `kubectl annotate application {whom} {_SKIP}-`")
    if invalid := condition(application, "InvalidSpecError"):
        why = f"the engine cannot apply it: {name} is not valid; {said(at(invalid, 'message'))}"
        return Standing("refused", why, f"mend the destination, the project or the source of {name}")
    return None


def _confirmation(application: Object) -> str:
    whom = f"{at(application, 'metadata', 'name')} -n {at(application, 'metadata', 'namespace')}"
    annotate = f"`kubectl annotate application {whom} {_APPROVED}=$(date -u +%Y-%m-%dT%H:%M:%SZ)`"
    return f"a person confirms it: {annotate}, or the button Confirm Pruning"


def _of_source(application: Object, asked: Question) -> Standing | None:
    others = [why_other(one, asked.remotes, asked.branch) for one in sources_of(application)]
    if others and all(others):
        why = f"{_name(application)} does not get the commit: {words_of_others(str(others[0]))}"
        return Standing("not fetched", why, "somebody points its source at this repository and branch")
    hydrator = mapping_at(application, "spec", "sourceHydrator")
    working = mapping_at(application, "status", "sourceHydrator", "currentOperation")
    if not hydrator:
        return None
    if at(working, "phase") == "Failed":
        why = f"the engine cannot apply it: {_name(application)} fails to hydrate; {said(at(working, 'message'))}"
        return Standing("refused", why, "mend what it reports with a new change")
    if not asked.has(commit_of(at(working, "drySHA"))):
        return Standing("waits", f"{_name(application)} has not hydrated the commit yet", f"{AGAIN} once it has")
    target, done = at(hydrator, "hydrateTo", "targetBranch"), commit_of(at(working, "hydratedSHA"))
    if target and done != commit_of(at(application, "status", "sync", "revision")):
        goal = at(hydrator, "syncSource", "targetBranch")
        why = f"{_name(application)} has hydrated the change to {target}, and {goal} does not have it yet"
        return Standing("needs a person", why, f"a person promotes it: merges {target} into {goal}")
    return None


def _of_operation(application: Object, asked: Question) -> Standing | None:
    """The operation that runs, or has failed on a commit that holds the change."""
    state = mapping_at(application, "status", "operationState")
    phase, message = text_at(state, "phase"), text_at(state, "message") or ""
    commit = _commit_in(at(state, "syncResult")) or _commit_in(at(state, "operation", "sync"))
    mine, name = asked.has(_dry(application, commit)), _name(application)
    failures = list(_failures(state)) or [text_at(application, "status", "health", "message") or ""]
    words = said("; ".join(filter(None, [message, *failures])))
    if phase in {"Failed", "Error"} and mine:
        return Standing("refused", f"the engine cannot apply it: {name} failed; {words}", _mend(name))
    if phase != "Running":
        return None
    which = "this change" if mine else f"{short(commit)}, which is without this change and keeps later commits out"
    since = f" since {words_of_others(str(at(state, 'startedAt')))}" if at(state, "startedAt") else ""
    at_work, cause = f"{name} works{since} on {which}", None if mine else commit
    if re.search(r"waiting for (pruning|deletion) confirmation", message, re.IGNORECASE):
        return Standing(
            "needs a person", f"{at_work}, and waits for a person; {words}", _confirmation(application), cause
        )
    if "etrying" in message and _HEALTH not in message:
        if mine:
            return Standing(
                "refused", f"the engine cannot apply it: {name} tries again and again; {words}", _mend(name)
            )
        stop = f"`argocd app terminate-op {at(application, 'metadata', 'name')}`"
        again = f"{AGAIN} once its tries are over, or a person ends them: {stop}"
        return Standing("waits", f"{at_work}; {words}", again, cause)
    told = f"; {words}" if message else ""
    return Standing("waits", f"{at_work}{told}", f"{AGAIN} once that operation has ended", cause)


def _dry(application: Object, commit: str | None) -> str | None:
    """Of a hydrated commit the one that it was made from; others are themselves."""
    done = mapping_at(application, "status", "sourceHydrator", "lastSuccessfulOperation")
    return commit_of(at(done, "drySHA")) if commit and at(done, "hydratedSHA") == commit else commit


def _failures(state: Object) -> Iterator[str]:
    """Objects and hooks that failed, which the message of an operation often leaves out."""
    for one in list_at(state, "syncResult", "resources"):
        if at(one, "status") == "SyncFailed" or at(one, "hookPhase") in {"Failed", "Error"}:
            hook = f"{at(one, 'hookType')} hook " if at(one, "hookType") else ""
            yield f"{hook}{at(one, 'kind')} {at(one, 'name')}: {at(one, 'message')}"


def _mend(name: str) -> str:
    return f"mend what {name} reports with a new change"


def _of_comparison(application: Object, asked: Question) -> Standing | None:
    name = _name(application)
    for kind in ("ComparisonError", "SyncError", "UnknownError"):
        found = condition(application, kind)
        message = str(at(found, "message"))
        if not found:
            continue
        if _HEALTH in message:
            why = f"{name} waits for an object to have a status; {said(message)}"
            return Standing("waits", why, f"{AGAIN}; that ends by itself once the operator has written one")
        tried = re.search(r"\[([0-9a-f]{40,64})\]", message)
        if kind == "ComparisonError" or tried is None or asked.has(_dry(application, tried[1])):
            told = untrusted(f"{kind}: {message}")
            return Standing("refused", f"the engine cannot apply it: {told}", _mend(name))
    return None


def _of_sync(application: Object, project: ProjectSeen, asked: Question) -> Standing:
    name, sync = _name(application), mapping_at(application, "status", "sync")
    compared = _commit_in(sync)
    has_compared = asked.has(_dry(application, compared))
    is_synced = has_compared and sync.get("status") == "Synced"
    if has_compared and (rule := argo_leaves(application, asked)) is not None:
        return Standing("left alone", f"{name} has compared the change and leaves this alone: {rule[0]}", rule[1])
    if is_synced:
        return _synced(application, asked)
    if not is_automatic(application):
        return _by_hand(application, asked)
    if isinstance(project, dict) and asked.now and (window := closed_window(application, project, asked.now)):
        why = f"{name} may not sync now, by a window of project {at(project, 'metadata', 'name')}: {window.told}"
        wait = "it syncs by itself once the window lets it; before that somebody changes the windows of the project"
        step = _sync_by_hand(application) if window.lets_people else wait
        return Standing("needs a person", why, step)
    if not has_compared:
        where = f" (it is at {short(compared)})" if compared else ""
        return Standing("waits", f"{name} has not compared the commit yet{where}", f"{AGAIN} once it has")
    return _out_of_sync(application, project, asked)


def _out_of_sync(application: Object, project: ProjectSeen, asked: Question) -> Standing:
    name, automated = _name(application), at(application, "spec", "syncPolicy", "automated")
    entry = resource_entry(application, asked.whom)
    if asked.removes and at(entry, "requiresPruning") and at(automated, "prune") is not True:
        why = f"{name} does not prune by itself, so the object stays"
        return Standing("needs a person", why, _sync_by_hand(application, prune=True))
    done = asked.has(_dry(application, applied_commit(application)))
    if done and at(automated, "selfHeal") is not True:
        why = f"{name} has synced the change; what was edited since it does not heal by itself (no selfHeal)"
        return Standing("needs a person", why, _sync_by_hand(application))
    unread = (
        f"; whether a window of its project is closed cannot be told: {project}" if isinstance(project, str) else ""
    )
    return Standing("waits", f"{name} has compared the change and not synced it yet{unread}", f"{AGAIN} once it has")


def _by_hand(application: Object, asked: Question) -> Standing:
    name, past = _name(application), [_commit_in(one) for one in list_at(application, "status", "history")]
    back = len(past) > 1 and past[-1] in past[:-1] and asked.has(_dry(application, past[-2]))
    off = at(application, "spec", "syncPolicy", "automated", "enabled") is False
    how = "automated.enabled is false" if off else "its sync is manual"
    why = f"{name} was rolled back to {short(past[-1])}, and {how}" if back else f"{name} syncs only when asked: {how}"
    return Standing("needs a person", why, _sync_by_hand(application, prune=asked.removes))


def _synced(application: Object, asked: Question) -> Standing:
    done = f"{_name(application)} is Synced at a commit that holds the change"
    overridden = _override(application, asked)
    if overridden:
        return Standing("left alone", f"{done}, but {overridden}", "take it out of the Application, or change it there")
    return Standing("applied", done, f"{AGAIN} once it has compared again; or {_sync_by_hand(application)}")


def _override(application: Object, asked: Question) -> str | None:
    """A field of the live Application that says otherwise than the files."""
    for source in sources_of(application):
        for key in ("kustomize", "helm"):
            text = str(source.get(key) or "")
            for path in asked.fields:
                if path and re.search(rf"\b{re.escape(str(path[-1]))}\b", text):
                    return f"spec.source.{key} of {_name(application)} says {dotted_path(path)} itself"
    return None
