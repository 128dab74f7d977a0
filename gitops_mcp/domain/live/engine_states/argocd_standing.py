"""What an Application of Argo CD says of a change, with the project that it belongs to.

A compared commit is none that is applied, and an operation works on its own commit until it ends: so long as it hangs,
no later commit comes in. (`status.sync`, `status.operationState`, `status.history`.)
"""

from __future__ import annotations

import re

from gitops_mcp.domain.live.engine_states.applier import resource_entry, sources_of, why_other
from gitops_mcp.domain.live.engine_states.argocd_operation import (
    APPROVED,
    NO_HEALTH,
    applied_commit,
    commit_in,
    confirmation,
    dry_commit,
    operation_standing,
)
from gitops_mcp.domain.live.engine_states.left_alone import argo_leaves
from gitops_mcp.domain.live.engine_states.promotion import promotion_of, promotion_step
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
from gitops_mcp.domain.live.engine_states.sync_windows import closed_window
from gitops_mcp.domain.objects import Object, at, dotted_path, list_at, mapping_at, text_at
from gitops_mcp.domain.redact import words_of_others

_SKIP = "argocd.argoproj.io/skip-reconcile"
ProjectSeen = Object | str | None
"""The AppProject as it is; why it could not be read; None where it was not asked for or is not there."""


def argo_standing(application: Object, project: ProjectSeen, asked: Question) -> Standing:
    steps = (_of_object(application), _of_source(application, asked), operation_standing(application, asked))
    found = next((one for one in steps if one is not None), None)
    return found or _of_comparison(application, asked) or _of_sync(application, project, asked)


def set_standing(applications: Object, name: str) -> Standing:
    """Of an ApplicationSet that has not made the Application that Git has it make."""
    whose, failing = f"ApplicationSet {label(applications)}", condition(applications, "ErrorOccurred")
    gone = f"Application {name}, which applies it, is not there"
    if at(failing, "status") == "True":
        why = (
            f"the engine cannot apply it: {gone}: {whose} says {at(failing, 'reason')}; {said(at(failing, 'message'))}"
        )
        return Standing("refused", why, mend_by_change(whose))
    made = [str(at(one, "name")) for one in list_at(applications, "status", "resources")]
    told = words_of_others(
        f"it makes {', '.join(made[:5]) or 'none'}{f' and {len(made) - 5} more' if len(made) > 5 else ''}"
    )
    why = f"{gone}: {whose} does not make it ({told})"
    return Standing(
        "needs a person", why, f"somebody sees which elements the generators of {whose} give, and mends that"
    )


def is_automatic(application: Object) -> bool:
    automated = at(application, "spec", "syncPolicy", "automated")
    return isinstance(automated, dict) and automated.get("enabled") is not False


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
        if waiting and not at(application, "metadata", "annotations", APPROVED):
            objects = ", ".join(f"{at(one, 'kind')} {at(one, 'namespace')}/{at(one, 'name')}" for one in waiting[:5])
            why = f"{name} is being deleted and waits for somebody to confirm the deletion of {objects}"
            return Standing("needs a person", why, confirmation(application))
        why = f"{name} is being deleted, so nothing is applied through it any more"
        return Standing("needs a person", why, f"somebody makes {name} again")
    if str(at(application, "metadata", "annotations", _SKIP)).lower() == "true":
        why = f"{name} carries {_SKIP}, so Argo CD does nothing for it and its status is an old one"
        whom = f"{at(application, 'metadata', 'name')} -n {at(application, 'metadata', 'namespace')}"
        return Standing("left alone", why, f"take it off: `kubectl annotate application {whom} {_SKIP}-`")
    if invalid := condition(application, "InvalidSpecError"):
        why = f"the engine cannot apply it: {name} is not valid; {said(at(invalid, 'message'))}"
        return Standing("refused", why, f"mend the destination, the project or the source of {name}")
    return None


def _of_source(application: Object, asked: Question) -> Standing | None:
    hydrator = mapping_at(application, "spec", "sourceHydrator")
    if asked.branch in {at(hydrator, key, "targetBranch") for key in ("syncSource", "hydrateTo")}:
        dry = words_of_others(str(at(hydrator, "drySource", "targetRevision") or "HEAD"), most=100)
        why = (
            f"{_name(application)} has {asked.branch} written by the source hydrator from {dry}, and takes an edit back"
        )
        return Standing("not fetched", why, f"change the dry side: set --base, or `base` in .gitops-mcp.yaml, to {dry}")
    sources = sources_of(application)
    others = [why_other(one, asked.remotes, asked.branch) for one in sources]
    promotion = promotion_of(application) if others and all(others) and not hydrator else None
    if promotion and why_other(sources[0], asked.remotes, promotion.into) is None:
        why = f"{_name(application)} syncs {words_of_others(promotion.into)}, which Kargo renders and promotes to"
        step = promotion_step(promotion, None, asked=False)
        return Standing("needs a person", why, step, promotion=promotion)
    if others and all(others):
        why = f"{_name(application)} does not get the commit: {words_of_others(str(others[0]))}"
        return Standing(
            "not fetched", why, f"somebody points the source of {_name(application)} at this repository and branch"
        )
    return _of_hydration(application, asked) if hydrator else None


