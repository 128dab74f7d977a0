"""How two commits stand to each other, and how much of a change has arrived in the base.

Commits never change, so an answer about two of them is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Literal

from gitops_mcp.adapters.git.commits import TRAILER, Commit, Holding, Patches, RecentCommits, ancestors_of
from gitops_mcp.adapters.git.contents.files import Files, object_id
from gitops_mcp.adapters.git.history.patch_ids import PatchIds
from gitops_mcp.adapters.git.history.trial_merges import TrialMerge, TrialMerges
from gitops_mcp.adapters.git.memory import Memory
from gitops_mcp.adapters.git.runner import GitFailed, Ran, Runner
from gitops_mcp.domain.names import check_change_name
from gitops_mcp.errors import Unavailable

MOST_COMMITS = 100
_SEARCHED = 1000
"""Commits that are looked at, newest first: of the base for one change, or of all changes for a path."""
_PATHS_NAMED = 200
_KEPT = 20_000
"""Paths, and commits with their messages, that are kept."""
_FIELDS = (
    *("%H", "%P", "%s", "%b", "%an <%ae>", "%cI", "%aI"),
    "%(trailers:only=true,unfold=true,key_value_separator=%x01,separator=%x02)",
)


def _weight(kept: Sized) -> int:
    return 1 + len(kept)


@dataclass
class History:
    files: Files
    _bases: Memory[tuple[str, str], str | None] = field(default_factory=lambda: Memory(1000))
    _files: Memory[tuple[str, str], tuple[str, ...]] = field(default_factory=lambda: Memory(_KEPT, _weight))
    _touched: Memory[tuple[str, str], frozenset[str]] = field(default_factory=lambda: Memory(_KEPT, _weight))
    _counts: Memory[tuple[str, str], int] = field(default_factory=lambda: Memory(1000))
    _holdings: Memory[tuple[str, str], Holding] = field(default_factory=lambda: Memory(1000))
    _recent: RecentCommits | None = None
    _commits: Memory[tuple[str, str], tuple[Commit, ...]] = field(default_factory=lambda: Memory(_KEPT, _weight))

    def __post_init__(self) -> None:
        self._trials, self._patch_ids = TrialMerges(self.runner), PatchIds(self.runner)

    @property
    def runner(self) -> Runner:
        return self.files.runner

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both have; None when there is none, or a shallow clone does not hold it."""
        return self._bases.made(_pair(one, other), lambda: self._asked("merge-base", one, other).text or None)

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether `other` contains `one`."""
        known = self._recent
        if one == other or (known is not None and known.base == other and one in known.by_id):
            return True
        return self.merge_base(one, other) == one

    def behind(self, base: str, tip: str) -> int:
        """How many commits the base has that the tip lacks."""
        return self._counts.made((object_id(base), object_id(tip)), lambda: self._behind(base, tip))

    def _behind(self, base: str, tip: str) -> int:
        start = self.merge_base(base, tip)
        known = self._recent
        since = known.since(start) if start and known and known.base == base else None
        if start == base or since is not None:
            return len(since or ())
        return int(self.runner.run("rev-list", "--count", f"{tip}..{base}").text)

    def learn_files(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Asks together which files differ between two commits each."""
        unknown = [pair for pair in pairs if self._files.get(pair) is None]
        for pair, differences in zip(unknown, self.files.differences(unknown), strict=True):
            self._files.put(pair, tuple(sorted(differences)))

    def changed_files(self, old: str, new: str) -> tuple[str, ...]:
        """Paths that differ; a renamed file is two."""
        return self._files.made(
            (object_id(old), object_id(new)), lambda: tuple(sorted(*self.files.differences([(old, new)])))
        )

    def touching(self, base: str, tips: Iterable[str], paths: Collection[str]) -> frozenset[str]:
        """Those tips that have commits of their own which touch one of the paths; merges are not looked into.

        One process, however many tips there are. With too many commits to tell, all tips count.
        """
        known = {tip: self._touched.get((object_id(base), object_id(tip))) for tip in tips}
        unknown = [tip for tip, touched in known.items() if touched is None]
        if unknown:
            known |= self._touched_by(base, unknown)
        return frozenset(tip for tip, touched in known.items() if touched is None or not touched.isdisjoint(paths))

    def starts(self, base: str, tips: Iterable[str]) -> dict[str, str | None]:
        """Where each branch left the base, as `merge_base` has it: of many in one process, as far as that can tell."""
        known = {tip: self._bases.get(_pair(base, tip)) for tip in tips}
        unknown = [tip for tip, start in known.items() if start is None]
        if len(unknown) > 1 and (parents := self._own_parents(base, unknown)) is not None:
            for tip in unknown:
                self._note_start(base, tip, parents)
        return {tip: start or self.merge_base(base, tip) for tip, start in known.items()}

    def _own_parents(self, base: str, tips: Collection[str]) -> dict[str, list[str]] | None:
        """Commits that the tips have and the base lacks, with their parents; None where they are too many."""
        wanted = "".join(f"{commit}\n" for commit in (*tips, f"^{base}"))
        listed = self.runner.run("rev-list", "--parents", f"--max-count={_SEARCHED}", "--stdin", input=wanted.encode())
        parents = {line[0]: line[1:] for line in map(str.split, listed.text.splitlines())}
        return parents if len(parents) < _SEARCHED else None

    def _note_start(self, base: str, tip: str, parents: Mapping[str, Sequence[str]]) -> None:
        # All that a tip shares with the base is reached through those parents that the base has.
        commits = ancestors_of(tip, parents)
        shared = {above for commit in commits for above in parents[commit]} - parents.keys() if commits else {tip}
        if len(shared) == 1:
            self._bases.put(_pair(base, tip), *shared)

    def _touched_by(self, base: str, tips: Collection[str]) -> dict[str, frozenset[str]]:
        if (parents := self._own_parents(base, tips)) is None:
            return {}
        # A merge by itself touches nothing.
        single = {commit: above for commit, above in parents.items() if len(above) < 2}
        pairs = [(above[0] if above else None, commit) for commit, above in single.items()]
        files = dict(zip(single, self.files.differences(pairs), strict=True))
        reached = {tip: ancestors_of(tip, parents) for tip in tips}
        for tip in tips:
            self._note_start(base, tip, parents)
        return {
            tip: self._touched.put((base, tip), frozenset(path for one in commits for path in files.get(one, ())))
            for tip, commits in reached.items()
        }

    def remember(self, commit: str, *, base: str, parent: str, paths: Iterable[str]) -> None:
        """A commit of ours: how it stands to the base follows from its parent, and need not be asked."""
        shared = base if parent == base else self._bases.get(_pair(base, parent))
        touched = frozenset[str]() if parent == base else self._touched.get((base, parent))
        if shared and touched is not None:
            self._bases.put(_pair(base, commit), shared)
            self._touched.put((base, commit), touched.union(paths))

    def learn(self, base: str, tips: Iterable[str]) -> None:
        """Asks together what else is asked of each branch by itself: a log, a trial merge and a diff of all.

        How each stands to the base follows from the parents of its commits. Where that leaves more than one commit to
        part from, or there are too many commits, git is asked later.
        """
        unknown = [tip for tip in dict.fromkeys(tips) if self._commits.get((base, object_id(tip))) is None]
        if len(unknown) < 2:
            return
        commits = self.log_of(unknown, base, most=_SEARCHED * 10)
        if len(commits) == _SEARCHED * 10:
            return
        recent, parents = self.recent(base), {one.id: one.parents for one in commits}
        starts = {}
        for tip in unknown:
            reached = ancestors_of(tip, parents)
            own = tuple(one for one in commits if one.id in reached) if reached else ()
            if start := recent.start_of(own) if own else tip:
                starts[tip] = start
                self._bases.put(_pair(base, tip), start)
            self._commits.put((base, tip), own[:MOST_COMMITS])
        self._learn_contents(base, starts)

    def _learn_contents(self, base: str, starts: Mapping[str, str]) -> None:
        pairs = [(start, tip) for tip, start in starts.items() if start != tip]
        self.learn_files(pairs)
        ahead = [pair for pair in pairs if self._files.get(pair)]
        self._trials.learn(base, [tip for start, tip in ahead if start != base])
        trees = self.files.tops(one for pair in ahead for one in pair)
        own = [one.id for _, tip in ahead for one in self.commits(base, tip) if len(one.parents) < 2]
        self._patch_ids.of(dict.fromkeys(own), [(trees[start], trees[tip]) for start, tip in ahead])

    def conflicts(self, base: str, tip: str) -> tuple[str, ...]:
        """The files in which the tip cannot be merged into the base without a person."""
        return self.trial_merge(base, tip).conflicts

    def merged_commit(self, base: str, tip: str) -> str | None:
        """A commit as merging the tip into the base would make it; None where that takes a person."""
        merged = self.trial_merge(base, tip)
        if merged.conflicts:
            return None
        if self.is_ancestor(tip, base):
            return base
        return tip if self.is_ancestor(base, tip) else self._trials.commit(base, tip, merged.tree)

    def trial_merge(self, base: str, tip: str) -> TrialMerge:
        """What merging the tip would make of the base."""
        start = self.merge_base(base, tip)
        if start is None:
            raise Unavailable(
                f"{tip[:12]} and {base[:12]} have no commit in common here: if this is a shallow clone, run "
                f"git fetch --unshallow"
            )
        return TrialMerge(self.files.tree(tip), ()) if start == base else self._trials.merged(base, tip)

    def merged_by_content(self, base: str, tip: str) -> bool:
        """Whether the base has what the tip would bring, however it came there."""
        parted = self.merge_base(base, tip)
        return parted is not None and (not self.changed_files(parted, tip) or self.holding(base, tip).is_all)

    def holding(self, base: str, tip: str) -> Holding:
        """How much the base has of what the tip would bring; of a tip that would bring nothing, nothing.

        All of it when merging would change nothing, and when a commit of the base since they parted makes the same
        change as the whole of the branch, or each of its commits has its twin there; then later edits do not matter.
        """
        return self._holdings.made((object_id(base), object_id(tip)), lambda: self._holding(base, tip))

    def _holding(self, base: str, tip: str) -> Holding:
        parted = self.merge_base(base, tip)
        paths = self.changed_files(parted, tip) if parted else ()
        if parted is None or not paths or parted == base:
            return Holding("nothing")
        merge = self.trial_merge(base, tip)
        if not merge.conflicts and merge.tree == self.files.tree(base):
            return Holding("content", near=True)
        since = self._commits_since(parted, base, paths)
        return self._twins(since, self.patches(base, tip)) if since else Holding("nothing")

    def holding_of(self, base: str, start: str, patches: Patches, paths: Collection[str]) -> Holding:
        """The same of a change whose commits git may have collected."""
        since = self._commits_since(start, base, paths)
        return self._twins(since, patches) if since else Holding("nothing")

    def _twins(self, since: Collection[str], patches: Patches) -> Holding:
        twins = {patch: commit for commit, patch in self._patch_ids.of(since).items()}
        if patches.whole in twins:
            return Holding("whole", (twins[patches.whole],), len(patches.each), near=True)
        held = tuple(twins[one] for one in patches.each if one in twins)
        by: Literal["nothing", "each", "part"] = "part" if held else "nothing"
        return Holding("each" if held and len(held) == len(patches.each) else by, held, len(patches.each), near=True)

    def patches(self, base: str, tip: str) -> Patches:
        """What a branch changes since it left the base."""
        start = self.merge_base(base, tip)
        if start is None or start == tip:
            return Patches("", ())
        commits = [one.id for one in self.commits(base, tip) if len(one.parents) < 2]
        if len(self.commits(base, tip)) == MOST_COMMITS:
            commits = self._commits_since(base, tip, ())
        trees = self.files.tops((start, tip))
        found = self._patch_ids.of(commits, [(trees[start], trees[tip])])
        return Patches(
            found.get(f"{trees[start]} {trees[tip]}", ""), tuple(found[one] for one in commits if one in found)
        )

    def _commits_since(self, old: str, new: str, paths: Collection[str]) -> list[str]:
        """Ids of the commits, without merges, that `new` has and `old` lacks, and that touch one of the paths."""
        known = self._recent
        since = known.since(old) if known and known.base == new else None
        if paths and since is not None:
            single = {one.id: one.parents for one in since if len(one.parents) < 2}
            return [one for one, files in self._files_of(single).items() if not files.isdisjoint(paths)]
        asked = paths if len(paths) <= _PATHS_NAMED else ()
        wanted = ("--no-merges", f"--max-count={_SEARCHED}", f"{old}..{new}", "--", *asked)
        return self.runner.run("rev-list", *wanted).text.splitlines()

    def _files_of(self, single: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
        """The paths that each commit touches; the commits come with their parents, of which none has two."""
        known = {one: self._touched.get(("", one)) for one in single}
        unknown = [one for one, touched in known.items() if touched is None]
        pairs = [(next(iter(single[one]), None), one) for one in unknown]
        for one, files in zip(unknown, self.files.differences(pairs), strict=True):
            known[one] = self._touched.put(("", one), frozenset(files))
        return {one: files or frozenset() for one, files in known.items()}

    def recent(self, base: str) -> RecentCommits:
        """The last 1,000 commits of the base: read once, and only what is new once it has moved."""
        known = self._recent
        if known and known.base == object_id(base):
            return known
        newer = tuple(self.log(f"{known.base}..{base}", most=_SEARCHED)) if known else ()
        if known and any(known.base in one.parents for one in newer):
            commits = (*newer, *known.by_id.values())[:_SEARCHED]
        else:
            commits = tuple(self.log(object_id(base), most=_SEARCHED))
        self._recent = RecentCommits(base, {one.id: one for one in commits})
        return self._recent

    def commits(self, base: str, tip: str) -> tuple[Commit, ...]:
        """What the tip has and the base lacks, newest first, at most 100."""
        key = (object_id(base), object_id(tip))
        return self._commits.made(key, lambda: tuple(self.log(f"{base}..{tip}")))

    def first_parents(self, tip: str) -> tuple[Commit, ...]:
        """The tip and its first parents, newest first, at most 100: what a branch holds after it was merged."""
        key = ("", object_id(tip))
        return self._commits.made(key, lambda: tuple(self.log("--first-parent", tip)))

    def commits_naming(self, base: str, change: str) -> tuple[Commit, ...]:
        """Commits of the base whose message names the change, newest first: all that is left once its branch is gone.

        A forge that squashes moves trailers into the middle of a message, so any line of it counts.
        """
        line = f"{TRAILER}: {check_change_name(change)}"
        key = (object_id(base), line)
        return self._commits.made(key, lambda: tuple(self.log("--basic-regexp", f"--grep=^{line} *$", base)))

    def later(self, old: str, new: str, paths: Collection[str]) -> tuple[Commit, ...]:
        """What `new` has and `old` lacks that touches one of the paths, newest first, without merges."""
        asked = sorted(paths) if len(paths) <= _PATHS_NAMED else ()
        return tuple(self.log("--no-merges", f"{object_id(old)}..{object_id(new)}", paths=asked))

    def log_of(self, tips: Iterable[str], base: str, *, most: int = _SEARCHED) -> tuple[Commit, ...]:
        """What any of the tips has and the base lacks."""
        return tuple(self.log("--stdin", most=most, given=[*map(object_id, tips), f"^{object_id(base)}"]))

    def log(
        self, *what: str, most: int = MOST_COMMITS, paths: Iterable[str] = (), given: Iterable[str] = ()
    ) -> Iterator[Commit]:
        """What `git log` prints for these arguments, at most so many; `given` is a line each of its input."""
        shape = (
            "-z",
            "--no-color",
            "--no-show-signature",
            "--encoding=UTF-8",
            f"--format=tformat:{'%x00'.join(_FIELDS)}",
        )
        lines = "".join(f"{one}\n" for one in given).encode()
        ran = self.runner.run("log", *shape, f"--max-count={most}", *what, "--", *paths, input=lines)
        text = ran.stdout.decode(errors="replace")  # people read it, so what is no UTF-8 need not survive
        parts = text.removesuffix("\0").split("\0") if text else []
        for fields in zip(*(iter(parts),) * len(_FIELDS), strict=True):
            name, parents, subject, body, author, committed, authored, trailers = fields
            read = tuple(_parse_trailers(trailers))
            yield Commit(name, tuple(parents.split()), subject, body.strip("\n"), author, committed, read, authored)

    def _asked(self, *arguments: str) -> Ran:
        """What git answers with 0 for yes and 1 for no."""
        ran = self.runner.run(*arguments, check=False)
        if ran.returncode not in {0, 1}:
            raise GitFailed(arguments[0], ran)
        return ran


def _pair(one: str, other: str) -> tuple[str, str]:
    """The key of what is the same the other way round."""
    first, second = sorted((object_id(one), object_id(other)))
    return first, second


def _parse_trailers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\x02"):
        key, separator, value = line.partition("\x01")
        if separator:
            yield key, value.strip()
