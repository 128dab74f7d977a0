"""What is worth keeping because it cannot change: answers about objects that are named by their content."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Memory(Generic[Key, Value]):
    """Keeps what was used last, up to a total weight; threads may share it."""

    def __init__(self, most: int, weight: Callable[[Value], int] = lambda _: 1) -> None:
        self._most = most
        self._weight = weight
        self._weighs = 0
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._turn = threading.Lock()

    def get(self, key: Key) -> Value | None:
        with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Key, value: Value) -> Value:
        with self._turn:
            if key in self._kept:
                self._weighs -= self._weight(self._kept.pop(key))
            self._kept[key] = value
            self._weighs += self._weight(value)
            while self._weighs > self._most:
                self._weighs -= self._weight(self._kept.popitem(last=False)[1])
        return value

    def made(self, key: Key, make: Callable[[], Value]) -> Value:
        """What is kept under the key, else made and kept. `make` runs outside the lock, so twice at worst."""
        with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        return self.put(key, make())
