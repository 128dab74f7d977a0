"""What single values have to look like, for the file and the command line alike.

Each function returns the value, in its normal form where there are several, or raises ValueError saying what would
work. Patterns are constants, because the file's JSON Schema carries them too.
"""

from __future__ import annotations

import re

from gitops_mcp.domain.cnpg.releases import KNOWN, release_text
from gitops_mcp.domain.names import quote

ENVIRONMENT = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
NAMESPACE = ENVIRONMENT
STORAGE_CLASS = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
BRANCH_PREFIX = r"^.{1,99}/$"
LAYOUT = r"\{cluster\}.*\.ya?ml$"
NAMED_LAYOUT = r"\{name\}.*\.ya?ml$"
OBJECT_NAME = STORAGE_CLASS
IMAGES = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$"
FORGE_URL = r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^\s@?#]*)?$"
HOST = r"^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$"
LABEL = r"^[^,\x00-\x1f\x7f]{1,255}$"
REVIEWER = r"^[A-Za-z0-9_][A-Za-z0-9_.\[\]-]*(/[A-Za-z0-9_.-]+)*$"
OPERATOR = r"^(auto|v?[0-9]+\.[0-9]+\.[0-9]+)$"

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]")
# What git check-ref-format refuses in a part of a name, plus a leading dash, which commands would take for an option.
_BAD_REF = re.compile(r"[ ~^:?*\[\\]|\.\.|@\{|//|(^|/)[.-]|\.lock(/|$)|^/|[/.]$|^@$|^HEAD$|^refs/")
_CREDENTIALS = re.compile(r"//[^/\s]*@")
_PLACEHOLDER = re.compile(r"\{(path|namespace|cluster)\}")
_NAMED_PLACEHOLDER = re.compile(r"\{(path|namespace|cluster|name)\}")


def cite(value: str) -> str:
    """What was found, for an error; a url put in the wrong place may carry a password, which is left out."""
    return quote(_CREDENTIALS.sub("//", value))


def checked_environment_name(name: str) -> str:
    if not re.fullmatch(ENVIRONMENT, name):
        raise ValueError(
            f"{cite(name)} is not the name of an environment: at most 63 lower-case letters, digits and '-', "
            f"starting and ending with a letter or digit"
        )
    return name


def checked_namespace(name: str) -> str:
    if not re.fullmatch(NAMESPACE, name):
        raise ValueError(
            f"{cite(name)} is not a namespace: at most 63 lower-case letters, digits and '-', starting and ending "
            f"with a letter or digit"
        )
    return name


def checked_storage_class(name: str) -> str:
    if not re.fullmatch(STORAGE_CLASS, name):
        raise ValueError(
            f"{cite(name)} is not the name of a StorageClass: at most 253 lower-case letters, digits, '-' and '.', "
            f"starting and ending with a letter or digit"
        )
    return name


def checked_context(name: str) -> str:
    """Kubernetes takes nearly anything as the name of a context: `arn:aws:eks:…`, `admin@home`."""
    if not name or name != name.strip() or len(name) > 253 or _UNSAFE.search(name):
        raise ValueError(
            f"{cite(name)} is not the name of a context: 1 to 253 characters without spaces around them or control "
            f"characters, as `kubectl config get-contexts -o name` prints it"
        )
    return name


def checked_branch(name: str) -> str:
    if not name or len(name) > 200 or _UNSAFE.search(name) or _BAD_REF.search(name):
        raise ValueError(
            f"{cite(name)} is not the name of a branch that git takes, such as main or release/1, without refs/heads/"
        )
    return name


def checked_remote(name: str) -> str:
    """A name, not a url: a url may carry a password, so it is not repeated."""
    if "://" in name or "@" in name:
        raise ValueError("expected the name of a remote, such as origin, not its url; `git remote` lists them")
    try:
        return checked_branch(name)
    except ValueError as error:
        raise ValueError(
            f"{cite(name)} is not the name of a remote, such as origin; `git remote` lists them"
        ) from error


def checked_branch_prefix(prefix: str) -> str:
    """A folder of branches: whoever fetches or prunes `<prefix>*` reaches changes and nothing else."""
    if not re.fullmatch(BRANCH_PREFIX, prefix):
        raise ValueError(f"{cite(prefix)} must have at most 100 characters and end with '/', such as gitops-mcp/")
    try:
        checked_branch(prefix.removesuffix("/"))
    except ValueError as error:
        raise ValueError(f"{cite(prefix)} cannot start a branch's name in Git; use one such as gitops-mcp/") from error
    return prefix


def checked_folder(path: str) -> str:
    """A folder of the repository, without slashes around it; empty is the root."""
    parts = _path_parts(path)
    return "/".join(parts)


def checked_cluster_layout(template: str) -> str:
    return _checked_layout(template, _PLACEHOLDER, "{cluster}", "{path}, {namespace}, {cluster}")


def checked_named_layout(template: str) -> str:
    """Of a document that belongs to a Cluster; `{name}` is what tells it from its siblings."""
    return _checked_layout(template, _NAMED_PLACEHOLDER, "{name}", "{path}, {namespace}, {cluster}, {name}")


