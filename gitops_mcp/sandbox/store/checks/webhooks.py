"""Validating webhooks as functions: a real API server asks over https, this one by a call; both tell it alike."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store.checks.admission import WriteOptions
from gitops_mcp.sandbox.store.errors import ApiError, denied

Operation = Literal["CREATE", "UPDATE", "DELETE"]


@dataclass(frozen=True)
class Webhook:
    """One that is asked of every write of a resource, and without which none is done (failurePolicy `Fail`)."""

    name: str
    resource: Resource
    judge: Callable[[Object], Object]
    """From the request of an AdmissionReview to its response; an OSError: it cannot be called."""


def ask_webhooks(
    webhooks: Iterable[Webhook],
    resource: Resource,
    operation: Operation,
    *,
    old: Object | None,
    new: Object | None,
    how: WriteOptions,
) -> None:
    """What they warn of is passed on; the first that denies it, or does not answer, ends the write."""
    metadata = (new or old or {})["metadata"]
    for webhook in webhooks:
        if webhook.resource != resource:
            continue
        request = {
            "uid": str(uuid.uuid4()),
            "kind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
            "resource": {"group": resource.group, "version": resource.version, "resource": resource.plural},
            "name": metadata["name"],
            "namespace": metadata.get("namespace", ""),
            "operation": operation,
            "object": new,
            "oldObject": old,
            "dryRun": how.dry_run,
        }
        try:
            response = webhook.judge(request)
        except OSError as error:
            raise _not_called(webhook.name, error) from error
        how.warnings.extend(response.get("warnings") or ())
        if not response["allowed"]:
            raise denied(webhook.name, response.get("status") or {})


def _not_called(name: str, error: OSError) -> ApiError:
    why = f'failed calling webhook "{name}": failed to call webhook: {error}'
    return ApiError(500, "InternalError", f"Internal error occurred: {why}", {"causes": [{"message": why}]})
