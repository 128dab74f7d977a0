"""What a ResourceSet of flux-operator makes of inputs that stand in Git: engine objects and objects of CNPG.

Its templates are Go's with `<<` and `>>`; `inputs` is one set of inputs. What asks for inputs from elsewhere (pull
requests, tags, an API) makes what nobody can tell here, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, product

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject, MadeObject
from gitops_mcp.domain.engines.reading import mappings_in, read_documents
from gitops_mcp.domain.objects import CNPG_GROUP, Object, Path, at, list_at, mapping_at, text_at
from gitops_mcp.domain.yaml.render import Indentation, block

KIND = "ResourceSet"
PROVIDER = "ResourceSetInputProvider"
_RECONCILE = "fluxcd.controlplane.io/reconcile"
_MOST = 500
"""Sets of inputs."""
_NAMED_AT_MOST = 5
_DEEPEST = 3
"""ResourceSets that make ResourceSets."""
_WORD = re.compile(r"\"(?:[^\"\\]|\\.)*\"|`[^`]*`|(?<![\w.$])inputs\b")
_ID = "the id of a set of inputs is not worked out"
_InputSet = tuple[Path | None, Object]
_BRACES = {"{{": "\ue000", "}}": "\ue001"}
"""What stands for the braces of others (Helm, Argo CD) while a template is rendered."""


def made_objects(one: LocatedObject, found: Iterable[LocatedObject]) -> tuple[tuple[MadeObject, ...], str | None]:
    """The objects, or why they cannot be told; `found` has the providers of inputs."""
    from gitops_mcp.domain.engines.go_template.values import Fails

    spec = mapping_at(one.object, "spec")
    inputs = _input_sets(one, spec, tuple(found))
    if isinstance(inputs, str):
        return (), inputs
    steps = [("spec", "steps", index) for index in range(len(list_at(spec, "steps")))]
    made: list[MadeObject] = []
    try:
        for holder in [("spec",), *steps]:
            for place, text in _templates(one.object, holder):
                for known, values in inputs:
                    spend(10 + len(text) // 50)
                    rendered = _render(text, values)
                    if rendered is None:
                        return tuple(made), f"what {_shown(place)} makes cannot be determined"
                    made += [MadeObject(value, place, known) for value in _objects(rendered)]
    except Fails as error:
        return (), f"its template fails: {error}"
    common = mapping_at(spec, "commonMetadata")
    return tuple(_with_metadata(each, common) for each in _first_of_each(made)), None


def located_objects(one: LocatedObject, found: tuple[LocatedObject, ...], depth: int = 0) -> Iterator[LocatedObject]:
    """The objects that are not of CNPG, each as one that stands where the ResourceSet does."""
    if depth == _DEEPEST:
        return
    for each in made_objects(one, found)[0]:
        located = LocatedObject(each.object, one.place)
        if located.group != CNPG_GROUP and not _has_values(each):
            yield located
        if located.kind == KIND:
            yield from located_objects(located, found, depth + 1)


def interpret_resource_set(one: LocatedObject, found: tuple[LocatedObject, ...]) -> EngineObject:
    made, reason = made_objects(one, found)
    releases = [str(at(each.object, "metadata", "name")) for each in made if _has_values(each)]
    told = [
        reason,
        f"values of what it makes are not followed: HelmRelease {', '.join(releases)}" if releases else None,
    ]
    disabled = str(at(one.object, "metadata", "annotations", _RECONCILE)).lower() == "disabled"
    return EngineObject(
        engine="flux",
        kind=KIND,
        namespace=one.namespace,
        name=one.name,
        place=one.place,
        build="objects",
        folder=None,
        prunes=True,
        self_heals=True,
        suspended=disabled,
        automatic=not disabled,
        made=tuple(each for each in made if str(each.object.get("apiVersion")).startswith(f"{CNPG_GROUP}/")),
        unmade=tuple(f"{one.place}: {KIND} {one.name}: {each}" for each in told if each),
    )


def _has_values(made: MadeObject) -> bool:
    """Whether it is a HelmRelease whose values stand nowhere as they come out, so that nothing is guessed from them."""
    return made.object.get("kind") == "HelmRelease" and bool(mapping_at(made.object, "spec", "values"))


def _input_sets(one: LocatedObject, spec: Object, found: tuple[LocatedObject, ...]) -> list[_InputSet] | str:
    """Each set with where it stands in the ResourceSet; why not all of them are known."""
    from gitops_mcp.domain.engines.go_template.values import Unknown

    own: list[_InputSet] = [
        (("spec", "inputs", index), _provided(each, one)) for index, each in enumerate(mappings_in(spec.get("inputs")))
    ]
    groups = [(one.name, own)] if own else []
    for reference in mappings_in(spec.get("inputsFrom")):
        provider = next((each for each in found if (each.kind, each.name) == (PROVIDER, reference.get("name"))), None)
        if provider is None or at(provider.object, "spec", "type") != "Static":
            named = text_at(reference, "name") or "a selector"
            return f"its inputs come from {PROVIDER} {named}, whose values are not in this repository"
        values = {"id": _ID, **mapping_at(provider.object, "spec", "defaultValues")}
        groups.append((provider.name, [(None, _provided(values, provider))]))
    if at(spec, "inputStrategy", "name") == "Permute":
        scoped = [[{_key(name): values} for _, values in sets] for name, sets in groups]
        together = ({key: part for each in sets for key, part in each.items()} for sets in product(*scoped))
        return [(None, {"id": Unknown(_ID), **values}) for values in islice(together, _MOST)]
    flat = [each for _, sets in groups for each in sets]
    if len(flat) > _MOST:
        return f"it has more than {_MOST} sets of inputs"
    return flat or [(None, {})]


def _provided(values: Object, by: LocatedObject) -> Object:
    """A set of inputs, which knows what brings it."""
    from gitops_mcp.domain.engines.go_template.values import Unknown, go_value

    provider = {"apiVersion": by.object["apiVersion"], "kind": by.kind, "name": by.name, "namespace": by.namespace}
    found: Object = go_value({**values, "provider": provider})
    return {key: Unknown(_ID) if value == _ID else value for key, value in found.items()}


def _key(name: str) -> str:
    """The name of a provider as templates say it."""
    return "_".join(re.findall(r"[a-z0-9]+", name.lower()))


def _templates(value: Object, holder: Path) -> Iterator[tuple[Path, str]]:
    """Where each template stands, and its text; those of `resources` come first, as their objects count first."""
    for index, each in enumerate(mappings_in(at(value, *holder, "resources"))):
        yield (*holder, "resources", index), "\n".join(block(each, 0, Indentation()))
    if text := text_at(value, *holder, "resourcesTemplate"):
        yield (*holder, "resourcesTemplate"), text


def _render(text: str, inputs: Object) -> str | None:
    from gitops_mcp.domain.engines.go_template.evaluator import render

    for braces, mark in _BRACES.items():
        text = text.replace(braces, mark)
    first, *parts = text.split("<<")
    text = first + "".join(map(_as_action, parts))
    rendered = render(text, {"inputs": inputs}, missing_key="error")
    if not isinstance(rendered, str):
        return None
    for braces, mark in _BRACES.items():
        rendered = rendered.replace(mark, braces)
    return rendered


def _as_action(part: str) -> str:
    """What follows `<<`, as Go's templates have it; without an end it stays as it is."""
    action, end, rest = part.partition(">>")
    return "{{" + _WORD.sub(_named, action) + "}}" + rest if end else f"<<{part}"


