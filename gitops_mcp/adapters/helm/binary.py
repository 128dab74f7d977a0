"""`helm template` of the binary on PATH."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from gitops_mcp.adapters.helm.process import (
    MEMORY,
    OUT_OF_MEMORY,
    PRINTED,
    SAID_MOST,
    Ended,
    clean_environment,
    end_group,
    ended_after,
)
from gitops_mcp.domain.engines.charts.engine import ChartRequest, NotRendered
from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.redact import redact_text

_LIMITED = 'ulimit -c 0; ulimit -d "$1" 2>/dev/null; shift; exec "$@"'
_SOURCE = "# Source: "
_CRASHES = ("fatal error: ", "runtime: ", "panic: ")
_HINT = "Use --debug flag"


def render_by_binary(
    binary: str, wanted: ChartRequest, *, folder: Path, seconds: float
) -> Mapping[str, str] | NotRendered:
    """What it prints for the chart in `folder`/chart, by template. Raises Ended."""
    home = folder / "home"
    home.mkdir()
    errors = folder / "errors"
    limited = ["/bin/sh", "-c", _LIMITED, "sh", str(MEMORY // 1024), str(Path(binary).absolute())]
    with errors.open("wb") as said:
        process = subprocess.Popen(
            [*limited, *_arguments(wanted, folder)],
            cwd=home,
            env=clean_environment(str(home)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
        with process, ended_after(process, seconds) as late:
            printed = process.stdout.read(PRINTED + 1) if process.stdout else b""
            if len(printed) > PRINTED:
                end_group(process)
            code = process.wait()
    if len(printed) > PRINTED:
        raise Ended(f"the chart prints more than {PRINTED // 2**20} MB", for_ever=True)
    if late.is_set():
        raise Ended(f"rendering the chart takes more than {seconds:g} s", for_ever=True)
    if code:
        return _refusal(errors.read_text(errors="replace"))
    return _by_template(printed.decode(errors="replace"))


def _refusal(said: str) -> NotRendered:
    if any(mark in said for mark in _CRASHES):
        raise Ended(OUT_OF_MEMORY, for_ever=True)
    _, _, reason = said.rpartition("Error: ")
    return NotRendered(f"Helm refuses the chart: {one_line(redact_text(reason.partition(_HINT)[0]))[:SAID_MOST]}")


def _arguments(wanted: ChartRequest, folder: Path) -> Iterator[str]:
    yield from ("template", wanted.release, str(folder / "chart"), f"--namespace={wanted.namespace}")
    yield f"--kube-version={wanted.kubernetes}"
    yield from (f"--api-versions={one}" for one in wanted.apis)
    for index, text in enumerate(wanted.values):
        path = folder / f"values-{index}.yaml"
        path.write_text(text, encoding="utf-8", newline="")
        yield f"--values={path}"
    yield from (f"--set{'-string' if is_text else ''}={one}" for one, is_text in wanted.parameters)


def _by_template(printed: str) -> dict[str, str]:
    """Helm writes `# Source: chart/templates/a.yaml` as the first line of each document."""
    found: dict[str, str] = {}
    for document in f"\n{printed}".split("\n---\n"):
        first, _, rest = document.lstrip("\n").partition("\n")
        if first.startswith(_SOURCE):
            path = first.removeprefix(_SOURCE)
            found[path] = f"{found[path]}\n---\n{rest}" if path in found else rest
    return found
