"""What a tool is to the server: a plain function, its title, and its effect, from which the protocol's hints follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Effect = Literal["read", "propose", "destroy"]
"""`read` changes nothing, `propose` adds commits to a branch of its own, `destroy` can end in lost data or work."""


@dataclass(frozen=True)
class Tool:
    function: Callable[..., Any]
    """Takes the App first, then what the model gives; returns an Answer. Its docstring is the model's manual."""
    title: str
    effect: Effect

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def writes(self) -> bool:
        return self.effect != "read"
