"""What is said at start: a flag, or the variable of the same name.

Both are checked together before anything else happens, so that a typing error in a client's configuration ends the
server with all faults named instead of, say, leaving it able to write. The only place that reads the environment for
settings of ours.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from gitops_mcp.config import rules
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.errors import InvalidRequest

_PREFIX = "GITOPS_MCP_"
_FOR_TESTS = "GITOPS_MCP_TEST_"

LogLevel = Literal["debug", "info", "warning", "error"]
Toolset = Literal[
    "clusters", "roles", "databases", "changes", "setup", "objects", "backups", "poolers", "observe", "direct"
]
"""A group of tools that is offered, or not, as a whole."""
ALWAYS: frozenset[Toolset] = frozenset(("clusters", "roles", "databases", "changes", "setup"))
CHOSEN: tuple[Toolset, ...] = tuple(one for one in get_args(Toolset) if one not in ALWAYS)
"""Those that --toolsets chooses from."""
DEFAULT_TOOLSETS: frozenset[Toolset] = frozenset(get_args(Toolset)) - {"direct"}


@dataclass(frozen=True)
class Flags:
    repo: Path | None = None
    """A checkout; None: the one around the working directory."""
    environment: str | None = None
    context: str | None = None
    base: str | None = None
    push: Literal["auto", "never"] | None = None
    toolsets: frozenset[Toolset] = DEFAULT_TOOLSETS
    read_only: bool = False
    log_level: LogLevel = "info"
    audit_log: Path | None = None
    prometheus_token: tuple[str, Path] | None = None
    """The host that a token of a file goes to; no other gets it."""
    transport: Literal["stdio", "http"] = "stdio"
    host: str = "127.0.0.1"
    port: int = 8080
    """0: any that is free."""
    allowed_hosts: tuple[str, ...] = ()
    """Names by which clients reach the server, beside its own address."""
    http_config: Path | None = None
    """Who may sign in, and what they may do."""
    state_key_file: Path | None = None
    cache_dir: Path | None = None
    """Where clones are kept; None: as the machine keeps what can be made again."""
    insecure_no_auth: bool = False
    clone: str | None = None
    """The address of a repository of which this server keeps a clone, where that is given in place of `repo`."""


@dataclass(frozen=True)
class Option:
    """One thing that may be said, as the command line offers it."""

    name: str
    help: str
    parse: Callable[[str], Any]
    metavar: str | None = None
    choices: tuple[str, ...] | None = None
    switch: bool = False
    """A flag without a value; its variable is true, false, 1 or 0."""

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        return f"{_PREFIX}{self.name.upper()}"


_SERVICE_LINK = re.compile(r"GITOPS_MCP_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
"""What Kubernetes sets in pods beside a Service of our name; `GITOPS_MCP_PORT` too, as a URL."""


def process_environ() -> dict[str, str]:
    """The environment of this process."""
    return dict(os.environ)


def _is_service_link(name: str, value: str) -> bool:
    return bool(_SERVICE_LINK.fullmatch(name)) or (name == "GITOPS_MCP_PORT" and "://" in value)


def read_flags(arguments: Mapping[str, Any], environ: Mapping[str, str]) -> Flags:
    """What was said; raises InvalidRequest naming every fault.

    `arguments` are named as in Flags; others are not looked at, None is what was not given, and so is False for a
    switch, since nothing on a command line turns one off.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    faults: list[str] = []
    environ = {name: value for name, value in environ.items() if not _is_service_link(name, value)}
    for option in (*OPTIONS, *HTTP_OPTIONS):
        given = arguments.get(option.name)
        source = option.flag
        if given is None or given is False:
            given, source = environ.get(option.variable), option.variable
        if given is None:
            continue
        sources[option.name] = source
        try:
            values[option.name] = option.parse("true" if given is True else str(given))
        except ValueError as error:
            faults.append(f"{source}: {error}")
    if "transport" not in sources or values.get("transport") == "stdio":
        faults += [f"{sources[name]}: is for --transport http" for name in _HTTP_ONLY if name in sources]
    known = [option.variable for option in (*OPTIONS, *HTTP_OPTIONS)]
    faults += [
        f"{name}: unknown variable; {suggest(name, known, most=3)}"
        for name in sorted(environ)
        if name.startswith(_PREFIX) and not name.startswith(_FOR_TESTS) and name not in known
    ]
    if faults:
        raise InvalidRequest("; ".join(faults))
    if isinstance(values.get("repo"), str):
        values["clone"] = values.pop("repo")
    return Flags(**values)


def _path(value: str) -> Path:
    if not value.strip():
        raise ValueError("expected a path, found nothing")
    return Path(value)