def _of_hydration(application: Object, asked: Question) -> Standing | None:
    """The way of a commit to the branch that is synced: hydrated, then promoted where it goes to another one first."""
    name = _name(application)
    status = mapping_at(application, "status", "sourceHydrator")
    working, done = mapping_at(status, "currentOperation"), mapping_at(status, "lastSuccessfulOperation")
    if not asked.has(commit_of(at(done, "drySHA"))):
        tried = commit_of(at(working, "drySHA")) or commit_of(status.get("lastComparedDryRevision"))
        if at(working, "phase") == "Failed" and (
            asked.has(tried) if tried else not asked.is_past(working.get("finishedAt"))
        ):
            why = f"the engine cannot apply it: {name} fails to hydrate; {said(at(working, 'message'))}"
            return Standing("refused", why, mend_by_change(name))
        return Standing("waits", f"{name} has not hydrated the commit yet", f"{AGAIN} once it has")
    hydrated, synced = commit_of(at(done, "hydratedSHA")), commit_of(at(application, "status", "sync", "revision"))
    promotion = promotion_of(application)
    if promotion is None or hydrated == synced or asked.has(synced) or asked.has(asked.promoted):
        return None
    target, goal = (words_of_others(str(one), most=100) for one in (promotion.staged, promotion.into))
    why = f"{name} has hydrated the change to {target} at {short(hydrated)}, and syncs {goal} at {short(synced)}"
    return Standing("needs a person", why, promotion_step(promotion, None, asked=False), promotion=promotion)


def _of_comparison(application: Object, asked: Question) -> Standing | None:
    name = _name(application)
    for kind in ("ComparisonError", "SyncError", "UnknownError"):
        found = condition(application, kind)
        message = text_at(found, "message") or ""
        if not found:
            continue
        if NO_HEALTH in message:
            why = f"{name} waits for an object to have a status; {said(message)}"
            return Standing("waits", why, f"{AGAIN}; that ends by itself once the operator has written one")
        tried = re.search(r"\[([0-9a-f]{40,64})\]", message)
        if kind == "ComparisonError" and asked.is_past(at(application, "status", "reconciledAt")):
            before = f"before that it had the condition {kind}; {said(message)}"
            why = f"{name} has compared nothing since the last commit came onto {asked.branch}; {before}"
            return Standing("waits", why, f"{AGAIN} once it has compared that one")
        if kind == "ComparisonError" or tried is None or asked.has(dry_commit(application, tried[1])):
            why = f"the engine cannot apply it: {name} has the condition {kind}; {said(message)}"
            return Standing("refused", why, mend_by_change(name))
    return None


def _of_sync(application: Object, project: ProjectSeen, asked: Question) -> Standing:
    name, sync = _name(application), mapping_at(application, "status", "sync")
    compared = commit_in(sync)
    has_compared = asked.has(dry_commit(application, compared))
    is_own_synced = (
        asked.live is not None
        and not asked.removes
        and at(resource_entry(application, asked.whom), "status") == "Synced"
    )
    is_synced = has_compared and (sync.get("status") == "Synced" or is_own_synced)
    if has_compared and (rule := argo_leaves(application, asked)) is not None:
        return left_alone(f"{name} has compared the change and leaves this alone:", *rule)
    if is_synced:
        return _synced(application, asked)
    if not is_automatic(application):
        return _by_hand(application, asked)
    if isinstance(project, dict) and asked.now and (window := closed_window(application, project, asked.now)):
        whose = f"project {at(project, 'metadata', 'name')}"
        why = f"{name} may not sync now, by a window of {whose}: {window.told}"
        wait = f"it syncs by itself once the window lets it; before that somebody changes the windows of {whose}"
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
    done = asked.has(applied_commit(application))
    if done and at(automated, "selfHeal") is not True:
        why = f"{name} has synced the change, and does not undo later edits by itself (no selfHeal)"
        return Standing("needs a person", why, _sync_by_hand(application))
    unread = f"; whether a window of its project is closed is not known: {project}" if isinstance(project, str) else ""
    return Standing("waits", f"{name} has compared the change and not synced it yet{unread}", f"{AGAIN} once it has")


def _by_hand(application: Object, asked: Question) -> Standing:
    name, past = _name(application), [commit_in(one) for one in list_at(application, "status", "history")]
    back = len(past) > 1 and past[-1] in past[:-1] and asked.has(past[-2])
    off = at(application, "spec", "syncPolicy", "automated", "enabled") is False
    how = "automated.enabled is false" if off else "its sync is manual"
    why = f"{name} was rolled back to {short(past[-1])}, and {how}" if back else f"{name} syncs only when asked: {how}"
    return Standing("needs a person", why, _sync_by_hand(application, prune=asked.removes))


def _synced(application: Object, asked: Question) -> Standing:
    what = "is" if at(application, "status", "sync", "status") == "Synced" else f"has {asked.whom}"
    done = f"{_name(application)} {what} Synced at a commit that holds the change"
    if (overridden := _override(application, asked)) is not None:
        return left_alone(f"{done}, but", overridden, f"take that out of {_name(application)}, or change it there")
    if asked.by and asked.by.overrides and not asked.removes:
        told = asked.by.overrides[0]
        step = f"take that out of {told.partition(' overrides ')[0]}, or change it there"
        return left_alone(f"{done}, but", told, step)
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
