"""What tools answer: one model a tool, and the same facts as short markdown.

Some clients show a model only the structured content, some only the text, so both say the same, and both are
bounded: what is cut is counted. Text from the cluster or the repository is data; it stands under headings that say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from gitops_mcp.domain.impact.level import Impact
from gitops_mcp.domain.redact import fit_to_show

TEXT_MAX = 25_000
"""Characters of an answer's text, and of its structured content as JSON."""
DIFF_MAX = 12_000
"""Characters of a diff: it stands in the text and in the structured content, beside other facts."""
_FIELD_MAX = 1_100
"""Characters of one text; each part of it that others wrote is bounded closer where it is read."""
_BLOCKS = {"diff", "body"}
"""What is shown as a block of several lines."""
_PATHS = {"path", "conflicts", "files", "declared", "field"}
"""A line break in the name of a file is shown as one."""
_UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_ROWS_MAX = 21_000
"""Characters of all rows of a list as JSON: warnings stand beside them."""


class Answer(BaseModel):
    """A frozen model without nulls: what is not known is left out."""

    # Built at first use: the list of tools needs none of them.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _fit_to_show(cls, given: Any) -> Any:
        """No text in an answer forges a line of it, in either form."""
        return {key: _fitting(key, value) for key, value in given.items()} if isinstance(given, dict) else given

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        return super().model_copy(update={key: _fitting(key, part) for key, part in (update or {}).items()}, deep=deep)

    def structured(self) -> dict[str, Any]:
        """The answer as JSON values."""
        return self.model_dump(mode="json", exclude_none=True)

    def blocks(self) -> Iterable[str]:
        """Its headings, paragraphs, lists, tables and code blocks; empty ones are left out."""
        raise NotImplementedError

    def markdown(self) -> str:
        """The blocks with a blank line between any two, without which renderers run them together."""
        return "\n\n".join(block for block in self.blocks() if block)

    @property
    def fits(self) -> bool:
        """Whether both forms stay within TEXT_MAX."""
        return len(self.markdown()) <= TEXT_MAX and len(json.dumps(self.structured(), ensure_ascii=False)) <= TEXT_MAX


def _fitting(field: str, value: Any) -> Any:
    if field in _BLOCKS:
        return _UNPRINTED.sub(" ", value) if isinstance(value, str) else value
    if isinstance(value, str) and field in _PATHS and not value.isprintable():
        value = value.encode(errors="replace").decode("utf-8")
        value = value if value.isprintable() else value.encode("unicode_escape").decode()
    return fit_to_show(value, most=_FIELD_MAX)


class LongAnswer(Answer):
    """An answer with lists that may have to be shortened."""

    omitted: dict[str, int] = Field(default_factory=dict)
    """How many entries of each list were left off."""


class TouchedFile(Answer):
    """A FileChange without the text before and after, which may hold what the redacted diff does not."""

    path: str
    action: Literal["added", "modified", "deleted"]
    line: int


ShownImpact = Annotated[
    Impact, PlainSerializer(lambda impact: {"level": impact.level.label, "reasons": list(impact.reasons)})
]


A = TypeVar("A", bound=LongAnswer)
R = TypeVar("R", bound=Answer)


def rows_of(row: type[R], values: Iterable[object] | None) -> list[R]:
    """One row for each value of the domain, from its attributes of the same names."""
    return [row.model_validate(value, from_attributes=True) for value in values or ()]


def rows_that_fit(rows: Sequence[R]) -> list[R]:
    """The first rows of a list that fit into one answer; at least one."""
    kept: list[R] = []
    length = 0
    for row in rows:
        text = row.model_dump_json(exclude_none=True)
        length += len(text) + text.count("|")  # each is written as two characters in a table
        if kept and length > _ROWS_MAX:
            break
        kept.append(row)
    return kept


def shorten_to_fit(answer: A, *parts: str) -> A:
    """The answer with its longest parts, lists all of them, halved until it fits; what goes is counted in `omitted`."""
    while not answer.fits:
        title, entries = max(
            ((title, getattr(answer, title)) for title in parts), key=lambda one: len(one[1]) and len(str(one[1]))
        )
        if not entries:
            break
        kept = entries[: len(entries) // 2]
        omitted = {**answer.omitted, title: answer.omitted.get(title, 0) + len(entries) - len(kept)}
        answer = answer.model_copy(update={title: kept, "omitted": omitted})
    return answer
