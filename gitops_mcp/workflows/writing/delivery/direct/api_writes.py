"""Operations carried out on the API, one after the other, and what is told where one fails half way.

A deletion goes by a look just before it, and one that meets another write by another look: as long as all that was
judged is as it was, what an operator writes in between stops nothing. A Cluster's deletion is the first of its
operations, whatever the order in which they are told: it happens or nothing is lost, and what belongs to the Cluster
declares nothing any more once that is gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from gitops_mcp.adapters.kube import Kube, OutcomeUnknown, WriteAnswer
from gitops_mcp.caller import Cancelled, pause
from gitops_mcp.domain.kinds import CLUSTER, EXTERNAL_SECRET, PASSWORD, SEALED_SECRET
from gitops_mcp.domain.live.managers import last_hands
from gitops_mcp.domain.live.operations import ApiOperation
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.redact import UNTRUSTED
from gitops_mcp.errors import Forbidden, GitOpsError, NotFound, Raced, Refused, Unavailable
from gitops_mcp.workflows.writing.request import PATIENCE

DRY_RUN = "server-side dry run"
_MAKING_SECRETS = (EXTERNAL_SECRET, PASSWORD, SEALED_SECRET)
_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
"""Seconds before a write that met another one is sent again: at first, and at last, as each pause is twice the one
before. Who writes all the time is met less often so, and the API is not asked without end."""


class ServerWarnings:
    """What the API server and its webhooks warn of, each said once of each object."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], None] = {}

    def hear(self, one: ApiOperation, answer: WriteAnswer) -> WriteAnswer:
        self._said |= {(one.label, text): None for text in answer.warnings}
        return answer

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(
            Notice("api-warning", f"the API server or a webhook says of {label}: {text} ({UNTRUSTED})")
            for label, text in self._said
        )


def try_operations(kube: Kube, todo: Iterable[ApiOperation], warnings: ServerWarnings | None = None) -> tuple[str, ...]:
    """Each operation with admission and without effect. Raises what the API server would refuse."""
    warnings = warnings or ServerWarnings()
    until = time.monotonic() + PATIENCE
    tried = [warnings.hear(one, _do_bound(kube, one, dry_run=True, until=until)) for one in todo]
    return (DRY_RUN,) if tried else ()


def look_again(kube: Kube, todo: Iterable[ApiOperation]) -> tuple[ApiOperation, ...]:
    """The operations, each bound to its object as it is now. Raises Raced where one is not as it was judged."""
    return tuple(one if one.how == "create" else _at_last_look(kube, one, judged_whole=True) for one in todo)


def carry_out(kube: Kube, todo: Sequence[ApiOperation], warnings: ServerWarnings | None = None) -> list[str]:
    """What was done, in the order of the plan. What fails half way is told with what had been done."""
    warnings = warnings or ServerWarnings()
    until = time.monotonic() + PATIENCE
    done: dict[str, str] = {}
    left = sorted(todo, key=lambda one: (one.how, one.resource) != ("delete", CLUSTER))
    for index, one in enumerate(left):
        try:
            made = warnings.hear(one, _do_bound(kube, one, dry_run=False, until=until))
            version = at(made.object, "metadata", "resourceVersion")
            done[str(one)] = str(one) + (
                f", now at resourceVersion {version}" if version and one.how != "delete" else ""
            )
        except NotFound as error:
            if not done or one.how != "delete":
                raise _half_done(error, tuple(done.values()), left[index:]) from error
            done[str(one)] = f"{one}, which was gone already"
        except Cancelled as error:
            raise Cancelled(*done.values()) from error
        except GitOpsError as error:
            raise _half_done(error, tuple(done.values()), left[index:]) from error
    return [done[str(one)] for one in todo]


def _do_bound(kube: Kube, one: ApiOperation, *, dry_run: bool, until: float) -> WriteAnswer:
    """The operation, bound anew as often as another write comes in between that changes nothing of what was judged."""
    wait = _PAUSE
    while True:
        try:
            return _do_operation(kube, one, dry_run=dry_run)
        except Raced:
            left = until - time.monotonic()
            if left < 0:
                raise
            pause(min(wait, left))
            wait = min(2 * wait, _LONGEST_PAUSE)
            one = one if one.how == "create" else _at_last_look(kube, one)  # a quota is counted by compare-and-swap


def _at_last_look(kube: Kube, one: ApiOperation, *, judged_whole: bool = False) -> ApiOperation:
    found = kube.get(one.resource, one.namespace, one.name, managed_fields=True)
    later = one.at_last_look(found)
    changed = one.changes_since(found)
    if later is None or (judged_whole and changed):
        raise Raced(f"{one.label} has changed since this was planned: {', '.join(changed) or 'other annotations'}")
    return later


def _do_operation(kube: Kube, one: ApiOperation, *, dry_run: bool) -> WriteAnswer:
    match one.how:
        case "create":
            return _create(kube, one, dry_run=dry_run)
        case "patch":
            return kube.patch(one.resource, one.namespace, one.name, one.body, dry_run=dry_run)
        case "delete":
            return kube.delete(one.resource, one.namespace, one.name, uid=one.uid, version=one.version, dry_run=dry_run)


def _create(kube: Kube, one: ApiOperation, *, dry_run: bool) -> WriteAnswer:
    try:
        return kube.create(one.resource, one.body, dry_run=dry_run)
    except Refused as error:
        if isinstance(error, Forbidden):
            raise
        try:
            there = kube.get(one.resource, one.namespace, one.name, managed_fields=True)
        except GitOpsError:
            raise error from None
        raise Refused(f"{error}. {one.label} was written {last_hands(there)}; nothing of it was changed") from error


def _half_done(error: GitOpsError, done: Sequence[str], left: Sequence[ApiOperation]) -> GitOpsError:
    if not done and not isinstance(error, OutcomeUnknown):
        return error
    failed = f"{left[0]}, because {error}"  # which says where it is not known whether that took effect
    before = f"Done: {'; '.join(done)}. " if done else ""
    rest = f" Not tried: {'; '.join(str(one) for one in left[1:])}." if len(left) > 1 else ""
    kind = Unavailable if isinstance(error, Raced) else type(error)
    again = "Repeat the request for what is left: what is done is not done twice"
    if done and all(one.how == "delete" and one.resource in _MAKING_SECRETS for one in left):
        commands = "; ".join(one.kubectl for one in left)
        again = f"What is left makes a Secret that nothing needs any more; to remove it: {commands}"
    return kind(f"{before}Failed: {failed}.{rest} {again}")
