"""A unified diff of one file, made from its real lines and shown with its redacted ones."""

from __future__ import annotations

import difflib

from gitops_mcp.domain.redact.looks import without_credentials
from gitops_mcp.domain.yaml.redacted_lines import redacted_lines

_CONTEXT = 3
_LINE = 600
"""Characters of one line that are shown: a longer one would push out the change beside it."""


def unified_diff(path: str, before: str | None, after: str | None) -> str:
    """The diff as git prints it; None stands for a file that does not exist."""
    old, new = _lines(before), _lines(after)
    old_shown, new_shown = _shown_lines(before), _shown_lines(after)
    out = [
        f"--- {'/dev/null' if before is None else _header_path('a/' + path)}",
        f"+++ {'/dev/null' if after is None else _header_path('b/' + path)}",
    ]
    # Alike lines are many in manifests, and the matcher takes their number squared: it gets only what may differ.
    skip, rest = _count_alike_lines(old, new)
    between = difflib.SequenceMatcher(
        None, old[skip : len(old) - rest], new[skip : len(new) - rest], autojunk=False
    ).get_grouped_opcodes(_CONTEXT)
    for group in between:
        out.append(_header(group[0][1] + skip, group[-1][2] + skip, group[0][3] + skip, group[-1][4] + skip))
        for tag, *places in group:
            a, b, c, d = (place + skip for place in places)
            if tag == "equal":
                out += _side_lines(" ", old_shown, a, b, complete=_ends_with_newline(before))
                continue
            out += _side_lines("-", old_shown, a, b, complete=_ends_with_newline(before))
            out += _side_lines("+", new_shown, c, d, complete=_ends_with_newline(after))
    return "\n".join(out) + "\n" if len(out) > 2 else ""


def without_context(diff: str) -> str:
    """The same diff as `git diff -U0` has it, for who may see what has changed and not what stands around it."""
    out: list[str] = []
    group: list[str] = []
    old = new = end_old = end_new = 0

    def close() -> None:
        took, gave = (sum(line.startswith(sign) for line in group) for sign in "-+")
        if group:
            out.extend([_header(old - took, old, new - gave, new), *group])
            group.clear()

    for line in diff.removesuffix("\n").split("\n") if diff else ():
        is_inside = old < end_old or new < end_new
        if line.startswith("@@ ") and not is_inside:
            close()
            (old, lines_old), (new, lines_new) = map(_first_and_count, line.split()[1:3])
            end_old, end_new = old + lines_old, new + lines_new
        elif not is_inside and not line.startswith("\\"):
            close()
            out.append(line)
        elif line.startswith(" "):
            close()
            old, new = old + 1, new + 1
        elif not line.startswith("\\") or group:
            group.append(line)
            old, new = old + line.startswith("-"), new + line.startswith("+")
    close()
    return "\n".join(out) + "\n" if out else ""


def _first_and_count(part: str) -> tuple[int, int]:
    """Of one side of a hunk's head, the first line from 0 and how many there are."""
    first, _, count = part[1:].partition(",")
    lines = int(count) if count else 1
    return (int(first) - 1 if lines else int(first)), lines


def shorten_diff(diff: str, limit: int) -> tuple[str, int]:
    """The first lines of a diff within `limit` characters, long ones cut, and how many were left off."""
    diff = "\n".join(line if len(line) <= _LINE else _cut_line(line) for line in diff.split("\n"))
    if len(diff) <= limit:
        return diff, 0
    kept = diff[: diff.rfind("\n", 0, limit) + 1]
    return kept, diff.count("\n") - kept.count("\n")


def _cut_line(line: str) -> str:
    return f"{line[:_LINE]}… ({len(line) - _LINE} more characters)"


def first_changed_line(before: str, after: str) -> int:
    """The 1-based line of `after` where the first difference stands."""
    for number, (old, new) in enumerate(zip(before.split("\n"), after.split("\n"), strict=False), start=1):
        if old != new:
            return number
    return min(before.count("\n"), after.count("\n")) + 1


def _count_alike_lines(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many lines at the start and at the end are the same on both sides and no context of a difference."""
    most = min(len(old), len(new))
    first = next((i for i in range(most) if old[i] != new[i]), most)
    last = next((i for i in range(most - first) if old[-1 - i] != new[-1 - i]), most - first)
    return max(first - _CONTEXT, 0), max(last - _CONTEXT, 0)


def _header_path(path: str) -> str:
    """As git prints it: in quotes where a character in it could be taken for something else."""
    path = "/".join(map(without_credentials, path.split("/")))
    if path.isprintable() and '"' not in path and "\\" not in path:
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in escaped) + '"'


def _lines(text: str | None) -> list[str]:
    """The lines with their endings: a changed line ending or a missing final newline is a difference."""
    if text is None:
        return []
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _shown_lines(text: str | None) -> list[str]:
    return [] if text is None else redacted_lines(text)[: len(_lines(text))]


def _ends_with_newline(text: str | None) -> bool:
    return not text or text.endswith("\n")


def _side_lines(sign: str, shown: list[str], start: int, stop: int, *, complete: bool) -> list[str]:
    out = [sign + line for line in shown[start:stop]]
    if stop > start and stop == len(shown) and not complete:
        out.append("\\ No newline at end of file")
    return out


def _header(a: int, b: int, c: int, d: int) -> str:
    return f"@@ -{_hunk_range(a, b)} +{_hunk_range(c, d)} @@"


def _hunk_range(start: int, stop: int) -> str:
    count = stop - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"