def _repository(value: str) -> Path | str:
    return rules.checked_clone_url(value) if rules.is_remote(value) else _path(value)


def _port(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > 65_535:
        raise ValueError(f"expected a number from 0 (any free one) to 65535, found {quote(value)}")
    return int(value)


_NAME = re.compile(r"[A-Za-z0-9._-]+|\[?(?=[0-9A-Fa-f.]*:)[0-9A-Fa-f:.]+\]?")
"""Of a host, or an address."""


def _host(value: str) -> str:
    return _names(value)[0]


def _names(value: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in value.split(","))
    if bad := [
        one for one in names if not re.fullmatch(r"[A-Za-z0-9._-]+|\[?(?=[0-9A-Fa-f.]*:)[0-9A-Fa-f:.]+\]?", one)
    ]:
        raise ValueError(f"expected host names or addresses, without a port, found {quote(bad[0])}")
    return names


def _token_file(value: str) -> tuple[str, Path]:
    host, file = rules.checked_token_file(value)
    return host, Path(file)


def _choice_parser(*choices: str) -> Callable[[str], str]:
    def chosen(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}, found {quote(value)}")
        return value.lower()

    return chosen


def _toolsets(value: str) -> frozenset[Toolset]:
    known: dict[str, Toolset] = {one: one for one in get_args(Toolset)}
    named = [name for part in value.split(",") if (name := part.strip().lower())]
    if not named:
        raise ValueError(f"expected names such as {','.join(CHOSEN[:2])}, found nothing")
    if unknown := [name for name in named if name not in known]:
        offered = f"there are {', '.join(CHOSEN)}; always there are {', '.join(one for one in known if one in ALWAYS)}"
        raise ValueError(f"no toolset {', '.join(map(quote, unknown))}: {offered}")
    return ALWAYS | {known[name] for name in named}


def _boolean(value: str) -> bool:
    return _choice_parser("true", "false", "1", "0")(value) in {"true", "1"}


_PUSH = ("auto", "never")
_LEVELS = ("debug", "info", "warning", "error")

OPTIONS = (
    Option(
        "repo",
        "a checkout of the GitOps repository (default: the one around the working directory), or its address, of which "
        "the server keeps a clone then",
        _repository,
        "DIR|URL",
    ),
    Option("environment", "the environment of requests that name none", rules.checked_environment_name, "NAME"),
    Option(
        "context",
        "kubeconfig context of the only environment, or of the one that --environment names",
        rules.checked_context,
        "NAME",
    ),
    Option("base", "branch that changes are proposed against", rules.checked_branch, "BRANCH"),
    Option(
        "push",
        "auto: push changes where there is a remote; never: keep them as local branches",
        _choice_parser(*_PUSH),
        choices=_PUSH,
    ),
    Option(
        "toolsets",
        f"tools to offer beside those of {', '.join(sorted(ALWAYS))}, with commas: of {', '.join(CHOSEN)} "
        "(default: all but direct)",
        _toolsets,
        "NAMES",
    ),
    Option("read_only", "offer no tool that writes", _boolean, switch=True),
    Option("log_level", "what is logged to standard error (default: info)", _choice_parser(*_LEVELS), choices=_LEVELS),
    Option("audit_log", "file that one line of JSON is appended to for each tool call", _path, "FILE"),
    Option("prometheus_token", "file of the token for one host of a Prometheus", _token_file, "HOST=FILE"),
)

_TRANSPORTS = ("stdio", "http")

HTTP_OPTIONS = (
    Option(
        "transport", "how clients reach the server (default: stdio)", _choice_parser(*_TRANSPORTS), choices=_TRANSPORTS
    ),
    Option("host", "address to listen on (default: 127.0.0.1)", _host, "ADDRESS"),
    Option("port", "port to listen on; 0: any that is free (default: 8080)", _port, "PORT"),
    Option(
        "allowed_hosts", "names by which clients reach the server, with commas, beside its address", _names, "NAMES"
    ),
    Option("http_config", "file that says who may sign in and what they may do", _path, "FILE"),
    Option(
        "state_key_file",
        "file of the keys that seal what a question to a person leaves with the client, one a line. "
        "Each has at least 32 characters; the first seals, and replicas share it (default: a key of this process)",
        _path,
        "FILE",
    ),
    Option("cache_dir", "where the clone of --repo URL is kept (default: below the user's cache)", _path, "DIR"),
    Option(
        "insecure_no_auth",
        "answer everybody who reaches an address that other machines reach too, with all that this server may do",
        _boolean,
        switch=True,
    ),
)
"""Of HTTP, beside those of every transport."""
_HTTP_ONLY = ("host", "port", "allowed_hosts", "http_config", "state_key_file", "insecure_no_auth")
