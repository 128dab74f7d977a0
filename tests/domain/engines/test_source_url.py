"""Whether an engine object applies this repository, at its base."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch


@pytest.mark.parametrize(
    ("url", "remote", "same"),
    [
        pytest.param("https://github.com/acme/fleet.git", "git@github.com:acme/fleet", True, id="https and ssh"),
        pytest.param(
            "ssh://git@github.com:22/acme/fleet", "https://x:y@github.com/Acme/Fleet/", True, id="ports, users"
        ),
        pytest.param("git@ssh.github.com:acme/fleet", "https://github.com/acme/fleet", True, id="another door"),
        pytest.param(
            "http://gitea-http.gitea.svc.cluster.local:3000/acme/fleet",
            "https://git.acme.com/acme/fleet",
            True,
            id="an inner name",
        ),
        pytest.param(
            "http://gitea:3000/acme/other", "https://git.acme.com/acme/fleet", False, id="another path inside"
        ),
        pytest.param("https://github.com/acme/fleet2", "https://github.com/acme/fleet", False, id="another name"),
        pytest.param("https://gitlab.com/acme/fleet", "https://github.com/acme/fleet", False, id="another forge"),
        pytest.param("https://gitlab.com/acme/fleet", "/srv/fleet.git", True, id="nothing to compare"),
        pytest.param("https://gitlab.com/acme/fleet", "file:///srv/fleet.git", True, id="a file"),
    ],
)
def test_urls_of_one_repository_are_the_same(url: str, remote: str, same: bool) -> None:
    assert (why_elsewhere(url, (remote,)) is None) is same


def test_no_url_is_no_repository() -> None:
    assert why_elsewhere(None, ()) == "it names no repository"


@pytest.mark.parametrize("reference", [None, "", "HEAD", "main", "refs/heads/main"])
def test_the_branch_has_several_names(reference: str | None) -> None:
    assert why_off_branch(reference, "main") is None
    assert why_off_branch("refs/heads/next", "main") == "it applies refs/heads/next, not main"
