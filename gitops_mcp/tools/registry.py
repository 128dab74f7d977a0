"""What a tool is to the server: a plain function, its title, and its effect, from which the protocol's hints follow."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from gitops_mcp.app import App
from gitops_mcp.config import Toolset
from gitops_mcp.domain.access.identity import Scope

Effect = Literal["read", "propose", "destroy"]
"""`read` changes nothing, `propose` adds commits to a branch of its own, `destroy` can end in lost data or work."""


@dataclass(frozen=True)
class Tool:
    function: Callable[..., Any]
    """Takes the App first, then what the model gives; returns an Answer. Its docstring is the model's manual."""
    title: str
    effect: Effect
    toolset: Toolset

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def writes(self) -> bool:
        return self.effect != "read"

    def call(self, app: App, arguments: Mapping[str, Any]) -> Any:
        """What the tool answers; the commit of one that writes keeps what was asked."""
        if not self.writes:
            return self.function(app, **arguments)
        from gitops_mcp.domain.plans.asked import OF_THE_CALL, AskedRequest

        defaults = {name: one.default for name, one in inspect.signature(self.function).parameters.items()}
        said = {
            name: value
            for name, value in arguments.items()
            if (name == "environment" or value != defaults[name])
            and name not in OF_THE_CALL
            and (name != "change" or defaults[name] is inspect.Parameter.empty)
        }
        return self.function(replace(app, asked=AskedRequest(self.name, said)), **arguments)


def scope_of(tool: Tool) -> Scope:
    """What a caller has to have somewhere for a tool to be offered; an environment may ask for more."""
    if not tool.writes:
        return "read"
    return "apply" if tool.toolset == "direct" else "propose"
