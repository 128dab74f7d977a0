"""What each command runs, and logging to stderr."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_mcp.command_line import argument_parser

if TYPE_CHECKING:
    from gitops_mcp.answers.reviews import ReviewResult
    from gitops_mcp.app import App
    from gitops_mcp.config import Flags
    from gitops_mcp.http.serve import HttpServer

_COMMENT = 60_000
"""Characters; forges take a few more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, 1 for a failure, 2 for a wrong invocation with every fault named."""
    given = argument_parser().parse_args(arguments)
    return _COMMANDS[given.command or "serve"](given)


def _demo(given: argparse.Namespace) -> int:
    from gitops_mcp.demo import run_demo
    from gitops_mcp.demo.cast import Cast

    return run_demo(Cast(given.engine, given.forge))


def _sandbox(given: argparse.Namespace) -> int:
    from gitops_mcp.sandbox.run import serve_sandbox

    return serve_sandbox(given.dir, api_only=given.api_only, engine=given.engine, forge=given.forge, repo=given.repo)


def _init(given: argparse.Namespace) -> int:
    from gitops_mcp.init.command import run_init

    return run_init(given)


def _tools(_: argparse.Namespace) -> int:
    from gitops_mcp.server import tools_table

    return _print_text(tools_table())


def _schema(given: argparse.Namespace) -> int:
    from gitops_mcp import config

    return _print_text(json.dumps(config.json_schema(given.of), indent=2) + "\n")


def _doctor(given: argparse.Namespace) -> int:
    from gitops_mcp.config import process_environ
    from gitops_mcp.doctor import run_doctor

    text, code = run_doctor(given, process_environ())
    return _print_text(text) or code


def _review(given: argparse.Namespace) -> int:
    """Exit code 0: passed, 1: failed by --fail-on, 2: there is no verdict."""
    from gitops_mcp.adapters.kube_start import kube_start
    from gitops_mcp.app import App
    from gitops_mcp.caller import Nobody
    from gitops_mcp.config import process_environ, read_flags
    from gitops_mcp.domain.review_text.comment import unjudged_text
    from gitops_mcp.domain.review_text.verdict import is_failed
    from gitops_mcp.errors import GitOpsError
    from gitops_mcp.workflows.reviews.candidate import named_candidate
    from gitops_mcp.workflows.reviews.review import review

    environ = process_environ()
    try:
        # The pod of a pipeline may reach a cluster of its own, which is none of the environments'.
        opened = App(read_flags(vars(given), environ), replace(kube_start(), service_account=None))
        with opened.called(Nobody()) as app:
            candidate = named_candidate(app, given.from_base, given.head, environ)
            found = review(app, candidate, "GitLab" if environ.get("GITLAB_CI") else "GitHub", limit=_COMMENT)
        if given.html:
            _write_page(Path(given.html), found)
    except GitOpsError as error:
        print(f"gitops-mcp review: could not judge: {error}", file=sys.stderr)
        unjudged = {"verdict": "not_judged", "why": str(error)}
        _print_text(f"{json.dumps(unjudged) if given.json else unjudged_text(str(error))}\n")
        return 2
    except Exception:  # noqa: BLE001 - a fault of ours, which would end with 1: that is a verdict here
        traceback.print_exc()
        return 2
    printed = _print_text(f"{json.dumps(found.structured(), indent=2) if given.json else found.body}\n")
    return printed or int(is_failed(found.verdict, given.fail_on))


def _write_page(place: Path, found: ReviewResult) -> None:
    """Raises Unavailable where it cannot be written."""
    from gitops_mcp.errors import Unavailable
    from gitops_mcp.ui.cards import card_beside, static_page

    card = card_beside("review_change", writes=False)
    assert card is not None  # noqa: S101 - it is one of its readers
    try:
        place.write_text(static_page(card, found.structured(), found.body), encoding="utf-8", errors="replace")
    except OSError as error:
        raise Unavailable(f"--html {place}: {error.strerror}") from error


def _answer_git(given: argparse.Namespace) -> int:
    """As a credential helper; what git would store or erase is kept by nobody here."""
    from gitops_mcp.adapters.forge.git_login import answer_git
    from gitops_mcp.config import process_environ
    from gitops_mcp.errors import GitOpsError

    asked = sys.stdin.read()
    if given.action != "get":
        return 0
    try:
        return _print_text(answer_git(asked, given.forge, process_environ()))
    except GitOpsError as error:
        print(f"gitops-mcp git-credential: {error}", file=sys.stderr)
        return 1


def _print_text(text: str) -> int:
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        # Who reads, such as `head`, has enough. What is left must not be written at exit, where it would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _serve(given: argparse.Namespace) -> int:
    # Collections while hundreds of modules load, and again over all of them, are a fifth of the start-up.
    gc.disable()
    from gitops_mcp.app import App
    from gitops_mcp.config import process_environ, read_flags
    from gitops_mcp.errors import InvalidRequest

    try:
        told = read_flags(vars(given), process_environ())
        app = App.open(told)
        over_http = _http_server(told, app) if told.transport == "http" else None
    except InvalidRequest as error:
        print(f"gitops-mcp: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(
        stream=sys.stderr, level=told.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    code = _run_until_end(app) if over_http is None else _run_http(over_http)
    # Threads that still wait for a peer must not hold the process: its client is gone.
    sys.stderr.flush()
    os._exit(code)


def _run_until_end(app: App) -> int:
    from gitops_mcp.server import build_server, run_server

    server = build_server(app)
    if sys.stdin.isatty():
        print("gitops-mcp: waits for an MCP client on standard input; see --help. Ctrl-C ends it.", file=sys.stderr)
    _collect_rarely(500_000)
    run_server(server)
    return 0


def _http_server(told: Flags, app: App) -> HttpServer:
    """Raises InvalidRequest, also where what it needs beyond stdio is not installed."""
    from gitops_mcp.errors import InvalidRequest

    try:
        from gitops_mcp.http.serve import HttpServer
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        raise InvalidRequest(
            "--transport http needs more than stdio does: install gitops-mcp with its extra `http`"
        ) from error
    return HttpServer.open(told, app)


def _run_http(server: HttpServer) -> int:
    # Connections and their tasks are cycles, and many callers leave many.
    _collect_rarely(50_000)
    return server.run()


def _collect_rarely(young: int) -> None:
    gc.freeze()
    # What is read of thousands of manifests is kept and makes no cycles: walking it would be an eighth of a request.
    gc.set_threshold(young, 50, 50)
    gc.enable()


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "demo": _demo,
    "sandbox": _sandbox,
    "init": _init,
    "review": _review,
    "doctor": _doctor,
    "git-credential": _answer_git,
    "tools": _tools,
    "schema": _schema,
}
"""By their names on the command line; each returns the exit code."""
