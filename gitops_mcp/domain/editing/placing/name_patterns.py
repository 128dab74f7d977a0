"""What names have in common: a name with placeholders for what is one object's own, and filled in for another."""

from __future__ import annotations

import posixpath
import re

from gitops_mcp.domain.names import slug

_KIND_WORDS = frozenset({"database", "db", "role", "user"})
_FILE_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_PLACEHOLDER = re.compile(r"\{\w+\}")


def file_word(said: object, kind: str, name: str, cluster: str | None) -> str:
    """What tells an object from its like in a path: its name in PostgreSQL, which may hold anything, else its own."""
    if isinstance(said, str) and _FILE_WORD.fullmatch(said):
        return said
    return name if cluster in {None, name} else short_name(kind, name, cluster)


def short_name(kind: str, name: str, cluster: str | None) -> str:
    """What tells an object from others of its kind and its Cluster: `rw` of the Pooler `<cluster>-pooler-rw`."""
    own = name.removeprefix(f"{cluster}-")
    return own.removeprefix(f"{kind.lower()}-") or own


def path_pattern(path: str, name: str, short: str, cluster: str | None, namespace: str | None) -> str:
    """A path with placeholders: what is an object's own stands in the name of its file, what is shared anywhere.

    `prod/shop/role-app.yaml` of role app in namespace shop is `prod/{namespace}/role-{name}.yaml`.
    """
    folder, last = posixpath.split(path.replace("{", "{{").replace("}", "}}"))
    for token, placeholder in ((name, "{object}"), (short, "{name}"), (slug(short), "{name}")):
        last = with_placeholder(last, token, placeholder)
    pattern = posixpath.join(folder, last)
    for shared, placeholder in ((cluster, "{cluster}"), (namespace, "{namespace}")):
        pattern = with_placeholder(pattern, shared, placeholder) if shared else pattern
    return pattern


def filled_pattern(pattern: str, name: str, short: str, cluster: str | None, namespace: str | None) -> str:
    return pattern.format(object=name, name=short, cluster=cluster or "", namespace=namespace or "")


def says_kind(pattern: str, name: str) -> bool:
    """Whether the name of a file says more than whose it is: `role-{name}.yaml`, or the object's name does."""
    said = posixpath.splitext(pattern)[0]
    return bool(re.search("[A-Za-z0-9]", _PLACEHOLDER.sub("", said))) or ("{object}" in said and has_kind_word(name))


def has_kind_word(name: str) -> bool:
    return not _KIND_WORDS.isdisjoint(name.split("-"))


def without_kind_words(name: str) -> str:
    return "-".join(word for word in name.split("-") if word not in _KIND_WORDS) or name


def with_placeholder(text: str, token: str, placeholder: str) -> str:
    """In place of the token as a whole word of a path, or as one set off by `-`, `_` or `.`."""
    return re.sub(rf"(?<![A-Za-z0-9{{]){re.escape(token)}(?![A-Za-z0-9}}])", placeholder, text)
