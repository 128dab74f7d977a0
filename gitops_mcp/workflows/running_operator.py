"""Which release of the operator runs: one fact of an environment, by which rules, fields and defaults are judged.

A pod says it in an annotation: one of the Cluster that is meant, else any instance that may be read. Else the
configuration says it. Else nobody knows, and what only some supported release refuses is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.config import FILE, Environment
from gitops_mcp.domain.cnpg.releases import Release, release_text
from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL
from gitops_mcp.domain.cnpg.version import parse_operator_version
from gitops_mcp.domain.kinds import POD
from gitops_mcp.domain.objects import at
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce

_ANNOTATION = "cnpg.io/operatorVersion"
_INSTANCE = "cnpg.io/podRole=instance"


@dataclass(frozen=True)
class RunningOperator:
    release: Release | None = None
    said_by: str = ""

    def __str__(self) -> str:
        return f"{release_text(self.release)} ({self.said_by})" if self.release else "unknown"


def running_operator(
    api: ApiOnce, environment: Environment | None, namespace: str | None, cluster: str | None
) -> RunningOperator:
    """For objects of a namespace, and of a Cluster where one is named."""
    for where, labels, said_by in _places(environment, namespace, cluster):
        try:
            release = _said_release(api, where, labels)
        except GitOpsError:  # who may not read there may do so elsewhere
            continue
        if release is not None:
            return RunningOperator(release, said_by)
        if where is None and labels == _INSTANCE:
            break  # there is none anywhere
    if environment is not None and environment.operator is not None:
        return RunningOperator(environment.operator, FILE)
    return RunningOperator()


def _places(
    environment: Environment | None, namespace: str | None, cluster: str | None
) -> Iterator[tuple[str | None, str, str]]:
    if cluster is not None:
        yield namespace, f"{CLUSTER_LABEL}={cluster}", f"a pod of Cluster {cluster}"
    allowed = environment.namespaces if environment is not None else None
    own = () if namespace is None else (namespace,)
    for one in dict.fromkeys((*own, *allowed) if allowed else (None, *own)):
        yield one, _INSTANCE, f"a pod of {'a' if cluster is None else 'another'} Cluster"


def _said_release(api: ApiOnce, namespace: str | None, labels: str) -> Release | None:
    """Of the first pod, or of the first instance where that is PgBouncer's or a job's."""
    for selector in dict.fromkeys((labels, f"{labels},{_INSTANCE}")):
        pod = api.first(POD, namespace, labels=selector)
        release = parse_operator_version(at(pod, "metadata", "annotations", _ANNOTATION))
        if pod is None or release is not None:
            return release
    return None
