"""What the server was told: variables and flags at its start, the file `.gitops-mcp.yaml` at the base.

Flags and variables are read once, from the one place that reads the environment (`options.py`). The file's text is
handed in by who reads commits, so nothing here touches a disk. One model (`file.py`) is the file's validation, its
defaults and its JSON Schema. Both parts become one frozen object; every fault is named at once.

YAML and the model are imported when a file is first read, since a server starts long before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from gitops_mcp.config.options import HTTP_OPTIONS, OPTIONS, Flags, Option, Toolset, process_environ, read_flags
from gitops_mcp.domain.cnpg.postgres.images import POSTGRES_IMAGES
from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.cnpg.version import parse_operator_version
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.errors import InvalidRequest

if TYPE_CHECKING:
    from gitops_mcp.config.file import ConfigFile, EnvironmentPart, PasswordsPart

__all__ = [
    "FILE",
    "HTTP_OPTIONS",
    "OPTIONS",
    "Environment",
    "Flags",
    "ForgeSettings",
    "Option",
    "Passwords",
    "PullRequestSettings",
    "Settings",
    "Toolset",
    "json_schema",
    "process_environ",
    "read_flags",
    "resolve_settings",
]

FILE = ".gitops-mcp.yaml"
"""The configuration file, at the root of the repository."""


FROM_FLAG = "--base or GITOPS_MCP_BASE"


@dataclass(frozen=True)
class Passwords:
    """Where the passwords of roles come from."""

    provider: Literal["auto", "external-secrets", "sealed-secrets", "sops", "cluster", "existing"]
    certificate: str | None
    """Of the Sealed Secrets controller: a path in the repository, or of this machine where it begins with a slash."""
    controller_namespace: str
    controller_name: str


@dataclass(frozen=True)
class ForgeSettings:
    type: Literal["auto", "github", "gitlab", "gitea", "none"] = "auto"
    url: str | None = None
    """Without a slash at its end; None: the host of the remote."""
    api: str | None = None


@dataclass(frozen=True)
class PullRequestSettings:
    open: Literal["auto", "never"] = "auto"
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    name: str
    context: str | None
    """None: in-cluster credentials where there are any, else the context that was current at start."""
    path: str
    """Folder of the environment's manifests, without slashes around it; empty: the root."""
    namespaces: tuple[str, ...] | None
    """The only namespaces that are read and written; None: all."""
    protected: bool
    delivery: Literal["git", "direct"]
    """`direct` never stands beside `protected`."""
    engine_type: Literal["auto", "argocd", "flux", "none"]
    engine_context: str | None
    """None: the environment's own."""
    engine_namespace: str | None
    passwords: Passwords
    operator: Release | None = None
    """The operator's release, for where no pod says it."""
    prometheus: str | None = None
    """Where metrics are asked for, without a slash at its end; None: the exporters, through the API."""
    cut: bool = False
    """`namespaces` is where the rights of the caller end: what lies outside is not named to them."""


@dataclass(frozen=True)
class Settings:
    base: str | None
    """None: found as `<remote>/HEAD`, local `main` or the only branch."""
    base_from: str
    """What names it: a flag, or the file and its line; empty where nothing does."""
    remote: str | None
    branch_prefix: str
    """Ends with a slash, so that no change's branch is anything but a branch of its own folder."""
    push: Literal["auto", "never"]
    forge: ForgeSettings
    pull_requests: PullRequestSettings
    signoff: bool
    hooks: Literal["auto", "off", "required"]
    git_timeout: float
    """Seconds for one git command."""
    kubernetes_timeout: float
    """Seconds for one request to the API."""
    environments: Mapping[str, Environment]
    """In the order of the file; never empty."""
    environment: str | None
    """What a request without an environment means: the flag's, else the only one; None: it has to say."""
    layout_cluster: str
    layout_database: str
    layout_role: str
    layout_secret: str
    postgres_images: str
    max_instances: int
    storage_classes: tuple[str, ...] | None
    """The only storage classes that may be asked for; None: any."""
    outside: Mapping[str, Environment] = field(default_factory=dict)
    """Environments in which the caller has no right to do what was asked."""

    @property
    def every_environment(self) -> tuple[Environment, ...]:
        """Whoever asks: for what may be whose, and never to be shown."""
        return (*self.environments.values(), *self.outside.values())


def json_schema(of: Literal["repository", "http"] = "repository") -> dict[str, Any]:
    """The JSON Schema (2020-12) of the repository's file, or of that of --http-config."""
    from gitops_mcp.config.file import ConfigFile
    from gitops_mcp.config.http_file import HttpFile
    from gitops_mcp.config.parts import file_schema

    return file_schema(HttpFile if of == "http" else ConfigFile)


