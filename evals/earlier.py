"""What an assistant of a colleague has proposed before a task begins."""

from __future__ import annotations

from typing import Any

from evals.arms import this_server
from evals.scene import Scene
from evals.tools import open_tools
from evals.transcript import Transcript


def propose_earlier(scene: Scene, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured answer of a call of gitops-mcp, made before the scene begins."""
    with open_tools(this_server().servers(scene), Transcript(), scene.folder) as tools:
        given = tools.call(tool, arguments)
        if given.is_error or given.structured is None:
            raise RuntimeError(f"{tool}: {given.text}")
        return given.structured
