"""What a change proposes, all of it against the base: the ground on which its pull request is written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.impact.level import NOTHING, Impact
from gitops_mcp.domain.live.engine_states.promotion import Promotion
from gitops_mcp.domain.live.engine_states.report import EngineState
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.message import message_parts, person_in
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange

ForgeName = Literal["GitHub", "GitLab", "Gitea"]

_SAID = re.compile(r"Applied by |\S+: \S+ -> \S+$")
"""A line of a message that the body says in its own words."""


@dataclass(frozen=True)
class ProposedCommit:
    subject: str
    words: tuple[str, ...] = ()
    """What its message says besides: the reason, and what a reviewer should know."""
    author: str | None = None
    """Who else has made it."""
    person: str | None = None
    """Who was signed in and asked for it."""

    @classmethod
    def of_message(cls, message: str, *, author: str | None = None) -> ProposedCommit:
        """Of a message of ours, whose impact is told anew; of another one its subject."""
        parts = message_parts(message)
        if parts is None:
            return cls(message.partition("\n\n")[0], (), author)
        body = (one for one in parts.body if not _SAID.match(one))
        words = tuple(filter(None, (parts.caution, parts.reason, *body)))
        return cls(parts.subject, words, author, person_in(message))


@dataclass(frozen=True)
class Applier:
    """What applies an object, by what Git declares of it, else as it runs."""

    name: str
    automatic: bool
    prunes: bool
    suspended: bool = False
    destination: str | None = None
    promotion: Promotion | None = None


@dataclass(frozen=True)
class ProposedPart:
    """What a change does in one environment."""

    environment: str
    before: Desired
    after: Desired
    objects: tuple[ObjectChange, ...]
    impact: Impact = NOTHING
    validated_by: tuple[str, ...] = ()
    operator: str | None = None
    faults: tuple[Notice, ...] = ()
    """Why the API would not accept it."""
    notices: tuple[Notice, ...] = ()
    live_appliers: Mapping[Identity, EngineState] = field(default_factory=dict)
    """Of objects that no engine object of the repository applies."""

    @cached_property
    def declared(self) -> Mapping[Identity, Declaration]:
        """Each object as it will be declared, or as it was."""
        return {one.identity: one for state in (self.before, self.after) for one in state.declarations}

    def engine_of(self, whom: Identity) -> Engine | None:
        """Whose protections count; None: it may be either's."""
        declared = self.declared.get(whom)
        return declared.applied.engine if declared and declared.applied else None

    def applier_of(self, whom: Identity) -> Applier | None:
        if (by := self.declared[whom].applied) is not None:
            staged = Promotion.between(by.hydrates)
            return Applier(str(by), by.automatic, by.prunes, by.suspended, by.destination, staged)
        if (live := self.live_appliers.get(whom)) is not None:
            product = "Argo CD" if live.engine == "argocd" else "Flux"
            name = f"{product} {live.kind} {live.name}"
            return Applier(name, live.automatic, live.prunes, promotion=live.promotion)
        return None

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.identity.namespace or "unknown" for one in self.objects))

    @property
    def clusters(self) -> tuple[Identity, ...]:
        """Those that change, or that something which changes belongs to."""
        return tuple(dict.fromkeys(self._clusters()))

    def _clusters(self) -> Iterator[Identity]:
        for one in self.objects:
            spec = (one.after or one.before or {}).get("spec")
            named = spec.get("cluster") if isinstance(spec, dict) else None
            if one.identity.kind == "Cluster":
                yield one.identity
            elif isinstance(named, dict) and isinstance(named.get("name"), str):
                yield Identity("Cluster", one.identity.namespace, named["name"])


@dataclass(frozen=True)
class Proposal:
    change: str
    branch: str
    base: str
    commits: tuple[ProposedCommit, ...]
    """Oldest first."""
    parts: tuple[ProposedPart, ...]
    """Of the environments in which something changes."""
    files: tuple[FileChange, ...]

    @cached_property
    def digest(self) -> str:
        """The same as long as the change comes to the same."""
        told = "\0".join(f"{one.path}\0{one.before}\0{one.after}" for one in self.files)
        return hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()[:12]

    @property
    def impact(self) -> Impact:
        found = NOTHING
        for part in self.parts:
            found = found.joined(part.impact)
        return found

    @property
    def objects(self) -> tuple[ObjectChange, ...]:
        return tuple(one for part in self.parts for one in part.objects)
