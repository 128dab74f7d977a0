"""Whether the provider of passwords can make one: it makes one for nobody, which is thrown away."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.answers.setup import CheckRow
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.setup.checks import row
from gitops_mcp.workflows.view import view_at
from gitops_mcp.workflows.writing.passwords import trial_of_provider

_MENDS = {
    "external-secrets": (
        "helm install external-secrets external-secrets --repo https://charts.external-secrets.io -n external-secrets "
        "--create-namespace, or set another passwords.provider"
    ),
    "sealed-secrets": (
        "kubeseal --fetch-cert > pub-sealed-secrets.pem, committed at the root (or rbac/sealing-certificate.yaml, so "
        "that the server fetches it), or set another passwords.provider"
    ),
    "sops": (
        "a rule in .sops.yaml whose path_regex fits and whose keys are there (age-keygen makes one), and sops on PATH "
        "(or gitops-mcp installed with its extra sops)"
    ),
}
_CHOOSE = "set passwords.provider in .gitops-mcp.yaml to external-secrets, sealed-secrets, sops, or existing"


def password_rows(
    app: App, ground: Ground, environment: Environment, desired: Desired, api: ApiOnce
) -> Iterator[CheckRow]:
    configured = environment.passwords.provider
    first = next((one for one in desired.clusters if one.identity.namespace), None)
    if configured == "existing":
        yield row("passwords", "provider", "ok", "existing: every role names a Secret that is there")
        return
    if first is None:
        yield row("passwords", "provider", "ok", f"{configured}; no Cluster is declared that it could be tried for")
        return
    view = view_at(app, ground, environment, ground.base.commit, proposed=False, api=api)
    tried: list[str] = []
    try:
        trial_of_provider(view, first, tried)
    except GitOpsError as error:
        name = tried[0] if tried else configured
        is_open = configured == "auto" and not tried
        mend = _CHOOSE if is_open else _MENDS.get(name, _CHOOSE)
        yield row("passwords", "provider", "warn" if is_open else "fail", f"{name}: {error}", mend)
        return
    how = "it writes a Secret to the API" if tried[0] == "cluster" else "a trial was made and thrown away"
    yield row("passwords", "provider", "ok", f"{tried[0]} works for {first.identity}: {how}")
