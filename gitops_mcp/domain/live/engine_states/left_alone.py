"""What an engine is told to leave as it is: by an annotation of the object, by its own object, or by a setting."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from gitops_mcp.domain import regexp
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.live.engine_states.standing import Question, condition, label
from gitops_mcp.domain.live.managers import owned_fields
from gitops_mcp.domain.objects import Identity, Object, Path, at, dotted_path, list_at, text_at, texts_at

_FLUX = "kustomize.toolkit.fluxcd.io"
_OPTIONS = "argocd.argoproj.io/sync-options"


def flux_leaves(kustomization: Object, question: Question) -> tuple[str, str] | None:
    """The rule and its place, and what has to become of it."""
    for rule, value, counts in (
        ("ssa", "ignore", True),
        ("reconcile", "disabled", True),
        ("ssa", "ifnotpresent", False),
    ):
        key = f"{_FLUX}/{rule}"
        for place, value_of in (
            ("in Git", question.declared),
            ("on the live object", question.live if counts else None),
        ):
            found = _marked(value_of, key)
            if found and found.lower() == value:
                to = f"take {key} out of the manifest" if place == "in Git" else _annotation_off(question.whom, key)
                return f"{question.whom} carries {key}: {found} ({place})", to
    if question.removes and (found := _marked(question.live, f"{_FLUX}/prune")) and found.lower() == "disabled":
        return f"the live {question.whom} carries {_FLUX}/prune: {found}", _deleted_by_hand(question.whom)
    for rule in list_at(kustomization, "spec", "ignore"):
        if _targets(at(rule, "target"), question.whom) and (hit := _pointed(texts_at(rule, "paths"), question.fields)):
            where = f"spec.ignore of Kustomization {label(kustomization)}"
            return f"{where} names {hit}", f"take {hit} out of {where}, or set it by hand"
    return None


def argo_leaves(application: Object, question: Question) -> tuple[str, str] | None:
    """As `flux_leaves`."""
    whom, where = question.whom, f"of Application {label(application)}"
    if question.removes and "Prune=false" in sync_options(question.live, application):
        return f"Prune=false is set for {whom}", _deleted_by_hand(whom)
    for rule in list_at(application, "spec", "ignoreDifferences"):
        if not all(
            glob(str(at(rule, key)), crosses=True).fullmatch(str(own or ""))
            for key, own in (("kind", whom.kind), ("name", whom.name), ("namespace", whom.namespace))
            if at(rule, key)
        ):
            continue
        jq = [_jq_pointer(one) for one in texts_at(rule, "jqPathExpressions")]
        managed = owned_fields(question.live, texts_at(rule, "managedFieldsManagers"), question.fields)
        if hit := _pointed([*texts_at(rule, "jsonPointers"), *jq], question.fields) or next(iter(managed), None):
            rule_at = f"spec.ignoreDifferences {where}"
            return f"{rule_at} names {hit}", f"take {hit} out of {rule_at}, or set it by hand"
    excluded = condition(application, "ExcludedResourceWarning")
    if f"/{whom.kind} {whom.name} " in (text_at(excluded, "message") or "") + " ":
        what = f"the settings of Argo CD (resource.exclusions in ConfigMap argocd-cm) leave {whom.kind}s out"
        return what, f"somebody takes {whom.kind} out of resource.exclusions in ConfigMap argocd-cm"
    return None


def sync_options(*values: Object | None) -> frozenset[str]:
    """Of an object's annotation, and of `spec.syncPolicy` of an Application."""
    found = [part.strip() for value in values for part in str(_marked(value, _OPTIONS) or "").split(",")]
    return frozenset(
        [*found, *(one for value in values for one in texts_at(value, "spec", "syncPolicy", "syncOptions"))]
    )


def flux_marked(value: Object | None, rule: str) -> str:
    """What an annotation or label of Flux says of an object, in lower case."""
    return (_marked(value, f"{_FLUX}/{rule}") or "").lower()


def _marked(value: Object | None, key: str) -> str | None:
    """Flux takes a label for an annotation."""
    found = at(value, "metadata", "annotations", key) or at(value, "metadata", "labels", key)
    return found if isinstance(found, str) else None


def _targets(selector: object, whom: Identity) -> bool:
    wanted = {key: at(selector, key) for key in ("kind", "name", "namespace")}
    own = {"kind": whom.kind, "name": whom.name, "namespace": whom.namespace}
    return all(_matches(pattern, str(own[key] or "")) for key, pattern in wanted.items() if pattern)


def _matches(pattern: object, text: str) -> bool:
    try:
        return regexp.fullmatch(str(pattern), text)
    except regexp.Unreadable:
        return False


def _pointed(pointers: Iterable[str], fields: Iterable[Path]) -> str | None:
    """The first field that a JSON pointer names, or a part of which."""
    rules = [tuple(part.replace("~1", "/").replace("~0", "~") for part in one.split("/")[1:]) for one in pointers]
    hits: Iterator[Path] = (
        path for path in fields for rule in rules if rule and tuple(map(str, path))[: len(rule)] == rule[: len(path)]
    )
    found = next(hits, None)
    return dotted_path(found) if found else None


def _jq_pointer(expression: str) -> str:
    """`.spec.instances` as a pointer; of another expression, such as one with a pipe, none."""
    parts = re.findall(r"\.([\w-]+)|\[\"([^\"]+)\"\]", expression)
    plain = re.fullmatch(r"(\.[\w-]+|\.?\[\"[^\"]+\"\])+", expression.strip())
    return "".join(f"/{(one or other).replace('/', '~1')}" for one, other in parts) if plain else ""


def _annotation_off(whom: Identity, key: str) -> str:
    return f"take it off: `kubectl annotate {_words(whom)} {key}-`"


def _deleted_by_hand(whom: Identity) -> str:
    return f"a person deletes it: `kubectl delete {_words(whom)}`"


def _words(whom: Identity) -> str:
    return shlex.join([whom.kind.lower(), whom.name, "-n", str(whom.namespace)])
