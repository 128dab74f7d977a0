"""The body of a pull request, from which a reviewer decides in a minute; that of the change as a whole.

What decides comes first: what is lost, what and why, fields before and after. It is written shorter until it fits, and
what is cut is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.live.engine_states.promotion import Promotion
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.review_text.field_rows import field_rows
from gitops_mcp.domain.review_text.losses import fate_of, undo_lines
from gitops_mcp.domain.review_text.other_files import file_lines
from gitops_mcp.domain.review_text.outside_text import cell_code, code, prose
from gitops_mcp.domain.review_text.picture import pictures
from gitops_mcp.domain.review_text.proposal import ForgeName, Proposal, ProposedCommit, ProposedPart

HEADLINES = {
    Level.NONE: ("NOTE", "No restart, no outage, no loss of data"),
    Level.RELOAD: ("NOTE", "Reload: PostgreSQL reads its configuration again, and no connection breaks"),
    Level.ROLLING_RESTART: ("IMPORTANT", "Rolling restart: pods restart one by one, and connections break on the way"),
    Level.OUTAGE: ("WARNING", "Outage: something that works now will stop, for a while or for good"),
    Level.DATA_LOSS: ("CAUTION", "Loss of data: what goes does not come back by undoing this in Git"),
}
UNCHECKED = {
    "not-validated", "schema-unavailable", "live-unavailable", "fields-unreadable", "unreadable", "forbidden",
    "not-installed", "catalog-not-checked", "namespace-unknown", "secret-unseen", "not-decrypted", "engine-unreadable",
    "environment-unreadable", "unknown-source", "unknown-chart", "passed-over", "base-not-fetched", "no-cel",
    "engine-source-unreadable", "secret-conditions-unread",
}  # fmt: skip
"""Ids of what was not looked at, or only in part."""
_LOCAL = re.compile(r"(?<![\w:./-])/(?:home|Users|root|private|tmp|var|dev|etc|opt|run|srv|mnt|usr)/[^\s,;:)]*")
"""A path of the machine that asked, which is nobody else's business."""
_REQUESTS = {"GitHub": "pull request", "GitLab": "merge request", "Gitea": "pull request"}


@dataclass(frozen=True)
class Bounds:
    rows: int
    """Of the table, and of each list."""
    has_picture: bool = True


_EVER_SHORTER = (Bounds(60), Bounds(25), Bounds(12), Bounds(12, has_picture=False), Bounds(4, has_picture=False))


def body_text(
    proposal: Proposal,
    forge: ForgeName,
    *,
    limit: int,
    size: Callable[[str], int] = len,
    warnings: Sequence[Notice] = (),
) -> str:
    """Our part of the body within `limit`, as `size` counts; `warnings` are those of the request as a whole."""
    return shortened_to_fit(lambda bounds: _blocks(proposal, forge, bounds, warnings), limit=limit, size=size)


def shortened_to_fit(blocks: Callable[[Bounds], Iterator[str]], *, limit: int, size: Callable[[str], int] = len) -> str:
    """A text of these blocks, written shorter until it fits."""
    text = ""
    for bounds in _EVER_SHORTER:
        text = "\n\n".join(block for block in blocks(bounds) if block)
        if size(text) <= limit:
            return text
    kept = text.encode()[: max(limit - 200, 0)].decode(errors="ignore").rpartition("\n")[0]
    return f"{kept}\n\n(cut: there is no room for more)" if limit > 200 else ""


def _blocks(proposal: Proposal, forge: ForgeName, bounds: Bounds, warnings: Sequence[Notice]) -> Iterator[str]:
    yield _headline(proposal, forge, bounds)
    yield from section("What and why", *_what_and_why(proposal, bounds))
    yield from section("What changes", table_of(proposal, bounds), files_of(proposal, bounds))
    yield from judgement_blocks(proposal, bounds, warnings)
    yield from section("Where and in what steps", _steps(proposal, forge))
    yield from section("How to undo it", bullets(_undoing(proposal, forge), bounds))
    yield (
        f"<sub>Written by gitops-mcp for change {code(proposal.change)}, and written anew after each of its commits: "
        f"words of yours stay where they stand outside of this part.</sub>"
    )


