"""The command line: each command with its arguments."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_mcp import __version__

if TYPE_CHECKING:
    from gitops_mcp.config import Option


def argument_parser() -> argparse.ArgumentParser:
    from gitops_mcp.config import HTTP_OPTIONS, OPTIONS
    from gitops_mcp.init.arguments import add_arguments

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
        help="one Application for everything (the default), one for each app below a root, Flux after a bootstrap, or "
        "one whose source is hydrated and promoted by pull requests (with --forge)",
    )
    sandbox.add_argument(
        "--forge",
        choices=("github", "gitlab", "gitea"),
        help="put the remote on a stand-in of this forge, with pull requests; left out, the remote is a folder",
    )
    sandbox.add_argument(
        "--repo",
        type=Path,
        metavar="REPO",
        help="start from what is committed and checked out there, with its engine and forge; nothing is written to it",
    )
    init = commands.add_parser(
        "init",
        help="make a GitOps repository to start from, or propose what an existing one needs",
        description="Write a repository for CloudNativePG clusters into DIR, from a template. Where DIR is a repository"
        " with manifests, look at it, and propose .gitops-mcp.yaml and .mcp.json. Nothing is ever written over.",
        allow_abbrev=False,
    )
    add_arguments(init)
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
    git = commands.add_parser(
        "git-credential",
        help="answer git as a credential helper, with the GitHub App or token that opens pull requests",
        description="A credential helper of git: `helper = !gitops-mcp git-credential`, with credential.useHttpPath "
        "for a GitHub App. Answers with the App or token that variables hold for the host (docs/pull-requests.md).",
        allow_abbrev=False,
    )
    git.add_argument(
        "--forge",
        metavar="KIND=HOST",
        help="answer for this host of your own and no other, such as gitlab=git.example.com",
    )
    git.add_argument("action", help="get; what git would store or erase is not kept")
    doctor = commands.add_parser(
        "doctor",
        help="check git, configuration, forge, API, rights, engine, passwords and backups",
        description="Check all that the server works with, and say for each fault what mends it. Changes nothing "
        "and asks nobody. Exit codes: 0 nothing failed, 1 something did, 2 a wrong option or variable.",
        allow_abbrev=False,
    )
    doctor.add_argument("--json", action="store_true", help="print the same as JSON")
    _add_some_options(doctor, "repo", "environment", "context", "base")
    commands.add_parser("tools", help="print the table of tools, in Markdown")
    schema = commands.add_parser("schema", help="print the JSON Schema of .gitops-mcp.yaml, or of another file of ours")
    schema.add_argument(
        "of", nargs="?", choices=("repository", "http"), default="repository", help="http: --http-config"
    )
    return parser


def _add_review(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "from_base", nargs="?", metavar="BASE", help="left out: the target branch of the pipeline, else the usual base"
    )
    parser.add_argument("head", metavar="HEAD", help="what is proposed: a branch, tag or commit that is here")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--html", metavar="FILE", help="also write the findings as a page, for the artefacts of a job")
    parser.add_argument(
        "--fail-on",
        choices=("warning", "error", "outage", "data_loss", "never"),
        default="error",
        help="the least that ends with 1: this or worse, in this order (default: error)",
    )
    _add_some_options(parser, "repo", "environment", "context")


def _add_some_options(parser: argparse.ArgumentParser, *names: str) -> None:
    from gitops_mcp.config import OPTIONS

    for option in OPTIONS:
        if option.name in names:
            _add_option(parser, option)


def _add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    """Values are checked with the variables' later, so that all faults are named together."""
    text = f"{option.help} [{option.variable}]"
    if option.switch:
        parser.add_argument(option.flag, action="store_true", default=argparse.SUPPRESS, help=text)
    else:
        metavar = "|".join(option.choices) if option.choices else option.metavar
        parser.add_argument(option.flag, default=argparse.SUPPRESS, metavar=metavar, help=text)
