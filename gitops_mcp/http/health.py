"""Whether the process is ready for requests: it is not about to end, and its repository can be read.

What is wrong is told in the log and by the tools, not by the probe, which anybody may ask.
"""

from __future__ import annotations

import logging
import time

import anyio
from anyio import CapacityLimiter, to_thread

from gitops_mcp.app import App
from gitops_mcp.errors import GitOpsError, InvalidRequest

log = logging.getLogger(__name__)

_KEPT = 2.0
"""Seconds that what was found holds."""
_PATIENCE = 5.0
"""Seconds until a repository that does not answer counts as one that cannot be read."""


class Health:
    def __init__(self, app: App) -> None:
        self._app = app
        self._thread = CapacityLimiter(1)
        """Of its own: calls that wait for a peer may have all others."""
        self._looked = float("-inf")
        self._found = False
        self.ending = False

    async def unready(self) -> str | None:
        """Why no requests should come here; None: they may."""
        if self.ending:
            return "shutting down"
        if time.monotonic() - self._looked > _KEPT:
            found = False
            with anyio.move_on_after(_PATIENCE):
                found = await to_thread.run_sync(self._can_read, abandon_on_cancel=True, limiter=self._thread)
            self._found, self._looked = found, time.monotonic()
        return None if self._found else "the repository cannot be read"

    def _can_read(self) -> bool:
        try:
            self._app.settings(fetch=False)
        except InvalidRequest as error:
            # A fault in its file is told by each call, and a restart or another replica would not mend it; a
            # repository that is not there has been named at start.
            return not self._is_missing(error)
        except GitOpsError as error:
            log.warning("not ready: %s", error)
            return False
        return True

    def _is_missing(self, error: InvalidRequest) -> bool:
        try:
            self._app.repository()
        except GitOpsError:
            log.warning("not ready: %s", error)
            return True
        return False
