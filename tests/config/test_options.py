from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.config import HTTP_OPTIONS, OPTIONS, Flags, process_environ, read_flags
from gitops_mcp.errors import InvalidRequest


def test_nothing_said_is_the_defaults() -> None:
    assert read_flags({}, {"PATH": "/bin"}) == Flags(
        repo=None,
        environment=None,
        context=None,
        base=None,
        push=None,
        read_only=False,
        toolsets=frozenset(
            {"clusters", "roles", "databases", "changes", "setup", "objects", "backups", "poolers", "observe"}
        ),
        log_level="info",
        audit_log=None,
        prometheus_token=None,
    )


def test_a_variable_says_what_its_flag_says() -> None:
    said = {
        "GITOPS_MCP_REPO": "/srv/gitops",
        "GITOPS_MCP_ENVIRONMENT": "prod",
        "GITOPS_MCP_CONTEXT": "arn:aws:eks:eu-west-1:1:cluster/prod",
        "GITOPS_MCP_BASE": "release/1",
        "GITOPS_MCP_PUSH": "never",
        "GITOPS_MCP_READ_ONLY": "1",
        "GITOPS_MCP_TOOLSETS": "observe, Backups",
        "GITOPS_MCP_LOG_LEVEL": "DEBUG",
        "GITOPS_MCP_AUDIT_LOG": "/var/log/audit.jsonl",
        "GITOPS_MCP_PROMETHEUS_TOKEN": "metrics.example.com:9090=/run/token",
    }
    expected = Flags(
        repo=Path("/srv/gitops"),
        environment="prod",
        context="arn:aws:eks:eu-west-1:1:cluster/prod",
        base="release/1",
        push="never",
        read_only=True,
        toolsets=frozenset({"clusters", "roles", "databases", "changes", "setup", "observe", "backups"}),
        log_level="debug",
        audit_log=Path("/var/log/audit.jsonl"),
        prometheus_token=("metrics.example.com:9090", Path("/run/token")),
    )
    assert read_flags({}, said) == expected
    assert read_flags({option.name: said[option.variable] for option in OPTIONS}, {}) == expected


def test_a_flag_beats_its_variable_even_a_faulty_one() -> None:
    assert read_flags({"push": "never"}, {"GITOPS_MCP_PUSH": "sometimes"}).push == "never"


def test_arguments_of_others_are_not_looked_at() -> None:
    assert read_flags({"command": "serve", "repo": None}, {}) == Flags()


@pytest.mark.parametrize(
    ("word", "value"), [("true", True), ("1", True), ("TRUE", True), ("false", False), ("0", False)]
)
def test_read_only_is_a_boolean(word: str, value: bool) -> None:
    assert read_flags({}, {"GITOPS_MCP_READ_ONLY": word}).read_only is value


@pytest.mark.parametrize("word", ["", "yes", "on", "2", "tru"])
def test_a_doubtful_read_only_is_a_fault_and_not_the_right_to_write(word: str) -> None:
    with pytest.raises(InvalidRequest, match="GITOPS_MCP_READ_ONLY: expected one of true, false, 1, 0, found"):
        read_flags({}, {"GITOPS_MCP_READ_ONLY": word})


def test_a_switch_that_was_not_given_leaves_the_word_to_its_variable() -> None:
    assert read_flags({"read_only": False}, {"GITOPS_MCP_READ_ONLY": "true"}).read_only
    assert read_flags({"read_only": True}, {"GITOPS_MCP_READ_ONLY": "false"}).read_only


def test_all_faults_are_named_together() -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_flags(
            {"push": "always", "base": "main..dev"},
            {"GITOPS_MCP_LOG_LEVEL": "loud", "GITOPS_MCP_READONLY": "1", "GITOPS_MCP_REPO": " "},
        )
    assert str(raised.value).split("; ") == [
        "GITOPS_MCP_REPO: expected a path, found nothing",
        "--base: 'main..dev' is not the name of a branch that git takes, such as main or release/1, without refs/heads/",
        "--push: expected one of auto, never, found 'always'",
        "GITOPS_MCP_LOG_LEVEL: expected one of debug, info, warning, error, found 'loud'",
        "GITOPS_MCP_READONLY: unknown variable",
        "there are: GITOPS_MCP_READ_ONLY, GITOPS_MCP_REPO, GITOPS_MCP_TRANSPORT and 15 more",
    ]


