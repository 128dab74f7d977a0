"""What a commit produces in an environment, as nouns: objects with where they stand, and what is passed over.

`build_desired` in `repository/build.py` makes them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from gitops_mcp.domain.engines.applies import EngineObject, MadeObject
from gitops_mcp.domain.kustomize import FileTree, Produced, join_path
from gitops_mcp.domain.names import ClusterRef, UnplacedCluster, fault_in_file
from gitops_mcp.domain.objects import Identity, Object, Path, at
from gitops_mcp.domain.repository import missing_object
from gitops_mcp.errors import InvalidRequest, Unavailable

if TYPE_CHECKING:
    from gitops_mcp.domain.engines.charts.values import Release
    from gitops_mcp.domain.engines.substitution import SubstitutedString

_DEPENDENT = frozenset(
    {"Database", "DatabaseRole", "Pooler", "ScheduledBackup", "Backup", "Publication", "Subscription"}
)


@dataclass(frozen=True)
class Origin:
    """Where a state was read, in the words of the sentences that say so."""

    name: str
    verb: str
    document: str
    """What holds an object there."""
    manifest: str
    """What an object is there."""
    removes: str
    """What the list of what a removal takes begins with."""
    applied: str
    """What has to become of a change before it acts."""
    deletes: str
    """How a removal begins: `Once merged, an engine that prunes deletes`."""
    unread: str
    """How an object is that is not there."""
    once: str
    """How begins what follows from a change that waits: `Once `. Empty where a change acts at once."""
    in_files: bool
    """An object stands at a line of a file."""

    @property
    def declares(self) -> str:
        return f"{self.name} {self.verb}"

    def then(self, when: str, text: str, *, at_once: str = "") -> str:
        """What follows from a change: `Once applied, the operator ...`, or `The operator ...`."""
        if self.once:
            return f"{self.once}{when}, {text}"
        text = at_once + text
        return text if "_" in text.partition(" ")[0] else text[:1].upper() + text[1:]

    def while_waiting(self, text: str) -> str:
        """A clause that holds only where a change waits before it acts."""
        return text if self.once else ""


GIT = Origin(
    "Git",
    "declares",
    "document",
    "manifest",
    "Removes the documents of:",
    "merged and applied",
    "Once merged, an engine that prunes deletes",
    "is not in Git",
    once="Once ",
    in_files=True,
)
API = Origin(
    "the API", "has", "object", "object", "Deletes:", "applied", "This deletes", "was not read", once="", in_files=False
)


@dataclass(frozen=True)
class Declaration:
    """One document, or one item of a `kind: List`, that declares a CNPG object."""

    identity: Identity
    """With the effective namespace; None where nothing in the repository says it."""
    path: str
    document: int
    base: Path
    """Where the object stands in its document: `()`, or `("items", 2)`."""
    line: int
    """0 where the path says all: a live object stands in no file."""
    object: Object
    """As it is applied: rendered, variables filled in."""
    namespace_from: Literal["document", "kustomization", "engine", "unknown"]
    root: str | None = None
    """The folder that is built, "" for that of the repository; None for a file that is taken as it is."""
    produced: Produced | None = None
    """What the build made, before variables are filled in. The base document is its first layer."""
    applied: EngineObject | None = None
    """The engine object that applies it; None where the repository declares none."""
    substituted: Mapping[Path, SubstitutedString] = field(default_factory=dict)
    """The strings of `produced.object` that name variables."""
    release: Release | None = None
    """The use of a chart that makes it; `path` and `base` are then those of the engine object."""
    database: str | None = None
    """Of a Database that a chart makes: its SQL name, by which the values know it."""
    made: MadeObject | None = None
    """The template of the engine object that makes it, and its inputs."""
    shared: tuple[str, ...] = ()
    """Other live objects that the same document makes, in words."""
    number: int | None = None
    """That of the live object, where several roots make it."""
    encrypted: str | None = None
    """Why the document cannot be edited, only removed with its file."""
    opaque: str | None = None
    """Why what is said of it may be wrong, so that nothing is edited."""
    hands: str = field(default="", compare=False)
    """Who has written a live object, and when: `by gitops-mcp at 2026-11-30T02:12:11Z`."""
    going: str = field(default="", compare=False)
    """Since when a live object is in deletion, and by what it is held."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path

    @property
    def is_rendered(self) -> bool:
        """What stands at its place is no manifest of it, but what makes it."""
        return self.release is not None or self.made is not None

    @property
    def written(self) -> str:
        """By whose hand, to be added to where it stands; Git says that itself."""
        return f", written {self.hands}" if self.hands else ""

    def check_stays(self) -> None:
        """Raises where it goes by itself, so that its name is neither free nor to be written to."""
        if self.going:
            raise Unavailable(f"{self.place} is in deletion {self.going}: wait until it is gone, then repeat this")

    @property
    def title(self) -> str:
        """With where it stands: `Cluster shop/orders, a.yaml:4`, or `the live Cluster shop/orders`."""
        return f"{self.identity}, {self.place}" if self.line else self.place

    @property
    def label(self) -> str:
        """With what applies it, or where it is built: `Cluster shop/orders (Flux Kustomization ...)`."""
        built = self.path if self.root is None else self.root or "the root folder"
        template = f"{self.release.template} of " if self.release and self.release.template else ""
        return f"{self.identity} ({template}{self.applied or built})"


