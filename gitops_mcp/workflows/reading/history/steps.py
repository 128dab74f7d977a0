"""The commits that changed an object as it is built, newest first, each by whatever file it did that.

Git names the commits that touch what the object is built from; what each of them says of the object, beside what its
parents say, tells whether it counts. So one that edits a comment does not, and a merge only where it says what none of
its parents says. Once a page is found, what else its commits did is looked through for engine objects and
kustomizations that may have made the object for a while; where there are some, the page is made anew with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.domain.engines.declared import may_be_engine
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.repository.contributing_files import may_build
from gitops_mcp.domain.repository.field_steps import FieldStep, field_steps, steps_of_field
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.workflows.reading.history.sights import ObjectSights, Sight

_MORE = 5
"""Commits that are asked for beyond a page: some do not count."""
_READS = 60
"""Commits that are read whole for one page."""
_ROUNDS = 6
_EACH = 1000
"""The last commits of which what each did is looked at for files that made the object for a while."""
_MANIFESTS = (".yaml", ".yml", ".json", "Kustomization")

Action = Literal["created", "changed", "moved", "deleted"]


@dataclass(frozen=True)
class ObjectStep:
    """What one commit made of the object."""

    commit: Commit
    action: Action
    fields: tuple[FieldStep, ...]
    place: str | None
    """Where the object stands once it is made."""
    before: str | None = None
    """Where it stood, where that is another file."""
    end: tuple[int, str] = (0, "")
    """How many commits were looked at by then, and the last of them: what comes before is told after it."""


@dataclass
class StepPage:
    steps: list[ObjectStep] = field(default_factory=list)
    next: tuple[int, str] | None = None
    """Where it goes on; None: there are no more commits."""
    oldest: Commit | None = None
    """Of the commits that were looked at."""
    merges: list[Commit] = field(default_factory=list)
    """Those among the commits that were looked at."""
    ends_shallow: bool = False
    """This clone does not hold what came before."""
    unread: dict[str, str] = field(default_factory=dict)
    """By commit why it could not be told what it makes of the object: it is passed over."""


def steps_of_object(
    sights: ObjectSights, *, field: str | None, limit: int, after: tuple[int, str] | None = None
) -> StepPage:
    """`after`: where the page before ended. Of an object that no commit has built, those that changed its files."""
    page = _page_with_makers(sights, field, limit, after, built=True)
    if page.steps or page.next:
        return page
    return _page_with_makers(sights, field, limit, after, built=False)


def _page_with_makers(
    sights: ObjectSights, field: str | None, limit: int, after: tuple[int, str] | None, *, built: bool
) -> StepPage:
    page = StepPage()
    for _ in range(_ROUNDS):
        known = frozenset(sights.paths)
        page = _page(sights, field, limit, after, built=built)
        if sights.paths <= known:
            _expect_makers(sights, page)
        if sights.paths <= known:
            break
    return page


def _page(
    sights: ObjectSights, asked: str | None, limit: int, after: tuple[int, str] | None, *, built: bool
) -> StepPage:
    """As far as the files go that are known to have a part; where more are found, it is to be made anew."""
    page, shallow, known = StepPage(), sights.ground.repository.shallow_commits, frozenset(sights.paths)
    skip, tip = _start(sights, after)
    mended: tuple[Commit, Sight] | None = None
    while True:
        rows = sights.ground.repository.path_history.touching_files(tip, known, skip=skip, most=limit + _MORE)
        for row in rows:
            skip, page.oldest, reads = skip + 1, row, sights.reads
            page.merges += [row] if len(row.parents) > 1 else []
            now, *before = (sights.at(one) for one in (row.id, *row.parents))
            now, before = (now.as_built, [one.as_built for one in before]) if built else (now, before)
            page.unread |= {row.id: now.unread} if now.unread else {}
            if before and before[0].unread and not now.unread:
                mended = (row, now)
            whose, seen = mended if mended and now.unread else (row, now)
            if row.id in shallow:
                page.ends_shallow |= now.declared is not None
            elif not (seen.unread or any(one.unread for one in before)):
                found = _steps_of(sights, whose, seen, before, asked)
                page.steps += [replace(one, end=(skip, row.id)) for one in found]
            if not sights.paths <= known:
                return page
            if len(page.steps) >= limit or (sights.reads > max(reads, _READS)):
                page.next = (skip, row.id)
                return page
        if len(rows) < limit + _MORE:
            return page


def _start(sights: ObjectSights, after: tuple[int, str] | None) -> tuple[int, str]:
    """How many commits to pass over, and from which one on: from the last one, where other files count by now."""
    if after is None:
        return 0, sights.head
    skip, last = after
    there = sights.ground.repository.path_history.touching_files(sights.head, sights.paths, skip=skip - 1, most=1)
    return (skip, sights.head) if there and there[0].id == last else (1, last)


def _steps_of(
    sights: ObjectSights, row: Commit, now: Sight, before: list[Sight], asked: str | None
) -> Iterator[ObjectStep]:
    """One or none."""
    olds = [one.object for one in before] or [None]
    if any(is_same(now.object, one) for one in olds):
        there = _place_before(now, before) if len(before) == 1 and asked is None and now.declared else None
        if there:
            yield ObjectStep(row, "moved", (), _place(now), there)
        return
    action: Action = "deleted" if now.object is None else "changed" if any(olds) else "created"
    fields = _fields(now.object, olds, asked)
    if not fields or (len(before) > 1 and sights.ground.repository.path_history.is_merged_as_is(row, sights.paths)):
        return
    told = fields if action == "changed" or asked else ()
    yield ObjectStep(row, action, told, _place(now), _place_before(now, before))


def _fields(now: Object | None, olds: list[Object | None], asked: str | None) -> tuple[FieldStep, ...]:
    """What differs from the first parent, and from every other one as well."""
    found = [{one.label: one for one in _steps(old, now, asked)} for old in olds]
    return tuple(one for label, one in found[0].items() if all(label in other for other in found[1:]))


def _steps(before: Object | None, now: Object | None, asked: str | None) -> tuple[FieldStep, ...]:
    return field_steps(before, now) if asked is None else steps_of_field(before, now, asked)


def _place(sight: Sight) -> str | None:
    return sight.declared.place if sight.declared else None


def _place_before(now: Sight, before: list[Sight]) -> str | None:
    """Where it stood, where that is another file or folder, or nowhere now."""
    was = next((one.declared for one in before if one.declared), None)
    return was.place if was and (now.declared is None or was.path != now.declared.path) else None


def _expect_makers(sights: ObjectSights, page: StepPage) -> None:
    """Files that no longer make the object and may have, in what the page covers: they are looked at from then on."""
    if page.oldest is None:
        return
    end = next(iter(page.oldest.parents), page.oldest.id)
    history, read = sights.ground.repository.path_history, sights.at(sights.head).desired.texts
    structure = {path for path, text in read.items() if may_be_engine(text)}
    touches = [
        one
        for one in history.touched_between(end, sights.head, each=_EACH)
        if one.path not in sights.paths and one.path.endswith(_MANIFESTS)
        if one.before is None or one.after is None or one.path in structure or is_kustomization(one.path)
    ]
    data = sights.small_blobs({blob for one in touches for blob in (one.before, one.after) if blob})
    places = sights.places
    for one in touches:
        texts = [data[blob].decode(errors="replace") for blob in (one.before, one.after) if blob in data]
        if any(name in text for name in sights.names for text in texts) or any(
            may_build(one.path, text, places) for text in texts
        ):
            sights.expect(frozenset({one.path}))
