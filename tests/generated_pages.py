"""The pages that say what the code has already: tools with their arguments, flags, and the keys of the two files."""

from __future__ import annotations

import ast
import functools
import inspect
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from gitops_mcp import tools
from gitops_mcp.config import HTTP_OPTIONS, OPTIONS, json_schema
from gitops_mcp.config.options import Option
from gitops_mcp.domain.rules.rule import Rule
from gitops_mcp.domain.rules.table import RULES
from gitops_mcp.errors import InvalidRequest, NotFound, Refused, Unavailable
from gitops_mcp.server import tools_table
from gitops_mcp.tools.offer.inputs import argument_model
from gitops_mcp.tools.offer.schemas import input_schema
from gitops_mcp.tools.registry import Tool, scope_of
from tests.said import reads_as_prose, texts_of

NOTE = "<!-- Generated: GITOPS_MCP_TEST_GOLDEN=write pytest tests/test_generated_pages.py -->\n"
EFFECTS = {"read": "reads", "propose": "proposes a commit", "destroy": "proposes a commit that can destroy"}
SHOWN = 80
_CLUSTER = ("Cluster",)
_ERRORS = {
    InvalidRequest: "ask otherwise: the text names the field, the rule and a value that works",
    NotFound: "take one of the names that the text offers",
    Refused: "do what the text says first, or ask a person who may",
    Unavailable: "try again once what the text names answers",
}
"""What whoever gets one does."""


@functools.cache
def generated_pages() -> Mapping[str, str]:
    """By name below docs/."""
    toolsets = {f"tools-{name}.md": _page(_toolset(name, members)) for name, members in _parts().items()}
    return {
        "tools.md": _page(_tools()),
        **toolsets,
        "flags.md": _page(_flags()),
        "configuration.md": _page(
            _keys("Configuration", "`.gitops-mcp.yaml` at the root of the repository", "repository")
        ),
        "configuration-http.md": _page(_keys("Configuration over HTTP", "the file of `--http-config`", "http")),
        "errors.md": _page(_errors()),
        "errors-clusters.md": _page(_rules("Rules of Clusters", [one for one in RULES if one.kinds == _CLUSTER])),
        "errors-objects.md": _page(_rules("Rules of other kinds", [one for one in RULES if one.kinds != _CLUSTER])),
    }


def _parts() -> Mapping[str, list[Tool]]:
    """The tools of each page: those of a toolset, but for that of changes, which is too long for one."""
    found: dict[str, list[Tool]] = {}
    for tool in tools.ALL:
        part = f"{tool.toolset}-reading" if tool.toolset == "changes" and not tool.writes else tool.toolset
        found.setdefault(part, []).append(tool)
    return found


def _page(lines: Iterator[str]) -> str:
    title, *rest = lines
    return "\n".join([title, "", NOTE, *rest]).rstrip() + "\n"


def _tools() -> Iterator[str]:
    yield "# Tools"
    yield "The pages of the toolsets have the arguments of their tools, and how many there are:"
    yield ""
    for name, members in _parts().items():
        yield f"- [{name.replace('-', ', ')}](tools-{name}.md): {len(members)}"
    yield ""
    yield tools_table()


def _errors() -> Iterator[str]:
    yield "# Errors"
    yield "An error begins with its class, has changed nothing, and says what was asked, what was found and what would work."
    yield ""
    yield "| class | what you do |"
    yield "|---|---|"
    for error, action in _ERRORS.items():
        yield f"| `{error.__name__}` | {action} |"
    yield ""
    yield "A plan that breaks a rule is an `InvalidRequest` with the field and the rule's own words. They are listed by id:"
    yield ""
    yield "- [Rules of Clusters](errors-clusters.md)"
    yield "- [Rules of other kinds](errors-objects.md)"
    yield ""
    yield "The source says who would refuse or complain: the API server, the webhook, the operator once it is applied, or"
    yield "this server alone. A value in a text is `{…}`."


def _rules(title: str, rules: Iterable[Rule]) -> Iterator[str]:
    yield f"# {title}"
    yield "[Errors](errors.md) says how these are told. Each text goes on from the path of the field."
    yield ""
    yield "| rule | source | what it says |"
    yield "|---|---|---|"
    for rule in rules:
        parts = [f"`` {_escaped(one)} ``" if "`" in one else f"`{_escaped(one)}`" for one in _texts_of(rule)]
        texts = "<br>".join(parts) or "what its source says"
        whom = "" if rule.kinds == _CLUSTER else f" {', '.join(rule.kinds) if len(rule.kinds) < 5 else 'every kind'}:"
        yield f"| `{rule.id}` |{whom} {rule.source} | {texts} |"


