"""What the server has done, for Prometheus: names of tools and outcomes, never an argument or a caller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from gitops_mcp.watch import Event, Watch, noted

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics(Watch):
    def __init__(self, waiting: Callable[[], int]) -> None:
        """`waiting`: calls that no thread has taken yet."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        made = {"registry": self._registry, "namespace": "gitops_mcp"}
        self._calls = Counter("calls", "Calls of tools that have ended", ("tool", "outcome"), **made)  # type: ignore[arg-type]
        self._errors = Counter("errors", "Calls of tools that ended with an error", ("tool", "error"), **made)  # type: ignore[arg-type]
        self._seconds = Histogram("call_seconds", "How long they took", ("tool",), buckets=_SECONDS, **made)  # type: ignore[arg-type]
        self._refused = Counter("refused_requests", "Requests that no tool has seen", ("status",), **made)  # type: ignore[arg-type]
        Gauge("calls_running", "Calls that are being answered", **made).set_function(lambda: self.running)  # type: ignore[arg-type]
        Gauge("calls_waiting", "Calls in the queue", **made).set_function(waiting)  # type: ignore[arg-type]
        self._registry.register(_Events())
        self._lock = threading.Lock()
        self.running = 0
        """Calls whose thread has not ended, whether or not anybody waits for them."""
        self.idle = threading.Event()
        """Set while there are none."""
        self.idle.set()

    def begins(self) -> None:
        with self._lock:
            self.running += 1
            self.idle.clear()

    def ends(self, tool: str, outcome: str, error: str | None, seconds: float) -> None:
        with self._lock:
            self.running -= 1
            if not self.running:
                self.idle.set()
        self._calls.labels(tool, outcome).inc()
        self._seconds.labels(tool).observe(seconds)
        if error is not None:
            self._errors.labels(tool, error).inc()

    def refused(self, status: int) -> None:
        self._refused.labels(str(status)).inc()

    @property
    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Events(Collector):
    def collect(self) -> Iterator[Metric]:
        for event, name, text in _EVENTS:
            yield CounterMetricFamily(f"gitops_mcp_{name}", text, noted(event))


_EVENTS: tuple[tuple[Event, str, str], ...] = (
    ("commit", "commits", "Commits that were made on branches of changes"),
    ("push", "pushes", "Pushes that arrived"),
    ("race", "races", "Attempts that another writer overtook, and that were made again"),
)
