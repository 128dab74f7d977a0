"""Operations carried out on the API, one after the other, and what is told where one fails half way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitops_mcp.adapters.kube import Kube, OutcomeUnknown
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, PASSWORD, SEALED_SECRET
from gitops_mcp.domain.live.operations import ApiOperation
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import GitOpsError, Raced, Unavailable

DRY_RUN = "server-side dry run"
_MAKING_SECRETS = (EXTERNAL_SECRET, PASSWORD, SEALED_SECRET)


def try_operations(kube: Kube, todo: Iterable[ApiOperation]) -> tuple[str, ...]:
    """Each operation with admission and without effect. Raises what the API server would refuse."""
    tried = [_do_operation(kube, one, dry_run=True) for one in todo]
    return (DRY_RUN,) if tried else ()


def carry_out(kube: Kube, todo: Sequence[ApiOperation]) -> list[str]:
    """What was done, in its order. What fails half way is told with what had been done."""
    done: list[str] = []
    for index, one in enumerate(todo):
        try:
            made = _do_operation(kube, one, dry_run=False)
        except GitOpsError as error:
            raise _half_done(error, done, todo[index:]) from error
        version = at(made, "metadata", "resourceVersion")
        done.append(str(one) + (f", now at resourceVersion {version}" if version and one.how != "delete" else ""))
    return done


def _do_operation(kube: Kube, one: ApiOperation, *, dry_run: bool) -> Object:
    match one.how:
        case "create":
            return kube.apply(one.resource, one.body, dry_run=dry_run).object
        case "patch":
            return kube.patch(one.resource, one.namespace, one.name, one.body, dry_run=dry_run).object
        case "delete":
            return kube.delete(
                one.resource, one.namespace, one.name, uid=one.uid, version=one.version, dry_run=dry_run
            ).object


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
