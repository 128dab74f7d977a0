"""What governs the files of a change: an engine object that does not apply them, or that follows another branch.

A file that nothing applies is no place for an edit, however right it looks. What follows another branch or a tag is
applied one day, so an edit there is made, and nobody may overlook that it waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.applier_notes import off_base_notice
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.repository.roots.environment_roots import EnvironmentRoots
from gitops_mcp.errors import Refused


def check_governed(before: Desired, after: Desired, files: Iterable[FileChange]) -> tuple[Notice, ...]:
    """What to tell first of files that wait for a branch or tag. Raises Refused where nothing applies one of them."""
    notices: dict[Notice, None] = {}
    for change in files:
        known = [one.roots for one in (after, before) if isinstance(one.roots, EnvironmentRoots)]
        takers = next((found for roots in known if (found := roots.appliers(change.path))), [])
        if known and not takers:
            _check_taken(known, before, change)
        if takers and all(one.opaque for one in takers):
            by = takers[0]
            raise Refused(
                f"nothing was changed: what happens to {change.path} is not known, since {by} applies it: {by.opaque}"
            )
        notices |= dict.fromkeys(_later_notices(takers))
    return tuple(notices)


def unchanged_off_base(desired: Desired, plan: Plan) -> Plan:
    """What Git says already may not be what is applied."""
    by = next((one.applied for one in desired.declarations if one.identity == plan.target), None)
    if by is None or not by.is_off_base or not plan.unchanged:
        return plan
    notice = off_base_notice(by)
    return replace(plan, unchanged=f"{plan.unchanged}. Mind: {notice.message}", warnings=(notice, *plan.warnings))


def _check_taken(known: list[EnvironmentRoots], before: Desired, change: FileChange) -> None:
    path = change.path
    if any(roots.is_taken(path) for roots in known):
        return
    if (governor := known[0].governor_of(path)) is not None:
        raise Refused(
            f"nothing was changed: {path} is for {governor} to apply, which does not: {governor.excluded}. What is "
            f"written there has no effect until that is mended"
        )
    if change.before is None and (unknown := known[0].not_understood):
        raise Refused(
            f"nothing was changed: whether anything would apply {path} cannot be determined, since {unknown[0]} is not "
            f"understood: {unknown[0].excluded}"
        )
    standing = [one for one in before.engines if one.place.path == path]
    if standing:
        raise Refused(
            f"nothing was changed: the edit belongs into the manifest of {standing[0]}, and nothing in this repository "
            f"applies that file, so it would change nothing that runs. Have the file applied first (listed by a "
            f"kustomization, or in a folder that an engine object applies), or change it by hand and apply it"
        )


def _later_notices(takers: list[EngineObject]) -> Iterator[Notice]:
    behind = [one for one in takers if one.is_off_base]
    for one in behind:
        if len(behind) == len(takers):
            yield off_base_notice(one)
        else:
            text = f"{one} gets this too once what it follows moves to a commit with it: {one.excluded}"
            yield Notice("follows-later", text)