def _texts_of(rule: Rule) -> list[str]:
    """Of its check and of the functions of the same module that it calls, in their order."""
    functions = _functions(inspect.getsource(sys.modules[rule.check.__module__]))
    found: dict[str, None] = {}
    todo, seen = [rule.check.__name__], set[str]()
    while todo:
        name = todo.pop(0)
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for text in texts_of(functions[name]):
            if reads_as_prose(text):
                found[" ".join(text.split())] = None
        todo += [one.id for one in ast.walk(functions[name]) if isinstance(one, ast.Name)]
    return list(found)


@functools.cache
def _functions(source: str) -> Mapping[str, ast.FunctionDef]:
    return {one.name: one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)}


def _toolset(name: str, members: list[Tool]) -> Iterator[str]:
    yield f"# Tools: {name.replace('-', ', ')}"
    for tool in members:
        yield from _tool(tool)


def _tool(tool: Tool) -> Iterator[str]:
    summary = (inspect.getdoc(tool.function) or "").partition("\n\n")[0].replace("\n", " ")
    effect = "removes a branch" if tool.name == "discard_change" else EFFECTS[tool.effect]
    yield f"## {tool.name}"
    yield ""
    yield _escaped(summary)
    yield ""
    yield f"Effect: {effect}. Scope over HTTP: `{scope_of(tool)}`."
    schema = input_schema(argument_model(tool.function))
    if schema.get("properties"):
        yield ""
        yield "| argument | default | meaning |"
        yield "|---|---|---|"
        for argument, one in schema["properties"].items():
            default = "required" if argument in schema.get("required", ()) else _default(one)
            yield f"| `{argument}` | {default} | {_cell(one.get('description', ''))} |"
    yield ""


def _flags() -> Iterator[str]:
    yield "# Flags and variables"
    yield "A flag wins over its variable. An unknown `GITOPS_MCP_…` variable is an error."
    yield ""
    yield from _options("For every server", OPTIONS)
    yield from _options("Over HTTP", HTTP_OPTIONS)


def _options(title: str, options: tuple[Option, ...]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| flag | variable | meaning |"
    yield "|---|---|---|"
    for one in options:
        choices = f" One of `{'`, `'.join(one.choices)}`." if one.choices else ""
        yield f"| `{one.flag}` | `{one.variable}` | {_cell(one.help)}.{choices} |"
    yield ""


def _keys(title: str, place: str, of: Literal["repository", "http"]) -> Iterator[str]:
    schema = json_schema(of)
    command = "gitops-mcp schema" + ("" if of == "repository" else f" {of}")
    yield f"# {title}"
    yield f"The keys of {place}. Its JSON Schema, for editors: `{command}`."
    yield ""
    yield "| key | default | allowed | meaning |"
    yield "|---|---|---|---|"
    yield from _rows(schema, "")


def _rows(schema: Mapping[str, Any], before: str) -> Iterator[str]:
    for name, one in schema.get("properties", {}).items():
        key = f"{before}{name}"
        default = "required" if name in schema.get("required", ()) else _default(one)
        nested = [part for part in (one, *one.get("anyOf", ())) if part.get("type") == "object" or "properties" in part]
        yield f"| `{key}` | {default} | {_allowed(one)} | {_cell(one.get('description', ''))} |"
        for part in (*nested, *[one["items"] for one in [one, *one.get("anyOf", ())] if "items" in one]):
            yield from _rows(part, f"{key}[]." if one.get("type") == "array" else f"{key}.")
            for inner in part.get("patternProperties", {}).values():
                yield from _rows(inner, f"{key}.NAME.")


def _allowed(one: Mapping[str, Any]) -> str:
    parts = [part for part in one.get("anyOf", [one]) if part.get("type") != "null"]
    return ", ".join(filter(None, map(_allowed_form, parts)))


def _allowed_form(one: Mapping[str, Any]) -> str:
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if one.get("type") in {"number", "integer"} and {"minimum", "maximum"} <= one.keys():
        return f"{one['minimum']} to {one['maximum']}"
    if one.get("type") == "array":
        inner = _allowed_form(one["items"])
        return f"list of {inner}" if inner else "list"
    return {"string": "text", "boolean": "`true`, `false`"}.get(one.get("type", ""), str(one.get("type", "")))


def _default(one: Mapping[str, Any]) -> str:
    if "default" not in one:
        return ""
    text = json.dumps(one["default"], ensure_ascii=False)
    return f"`{_cell(text)}`" if len(text) <= SHOWN and "{" not in text[:1] else ""


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


def _escaped(text: str) -> str:
    """On one line; what looks like a tag is text."""
    return " ".join(text.split()).replace("<", "&lt;")
