"""Each block of code in the README and the pages is run by a test, or read by what would read it; a new one has to be."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterable

import pytest

from gitops_mcp.command_line import argument_parser
from gitops_mcp.config import Flags, resolve_settings
from gitops_mcp.config.http_settings import resolve_http
from gitops_mcp.errors import InvalidRequest
from tests.site_pages import ROOT, fences, inline_codes, pages

TRIED: dict[str, dict[str, str]] = {
    "tests/test_readme.py": {"README": "json", "configuration-file": "yaml"},
    "tests/test_docs_clients.py": {"clients": "json toml"},
    "tests/test_docs_layouts.py": {"layouts": "yaml", "layouts-engines": "yaml"},
    "tests/e2e/test_quick_start.py": {"quick-start": "sh json"},
    "tests/e2e/test_page_commands.py": {"install": "sh", "troubleshooting": "sh", "sign-in": "sh"},
    "tests/e2e/test_task_pages.py": {
        "task-read-only-login": "json text diff",
        "task-grow-a-volume": "json text diff",
        "task-next-major": "json text diff",
        "task-restore-to-yesterday": "json text diff",
        "task-review-a-bot": "json text",
        "task-undo": "json text diff",
    },
    "tests/evals/test_runner.py": {"evaluation": "sh json"},
    "tests/ui/test_diagrams.py": dict.fromkeys(("README", "architecture", "concepts"), "mermaid"),
}
"""By test: the pages whose blocks of these languages it runs, as they stand there."""


def tried_by(page: str, language: str) -> list[str]:
    return [test for test, done in TRIED.items() if language in done.get(page, "").split()]


def check_block(page: str, language: str, text: str) -> None:
    """Raises what is wrong with it; a language or a program that nothing here reads is wrong."""
    checks: dict[str, Callable[[], None]] = {
        "sh": lambda: check_commands(text.splitlines()),
        "console": lambda: check_commands(line[2:] for line in text.splitlines() if line.startswith("$ ")),
        "yaml": lambda: check_configuration(page, text),
        "ini": lambda: check_git_configuration(text),
    }
    assert language in checks, f"no test runs a block of {language or 'no language'}, and nothing here reads one"
    checks[language]()


def check_configuration(page: str, text: str) -> None:
    if page == "sign-in":
        resolve_http(text, name=page)
    else:
        resolve_settings(text, Flags())


def check_git_configuration(text: str) -> None:
    listed = ["git", "config", "--file", "-", "--list"]
    ran = subprocess.run(listed, input=text, text=True, capture_output=True, check=True)
    # git itself says last what it wants of its helper
    check_commands(f"{one} get" for one in re.findall(r"(?m)^credential\..*\.helper=!(.*)$", ran.stdout))


def check_commands(lines: Iterable[str]) -> None:
    for line in lines:
        for command in re.split(r"&&|\|", re.sub(r"\s#.*", "", line)):
            program, *words = shlex.split(command)
            assert program in PROGRAMS, f"no test runs {program}, and nothing here knows its arguments"
            PROGRAMS[program](words)


def check_own(words: list[str]) -> None:
    """As argparse reads them: it prints what is wrong and raises SystemExit."""
    if words != ["--version"]:
        argument_parser().parse_args(words)


def check_targets(words: list[str]) -> None:
    assert set(words) <= set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text())), words


def check_package(words: list[str]) -> None:
    """Nothing is installed by a name of an index, where nobody has published it."""
    verb, *given = words
    assert verb in {"install", "wheel", "uninstall"}
    named = [one for one in given if not one.startswith("-")]
    assert (
        named == ["gitops-mcp"] if verb == "uninstall" else all(re.match(r"\.|gitops_mcp-|PATH$", one) for one in named)
    )


def check_paths(words: list[str]) -> None:
    """Of a command that needs a cluster: what it names is here. tests/test_deploy.py builds it."""
    named = [one for one in words if "/" in one]
    assert named, words
    assert [one for one in named if not (ROOT / one).exists()] == []


PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "gitops-mcp": check_own,
    "make": check_targets,
    "pip": check_package,
    "pipx": check_package,
    "kubectl": check_paths,
    "helm": check_paths,
}

BLOCKS = [
    pytest.param(page.stem, language, text, id=f"{page.stem}:{line}")
    for page in pages()
    for line, language, text in fences(page.read_text())
    if not tried_by(page.stem, language)
]
OPTIONAL = re.compile(r"\[(\w+)\]|\.\.\.|<.*")
"""In a command of the prose: what may be left out, what is left out, and where the input comes from."""
INLINE = [
    pytest.param(OPTIONAL.sub(r"\1", code), id=f"{page.stem}:{line}:{code}")
    for page in pages()
    for line, code in inline_codes(page.read_text())
    if re.match(r"(gitops-mcp|make|pip|pipx) ", code)
]


@pytest.mark.few(1000)
@pytest.mark.parametrize(("page", "language", "text"), BLOCKS)
def test_a_block_that_no_test_runs_is_read_by_what_would_read_it(page: str, language: str, text: str) -> None:
    check_block(page, language, text)


@pytest.mark.few(1000)
@pytest.mark.parametrize("command", INLINE)
def test_a_command_in_the_prose_has_the_arguments_that_it_takes(command: str) -> None:
    if command not in {"gitops-mcp git-credential", "gitops-mcp review", "gitops-mcp sandbox"}:  # the command, as such
        check_commands([command])


@pytest.mark.parametrize(("test", "done"), [pytest.param(test, done, id=test) for test, done in TRIED.items()])
def test_who_is_said_to_run_blocks_of_a_page_reads_it(test: str, done: dict[str, str]) -> None:
    reads = (ROOT / test).read_text()
    assert [page for page in done if page not in reads] == []
    for page, languages in done.items():
        path = ROOT / f"{page}.md" if page == "README" else ROOT / f"docs/{page}.md"
        assert set(languages.split()) <= {language for _, language, _ in fences(path.read_text())}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param("", "gitops-mcp doctor\n", id="no language"),
        pytest.param("python", "import gitops_mcp\n", id="a language that nothing reads"),
        pytest.param("json", "{}\n", id="JSON that no test reads"),
        pytest.param("sh", "gitops-mcp --transprot http\n", id="a flag that is not there"),
        pytest.param("sh", "cd fleet && gitops-mcp doctor\n", id="a program that nothing knows"),
        pytest.param("sh", "make everything\n", id="a target that is not there"),
        pytest.param("sh", "pip install 'gitops-mcp[http]'\n", id="a package by a name that anybody may take"),
        pytest.param("sh", "kubectl apply -k deploy/overlays/exmaple\n", id="a folder that is not there"),
        pytest.param("console", "$ gitops-mcp doctr\nok\n", id="a command that is not there"),
        pytest.param("yaml", "enviroments: {}\n", id="a key that is not there"),
        pytest.param("ini", '[credential "https://x.test"]\nhelper = !gitops-mcp credential\n', id="another helper"),
    ],
)
def test_a_block_that_is_wrong_or_that_nothing_reads_is_found(language: str, text: str) -> None:
    with pytest.raises((AssertionError, InvalidRequest, SystemExit)):
        check_block("new", language, text)