def judgement_blocks(proposal: Proposal, bounds: Bounds, warnings: Sequence[Notice]) -> Iterator[str]:
    """What comes of a change, whoever made it."""
    if bounds.has_picture:
        drawn = (one for part in proposal.parts for one in pictures(part.before, part.after, part.clusters[:3]))
        yield from (f"```mermaid\n{one}\n```" for one in drawn)
    yield from section("What is destroyed, what stays", *fates_of(proposal, bounds))
    noticed = (*warnings, *(one for part in proposal.parts for one in part.notices))
    told = list(dict.fromkeys(replace(one, message=_LOCAL.sub("a local file", one.message)) for one in noticed))
    mind = [one for one in told if one.id not in UNCHECKED]
    yield from section("Warnings", bullets((f"{prose(one.message)} ({one.id})" for one in mind), bounds))
    yield from section("Checks", bullets(checks_of(proposal, told), bounds))


def section(title: str, *blocks: str) -> list[str]:
    return [f"### {title}", *blocks] if any(blocks) else []


def bullets(lines: Iterable[str], bounds: Bounds) -> str:
    listed = list(dict.fromkeys(lines))
    more = len(listed) - bounds.rows
    return "\n".join([*(f"- {line}" for line in listed[: bounds.rows]), *([f"- and {more} more"] if more > 0 else [])])


def _headline(proposal: Proposal, forge: ForgeName, bounds: Bounds) -> str:
    impact = proposal.impact
    kind, words = HEADLINES[impact.level]
    if not proposal.objects:
        words = "No object of CloudNativePG changes, as far as this repository tells"
    faults = [prose(one.message) for part in proposal.parts for one in part.faults]
    if faults:
        kind, words = "CAUTION", "The API will not accept this"
    told = bullets([*faults, *reasons_of(proposal)], bounds)
    return alert(kind, words, told, forge)


def alert(kind: str, words: str, told: str, forge: ForgeName) -> str:
    # GitLab before 17.10 shows the mark of an alert as text.
    head = f"**{kind.title()}: {words}.**" if forge == "GitLab" else f"[!{kind}]\n**{words}.**"
    return "\n".join(f"> {line}".rstrip() for line in f"{head}\n\n{told}".rstrip().split("\n"))


def reasons_of(proposal: Proposal) -> Iterator[str]:
    """What the impact comes of; with its object where there are several."""
    several = len(proposal.objects) > 1
    for part in proposal.parts:
        whose: dict[str, list[str]] = {}
        for one in part.objects if several else ():
            for reason in assess_impact(one.before, one.after, engine=part.engine_of(one.identity)).reasons:
                whose.setdefault(reason, []).append(code(str(one.identity)))
        for reason in dict.fromkeys((*part.impact.reasons, *whose)):
            named = whose.get(reason, [])
            more = f" and {len(named) - 3} more" if len(named) > 3 else ""
            yield f"{', '.join(named[:3])}{more}: {prose(reason)}" if named else prose(reason)


def _what_and_why(proposal: Proposal, bounds: Bounds) -> Iterator[str]:
    shown = proposal.commits[-bounds.rows :]
    if len(proposal.commits) > len(shown):
        yield f"{pluralize(len(proposal.commits) - len(shown), 'earlier commit')}, and:"
    for one in shown:
        yield "\n".join(_commit_lines(one, alone=len(proposal.commits) == 1))


def _commit_lines(one: ProposedCommit, *, alone: bool) -> Iterator[str]:
    told = {"by": one.author, "asked for by": one.person}
    who = ", ".join(f"{how} {prose(name, most=100)}" for how, name in told.items() if name)
    by = f" ({who})" if who else ""
    yield f"**{prose(one.subject, most=200)}**{by}" if alone else f"- **{prose(one.subject, most=200)}**{by}"
    indent = "" if alone else "  "
    if alone and one.words:
        yield ""
    yield from (f"{indent}> {code(words, most=1000)}  " for words in one.words[:8])


