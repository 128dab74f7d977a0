"""The configuration file: one model is its validation, its defaults and its JSON Schema.

Keys that no code reads do not exist here.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from gitops_mcp.config import rules
from gitops_mcp.config.parts import Part

Branch = Annotated[
    str, AfterValidator(rules.checked_branch), Field(json_schema_extra={"minLength": 1, "maxLength": 200})
]
Remote = Annotated[str, AfterValidator(rules.checked_remote), Field(json_schema_extra={"minLength": 1})]
BranchPrefix = Annotated[
    str, AfterValidator(rules.checked_branch_prefix), Field(json_schema_extra={"pattern": rules.BRANCH_PREFIX})
]
Folder = Annotated[str, AfterValidator(rules.checked_folder)]
Context = Annotated[
    str, AfterValidator(rules.checked_context), Field(json_schema_extra={"minLength": 1, "maxLength": 253})
]
Namespace = Annotated[
    str, AfterValidator(rules.checked_namespace), Field(json_schema_extra={"pattern": rules.NAMESPACE})
]
StorageClass = Annotated[
    str, AfterValidator(rules.checked_storage_class), Field(json_schema_extra={"pattern": rules.STORAGE_CLASS})
]
EnvironmentName = Annotated[
    str, AfterValidator(rules.checked_environment_name), Field(json_schema_extra={"pattern": rules.ENVIRONMENT})
]
Layout = Annotated[
    str, AfterValidator(rules.checked_cluster_layout), Field(json_schema_extra={"pattern": rules.LAYOUT})
]
NamedLayout = Annotated[
    str, AfterValidator(rules.checked_named_layout), Field(json_schema_extra={"pattern": rules.NAMED_LAYOUT})
]
Certificate = Annotated[str, AfterValidator(rules.checked_certificate), Field(json_schema_extra={"minLength": 1})]
ObjectName = Annotated[
    str, AfterValidator(rules.checked_object_name), Field(json_schema_extra={"pattern": rules.OBJECT_NAME})
]
Operator = Annotated[str, BeforeValidator(rules.checked_operator), Field(json_schema_extra={"pattern": rules.OPERATOR})]
Images = Annotated[
    str, AfterValidator(rules.checked_image_repository), Field(json_schema_extra={"pattern": rules.IMAGES})
]

ForgeUrl = Annotated[
    str, AfterValidator(rules.checked_forge_url), Field(json_schema_extra={"pattern": rules.FORGE_URL})
]
PrometheusUrl = Annotated[
    str, AfterValidator(rules.checked_prometheus_url), Field(json_schema_extra={"pattern": rules.FORGE_URL})
]
Label = Annotated[str, AfterValidator(rules.checked_label), Field(json_schema_extra={"pattern": rules.LABEL})]
Reviewer = Annotated[str, AfterValidator(rules.checked_reviewer), Field(json_schema_extra={"pattern": rules.REVIEWER})]


class ForgePart(Part):
    """Where pull requests are."""

    type: Literal["auto", "github", "gitlab", "gitea", "none"] = "auto"
    """auto: that of a known host, else none; gitea is Forgejo too."""
    url: ForgeUrl | None = None
    """Web address of the forge, such as https://git.example.com; null: the host of the remote."""
    api: ForgeUrl | None = None
    """Address of its REST API; null: where this forge has it."""


class PullRequestsPart(Part):
    """Pull requests of changes."""

    open: Literal["auto", "never"] = "auto"
    """auto: one for each change, with the credentials at hand; never: only when asked."""
    draft: bool = False
    """Open them as drafts."""
    labels: list[Label] = []
    """Labels that new ones get."""
    reviewers: list[Reviewer] = []
    """Who is asked to review new ones: logins, and teams as org/team."""


class CommitPart(Part):
    """How commits are made; author and signing are as git itself would do it."""

    signoff: bool = False
    """Add a Signed-off-by trailer."""
    hooks: Literal["auto", "off", "required"] = "auto"
    """Git hooks: auto runs those there are, off none, required refuses to commit without any."""


class TimeoutsPart(Part):
    """Seconds."""

    git: float = Field(default=60.0, ge=0.1, le=600)
    """For one git command, fetch and push included."""
    kubernetes: float = Field(default=10.0, ge=0.1, le=120)
    """For one request to the Kubernetes API."""


class EnginePart(Part):
    """What applies the repository to the environment."""

    type: Literal["auto", "argocd", "flux", "none"] = "auto"
    """auto: whichever is found."""
    context: Context | None = None
    """Kubeconfig context where the engine runs; null: the environment's own."""
    namespace: Namespace | None = None
    """Namespace of the engine's objects; null: wherever they are."""


