"""What an engine object of the repository says that it applies.

Declared, not live: this is read from manifests at a commit. What the running Application or Kustomization says of
itself is `engine.EngineState`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from gitops_mcp.domain.engines.left_out import FileRule, LeftFields
from gitops_mcp.domain.engines.reading import TextPlace, mappings_in
from gitops_mcp.domain.engines.source_url import Elsewhere, OffBranch
from gitops_mcp.domain.kustomize import Produced, Section
from gitops_mcp.domain.objects import Object, Path, at


@dataclass(frozen=True)
class LocatedObject:
    """An object of any kind, and where it is written. The object may be a rendered one."""

    object: Object
    place: TextPlace
    produced: Produced | None = field(default=None, compare=False)
    """What a build made of it, with the authors; None where it is as it is written."""
    folder: str | None = None
    """Of that build."""
    doubt: str | None = None
    """Why the build may have made something else of it."""

    @property
    def home(self) -> str:
        """The path by which it is nearer to one cluster than to another."""
        return self.place.path if self.folder is None else f"{self.folder}/"

    @property
    def files(self) -> tuple[str, ...]:
        """All that it is built from, as `file:line`, once each."""
        layers = self.produced.layers if self.produced else ()
        return tuple({layer.path: layer.place for layer in reversed(layers)}.values())[::-1] or (str(self.place),)

    @cached_property
    def kind(self) -> str:
        return str(self.object.get("kind"))

    @cached_property
    def group(self) -> str:
        return str(self.object.get("apiVersion")).rpartition("/")[0]

    @cached_property
    def name(self) -> str:
        return str(at(self.object, "metadata", "name"))

    @cached_property
    def namespace(self) -> str | None:
        found = at(self.object, "metadata", "namespace")
        return found if isinstance(found, str) and found else None

    @cached_property
    def label(self) -> str:
        """By which it is told from others, of the same document too."""
        return f"{self.place}{self.place.base}{self.namespace}/{self.name}"


@dataclass(frozen=True)
class FluxVariable:
    """What `${NAME}` stands for under one Flux Kustomization."""

    name: str
    value: str | None
    """None where it cannot be known or must not be: it comes from a Secret."""
    origin: str
    """`Kustomization flux-system/shop`, `ConfigMap flux-system/settings`, `Secret flux-system/secrets`."""
    place: TextPlace | None
    """Of the value; of a line of a file its `base` is empty."""
    before: str = ""
    """What stands there before the value: `SIZE=` in a literal of a generator, or in a line of a file."""
    hidden_by: str | None = None
    """A later source that nobody can read here, so it may hold this name too and would win."""


@dataclass(frozen=True)
class Substitution:
    """`postBuild` of a Flux Kustomization."""

    variables: Mapping[str, FluxVariable] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    """Sources that are not in the repository, or of which it cannot be told which is meant.

    A name that is in none of `variables` may come from them.
    """
    several: tuple[str, ...] = ()
    """Files that each declare one of these sources, as every Kubernetes cluster has its own."""
    always: bool = False
    """`substituteStrategy: Always`; otherwise nothing is substituted where there are no variables."""

    @property
    def is_active(self) -> bool:
        return self.always or bool(self.variables or self.unread)

    @property
    def elsewhere(self) -> str:
        """Where a name may come from that is in none of `variables`."""
        return f"{' or '.join(self.unread)}{'' if self.several else ', not in this repository'}"


@dataclass(frozen=True)
class FileSelection:
    """Which files of its folder a directory build takes."""

    recurse: bool = False
    include: str = ""
    exclude: str = ""
    stops_at_kustomizations: bool = False
    """Flux: a folder below with a kustomization of its own is built by that, as one resource."""


@dataclass(frozen=True)
class ValuesLayer:
    """One layer of Helm values; later layers win."""

    kind: Literal["mapping", "text", "file", "parameter", "unread"]
    """A YAML mapping in place; text that holds YAML; a whole file; one `name: value`; a ConfigMap or Secret."""
    place: TextPlace | None
    """Of the mapping, of the text, of the file (`()`), of the parameter's value."""
    name: str = ""
    """Of a parameter, as a dotted path; of what is unread."""
    value: Any = field(default=None, hash=False)
    """As the engine has it, once variables and patches are worked in; None where the file says it as it is."""
    is_text: bool = False
    """Of a parameter: whatever its value looks like."""