def _checked_layout(template: str, placeholder: re.Pattern[str], needed: str, known: str) -> str:
    rest = placeholder.sub("x", template)
    if "{" in rest or "}" in rest:
        raise ValueError(f"{cite(template)} has braces that are not a placeholder; there are: {known}")
    if not re.search(rf"{re.escape(needed)}.*\.ya?ml$", template):
        raise ValueError(f"{cite(template)} must contain {needed}, and end in .yaml or .yml after it")
    _path_parts(template)
    return template


def checked_certificate(path: str) -> str:
    """A file of the repository, or of this machine where it begins with a slash."""
    if path.startswith("/") and not _UNSAFE.search(path):
        return path
    parts = _path_parts(path)
    if not parts:
        raise ValueError("expected the path of a PEM file, such as pub-sealed-secrets.pem")
    return "/".join(parts)


def checked_object_name(name: str) -> str:
    if not re.fullmatch(OBJECT_NAME, name):
        raise ValueError(
            f"{cite(name)} is not the name of an object: at most 253 lower-case letters, digits, '-' and '.', "
            f"starting and ending with a letter or digit"
        )
    return name


def checked_operator(release: object) -> str:
    """With all three numbers, as rules come in patch releases; YAML reads 1.29 as a number."""
    text = f"{release:g}" if isinstance(release, float) else str(release)
    if not isinstance(release, str) or not re.fullmatch(OPERATOR, release):
        like = [one for one in map(release_text, KNOWN) if one.startswith(f"{text}.")]
        raise ValueError(
            f"{cite(text)} is not a release of the operator: all three numbers, such as "
            f"{(like or [release_text(KNOWN[-1])])[-1]}, or auto"
        )
    return release


def checked_image_repository(name: str) -> str:
    if len(name) > 255 or not re.fullmatch(IMAGES, name):
        raise ValueError(
            f"{cite(name)} is not an image repository: a host and a path in lower case, without tag and digest, such "
            f"as registry.example:5000/postgresql"
        )
    return name


def checked_forge_url(url: str) -> str:
    """An address without credentials, which have no place in the file and are not repeated."""
    if not re.fullmatch(FORGE_URL, url):
        raise ValueError(
            "expected an address without user, password and query, such as https://git.example.com, or "
            "https://git.example.com/api/v4 for the API; tokens come from variables or git's credential helper"
        )
    return url.rstrip("/")


def checked_prometheus_url(url: str) -> str:
    """An address without credentials: a token has a file, and its host is named by whoever starts the server."""
    if not re.fullmatch(FORGE_URL, url):
        raise ValueError(
            "expected the address of a Prometheus before /api/v1, without user, password and query, such as "
            "https://prometheus.example.com; a token's file and host are named by --prometheus-token"
        )
    return url.rstrip("/").removesuffix("/api/v1")


def checked_token_file(value: str) -> tuple[str, str]:
    """`HOST=FILE`: a token is for one host. A token that is given itself is not repeated."""
    host, equals, file = value.partition("=")
    if not (equals and file.strip() and re.fullmatch(HOST, host)):
        raise ValueError(
            "expected HOST=FILE: the host, with its port where that is not the usual one, and the file of its token, "
            "such as prometheus.example.com=/var/run/secrets/prometheus-token"
        )
    return host, file


_REMOTE = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*::?//.*|[\w.-]+(:[^@]*)?@[^/:]+:.+|[A-Za-z][A-Za-z0-9+.-]+::.*", re.DOTALL
)
_CLONE = re.compile(
    r"https://[^\s@?#]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/[^\s@?#]*|file:///[^\s?#]+"
    r"|ssh://([\w.-]+@)?[^\s@?#-][^\s@?#]*|[\w.][\w.-]*@[^\s@:/?#-][^\s@:/?#]*:[^\s-]\S*"
)


def is_remote(text: str) -> bool:
    """Whether it is the address of a repository, not a folder."""
    return _REMOTE.fullmatch(text) is not None


def checked_clone_url(url: str) -> str:
    """The address is not repeated in the error: what it holds may be a password."""
    if _CLONE.fullmatch(url) is None:
        raise ValueError(
            "expected an address without a password or token in it, over https, ssh or file, such as "
            "https://git.example.com/fleet.git, git@git.example.com:fleet.git or file:///srv/git/fleet.git; git gets "
            "credentials from its own configuration (credential.helper), or by a key of ssh"
        )
    return url


def checked_label(name: str) -> str:
    if not re.fullmatch(LABEL, name) or name != name.strip():
        raise ValueError(f"{cite(name)} is not a label: at most 255 characters on one line, without commas")
    return name


def checked_reviewer(name: str) -> str:
    if len(name) > 255 or not re.fullmatch(REVIEWER, name):
        raise ValueError(f"{cite(name)} is not a reviewer: a login such as jane, or a team such as platform/databases")
    return name


def _path_parts(path: str) -> list[str]:
    """The parts of a path inside the repository, for a value of the file; never outside, never in `.git`."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/") or "\\" in path or ".." in parts or _UNSAFE.search(path):
        raise ValueError(
            f"{cite(path)} leaves the repository or is not a path in it: write it relative to the root with '/', "
            f"without '..', such as clusters/prod"
        )
    if any(part.lower() == ".git" for part in parts):
        raise ValueError(f"{cite(path)} lies in .git, where no manifests belong")
    return parts
