"""The last commit that changed an object, kept from call to call."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace

from gitops_mcp.answers.history import HistoryRow
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.repository.contributing_files import contributing_files
from gitops_mcp.domain.repository.desired import Declaration, folders_above
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.reading.history.rows import age_of, rows_of_page
from gitops_mcp.workflows.reading.history.sights import ObjectSights
from gitops_mcp.workflows.reading.history.steps import steps_of_object


@dataclass(frozen=True)
class _Last:
    """The last commit that had changed an object when the base stood at `head`, and what the object was built from."""

    head: str
    row: HistoryRow | None
    paths: frozenset[str]


def last_change(
    app: App, ground: Ground, environment: Environment, declared: Declaration, engine_api: ApiOnce
) -> HistoryRow | None:
    """The last commit that changed an object which the base declares; None: not among those that were looked at.

    It is kept. Of a base that has moved on since, only the files that differ are looked at, as long as it is built
    from none of them.
    """
    base = ground.base.commit
    shallow = ground.repository.shallow_commits
    where = (ground.repository.root, environment.name, environment.path, declared.identity)
    key = ("last change", shallow, ground.reach and ground.reach.rights, *where)
    known: _Last | None = app.kept.get(key)
    if known is None or not _still_holds(app, ground, environment, declared, known):
        sights = ObjectSights(app, ground, environment, engine_api, declared.identity, base)
        sights.read(base)
        page = steps_of_object(sights, field=None, limit=1)
        row = next(iter(rows_of_page(ground, base, page, is_first=True)), None)
        known = _Last(base, row, frozenset(sights.paths))
    app.kept.put(key, replace(known, head=base))
    return known.row and known.row.model_copy(update={"age": age_of(known.row.committed)})


def _still_holds(app: App, ground: Ground, environment: Environment, declared: Declaration, known: _Last) -> bool:
    """Whether it is built of the same files as then, and nothing came to the base since that touches them."""
    repository, base = ground.repository, ground.base.commit
    if known.head == base:
        return True
    if not repository.files.existing((known.head,)) or not repository.is_ancestor(known.head, base):
        return False
    differing = repository.changed_files(known.head, base)
    touched = {above for path in differing for above in (path, *folders_above(posixpath.dirname(path), ""))}
    desired = app.desired(ground, environment.path, base)
    return touched.isdisjoint(known.paths) and contributing_files(desired, declared) <= known.paths
