"""The client certificate of a role, which operators from 1.30 make for DatabaseRole objects."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.plans.roles.declared_roles import DeclaredRole, Form
from gitops_mcp.domain.rules.role import has_client_certificate
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.errors import InvalidRequest, Refused

CERTIFICATE = "clientCertificate"


def check_certificate(*, form: Form, login: bool) -> None:
    if form == "inline":
        raise Refused(
            "client_certificate: the operator makes one for DatabaseRole objects only (operator 1.30), and this role "
            "is an entry of spec.managed.roles: migrate_postgres_roles makes an object of it"
        )
    if not login:
        raise InvalidRequest("client_certificate: is for a role that may log in: say login=true, or leave it out")


def certificate_edits(role: DeclaredRole, wanted: bool | None) -> Iterator[Set]:
    if wanted is not None and wanted != has_client_certificate(role.spec):
        yield Set((*role.path, CERTIFICATE, "enabled"), wanted)


def certificate_lines(object_name: str, *, wanted: bool) -> tuple[str, ...]:
    secret = f"{object_name}-client-cert"
    if wanted:
        return (f"client certificate: Secret {secret} (tls.crt, tls.key) is made by the operator, and renewed",)
    return (f"client certificate: Secret {secret} is deleted, and whoever logs in with it is turned away",)
