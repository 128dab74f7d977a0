"""What keeps an engine from deleting an object that has gone from Git.

Argo CD reads a list of options in one annotation, exactly spelled. Flux compares without regard to case, in
annotations and labels alike (fluxcd/pkg/ssa/utils `AnyInMetadata`).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gitops_mcp.domain.objects import CNPG_GROUP, Identity, Object, at

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
FLUX_PRUNE = "kustomize.toolkit.fluxcd.io/prune"
FLUX_FORCE = "kustomize.toolkit.fluxcd.io/force"
_DISABLED = "disabled"

Engine = Literal["argocd", "flux"]

_OPTIONS: dict[str, Literal["keeps", "asks", "keeps_on_app_deletion", "asks_on_app_deletion"]] = {
    "Prune=false": "keeps",
    "Prune=confirm": "asks",
    "Delete=false": "keeps_on_app_deletion",
    "Delete=confirm": "asks_on_app_deletion",
}
_FLUX: dict[str, Literal["keeps", "never_recreates"]] = {FLUX_PRUNE: "keeps", FLUX_FORCE: "never_recreates"}


@dataclass(frozen=True)
class Protection:
    engine: Engine
    where: Literal["annotations", "labels"]
    """The part of metadata it stands in."""
    key: str
    value: str
    """The option as it is written; of a list of options only this one."""
    effect: Literal["keeps", "asks", "keeps_on_app_deletion", "asks_on_app_deletion", "never_recreates"]

    @property
    def blocks_pruning(self) -> bool:
        """The object stays when its manifest goes; without a person's doing nothing ever removes it."""
        return self.effect == "keeps"

    def __str__(self) -> str:
        return f"`{self.key}: {self.value}`"


def protections(object_: Object | None) -> tuple[Protection, ...]:
    options = split_options(at(object_, "metadata", "annotations", SYNC_OPTIONS))
    found = [
        Protection("argocd", "annotations", SYNC_OPTIONS, option, _OPTIONS[option])
        for option in options
        if option in _OPTIONS
    ]
    parts: tuple[Literal["annotations"], Literal["labels"]] = ("annotations", "labels")
    for part in parts:
        for key, effect in _FLUX.items():
            value = at(object_, "metadata", part, key)
            if _is_disabled(value):
                found.append(Protection("flux", part, key, value, effect))
    return tuple(found)


def blockers(object_: Object | None, engine: Engine | None = None) -> tuple[Protection, ...]:
    """Those with which removing the manifest deletes nothing; of one engine, where it is known which one deletes."""
    return tuple(one for one in protections(object_) if one.blocks_pruning and engine in {None, one.engine})


def asking_protections(object_: Object | None) -> tuple[Protection, ...]:
    """Those with which the engine deletes only after a person has confirmed it in the engine."""
    return tuple(one for one in protections(object_) if one.effect == "asks")


def spell_out(found: Iterable[Protection]) -> str:
    return " and ".join(str(one) for one in found)


def kubectl_without(
    identity: Identity, where: Literal["annotations", "labels"], key: str, left: str | None = None
) -> str:
    """How a person takes a key away from a live object, or sets it to what is left of its value."""
    verb = "annotate" if where == "annotations" else "label"
    kind = f"{identity.kind.lower()}s.{CNPG_GROUP}"
    change = f"--overwrite {shlex.quote(f'{key}={left}')}" if left else shlex.quote(f"{key}-")
    space, name = shlex.quote(str(identity.namespace)), shlex.quote(identity.name)
    return f"a person takes it away with `kubectl -n {space} {verb} {kind} {name} {change}`"


def without_blocking(part: Mapping[str, Any], engine: Engine | None = None) -> dict[str, Any]:
    """Annotations, or labels, without what blocks pruning; other options in the same list stay as written."""
    kept = {}
    for key, value in part.items():
        if key == FLUX_PRUNE and _is_disabled(value) and engine != "argocd":
            continue
        if key == SYNC_OPTIONS and "Prune=false" in split_options(value) and engine != "flux":
            left = ",".join(option for option in str(value).split(",") if option.strip() != "Prune=false").strip()
            if left:
                kept[key] = left
            continue
        kept[key] = value
    return kept


def protecting_annotations(engine: Engine | Literal["none"] | None) -> dict[str, str]:
    """The annotations that a new Cluster gets; None: the engine is not known, so both kinds, which do not meet."""
    argocd = {SYNC_OPTIONS: "Prune=confirm,Delete=confirm"}
    flux = {FLUX_PRUNE: _DISABLED, FLUX_FORCE: _DISABLED}
    match engine:
        case "argocd":
            return argocd
        case "flux":
            return flux
        case "none":
            return {}
        case None:
            return {**argocd, **flux}


def split_options(value: object) -> tuple[str, ...]:
    return tuple(option.strip() for option in value.split(",")) if isinstance(value, str) else ()


def _is_disabled(value: object) -> bool:
    return isinstance(value, str) and value.lower() == _DISABLED
