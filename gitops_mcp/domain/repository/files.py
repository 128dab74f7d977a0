"""Files being planned, and what they hold before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.diff import first_changed_line, unified_diff
from gitops_mcp.domain.names import fault_in_file
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.yaml.edits import Edit
from gitops_mcp.domain.yaml.text import edit_text, with_document, without_document
from gitops_mcp.errors import GitOpsError, InvalidRequest


@dataclass(frozen=True)
class FileChange:
    path: str
    before: str | None
    """None: the file is new."""
    after: str | None
    """None: the file goes."""

    @property
    def action(self) -> Literal["added", "modified", "deleted"]:
        if self.before is None:
            return "added"
        return "deleted" if self.after is None else "modified"

    @property
    def line(self) -> int:
        """Where to look first: the first changed line of what is left."""
        if self.before is None or self.after is None:
            return 1
        return first_changed_line(self.before, self.after)

    @property
    def diff(self) -> str:
        return unified_diff(self.path, self.before, self.after)


class DraftFiles:
    """Files being planned: several edits of one file become one change."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._before = texts
        self._after: dict[str, str | None] = {}

    @property
    def before(self) -> Mapping[str, str]:
        return self._before

    def text(self, path: str) -> str | None:
        return self._after[path] if path in self._after else self._before.get(path)

    def edit(self, path: str, document: int, *edits: Edit) -> None:
        """Raises InvalidRequest or Refused, with the file's name, where the edit cannot be proven right."""
        with _naming_file(path):
            self._after[path] = edit_text(self._present(path), document, *edits)

    def replace_line(self, path: str, number: int, text: str) -> None:
        """Of a file that is no YAML; the line ending stays."""
        lines = self._present(path).splitlines(keepends=True)
        old = lines[number - 1]
        lines[number - 1] = text + old[len(old.rstrip("\r\n")) :]
        self._after[path] = "".join(lines)

    def append(self, path: str, value: Object) -> None:
        with _naming_file(path):
            self._after[path] = with_document(self._present(path), value)

    def drop(self, path: str, *documents: int) -> None:
        """Removes documents; the file goes with its last one."""
        with _naming_file(path):
            self._after[path] = without_document(self._present(path), *documents) or None

    def create(self, path: str, text: str) -> None:
        if self.text(path) is not None:
            raise InvalidRequest(
                f"{path} exists already: name another place in layout of .gitops-mcp.yaml, or remove it"
            )
        self._after[path] = text

    def remove(self, path: str) -> None:
        self._after[path] = None

    def write(self, path: str, text: str | None) -> None:
        """What another draft has made of it."""
        self._after[path] = text

    @property
    def changes(self) -> tuple[FileChange, ...]:
        return tuple(
            FileChange(path, self._before.get(path), after)
            for path, after in sorted(self._after.items())
            if after != self._before.get(path)
        )

    def _present(self, path: str) -> str:
        text = self.text(path)
        if text is None:
            raise InvalidRequest("it is gone already")
        return text


class _naming_file:  # noqa: N801 - reads as a word in a with statement
    """Puts the file's name before an error that the editor raised."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, GitOpsError):
            raise error.with_text(fault_in_file(self._path, str(error))) from error
