"""Who may do what: everything but a deny list, or only what RBAC manifests grant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_mcp.domain.objects import Object

Denied = tuple[str, str, str]
"""A verb, a group and a resource (`pods/log` with its subresource); `*` stands for any."""


@dataclass(frozen=True)
class AccessAttributes:
    """One thing somebody wants to do."""

    verb: str
    group: str
    resource: str
    namespace: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Grant:
    rule: Object
    """A PolicyRule of a Role or ClusterRole."""
    namespace: str | None
    """None: in every namespace and outside of them."""
    subjects: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of those that it is bound to."""

    def allows(self, wanted: AccessAttributes) -> bool:
        names = self.rule.get("resourceNames")
        return (
            self.namespace in {None, wanted.namespace}
            and _covers(self.rule.get("verbs"), wanted.verb)
            and _covers(self.rule.get("apiGroups"), wanted.group)
            and _covers_resource(self.rule.get("resources"), wanted.resource)
            and (not names or wanted.name in names)
        )


class Access:
    def __init__(self, *, deny: Iterable[Denied] = (), manifests: Iterable[Object] | None = None) -> None:
        self._denied = list(deny)
        self._grants = None if manifests is None else tuple(_grants(list(manifests)))

    def deny(self, verb: str, group: str, resource: str) -> None:
        self._denied.append((verb, group, resource))

    def of(self, user: str, groups: Iterable[str]) -> Access:
        """Of somebody else than the sandbox's user: what bindings say of that name and of these groups."""
        made, names = Access(), {("User", user), *(("Group", one) for one in groups)}
        if ("Group", "system:masters") not in names:
            made._grants = tuple(one for one in self._grants or () if not names.isdisjoint(one.subjects))
        return made

    def allows(self, wanted: AccessAttributes) -> bool:
        asked = (wanted.verb, wanted.group, wanted.resource)
        if any(all(part in {"*", given} for part, given in zip(one, asked, strict=True)) for one in self._denied):
            return False
        return self._grants is None or any(grant.allows(wanted) for grant in self._grants)

    def rules(self, namespace: str) -> list[Object]:
        """What holds in a namespace, as a SelfSubjectRulesReview lists it; it cannot show what is denied."""
        if self._grants is None:
            return [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        return [grant.rule for grant in self._grants if grant.namespace in {None, namespace}]


def _covers(granted: list[str] | None, wanted: str) -> bool:
    return wanted in (granted or ()) or "*" in (granted or ())


def _covers_resource(granted: list[str] | None, wanted: str) -> bool:
    _, slash, subresource = wanted.partition("/")
    return _covers(granted, wanted) or (bool(slash) and f"*/{subresource}" in (granted or ()))


def _grants(manifests: list[Object]) -> Iterator[Grant]:
    """By the bindings among the manifests, whoever they bind; without any, each role is bound as far as it reaches."""
    roles = {
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one.get("rules") or []
        for one in manifests
        if one.get("kind") in {"Role", "ClusterRole"}
    }
    bindings = [one for one in manifests if one.get("kind") in {"RoleBinding", "ClusterRoleBinding"}]
    if not bindings:
        for (_, namespace, _), rules in roles.items():
            yield from (Grant(rule, namespace) for rule in rules)
    for binding in bindings:
        reference, namespace = binding["roleRef"], binding["metadata"].get("namespace")
        home = namespace if reference["kind"] == "Role" else None
        scope = namespace if binding["kind"] == "RoleBinding" else None
        subjects = frozenset((one["kind"], one["name"]) for one in binding.get("subjects") or ())
        for rule in roles.get((reference["kind"], home, reference["name"]), ()):
            yield Grant(rule, scope, subjects)
