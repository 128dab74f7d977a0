"""What was said and done in a task, and what it took."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["prompt", "said", "call", "answer"]


@dataclass(frozen=True)
class Event:
    kind: Kind
    text: str
    """Of a call the name of the tool."""
    arguments: dict[str, Any] | None = None
    """Of a call."""
    is_error: bool = False
    """Of an answer."""


@dataclass
class Transcript:
    events: list[Event] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, kind: Kind, text: str, *, arguments: dict[str, Any] | None = None, is_error: bool = False) -> None:
        self.events.append(Event(kind, text, arguments, is_error))

    @property
    def calls(self) -> int:
        return sum(event.kind == "call" for event in self.events)

    @property
    def last_message(self) -> str:
        """Empty where the agent ended with a call, or said nothing."""
        said = [event for event in self.events if event.kind in {"said", "call"}]
        return said[-1].text if said and said[-1].kind == "said" else ""

    def shown(self) -> Iterator[str]:
        """All that a tool or the agent itself has put into the conversation."""
        for event in self.events:
            if event.kind != "prompt":
                yield event.text
                yield json.dumps(event.arguments) if event.arguments else ""

    def write(self, path: Path) -> None:
        """A JSON line an event."""
        path.write_text("".join(f"{json.dumps(vars(event))}\n" for event in self.events))