def test_the_toolsets_that_always_are_there_may_be_named_too() -> None:
    assert read_flags({"toolsets": "clusters"}, {}).toolsets == {"clusters", "roles", "databases", "changes", "setup"}
    assert "direct" in read_flags({"toolsets": "roles,direct"}, {}).toolsets


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            "observe,logs,all",
            (
                "--toolsets: no toolset 'logs', 'all': there are objects, backups, poolers, observe, direct; always "
                "there are clusters, roles, databases, changes, setup"
            ),
        ),
        (" , ", "--toolsets: expected names such as objects,backups, found nothing"),
    ],
)
def test_a_toolset_that_does_not_exist_is_a_fault(value: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_flags({"toolsets": value}, {})
    assert str(raised.value) == said


def test_an_unknown_variable_is_a_fault_that_does_not_repeat_its_value() -> None:
    with pytest.raises(InvalidRequest, match="GITOPS_MCP_TOKEN: unknown variable") as raised:
        read_flags({}, {"GITOPS_MCP_TOKEN": "s3cret"})
    assert "s3cret" not in str(raised.value)


def test_variables_for_tests_and_of_others_are_let_be() -> None:
    assert read_flags({}, {"GITOPS_MCP_TEST_CRDS": "/crds", "GITOPS": "x", "MCP_REPO": "y"}) == Flags()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"environment": "Prod"}, "--environment: 'Prod' is not the name of an environment"),
        ({"context": ""}, "--context: '' is not the name of a context"),
        ({"context": "a\nb"}, "is not the name of a context"),
        ({"base": "refs/heads/main"}, "without refs/heads/"),
        ({"base": "-x"}, "is not the name of a branch"),
        ({"base": "https://me:hunter2@host/x"}, "'https://host/x' is not the name of a branch"),
        ({"prometheus_token": "/run/token"}, "--prometheus-token: expected HOST=FILE"),
        ({"prometheus_token": "https://host=/run/token"}, "--prometheus-token: expected HOST=FILE"),
    ],
)
def test_values_are_checked_at_start(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_flags(arguments, {})
    assert said in str(raised.value)


def test_the_environment_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_MCP_PUSH", "never")
    said = process_environ()
    monkeypatch.delenv("GITOPS_MCP_PUSH")
    assert said["GITOPS_MCP_PUSH"] == "never"


def test_every_flag_is_an_option_and_every_option_a_flag() -> None:
    assert [*(option.name for option in (*OPTIONS, *HTTP_OPTIONS)), "clone"] == list(Flags.__dataclass_fields__)


def test_the_page_on_http_lists_its_flags() -> None:
    page = (Path(__file__).parents[2] / "docs/http.md").read_text()
    assert re.findall(r"(?m)^\| `(--[a-z-]+)", page) == [
        *(f"--{name}" for name in ("transport", "host", "port", "allowed-hosts", "http-config", "state-key-file")),
        *("--cache-dir", "--insecure-no-auth"),
    ]
    assert {option.flag for option in HTTP_OPTIONS} == set(re.findall(r"(?m)^\| `(--[a-z-]+)", page))


@pytest.mark.parametrize(
    ("given", "clone"),
    [
        ("https://git.example.com/fleet.git", True),
        ("git@git.example.com:org/fleet.git", True),
        ("ssh://git@git.example.com:22/org/fleet", True),
        ("file:///srv/git/fleet.git", True),
        ("http://127.0.0.1:3000/org/fleet.git", True),
        ("/srv/checkouts/fleet", False),
        ("./fleet", False),
        ("a@b", False),
        ("fleet:old", False),
    ],
)
def test_a_repository_is_a_folder_or_an_address(given: str, *, clone: bool) -> None:
    told = read_flags({"repo": given}, {})
    assert (told.clone, told.repo) == ((given, None) if clone else (None, Path(given)))
    assert [option.flag for option in OPTIONS][-4:] == [
        "--read-only",
        "--log-level",
        "--audit-log",
        "--prometheus-token",
    ]


def test_what_is_for_http_is_no_option_of_stdio() -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_flags({"http_config": "http.yaml", "port": None}, {"GITOPS_MCP_INSECURE_NO_AUTH": "1"})
    assert str(raised.value) == (
        "--http-config: is for --transport http; GITOPS_MCP_INSECURE_NO_AUTH: is for --transport http"
    )
    told = read_flags({"transport": "http", "port": "0", "cache_dir": "/var/cache"}, {})
    assert (told.transport, told.host, told.port, told.cache_dir) == ("http", "127.0.0.1", 0, Path("/var/cache"))
