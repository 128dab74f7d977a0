from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import heard
from tests.drawn import OUTCOMES
from tests.fakes.called_app import end_calls

if TYPE_CHECKING:
    from tests.fakes.forges import ForgeServers

gc.disable()
heard.listen()
settings.register_profile("all", settings.get_profile("ci"))
settings.register_profile("fuzz", max_examples=2_000, derandomize=False, print_blob=True, database=None)
settings.register_profile("few", settings.get_profile("ci"), max_examples=10)


def examples(most: int) -> int:
    """How many of a law that says itself how many there are, in the profile of this run: all, or one in ten."""
    return max(2, most * settings().max_examples // 100)


_CASES = 3
"""Of a test that a contributor waits for, spread evenly; the others are thorough. The marker `few` says otherwise."""
_LONG = 20
"""Seconds, twice what any test takes that is not thorough on a machine which does nothing else."""

IDENTITY = f"""[user]
\tname = Test User
\temail = test@example.com
[init]
\tdefaultBranch = main
\ttemplateDir = {Path(__file__).parent / "git_template"}
[core]
\tfsync = none
[gc]
\tauto = 0
[maintenance]
\tauto = false
[receive]
\tautoGC = false
"""
"""Who commits, and nothing that a repository of one test is too short-lived for: no sample hooks, upkeep or fsync."""


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new folder each time: `mktemp` would look through those of all tests for its number."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _nobodys_machine(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    home = next(_homes)
    home.mkdir()
    use_home(home, monkeypatch)
    yield
    end_calls()


@pytest.fixture(autouse=True)
def _said(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails where the server said something that no row of tests/golden/said.txt matches."""
    heard.listen_to_clients()
    heard.taken()  # what was said while modules were loaded, to nobody
    yield
    said = heard.taken()
    # There most of what is said is made up, by others as far as the server knows.
    assert "fuzz" in request.path.parts or heard.unmatched(said) == []


def use_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the developer's git or Kubernetes configuration, or acts at a forge as the developer."""
    (home / "gitconfig").write_text(IDENTITY)
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_", "GH_", "GITHUB_", "GITLAB_", "GITEA_", "FORGEJO_", "CI_SERVER_")) or (
            name.startswith("GITOPS_MCP_") and not name.startswith("GITOPS_MCP_TEST_")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("KUBECONFIG", str(Path(home) / "no-kubeconfig"))


@pytest.fixture(scope="session")
def _first_remote(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from gitops_mcp.sandbox.remote import SandboxRemote

    return SandboxRemote.create(tmp_path_factory.mktemp("first") / "remote.git").path


@pytest.fixture
def forge_server(tmp_path: Path, _first_remote: Path) -> Iterator[ForgeServers]:
    """`forge_server("gitlab")` serves one over HTTP, with a remote and a checkout in folders of its own."""
    from tests.fakes.forges import ForgeServers

    servers = ForgeServers(tmp_path, _first_remote)
    yield servers
    servers.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, a file at a time: nothing long is left when the other workers have no more."""
    items.sort(key=lambda item: ("/domain/" in str(item.path)) - ("/e2e/" in str(item.path)))
    for cases in _cases_by_test(items):
        marker = cases[0].get_closest_marker("few")
        number = min(marker.args[0] if marker else _CASES, len(cases))
        kept = {turn * len(cases) // number for turn in range(number)}
        for place, case in enumerate(cases):
            if place not in kept:
                case.add_marker(pytest.mark.thorough)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was collected stays until the end; each round of the garbage collector would look through all of it."""
    gc.freeze()
    gc.enable()


def _cases_by_test(items: list[pytest.Item]) -> Iterable[list[pytest.Item]]:
    """Those of each test that are not thorough by themselves."""
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        if not item.get_closest_marker("thorough"):
            found.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return found.values()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call" and OUTCOMES:
        report.user_properties.append(("drawn", dict(OUTCOMES)))
        OUTCOMES.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How many of the edits that the laws drew are refused; a law alone would hold of a house that refuses all.

    And which tests take long where only those run that a contributor waits for.
    """
    if config.option.markexpr == "not thorough":
        for one in chain.from_iterable(terminalreporter.stats.values()):
            if getattr(one, "duration", 0) > _LONG:
                terminalreporter.write_line(f"{one.duration:.0f} s, and not thorough: {one.nodeid}")
    total: Counter[str] = Counter()
    for one in chain.from_iterable(terminalreporter.stats.values()):
        for name, said in getattr(one, "user_properties", ()):
            total.update(said if name == "drawn" else {})
    if edits := total.total():
        share = 100 * total["refused"] / edits
        terminalreporter.write_line(f"{edits} edits drawn by the laws, {share:.1f} % of them refused: {dict(total)}")
