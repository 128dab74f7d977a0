"""The repository, the configuration at its base, and what a commit and a push would meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gitops_mcp.adapters.git.trial import Trial
from gitops_mcp.adapters.in_time import in_time
from gitops_mcp.answers.setup import CheckRow
from gitops_mcp.app import App, Ground
from gitops_mcp.config import FILE
from gitops_mcp.domain.remote_url import parse_remote_url
from gitops_mcp.errors import GitOpsError, InvalidRequest
from gitops_mcp.template import NO_REMOTE
from gitops_mcp.workflows.setup.checks import Check, row

_FETCH_SECONDS = 20.0
_TRIAL_SECONDS = 15.0
_PLACEHOLDERS = ("example.com", "example.org", "example.net")
_INSTALL_GIT = "install git 2.38 or newer, first on PATH of the server"
_NAME_BASE = (
    "git push --set-upstream origin HEAD where the branch is only here; else name one that there is by `base:` or "
    "--base, or let git remote set-head origin --auto find it"
)
_NAME_REPOSITORY = "start in a checkout of the GitOps repository, or give --repo DIR (GITOPS_MCP_REPO)"


@dataclass
class FoundGround:
    """What the other checks stand on, as far as it is there, and the rows that say why it is not."""

    ground: Ground | None = None
    trial: Trial | None = None
    rows: list[CheckRow] = field(default_factory=list)
    placeholder: str = ""
    """A remote whose address nobody has filled in."""

    def tell(self, *rows: CheckRow) -> FoundGround:
        self.rows += rows
        return self


def find_ground(app: App) -> FoundGround:
    found = FoundGround()
    try:
        repository = app.repository()
        found.trial = Trial(repository, _TRIAL_SECONDS)
    except GitOpsError as error:
        is_old = "git 2.38" in str(error)
        name, mend = ("git version", _INSTALL_GIT) if is_old else ("checkout", _NAME_REPOSITORY)
        return found.tell(row("git", name, "fail", error, mend))
    found.tell(row("git", "git version", "ok", f"git {found.trial.version()}, in {repository.root}"))
    for name, address in found.trial.addresses().items():
        host = parse_remote_url(address).host
        if any(host == one or host.endswith(f".{one}") for one in _PLACEHOLDERS):
            found.placeholder = name
            mend = f"git remote set-url {name} URL && git push --set-upstream {name} HEAD"
            found.tell(row("git", "remote", "fail", f"remote {name} is {address}, which is a placeholder", mend))
    try:
        found.ground = _fetched(app, fetch=not found.placeholder)
    except GitOpsError as error:
        found.tell(*_ground_faults(error))
        found.ground = None if _is_of_file(error) else _ground_at_head(app, found)
    if found.ground:
        found.tell(row("configuration", FILE, "ok", _configuration(found.ground)))
    return found


def _fetched(app: App, *, fetch: bool) -> Ground:
    try:
        return in_time(_FETCH_SECONDS, lambda: replace(app, _call=None).ground(fetch=fetch), writes=False)
    except TimeoutError:
        return app.ground(fetch=False)  # its age is told with the base


def _is_of_file(error: GitOpsError) -> bool:
    """Whether it is a fault of the configuration; what is not found may be named by that, and rightly."""
    return isinstance(error, InvalidRequest) and FILE in str(error)


def _ground_faults(error: GitOpsError) -> Iterator[CheckRow]:
    """Each fault of the file by itself, else why there is no base."""
    if not _is_of_file(error):
        yield row("git", "base", "fail", error, _NAME_BASE)
        return
    faults = [line[2:] for line in str(error).splitlines() if line.startswith("- ")] or [str(error)]
    for fault in faults:
        yield row(
            "configuration",
            FILE,
            "fail",
            fault,
            f"mend {FILE} there, and have it merged; `gitops-mcp schema` prints what it may hold",
        )


def _ground_at_head(app: App, found: FoundGround) -> Ground | None:
    """What is here, where no base could be found; nothing is pushed from it."""
    try:
        head = found.trial.repository.resolve("HEAD") if found.trial else None
        return app.ground_at(head, None) if head else None
    except InvalidRequest as error:
        found.tell(*_ground_faults(error))
        return None


def _configuration(ground: Ground) -> str:
    environments = ", ".join(
        f"{one.name} ({one.path or 'the root'}, {one.delivery})" for one in ground.settings.environments.values()
    )
    there = ground.repository.read(ground.base.commit, FILE)
    return f"{'read at the base' if there else 'there is none, and none is needed'}; environments: {environments}"


def git_checks(found: FoundGround) -> Iterator[Check]:
    """What can be asked beside the others."""
    trial, ground = found.trial, found.ground
    if trial is None:
        return
    commit = ground.base.commit if ground else trial.repository.resolve("HEAD")

    def identity() -> Iterator[CheckRow]:
        yield row("git", "identity", "ok", f"commits are by {trial.identity()}")

    def signing() -> Iterator[CheckRow]:
        by = trial.signer(commit) if commit else None
        yield row("git", "signing", "ok", f"commits are signed by {by}" if by else "commits are not signed")

    def base() -> Iterator[CheckRow]:
        if ground and ground.base.ref != ground.base.commit:
            yield _base_row(ground)

    who = 'git config --global user.name "YOUR NAME" && git config --global user.email YOU@YOUR.DOMAIN'
    key = (
        "git config --global user.signingKey KEY with a key that an agent holds (ssh-add, gpg-agent), or git config "
        "commit.gpgSign false"
    )
    yield Check("git", "identity", identity, who)
    yield Check("git", "signing", signing, key)
    if commit:
        yield Check("git", "hooks", lambda: _hook_rows(found, commit), "set commit.hooks: off in .gitops-mcp.yaml")
    yield Check("git", "base", base, "git fetch")
    if ground:
        yield Check("repository", "placeholders", lambda: _placeholder_rows(ground), "git grep CHANGE-ME")
    if ground and ground.base.home and ground.base.pushes and not found.placeholder:
        yield Check(
            "git",
            "push",
            lambda: _push_rows(trial, ground),
            "have the right to push granted to these credentials (git push tells with which), or set `push: never`",
        )


def _base_row(ground: Ground) -> CheckRow:
    base = ground.base
    told = f"{base.branch} at {base.commit[:12]}" + (f" of {base.remote}" if base.remote else ", a local branch")
    if base.remote and not base.fetched:
        why = base.warning or "it could not be fetched in time"
        return row("git", "base", "fail", f"{told}: {why}", f"git fetch {base.remote}")
    if base.switched:
        mend = f"git remote set-head {base.remote} --auto"
        return row("git", "base", "warn", f"{told}; the remote's default branch is {base.switched} now", mend)
    return row("git", "base", "ok", told)


def _placeholder_rows(ground: Ground) -> Iterator[CheckRow]:
    """What an engine would fetch from nowhere; whose files these are is told by nothing."""
    if ground.reach is not None:
        return
    paths = sorted(ground.repository.mentioning(ground.base.commit, (NO_REMOTE,)))
    if paths:
        found = (
            f"{', '.join(paths[:5])}{' ...' if paths[5:] else ''}: the address of the repository is still {NO_REMOTE}"
        )
        mend = f"git grep -l {NO_REMOTE} | xargs sed -i 's|{NO_REMOTE}|URL|', committed and merged"
        yield row("repository", "placeholders", "fail", found, mend)


def _hook_rows(found: FoundGround, commit: str) -> Iterator[CheckRow]:
    wanted = found.ground.settings.hooks if found.ground else "auto"
    if wanted == "off":
        yield row("git", "hooks", "ok", "off, by commit.hooks")
        return
    hooks = tuple(found.trial.hooks(commit)) if found.trial else ()
    for one in hooks:
        if one.fault:
            yield row("git", "hooks", "fail" if wanted == "required" else "warn", f"{one.path}: {one.fault}", one.mend)
    running = [one.name for one in hooks if not one.fault]
    if running:
        told = f"{', '.join(running)} run in a checkout of the base, beside yours (what is not in Git is not there)"
        yield row("git", "hooks", "ok", told)
    elif wanted == "required" and not hooks:
        mend = "install the team's hooks in this repository, or set commit.hooks: auto"
        yield row("git", "hooks", "fail", "commit.hooks is required, and no hook is installed", mend)
    elif not hooks:
        yield row("git", "hooks", "ok", "no hook is installed")


def _push_rows(trial: Trial, ground: Ground) -> Iterator[CheckRow]:
    prefix = ground.settings.branch_prefix
    address = trial.push(ground.base, prefix)
    told = f"{address} takes pushes of branches below {prefix}, as far as it tells before one comes"
    yield row("git", "push", "ok", told)
