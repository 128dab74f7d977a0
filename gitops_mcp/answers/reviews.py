"""What a review answers: the findings as fields, and as the comment that a pull request gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer, ShownImpact, TouchedFile
from gitops_mcp.answers.pull_requests import ShownPullRequest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.review_text.grades import Verdict

if TYPE_CHECKING:
    from gitops_mcp.domain.review_text.proposal import ProposedPart
    from gitops_mcp.domain.review_text.verdict import Judgement


class ReviewedField(Answer):
    field: str
    before: str | None = None
    after: str | None = None


class ReviewedObject(Answer):
    environment: str
    object: str
    action: Literal["added", "modified", "removed"]
    fields: list[ReviewedField] = Field(default_factory=list)

    @classmethod
    def all_of(cls, part: ProposedPart) -> Iterator[Self]:
        from gitops_mcp.domain.review_text.field_rows import field_rows

        for one in part.objects:
            rows = [ReviewedField(field=row.field, before=row.before, after=row.after) for row in field_rows(one)]
            action = "added" if one.before is None else "removed" if one.after is None else "modified"
            told = {"environment": part.environment, "object": str(one.identity), "action": action, "fields": rows}
            yield cls.model_validate(told)


class ReviewResult(LongAnswer):
    """What was found in a branch or pull request."""

    verdict: Verdict
    """The worst of all that was found."""
    base: str
    base_commit: str
    head: str
    impact: ShownImpact
    errors: list[Notice] = Field(default_factory=list)
    warnings: list[Notice] = Field(default_factory=list)
    unchecked: list[Notice] = Field(default_factory=list)
    """What could not be looked at."""
    objects: list[ReviewedObject] = Field(default_factory=list)
    files: list[TouchedFile] = Field(default_factory=list)
    validated_by: list[str] = Field(default_factory=list)
    pull_request: ShownPullRequest | None = None
    body: str = Field(default="", exclude=True)
    """The comment, which says the same in Markdown."""

    @classmethod
    def of(cls, judgement: Judgement, **more: Any) -> Self:
        proposal = judgement.proposal
        return cls(
            verdict=judgement.verdict,
            impact=proposal.impact,
            errors=list(judgement.errors),
            warnings=list(judgement.warnings),
            unchecked=list(judgement.unchecked),
            objects=[one for part in proposal.parts for one in ReviewedObject.all_of(part)],
            files=[TouchedFile(path=one.path, action=one.action, line=one.line) for one in proposal.files],
            validated_by=list(dict.fromkeys(name for part in proposal.parts for name in part.validated_by)),
            **more,
        )

    def blocks(self) -> Iterator[str]:
        if self.pull_request:
            yield self.pull_request.line()
        yield self.body