@dataclass(frozen=True)
class HelmChart:
    name: str
    """Its name in its repository, or the folder that holds it."""
    repository: str | None
    """Where it comes from; None for a folder of this repository."""
    folder: str | None = None
    has_own_values: bool = True
    """Whether the `values.yaml` of its folder is the first layer."""
    release: str | None = None
    """The name of the release, from which the chart makes names."""
    values: tuple[ValuesLayer, ...] = ()
    version: str | None = None
    """Which of a chart from elsewhere."""

    def __str__(self) -> str:
        if self.repository is None:
            return f"the chart in {self.folder or 'the root folder'}"
        return f"the chart {self.name}{f' {self.version}' if self.version else ''} of {self.repository}"


@dataclass(frozen=True)
class MadeObject:
    """An object that an engine object makes of a template that stands in itself."""

    object: Object = field(hash=False)
    template: Path
    """Where that stands in the engine object."""
    inputs: Path | None
    """Where the values stand that it is filled with; None where that is elsewhere, or they are several."""


@dataclass(frozen=True)
class EngineObject:
    """One engine object, and one thing that it applies."""

    engine: Literal["argocd", "flux"]
    kind: str
    """`Kustomization`, `HelmRelease`, `FluxInstance`, `ResourceSet`, `Application` or `ApplicationSet`."""
    namespace: str | None
    name: str
    place: TextPlace
    build: Literal["kustomize", "directory", "helm", "objects"]
    folder: str | None
    """From the root of the repository, "" for the root; None for a chart that comes from elsewhere."""
    selection: FileSelection = FileSelection()
    overlay: Section | None = None
    """What the engine adds to the kustomization of its folder before it builds it, as fields of a kustomization."""
    overridden: tuple[Section, ...] = ()
    """What files of the folder add to that, each with the last word over what is before it."""
    default_namespace: str | None = None
    """Given to objects that have no namespace after the build."""
    why_no_namespace: str | None = None
    """Why that cannot be told, where it has one."""
    destination: str | None = None
    """The cluster that gets it, as the engine names it; None for the one the engine runs in."""
    substitution: Substitution = Substitution()
    chart: HelmChart | None = None
    made: tuple[MadeObject, ...] = ()
    """What it makes by itself, of CNPG."""
    unmade: tuple[str, ...] = ()
    """What else it makes that is not told here, and why."""
    prunes: bool = False
    orphans: bool = False
    """Where it is deleted itself, what it has applied stays."""
    forces: bool = False
    """It deletes and creates anew what cannot be changed in place."""
    suspended: bool = False
    automatic: bool = True
    """It applies without being asked."""
    self_heals: bool = False
    sync_options: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What keeps changes from arriving that it would apply, as sentences to be told."""
    overrides: tuple[str, ...] = ()
    """The same of files that say otherwise than its source."""
    left: tuple[LeftFields, ...] = ()
    """What it leaves as it is."""
    respects_left: bool = True
    """Where not, it applies that too as soon as it applies anything else of the object."""
    file_rules: tuple[FileRule, ...] = ()
    """What of its source it never sees."""
    decrypts: bool = False
    """It opens what sops has encrypted."""
    opaque: str | None = None
    """Why what it applies cannot be told: a plugin builds it."""
    guess: str | None = None
    """Why this is no more than a guess."""
    assumed: str | None = None
    """Why it cannot be told whether this repository is what it applies; it counts as if it were."""
    generated: str | None = None
    """The name of the Application that an ApplicationSet makes for it, None where that is not known; or of the
    Kustomization of a FluxInstance."""
    hydrates: tuple[tuple[str, str], ...] = ()
    """Branches that Argo CD writes from what is here, each with the folder in it."""
    dry: str | None = None
    """The branch that these are made from."""
    excluded: str | None = None
    """Why it does not apply this repository at this revision, or why what it applies of it cannot be told."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """What is added to the kustomization of the folder."""
        return (self.overlay, *self.overridden) if self.overlay else ()

    @property
    def target_namespace(self) -> str | None:
        """Replaces every namespace of what it applies."""
        said = [found for one in self.sections if (found := at(one.value, "namespace"))]
        return said[-1] if said else None

    @property
    def patches(self) -> tuple[Object, ...]:
        return tuple(patch for one in self.sections for patch in mappings_in(one.value.get("patches")))

    @property
    def is_off_base(self) -> bool:
        """It applies this repository, at another branch, a tag or a commit."""
        return isinstance(self.excluded, OffBranch)

    @property
    def is_of_repository(self) -> bool:
        """What it applies stands here, understood or not."""
        return not isinstance(self.excluded, Elsewhere)

    @property
    def counts(self) -> bool:
        """What it applies is known, as it is now or once the branch or tag that it follows moves."""
        return self.excluded is None or self.is_off_base

    def __str__(self) -> str:
        product = "Argo CD" if self.engine == "argocd" else "Flux"
        named = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{product} {self.kind} {named} ({self.place})"
