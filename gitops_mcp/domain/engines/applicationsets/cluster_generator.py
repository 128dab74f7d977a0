"""The clusters generator: the clusters that Argo CD knows, as far as Git declares them.

A cluster is a Secret with a label; `argocd cluster add` and Terraform make such ones too, so Git never has them all.
The cluster that Argo CD runs in is known without one, where no labels are asked for.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from gitops_mcp.domain.engines.applicationsets.selectors import why_left_out
from gitops_mcp.domain.engines.applicationsets.texts import Parameters
from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.go_template.text_functions import normalize
from gitops_mcp.domain.engines.go_template.values import StringMap, Unknown
from gitops_mcp.domain.engines.reading import string_values
from gitops_mcp.domain.objects import Object, at, mapping_at

_LABEL = "argocd.argoproj.io/secret-type"
_HERE = "https://kubernetes.default.svc"
WHY = "which clusters Argo CD knows is not in Git"
FROM_GIT = "clusters that Argo CD knows may be missing in Git"
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Secret": (),
    "SealedSecret": ("spec", "template"),
    "ExternalSecret": ("spec", "target", "template"),
}


def cluster_parameters(
    said: Object, declared: Iterable[LocatedObject], *, is_go: bool
) -> list[tuple[Parameters, str | None]] | str:
    """For each cluster its parameters, and why it may be wrong; or why no cluster can be told."""
    selector, found = mapping_at(said.get("selector")), list[Object]()
    for secret in _cluster_secrets(declared):
        labels = {**secret["labels"], _LABEL: "cluster"}
        if why_left_out(selector, labels) is False:
            found.append(secret)
    rows = [(_parameters(one, is_go=is_go), None if one["is_whole"] else WHY) for one in found]
    asks = any(selector.get(key) for key in ("matchLabels", "matchExpressions"))
    if asks or any(one["server"] == _HERE for one in found):
        return rows or WHY
    here: Parameters = {"name": "in-cluster", "nameNormalized": "in-cluster", "server": _HERE, "project": ""}
    return [*rows, (here, None if rows else f"{WHY}; the one that it runs in counts")]


def _cluster_secrets(declared: Iterable[LocatedObject]) -> Iterator[Object]:
    for one in declared:
        path = _TEMPLATES.get(one.kind)
        template = mapping_at(one.object, *path) if path is not None else {}
        labels = string_values(at(template, "metadata", "labels"))
        if labels.get(_LABEL) != "cluster":
            continue
        fields = {key: _field(one, template, key) for key in ("name", "server", "project")}
        yield {
            **fields,
            "labels": labels,
            "annotations": string_values(at(template, "metadata", "annotations")),
            "is_whole": not any(isinstance(found, Unknown) for found in fields.values()),
        }


def _field(one: LocatedObject, template: Object, key: str) -> str | Unknown:
    plain = at(template, "stringData", key) if one.kind == "Secret" else at(template, "data", key)
    if one.kind == "Secret" and plain is None and (coded := at(template, "data", key)) is not None:
        try:
            plain = base64.b64decode(str(coded), validate=True).decode()
        except (binascii.Error, ValueError):
            plain = "{{"
    if plain is None and key == "project":
        return ""
    if not isinstance(plain, str) or "{{" in plain or plain.startswith("ENC["):
        return Unknown(f"the {key} of the cluster is not to be read in {one.place}")
    return plain


def _parameters(secret: Object, *, is_go: bool) -> Parameters:
    name = secret["name"]
    found: dict[str, Any] = {key: secret[key] for key in ("name", "server", "project")}
    found["nameNormalized"] = normalize(name) if isinstance(name, str) else name
    if is_go:
        said = {key: StringMap(secret[key]) for key in ("annotations", "labels") if secret[key]}
        return {**found, "metadata": said}
    return found | {
        f"metadata.{key}.{inner}": value for key in ("annotations", "labels") for inner, value in secret[key].items()
    }
