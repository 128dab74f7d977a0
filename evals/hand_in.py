"""What an agent hands in at the end of a task: a small JSON that is compared exactly."""

from __future__ import annotations

import json
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

Outcome = Literal["done", "asked", "refused"]

Cause = Literal[
    "ambiguous-name",
    "archiving-failing",
    "backup-failing",
    "behind-base",
    "changed-outside-git",
    "deletion-protected",
    "disk-full",
    "engine-suspended",
    "follows-another-branch",
    "hibernated",
    "image-missing",
    "instruction-in-data",
    "needs-steps",
    "no-backup",
    "not-reviewed",
    "over-limit",
    "password-in-clear",
    "refused-by-webhook",
    "secret-missing",
    "still-in-use",
    "sync-failed",
    "unknown-name",
    "version-lower",
    "volume-cannot-shrink",
]
"""The same words for all tasks, so that the list gives none of them away."""

_FENCED = re.compile(r"```json[ \t]*\n(.*?)```", re.DOTALL)


class HandIn(BaseModel):
    """Its JSON schema is what an agent is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    outcome: Outcome
    object: str | None = None
    """`Kind/namespace/name`."""
    field: str | None = None
    """Its path in the object, such as spec.storage.size."""
    value: JsonValue = None
    commit: str | None = None
    """Of a hand-in its id, or at least seven digits of it; of what is expected `proposed`, or a mark of the scene."""
    cause: Cause | None = None


class NoHandInError(Exception):
    """A last message that hands in nothing, with the reason."""


def read_hand_in(message: str) -> HandIn:
    """The last JSON block of a message, or all of it. Raises NoHandInError."""
    blocks = _FENCED.findall(message)
    try:
        return HandIn.model_validate_json(blocks[-1] if blocks else message)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the message"
        raise NoHandInError(f"{where}: {first['msg']}") from error


def differing(expected: HandIn, handed_in: HandIn, commit: str | None) -> list[str]:
    """The names of the fields that are not as expected; `commit` is the whole id that is meant, None: no commit."""
    wrong = [
        name
        for name in ("outcome", "object", "field", "value", "cause")
        if json.dumps(getattr(expected, name)) != json.dumps(getattr(handed_in, name))
    ]
    given = handed_in.commit or ""
    right = handed_in.commit is None if commit is None else len(given) >= 7 and commit.startswith(given)
    return wrong if right else [*wrong, "commit"]
