"""How much callers ask for: all together, and each of those that have signed in."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gitops_mcp.config.http_limits import HttpLimits
from gitops_mcp.http.answers import Refusal

_KEPT = 10_000
"""Buckets, before those that are full again are looked for."""


@dataclass
class Callers:
    """Used in the event loop alone."""

    limits: HttpLimits
    running: Counter[str] = field(default_factory=Counter)
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By caller: what is left, and when that was so."""

    @contextmanager
    def admitted(self, caller: str | None) -> Iterator[None]:
        """The block is one request of a caller. Raises Refusal where they, or all together, ask too much."""
        at_once = self.limits.caller_at_once
        if self.running.total() >= self.limits.at_once:
            message = f"{self.limits.at_once} requests are being answered, which is the limit"
            raise Refusal(503, message, headers={"Retry-After": "1"})
        if caller is not None and at_once is not None and self.running[caller] >= at_once:
            message = f"{at_once} of your requests are being answered, which is the limit"
            raise Refusal(429, message, headers={"Retry-After": "1"})
        if caller is not None and self.limits.caller_per_minute is not None:
            self._take(caller, self.limits.caller_per_minute)
        name = caller or ""
        self.running[name] += 1
        try:
            yield
        finally:
            self.running[name] -= 1
            if not self.running[name]:
                del self.running[name]

    def _take(self, caller: str, per_minute: int) -> None:
        now = time.monotonic()
        if len(self._buckets) > _KEPT:
            self._buckets = {one: kept for one, kept in self._buckets.items() if now - kept[1] < 60}
        left, since = self._buckets.get(caller, (float(per_minute), now))
        left = min(left + (now - since) * per_minute / 60, float(per_minute))
        if left < 1:
            self._buckets[caller] = left, now
            wait = math.ceil((1 - left) * 60 / per_minute)
            message = f"you have asked {per_minute} times within a minute, and that is the limit"
            raise Refusal(429, message, headers={"Retry-After": str(wait)})
        self._buckets[caller] = left - 1, now