@dataclass(frozen=True)
class KustomizationFile:
    path: str
    folder: str
    object: Object

    @property
    def namespace(self) -> str | None:
        found = at(self.object, "namespace")
        return found if isinstance(found, str) and found else None

    @property
    def resources(self) -> tuple[str, ...]:
        listed = at(self.object, "resources")
        return tuple(entry for entry in listed if isinstance(entry, str)) if isinstance(listed, list) else ()

    def reaches(self, path: str) -> bool:
        """Whether `resources` names this file or folder, both from the root of the repository."""
        return any(join_path(self.folder, entry) == path for entry in self.resources)


@dataclass(frozen=True)
class SkippedFile:
    path: str
    reason: str

    def __str__(self) -> str:
        return fault_in_file(self.path, self.reason)


@dataclass(frozen=True)
class UnappliedDocument:
    """A document that declares an object and is not applied."""

    identity: Identity
    """As the document says it."""
    place: str
    reason: str
    is_unknown: bool = False
    """What may apply it is not understood."""

    @property
    def path(self) -> str:
        return self.place.rpartition(":")[0]

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True)
class MakerFile:
    """A file that makes objects without declaring them: a template, a program, a composition."""

    path: str
    reason: str
    mentions: str
    """The names that it may make are words of this."""
    is_open: bool = False
    """What it makes could not be told at all: any name may be its."""


