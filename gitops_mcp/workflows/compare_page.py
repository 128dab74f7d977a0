"""The page of a change's pull request for people, where the forge is not asked: of hosts whose addresses are known.

It is that of the pull request which the remote shows to git, else the one to open it by hand. Other hosts are not
guessed at; what their server printed on the push is shown instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from gitops_mcp.adapters.forge.place import ForgePlace, NoForge
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.remote_url import parse_remote_url

_KINDS = {"github.com": "github", "gitlab.com": "gitlab", "codeberg.org": "gitea"}
_SHOWN = {"github": "pull", "gitlab": "-/merge_requests", "gitea": "pulls"}


@dataclass(frozen=True)
class ProposalPage:
    url: str
    number: int | None = None
    """Of the pull request, of which Git does not say whether it is open; None: the page to open one."""

    @property
    def step(self) -> str:
        if self.number is None:
            return f"opens a pull request: {self.url}"
        return f"looks at pull request #{self.number}, which may be open: {self.url}"


def proposal_page(app: App, ground: Ground, branch: str, tip: str) -> ProposalPage | None:
    """Of a branch that is pushed; `tip`: its last commit."""
    place = app.forge_place(ground)
    known = place.place if isinstance(place, NoForge) else place
    number = ground.repository.pull_number(ground.git, ground.base, tip) if known else None
    if known and number:
        return ProposalPage(f"{known.url}/{quote(known.path)}/{_SHOWN[known.kind]}/{number}", number)
    url = compare_url(ground.url, ground.base.branch, branch, fork=ground.base.home_url, place=known)
    return ProposalPage(url) if url else None


def compare_url(
    remote: str | None, base: str, branch: str, *, fork: str | None = None, place: ForgePlace | None = None
) -> str | None:
    """The page that proposes `branch` for `base`; None for a host that is not known.

    `fork` is where the branch is; None: in the same repository. `place`: the forge, where the configuration names it.
    """
    if place is not None:
        return _page(place.kind, place.url, place.path, place.head_path, base, branch)
    found, there = parse_remote_url(remote or ""), parse_remote_url(fork or remote or "")
    kind = _KINDS.get(found.host)
    if found.host != there.host or kind is None or not found.path:
        return None
    return _page(kind, f"https://{found.host}", found.path, there.path, base, branch)


def _page(kind: str, url: str, path: str, head_path: str, base: str, branch: str) -> str:
    if kind == "gitlab":
        source = f"merge_request%5Bsource_branch%5D={quote(branch, safe='')}"
        target = f"merge_request%5Btarget_branch%5D={quote(base, safe='')}"
        return f"{url}/{quote(head_path)}/-/merge_requests/new?{source}&{target}"
    owner = "" if path == head_path else f"{quote(head_path.partition('/')[0])}:"
    end = "?expand=1" if kind == "github" else ""
    return f"{url}/{quote(path)}/compare/{quote(base)}...{owner}{quote(branch)}{end}"
