"""What the pages on layouts show is done here, so that it stays true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.layouts_adapter import Asked, Environment, Repository, planned
from tests.test_layouts import ALL, edited

ROOT = Path(__file__).parents[1]
PAGE = "\n".join((ROOT / f"docs/{name}.md").read_text() for name in ("layouts", "layouts-engines", "layouts-limits"))
LAYOUTS = {path.name for path in (ROOT / "tests" / "layouts").iterdir() if path.is_dir()}

BLOCK = re.compile(r"(?:<!-- ask: (?P<ask>[^\n]*) -->\n)?```yaml\n(?P<text>.*?)```", re.DOTALL)
WAS = re.compile(r"(?m)^(?P<key>.*?)(?P<now>[^ ]+)   # was (?P<old>.+)$")
NEW = re.compile(r"(?m)^.*   # new\n")


@dataclass(frozen=True)
class Example:
    asked: Asked
    before: dict[str, bytes]
    after: dict[str, bytes]


def blocks() -> list[tuple[str | None, str]]:
    return [(found["ask"], found["text"]) for found in BLOCK.finditer(PAGE)]


def files(text: str) -> dict[str, str]:
    """Each document by the path in its first line."""
    found: dict[str, str] = {}
    for document in text.split("---\n"):
        path, body = document.split("\n", 1)
        assert re.fullmatch(r"# [\w./-]+\.yaml", path), path
        assert path.removeprefix("# ") not in found
        found[path.removeprefix("# ")] = body
    return found


def encoded(found: dict[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in found.items()}


def examples() -> list[Example]:
    (_, first), *rest = blocks()
    found = []
    for ask, text in rest:
        assert ask is not None, text
        arguments = {"name": "orders", "namespace": "shop", "instances": 5}
        environment = Environment(**yaml.safe_load(ask)["environment"])
        before = {path: WAS.sub(r"\g<key>\g<old>", NEW.sub("", body)) for path, body in files(text).items()}
        after = {
            path: re.sub(r"(?m)   # new$", "", WAS.sub(r"\g<key>\g<now>", body)) for path, body in files(text).items()
        }
        asked = Asked("scale", arguments, environment, Repository(("https://git.example.com/fleet.git",)))
        base = encoded(files(first))
        found.append(Example(asked, {**base, **encoded(before)}, {**base, **encoded(after)}))
    return found


@pytest.mark.parametrize("example", [pytest.param(one, id=f"example-{at}") for at, one in enumerate(examples(), 1)])
def test_an_example_is_what_becomes_of_the_request(example: Example) -> None:
    assert example.after != example.before
    assert edited(example.before, planned(example.before, example.asked)) == example.after


@pytest.mark.parametrize("text", [pytest.param(text, id=f"block-{at}") for at, (_, text) in enumerate(blocks(), 1)])
def test_each_block_parses(text: str) -> None:
    assert all(isinstance(one, dict) for one in yaml.safe_load_all(text))


def test_it_names_every_layout_that_is_tested_and_no_other() -> None:
    bracketed = re.findall(r"\[([a-z0-9 ,\n-]+)\](?!\()", re.sub(r"(?s)```.*?```", "", PAGE))
    named = {name for one in bracketed for name in re.split(r",\s+", one)}
    assert named | refusing() == LAYOUTS


def test_each_layout_that_has_a_refusal_stands_in_the_table_of_them() -> None:
    # These ask for what is not there, or not clearly; nothing stands in the way.
    asked_again = {"many-documents", "name-suffix", "namespaces-by-target"}
    assert refusing() == {case.layout for case in ALL if case.refused} - asked_again


def refusing() -> set[str]:
    rows = re.findall(r"(?m)^\|.*\| ([a-z0-9, -]+) \|$", PAGE)
    return {name for one in rows for name in one.split(", ")} - {"example"}


def test_its_lines_are_short() -> None:
    assert max(len(line) for line in PAGE.splitlines() if not line.startswith("|")) <= 120
