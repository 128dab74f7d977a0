"""Who refuses a request before the API has looked at it; none of them says anything of rights or objects.

It is a proxy or portal in between, or the API server itself, since the login may not be whom kubeconfig lets it act as.
"""

from __future__ import annotations

import re

from gitops_mcp.adapters.kube.answers import parse_status
from gitops_mcp.adapters.kube.asked import ApiRequest
from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.objects import at
from gitops_mcp.errors import Forbidden, Unavailable

_DENIED = re.compile(r'(User "[^"]{1,200}") cannot impersonate resource "([a-z/0-9.-]{1,80})"')
_CORE = {"users", "groups", "serviceaccounts"}
_ELSEWHERE = {401, 404, 429}
"""Told by their code alone, or by more than a Status."""


def gatekeeper_error(status: int, body: bytes, *, asked: ApiRequest) -> Unavailable | Forbidden | None:
    """The error of a refusal that came before the API; None for everything else."""
    said = parse_status(body)
    if denied := _DENIED.search(str(at(said, "message") or "")):
        return _impersonation_error(denied[1], denied[2], at(said, "details", "name"), asked=asked)
    if said or asked.proxied is not None or not 400 <= status < 500 or status in _ELSEWHERE:
        return None
    what = "a proxy wants credentials" if status == 407 else "a proxy or login page may stand in between"
    return Unavailable(
        f"{asked}: {status}, but not in the form of a Kubernetes API: {what}; check the server and proxy-url in "
        f"kubeconfig"
    )


def _impersonation_error(who: str, resource: str, name: object, *, asked: ApiRequest) -> Forbidden:
    group = "" if resource in _CORE else "authentication.k8s.io"
    shown = one_line(str(name or ""))[:120]
    only = f' resourceNames: ["{shown}"],' if shown else ""
    return Forbidden(
        f"{asked}: 403, {who} may not impersonate {resource} {shown!r}, as kubeconfig says (as, as-groups, as-uid, "
        f"as-user-extra) or the file of --http-config (impersonate). Take that out there, or an administrator adds to "
        f"a ClusterRole of that login, as rbac/impersonate.yaml does: "
        f'`- {{apiGroups: ["{group}"], resources: [{resource}],{only} verbs: [impersonate]}}`'
    )
