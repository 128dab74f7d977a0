"""The command line: arguments, logging to stderr, and what is run."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_mcp import __version__

if TYPE_CHECKING:
    from gitops_mcp.app import App
    from gitops_mcp.config import Flags, Option
    from gitops_mcp.http.serve import HttpServer

_COMMENT = 60_000
"""Characters; forges take a few more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, 1 for a failure, 2 for a wrong invocation with every fault named."""
    parser = _argument_parser()
    given = parser.parse_args(arguments)
    command = given.command or "serve"
    if command == "serve":
        return _serve(given)
    if command == "demo":
        from gitops_mcp.demo import run_demo
        from gitops_mcp.demo.cast import Cast

        return run_demo(Cast(given.engine, given.forge))
    if command == "sandbox":
        from gitops_mcp.sandbox.run import serve_sandbox

        return serve_sandbox(given.dir, api_only=given.api_only, engine=given.engine, forge=given.forge)
    if command == "review":
        return _review(given)
    if command == "tools":
        from gitops_mcp.server import tools_table

        return _print_text(tools_table())
    from gitops_mcp import config

    return _print_text(json.dumps(config.json_schema(), indent=2) + "\n")


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


def _print_text(text: str) -> int:
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        # Who reads, such as `head`, has enough. What is left must not be written at exit, where it would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _argument_parser() -> argparse.ArgumentParser:
    from gitops_mcp.config import HTTP_OPTIONS, OPTIONS

    parser = argparse.ArgumentParser(
        prog="gitops-mcp",
        description="An MCP server for CloudNativePG clusters, the GitOps way: it reads live state from the Kubernetes "
        "API, and proposes changes as commits on branches of a Git repository. Without a command it serves on standard "
        "input and output, as an MCP client starts it.",
        epilog="Each option of serve may be given as the variable in brackets instead; the option wins. Exit codes: 0 "
        "the work is done or the input has ended, 1 a failure, 2 a wrong option or variable, with every fault named.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gitops-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="serve over stdio (the default), or over HTTP",
        description="Serve MCP on standard input and output until the input ends, or over streamable HTTP until a "
        "signal. Logs go to standard error.",
        allow_abbrev=False,
    )
    for each in (parser, serve):
        for option in (*OPTIONS, *HTTP_OPTIONS):
            _add_option(each, option)
    demo = commands.add_parser(
        "demo",
        help="play the whole road against a sandbox: request, pull request, review, merge, applied, healthy",
        description="Start a sandbox in a temporary folder, drive the real server against it, and remove it. Needs no "
        "cluster and no network, and ends with 1 where something did not hold.",
        allow_abbrev=False,
    )
    demo.add_argument("--engine", choices=("argocd", "flux"), default="argocd", help="who applies (default: argocd)")
    demo.add_argument(
        "--forge",
        choices=("github", "gitlab", "gitea"),
        default="github",
        help="where the review is (default: github); gitlab without an API token, by options of the push",
    )
    sandbox = commands.add_parser(
        "sandbox",
        help="start a stand-in cluster, remote and engine to try the server with",
        description="Start stand-ins for a Kubernetes API, the CloudNativePG operator, a Git remote and Argo CD or "
        "Flux on 127.0.0.1, print the configuration for an MCP client, and go on until the input ends or Ctrl-C.",
        allow_abbrev=False,
    )
    sandbox.add_argument(
        "--dir", type=Path, required=True, help="new or empty folder for kubeconfig, remote and checkout; it is kept"
    )
    sandbox.add_argument("--api-only", action="store_true", help="start the Kubernetes API and nothing else")
    sandbox.add_argument(
        "--engine",
        choices=("argocd", "app-of-apps", "flux", "hydrator"),
        default="argocd",
        help="one Application for everything (the default), one for each app below a root, Flux after a bootstrap, or "
        "one whose source is hydrated and promoted by pull requests (with --forge)",
    )
    sandbox.add_argument(
        "--forge",
        choices=("github", "gitlab", "gitea"),
        help="put the remote on a stand-in of this forge, with pull requests; left out, the remote is a folder",
    )
    _add_review(
        commands.add_parser(
            "review",
            help="judge a branch or pull request, in a pipeline",
            description="Judge what merging HEAD into BASE would do: objects changed, broken rules, impact, drift, and "
            "what is lost. Prints one comment in Markdown. Rules and configuration are those of BASE; nothing of HEAD "
            "is run. Exit codes: 0 passed, 1 failed by --fail-on, 2 could not judge.",
            allow_abbrev=False,
        )
    )
    commands.add_parser("tools", help="print the table of tools, in Markdown")
    commands.add_parser("schema", help="print the JSON Schema of .gitops-mcp.yaml")
    return parser


def _add_review(parser: argparse.ArgumentParser) -> None:
    from gitops_mcp.config import OPTIONS

    parser.add_argument(
        "from_base", nargs="?", metavar="BASE", help="left out: the target branch of the pipeline, else the usual base"
    )
    parser.add_argument("head", metavar="HEAD", help="what is proposed: a branch, tag or commit that is here")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--fail-on",
        choices=("warning", "error", "outage", "data_loss", "never"),
        default="error",
        help="the least that ends with 1: this or worse, in this order (default: error)",
    )
    for option in OPTIONS:
        if option.name in {"repo", "environment", "context"}:
            _add_option(parser, option)


def _add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    """Values are checked with the variables' later, so that all faults are named together."""
    text = f"{option.help} [{option.variable}]"
    if option.switch:
        parser.add_argument(option.flag, action="store_true", default=argparse.SUPPRESS, help=text)
    else:
        metavar = "|".join(option.choices) if option.choices else option.metavar
        parser.add_argument(option.flag, default=argparse.SUPPRESS, metavar=metavar, help=text)


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
        raise InvalidRequest("--transport http needs more than stdio does: install gitops-mcp[http]") from error
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
