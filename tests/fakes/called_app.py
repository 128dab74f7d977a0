"""An App as a tool has it: what is asked of git again in the call is asked once, and one process reads all objects.

The call lasts as long as the test. A test that changes git's configuration, or a pull request, between two questions
asks them of two Apps.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_mcp.app import App

_CALLS = ExitStack()


def called_app(repo: Path) -> App:
    """One call more; `end_calls` ends it."""
    from gitops_mcp.app import App
    from gitops_mcp.caller import Nobody
    from gitops_mcp.config import Flags

    return _CALLS.enter_context(App.open(Flags(repo=repo)).called(Nobody()))


def end_calls() -> None:
    _CALLS.close()
