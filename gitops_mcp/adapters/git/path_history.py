"""The commits behind a few files, and how each of them came to a branch."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from gitops_mcp.adapters.git.commits import Commit, merged_by
from gitops_mcp.adapters.git.files import object_id
from gitops_mcp.adapters.git.history import History


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

    def merges_that_brought(self, tip: str, oldest: Commit) -> dict[str, str]:
        """By commit, of those that the tip has and the parents of another lack, the merge that brought it."""
        limits = (f"^{one}" for one in oldest.parents)
        listed = self.history.runner.run("rev-list", "--parents", object_id(tip), *limits, "--").text
        return merged_by(tip, {one[0]: one[1:] for one in map(str.split, listed.splitlines())})

    def by_ids(self, ids: Iterable[str]) -> dict[str, Commit]:
        wanted = [*map(object_id, ids)]
        found = self.history.log("--no-walk=unsorted", "--stdin", most=len(wanted), given=wanted) if wanted else ()
        return {one.id: one for one in found}

    def gone_or_edited(self, old: str, new: str) -> dict[str, bool]:
        """By path what the old commit has that the new one lacks (True) or has otherwise."""
        shape = ("-r", "-z", "--no-renames", "--name-status", "--diff-filter=DMT")
        parts = self.history.runner.run("diff-tree", *shape, object_id(old), object_id(new)).text.split("\0")
        return {path: letter == "D" for letter, path in zip(parts[::2], parts[1::2], strict=False)}

    def naming_text(self, tip: str, text: str, *, most: int) -> tuple[Commit, ...]:
        """The last commits that changed how often manifests have a text, newest first. It reads all that differs."""
        return tuple(self.history.log(f"-S{text}", object_id(tip), most=most))

    def is_merged_as_is(self, merge: Commit, paths: Iterable[str]) -> bool:
        """Whether the files of a merge of two are as git merges them by itself."""
        first, *others = merge.parents
        if len(others) != 1 or self.history.merge_base(first, others[0]) is None:
            return False
        made, wanted = self.history.trial_merge(first, others[0]), [*paths]
        return not made.conflicts and self.history.files.entries(made.tree, wanted) == self.history.files.entries(
            merge.id, wanted
        )
