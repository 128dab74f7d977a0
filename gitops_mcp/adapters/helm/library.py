"""The child process: reads questions, renders with the library, and answers.

A program of its own that imports nothing of this package, so that it starts in a third of a second.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections import OrderedDict
from typing import Any

_CHARTS = 16


def main(memory: int, printed: int) -> None:
    """`memory` and `printed` are bytes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    import helm_python

    charts: OrderedDict[str, Any] = OrderedDict()
    for line in sys.stdin.buffer:
        try:
            answer = _answer(helm_python, charts, json.loads(line))
        except (helm_python.HelmError, ValueError, RecursionError) as error:
            answer = {"failed": f"Helm refuses the chart: {error}"}
        written = json.dumps(answer).encode()
        answers.write((written if len(written) <= printed else b'{"large": true}') + b"\n")
        answers.flush()


def _answer(helm: Any, charts: OrderedDict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    name = asked["chart"]
    if name not in charts:
        if "folder" not in asked:
            return {"unknown": True}
        charts[name] = helm.Chart.load(asked["folder"])
        while len(charts) > _CHARTS:
            charts.popitem(last=False)[1].close()
    charts.move_to_end(name)
    values: Any = {}
    for text in asked["values"]:
        values = _merged(values, helm.values_from_yaml(text) or {})
    for text, is_text in asked["parameters"]:
        parse = helm.parse_set_string_values if is_text else helm.parse_set_string
        values = _merged(values, parse(text), items=True)
    # The public `render` knows no versions of Kubernetes; this is the call below it.
    call, chart = helm._native.call_string, charts[name]._raw()  # noqa: SLF001 - as said
    rendered = call("helm_render", chart, json.dumps(values), json.dumps(asked["options"]))
    return {"rendered": json.loads(rendered)}


def _merged(old: Any, new: Any, *, items: bool = False) -> Any:
    """`items`: a parameter sets items of lists, and says null for those before."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: _merged(old.get(key), value, items=items) for key, value in new.items()}
    if items and isinstance(old, list) and isinstance(new, list):
        longer = [*old, *[None] * (len(new) - len(old))]
        kept = [_merged(was, now, items=True) for was, now in zip(longer, new, strict=False)]
        return [one if now is not None else was for was, now, one in zip(longer, new, kept, strict=False)] + longer[
            len(new) :
        ]
    return new


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