class SealedSecretsPart(Part):
    """Whom passwords are sealed for."""

    certificate: Certificate | None = None
    """PEM file of the controller's certificate, from the root of the repository, or of this machine where it starts
    with a slash. Null: pub-sealed-secrets.pem at or above the cluster's folder, else asked of the controller."""
    namespace: Namespace = "kube-system"
    """Namespace of the controller."""
    name: ObjectName = "sealed-secrets-controller"
    """Service of the controller."""


class PasswordsPart(Part):
    """Where the passwords of roles come from."""

    provider: Literal["auto", "external-secrets", "sealed-secrets", "sops", "cluster", "existing"] = "auto"
    """auto: what the repository uses already; cluster: a Secret written to the API, not in protected environments."""
    sealed_secrets: SealedSecretsPart = SealedSecretsPart()


class MetricsPart(Part):
    """Where metrics are read."""

    prometheus: PrometheusUrl | None = None
    """Address of a Prometheus, asked without credentials; null: the exporters, through the Kubernetes API."""


class EnvironmentPart(Part):
    """A Kubernetes context and the folder that describes it."""

    context: Context | None = None
    """Kubeconfig context; null: in-cluster credentials where there are any, else the context current at start."""
    path: Folder = ""
    """Folder of this environment's manifests, relative to the root; empty: the root."""
    namespaces: Annotated[list[Namespace], Field(min_length=1)] | None = None
    """The only namespaces that are read and written; null: all."""
    protected: bool = False
    """Changed through reviewed commits only."""
    delivery: Literal["git", "direct"] = "git"
    """git: as a commit for review; direct: straight to the API, for dev clusters, never where protected."""
    engine: EnginePart = EnginePart()
    operator: Operator = "auto"
    """Release of the operator, such as 1.30.0, for where no pod of a Cluster says it; auto: then nobody knows it."""
    passwords: PasswordsPart | None = None
    """Of this environment; null: those of the file."""
    metrics: MetricsPart = MetricsPart()


class LayoutPart(Part):
    """Where new manifests go when no sibling shows a way."""

    cluster: Layout = "{path}/{namespace}/{cluster}/cluster.yaml"
    """File of a new Cluster, from {path}, {namespace} and {cluster}; an empty part is dropped."""
    database: NamedLayout = "{path}/{namespace}/{cluster}/database-{name}.yaml"
    """File of a new Database; {name} is made from its name in PostgreSQL."""
    role: NamedLayout = "{path}/{namespace}/{cluster}/role-{name}.yaml"
    """File of a new DatabaseRole."""
    secret: NamedLayout = "{path}/{namespace}/{cluster}/secret-{name}.yaml"  # noqa: S105 - a path
    """File of what becomes the Secret of a role's password."""


class ImagesPart(Part):
    """Where images come from."""

    postgres: Images | None = None
    """Image repository of PostgreSQL, without tag; null: CloudNativePG's public one."""


class LimitsPart(Part):
    """What a request may ask for."""

    max_instances: int = Field(default=9, ge=1, le=100)
    """Most instances of a Cluster."""
    storage_classes: Annotated[list[StorageClass], Field(min_length=1)] | None = None
    """The only storage classes that may be asked for; null: any."""


# Without it the pattern of the names would be one way among others for the schema.
Environments = Annotated[
    dict[EnvironmentName, EnvironmentPart], Field(min_length=1, json_schema_extra={"additionalProperties": False})
]


class ConfigFile(Part):
    """What gitops-mcp should know about this repository."""

    title: ClassVar[str] = "gitops-mcp configuration (.gitops-mcp.yaml)"
    base: Branch | None = None
    """Branch that changes are proposed against; null: the remote's default branch."""
    remote: Remote | None = None
    """Name of the git remote; null: the base's upstream, origin, or the only one."""
    branch_prefix: BranchPrefix = "gitops-mcp/"
    """What branches of changes start with; ends with a slash."""
    push: Literal["auto", "never"] = "auto"
    """auto: push changes when there is a remote; never: keep them as local branches."""
    forge: ForgePart = ForgePart()
    pull_requests: PullRequestsPart = PullRequestsPart()
    commit: CommitPart = CommitPart()
    timeouts: TimeoutsPart = TimeoutsPart()
    environments: Environments | None = None
    """By name; left out: one environment `default` at the root."""
    layout: LayoutPart = LayoutPart()
    passwords: PasswordsPart = PasswordsPart()
    images: ImagesPart = ImagesPart()
    limits: LimitsPart = LimitsPart()
