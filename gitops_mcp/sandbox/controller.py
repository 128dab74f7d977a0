"""A loop that brings the Store to where it should be: again after every change, and when it asked to be called."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from gitops_mcp.sandbox.api import ApiError, Store

log = logging.getLogger(__name__)

_RETRY = 1.0
"""Seconds after which what the API refused is tried again, as long as nothing else happens."""


class Controller(ABC):
    """One thread; what it raises that is no ApiError ends it and is printed, as it is a fault of ours."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._wake = threading.Event()
        self._stopping = False
        self._refused = False
        self._told: dict[str, str] = {}
        """What was last said of an object, so that it is said once."""
        self._turns = 0
        self._turned = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    @abstractmethod
    def reconcile(self) -> float | None:
        """Do what is due now; answer in how many seconds more will be due, None where only a change brings more."""

    def start(self) -> None:
        self._unlisten = self.store.listen(self._wake.set)
        self._thread.start()

    def stop(self) -> None:
        """Nothing is written after this has returned."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._unlisten()

    def wait_for_turn(self) -> None:
        """Return once a turn is over that began after this was called: what one had read before is written by then."""
        with self._turned:
            last = self._turns + 2
            while self._turns < last and self._thread.is_alive():
                self._wake.set()
                self._turned.wait(_RETRY)

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """What the API refuses is tried again later, and keeps no other object from its turn."""
        try:
            yield
        except ApiError as error:
            self._refused = True
            # Of 403, 404 and 409 the next turn makes nothing: the object is gone or going, or has been changed.
            if error.code not in {403, 404, 409} and self._told.get(what) != str(error):
                self._told[what] = str(error)
                log.warning("%s: %s", what, error)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._refused = False
            pause = self.reconcile()
            with self._turned:
                self._turns += 1
                self._turned.notify_all()
            if self._refused:
                pause = min(pause or _RETRY, _RETRY)
            self._wake.wait(pause)
