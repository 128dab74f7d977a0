"""Who brings rendered manifests to the branch that is synced, and who has to act."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_mcp.domain.live.engine_states.argocd_standing import argo_standing
from gitops_mcp.domain.live.engine_states.promotion import Promotion, opener, promotion_of, promotion_step
from gitops_mcp.domain.live.engine_states.standing import Question
from gitops_mcp.domain.objects import Identity, at
from gitops_mcp.domain.pull_requests import PullRequest
from tests.fakes.engine_objects import application

URL = "https://git.example.com/fleet/pull/7"
STAGED = Promotion("env/prod", "env/prod-next")
OF_PROMOTER = PullRequest(7, URL, "open", "Promote (1468b) to `env/prod`", "env/prod-next", "env/prod")
STAGE = {"metadata": {"name": "shop", "annotations": {"kargo.akuity.io/authorized-stage": "fleet:prod"}}}
OF_KARGO = PullRequest(
    8, URL, "open", "Deploy shop", "kargo/promotion/prod.01hq8x2m7c5r4z0kq3v9b1n6td.4f2c9aa", "stage/prod"
)
MERGES_ITSELF = "; GitOps Promoter merges it once its commit statuses have passed, unless autoMerge is false"


def hydrator(staged: str | None, goal: str) -> dict[str, Any]:
    hydrates = {"hydrateTo": {"targetBranch": staged}} if staged else {}
    return {"spec": {"sourceHydrator": {"syncSource": {"targetBranch": goal, "path": "shop"}, **hydrates}}}


@pytest.mark.parametrize(
    ("found", "promotion", "by"),
    [
        (hydrator("env/prod-next", "env/prod"), STAGED, "GitOps Promoter"),
        (hydrator("env/prod-next/apps/shop", "env/prod"), Promotion("env/prod", "env/prod-next/apps/shop"), "GitOps Promoter"),
        (hydrator("env/prod-nextgen", "env/prod"), Promotion("env/prod", "env/prod-nextgen"), None),
        (hydrator("wet/staging", "wet/live"), Promotion("wet/live", "wet/staging"), None),
        (STAGE | {"spec": {"source": {"targetRevision": "stage/prod"}}}, Promotion("stage/prod", stage="fleet:prod"), "Kargo"),
    ],
    ids=["promoter", "promoter with activePath", "another name", "nobody's names", "kargo"],
)  # fmt: skip
def test_names_tell_who_promotes(found: dict[str, Any], promotion: Promotion, by: str | None) -> None:
    made = promotion_of(found)
    assert made == promotion
    assert made.by == by


@pytest.mark.parametrize(
    "found",
    [
        hydrator(None, "env/prod"),
        hydrator("env/prod", "env/prod"),
        {"spec": {"source": {"targetRevision": "stage/prod"}}},
        STAGE | {"spec": {"source": {}}},
        {},
    ],
    ids=["hydrated in place", "the same branch", "no stage", "no branch", "nothing"],
)
def test_what_is_synced_as_it_is_needs_no_promotion(found: dict[str, Any]) -> None:
    assert promotion_of(found) is None


def test_the_pull_request_is_the_newest_of_both_branches() -> None:
    others = [replace(OF_PROMOTER, number=9, base="main"), replace(OF_PROMOTER, number=10, branch="env/dev-next")]
    newer = replace(OF_PROMOTER, number=8)
    assert STAGED.pull_among([*others, newer, OF_PROMOTER]) == newer
    assert STAGED.pull_among(others) is None
    kargo = Promotion("stage/prod", stage="fleet:prod")
    assert kargo.pull_among([OF_PROMOTER, replace(OF_KARGO, number=11, branch="fix", base="stage/prod"), OF_KARGO]) == OF_KARGO  # fmt: skip
    assert opener(kargo, OF_KARGO) == "Kargo"
    assert opener(STAGED, replace(OF_PROMOTER, title="By hand")) is None


@pytest.mark.parametrize(
    ("promotion", "pull", "asked", "step"),
    [
        (STAGED, None, False, "a person promotes it: merges env/prod-next into env/prod, if that lacks it"),
        (
            STAGED,
            None,
            True,
            ("no pull request from env/prod-next into env/prod is open: a person opens one and merges it (GitOps Promoter, "
            "where it is in use, opens one by itself)"),
        ),
        (
            STAGED,
            OF_PROMOTER,
            True,
            ("a person reviews and merges pull request #7 from env/prod-next into env/prod, which GitOps Promoter opened: "
            f"{URL}{MERGES_ITSELF}"),
        ),
        (
            STAGED,
            replace(OF_PROMOTER, title="By hand", draft=True),
            True,
            f"a person marks it ready, reviews and merges pull request #7 from env/prod-next into env/prod: {URL}",
        ),
        (
            STAGED,
            replace(OF_PROMOTER, mergeable="conflicts"),
            True,
            ("a person reviews and merges pull request #7 from env/prod-next into env/prod, which GitOps Promoter opened: "
            f"{URL}; it conflicts, and somebody has to resolve that first"),
        ),
        (
            Promotion("stage/prod", stage="fleet:prod"),
            OF_KARGO,
            True,
            f"a person reviews and merges pull request #8 from {OF_KARGO.branch} into stage/prod, which Kargo opened: {URL}",
        ),
        (
            Promotion("stage/prod", stage="fleet:prod,fleet:canary"),
            None,
            True,
            ("no pull request from kargo/promotion/… into stage/prod is open: a person promotes it in Kargo: "
            "`kargo promote --project fleet --stage prod --freight …`"),
        ),
        (
            Promotion("wet/live", "wet/staging"),
            None,
            True,
            "no pull request from wet/staging into wet/live is open: a person opens one and merges it",
        ),
    ],
)  # fmt: skip
def test_the_step_says_who_merges_what(
    promotion: Promotion, pull: PullRequest | None, *, asked: bool, step: str
) -> None:
    assert promotion_step(promotion, pull, asked=asked) == step


DRY, MERGE = "1468b9f94a6ac0f22b7e33b573c20f757b2b7026", "d" * 40


def standing(*held: str, promoted: str | None = None) -> Any:
    found = application("hydrated-to-staging-not-promoted")
    whom = Identity("Cluster", "hydro", "orders")
    asked = Question(
        whom, lambda one: one in held, DRY, (), "main", (("spec", "instances"),), {}, {}, promoted=promoted
    )
    return argo_standing(found, None, asked)


def test_what_is_promoted_and_not_synced_waits_for_the_engine() -> None:
    found = standing(DRY)
    assert (found.state, found.promotion) == ("needs a person", STAGED)
    found = standing(DRY, MERGE, promoted=MERGE)
    assert (found.state, found.promotion) == ("waits", None)
    assert found.why == "Application argocd/hydro has not compared the commit yet (it is at 6e95bc2f8d00)"
    synced = at(application("hydrated-to-staging-not-promoted"), "status", "sync", "revision")
    assert standing(DRY, synced).state == "applied"


def test_what_kargo_renders_is_said_to_be_promoted_by_it() -> None:
    source = {"repoURL": "https://git.example.com/fleet.git", "path": ".", "targetRevision": "stage/prod"}
    found = {"metadata": STAGE["metadata"] | {"namespace": "argocd"}, "spec": {"source": source}}
    asked = Question(
        Identity("Cluster", "shop", "db"), lambda _: False, DRY, ("https://git.example.com/fleet.git",), "main"
    )
    told = argo_standing(found, None, asked)
    assert (told.state, told.promotion) == ("needs a person", Promotion("stage/prod", stage="fleet:prod"))
    assert told.why == "Application argocd/shop syncs stage/prod, which Kargo renders and promotes to"
    elsewhere = argo_standing(found, None, replace(asked, remotes=("https://git.example.com/other.git",)))
    assert (elsewhere.state, elsewhere.promotion) == ("not fetched", None)
