"""The picture of a terminal in the README: one step of the demo as it was printed, drawn as SVG.

`python -m tests.recorded_session` runs the demo and draws it anew. Numbers that differ from run to run are set to fixed
ones of the same length; how a change came to be healthy, which differs too, is left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from html import escape, unescape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/pictures/demo.svg"
COLUMNS, CHARACTER, LINE = 100, 7.25, 17
STYLES = {"ok": "#3fb950", "git": "#ffa657", "person": "#d2a8ff", "calls": "#79c0ff", "reviewer": "#d2a8ff"}
"""Colours of the words that say whose line it is, which are read on the dark ground of the picture in both themes."""


def fresh_session() -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "gitops_mcp", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    return excerpt(ran.stdout)


def excerpt(printed: str) -> str:
    """The step that scales a cluster, from the request to the pull request, and what was seen in the end."""
    step = printed[printed.index("6/9  Scale") : printed.index("7/9  Role")]
    asked, _, rest = step.partition("  git      │")
    end = rest[rest.index("  ok         one line has changed") :]
    diff = "".join(
        f"  git      {line.lstrip()}\n" for line in re.findall(r"(?m)^ +│ [-+]  .*$", rest[: rest.index("  ok  ")])
    )
    merged, live = end.partition("           │ $ git log")[0], end[end.index("  live ") :]
    text = re.sub(
        r"\b(?=\w*\d)[0-9a-f]{7,40}\b",
        lambda one: ("0123456789abcdef" * 3)[: len(one[0])],
        asked + diff + merged + live,
    )
    text = re.sub(r"127\.0\.0\.1:\d{5}", "127.0.0.1:41000", text)
    return "".join(
        f"{line if len(line) <= COLUMNS else line[: COLUMNS - 1] + '…'}\n"
        for line in text.rstrip().splitlines()
        if line.strip(" │")
    )


def drawn(session: str) -> str:
    lines = session.splitlines()
    width, height = round(COLUMNS * CHARACTER) + 32, len(lines) * LINE + 32
    rows = "\n".join(f'<text x="16" y="{27 + LINE * row}">{_coloured(line)}</text>' for row, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="A step of the demo">\n'
        "<style>text { font: 12px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6edf3; "
        "white-space: pre }</style>\n"
        f'<rect width="{width}" height="{height}" rx="8" fill="#161b22"/>\n{rows}\n</svg>\n'
    )


def _coloured(line: str) -> str:
    word = line[:11].strip()
    if line.startswith("  ") and word in STYLES:
        return f'  <tspan fill="{STYLES[word]}">{word}</tspan>{escape(line[2 + len(word) :])}'
    return escape(line)


def session_of(picture: str) -> str:
    """What it shows, as text."""
    rows = re.findall(r"<text [^>]*>(.*)</text>", picture)
    return "".join(unescape(re.sub(r"<[^>]*>", "", row)) + "\n" for row in rows)


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(fresh_session()))
