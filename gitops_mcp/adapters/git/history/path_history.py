"""The commits behind a few files, and how each of them came to a branch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from gitops_mcp.adapters.git.commits import Commit, merged_by
from gitops_mcp.adapters.git.contents.files import object_id
from gitops_mcp.adapters.git.history.history import History


@dataclass(frozen=True)
class FileTouch:
    path: str
    before: str | None
    """Its blob; None: there was no such file."""
    after: str | None


@dataclass(frozen=True)
class PathHistory:
    history: History

    def touching_files(self, tip: str, paths: Iterable[str], *, skip: int, most: int) -> tuple[Commit, ...]:
        """The commits that made files below the paths what they are at the tip, newest first, with all their parents.

        Of a merge that has them as one of its parents, only what led to that parent, and the merge where it is not the
        first one. The parents that git prints are those alone which it follows, so each commit is asked for its own.
        """
        limits = ("--no-follow", "--show-pulls", f"--skip={skip}", object_id(tip))
        found = tuple(self.history.log(*limits, most=most, paths=sorted(paths)))
        parents = self._own_parents([one.id for one in found])
        return tuple(replace(one, parents=parents[one.id] if one.parents else ()) for one in found)

    def _own_parents(self, commits: Collection[str]) -> dict[str, tuple[str, ...]]:
        with self.history.files.calls.one() as call:
            read = call.objects.contents(commits) if commits else {}
        heads = {one: found.data.partition(b"\n\n")[0].decode(errors="replace") for one, found in read.items()}
        return {
            one: tuple(line.removeprefix("parent ") for line in head.split("\n") if line.startswith("parent "))
            for one, head in heads.items()
        }

    def merges_of(self, tip: str, commits: Sequence[Commit], merges: Iterable[Commit]) -> dict[str, Commit]:
        """By commit the merge that brought it, where one has; commits are given newest first.

        `merges`: those among the commits that touch the same files, newest first. Where one of them has a commit as
        the tip of what it merges, it is that one; else all between the tip and the oldest commit is looked at.
        """
        tips = {parent: one for one in merges for parent in one.parents[1:]}
        found = {one.id: tips[one.id] for one in commits if one.id in tips}
        open_ones = [one for one in commits if one.id not in found and one.parents]
        if open_ones:
            limits = (f"^{one}" for one in open_ones[-1].parents)
            listed = self.history.runner.run("rev-list", "--parents", object_id(tip), *limits, "--").text
            brought = merged_by(tip, {one[0]: one[1:] for one in map(str.split, listed.splitlines())})
            named = {one.id: brought[one.id] for one in open_ones if one.id in brought}
            known = {one.id: one for one in merges} | self._by_ids(set(named.values()) - {one.id for one in merges})
            found |= {commit: known[merge] for commit, merge in named.items()}
        return found

    def _by_ids(self, ids: Collection[str]) -> dict[str, Commit]:
        found = self.history.log("--no-walk=unsorted", "--stdin", most=len(ids), given=sorted(ids)) if ids else ()
        return {one.id: one for one in found}

    def touched_between(self, old: str, new: str, *, each: int) -> list[FileTouch]:
        """What the last `each` commits since an older one did; of those before what they took away or changed in all.

        What two commits of those before did and undid is not among it.
        """
        shape = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev")
        limits = (f"--max-count={each}", object_id(new), f"^{object_id(old)}", "--")
        ran = self.history.runner.run("log", *shape, "--format=%H", *limits)
        found, commits = _parse_raw(ran.text)
        if len(commits) == each:
            # What is there now and was not then has made nothing then.
            whole = ("diff-tree", *shape, "--diff-filter=DM", old, commits[-1])
            found += _parse_raw(self.history.runner.run(*whole).text)[0]
        return found

    def gone_since(self, old: str, new: str) -> list[str]:
        """The files of an older commit that another one lacks."""
        shape = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--diff-filter=D")
        found, _ = _parse_raw(self.history.runner.run("diff-tree", *shape, object_id(old), object_id(new)).text)
        return [one.path for one in found]

    def renamed_since(self, old: str, new: str) -> dict[str, str]:
        """By the path in an older commit that another one lacks, the new file there that is most like it."""
        shape = ("-r", "-z", "--name-status", "--find-renames", "--diff-filter=R")
        ran = self.history.runner.run("diff-tree", *shape, object_id(old), object_id(new))
        parts = ran.text.split("\0")
        return dict(zip(parts[1::3], parts[2::3], strict=False))

    def naming_text(self, tip: str, text: str, *, most: int) -> tuple[Commit, ...]:
        """The last commits that changed how often manifests have a text, newest first. It reads all that differs."""
        return tuple(self.history.log("--no-textconv", "--no-ext-diff", f"-S{text}", object_id(tip), most=most))

    def is_merged_as_is(self, merge: Commit, paths: Iterable[str]) -> bool:
        """Whether the files of a merge of two are as git merges them by itself."""
        first, *others = merge.parents
        if len(others) != 1 or self.history.merge_base(first, others[0]) is None:
            return False
        made, wanted = self.history.trial_merge(first, others[0]), [*paths]
        return not made.conflicts and self.history.files.entries(made.tree, wanted) == self.history.files.entries(
            merge.id, wanted
        )


def _parse_raw(text: str) -> tuple[list[FileTouch], list[str]]:
    """What `--raw -z` prints of files, and the commits between."""
    found, commits = [], []
    parts = iter(text.split("\0"))
    for part in parts:
        if not (line := part.strip("\n")).startswith(":"):
            commits += [line] if line else []
            continue
        modes, blobs = line[1:].split(" ")[:2], line.split(" ")[2:4]
        found.append(FileTouch(next(parts), *(_blob_of(*one) for one in zip(modes, blobs, strict=True))))
    return found, commits


def _blob_of(mode: str, blob: str) -> str | None:
    """Of a file: a symlink and a submodule are none."""
    return blob if mode.startswith("100") else None
