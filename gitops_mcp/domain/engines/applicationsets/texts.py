"""Texts of an ApplicationSet, filled in with the parameters that a generator gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.go_template.evaluator import render
from gitops_mcp.domain.engines.go_template.values import Fails, OpenMap, Unknown
from gitops_mcp.domain.engines.reading import texts_in
from gitops_mcp.domain.objects import Object, at

_MISSING_KEYS = {"default": "default", "invalid": "default", "zero": "zero", "error": "error"}

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Templating:
    """How one ApplicationSet writes its templates."""

    is_go: bool
    missing_key: str = "default"

    @classmethod
    def of(cls, applications: Object) -> Templating:
        found = cls(at(applications, "spec", "goTemplate") is True)
        for option in texts_in(at(applications, "spec", "goTemplateOptions")) if found.is_go else ():
            name, _, value = option.partition("=")
            if name != "missingkey" or value not in _MISSING_KEYS:
                raise Fails(f"spec.goTemplateOptions: there is no option {option}")
            found = cls(True, _MISSING_KEYS[value])
        return found

    def fill(self, value: Any, parameters: Parameters) -> Any:
        """With every text and key filled in; where a text cannot be known, Unknown stands in its place.

        What is null is dropped.
        """
        if isinstance(value, dict):
            said = {key: one for key, one in value.items() if one is not None}
            filled = {self.fill(key, parameters): self.fill(one, parameters) for key, one in said.items()}
            return {key: one for key, one in filled.items() if isinstance(key, str)}
        if isinstance(value, list):
            return [self.fill(one, parameters) for one in value]
        return self.fill_text(value, parameters) if isinstance(value, str) else value

    def fill_text(self, text: str, parameters: Parameters) -> str | Unknown:
        if "{{" not in text:
            return text
        if self.is_go:
            return render(text, parameters, missing_key=self.missing_key)
        has_tag = any("}}" in line.partition("{{")[2] for line in text.splitlines())
        return _fill_tags(text, parameters) if has_tag else text


def split_at_tags(text: str) -> list[str]:
    """Text and the insides of tags in turn; one that does not end is text."""
    parts: list[str] = []
    at = 0
    while (begin := text.find("{{", at)) >= 0 and (end := text.find("}}", begin + 2)) >= 0:
        parts += [text[at:begin], text[begin + 2 : end]]
        at = end + 2
    return [*parts, text[at:]]


def _fill_tags(text: str, parameters: Parameters) -> str | Unknown:
    """A tag that no parameter is called by stays."""
    parts = split_at_tags(text)
    if "{{" in parts[-1]:
        raise Fails("a {{ of its template has no }}")
    spend(len(parts))
    made: list[str] = []
    for index, part in enumerate(parts):
        found = part if index % 2 == 0 else parameters.get(part.strip(), f"{{{{{part}}}}}")
        if index % 2 and part.strip() not in parameters and isinstance(parameters, OpenMap) and part.strip():
            found = Unknown(parameters.reason)
        if isinstance(found, Unknown):
            return Unknown(found.reason, "".join(made) + found.start)
        made.append(found if isinstance(found, str) and (index % 2 == 0 or part.strip()) else f"{{{{{part}}}}}")
    return "".join(made)
