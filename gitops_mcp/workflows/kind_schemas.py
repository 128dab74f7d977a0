"""By whose schemas an object of a kind is judged: the API server's, and the packaged CRD for what that cannot say."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_mcp.config import Environment
from gitops_mcp.crds import LABEL, PLUGIN_LABEL, packaged_crd, packaged_schema, schema_in_crd
from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.cnpg.releases import ALL, Release, release_text
from gitops_mcp.domain.live.unstated import Fill
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import CNPG_GROUP, Identity, Object, Resource, at, list_at, mapping_at
from gitops_mcp.domain.rules.operator import KINDS
from gitops_mcp.domain.schema import Schema, compile_schema
from gitops_mcp.domain.schema.node import has_rules
from gitops_mcp.errors import Forbidden, GitOpsError, NotFound, NotInstalled
from gitops_mcp.workflows.api_once import ApiOnce, Served
from gitops_mcp.workflows.running_operator import running_operator

PACKAGED = f"the packaged CRD ({LABEL})"
PACKAGED_STORE = f"the packaged CRD ({PLUGIN_LABEL})"


@dataclass(frozen=True)
class SchemaSource:
    schema: Schema
    name: str
    only_cel: bool = False
    """What it says of the structure counts for nothing."""
    unread: Notice | None = None
    """Why another one did not judge."""
    missing: str | None = None
    """The API has the operator's kinds, and not this one: what to say of that."""

    @property
    def is_packaged(self) -> bool:
        """It is of one release, which need not be the operator's."""
        return self.name == PACKAGED

    @property
    def judges(self) -> tuple[str, ...]:
        """What it judged, as the plan tells it."""
        structure = () if self.only_cel else (f"schema of {self.name}",)
        return (*structure, *((f"CEL rules of {self.name}",) if self.schema.has_cel else ()))

    @property
    def knows_fields(self) -> bool:
        """Better than any table of releases."""
        return not self.is_packaged or self.missing is not None


def find_schemas(identity: Identity, resource: Resource, api: ApiOnce) -> tuple[SchemaSource, ...]:
    """One, or two where the API server leaves the CEL rules out."""
    packaged = SchemaSource(packaged_schema(resource), PACKAGED)
    try:
        schema, name, is_whole = served_schema(api, resource)
    except NotInstalled as error:
        if _is_group_served(api, resource):
            return (replace(packaged, missing=f"{error}, so nothing can apply it{_describe_first_release(resource)}"),)
        text = f"{identity} was validated by {PACKAGED} alone: {error}"
        return (replace(packaged, unread=Notice("not-installed", text)),)
    except GitOpsError as error:
        text = f"{PACKAGED} judged, since the schema of {resource.kind} could not be read: {error}"
        return (replace(packaged, unread=Notice("schema-unavailable", text)),)
    if is_whole:
        return (SchemaSource(schema, name),)
    unread = Notice(
        "no-cel",
        f"the API server's schema of {resource.kind} leaves CEL rules out, and its CRD may not be read "
        f"(rbac/read-schemas.yaml), so rules between fields were checked by {PACKAGED}",
    )
    return SchemaSource(schema, name), replace(packaged, only_cel=True, unread=unread)


def fill_as_served(api: ApiOnce, environment: Environment, resource: Resource, whom: Identity, cluster: str) -> Fill:
    """What the API server and the operator's webhook fill into an object of a kind; asked for when it is used first.

    `cluster`: the name of the Cluster that it is, or belongs to; empty where there is none.
    """
    known: list[tuple[Schema | None, Release | None]] = []

    def fill(given: Object) -> Object:
        if not known:
            operator = running_operator(api, environment, whom.namespace, cluster or None).release
            known.append((_schema_of_defaults(api, resource), operator))
        schema, operator = known[0]
        made = fill_webhook_defaults(schema.fill(given) if schema else given, operator=operator)
        return schema.fill(made) if schema else made

    return fill


def _schema_of_defaults(api: ApiOnce, resource: Resource) -> Schema | None:
    try:
        return served_schema(api, resource)[0]
    except GitOpsError:  # a few fields more may look as if somebody had set them
        return packaged_schema(resource)


def _is_group_served(api: ApiOnce, resource: Resource) -> bool:
    """An operator is there, of a release that has not the kind; else one may still come with what Git declares."""
    try:
        api.openapi(CNPG_GROUP, resource.version)
    except GitOpsError:
        return False
    return True


def _describe_first_release(resource: Resource) -> str:
    had = KINDS.get(resource.kind, ALL).since
    return f"; it came with operator {release_text(had[0])}" if had else ""


@dataclass(frozen=True)
class StatedSchema:
    """A schema as it is written, for who asks what it says."""

    schema: Object
    name: str
    unread: Notice | None = None
    """Why it is not the API server's."""


def stated_schema(api: ApiOnce, resource: Resource) -> StatedSchema:
    """The API server's, or where that leaves rules out the CRD's; the packaged one where neither can be read."""
    try:
        found = _find_component(api.openapi(resource.group, resource.version), resource)
    except GitOpsError as error:
        name = PACKAGED if resource.group == CNPG_GROUP else PACKAGED_STORE
        stated = schema_in_crd(packaged_crd(resource.plural), resource.version) or {}
        told = f"{name} answers, since the schema of {resource.kind} could not be read: {error}"
        return StatedSchema(stated, name, Notice("schema-unavailable", told))
    if not has_rules(found):
        try:
            known = schema_in_crd(api.kube.crd(resource.plural, resource.group), resource.version)
        except (Forbidden, NotFound):  # the API server's says all but the rules between fields
            known = None
        return StatedSchema(known, "the CRD") if known else StatedSchema(found, "the API server")
    return StatedSchema(found, "the API server")


def served_schema(api: ApiOnce, resource: Resource) -> Served:
    """The schema of a kind: the API server's, or the CRD's where that alone has CEL rules."""
    document = api.openapi(resource.group, resource.version)
    if (known := api.schemas.get((id(document), resource.kind))) is not None:
        return known
    key = f"{api.kube.description} {resource.kind} {id(document)}"
    schema = compile_schema(_find_component(document, resource), key=key)
    made: Served = (schema, "the API server", True)
    if not schema.has_cel:
        try:
            crd = api.kube.crd(resource.plural, resource.group)
        except Forbidden:
            made = (schema, "the API server", False)
        except NotFound:  # served without a CRD: an aggregated API
            pass
        else:
            found = schema_in_crd(crd, resource.version)
            made = (compile_schema(found, key=f"{key} crd"), "the CRD", True) if found is not None else made
    api.schemas[id(document), resource.kind] = made
    return made


def _find_component(document: Object, resource: Resource) -> Object:
    for schema in mapping_at(document, "components", "schemas").values():
        for one in list_at(schema, "x-kubernetes-group-version-kind"):
            if (at(one, "group"), at(one, "version"), at(one, "kind")) == (
                resource.group,
                resource.version,
                resource.kind,
            ):
                found: Object = schema
                return found
    raise NotInstalled(f"the API server serves no {resource.kind} of {resource.api_version}")