@dataclass(frozen=True)
class Desired:
    """What Git says about one environment, at one commit; or what is live, where that is changed directly."""

    commit: str
    folder: str
    declarations: tuple[Declaration, ...]
    skipped: tuple[SkippedFile, ...]
    kustomizations: Mapping[str, KustomizationFile]
    """By folder."""
    texts: Mapping[str, str]
    """The files that were read, as text: UTF-8, line endings and byte order mark as stored."""
    tree: FileTree | None = None
    """The files as builds see them; None where nothing was rendered."""
    engines: tuple[EngineObject, ...] = ()
    """Every engine object of the repository, the excluded ones too."""
    made: tuple[Object, ...] = field(default=(), repr=False)
    """Live Applications that ApplicationSets of the repository have made, where they were asked for."""
    everything: tuple[Declaration, ...] = ()
    """Every object that the repository produces, in this environment or not: whom an edit may touch."""
    unreached: tuple[UnappliedDocument, ...] = ()
    """What was considered and not chosen."""
    hidden: tuple[MakerFile, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be understood, each with its file."""
    remotes: tuple[str, ...] = ()
    """URLs of this repository, by which engine objects name it."""
    revision: str = ""
    """The branch that engines apply."""
    origin: Origin = GIT
    roots: object = field(default=None, compare=False, repr=False)
    """What `build_desired` has built, for when a few files differ."""
    only: frozenset[str] | None = None
    """The namespaces that the caller may know of; None: all. What an edit may touch is proven for all of them."""

    @cached_property
    def shown(self) -> tuple[Declaration, ...]:
        """Those that the caller may know of."""
        return tuple(one for one in self.declarations if self.shows(one.identity))

    def shows(self, identity: Identity) -> bool:
        return self.only is None or identity.namespace in self.only or identity.kind == "ClusterImageCatalog"

    @cached_property
    def _cuts(self) -> dict[frozenset[str], Desired]:
        return {}

    def cut_to(self, only: frozenset[str]) -> Desired:
        """The same one each time, for what is kept of it."""
        return self._cuts.setdefault(only, replace(self, only=only))

    @cached_property
    def clusters(self) -> tuple[Declaration, ...]:
        return tuple(found for found in self.shown if found.identity.kind == "Cluster")

    def named(self, kind: str, name: str) -> tuple[Declaration, ...]:
        return tuple(found for found in self.shown if found.identity.kind == kind and found.identity.name == name)

    def declared(self, identity: Identity) -> Declaration | None:
        return next((one for one in self.declarations if one.identity == identity), None)

    def cluster(self, name: str, namespace: str | None, *, environment: str) -> Declaration:
        """The one document that declares a Cluster."""
        return self.one("Cluster", name, namespace, environment=environment)

    def one(self, kind: str, name: str, namespace: str | None, *, environment: str) -> Declaration:
        """The one document that declares an object.

        Raises NotFound with near names, InvalidRequest with the candidates where several namespaces have one,
        Refused where two documents declare the same one.
        """
        by_name = self.named(kind, name)
        found = by_name
        if namespace is not None:
            found = tuple(one for one in by_name if one.identity.namespace == namespace)
            if not found and len(by_name) == 1 and by_name[0].identity.namespace is None:
                found = by_name
        if not found:
            raise missing_object.unknown_object(self, kind, name, namespace, environment)
        if len({one.identity for one in found}) > 1:
            spaces = ", ".join(sorted(f"{one.identity.namespace or 'unknown'} ({one.place})" for one in found))
            raise InvalidRequest(f"namespace: {environment} declares a {kind} {name!r} in several: {spaces}; name one")
        if len(found) > 1:
            raise missing_object.ambiguous_object(self, found, environment)
        return found[0]

    def copies(self, declared: Declaration) -> tuple[Declaration, ...]:
        """The same live object as other roots make it."""
        if declared.number is None:
            return ()
        same = (one for one in self.everything if one.number == declared.number)
        return tuple(one for one in same if (one.applied, one.root) != (declared.applied, declared.root))

    def not_chosen(self, declared: Declaration) -> tuple[UnappliedDocument, ...]:
        """Documents that may declare the same object and are not applied: one may leave the namespace out."""
        same = {declared.identity, replace(declared.identity, namespace=None)}
        return tuple(one for one in self.unreached if one.identity in same)

    def of_cluster(self, kind: str, ref: ClusterRef | UnplacedCluster) -> tuple[Declaration, ...]:
        """The documents of a kind that name this Cluster; one whose namespace nothing says may do so."""
        return tuple(
            found
            for found in self.declarations
            if found.identity.kind == kind
            and at(found.object, "spec", "cluster", "name") == ref.name
            and found.identity.namespace in {ref.namespace, None}
        )

    def dependents(self, cluster: ClusterRef, declared: Declaration) -> tuple[Declaration, ...]:
        """The documents whose `spec.cluster.name` is this Cluster: such references stay in one namespace."""
        same = {cluster.namespace, declared.identity.namespace}
        return tuple(
            found
            for found in self.declarations
            if found.identity.kind in _DEPENDENT
            and at(found.object, "spec", "cluster", "name") == cluster.name
            and found.identity.namespace in same
        )

    def adrift(self, cluster: ClusterRef, declared: Declaration) -> tuple[Declaration, ...]:
        """Documents that name this Cluster and whose namespace nothing says, so that they may or may not be its own."""
        if declared.identity.namespace is None:
            return ()
        return tuple(
            found
            for found in self.declarations
            if found.identity.kind in _DEPENDENT
            and at(found.object, "spec", "cluster", "name") == cluster.name
            and found.identity.namespace is None
        )

    def top(self, path: str) -> str:
        """The environment's folder; for what its engine objects apply from elsewhere, the root."""
        return self.folder if f"{path}/".startswith(f"{self.folder}/") else ""

    def governing(self, folder: str) -> KustomizationFile | None:
        """The nearest kustomization at or above a folder, inside the environment's folder where that is."""
        for above in folders_above(folder, self.top(folder)):
            if above in self.kustomizations:
                return self.kustomizations[above]
        return None


def folders_above(folder: str, top: str) -> Iterator[str]:
    """A folder, its parent and so on up to `top`; nothing where it is not below `top`."""
    if top and folder != top and not folder.startswith(top + "/"):
        return
    while True:
        yield folder
        if folder == top:
            return
        folder = posixpath.dirname(folder)
