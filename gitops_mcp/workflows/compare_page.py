"""Where a person opens a pull request by hand: the compare page of hosts whose addresses are known.

Other hosts are not guessed at; what their server printed on the push is shown instead.
"""

from __future__ import annotations

from urllib.parse import quote

from gitops_mcp.domain.remote_url import parse_remote_url


def compare_url(remote: str | None, base: str, branch: str, *, fork: str | None = None) -> str | None:
    """The page that proposes `branch` for `base`; None for a host that is not known.

    `fork` is where the branch is; None: in the same repository.
    """
    found, there = parse_remote_url(remote or ""), parse_remote_url(fork or remote or "")
    if found.host != there.host:
        return None
    host, path = found.host, quote(found.path)
    if host not in {"github.com", "gitlab.com", "codeberg.org"} or not path:
        return None
    owner = "" if found == there else f"{quote(there.path.partition('/')[0])}:"
    here, against = owner + quote(branch), quote(base)
    if host == "gitlab.com":
        source = f"merge_request%5Bsource_branch%5D={quote(branch, safe='')}"
        target = f"merge_request%5Btarget_branch%5D={quote(base, safe='')}"
        return f"https://{host}/{quote(there.path)}/-/merge_requests/new?{source}&{target}"
    if host == "github.com":
        return f"https://{host}/{path}/compare/{against}...{here}?expand=1"
    return f"https://{host}/{path}/compare/{against}...{here}"
