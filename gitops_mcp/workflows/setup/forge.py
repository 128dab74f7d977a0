"""The forge: who acts there, what that one may do, and whether the base is protected."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.adapters.forge.place import NoForge
from gitops_mcp.answers.setup import CheckRow
from gitops_mcp.app import App, Ground
from gitops_mcp.workflows.setup.checks import Check, row

_SCOPES = {
    "github": "Contents and Pull requests: write, Commit statuses: read (classic: repo)",
    "gitlab": "api",
    "gitea": "write:repository, and write:issue for labels and comments",
}


def forge_check(app: App, ground: Ground) -> Check:
    place = app.forge_place(ground)
    scopes = _SCOPES.get(place.kind or "", "to read and write the repository and its pull requests")
    mend = f"make a token with {scopes}, of a user who may push, and set it in the place of this one"
    return Check("forge", "forge", lambda: _rows(app, ground, mend), mend)


def _rows(app: App, ground: Ground, make: str) -> Iterator[CheckRow]:
    forge = app.forge(ground)
    if isinstance(forge, NoForge):
        is_wanted = ground.settings.pull_requests.open == "auto" and forge.place is not None
        mend = f"{forge.why.rpartition(': ')[2]}" if is_wanted else None
        yield row("forge", "forge", "warn" if is_wanted else "ok", f"no pull requests: {forge.why}", mend)
        return
    access = forge.access()
    scopes = f" (scopes: {access.scopes})" if access.scopes else ""
    yield row("forge", "identity", "ok", f"{forge.name}: {forge.identity()}{scopes}")
    if access.may_push is False:
        yield row("forge", "rights", "fail", "these credentials may not write to the repository", make)
    else:
        forge.pull_of(f"{ground.settings.branch_prefix}trial")  # raises where they may not read
        may = "may write to the repository and read" if access.may_push else "may read"
        yield row("forge", "rights", "ok", f"they {may} its pull requests")
    base = ground.base.branch
    if access.is_base_protected is None:
        yield row(
            "forge", "protection", "warn", f"whether {base} is protected may not be read", f"look at {access.page}"
        )
    elif access.is_base_protected:
        yield row("forge", "protection", "ok", f"{base} is protected")
    else:
        found = f"{base} is not protected: whoever may push can change it without review"
        yield row("forge", "protection", "warn", found, f"require pull requests for {base} at {access.page}")
