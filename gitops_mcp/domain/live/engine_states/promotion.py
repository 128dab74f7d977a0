"""How rendered manifests come to the branch that Argo CD syncs: by whom, and by which pull request.

GitOps Promoter (its `promotionstrategy_controller.go` and `changetransferpolicy_controller.go`): the environment
branch of a PromotionStrategy is proposed from `<branch>-next`, with an `activePath` from `<branch>-next/<activePath>`,
by the ChangeTransferPolicy `<strategy>-<branch>-<hash>`. Its pull request, on the forge and as an object
`<owner>-<repository>-<branch>-next-<branch>-<hash>`, is titled ``Promote (<5 of the dry commit>) to `<branch>` ``
unless a template says otherwise. It merges it once all commit statuses have passed, but for `autoMerge: false`.

Kargo (its steps `git-push` and `git-open-pr`): with `generateTargetBranch` the head is `kargo/promotion/<promotion>`,
named `<stage>.<ulid>.<7 of the Freight>`, and the base is the Stage's branch. An Application that a Stage may change
says so by `kargo.akuity.io/authorized-stage: <project>:<stage>`.

These are names alone: whether either is in use, only an open pull request shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitops_mcp.domain.objects import Object, at, mapping_at, text_at
from gitops_mcp.domain.pull_requests import PullRequest
from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.domain.repository.hydrated import KARGO_BRANCHES

KARGO, PROMOTER = "Kargo", "GitOps Promoter"
_STAGE = "kargo.akuity.io/authorized-stage"
_OF_PROMOTER = re.compile(r"Promote (?:`[^`]+` )?\([0-9a-f]+\) to `[^`]+`")


@dataclass(frozen=True)
class Promotion:
    into: str
    """The branch that is synced."""
    staged: str | None = None
    """The branch that is brought there; None where each time has a branch of its own."""
    stage: str | None = None
    """Kargo's, as `<project>:<stage>`."""

    @classmethod
    def between(cls, hydrates: Sequence[tuple[str, str]]) -> Promotion | None:
        """Of the branches, each with a folder, that an Application syncs and is hydrated to."""
        (into, _), (staged, _), *_ = (*hydrates, ("", ""), ("", ""))
        return cls(into, staged) if into and staged and staged != into else None

    @property
    def by(self) -> str | None:
        """Whose names these are."""
        if self.stage:
            return KARGO
        return PROMOTER if self.staged and f"{self.staged}/".startswith(f"{self.into}-next/") else None

    def pull_among(self, pulls: Iterable[PullRequest]) -> PullRequest | None:
        """The newest of those that are open."""
        mine = [one for one in pulls if one.base == self.into and self._is_staged_by(one.branch)]
        return max(mine, key=lambda one: one.number, default=None)

    def _is_staged_by(self, branch: str) -> bool:
        return branch.startswith(KARGO_BRANCHES) if self.staged is None else branch == self.staged


def promotion_of(application: Object) -> Promotion | None:
    """None where what Git says is synced as it is, or hydrated to the very branch that is synced."""
    spec = mapping_at(application, "spec")
    hydrator = mapping_at(spec, "sourceHydrator")
    target, goal = text_at(hydrator, "hydrateTo", "targetBranch"), text_at(hydrator, "syncSource", "targetBranch")
    if goal and target and target != goal:
        return Promotion(goal, target)
    stage, branch = text_at(application, "metadata", "annotations", _STAGE), at(spec, "source", "targetRevision")
    return Promotion(branch, stage=stage) if stage and isinstance(branch, str) and branch else None


def opener(promotion: Promotion, pull: PullRequest) -> str | None:
    """Who opened it, as its names show."""
    if pull.branch.startswith(KARGO_BRANCHES):
        return KARGO
    return PROMOTER if promotion.by == PROMOTER and _OF_PROMOTER.fullmatch(pull.title) else None


def promotion_step(promotion: Promotion, pull: PullRequest | None, *, asked: bool) -> str:
    """Who has to do what. `asked`: the forge was, so that no pull request means that none is open."""
    into, staged = (words_of_others(one, most=100) for one in (promotion.into, promotion.staged or KARGO_BRANCHES))
    if pull is not None:
        return _merge_step(promotion, pull)
    if promotion.stage:
        project, _, stage = words_of_others(promotion.stage.partition(",")[0], most=100).partition(":")
        none = f"no pull request from {staged}… into {into} is open: " if asked else ""
        return f"{none}a person promotes it in Kargo: `kargo promote --project {project} --stage {stage} --freight …`"
    if not asked:
        return f"a person promotes it: merges {staged} into {into}, if that lacks it"
    itself = f" ({PROMOTER}, where it is in use, opens one by itself)" if promotion.by == PROMOTER else ""
    return f"no pull request from {staged} into {into} is open: a person opens one and merges it{itself}"


def _merge_step(promotion: Promotion, pull: PullRequest) -> str:
    who = opener(promotion, pull)
    branch, into = words_of_others(pull.branch, most=100), words_of_others(pull.base, most=100)
    opened = f", which {who} opened" if who else ""
    what = "marks it ready, reviews and merges" if pull.draft else "reviews and merges"
    conflicts = "; it conflicts, and somebody has to resolve that first" if pull.mergeable == "conflicts" else ""
    itself = f"; {PROMOTER} merges it once its commit statuses have passed, unless autoMerge is false"
    return (
        f"a person {what} pull request #{pull.number} from {branch} into {into}{opened}: {pull.url}"
        f"{conflicts}{itself if who == PROMOTER and not conflicts else ''}"
    )
