"""What became of a change: the one function that says so, from all that is known of it.

That is its branch, the tips it was seen at, the head of its newest pull request where the remote shows that, and the
commits on the base: those that name it, and those that change the same. A name may have had earlier lives, so the last
life that is known decides. Whether its fields still stand in the base is another question: `later_commits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise, takewhile

from gitops_mcp.adapters.git.commits import Commit, Holding
from gitops_mcp.adapters.git.refs.listing import ChangeRef
from gitops_mcp.adapters.git.refs.seen import SeenChange
from gitops_mcp.answers.changes import ChangeState
from gitops_mcp.app import Ground
from gitops_mcp.domain.names import pluralize


@dataclass(frozen=True)
class Outcome:
    state: ChangeState
    why: str
    tip: str
    start: str | None
    commits: tuple[Commit, ...] | None = None
    """None: all that the base lacks of the tip."""
    half: bool = False
    """It is open, and a part of it is on the base."""


def outcome_of_branch(ground: Ground, found: ChangeRef) -> Outcome:
    """What became of a change whose branch is there."""
    base = ground.base
    outcome = _outcome_at(ground, found.name, found.tip)
    if outcome.state != "pushed":
        return outcome
    in_part = f"; {outcome.why}" if outcome.why else ""
    if base.pushes:
        return replace(outcome, why=f"on {base.home}, not merged{in_part}")
    return replace(outcome, state="draft", why=f"a local branch, not pushed{in_part}")


def outcome_without_branch(ground: Ground, name: str, tips: Iterable[str]) -> Outcome | None:
    """What became of a change whose branch is gone, by the last commits that it is known to have had.

    None: nothing is known of it.
    """
    lives = [_outcome_of_life(ground, name, tip) for tip in dict.fromkeys(tips)]
    if lives:
        return max(lives, key=lambda one: one.commits[0].moment if one.commits else datetime.fromtimestamp(0, UTC))
    named = ground.repository.recent(ground.base.commit).naming(name)
    named = named or ground.repository.commits_naming(ground.base.commit, name)
    return _without_branch(_outcome_of_names(ground, name, named)) if named else None


def last_tips(ground: Ground, name: str, heads: Mapping[str, str]) -> list[str]:
    """The commits that a change without a branch was last seen at: by its branch, and by its newest pull request."""
    known = ground.base.closed.get(ground.git.prefix + name), heads.get(name)
    return [tip for tip in known if tip]


def seen_at(ground: Ground, name: str, tip: str) -> SeenChange | None:
    """What was noted of a change when it stood there."""
    seen = ground.base.seen.get(ground.git.prefix + name)
    return seen if seen and seen.tip == tip else None


def _outcome_of_life(ground: Ground, name: str, tip: str) -> Outcome:
    if not ground.repository.has(tip):
        return _outcome_of_collected(ground, name, tip)
    outcome = _outcome_at(ground, name, tip)
    if outcome.commits is None:
        outcome = replace(outcome, commits=ground.repository.commits(ground.base.commit, tip))
    return _without_branch(outcome)


def _without_branch(outcome: Outcome) -> Outcome:
    match outcome.state:
        case "merged":
            return replace(outcome, why=f"{outcome.why}; its branch is gone")
        case "empty":
            return replace(outcome, state="closed", why="its branch was removed; it held nothing of its own")
        case "pushed":
            in_part = f"; {outcome.why}" if outcome.why else ""
            return replace(outcome, state="closed", why=f"its branch was removed without being merged{in_part}")
    return outcome


def _outcome_of_collected(ground: Ground, name: str, tip: str) -> Outcome:
    """What became of a change of which git has collected the commits: by what was noted of them."""
    seen, base = seen_at(ground, name, tip), ground.base
    lost = "git has garbage-collected its commits, so there is no diff"
    if seen is None or seen.start is None or seen.patches is None:
        why = f"its branch is gone, and {lost}; whether it was merged is not known"
        return Outcome("closed", why, tip, None, ())
    holding = ground.repository.holding_of(base.commit, seen.start, seen.patches, seen.files)
    if holding.is_all or seen.merged:
        recent = ground.repository.recent(base.commit).by_id
        own = tuple(recent[one] for one in holding.commits if one in recent)
        linked = own and all(above.id in one.parents for one, above in pairwise(own))
        start = next(iter(own[-1].parents), None) if linked else None
        how = _how_it_is_held(ground, holding) if holding.is_all else seen.why
        return Outcome("merged", f"{how}; its branch is gone", own[0].id if own else tip, start, own or seen.commits)
    later = [one for one in ground.repository.recent(base.commit).naming(name) if one.moment > _last_seen(seen)]
    if later and not holding.commits:
        return _without_branch(_outcome_of_names(ground, name, later))
    part = f"; {_part(ground, holding.commits, holding.of)}" if holding.commits else ""
    return Outcome("closed", f"its branch was removed without being merged{part}; {lost}", tip, None, seen.commits)


def _outcome_at(ground: Ground, name: str, tip: str) -> Outcome:
    """What became of a change that stands at this commit: `pushed` stands for all that is open."""
    repository, base = ground.repository, ground.base.commit
    if repository.is_ancestor(tip, base):
        return _outcome_within_base(ground, name, tip)
    seen = seen_at(ground, name, tip)
    if seen and seen.start and seen.merged and _is_on_base(ground, seen.merged):
        return Outcome("merged", seen.why, tip, seen.start)
    start = repository.merge_base(base, tip)
    if start and not repository.changed_files(start, tip):
        return Outcome("closed", "its commits cancel each other out, so nothing is left to merge", tip, start)
    holding = repository.holding(base, tip)
    if holding.is_all:
        return Outcome("merged", _how_it_is_held(ground, holding), tip, start)
    return _outcome_by_copies(ground, name, Outcome("pushed", "", tip, start), holding)


def _outcome_by_copies(ground: Ground, name: str, is_open: Outcome, holding: Holding) -> Outcome:
    """Of a change that the base does not hold as it is: merged with other content, in part, or not at all."""
    if not holding.near:
        return is_open
    repository, base = ground.repository, ground.base.commit
    own = repository.commits(base, is_open.tip)
    naming = repository.recent(base).naming(name)
    copies = tuple(one.id for one in naming if any(one.is_copy_of(mine) for mine in own))
    held = tuple(dict.fromkeys((*holding.commits, *copies)))
    if held and len(held) >= holding.of:
        return replace(is_open, state="merged", why=_how_it_is_held(ground, replace(holding, by="each")))
    later = [one for one in naming if one.id not in held and one.moment > own[0].moment]
    if later:
        return _outcome_of_names(ground, name, later)
    return replace(is_open, why=_part(ground, held, holding.of), half=True) if held else is_open


def _is_on_base(ground: Ground, commit: str) -> bool:
    """It is not where the base was set back since."""
    repository, base = ground.repository, ground.base.commit
    return commit in repository.recent(base).by_id or (repository.has(commit) and repository.is_ancestor(commit, base))


def _how_it_is_held(ground: Ground, holding: Holding) -> str:
    if holding.by == "each":
        return f"{ground.base.branch} holds a copy of each of its commits (as after a rebase)"
    return f"{ground.base.branch} holds all that it changes (as after a squash merge)"


def _part(ground: Ground, held: Iterable[str], of: int) -> str:
    commits = [one[:12] for one in held]
    return f"in part: {len(commits)} of {pluralize(of, 'commit')} is on {ground.base.branch} ({', '.join(commits[:5])})"


def _outcome_within_base(ground: Ground, name: str, tip: str) -> Outcome:
    """Of a tip that the base holds: merged with commits of its own, or a branch that has none."""
    repository, base = ground.repository, ground.base
    recent = repository.recent(base.commit)
    merge = recent.merge_of(tip)
    why = f"{base.branch} holds its last commit"
    if merge and merge.id != tip:
        own = recent.brought_by(merge, tip)
        if own and not _are_of_others(own, name):
            return Outcome(
                "merged", why, tip, recent.start_of(own) or repository.merge_base(merge.parents[0], tip), own
            )
    else:
        own = _own_run(ground, name, tip)
        if own:
            return Outcome("merged", why, tip, next(iter(own[-1].parents), None), own)
    named = recent.naming(name)
    earlier = f" (an earlier change of this name is merged: commit {named[0].id[:12]})" if named else ""
    why = f"its branch holds nothing of its own: all of it is on {base.branch}{earlier}"
    return Outcome("empty", why, tip, tip, ())


def _own_run(ground: Ground, name: str, tip: str) -> tuple[Commit, ...]:
    """Of a tip among the base's first parents the commits of the change.

    The base may have moved on to it, or the branch may have been set back to the base: the commits that were seen ahead
    of the base, or else the last one's message, tell.
    """
    repository, base = ground.repository, ground.base
    recent = repository.recent(base.commit)
    known = {one: recent.by_id[one] for one in recent.first_parents}
    chain = _first_parents(tip, known) if tip in known else repository.first_parents(tip)
    seen = base.seen.get(ground.git.prefix + name)
    if seen and seen.tip == tip and seen.start in {parent for one in chain for parent in one.parents}:
        return (*takewhile(lambda one: one.id != seen.start, chain),)
    if seen and seen.tip not in recent.by_id and chain and _last_seen(seen) > chain[0].moment:
        return ()
    own = (*takewhile(lambda one: name in one.changes, chain),)
    return () if own and seen is None and _has_later_life(ground, name, own[0]) else own


def _has_later_life(ground: Ground, name: str, last: Commit) -> bool:
    """Whether the newest pull request of that name has commits that the base lacks, later than the last one there.

    The branch was then set back to the base since, and what the base has is of an earlier life.
    """
    head = (ground.repository.proposed(ground.git, ground.base) or {}).get(name)
    lacking = ground.repository.commits(ground.base.commit, head) if head else ()
    return bool(lacking) and lacking[0].moment > last.moment


def _outcome_of_names(ground: Ground, name: str, named: Iterable[Commit]) -> Outcome:
    """Of commits on the base that name a change, newest first, those of its last life."""
    commits = {one.id: one for one in named}
    newest = next(iter(commits.values()))
    base, recent = ground.base, ground.repository.recent(ground.base.commit)
    why = f"commit {newest.id[:12]} on {base.branch} names it"
    merge = recent.merge_of(newest.id)
    if merge and merge.id != newest.id:
        tip = recent.side_of(merge, newest.id)
        own = recent.brought_by(merge, tip)
        if not any(one.changes - {name} for one in own):
            start = recent.start_of(own) or ground.repository.merge_base(merge.parents[0], tip)
            return Outcome("merged", why, tip, start, own)
    own = _first_parents(newest.id, commits)
    return Outcome("merged", why, newest.id, next(iter(own[-1].parents), None), own)


def _first_parents(tip: str, known: Mapping[str, Commit]) -> tuple[Commit, ...]:
    """A commit and its first parents, as far as they are among those."""
    found: list[Commit] = []
    commit = tip
    while commit in known:
        found.append(known[commit])
        commit = next(iter(known[commit].parents), "")
    return tuple(found)


def _are_of_others(commits: Iterable[Commit], name: str) -> bool:
    """Whether they name changes, and not this one."""
    named = frozenset[str]().union(*(one.changes for one in commits))
    return bool(named) and name not in named


def _last_seen(seen: SeenChange) -> datetime:
    return seen.commits[0].moment if seen.commits else datetime.fromisoformat(seen.seen)
