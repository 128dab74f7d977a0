"""What a kustomization may hold and is not understood here: named, and marked on whatever it could touch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from gitops_mcp.domain.kustomize import generated, manifest
from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.kustomization import Kustomization, Placed, Section
from gitops_mcp.domain.kustomize.patching import patches
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.tree import FileTree, MissingFile, TrackedTree, UnreadFile
from gitops_mcp.domain.objects import at, leaves
from gitops_mcp.domain.yaml.tree import Unparsable

_PRODUCERS = {
    "helmCharts": "what its Helm charts make is not known",
    "helmChartInflationGenerator": "what its Helm charts make is not known",
}


def add_generated(
    state: State, kustomization: Kustomization, files: TrackedTree, read: Callable[[str, str], State]
) -> State:
    """What its generators make; what other producers make is not known."""
    for name, reason in _PRODUCERS.items():
        for placed in _section_fields(kustomization, name):
            state = replace(state.unsure(files.place(placed), f"{name}: {reason}"), unknown=True)
    drafts = list(state.drafts)
    for field, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        for placed in kustomization.items(field):
            made = generated.generated_draft(placed, kind, kustomization, files)
            generated.add_draft(drafts, made, placed.value.get("behavior"))
    state = replace(state, drafts=tuple(drafts)) if drafts != list(state.drafts) else state
    for placed in kustomization.items("generators"):
        state = _add_from_files(state, placed, kustomization, files, read)
    return state


def _add_from_files(
    state: State, placed: Placed, kustomization: Kustomization, files: TrackedTree, read: Callable[[str, str], State]
) -> State:
    """What generators make that are documents of their own: ConfigMaps and Secrets, or what is not known."""
    place = files.place(placed)
    if patches.is_manifest(placed.value):
        return replace(state.unsure(place, "what a generator makes that stands inline is not known"), unknown=True)
    found = read(placed.value, place)
    state = state.with_faults(found.faults)
    if found.unread or found.unknown:
        state = replace(state.unsure(place, f"what the generators in {placed.value} make is not known"), unknown=True)
    drafts = list(state.drafts)
    for draft in found.drafts:
        value, first = draft.value, draft.layers[0]
        kind = {"ConfigMapGenerator": "ConfigMap", "SecretGenerator": "Secret"}.get(draft.id.kind)
        if kind is None or value.get("apiVersion") != "builtin":
            reason = f"what the generator {draft.id.kind} {draft.id.name} makes is not known"
            state = replace(state.unsure(first.place, reason), unknown=True)
            continue
        named = {**{key: at(value, "metadata", key) for key in ("name", "namespace")}, **value}
        said = Placed(named, Section(first.path, first.document, first.base, value), ())
        made = generated.generated_draft(said, kind, kustomization, files)
        generated.add_draft(drafts, made, value.get("behavior"))
    return replace(state, drafts=tuple(drafts))


def mark_configurations(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    """`configurations`, `crds` and `openapi`, which change what all transformers do from here on."""
    customs: list[str] = []
    for placed in kustomization.items("configurations"):
        try:
            path = files.file(kustomization.folder, placed.value)
            documents = manifest.read_own_documents(files.text(path))
            if any(_touches_wanted(document, files.tree) for document in documents):
                customs.append(f"{files.place(placed)}: configurations name fields of CNPG's kinds or of all kinds")
        except UnreadFile as error:
            customs.append(f"{files.place(placed)}: {error}")
        except (MissingFile, Unparsable) as error:
            state = state.refused(files.place(placed), f"{error}")
    for name in ("crds", "openapi"):
        customs += [
            f"{files.place(placed)}: {name} changes how fields are merged and names followed"
            for placed in _section_fields(kustomization, name)
        ]
    for custom in customs:
        place, _, reason = custom.partition(": ")
        state = state.unsure(place, reason)
    return replace(state, customs=(*state.customs, *customs)) if customs else state


def _touches_wanted(configuration: Any, tree: FileTree) -> bool:
    """Whether a field that it names may be one of an object that is asked for."""
    if isinstance(configuration, dict) and isinstance(configuration.get("path"), str):
        return tree.may_mean(configuration.get("group") or None, configuration.get("kind") or None)
    parts = configuration.values() if isinstance(configuration, dict) else configuration
    return isinstance(configuration, (dict, list)) and any(_touches_wanted(part, tree) for part in parts)


def mark_uncertain(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    """After all that is understood has been done."""
    for placed in _section_fields(kustomization, "validators"):
        state = state.unsure(files.place(placed), "validators are not run")
    for placed in _section_fields(kustomization, "buildMetadata"):
        state = state.unsure(files.place(placed), "the labels and annotations of buildMetadata are left out")
    for custom in state.customs:
        state = state.mapped(lambda one, custom=custom: one.doubted(custom) if one.is_cnpg else one)  # type: ignore[misc]  # mypy takes the default for an argument
    for placed in kustomization.items("vars"):
        state = _with_variable(state, placed, files)
    return state


def _with_variable(state: State, placed: Placed, files: TrackedTree) -> State:
    place, used = files.place(placed), f"$({placed.value.get('name')})"
    reason = f"the variable {used} is not filled in"

    def marked(draft: Draft) -> Draft:
        uses = draft.is_cnpg and any(used in str(value) for _, value in leaves(draft.value))
        return draft.doubted(f"{place}: {reason}") if uses else draft

    return state.unsure(place, reason).mapped(marked)


def _section_fields(kustomization: Kustomization, name: str) -> Iterator[Placed]:
    """The field, once in each section that has it."""
    for section in kustomization.sections:
        if at(section.value, name):
            yield Placed(section.value[name], section, (name,))
