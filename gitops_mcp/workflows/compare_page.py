"""Where a person opens a pull request by hand: the compare page of hosts whose addresses are known.

Other hosts are not guessed at; what their server printed on the push is shown instead.
"""

from __future__ import annotations

from urllib.parse import quote

from gitops_mcp.domain.remote_url import parse_remote_url


def compare_url(remote: str | None, base: str, branch: str) -> str | None:
    """The page that proposes `branch` for `base`; None for a host that is not known."""
    found = parse_remote_url(remote or "")
    host, path = found.host, quote(found.path)
    if host not in {"github.com", "gitlab.com", "codeberg.org"} or not path:
        return None
    here, there = quote(branch), quote(base)
    if host == "gitlab.com":
        source = f"merge_request%5Bsource_branch%5D={quote(branch, safe='')}"
        target = f"merge_request%5Btarget_branch%5D={quote(base, safe='')}"
        return f"https://{host}/{path}/-/merge_requests/new?{source}&{target}"
    if host == "github.com":
        return f"https://{host}/{path}/compare/{there}...{here}?expand=1"
    return f"https://{host}/{path}/compare/{there}...{here}"