def table_of(proposal: Proposal, bounds: Bounds) -> str:
    several = len(proposal.parts) > 1
    rows = [row for part in proposal.parts for row in _part_rows(part, several=several)]
    if not rows:
        return ""
    more = len(rows) - bounds.rows
    rest = [f"\n({more} more rows; the diff has them all)"] if more > 0 else []
    head = ["| object | field | before | after |", "|---|---|---|---|"]
    return "\n".join([*head, *rows[: bounds.rows], *rest])


def _part_rows(part: ProposedPart, *, several: bool) -> Iterator[str]:
    where = f" in {cell_code(part.environment)}" if several else ""
    for one in part.objects:
        whom = f"{cell_code(str(one.identity))}{where}"
        if one.after is None:
            yield f"| {whom} | all of it | declared | **removed** |"
            continue
        if one.before is None:
            whom = f"{whom} **new**"
        for row in field_rows(one):
            old, new = ("—" if text is None else cell_code(text) for text in (row.before, row.after))
            yield f"| {whom} | {cell_code(row.field)} | {old} | {new} |"


def files_of(proposal: Proposal, bounds: Bounds) -> str:
    return bullets(file_lines(proposal.files, every=not proposal.objects), bounds)


def fates_of(proposal: Proposal, bounds: Bounds) -> Iterator[str]:
    fates = [fate_of(part, one) for part in proposal.parts for one in part.objects]
    for title, lines in (
        ("Destroyed when this is applied:", [line for one in fates for line in one.destroyed]),
        ("Stays:", [line for one in fates for line in one.stays]),
    ):
        if lines:
            yield f"{title}\n{bullets(lines, bounds)}"
    if fates and not any(one.destroyed for one in fates):
        yield "Nothing is destroyed: no data is lost, and no object goes."


def checks_of(proposal: Proposal, told: Sequence[Notice]) -> Iterator[str]:
    for part in proposal.parts:
        where = f" in {code(part.environment)}" if len(proposal.parts) > 1 else ""
        by = f"; operator: {prose(part.operator)}" if part.operator else ""
        if part.faults:
            yield f"not accepted{where}: see above"
        elif part.validated_by:
            yield f"passed{where}: {prose(', '.join(part.validated_by))}{by}"
        else:
            yield f"nothing was validated{where}"
    for one in told:
        if one.id in UNCHECKED:
            # What and why; a third part says to whoever runs the server what would help.
            yield f"could not be checked: {prose(': '.join(one.message.split(': ')[:2]))}"


def _steps(proposal: Proposal, forge: ForgeName) -> str:
    steps = [f"Merge this {_REQUESTS[forge]} into {code(proposal.base)}. Before that nothing changes."]
    for part in proposal.parts:
        namespaces = ", ".join(code(one) for one in part.namespaces[:5])
        steps += [f"Environment {code(part.environment)}, namespace {namespaces}: {how}" for how in _appliers(part)]
    steps.append(f"The tool get_change with {code(f'change={proposal.change}')} says when it is applied and healthy.")
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _appliers(part: ProposedPart) -> Iterator[str]:
    for by in dict.fromkeys(part.applier_of(one.identity) for one in part.objects):
        if by is None:
            yield "nothing in this repository says what applies it."
            continue
        when = "by itself" if by.automatic else "only when a person starts a sync"
        when = "once somebody resumes it: it is suspended" if by.suspended else when
        more = (
            "; what is removed from Git it deletes" if by.prunes and any(not one.after for one in part.objects) else ""
        )
        where = f" to {code(by.destination)}" if by.destination else ""
        yield f"{prose(by.name)} applies it{where} {when}{_promoted(by.promotion)}{more}."


def _promoted(promotion: Promotion | None) -> str:
    """What has to happen between the merge and that."""
    if promotion is None:
        return ""
    if promotion.staged:
        return f", once it is rendered into {code(promotion.staged)} and that is merged into {code(promotion.into)}"
    return f", once it is promoted into {code(promotion.into)} in Kargo (stage {code(promotion.stage or '')})"


def _undoing(proposal: Proposal, forge: ForgeName) -> Iterator[str]:
    yield f"before the merge: close this {_REQUESTS[forge]} (or discard_change); nothing was applied"
    for part in proposal.parts:
        yield from (f"after it: {line}" for line in undo_lines(part))