def resolve_settings(text: str | None, flags: Flags) -> Settings:
    """What holds for a file (None: there is none) under the flags of this process.

    Raises InvalidRequest naming every fault with its line. A flag replaces what the file says, except that `--push`
    can only tighten it: who may push is decided in review, not on a command line.
    """
    from gitops_mcp.config.reader import read_config

    file, lines = read_config(text, name=FILE)
    faults: list[str] = []
    if flags.push == "auto" and file.push == "never":
        faults.append(f"--push auto cannot loosen `push: never` ({FILE}:{lines[('push',)]}); leave the flag out")
    base = flags.base or file.base
    if base and f"{base}/".startswith(file.branch_prefix):
        faults.append(
            f"the base {quote(base)} lies at or below branchPrefix {quote(file.branch_prefix)}, as only changes may; "
            f"name another base or set branchPrefix to something else, such as gitops-mcp/"
        )
    elif base and file.branch_prefix.startswith(f"{base}/"):
        faults.append(
            f"git cannot keep branches below {quote(file.branch_prefix)} beside a branch {quote(base)}; "
            f"name another base or set branchPrefix to something else, such as gitops-mcp/"
        )
    environments = _build_environments(file, flags, faults, lines)
    if faults:
        raise InvalidRequest("; ".join(faults))
    named = f"{FILE}:{lines[('base',)]}" if file.base else ""
    return Settings(
        base=base,
        base_from=FROM_FLAG if flags.base else named,
        remote=file.remote,
        branch_prefix=file.branch_prefix,
        push=flags.push or file.push,
        forge=ForgeSettings(file.forge.type, file.forge.url, file.forge.api),
        pull_requests=PullRequestSettings(
            file.pull_requests.open,
            file.pull_requests.draft,
            tuple(dict.fromkeys(file.pull_requests.labels)),
            tuple(dict.fromkeys(file.pull_requests.reviewers)),
        ),
        signoff=file.commit.signoff,
        hooks=file.commit.hooks,
        git_timeout=file.timeouts.git,
        kubernetes_timeout=file.timeouts.kubernetes,
        environments=MappingProxyType(environments),
        environment=_default_environment(environments, flags),
        layout_cluster=file.layout.cluster,
        layout_database=file.layout.database,
        layout_role=file.layout.role,
        layout_secret=file.layout.secret,
        postgres_images=file.images.postgres or POSTGRES_IMAGES,
        max_instances=file.limits.max_instances,
        storage_classes=_unique_tuple(file.limits.storage_classes),
    )


def _build_environments(
    file: ConfigFile, flags: Flags, faults: list[str], lines: Mapping[tuple[str | int, ...], int]
) -> dict[str, Environment]:
    from gitops_mcp.config.file import EnvironmentPart

    parts = file.environments or {"default": EnvironmentPart()}
    found = {name: _build_environment(name, part, part.passwords or file.passwords) for name, part in parts.items()}
    for one in found.values():
        if one.protected and one.delivery == "direct":
            line = lines.get(("environments", one.name, "delivery")) or lines.get(("environments", one.name)) or 1
            faults.append(
                f"{FILE}:{line}: environments.{one.name}: a protected environment is changed through git only; "
                f"remove delivery: direct, or protected: true"
            )
    meant = _default_environment(found, flags)
    if flags.environment and flags.environment not in found:
        where = "" if file.environments else f" (no {FILE} at the base declares environments)"
        faults.append(
            f"--environment: no environment {quote(flags.environment)}; {suggest(flags.environment, found)}{where}"
        )
    elif flags.context and meant:
        found[meant] = replace(found[meant], context=flags.context)
    elif flags.context:
        faults.append(
            f"--context sets the context of one environment: say which with --environment; {suggest('', found)}"
        )
    return found


def _default_environment(environments: Mapping[str, Environment], flags: Flags) -> str | None:
    return flags.environment or (next(iter(environments)) if len(environments) == 1 else None)


def _build_environment(name: str, part: EnvironmentPart, passwords: PasswordsPart) -> Environment:
    return Environment(
        name=name,
        context=part.context,
        path=part.path,
        namespaces=_unique_tuple(part.namespaces),
        protected=part.protected,
        delivery=part.delivery,
        engine_type=part.engine.type,
        engine_context=part.engine.context,
        engine_namespace=part.engine.namespace,
        passwords=Passwords(
            provider=passwords.provider,
            certificate=passwords.sealed_secrets.certificate,
            controller_namespace=passwords.sealed_secrets.namespace,
            controller_name=passwords.sealed_secrets.name,
        ),
        operator=parse_operator_version(part.operator),
        prometheus=part.metrics.prometheus,
    )


def _unique_tuple(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(dict.fromkeys(names))
