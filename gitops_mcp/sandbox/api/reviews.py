"""What a client may ask about itself: may I, what may I, who am I."""

from __future__ import annotations

from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api.access import Access, AccessAttributes
from gitops_mcp.sandbox.store.errors import Cause, bad_request, invalid

_AUTHORIZATION, _AUTHENTICATION = "authorization.k8s.io", "authentication.k8s.io"

ACCESS = Resource(_AUTHORIZATION, "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False)
RULES = Resource(_AUTHORIZATION, "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced=False)
SELF = Resource(_AUTHENTICATION, "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False)

REVIEWS = (ACCESS, RULES, SELF)


def answer_review(review: Resource, body: Object, access: Access, *, user: str) -> Object:
    spec = body.get("spec") or {}
    head = {"kind": review.kind, "apiVersion": review.api_version, "metadata": {}}
    if review == ACCESS:
        return {**head, "spec": spec, "status": {"allowed": _is_allowed(spec, access)}}
    if review == RULES:
        namespace = spec.get("namespace")
        if not namespace:
            raise bad_request("no namespace on request")
        anyone = {"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/openapi/*", "/version"]}
        reviews = {"verbs": ["create"], "apiGroups": [_AUTHORIZATION], "resources": [ACCESS.plural, RULES.plural]}
        rules = [*access.rules(namespace), reviews]
        status = {"resourceRules": rules, "nonResourceRules": [anyone], "incomplete": False}
        return {**head, "spec": {}, "status": status}
    return {**head, "status": {"userInfo": {"username": user, "groups": ["system:authenticated"]}}}


def _is_allowed(spec: Object, access: Access) -> bool:
    if spec.get("nonResourceAttributes"):
        return True
    wanted = spec.get("resourceAttributes")
    if not wanted:
        message = "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid(ACCESS, "", [Cause("spec.resourceAttributes", "FieldValueInvalid", message)])
    resource, subresource = wanted.get("resource") or "", wanted.get("subresource")
    return access.allows(
        AccessAttributes(
            wanted.get("verb") or "",
            wanted.get("group") or "",
            f"{resource}/{subresource}" if subresource else resource,
            wanted.get("namespace") or None,
            wanted.get("name") or None,
        )
    )
