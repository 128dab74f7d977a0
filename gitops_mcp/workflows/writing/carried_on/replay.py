"""The requests of a change's commits, planned again where each commit began.

What a commit keeps as asked is a claim that anybody can write. It is believed where its plan gives exactly the tree of
that commit; every other commit is somebody's own, and is named. What a request makes anew each time (what is sealed,
moments, Secrets in the API) is taken from the commit, and so is what its line does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice, product

from gitops_mcp.adapters.git.publishing.commit import draft_commit
from gitops_mcp.adapters.secrets.notes import MadeSecret
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.impact.level import NOTHING
from gitops_mcp.domain.objects import strings_in
from gitops_mcp.domain.plans.asked import AskedRequest
from gitops_mcp.domain.plans.confirmation import require_allowed_namespace
from gitops_mcp.domain.plans.message import message_parts
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import GitOpsError, Refused, Unavailable
from gitops_mcp.workflows.api_once import ApiBefore, ApiOnce
from gitops_mcp.workflows.view import Carried, View, read_texts, view_at
from gitops_mcp.workflows.writing.carried_on.steps import Step, names_of_new_documents, net_changes
from gitops_mcp.workflows.writing.request import NotDelivered, Writing

DraftRequest = Callable[[App, AskedRequest], NotDelivered]
"""What the tools make of a request; raises InvalidRequest where they do not know it."""
Changed = Callable[[], tuple[ObjectChange, ...]]
"""What a commit did to the objects of its environments."""
TAKES_LIVE = "adopt_live"
_TRIED = 60
"""Ways to fill in what a line does not tell."""
_MOMENTS = 5
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True)
class Believed:
    """The requests of a step, which give its diff, and what they have made."""

    requests: tuple[AskedRequest, ...]
    carried: Carried
    reason: str
    as_then: Callable[[ApiOnce], ApiOnce] = lambda api: api
    """The API as it has to be for them: what was taken from live is what the commit says."""


@dataclass(frozen=True)
class Drafted:
    """Requests planned one after the other."""

    plans: tuple[Plan, ...]
    tip: str
    """A commit that holds all of it."""

    @property
    def is_unchanged(self) -> bool:
        return not any(one.files for one in self.plans)


@dataclass(frozen=True)
class Replay:
    app: App
    ground: Ground
    draft: DraftRequest
    change: str
    """Whose requests they are."""
    _apis: dict[str, ApiOnce] = field(default_factory=dict)

    def sees(self, view: View) -> Replay:
        """What a view has seen of its API is not asked again."""
        self._apis[view.environment.name] = view.api
        return self

    def asked(self, request: AskedRequest) -> NotDelivered:
        """What it means. Raises Refused where that leads back to the change."""
        return self.draft(replace(self.app, replayed=(*self.app.replayed, self.change)), request)

    def environments_of(self, steps: Iterable[Step]) -> tuple[str, ...]:
        """Those that the requests are for; any one, where none can be read."""
        found: dict[str, None] = {}
        for line in (line for step in steps for line in step.lines):
            with suppress(GitOpsError):  # told of its commit, when that is planned again
                request, _ = self.asked(AskedRequest.of_line(line)).settled(self.ground)
                if request.environment:
                    found[self.app.environment(self.ground.settings, request.environment).name] = None
        return tuple(found) or (next(iter(self.ground.settings.environments)),)

    def believed(self, steps: Sequence[Step]) -> tuple[Believed, ...]:
        """Raises Refused, naming every commit that is not what its requests give."""
        found: list[Believed] = []
        strangers: list[str] = []
        for step in steps:
            try:
                found.append(self._believe(step))
            except GitOpsError as error:
                strangers.append(f"{step}: {error}")
        if strangers:
            raise Refused(
                f"nothing was changed: of change {self.change!r} not all is what requests to this server give, so a "
                f"person has to carry it on: {'; '.join(strangers[:5])}"
                + (f"; and {len(strangers) - 5} more" if len(strangers) > 5 else "")
            )
        return tuple(found)

    def _believe(self, step: Step) -> Believed:
        repository = self.ground.repository
        if not step.lines:
            raise Refused("it keeps no request")
        start = repository.merge_base(self.ground.base.commit, step.parent)
        if start is None:
            raise Refused("it does not come from the base")
        then = replace(self, ground=self.app.earlier_ground(self.ground, start))
        asked = tuple(AskedRequest.of_line(line) for line in step.lines)
        carried, environment = self._carried(step), self.environments_of([step])[0]
        changed = cache(lambda: self._changed(step, then.ground))
        takes_live = any(one.tool == TAKES_LIVE for one in asked)
        why: GitOpsError = Refused("what it says was asked gives another diff there")
        for as_then in self._times(step, changed):
            for requests in _filled(asked, changed):
                try:
                    drafted = then.plan(
                        requests, step.parent, carried=carried, environment=environment, as_then=as_then
                    )
                except GitOpsError as error:
                    why = error
                    continue
                if repository.tree(drafted.tip) == repository.tree(step.commit.id):
                    said = message_parts(step.commit.message)
                    then_live = _as_after(changed()) if takes_live else (lambda api: api)
                    return Believed(requests, carried, (said and said.reason) or "", then_live)
        raise why

    def _times(self, step: Step, changed: Changed) -> Iterator[Callable[[ApiOnce], ApiOnce]]:
        """The API as it is now, before the commit was applied, as it says, and silent: a plan depends on that."""
        yield lambda api: api
        before = {one.identity: one.before for one in changed()}
        made = names_of_new_documents(net_changes(self.ground, step.parent, step.commit.id))
        yield lambda api: ApiBefore.of(api, before, made)
        yield _as_after(changed())
        down = Unavailable("the API is left out of this")
        yield lambda api: ApiOnce(api.kube, api.schemas, _down=down)

    def _changed(self, step: Step, then: Ground) -> tuple[ObjectChange, ...]:
        found: list[ObjectChange] = []
        for name in self.environments_of([step]):
            environment = self.app.environment(then.settings, name)
            before, after = (self.app.desired(then, environment.path, one) for one in (step.parent, step.commit.id))
            found += changed_objects(before, after)
        return tuple(found)

    def plan(
        self,
        requests: Iterable[AskedRequest],
        commit: str,
        *,
        carried: Carried | None = None,
        repeated: bool = False,
        environment: str,
        as_then: Callable[[ApiOnce], ApiOnce] = lambda api: api,
    ) -> Drafted:
        """Each on what the ones before it leave. `repeated`: what is so already is no fault, as in an open change.

        `environment`: where those are planned that follow from the change alone and name none.
        """
        tip, plans = commit, []
        for asked in requests:
            request, writing = self.asked(asked).settled(self.ground)
            where = self.app.environment(self.ground.settings, request.environment or environment)
            proposed = repeated or tip != self.ground.base.commit
            known = self._apis.get(where.name)
            view = view_at(self.app, self.ground, where, tip, proposed=proposed, api=known)
            self.sees(view)
            plan = _planned(writing, replace(view, api=as_then(view.api)), carried)
            plans.append(require_allowed_namespace(plan, namespaces=where.namespaces, cut=where.cut))
            if plan.files:
                tip = draft_commit(self.ground.repository, self.ground.git, tip, plan.contents)
        return Drafted(tuple(plans), tip)

    def _carried(self, step: Step) -> Carried:
        repository = self.ground.repository
        paths = repository.changed_files(step.parent, step.commit.id)
        old, new = (read_texts(self.ground, one, paths) for one in (step.parent, step.commit.id))
        made = (MadeSecret.of(one.trailers) for one in step.near)
        secrets = frozenset((one.namespace, one.name) for one in made if one)
        new_moments = (
            one for path, text in new.items() for one in _MOMENT.findall(text) if one not in old.get(path, "")
        )
        moments = map(parse_time, [*dict.fromkeys(new_moments), step.commit.authored])
        return Carried(tuple(new.values()), tuple(one for one in moments if one is not None), secrets)


def _as_after(changed: Iterable[ObjectChange]) -> Callable[[ApiOnce], ApiOnce]:
    """The API in which the objects of a commit are live as it says them."""
    after = {one.identity: one.after for one in changed}
    return lambda api: ApiBefore.of(api, after, ())


def _filled(asked: tuple[AskedRequest, ...], changed: Changed) -> Iterator[tuple[AskedRequest, ...]]:
    """The requests, with texts of the commit for what their lines do not tell."""
    count = sum(one.left_out for one in asked)
    if not count:
        yield asked
        return
    texts = dict.fromkeys(text for one in changed() for text in strings_in(one.after))
    for values in islice(product(texts, repeat=count), _TRIED):
        rest = list(values)
        made = []
        for one in asked:
            made.append(one.filled(tuple(rest[: one.left_out])))
            del rest[: one.left_out]
        yield tuple(made)


def joined_plan(subject: str, plans: Sequence[Plan], files: tuple[FileChange, ...]) -> Plan:
    """Several plans as one, with what they do in the end."""
    impact = NOTHING
    for one in plans:
        impact = impact.joined(one.impact)
    return Plan(
        subject,
        plans[0].target,
        files,
        impact,
        tuple(dict.fromkeys(notice for one in plans for notice in one.warnings)),
        "; ".join(one.destroys for one in plans if one.destroys and one.files) or None,
        "; ".join(one.stops for one in plans if one.stops and one.files) or None,
        body=tuple(text for one in plans for text in one.body),
        next=tuple(dict.fromkeys(text for one in plans for text in one.next)),
        validated_by=plans[0].validated_by,
        writes=tuple(write for one in plans for write in one.writes),
        caution="; ".join(filter(None, (one.caution for one in plans))),
    )


def subjects_of(plans: Iterable[Plan]) -> str:
    return "; ".join(one.subject for one in plans if one.files)


def _planned(writing: Writing, view: View, carried: Carried | None) -> Plan:
    """With the moment that the earlier commit took for now, where it wrote that down."""
    if carried is None:
        return writing.plan(view)
    said = {line.strip() for text in carried.texts for line in text.splitlines()}
    plans = []
    for moment in carried.moments[:_MOMENTS] or (view.now,):
        plan = writing.plan(replace(view, carried=replace(carried, moments=(moment,))))
        if all(line.strip() in said for one in plan.files for line in _added_lines(one)):
            return plan
        plans.append(plan)
    return plans[0]


def _added_lines(one: FileChange) -> set[str]:
    return {*(one.after or "").splitlines()} - {*(one.before or "").splitlines()}
