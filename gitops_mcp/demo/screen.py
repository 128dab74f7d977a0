"""What a reader sees: labelled blocks, and on a terminal colours and a line that says what is being waited for.

In a pipe it is plain text: no escape codes, no carriage returns, no line broken that the server wrote as one.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

_LABEL = 8
_WIDTH = 100
"""Columns of our own sentences in a pipe, and at most on a terminal."""

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "1", "2", "31", "32", "33", "36"
_LABELS = {"person": _BOLD, "calls": _CYAN, "refused": _YELLOW, "ok": _GREEN, "log": _RED}
_DIFF = {"+": _GREEN, "-": _RED, "@": _CYAN}


@dataclass
class Screen:
    out: TextIO
    columns: int
    terminal: bool = False
    """Lines are broken to fit, and one is written over."""
    coloured: bool = False
    _status: str = field(default="", init=False)

    @classmethod
    def on(cls, out: TextIO) -> Screen:
        reconfigure = getattr(out, "reconfigure", None)
        if reconfigure:  # a locale that lacks a character gets a question mark, not a crash
            reconfigure(errors="replace")
        told = os.environ  # noqa: TID251 - what terminals and their users say to every program, no settings of ours
        terminal = out.isatty() and told.get("TERM") != "dumb"
        columns = shutil.get_terminal_size((_WIDTH, 24)).columns if terminal else _WIDTH
        return cls(out, max(40, columns), terminal, terminal and not told.get("NO_COLOR"))

    @property
    def width(self) -> int:
        return min(self.columns, _WIDTH)

    def paragraphs(self, *texts: str) -> None:
        for text in texts:
            self._print(textwrap.fill(text, self.width, break_long_words=False, break_on_hyphens=False), "")

    def title(self, number: str, text: str) -> None:
        head = f"{number}  {text}".strip()
        self._print("", self._styled(f"{head} {'─' * max(0, self.width - len(head) - 1)}", _BOLD), "")

    def block(self, label: str, lines: Iterable[str], *, diff: bool = False, most: int | None = None) -> None:
        """Lines of others, at a rule. In a diff, or between ```diff and ```, what is added and removed is coloured."""
        shown, omitted = _cut_lines(list(lines), most)
        for line in shown:
            if line.startswith("```"):
                diff = line == "```diff"
            style = _style_in_diff(line) if diff else None
            for part in self._fitted(line):
                self._print(f"{self._label(label)} {self._styled('│', _DIM)} {self._styled(part, style)}".rstrip())
                label = ""
        if omitted:
            self._print(f"{self._label(label)} {self._styled(f'│ … ({omitted} more lines)', _DIM)}")

    def says(self, label: str, text: str) -> None:
        """A sentence of ours."""
        room = self.width - _LABEL - 5
        for line in textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False):
            self._print(f"{self._label(label)}   {line}")
            label = ""

    def plain(self, text: str) -> None:
        """To be copied: as it is."""
        self._print(text, "")

    def status(self, text: str) -> None:
        """What is being done now, written over by whatever comes next; nothing in a pipe."""
        if self.terminal:
            text = f"{text} …"[: self.columns - 1]
            self.out.write(f"\r{text.ljust(len(self._status))}")
            self.out.flush()
            self._status = text

    def end(self, text: str) -> None:
        self._print(self._styled(text, _GREEN))

    def failure(self, text: str) -> None:
        """To standard error, so that it is seen where the rest is not."""
        self._print("")
        fitted = textwrap.fill(text, self.columns - 1, break_on_hyphens=False) if self.terminal else text
        sys.stderr.write(f"{self._styled(fitted, _RED)}\n")

    def _print(self, *lines: str) -> None:
        if self._status:
            self.out.write(f"\r{' ' * len(self._status)}\r")
            self._status = ""
        self.out.writelines(f"{line}\n" for line in lines)
        self.out.flush()

    def _label(self, label: str) -> str:
        return f"  {self._styled(label.ljust(_LABEL), _LABELS.get(label, _DIM))}"

    def _styled(self, text: str, style: str | None) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.coloured and style and text.strip() else text

    def _fitted(self, line: str) -> list[str]:
        """The line as it fits beside the label: a row of a table is cut, anything else goes on below itself."""
        room = self.columns - _LABEL - 5
        if not self.terminal or len(line) <= room:
            return [line]
        if line.startswith("|"):
            return [f"{line[: room - 1]}…"]
        indent = " " * max(2, len(line) - len(line.lstrip(" -")))
        return textwrap.wrap(line, room, subsequent_indent=indent, break_on_hyphens=False)


def _style_in_diff(line: str) -> str | None:
    return _BOLD if line.startswith(("--- ", "+++ ", "diff --git ")) else _DIFF.get(line[:1])


def _cut_lines(lines: list[str], most: int | None) -> tuple[list[str], int]:
    if most is None or len(lines) <= most + 1:
        return lines, 0
    return lines[:most], len(lines) - most
