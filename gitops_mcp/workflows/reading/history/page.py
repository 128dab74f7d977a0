"""What get_history answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from gitops_mcp.answers.base import rows_that_fit
from gitops_mcp.answers.history import HistoryRow, ObjectHistory
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import BY_KIND
from gitops_mcp.domain.names import check_cluster_name, is_subdomain, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.field_steps import field_label, labels
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.history.rows import age_of, rows_of_page
from gitops_mcp.workflows.reading.history.sights import ObjectSights
from gitops_mcp.workflows.reading.history.steps import StepPage, steps_of_object
from gitops_mcp.workflows.view import allowed_namespace, desired_here

_TOOL = "get_history"
_UNREAD = 5
"""Commits that could not be built of which it is told why."""
_PAGE = 100
_SOUGHT = 5
"""Commits that may have taken an object away, of which one has."""
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SQL_NAMED = frozenset({"Database", "DatabaseRole"})
"""Those whose SQL name will do as well."""


@dataclass(frozen=True)
class HistoryQuestion:
    cluster: str
    namespace: str | None = None
    kind: str = "Cluster"
    name: str | None = None
    """Of the object; None: the Cluster, or the only one of that kind."""
    field: str | None = None
    environment: str | None = None
    limit: int = 20
    cursor: str | None = None


def read_history(app: App, asked: HistoryQuestion) -> ObjectHistory:
    """Of one commit of the base it never changes, so it is kept, but for what is told of today."""
    check_cluster_name(asked.cluster, field="cluster_name")
    _check_kind(asked.cluster, asked.kind, asked.name)
    ground = app.ground(fetch=True)
    chosen = app.environment(ground.settings, asked.environment, reading=True)
    asked = replace(asked, namespace=allowed_namespace(chosen, asked.namespace), environment=chosen.name)
    head, after = _decode(asked, ground)
    engine_api = ApisOnce(app, ground.settings).at_engine(chosen)
    desired = desired_here(app, ground, chosen, head, engine_api)
    shallow = ground.repository.shallow_commits
    key = (
        "history",
        shallow,
        ground.reach and ground.reach.rights,
        ground.repository.root,
        *ground.urls,
        repr(chosen),
        replace(asked, cursor=None),
        head,
        after,
    )
    make = partial(_read_page, app, ground, chosen, asked, desired, engine_api, after)
    # What is made with live Applications is another as soon as they are.
    answer: ObjectHistory = make() if desired.made else app.kept.made(key, make)
    items = [one.model_copy(update={"age": age_of(one.committed)}) for one in answer.items]
    return answer.model_copy(update={"items": items, "warnings": [*base_warnings(ground), *answer.warnings]})


def _read_page(
    app: App,
    ground: Ground,
    environment: Environment,
    asked: HistoryQuestion,
    desired: Desired,
    engine_api: ApiOnce,
    after: tuple[int, str] | None,
) -> ObjectHistory:
    head = desired.commit
    identity, declared = _find_object(desired, environment, asked)
    sights = ObjectSights(app, ground, environment, engine_api, identity, head)
    sights.read(head)
    missing = _seek_gone(sights, desired, environment) if declared is None else None
    allowed_namespace(environment, sights.identity.namespace)
    label = _check_field(sights, asked.field) if asked.field else None
    page = steps_of_object(sights, field=label, limit=min(asked.limit, _PAGE), after=after)
    if missing is not None and not page.steps and page.next is None:
        raise missing
    identity = sights.identity
    rows = rows_that_fit(rows_of_page(ground, head, page, is_first=after is None))
    return ObjectHistory(
        environment=environment.name,
        namespace=identity.namespace,
        kind=identity.kind,
        name=identity.name,
        field=label,
        base=ground.base.branch,
        base_commit=head,
        declared=declared.place if declared else None,
        items=rows,
        ends=_why_it_ends(ground, page),
        cursor=_encode(asked, head, page, rows),
        warnings=[
            Notice("not-built-then", f"commit {one[:12]} is passed over, since it could not be built: {cut_text(why)}")
            for one, why in [*page.unread.items()][:_UNREAD]
        ],
    )


def _check_kind(cluster: str, kind: str, name: str | None) -> None:
    if kind not in BY_KIND:
        raise InvalidRequest(f"kind: {quote(kind)} is not a kind of CloudNativePG; {suggest(kind, BY_KIND)}")
    if kind == "Cluster" and name not in {None, cluster}:
        raise InvalidRequest(
            f"object: {quote(name or '')} is not cluster_name {cluster!r}, whose history kind=Cluster is: leave object "
            f"out, or name another kind"
        )
    if name is not None and not is_subdomain(name) and kind not in _SQL_NAMED:
        raise InvalidRequest(
            f"object: {quote(name)} is not a name of a {kind}: lower-case letters, digits, '-' and '.'"
        )


def _find_object(
    desired: Desired, environment: Environment, asked: HistoryQuestion
) -> tuple[Identity, Declaration | None]:
    """Of what is not there, its identity as far as it was asked for."""
    cluster, namespace, kind, name = asked.cluster, asked.namespace, asked.kind, asked.name
    try:
        owner = desired.cluster(cluster, namespace, environment=environment.name)
    except NotFound:
        owner = None
    space = namespace or (owner.identity.namespace if owner else None)
    if kind == "Cluster":
        return (owner.identity, owner) if owner else (Identity(kind, space, cluster), None)
    there = [one for one in desired.shown if one.identity.kind == kind and _belongs(one, cluster, space)]
    if name is None and len(there) == 1:
        name = there[0].identity.name
    if name is None:
        names = ", ".join(sorted(one.identity.name for one in there)[:20]) or "none there now"
        raise InvalidRequest(
            f"object: say which {kind} of Cluster {cluster!r}, by its metadata.name; there are: {names}"
        )
    found = [one for one in there if name in {one.identity.name, at(one.object, "spec", "name")}]
    exact = [one for one in found if one.identity.name == name] or found
    return (exact[0].identity, exact[0]) if exact else (Identity(kind, space, name), None)


def _belongs(one: Declaration, cluster: str, namespace: str | None) -> bool:
    """Whether it names the Cluster, or no Cluster at all and stands beside it."""
    owner = at(one.object, "spec", "cluster", "name")
    return one.identity.namespace in {namespace, None} and (owner is None or owner == cluster)


def _seek_gone(sights: ObjectSights, desired: Desired, environment: Environment) -> GitOpsError | None:
    """Of an object that the base does not declare, the commits that did; what to say where no history has it."""
    whom, branch = sights.identity, sights.ground.base.branch
    told = f"no commit of {branch} that names it had it either"
    try:
        for commit in _commits_naming(sights):
            if (found := sights.read(commit).declared) is not None:
                sights.identity = found.identity
                sights.read(sights.head)
                return None
    except Unavailable as error:
        told = f"whether a commit of {branch} had it could not be determined: {error}"
    sights.expect_mentions()
    try:
        desired.one(whom.kind, whom.name, whom.namespace, environment=environment.name)
    except GitOpsError as error:
        return error.with_text(f"{error}; {told}")
    return NotFound(f"{branch} declares no {whom} of that Cluster; {told}")


def _commits_naming(sights: ObjectSights) -> Iterator[str]:
    """The last commits that may have had the object: what each of them came upon, then itself."""
    repository = sights.ground.repository
    if repository.files.is_partial:
        raise Unavailable("this is a partial clone, and looking for it would download every file that it lacks")
    for row in repository.path_history.naming_text(sights.head, sights.identity.name, most=_SOUGHT):
        yield from (*row.parents, row.id)


def _check_field(sights: ObjectSights, field: str) -> str:
    """The field as commits are told by. Raises InvalidRequest where neither the object nor its kind has it."""
    declared, identity = sights.at(sights.head).declared, sights.identity
    label = field_label(declared.object, field) if declared else field
    known = list(labels(declared.object)) if declared else []
    if label in known or _is_in_schema(identity.kind, label):
        return label
    near = [one for one in known if one.count(".") <= label.count(".")]
    raise InvalidRequest(
        f"field: {quote(field)} is not a field of {identity} nor of its kind: a path such as spec.instances; "
        f"{suggest(field, near)}"
    )


def _is_in_schema(kind: str, label: str) -> bool:
    from gitops_mcp.crds import packaged_schema

    return _leads_somewhere(packaged_schema(BY_KIND[kind]).root, label)


def _leads_somewhere(node: SchemaNode | None, rest: str) -> bool:
    """Whether a schema has such a field; the keys of a map are free."""
    if node is None or not rest:
        return node is not None
    if rest.startswith("["):
        return _leads_somewhere(node.items, rest.partition("]")[2].removeprefix("."))
    for key, below in node.properties.items():
        after = rest.removeprefix(key)
        if after != rest and (not after or after[0] in ".["):
            return _leads_somewhere(below, after.removeprefix("."))
    return node.others is not None or node.open


def _why_it_ends(ground: Ground, page: StepPage) -> str | None:
    if page.next is None and page.ends_shallow and page.oldest:
        return (
            f"this clone is shallow and holds nothing before commit {page.oldest.id[:12]} ({page.oldest.committed}), "
            f"which has the object already: `git fetch --unshallow` in {ground.repository.root} brings the rest"
        )
    return None


def _encode(asked: HistoryQuestion, head: str, page: StepPage, rows: Sequence[HistoryRow]) -> str | None:
    end = page.next if len(rows) == len(page.steps) else page.steps[len(rows) - 1].end
    return cursors.encode_cursor([*_named(asked), head, *end]) if end else None


def _named(asked: HistoryQuestion) -> list[str | None]:
    return [asked.cluster, asked.namespace, asked.kind, asked.name, asked.field, asked.environment]


def _decode(asked: HistoryQuestion, ground: Ground) -> tuple[str, tuple[int, str] | None]:
    """From which commit of the base history is told, and where the page before ended."""
    repository, base = ground.repository, ground.base
    if asked.cursor is None:
        return base.commit, None
    *named, head, skip, last = cursors.decode_cursor(asked.cursor, len(_named(asked)) + 3, _TOOL)
    ids = [one for one in (head, last) if isinstance(one, str) and _ID.fullmatch(one)]
    if len(ids) < 2 or type(skip) is not int or skip < 1:
        raise cursors.unknown_cursor(_TOOL)
    if named != _named(asked):
        raise InvalidRequest(
            "cursor: it belongs to a question with other arguments: repeat those, or leave it out to start again"
        )
    known = head == base.commit or len(repository.files.existing(ids)) == len({*ids})
    if not known or not (head == base.commit or repository.is_ancestor(head, base.commit)):
        raise InvalidRequest(
            f"cursor: it goes on from commit {head[:12]}, which {base.branch} does not hold: that was set back since. "
            f"Leave it out to start again at {base.commit[:12]}"
        )
    return head, (skip, last)
