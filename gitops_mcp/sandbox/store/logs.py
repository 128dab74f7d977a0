"""What containers have printed: nothing runs here, so others write it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Line:
    time: datetime
    text: str

    @property
    def stamped(self) -> str:
        return f"{self.time.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z {self.text}"


class PodLogs:
    """By a pod's uid: a pod of the same name that comes later has printed nothing of this."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[tuple[str, str], list[Line]] = defaultdict(list)

    def write(self, uid: str, container: str, lines: Iterable[str], time: datetime) -> None:
        with self._lock:
            self._lines[uid, container].extend(Line(time, line) for line in lines)

    def read(self, uid: str, container: str) -> tuple[Line, ...]:
        with self._lock:
            return tuple(self._lines.get((uid, container), ()))
