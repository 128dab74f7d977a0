"""A merge request that the push itself opens, on the stand-in for GitLab over HTTP, and what others make of options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.adapters.forge.push_options import printed_fault, printed_pull, push_options
from gitops_mcp.adapters.git.publishing.publish import PublishedCommit
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.adapters.forge.conftest import Met, new
from tests.adapters.git.publishing import BRANCH, published


def pushed(met: Met, *, expected: str | None = None, text: bytes = b"one\n", **wanted: Any) -> PublishedCommit:
    """Over HTTP, with a token for git alone."""
    token = met.served.forge.token("bot", scopes=frozenset({"write_repository"}) if met.kind == "gitlab" else None)
    url = met.served.url.replace("://", f"://bot:{token}@")
    met.served.git("remote", "set-url", "origin", f"{url}/platform/fleet.git")
    place = ForgePlace(met.kind, met.served.url, met.served.api, "platform/fleet", "platform/fleet", "main")
    options = push_options(new(BRANCH, **wanted), place)
    return published(met.served.checkout, {"clusters/a.yaml": text}, options=options.values, expected=expected)


def test_the_push_opens_it_with_all_that_options_can_say(meet: Callable[[ForgeName], Met]) -> None:
    met = meet("gitlab")
    done = pushed(
        met, title="Scale orders", body="Why: \\n is not a line.\n\n| a |\n", draft=True, labels=("one", "two")
    )
    assert (done.pushed, done.took_options) == (True, True)
    found = printed_pull(done.printed, BRANCH)
    assert found is not None
    pull = met.opened().pull(found.number)
    assert (pull.title, pull.draft, sorted(pull.labels)) == ("Scale orders", True, ["one", "two"])
    assert (pull.body or "").replace("\u200b", "") == "Why: \\n is not a line.\n\n| a |"
    assert (pull.branch, pull.base, pull.head, pull.url) == (BRANCH, "main", done.commit, found.url)


def test_a_failure_does_not_fail_the_push_and_is_told(meet: Callable[[ForgeName], Met]) -> None:
    met = meet("gitlab")
    done = pushed(met, base="never")
    assert (done.pushed, done.took_options) == (True, True)
    assert printed_pull(done.printed, BRANCH) is None
    assert printed_fault(done.printed) == "Target branch platform/fleet:never does not exist"


def test_a_further_push_names_the_one_that_is_there(meet: Callable[[ForgeName], Met]) -> None:
    met = meet("gitlab")
    first = pushed(met)
    again = pushed(met, expected=first.commit, text=b"two\n")
    found = printed_pull(again.printed, BRANCH)
    assert found is not None
    assert (found.number, met.opened().pull(1).head) == (1, again.commit)


@pytest.mark.parametrize("kind", ["github", "gitea"])
def test_others_act_on_no_option(meet: Callable[[ForgeName], Met], kind: ForgeName) -> None:
    met = meet(kind)
    done = pushed(met)
    assert done.pushed
    assert printed_pull(done.printed, BRANCH) is None
    assert met.opened().pull_of(BRANCH) is None


def test_a_project_without_options_gets_the_push_all_the_same(meet: Callable[[ForgeName], Met]) -> None:
    met = meet("gitlab")
    met.served.forge.repository.settings.push_options = False
    done = pushed(met)
    assert (done.pushed, done.took_options) == (True, False)


def test_gitea_names_an_open_one_on_a_push(meet: Callable[[ForgeName], Met]) -> None:
    met = meet("gitea")
    first = pushed(met)
    met.served.forge.observe()
    met.served.forge.open_pull(BRANCH)
    again = pushed(met, expected=first.commit, text=b"two\n")
    found = printed_pull(again.printed, BRANCH)
    assert found is not None
    assert (found.number, found.url) == (1, met.opened().pull(1).url)
