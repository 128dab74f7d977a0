"""What the controllers of Secrets say of the Secrets of a namespace. The right to read that is optional."""

from __future__ import annotations

from collections.abc import Collection

from gitops_mcp.domain.kinds import EVENT, EXTERNAL_SECRET
from gitops_mcp.domain.live.secret_report import REPORTING, SecretReport, report_of_secret
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import GitOpsError, NotInstalled
from gitops_mcp.workflows.api_once import ApiOnce


def read_secret_reports(
    api: ApiOnce, namespace: str, secrets: Collection[str]
) -> tuple[dict[str, SecretReport], list[Notice]]:
    """By Secret, of those that are asked about; of several makers the one that has made it."""
    found: dict[str, SecretReport] = {}
    warnings: list[Notice] = []
    for resource in REPORTING if secrets else ():
        try:
            every = api.for_one_part().every_as_served(resource, namespace)
        except NotInstalled:
            continue
        except GitOpsError as error:
            warnings = [unread_conditions(error)]
            continue
        for live in every:
            report = report_of_secret(live)
            if report.secret in secrets and (report.secret not in found or report.is_made):
                found[report.secret] = report if report.is_made else report_of_secret(live, _events(api, live))
    return found, warnings


def unread_conditions(error: GitOpsError) -> Notice:
    return Notice(
        "secret-conditions-unread",
        f"what the controllers of Secrets say of the roles' passwords is not known here "
        f"(rbac/password-conditions.yaml has the right to read it): {error}",
    )


def _events(api: ApiOnce, live: Object) -> list[Object]:
    """About an ExternalSecret, the newest first; of a SealedSecret they say what its condition says."""
    if live["kind"] != EXTERNAL_SECRET.kind:
        return []
    metadata = live["metadata"]
    fields = f"involvedObject.kind={live['kind']},involvedObject.name={metadata['name']},type=Warning"
    try:
        found = api.for_one_part().every(EVENT, metadata["namespace"], fields=fields)
    except GitOpsError:  # the condition's words stand without them
        return []
    return sorted(found, key=lambda one: str(one.get("lastTimestamp") or ""), reverse=True)
