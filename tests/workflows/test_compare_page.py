from __future__ import annotations

import pytest

from gitops_mcp.workflows.compare_page import compare_url

BRANCH = "gitops-mcp/scale-db"


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        pytest.param(
            "git@github.com:team/gitops.git",
            f"https://github.com/team/gitops/compare/main...{BRANCH}?expand=1",
            id="scp-like",
        ),
        pytest.param(
            "https://github.com/team/gitops",
            f"https://github.com/team/gitops/compare/main...{BRANCH}?expand=1",
            id="https",
        ),
        pytest.param(
            "ssh://git@github.com:22/team/gitops.git",
            f"https://github.com/team/gitops/compare/main...{BRANCH}?expand=1",
            id="ssh with a port",
        ),
        pytest.param(
            "git@gitlab.com:group/sub/gitops.git",
            "https://gitlab.com/group/sub/gitops/-/merge_requests/new?merge_request%5Bsource_branch%5D=gitops-mcp%2Fscale-db&merge_request%5Btarget_branch%5D=main",
            id="GitLab with a sub-group",
        ),
        pytest.param(
            "https://codeberg.org/team/gitops.git",
            f"https://codeberg.org/team/gitops/compare/main...{BRANCH}",
            id="Codeberg",
        ),
        pytest.param(
            "ssh://git@ssh.github.com:443/team/gitops.git",
            f"https://github.com/team/gitops/compare/main...{BRANCH}?expand=1",
            id="GitHub by its other port for ssh",
        ),
        pytest.param(
            "https://oauth2:s3cr@t@GitHub.com/team/gitops/",
            f"https://github.com/team/gitops/compare/main...{BRANCH}?expand=1",
            id="a login, capitals and a slash at the end",
        ),
        pytest.param("https://github.com/", None, id="a host without a repository"),
        pytest.param("https://git.example.com/team/gitops.git", None, id="an unknown host is not guessed at"),
        pytest.param("https://evil.example/github.com/team", None, id="a host in the path"),
        pytest.param("/srv/git/gitops.git", None, id="a path"),
        pytest.param(None, None, id="no remote"),
    ],
)
def test_the_compare_page_of_a_known_host(remote: str | None, url: str | None) -> None:
    assert compare_url(remote, "main", BRANCH) == url
