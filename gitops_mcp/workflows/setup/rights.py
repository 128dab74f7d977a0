"""Each right that the server needs, by a review of one's own access, with the file of `rbac/` that grants it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.answers.setup import CheckRow, State
from gitops_mcp.app import App
from gitops_mcp.config import Environment
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import CNPG_GROUP, Resource
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.setup.checks import REACH, row

_BARMAN, _CRDS = kinds.OBJECT_STORE.group, "apiextensions.k8s.io"
_ESO, _GENERATORS, _SEALED = kinds.EXTERNAL_SECRET.group, kinds.PASSWORD.group, kinds.SEALED_SECRET.group
_MOST_NAMESPACES = 5
_READ = "backups clusters databaseroles databases imagecatalogs poolers publications scheduledbackups subscriptions"


@dataclass(frozen=True)
class Role:
    """A ClusterRole of a file in `rbac/`."""

    name: str
    file: str
    rules: tuple[tuple[str, str, str], ...]
    """Group, resources and verbs, as words."""
    names: str = ""
    """The only objects, as words."""
    namespaced: bool = True

    @property
    def rights(self) -> tuple[tuple[str, str, str], ...]:
        """Group, resource and verb."""
        return tuple(
            (group, one, verb)
            for group, resources, verbs in self.rules
            for one in resources.split()
            for verb in verbs.split()
        )


ROLES = (
    Role(
        "gitops-mcp-read",
        "read-only",
        (
            (CNPG_GROUP, _READ, "get list"),
            (_BARMAN, "objectstores", "list"),
            ("", "events persistentvolumeclaims pods services", "list"),
            ("policy", "poddisruptionbudgets", "list"),
        ),
    ),
    Role(
        "gitops-mcp-read-catalogs",
        "read-only",
        (
            (CNPG_GROUP, "clusterimagecatalogs", "get list"),
            ("", "namespaces", "get"),
            ("storage.k8s.io", "storageclasses", "get"),
        ),
        namespaced=False,
    ),
    Role(
        "gitops-mcp-read-engine",
        "read-only",
        (
            ("argoproj.io", "applications", "get list"),
            ("argoproj.io", "applicationsets appprojects", "get"),
            ("kustomize.toolkit.fluxcd.io", "kustomizations", "get list"),
            ("helm.toolkit.fluxcd.io", "helmreleases", "get"),
            ("source.toolkit.fluxcd.io", "buckets gitrepositories ocirepositories", "get"),
        ),
    ),
    Role(
        "gitops-mcp-read-schemas",
        "read-schemas",
        ((_CRDS, "customresourcedefinitions", "get"),),
        " ".join(f"{one}.{CNPG_GROUP}" for one in ("clusters", "databaseroles", "databases")),
        namespaced=False,
    ),
    Role("gitops-mcp-logs", "logs", (("", "pods/log", "get"),)),
    Role("gitops-mcp-metrics", "metrics", (("", "pods/proxy", "get"),)),
    Role(
        "gitops-mcp-password-conditions",
        "password-conditions",
        ((_ESO, "externalsecrets", "get list"), (_SEALED, "sealedsecrets", "get list")),
    ),
    Role("gitops-mcp-password-secrets", "password-secrets", (("", "secrets", "get create patch delete"),)),
    Role(
        "gitops-mcp-direct",
        "direct",
        (
            (CNPG_GROUP, "clusters", "get create patch delete"),
            (CNPG_GROUP, "databaseroles databases scheduledbackups", "create patch delete"),
            (CNPG_GROUP, "poolers", "create delete"),
            (CNPG_GROUP, "backups", "create"),
            (_BARMAN, "objectstores", "create"),
        ),
    ),
    Role(
        "gitops-mcp-direct-objects",
        "direct-objects",
        (
            (CNPG_GROUP, "imagecatalogs poolers publications scheduledbackups subscriptions", "create patch delete"),
            (CNPG_GROUP, "backups", "create delete"),
            (_BARMAN, "objectstores", "get create patch delete"),
        ),
    ),
    Role(
        "gitops-mcp-direct-passwords",
        "direct-passwords",
        (
            (_ESO, "externalsecrets", "get list create delete"),
            (_GENERATORS, "passwords", "get list create delete"),
            (_SEALED, "sealedsecrets", "get list create patch delete"),
        ),
    ),
    Role("gitops-mcp-promote", "promote", ((CNPG_GROUP, "clusters/status", "patch"), ("", "pods", "get"))),
    Role("gitops-mcp-restart", "restart", ((CNPG_GROUP, "clusters/status", "patch"), ("", "pods", "get delete"))),
)


def needed_roles(app: App, environment: Environment) -> Iterator[tuple[Role, State, str]]:
    """What an environment's configuration makes use of, how bad it is without, and what for."""
    provider, engine = environment.passwords.provider, environment.engine_type
    direct, has_maker = environment.delivery == "direct", provider in {"external-secrets", "sealed-secrets"}
    wanted: dict[str, tuple[bool, State, str]] = {
        "read": (True, "fail", "to read"),
        "read-catalogs": (True, "warn", "image catalogs, namespaces and storage classes of the whole cluster"),
        "read-engine": (engine != "none", "warn", "what applies the repository"),
        "read-schemas": (True, "warn", "optional: the CRDs' own rules"),
        "logs": (True, "warn", "optional: get_postgres_logs"),
        "metrics": (environment.prometheus is None, "warn", "optional: get_postgres_metrics"),
        "password-conditions": (has_maker and not direct, "warn", "whether passwords have come"),
        "password-secrets": (provider == "cluster", "fail", "passwords.provider: cluster"),
        "direct": (direct, "fail", "delivery: direct"),
        "direct-objects": (direct, "warn", "delivery: direct, changes of any kind"),
        "direct-passwords": (direct and has_maker, "fail", "passwords in direct delivery"),
        "promote": (direct and "direct" in app.flags.toolsets, "warn", "promote_postgres_instance"),
        "restart": (direct and "direct" in app.flags.toolsets, "warn", "restart_postgres_instance"),
    }
    for role in ROLES:
        is_needed, state, purpose = wanted[role.name.removeprefix("gitops-mcp-")]
        if is_needed:
            yield role, state, purpose


