"""Where a person opens a pull request by hand: the compare page of hosts whose addresses are known.

Other hosts are not guessed at; what their server printed on the push is shown instead.
"""

from __future__ import annotations

from urllib.parse import quote

from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.domain.remote_url import parse_remote_url

_KINDS = {"github.com": "github", "gitlab.com": "gitlab", "codeberg.org": "gitea"}


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
