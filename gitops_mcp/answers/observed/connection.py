"""What get_connection_info answers: names of hosts and of a Secret, and never a value of one."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer
from gitops_mcp.answers.cluster_parts import ProblemRow, TextOrNone, Texts, problem_line
from gitops_mcp.answers.markdown import bullets, inline_code, plain, section, table, warning_blocks
from gitops_mcp.domain.notice import Notice


class EndpointRow(Answer):
    name: str
    """Of the Service: it resolves in the Cluster's namespace alone."""
    kind: str
    serves: str
    host: str
    """It resolves from every namespace."""
    port: int
    type: str
    sslmode: str
    external: Texts = None
    note: TextOrNone = None
    uri: str | None = None
    """For libpq, without a password."""


class SecretRow(Answer):
    """Where the password stands; who may read it reads it with the command, which this server never runs."""

    name: str
    keys: list[str]
    made_by: str
    command: str


class AuthorityRow(Answer):
    secret: str
    key: str
    command: str


class ConnectionInfo(LongAnswer):
    environment: str
    namespace: str | None = None
    cluster: str
    live: str
    """`available`, `absent`, or `unavailable`: then it is what Git declares."""
    database: str | None = None
    user: str | None = None
    endpoints: list[EndpointRow] = Field(default_factory=list)
    """The one that writes first."""
    secret: SecretRow | None = None
    client_certificate: str | None = None
    """The Secret with the role's own, `tls.crt` and `tls.key`."""
    client_certificate_commands: list[str] = Field(default_factory=list)
    authority: AuthorityRow | None = None
    """What the server's certificate is checked by."""
    works_from: str = ""
    problems: list[ProblemRow] = Field(default_factory=list)
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        name = f"{self.namespace}/{self.cluster}" if self.namespace else self.cluster
        who = f"database {inline_code(self.database)}" if self.database else "no database named"
        who += f", user {inline_code(self.user)}" if self.user else ""
        yield f"**{name}** in {self.environment}: {who}" + (
            "" if self.live == "available" else f"; live state {self.live}"
        )
        yield from section("In the way", bullets(map(problem_line, self.problems)))
        yield from warning_blocks(self.warnings)
        titles = ("host", "port", "serves", "kind", "sslmode", "outside", "note")
        rows = (
            (
                one.host,
                one.port,
                one.serves,
                f"{one.kind}, {one.type}",
                one.sslmode,
                "; ".join(one.external or ()),
                one.note,
            )
            for one in self.endpoints
        )
        yield from section(
            "Hosts", table(titles, rows), bullets(inline_code(one.uri) for one in self.endpoints[:1] if one.uri)
        )
        yield from section("Password and certificates", bullets(self._credentials()))
        if self.works_from:
            yield plain(self.works_from)

    def _credentials(self) -> Iterator[str]:
        if one := self.secret:
            whose = f"made by {one.made_by}" if one.made_by == "the operator" else one.made_by
            yield f"Secret {inline_code(one.name)}, {plain(whose)}; keys: {', '.join(one.keys)}"
            yield f"a person reads the password with {inline_code(one.command)}"
        if self.client_certificate:
            told = f"client certificate: Secret {inline_code(self.client_certificate)}, keys tls.crt and tls.key"
            yield f"{told}: {', '.join(map(inline_code, self.client_certificate_commands))}"
        if ca := self.authority:
            yield f"authority: key {ca.key} of Secret {inline_code(ca.secret)}: {inline_code(ca.command)}"
