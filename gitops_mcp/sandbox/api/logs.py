"""What containers have printed: nothing runs here, so others write it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Line:
    time: datetime
    text: str

    @property
    def stamped(self) -> str:
        return f"{self.time.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z {self.text}"


class PodLogs:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[tuple[str | None, str, str], list[Line]] = defaultdict(list)

    def write(
        self, namespace: str, pod: str, lines: Iterable[str], *, container: str = "postgres", at: datetime | None = None
    ) -> None:
        time = at or datetime.now(UTC)
        with self._lock:
            self._lines[namespace, pod, container].extend(Line(time, line) for line in lines)

    def read(self, namespace: str | None, pod: str, container: str) -> tuple[Line, ...]:
        with self._lock:
            return tuple(self._lines.get((namespace, pod, container), ()))

    def forget(self, namespace: str | None, pod: str) -> None:
        with self._lock:
            for key in [key for key in self._lines if key[:2] == (namespace, pod)]:
                del self._lines[key]
