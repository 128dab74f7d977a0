"""What admission says no with: a webhook, a policy, a quota, or a webhook that nobody can reach.

Told by the words alone, since a webhook chooses the code and the reason of its refusal itself. Each begins as the API
server begins it (apiserver `webhook/errors`, `util/webhook`, `policy/validating`, `resourcequota`), so that what a
webhook goes on to say is not taken for the server's own.
"""

from __future__ import annotations

import re

from gitops_mcp.adapters.kube.asked import ApiRequest
from gitops_mcp.errors import GitOpsError, InvalidRequest, Refused, Unavailable

_INTERNAL = "(?:Internal error occurred: )*"
_FORBIDDEN = r'\S{1,300}(?: "[^"]{0,253}")? is forbidden: '
_DENIED = re.compile(r'admission webhook "([^"]{1,253})" denied the request')
_NO_DRY_RUN = re.compile(r'admission webhook "([^"]{1,253})" does not support dry run')
_NOT_CALLED = re.compile(rf'{_INTERNAL}failed calling webhook "([^"]{{1,253}})"')
_NOT_CONVERTED = re.compile(rf"{_INTERNAL}conversion webhook for ([^:]{{1,253}}?) failed:")
_POLICY = re.compile(
    rf"{_FORBIDDEN}(\w{{1,20}}AdmissionPolicy) '([^']{{1,253}})'(?: with binding '([^']{{1,253}})')? denied request"
)
_QUOTA = re.compile(rf"{_FORBIDDEN}(?:exceeded|failed) quota: ([^,:\s]{{1,253}})")
_TERMINATING = re.compile(
    rf"{_FORBIDDEN}unable to create new content in namespace \S{{1,63}} because it is being terminated"
)
_NOT_READY = re.compile(rf"{_FORBIDDEN}not yet ready to handle request")
_SERVICE = re.compile(r"https://([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc\b")


def admission_error(status: int, words: str, told: str, *, has_causes: bool, asked: ApiRequest) -> GitOpsError | None:
    """The error where admission is in the way; None: something else is. `told`: the words as they may be shown."""
    said = f"{asked}: {status}"
    if found := _DENIED.match(words):
        if status == 422 and has_causes:
            return InvalidRequest(f"{said}, webhook {found[1]!r} refuses it as invalid: {told}")
        return Refused(
            f"{said}, webhook {found[1]!r} refuses it: {told}. Change the request, or ask whoever keeps that policy or "
            f"webhook"
        )
    if found := _POLICY.match(words):
        binding = f" (binding {found[3]!r})" if found[3] else ""
        return Refused(
            f"{said}, {found[1]} {found[2]!r}{binding} refuses it: {told}. Change the request, or ask whoever keeps "
            f"that policy"
        )
    if found := _QUOTA.match(words):
        space = f" -n {asked.namespace}" if asked.namespace else ""
        return Refused(
            f"{said}, quota {found[1]!r} refuses it: {told}. Ask for less, free what is not needed, or have the quota "
            f"raised (kubectl{space} describe resourcequota {found[1]})"
        )
    if found := _NO_DRY_RUN.match(words):
        return Refused(
            f"{said}, webhook {found[1]!r} does not support dry run, and this server writes only what it has tried: "
            f"have its owner declare sideEffects: None"
        )
    return _not_now_error(words, told, said=said, namespace=asked.namespace)


def _not_now_error(words: str, told: str, *, said: str, namespace: str | None) -> GitOpsError | None:
    if _TERMINATING.match(words):
        return Refused(f"{said}, namespace {namespace!r} is being deleted: wait until it is gone, or name another")
    if _NOT_READY.match(words):
        return Unavailable(f"{said}, the API server is starting ({told}): try again in a moment")
    called, converting = _NOT_CALLED.match(words), _NOT_CONVERTED.match(words)
    if called is None and converting is None:
        return None
    name = f"webhook {called[1]!r}" if called else f"the conversion webhook for {converting[1] if converting else ''}"
    service = _SERVICE.search(words)
    check = (
        f"that Service {service[1]} in namespace {service[2]} has pods that are ready (kubectl -n {service[2]} get "
        f"pods,endpointslices)"
        if service
        else "what it runs on (kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations)"
    )
    return Unavailable(
        f"{said}, {name} cannot be called, and the API server does nothing without it: {told}. Check {check}; then "
        f"repeat the "
        f"request"
    )
