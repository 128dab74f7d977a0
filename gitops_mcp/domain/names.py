"""Names that cannot be wrong: whoever holds one need not ask again."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

from gitops_mcp.errors import InvalidRequest

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_CHANGE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_WORD = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")

CLUSTER_NAME_MAX = 50
"""The webhook of CNPG refuses longer ones: services and pods are named after the Cluster."""


@dataclass(frozen=True, order=True)
class ClusterRef:
    """A Cluster's namespace and name, both legal."""

    namespace: str
    name: str

    def __post_init__(self) -> None:
        check_namespace_name(self.namespace)
        check_cluster_name(self.name)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def fault_in_file(path: str, said: str) -> str:
    """`path:3: what is wrong` of what begins with `line 3: `, as a reader of one text says it, else `path: …`."""
    line, _, rest = said.partition(": ")
    is_placed = line.removeprefix("line ").isdecimal() and line.startswith("line ")
    return f"{path}:{line.removeprefix('line ')}: {rest}" if is_placed else f"{path}: {said}"


@dataclass(frozen=True)
class UnplacedCluster:
    """A Cluster whose namespace nothing says."""

    name: str
    namespace: None = None

    def __str__(self) -> str:
        return self.name


def check_cluster_name(name: str, *, field: str = "name") -> str:
    """A DNS-1035 label of at most 50 characters (CNPG webhook, metadata.name)."""
    if "${" in name:
        raise InvalidRequest(
            f"{field}: {quote(name)} holds a variable that could not be filled in, so that its Cluster has no name "
            f"here: list_postgres_clusters says where the variable may come from"
        )
    if len(name) > CLUSTER_NAME_MAX or not _LABEL_1035.fullmatch(name):
        raise InvalidRequest(
            f"{field}: {quote(name)} is not a Cluster name: at most {CLUSTER_NAME_MAX} characters, lower-case letters, "
            f"digits and '-', starting with a letter and ending with a letter or digit, such as "
            f"{_legal_example(name, limit=CLUSTER_NAME_MAX, letter_first=True)!r}"
        )
    return name


def check_namespace_name(name: str, *, field: str = "namespace") -> str:
    """A DNS-1123 label (Kubernetes, Namespace metadata.name)."""
    if not is_namespace_name(name):
        raise InvalidRequest(
            f"{field}: {quote(name)} is not a namespace: at most 63 characters, lower-case letters, digits and '-', "
            f"starting and ending with a letter or digit, such as {_legal_example(name)!r}"
        )
    return name


def is_namespace_name(text: object) -> bool:
    return isinstance(text, str) and len(text) <= 63 and _LABEL.fullmatch(text) is not None


def check_change_name(name: str, *, field: str = "change") -> str:
    """The name of a change: it becomes the last part of a branch, so nothing else is let through."""
    if not is_change_name(name):
        raise InvalidRequest(
            f"{field}: {quote(name)} is not the name of a change: 1 to 63 characters, lower-case letters, digits and "
            f"'-', starting with a letter or digit, such as {_legal_example(name)!r}"
        )
    return name


def is_change_name(text: str) -> bool:
    return _CHANGE.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """A DNS-1123 subdomain, as the names of most objects are (`IsDNS1123Subdomain` of Kubernetes)."""
    return len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def check_object_name(name: str, *, field: str = "object") -> str:
    """metadata.name of what has no name of a closer kind."""
    if not is_subdomain(name):
        raise InvalidRequest(
            f"{field}: {quote(name)} is not the name of an object: at most 253 characters, lower-case letters, digits, "
            f"'-' and '.', starting and ending with a letter or digit, such as {_legal_example(name)!r}"
        )
    return name


def is_qualified_name(text: str) -> bool:
    """The key of a label, an annotation or a taint, or a finalizer: `team`, or `example.com/team`."""
    prefix, slash, name = text.rpartition("/")
    return (not slash or is_subdomain(prefix)) and len(name) <= 63 and _WORD.fullmatch(name) is not None


def is_label_value(text: str) -> bool:
    return not text or (len(text) <= 63 and _WORD.fullmatch(text) is not None)


def _legal_example(name: str, *, limit: int = 63, letter_first: bool = False) -> str:
    """A name that would work. What may hold a secret is no start for one."""
    from gitops_mcp.domain.redact import may_be_secret

    unfit = set(name) & set("@=:") or may_be_secret(name)
    return slug("" if unfit else name, limit=limit, letter_first=letter_first)


def slug(text: str, *, limit: int = 63, letter_first: bool = False) -> str:
    """The nearest legal label: never empty, at most `limit` characters."""
    made = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if letter_first:
        made = made.lstrip("0123456789-")
    return made[:limit].strip("-") or "example"


OBJECT_NAME_MAX = 63
"""Shorter than Kubernetes allows, since names of Secrets and labels are made from it."""


def make_object_name(cluster: str, sql: str, *, taken: Container[str]) -> str:
    """metadata.name for what is called `sql` in PostgreSQL: `<cluster>-<slug>`.

    A short hash of the SQL name is added only where the name is `taken`, too long, or has nothing that a name in
    Kubernetes can hold.
    """
    digest = hashlib.sha256(sql.encode()).hexdigest()[:6]
    words = re.sub(r"[^a-z0-9]+", "-", sql.lower()).strip("-")
    made = f"{cluster}-{words or digest}"
    if len(made) <= OBJECT_NAME_MAX and made not in taken:
        return made
    return f"{made[: OBJECT_NAME_MAX - 7].rstrip('-')}-{digest}"


NO_NAMES = "there are none"


def suggest(name: str, known: Iterable[str], *, most: int = 5) -> str:
    """What to offer for a name that was not found: the near ones first, then the others, with a count."""
    names = sorted(set(known))
    if not names:
        return NO_NAMES
    close = difflib.get_close_matches(name, names, n=most, cutoff=0.5)
    offered = [*close, *(other for other in names if other not in close)][:most]
    more = f" and {len(names) - len(offered)} more" if len(names) > len(offered) else ""
    return (
        f"there are: {', '.join(one if len(one) <= 80 and one.isprintable() else quote(one) for one in offered)}{more}"
    )


def pluralize(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def quote(value: str, *, limit: int = 80) -> str:
    """What a caller gave, quoted and cut: it is repeated in errors, which must stay short.

    What could be a credential is described instead.
    """
    from gitops_mcp.domain.redact import may_be_secret

    if may_be_secret(value):
        return f"<{len(value)} characters, not repeated>"
    return repr(value if len(value) <= limit else value[:limit] + "…")


def one_line(text: str) -> str:
    """A text on one line: what others wrote must look neither like lines of an answer nor like a commit's trailers."""
    return text if text.isprintable() else " ".join("".join(c if c.isprintable() else " " for c in text).split())
