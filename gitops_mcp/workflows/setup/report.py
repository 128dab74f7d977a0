"""All checks together: what the others stand on first, then the rest side by side."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version

from gitops_mcp import __version__, config
from gitops_mcp.adapters.helm import Helm
from gitops_mcp.answers.base import shorten_to_fit
from gitops_mcp.answers.setup import CheckRow, SetupReport
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment, Settings
from gitops_mcp.config.narrowed import narrowed_settings
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.setup.checks import REACH, SECONDS, Check, row, rows_side_by_side
from gitops_mcp.workflows.setup.cluster_api import api_rows
from gitops_mcp.workflows.setup.forge import forge_check
from gitops_mcp.workflows.setup.layout import layout_rows
from gitops_mcp.workflows.setup.passwords import password_rows
from gitops_mcp.workflows.setup.repository import find_ground, git_checks
from gitops_mcp.workflows.view import desired_here

_PACKAGES = ("mcp", "kubernetes", "GitPython")


def check_setup(app: App, environment: str | None = None, *, seconds: float = SECONDS) -> SetupReport:
    """The whole of it; `bounded_report` is what fits into the answer of a tool.

    `environment`: the only one that is looked at; None: that of the flags, else all. Raises InvalidRequest with those
    that there are where it is unknown.
    """
    found = find_ground(app)
    checks = list(git_checks(found))
    if found.ground:
        settings: Settings | None = found.ground.settings
        if not found.placeholder:
            checks.append(forge_check(app, found.ground))
    else:
        settings = _settings_alone(app)
    if settings:
        if environment is not None:
            app.environment(settings, environment)
        checks += _environment_checks(app, settings, found.ground, environment or app.flags.environment)
    rows = [_versions(), *found.rows, *rows_side_by_side(checks, seconds)]
    return SetupReport.of(rows)


def bounded_report(app: App, environment: str | None = None) -> SetupReport:
    found = check_setup(app, environment)
    worst_first = sorted(found.items, key=lambda one: one.state == "ok")
    return shorten_to_fit(found.model_copy(update={"items": worst_first}), "items")


def _versions() -> CheckRow:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} unknown")
    helm = Helm()
    engine = "no Helm" if helm.missing else f"Helm ({helm.binary or 'the library'})"
    told = f"gitops-mcp {__version__}, Python {platform.python_version()}, {', '.join(found)}, {engine}"
    return row("server", "versions", "ok", told)


def _settings_alone(app: App) -> Settings | None:
    """Without a base: what holds with no file. Raises Refused where the caller may see nothing of that."""
    try:
        found = config.resolve_settings(None, app.flags)
    except GitOpsError:  # --environment names one of a file that could not be read, which is told
        return None
    return found if app.rights is None else narrowed_settings(found, app.rights, writes=False)


def _environment_checks(app: App, settings: Settings, ground: Ground | None, only: str | None) -> Iterator[Check]:
    apis = ApisOnce(app, settings)
    for one in settings.environments.values():
        if only in {None, one.name}:
            yield from _checks_of(app, apis, one, ground)


def _checks_of(app: App, apis: ApisOnce, environment: Environment, ground: Ground | None) -> Iterator[Check]:
    name = environment.name
    desired: Desired | None = None
    if ground and environment.delivery == "git":
        try:
            desired = desired_here(app, ground, environment, ground.base.commit, None)
        except GitOpsError as error:
            mend, why = "mend what it names", str(error)
            yield Check(
                "repository", "manifests", lambda: [row("repository", "manifests", "fail", why, mend)], mend, name
            )

    def check(subject: str, what: str, look: Callable[[], Iterator[CheckRow]], mend: str) -> Check:
        return Check(subject, what, look, mend, name)  # type: ignore[arg-type]

    yield check("kubernetes", "API", lambda: api_rows(app, apis, environment, ground, desired), REACH)
    if ground and desired:
        yield check("repository", "manifests", lambda: layout_rows(ground, environment, desired), "see docs/layouts.md")
        side = apis.at_environment(environment).for_one_part()
        yield check(
            "passwords",
            "provider",
            lambda: password_rows(app, ground, environment, desired, side),
            "set passwords.provider in .gitops-mcp.yaml",
        )
