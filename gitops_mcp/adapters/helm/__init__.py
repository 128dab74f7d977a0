"""Helm: the binary on PATH, else the library of `gitops-mcp[helm]` in a child process.

Other people's templates run here, so neither gets the environment, a kubeconfig, plugins, a proxy that answers, or
more time and memory than a chart needs. A chart is written into a folder of its own as plain files; there are no links
in it to follow.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gitops_mcp.adapters.helm.binary import render_by_binary
from gitops_mcp.adapters.helm.child import Child
from gitops_mcp.adapters.helm.process import SAID_MOST, Ended
from gitops_mcp.domain.engines.charts.engine import INSTALL, ChartRequest, NotRendered
from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.redact import redact_text

MODULE = "helm_python"
SECONDS = 5.0
"""A rendering takes a few milliseconds; what needs more than this does not end."""
_LEAST_SECONDS = 1.0
"""Each chart that does not end leaves half of the time to the next."""
_ENDLESS_AT_MOST = 8
"""With so many of them no further one is tried: a hundred must not take minutes."""
_KEPT = 512
"""Renderings."""
_KEPT_CHARACTERS = 32 * 2**20
_SCHEMA = "values.schema.json"
_KNOWN_DRAFTS = re.compile(r"https?://json-schema\.org/(draft-0\d|draft/[\w-]+)/schema#?")


@dataclass(eq=False)
class Helm:
    """Implements `ChartEngine`. One lock: charts are rendered one after the other."""

    seconds: float = SECONDS
    binary: str | None = field(default_factory=lambda: shutil.which("helm"))
    _known: dict[str, Mapping[str, str] | NotRendered] = field(default_factory=dict, repr=False)
    _endless: dict[str, NotRendered] = field(default_factory=dict, repr=False)
    """Charts that took all the time or memory once: they would again, with whatever values."""
    _child: Child = field(default_factory=Child, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @cached_property
    def missing(self) -> str | None:
        if self.binary or find_spec(MODULE):
            return None
        return f"Helm is not installed here: {INSTALL}"

    def render(self, wanted: ChartRequest) -> Mapping[str, str] | NotRendered:
        if self.missing:
            return NotRendered(self.missing)
        chart = _digest(sorted(wanted.files.items()))
        key = _digest(
            [chart, wanted.values, wanted.parameters, wanted.release, wanted.namespace, _capabilities(wanted)]
        )
        with self._lock:
            found = self._endless.get(chart) or self._known.get(key)
            if found is None and len(self._endless) >= _ENDLESS_AT_MOST:
                return NotRendered(
                    f"{len(self._endless)} charts used up the time or memory, so no other chart is rendered"
                )
            if found is None:
                found = self._render(wanted, chart)
                self._keep(key, found)
        return found

    def close(self) -> None:
        with self._lock:
            self._child.close()

    def _render(self, wanted: ChartRequest, chart: str) -> Mapping[str, str] | NotRendered:
        try:
            if self.binary:
                with TemporaryDirectory(prefix="gitops-mcp-helm-", ignore_cleanup_errors=True) as folder:
                    _write_chart(Path(folder, "chart"), wanted.files)
                    return render_by_binary(self.binary, wanted, folder=Path(folder), seconds=self.seconds)
            return self._render_in_child(wanted, chart)
        except Ended as error:
            failed = NotRendered(error.reason)
            if error.for_ever:
                self._endless[chart] = failed
                self.seconds = max(self.seconds / 2, _LEAST_SECONDS)
            return failed
        except OSError as error:
            return NotRendered(f"Helm could not be run: {error.strerror or error}")
        except RenderingFailed as error:
            return NotRendered(one_line(redact_text(str(error)))[:SAID_MOST])

    def _render_in_child(self, wanted: ChartRequest, chart: str) -> Mapping[str, str]:
        asked: dict[str, Any] = {
            "chart": chart,
            "values": wanted.values,
            "parameters": wanted.parameters,
            "options": {"name": wanted.release, "namespace": wanted.namespace, **_capabilities(wanted)},
        }
        answer = self._child.ask(asked, seconds=self.seconds)
        if answer.get("unknown"):
            with TemporaryDirectory(prefix="gitops-mcp-helm-", ignore_cleanup_errors=True) as folder:
                _write_chart(Path(folder, "chart"), wanted.files)
                answer = self._child.ask({**asked, "folder": str(Path(folder, "chart"))}, seconds=self.seconds)
        if "failed" in answer:
            raise RenderingFailed(answer["failed"])
        return {str(path): str(text) for path, text in answer["rendered"].items()}

    def _keep(self, key: str, found: Mapping[str, str] | NotRendered) -> None:
        self._known[key] = found
        while len(self._known) > _KEPT or sum(map(_size, self._known.values())) > _KEPT_CHARACTERS:
            del self._known[next(iter(self._known))]


class RenderingFailed(Exception):
    """Helm's own words."""


def _capabilities(wanted: ChartRequest) -> dict[str, Any]:
    return {"kube_version": wanted.kubernetes, "api_versions": wanted.apis}


def _size(found: Mapping[str, str] | NotRendered) -> int:
    return 0 if isinstance(found, NotRendered) else sum(map(len, found.values()))


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode(errors="surrogateescape")).hexdigest()


def _write_chart(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for path, content in files.items():
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise RenderingFailed(f"{path} lies outside of the chart")
        if path.rpartition("/")[2] == _SCHEMA and not _is_local_schema(content):
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())


def _is_local_schema(content: str | bytes) -> bool:
    """Helm fetches what a schema refers to."""
    try:
        waiting = [json.loads(content)]
    except (ValueError, RecursionError):
        return True  # for Helm to refuse
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
            if any(
                isinstance(text, str) and not text.startswith("#") and not _KNOWN_DRAFTS.fullmatch(text)
                for text in (one.get(key, "#") for key in ("$ref", "$schema", "$id", "id", "$dynamicRef"))
            ):
                return False
    return True