def _named(word: re.Match[str]) -> str:
    return "$.inputs" if word[0] == "inputs" else word[0]


def _objects(text: str) -> Iterator[Object]:
    for document in read_documents(text):
        items = list_at(document.value, "items") if at(document.value, "kind") == "List" else [document.value]
        for value in mappings_in(items):
            if str(at(value, "metadata", "annotations", _RECONCILE)).lower() != "disabled":
                yield value


def _first_of_each(made: Iterable[MadeObject]) -> Iterator[MadeObject]:
    seen = set()
    for each in made:
        value = each.object
        group = str(value.get("apiVersion")).rpartition("/")[0]
        key = (group, value.get("kind"), at(value, "metadata", "namespace"), at(value, "metadata", "name"))
        if isinstance(value.get("kind"), str) and isinstance(key[3], str) and key not in seen:
            seen.add(key)
            yield each


def _with_metadata(made: MadeObject, common: Object) -> MadeObject:
    metadata = mapping_at(made.object, "metadata")
    added = {field: {**mapping_at(metadata, field), **mapping_at(common, field)} for field in ("labels", "annotations")}
    said = {field: pairs for field, pairs in added.items() if pairs}
    return replace(made, object={**made.object, "metadata": {**metadata, **said}})


def _shown(place: Path) -> str:
    return ".".join(map(str, place))
