"""What CONTRIBUTING.md and the pages for contributors name is there, and the map is that of the package."""

from __future__ import annotations

import io
import re
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from gitops_mcp import tools

ROOT = Path(__file__).parents[1]
PAGES = ("CONTRIBUTING.md", "docs/architecture.md", "docs/map.md", "docs/glossary.md", "docs/promises.md")
CONTRIBUTING, ARCHITECTURE, MAP, GLOSSARY, _ = PAGES
PATH = re.compile(r"`((?:gitops_mcp|tests|docs|rbac|bench|repo_template)(?:/[\w./-]*)?|[A-Z]+\.md|pyproject\.toml)`")
COMMANDS = {"git", "kill", "kubectl", "lint-imports", "make"}
"""What else stands in backticks begins with one of these, or is a word of this house."""
MERMAID = re.compile(r"```mermaid\n(.*?)```", re.DOTALL)
TITLE = r'(?:\["[^"]+"\]|\{"[^"]+"\})?'
EDGE = re.compile(rf'    (?P<start>\w+){TITLE} -->(?:\|(?:\w+|"[^"]+")\|)? (?P<end>\w+){TITLE}')


def page(name: str) -> str:
    return (ROOT / name).read_text()


def prose(name: str) -> str:
    return re.sub(r"(?s)```.*?```", "", page(name))


def missing_words(named: Iterable[str]) -> list[str]:
    """Those that no name in the package and its tests is, and no text of one word."""
    missing = set(named)
    for path in (path for folder in ("gitops_mcp", "tests") for path in (ROOT / folder).rglob("*.py")):
        if path == Path(__file__):
            continue
        missing -= {path.stem, path.parent.name}
        text = path.read_text()
        # To read a file as tokens takes a thousand times as long as to see that it holds no such word.
        if any(word in text for word in missing):
            missing -= set(words_of(text))
    return sorted(missing)


def words_of(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.string
        elif token.type == tokenize.STRING and re.fullmatch(r'"[\w.-]+"', token.string):
            yield token.string[1:-1]


@pytest.mark.parametrize("name", PAGES)
def test_each_path_that_is_named_is_there(name: str) -> None:
    named = PATH.findall(prose(name)) + re.findall(r"(?:tests|docs|rbac)/[\w./-]*\w", page(name))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_each_page_that_a_page_names_is_there() -> None:
    named = {
        (str(path.relative_to(ROOT)), one)
        for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("repo_template/*.md"))
        for one in re.findall(r"`(docs/[^`\s]*\.md)`", path.read_text())
    }
    assert len(named) > 10
    assert sorted(one for one in named if not (ROOT / one[1]).exists()) == []


@pytest.mark.parametrize("name", PAGES)
def test_each_word_of_the_code_that_is_named_is_there(name: str) -> None:
    quoted = [one for one in re.findall(r"`([^`\n]+)`", prose(name)) if not PATH.fullmatch(f"`{one}`")]
    said = [one.strip('"') for one in quoted if one.split()[0] not in COMMANDS and not one.startswith(".")]
    assert missing_words(one.removesuffix("/") for one in said) == []


def floors(part: str) -> list[list[str]]:
    """The layers of a part of the package as the linter has them, from the top."""
    contracts = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one.get("containers") == [part]]
    return [sorted(re.split(r" [|:] ", layer)) for layer in layers]


@pytest.mark.parametrize("part", ["gitops_mcp", *(f"gitops_mcp.{one}" for one in ("workflows", "adapters", "domain"))])
def test_the_map_has_each_floor_in_its_order_and_each_folder_of_the_package(part: str) -> None:
    folder = part.replace(".", "/")
    (rows,) = re.findall(rf"\| (?:floor|part) of `{folder}/`.*\n\|---\|---\|\n((?:\| `.*\n)+)", page(MAP))
    mapped = re.findall(r"(?m)^\| `(\w+)` \|", rows)
    there = {
        path.stem
        for path in (ROOT / folder).iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))
    }
    assert sorted(mapped) == sorted(there - {"__init__"})
    listed = iter(mapped)
    assert [sorted(next(listed) for _ in layer) for layer in floors(part)] == floors(part)


def test_each_diagram_is_a_flowchart_that_names_each_of_its_nodes_once() -> None:
    diagrams = MERMAID.findall(page(ARCHITECTURE))
    assert len(diagrams) == 2
    for diagram in diagrams:
        first, *lines = diagram.splitlines()
        assert first == "flowchart TD"
        assert [line for line in lines if not EDGE.fullmatch(line)] == []
        ends = {end for line in lines if (edge := EDGE.fullmatch(line)) for end in (edge["start"], edge["end"])}
        assert sorted(ends) == sorted(re.findall(r"(\w+)[\[{]\"", diagram))


def test_the_modules_of_the_diagrams_are_there() -> None:
    named = set(re.findall(r"[\w/]+\.py|\w+/(?=[:\"])|domain/[\w/]+", " ".join(MERMAID.findall(page(ARCHITECTURE)))))
    package = ROOT / "gitops_mcp"
    assert len(named) > 6
    assert [one for one in named if not any(package.glob(f"**/{one.rstrip('/')}"))] == []


def test_the_glossary_has_one_sentence_a_word_in_the_order_of_the_alphabet() -> None:
    rows = re.findall(r"(?m)^\| \*\*(\w+)\*\* \| (.+) \|$", page(GLOSSARY))
    assert [word for word, _ in rows] == sorted({word for word, _ in rows})
    assert {"base", "change", "environment", "delivery", "engine", "view", "desired", "live"} <= dict(rows).keys()
    assert [word for word, meaning in rows if not re.fullmatch(r"[^.]+\.", meaning.replace("config.", ""))] == []


def test_the_neighbours_that_are_copied_are_tools() -> None:
    neighbours = re.findall(r"The neighbour is `(\w+_postgres_\w+)`", page(CONTRIBUTING))
    assert len(neighbours) == 2
    assert set(neighbours) <= {tool.name for tool in tools.ALL}


def test_its_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"(?m)^([a-z./]+):", page("Makefile"))
    assert set(re.findall(r"make ([a-z./]+)", page(CONTRIBUTING))) <= set(targets)


@pytest.mark.parametrize("name", PAGES)
def test_lines_are_short_but_for_tables_and_diagrams(name: str) -> None:
    lines = [line for line in prose(name).splitlines() if not line.startswith("|")]
    assert max(map(len, lines)) <= 120
    assert name in page("README.md") + page(ARCHITECTURE)
