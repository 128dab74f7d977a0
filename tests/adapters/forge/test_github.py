"""What only GitHub does: parts after the creation, drafts that a plan lacks, GraphQL, Apps, single sign-on."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.adapters.forge.place import ForgePlace, NoForge
from gitops_mcp.adapters.forge.registry import open_forge
from gitops_mcp.adapters.forge.wire import Access
from gitops_mcp.domain.pull_requests import BaseRules, Check, Review
from gitops_mcp.errors import Forbidden, RateLimited, Refused, Unavailable
from gitops_mcp.sandbox.forges import Rules
from gitops_mcp.sandbox.forges.routing import Answer
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.adapters.forge.conftest import Met, new


@pytest.fixture
def met(meet: Callable[[ForgeName], Met]) -> Met:
    return meet("github")


def test_labels_and_reviewers_are_given_again_until_the_pull_request_is_known(met: Met) -> None:
    met.served.commit("change")
    met.served.forge.lags.labels = 2
    made = met.opened().create(new(labels=("database",), reviewers=("reviewer",)))
    assert (made.pull.labels, made.pull.reviewers, made.unmet) == (("database",), ("reviewer",), ())


def test_where_the_plan_has_no_drafts_it_is_opened_for_review(met: Met) -> None:
    met.served.commit("change")
    met.served.forge.repository.settings.drafts = False
    made = met.opened().create(new(draft=True))
    assert made.pull.draft is False
    assert made.unmet == (
        "this repository's plan on GitHub has no drafts, so the pull request was opened ready for review",
    )


def test_one_that_exists_is_found_once_the_list_has_it(met: Met) -> None:
    met.served.pull("change")
    met.served.forge.lags.lists = 1
    made = met.opened().create(new())
    assert (made.was_there, made.pull.number) == (True, 1)


def test_a_branch_without_commits_is_refused_in_the_forges_words(met: Met) -> None:
    met.served.git("push", "--quiet", "origin", "origin/main:refs/heads/empty")
    with pytest.raises(Refused, match="No commits between main and empty"):
        met.opened().create(new("empty"))


def test_the_version_of_the_api_is_pinned(met: Met) -> None:
    seen: list[str] = []
    token_of = met.served.server.dialect.token_of

    def looked(call: object) -> object:
        seen.append(call.headers["x-github-api-version"])  # type: ignore[attr-defined]
        return token_of(call)  # type: ignore[arg-type]

    object.__setattr__(met.served.server.dialect, "token_of", looked)
    try:
        met.opened().identity()
    finally:
        object.__setattr__(met.served.server.dialect, "token_of", token_of)
    assert seen == ["2022-11-28"]


def test_a_listing_has_mergeable_by_graphql_and_goes_on_without_it_by_rest(met: Met) -> None:
    met.served.pull("change")
    forge = met.opened()
    forge.pull(1)
    forge.pull(1)
    (found,) = forge.open_pulls().pulls
    assert (found.mergeable, found.body) == ("yes", None)
    for how in ("graph failure", "html"):
        met.served.server.heal()
        met.served.server.fail("graphql", how)
        (found,) = forge.open_pulls().pulls
        assert (found.number, found.branch, found.mergeable) == (1, "change", None)


@pytest.mark.parametrize("how", ["graph limit", "rate limit", "secondary limit"])
def test_a_limit_is_one_wherever_it_is_told(met: Met, how: str) -> None:
    met.served.server.fail("graphql", how)
    with pytest.raises(RateLimited):
        met.opened().open_pulls()


def test_single_sign_on_is_told_with_its_page(met: Met) -> None:
    met.served.server.fail("", "sso")
    with pytest.raises(
        Forbidden,
        match=r"single sign-on: authorize it at https://github.com/orgs/platform/sso\?authorization_request=EXAMPLE",
    ):
        met.opened().pull(1)


def test_what_actions_may_not_is_told(met: Met) -> None:
    met.served.commit("change")
    met.served.server.fail("POST .*/pulls$", "actions")
    with pytest.raises(Forbidden, match="GitHub Actions is not permitted to create"):
        met.opened().create(new())


def test_rules_reviews_and_both_kinds_of_checks_are_reported(met: Met) -> None:
    rules = Rules(approvals=1, checks=("build", "late"), code_owners=True, up_to_date=True)
    met.served.forge.repository.rules["main"] = rules
    pull, sandbox, forge = met.served.pull("change"), met.served.forge, met.opened()
    sandbox.approve(pull)
    sandbox.review(pull, "COMMENTED", body="Well.")
    sandbox.review(pull, "CHANGES_REQUESTED", by="owner")
    sandbox.check(pull, "failure", "build", is_run=True)
    sandbox.check(pull, "success", "build", is_run=True)
    sandbox.check(pull, "skipped", "docs", is_run=True)
    sandbox.check(pull, "error", "ci")
    forge.pull(1)
    report = forge.report(forge.pull(1))
    assert report.reviews == (
        Review("reviewer", "approved", pull.head),
        Review("owner", "changes_requested", pull.head),
    )
    assert report.rules == BaseRules(1, ("build", "late"), code_owners=True, up_to_date=True)
    assert [(one.name, one.state, one.is_required) for one in report.checks or ()] == [
        ("ci", "failure", None),
        ("build", "success", True),
        ("docs", "neutral", None),
    ]
    assert report.blocked == "blocked"


def test_what_a_fine_grained_token_cannot_see_is_told_and_the_rest_is_there(met: Met) -> None:
    pull = met.served.pull("change")
    met.served.forge.check(pull, "success", "ci")
    forge = met.opened(met.served.forge.token("bot", kind="fine-grained"))
    report = forge.report(forge.pull(1))
    assert report.checks == (Check("ci", "success"),)
    (told,) = report.unread
    assert "Resource not accessible by personal access token" in told
    assert "A fine-grained personal token cannot have the permission for it" in told


def test_a_fault_of_the_forge_is_not_told_as_a_missing_permission(met: Met) -> None:
    pull = met.served.pull("change")
    met.served.forge.check(pull, "success", "ci")
    forge = met.opened()
    met.served.server.fail("GET .*/check-runs", Answer(500, {"message": "Oops"}))
    (told,) = forge.report(forge.pull(1)).unread
    assert "a fault of its own (500)" in told
    assert "No permission of a fine-grained" not in told


@pytest.mark.parametrize(
    ("path", "labels", "reviewers"), [("labels", (), ("reviewer",)), ("requested_reviewers", ("database",), ())]
)
def test_a_refusal_of_labels_or_reviewers_is_told_of_what_was_opened(
    met: Met, path: str, labels: tuple[str, ...], reviewers: tuple[str, ...]
) -> None:
    met.served.commit("change")
    met.served.server.fail(f"POST .*/{path}", Answer(410, {"message": "Issues are disabled"}))
    made = met.opened().create(new(labels=("database",), reviewers=("reviewer",)))
    assert (made.pull.number, made.pull.labels, made.pull.reviewers) == (1, labels, reviewers)
    (told,) = made.unmet
    assert "Issues are disabled" in told


def place(met: Met) -> ForgePlace:
    return ForgePlace("github", met.served.url, met.served.api, "platform/fleet", "platform/fleet", "main")


def opened_as_app(met: Met, **environ: str) -> Forge:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    met.served.forge.app_key = public.decode()
    given = {"GITHUB_APP_ID": str(met.served.forge.app_id), "GITHUB_APP_PRIVATE_KEY": private, **environ}
    found = open_forge(
        place(met), git=None, access=Access(), environ={**given, "GITHUB_TOKEN": "not-asked"}, patience=1
    )
    assert not isinstance(found, NoForge)
    return found


@pytest.mark.parametrize("is_named", [False, True])
def test_an_app_acts_under_its_own_name(met: Met, *, is_named: bool) -> None:
    met.served.commit("change")
    named = {"GITHUB_APP_INSTALLATION_ID": str(met.served.forge.installation_id)} if is_named else {}
    forge = opened_as_app(met, **named)
    assert forge.identity() == "fleet-app, GitHub App"
    assert forge.create(new()).pull.author == "fleet-app[bot]"


def test_a_key_of_one_line_has_its_line_breaks_written_out(met: Met) -> None:
    forge = opened_as_app(met)
    key = forge._wire._source._key.key  # type: ignore[attr-defined]
    assert opened_with(met, key.replace("\n", "\\n")).identity() == "fleet-app, GitHub App"


def opened_with(met: Met, key: str) -> Forge:
    environ = {"GITHUB_APP_ID": str(met.served.forge.app_id), "GITHUB_APP_PRIVATE_KEY": key}
    found = open_forge(place(met), git=None, access=Access(), environ=environ)
    assert not isinstance(found, NoForge)
    return found


def test_the_apps_token_is_asked_for_anew_before_it_ends(met: Met) -> None:
    met.served.pull("change")
    forge = opened_as_app(met)
    wire = forge._wire  # type: ignore[attr-defined]
    first = wire.credential
    assert first.ends > time.monotonic() + 3000
    object.__setattr__(first, "ends", time.monotonic() - 1)
    assert forge.pull(1).number == 1
    assert wire.credential.secret != first.secret


def test_a_token_that_was_taken_back_is_replaced(met: Met) -> None:
    met.served.pull("change")
    forge = opened_as_app(met)
    met.served.forge.tokens.clear()
    assert forge.pull(1).number == 1


def test_a_key_that_is_none_and_an_app_that_is_unknown_are_told(met: Met) -> None:
    with pytest.raises(Unavailable, match="the private key of the App cannot be read") as raised:
        opened_with(met, "planted-key")
    assert "planted" not in str(raised.value)
    with pytest.raises(Refused, match="it refused the key of GitHub App 2"):
        opened_as_app(met, GITHUB_APP_ID="2")
