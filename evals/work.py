"""What an agent gets to work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evals.scene import Scene
from evals.tools import Server, Tools, open_tools
from evals.transcript import Transcript


@dataclass(frozen=True)
class Work:
    told: str
    """The instructions, which are the same for every task of an arm."""
    request: str
    scene: Scene
    servers: Sequence[Server]
    transcript: Transcript
    folder: Path
    """For files of the run's own."""

    @contextmanager
    def open_tools(self) -> Iterator[Tools]:
        with open_tools(self.servers, self.transcript, self.folder) as tools:
            yield tools


Agent = Callable[[Work], None]
"""Works until it has nothing more to say; all that it says and does goes into the transcript. Raises Unusable."""


class Unusable(Exception):
    """An endpoint, a command or a server that does not work: no fault of the agent's."""