def rights_rows(app: App, api: ApiOnce, engine_api: ApiOnce, environment: Environment) -> Iterator[CheckRow]:
    """One row a role; the first namespaces of a long list stand for all."""
    needed = list(needed_roles(app, environment))
    for role, state, purpose in needed:
        where = engine_api if role.name == "gitops-mcp-read-engine" else api
        spaces = _spaces(role, environment)
        name = f"rights {role.name}"
        try:
            missing = _missing(where, role, spaces, environment)
        except GitOpsError as error:
            yield row("kubernetes", name, state, f"{purpose}: {error}", REACH)
            continue
        if missing:
            lacking = f"{purpose}: may not {'; '.join(missing)}"
            yield row("kubernetes", name, state, lacking, _grant(where, role, spaces))
        else:
            yield row("kubernetes", name, "ok", f"all {len(role.rights)} of rbac/{role.file}.yaml ({purpose})")


def _spaces(role: Role, environment: Environment) -> tuple[str | None, ...]:
    if role.name == "gitops-mcp-read-engine":
        return (environment.engine_namespace,)
    return (environment.namespaces or (None,))[:_MOST_NAMESPACES] if role.namespaced else (None,)


def _missing(api: ApiOnce, role: Role, spaces: tuple[str | None, ...], environment: Environment) -> list[str]:
    """`list pods, services in shop`, of what the engine in use has."""
    engine = {"argocd": ("argoproj.io",), "flux": ("toolkit.fluxcd.io",)}.get(environment.engine_type, ("",))
    asked = [
        (space, *right, name)
        for space in spaces
        for right in role.rights
        for name in (role.names.split() or [""])
        if role.name != "gitops-mcp-read-engine" or right[0].endswith(engine)
    ]
    allowed = api.side_by_side(lambda side, one: _may(side, *one), asked)
    lacking: dict[tuple[str | None, str], list[str]] = {}
    for (space, group, resource, verb, _), is_allowed in zip(asked, allowed, strict=True):
        if not is_allowed:
            named = f"{resource}.{group}" if group else resource
            lacking.setdefault((space, verb), []).append(named)
    return [
        f"{verb} {', '.join(dict.fromkeys(named))}{f' in {space}' if space else ''}"
        for (space, verb), named in lacking.items()
    ]


def _may(api: ApiOnce, space: str | None, group: str, resource: str, verb: str, name: str) -> bool:
    plural, _, subresource = resource.partition("/")
    return api.may(verb, Resource(group, "v1", plural, plural), space, name, subresource)


def _grant(api: ApiOnce, role: Role, spaces: tuple[str | None, ...]) -> str:
    """The commands, for whoever may grant it."""
    try:
        user = api.user()
    except GitOpsError:
        user = ""
    _, _, account = user.partition("system:serviceaccount:")
    subject = f"--serviceaccount={account}" if account else f"--user={shlex.quote(user or 'USER')}"
    bound = f"{role.name} --clusterrole={role.name} {subject}"
    binds = (
        f"kubectl -n {space} create rolebinding {bound}" if space else f"kubectl create clusterrolebinding {bound}"
        for space in spaces
    )
    return " && ".join([f"kubectl apply -f rbac/{role.file}.yaml", *binds])
